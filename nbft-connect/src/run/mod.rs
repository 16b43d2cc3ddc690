//! All paths at once: each is probed by itself, goes to the kernel as soon as its target has answered, and is tried again
//! at its own time. Nothing in the loop blocks: a path that is slow holds up no other.

pub mod attempt;
pub mod backoff;
pub mod child;
pub mod events;
pub mod policy;
mod queue;
#[cfg(test)]
mod storm;
pub mod task;
mod watch;

use std::time::{Duration, Instant};

use nbft_common::command::failure::Failure;
use nbft_common::command::log::warn;
use nbft_common::command::notify::Status;
use nbft_common::command::{output, poll};
use nix::poll::PollFd;
use nix::sys::signal::{Signal, raise};

use crate::discovery::log_page::Entry;
use crate::target::Depth;
use attempt::{Event, Persistence, State};
use events::Events;
use policy::Policy;
use task::{Kind, Step, Task};

/// How long other paths may still answer after the first path is up: a network delay, not a timeout, lies between them.
const GRACE: Duration = Duration::from_millis(250);

/// How long the kernel may still connect other paths after the first path is up.
const KERNEL_GRACE: Duration = Duration::from_secs(2);

/// A command that stays does not complain so early of interfaces and addresses: in every boot they come up meanwhile.
const EARLY: Duration = Duration::from_secs(10);

/// Most paths that are under way at a time: each needs a descriptor.
const MAX_BUSY: usize = 64;

/// How long a command that is told to end waits for its children to disconnect.
const FAREWELL: Duration = Duration::from_millis(1500);

/// Adds the paths that a discovery controller's log leads to; the number is the index of the controller's task.
pub type Extend<'a> = dyn FnMut(usize, Vec<Entry>) -> Result<Vec<Task>, Failure> + 'a;

/// The loop.
struct Run<'a> {
    tasks: Vec<Task>,
    policy: &'a Policy,
    persistence: Persistence,
    extend: &'a mut Extend<'a>,
    events: Events,
    status: Status,
    /// When the first path came up.
    enough: Option<Instant>,
    begun: Instant,
}

/// Connects paths until all are up or have failed for good, or one is up where one is enough; returns them in their order,
/// those that `extend` added at the end. With [`Policy::stay`], returns only when every path has failed for good.
pub fn run<'a>(tasks: Vec<Task>, policy: &'a Policy, status: Status, extend: &'a mut Extend<'a>) -> Vec<Task> {
    let mut run = Run {
        tasks,
        policy,
        persistence: policy.persistence(Instant::now()),
        extend,
        // Subscribe before the first look at the machine, so that no later change is missed.
        events: Events::subscribe(),
        status,
        enough: None,
        begun: Instant::now(),
    };
    loop {
        run.begin_due();
        run.report();
        if run.is_finished() {
            let now = Instant::now();
            run.tasks.iter_mut().for_each(|task| task.give_up(now));
            return run.tasks;
        }
        run.wait();
        if let Some(signal) = run.events.signals.arrived() {
            run.end(signal);
        }
        run.heed_changes();
        for index in 0..run.tasks.len() {
            run.advance(index);
        }
    }
}

