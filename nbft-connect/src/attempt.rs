//! Several paths at once: every path is probed, and a path that answers goes to the kernel at once, so that a dead path
//! never holds the kernel's lock. Rounds repeat until enough paths are up or time has run out.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::{Level, log};
use nbft_common::command::notify::Status;
use nix::errno::Errno;

use crate::existing;
use crate::fabrics::Supported;
use crate::interface;
use crate::line::Line;
use crate::path::Path;
use crate::probe::{self, Probe, Progress, Way};
use crate::refusal;
use crate::retry::{Backoff, Changes};

/// How long other paths may still answer after the first path is up: a network delay, not a timeout, lies between them.
const GRACE: Duration = Duration::from_millis(250);

/// Options of an attempt.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Probe the network before asking the kernel.
    pub probe: bool,
    /// Time limit of a probe.
    pub probe_timeout: Duration,
    /// How long to retry; zero: a single attempt.
    pub retry: Duration,
    /// Every path has to come up.
    pub all: bool,
    pub verbose: bool,
}

impl Policy {
    /// Logs a step of the work, in verbose mode only.
    pub fn note(&self, message: impl std::fmt::Display) {
        if self.verbose {
            log(Level::Debug, message);
        }
    }
}

/// Gives a path that answered to the kernel; returns the controller's name.
pub type Connect<'a> = dyn FnMut(&Path, &Way, &mut Line) -> Result<String, Failure> + 'a;

/// A path that is being connected.
struct Pending<'a> {
    path: &'a Path,
    /// Index of the path's interface, once the interface exists.
    interface: Option<u32>,
    /// The end of the attempt: a controller, or a permanent failure.
    end: Option<Result<String, Failure>>,
    /// The latest temporary failure.
    last: Option<Failure>,
}

impl Pending<'_> {
    fn note(&mut self, result: Result<String, Failure>, policy: &Policy) {
        match result {
            Err(failure) if failure.exit == Exit::TryAgain => {
                let failure = self.path.failed(failure);
                policy.note(&failure);
                self.last = Some(failure);
            }
            Err(failure) => self.end = Some(Err(self.path.failed(failure))),
            Ok(controller) => self.end = Some(Ok(controller)),
        }
    }

    fn is_up(&self) -> bool {
        matches!(self.end, Some(Ok(_)))
    }

    /// The reason why the path is not up.
    fn reason(&self) -> Option<&Failure> {
        match &self.end {
            Some(end) => end.as_ref().err(),
            None => self.last.as_ref(),
        }
    }
}

/// Connects paths; returns one result for each path, in the order of the paths.
pub fn run(
    paths: &[Path],
    kernel: &Supported,
    policy: &Policy,
    connect: &mut Connect<'_>,
) -> Vec<Result<String, Failure>> {
    let deadline = Instant::now() + policy.retry;
    // Subscribe before the first round, so that no later change is missed.
    let changes = Changes::subscribe();
    let mut backoff = Backoff::default();
    let mut status = Status::default();
    let mut pending: Vec<Pending<'_>> = paths
        .iter()
        .map(|path| Pending {
            path,
            interface: None,
            end: None,
            last: None,
        })
        .collect();
    loop {
        round(&mut pending, kernel, policy, connect);
        let open = || pending.iter().filter(|it| it.end.is_none());
        let enough = !policy.all && pending.iter().any(Pending::is_up);
        let reasons: Vec<_> = pending
            .iter()
            .filter_map(Pending::reason)
            .map(Failure::to_string)
            .collect();
        status.set(if enough { String::new() } else { reasons.join("; ") });
        if enough || open().next().is_none() || Instant::now() >= deadline {
            break;
        }
        let known: Option<BTreeSet<u32>> = open().map(|it| it.interface).collect();
        changes.pause(&mut backoff, deadline, &known.unwrap_or_default());
    }
    let unknown = |path: &Path| path.failed(Failure::new(Exit::TryAgain, "not tried, because another path is up"));
    pending
        .into_iter()
        .map(|it| {
            it.end
                .unwrap_or_else(|| Err(it.last.unwrap_or_else(|| unknown(it.path))))
        })
        .collect()
}

/// A probe with its path.
struct Asked {
    pending: usize,
    probe: Probe,
    way: Way,
    line: Line,
}

