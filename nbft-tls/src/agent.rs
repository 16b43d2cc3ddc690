//! The agent: takes the kernel's requests and does all handshakes side by side, so that none waits for another target.

use std::os::fd::AsRawFd;
use std::time::Duration;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::{Level, log, warn};
use nbft_common::command::notify::Status;
use nbft_common::command::poll;
use nix::errno::Errno;

use crate::kernel::Kernel;
use crate::task::{Task, Unable, peer};

/// Most handshakes at a time; further requests wait in the kernel, which holds 50 at most.
const MAX_TASKS: usize = 64;

/// The place of an error.
const REQUESTS: &str = "the kernel's requests for handshakes";

/// The sleep without a handshake.
const IDLE: Duration = Duration::from_secs(3600);

/// Serves the kernel's requests, for ever.
///
/// # Errors
/// [`Exit::Unsupported`] for a kernel without such requests, [`Exit::Refused`] without the right to take them.
pub fn serve(verbose: bool) -> Result<(), Failure> {
    let kernel = Kernel::find()?;
    let announcements = kernel.subscribe()?;
    let mut tasks = Vec::new();
    // Requests of the time before; and the right to take any.
    accept(&kernel, &mut tasks).map_err(|errno| {
        let why = match errno {
            Errno::EPERM => "not permitted: this needs CAP_NET_ADMIN",
            _ => errno.desc(),
        };
        Failure::new(Exit::Refused, format!("{REQUESTS}: {why}"))
    })?;
    let mut status = Status::find();
    status.ready();
    loop {
        tasks.retain_mut(|task| !ends(&kernel, task, verbose));
        // After the steps, which make room for more.
        if let Err(errno) = accept(&kernel, &mut tasks) {
            warn(format_args!("{REQUESTS}: {}", errno.desc()));
        }
        let wait = tasks.iter().map(Task::left).chain(status.again()).min().unwrap_or(IDLE);
        let mut events: Vec<_> = tasks.iter().map(Task::poll_fd).collect();
        events.push(announcements.poll_fd());
        poll::wait(&mut events, wait);
        // Each announcement says the same: that requests wait.
        announcements.take(|_| {});
        // The agent has no status, but systemd may not know yet that it has started.
        status.set(String::new());
    }
}

/// Takes all requests that wait.
fn accept(kernel: &Kernel, tasks: &mut Vec<Task>) -> nix::Result<()> {
    while tasks.len() < MAX_TASKS {
        let Some(wanted) = kernel.accept()? else {
            return Ok(());
        };
        match Task::begin(wanted) {
            Ok(task) => tasks.push(task),
            Err((wanted, unable)) => failed(kernel, wanted.socket.as_raw_fd(), &peer(&wanted), &unable),
        }
    }
    Ok(())
}

/// Whether a handshake is over, which the kernel is told then.
fn ends(kernel: &Kernel, task: &mut Task, verbose: bool) -> bool {
    let Some(result) = task.step() else {
        return false;
    };
    let (socket, key, place) = task.identity();
    match result {
        Ok(agreed) => match kernel.done(socket, Ok(key)) {
            Ok(()) if verbose => log(Level::Debug, format_args!("{place}: {agreed}")),
            Ok(()) => {}
            Err(errno) => warn(format_args!(
                "{place}: the kernel does not take the connection back: {}",
                errno.desc()
            )),
        },
        Err(unable) => failed(kernel, socket, place, &unable),
    }
    true
}

/// Reports a failure. The kernel may wait no longer: then its own log says so.
fn failed(kernel: &Kernel, socket: i32, place: &str, unable: &Unable) {
    warn(format_args!("{place}: {}", unable.why));
    let _ = kernel.done(socket, Err(unable.errno));
}