impl Run<'_> {
    /// How many attempts may begin now.
    fn places(&self) -> usize {
        // Without probes each further path may hold the kernel's lock for seconds.
        let alone = self.policy.probe.is_none() && !self.policy.all && !self.policy.stay;
        let most = match self.enough {
            Some(_) => 0,
            None if alone => 1,
            None => MAX_BUSY,
        };
        let busy = self.tasks.iter().filter(|task| task.attempt.is_busy()).count();
        most.saturating_sub(busy)
    }

    /// Whether a subsystem is missing, or none is known yet, so that logs are read again.
    fn rereads(&self) -> bool {
        let mut subsystems = self.tasks.iter().filter(|task| task.kind == Kind::Subsystem).peekable();
        self.policy.stay && (subsystems.peek().is_none() || subsystems.any(|task| !task.is_up()))
    }

    /// Begins the attempts whose time has come.
    fn begin_due(&mut self) {
        let now = Instant::now();
        let mut places = self.places();
        if places > 0 && self.rereads() {
            let tasks = self.tasks.iter_mut();
            let overdue = tasks.filter(|task| task.reread().is_some_and(|time| time <= now));
            overdue.for_each(|task| task.read_again(now));
        }
        for index in queue::due(self.tasks.iter().map(|task| &task.attempt), now) {
            if places == 0 || self.enough.is_some() {
                return;
            }
            let Some(task) = self.tasks.get_mut(index) else { return };
            task.attempt.begin();
            let event = task.begin(self.policy.probe, self.policy);
            // Where nobody asks the target, it counts as having answered.
            let event = event.or_else(|| self.policy.probe.is_none().then_some(Event::Answered));
            if let Some(event) = event {
                self.on(index, event);
            }
            places -= usize::from(self.tasks.get(index).is_some_and(|task| task.attempt.is_busy()));
        }
    }

    /// Takes note of an event of a path, and does what follows from it.
    fn on(&mut self, index: usize, event: Event) {
        let now = Instant::now();
        let Some(task) = self.tasks.get_mut(index) else { return };
        task.on(event, now, self.persistence);
        match task.attempt.state() {
            State::Diagnosing => {
                if let Some(event) = task.begin(Some(Depth::Connect), self.policy) {
                    self.on(index, event);
                }
            }
            State::Up(controller) if task.kind == Kind::Subsystem => {
                if self.policy.stay {
                    // The connection counts; nobody may read its name.
                    let _ = output::write(format!("{controller}\n").as_bytes());
                } else if !self.policy.all {
                    self.enough.get_or_insert(now);
                }
            }
            _ => {}
        }
    }

    /// Continues a path that may have news.
    fn advance(&mut self, index: usize) {
        let Some(task) = self.tasks.get_mut(index) else { return };
        let event = match task.advance(self.policy) {
            None => return,
            Some(Step::Event(event)) => event,
            Some(Step::Log(log)) => match (self.extend)(index, log) {
                Ok(more) => {
                    task.log_read(Instant::now());
                    self.tasks.extend(more);
                    Event::Up(String::new())
                }
                Err(failure) => Event::Refused(failure),
            },
        };
        self.on(index, event);
    }

    /// Reports the state of the paths that are not up: to systemd, and in words if the command stays.
    fn report(&mut self) {
        let mut reasons = Vec::new();
        let early = self.policy.stay && self.begun.elapsed() < EARLY;
        for (failure, news) in self.tasks.iter_mut().filter_map(|task| task.reason(early)) {
            if news && self.policy.stay {
                warn(&failure);
            } else if news {
                self.policy.note(&failure);
            }
            reasons.push(failure.to_string());
        }
        let status = if self.enough.is_none() {
            reasons.join("; ")
        } else {
            String::new()
        };
        self.status.set(status);
    }

    fn is_finished(&self) -> bool {
        if self.policy.stay {
            return self
                .tasks
                .iter()
                .all(|task| matches!(task.attempt.state(), State::Ended(_)));
        }
        let since = self.enough.map(|enough| enough.elapsed());
        let late = |grace| since.is_some_and(|since| since >= grace);
        self.tasks.iter().all(|task| {
            if task.is_probing() {
                late(GRACE)
            } else if task.is_working() {
                late(KERNEL_GRACE)
            } else {
                task.attempt.is_over() || since.is_some()
            }
        })
    }

    /// Sleeps until something happens or a time comes.
    fn wait(&self) {
        let mut fds: Vec<PollFd<'_>> = self.events.poll_fds();
        fds.extend(self.tasks.iter().filter_map(Task::poll_fd));
        let limits = self.tasks.iter().filter_map(Task::limit);
        // Where nothing may begin, the end of another attempt changes that.
        let begins = self.places() > 0;
        let due = self
            .tasks
            .iter()
            .filter_map(|task| task.attempt.due())
            .filter(|_| begins);
        let rereads = begins && self.rereads();
        let reread = self.tasks.iter().filter_map(Task::reread).filter(|_| rereads);
        let graces = self.enough.map(|since| [since + GRACE, since + KERNEL_GRACE]);
        let graces = graces.into_iter().flatten().filter(|grace| *grace > Instant::now());
        let status = self.status.again().map(|time| Instant::now() + time);
        let next = limits.chain(due).chain(reread).chain(graces).chain(status).min();
        let time = next.map_or(Duration::MAX, |next| next.saturating_duration_since(Instant::now()));
        poll::wait(&mut fds, time);
    }

    /// Takes the changes of network and devices.
    fn heed_changes(&mut self) {
        let (network, devices) = (self.events.network(), self.events.devices());
        for index in 0..self.tasks.len() {
            let Some(task) = self.tasks.get_mut(index) else { return };
            if let Some(event) = task.changed(&network, devices, Instant::now()) {
                self.on(index, event);
            }
        }
    }

    /// Ends by a signal, in order: children that read a log disconnect. A child that the kernel holds is left behind,
    /// because no signal reaches it; its connection, if the kernel makes it, is as good as any.
    fn end(&mut self, signal: Signal) -> ! {
        let until = Instant::now() + FAREWELL;
        self.tasks.retain_mut(|task| task.is_stopping(true));
        loop {
            self.tasks.retain_mut(|task| task.is_stopping(false));
            let left = until.saturating_duration_since(Instant::now());
            if self.tasks.is_empty() || left.is_zero() {
                break;
            }
            let mut fds: Vec<PollFd<'_>> = self.tasks.iter().filter_map(Task::poll_fd).collect();
            poll::wait(&mut fds, left);
        }
        self.events.signals.release();
        let _ = raise(signal);
        std::process::exit(128 + signal as i32)
    }
}