/// Tries each unfinished path once.
fn round(pending: &mut [Pending<'_>], kernel: &Supported, policy: &Policy, connect: &mut Connect<'_>) {
    let enough = |pending: &[Pending<'_>]| !policy.all && pending.iter().any(Pending::is_up);
    let mut asked = Vec::new();
    for index in 0..pending.len() {
        // Without probes each further path may hold the kernel's lock for seconds.
        if !policy.probe && enough(pending) {
            break;
        }
        let Some(it) = pending.get_mut(index).filter(|it| it.end.is_none()) else {
            continue;
        };
        match prepare(it, kernel, policy) {
            Ok(Prepared::Already(controller)) => it.note(Ok(controller), policy),
            Ok(Prepared::Ready(way, mut line)) if !policy.probe => {
                it.note(connect(it.path, &way, &mut line), policy);
            }
            Ok(Prepared::Ready(mut way, mut line)) => match start(it.path, &mut way, &mut line) {
                Ok(probe) => asked.push(Asked {
                    pending: index,
                    probe,
                    way,
                    line,
                }),
                Err(error) => it.note(Err(refusal::explain(&error, &line)), policy),
            },
            Err(failure) => it.note(Err(failure), policy),
        }
    }
    let patience = if enough(pending) {
        GRACE.min(policy.probe_timeout)
    } else {
        policy.probe_timeout
    };
    let mut deadline = Instant::now() + patience;
    while !asked.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        let ready = {
            let mut waiting: Vec<_> = asked.iter().map(|it| it.probe.poll_fd()).collect();
            probe::wait(&mut waiting, left)
        };
        // An answer that came while the kernel connected another path is not late.
        if left.is_zero() && !ready.contains(&true) {
            break;
        }
        let mut ready = ready.into_iter();
        let (mut later, mut now) = (Vec::new(), Vec::new());
        for mut it in asked {
            let progress = if ready.next() == Some(true) {
                it.probe.advance()
            } else {
                Progress::Pending
            };
            match progress {
                Progress::Pending => later.push(it),
                other => now.push((it, other)),
            }
        }
        asked = later;
        for (
            Asked {
                pending: index,
                probe,
                way,
                mut line,
            },
            progress,
        ) in now
        {
            // The probe's connection ends here: the kernel opens its own.
            drop(probe);
            let Some(it) = pending.get_mut(index) else { continue };
            match progress {
                Progress::Failed(error) => it.note(Err(refusal::explain(&error, &line)), policy),
                _ => it.note(connect(it.path, &way, &mut line), policy),
            }
            if enough(pending) {
                deadline = deadline.min(Instant::now() + GRACE);
            }
        }
    }
    for Asked {
        pending: index,
        probe,
        line,
        ..
    } in asked
    {
        let errno = if probe.is_connected() {
            Errno::EAGAIN
        } else {
            Errno::ETIMEDOUT
        };
        if let Some(it) = pending.get_mut(index) {
            it.note(Err(refusal::explain(&errno.into(), &line)), policy);
        }
    }
}

enum Prepared {
    Ready(Way, Line),
    /// The controller exists already.
    Already(String),
}

fn prepare(it: &mut Pending<'_>, kernel: &Supported, policy: &Policy) -> Result<Prepared, Failure> {
    let interface = it.path.interface()?;
    it.interface = Some(interface.index);
    let line = it.path.line(Some(&interface), kernel)?;
    if let Some(controller) = existing::find(&line) {
        policy.note(it.path.failed(Failure::new(
            Exit::TryAgain,
            format!("{controller} is connected already"),
        )));
        return Ok(Prepared::Already(controller));
    }
    Ok(Prepared::Ready(it.path.way(interface, &line), line))
}

/// Starts a probe. A leased address may have changed since the firmware ran: then the interface alone picks the path.
fn start(path: &Path, way: &mut Way, line: &mut Line) -> std::io::Result<Probe> {
    if way.source.is_some() {
        match Probe::start(way) {
            Err(error) if path.leased && refusal::source_is_gone(&error) && line.remove("host_traddr") => {
                way.source = None;
            }
            other => return other,
        }
    }
    // A packet sent without a local address can do harm: while no other interface is up, the kernel caches the target
    // as a broadcast route and never reaches the target again.
    if !interface::has_address_for(&way.interface.name, way.target) {
        return Err(Errno::EADDRNOTAVAIL.into());
    }
    Probe::start(way)
}
