//! One path under way in the real world: its probe, the child that gives it to the kernel, its controller.

use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use nix::poll::PollFd;
use serde::{Deserialize, Serialize};

use crate::discovery::log_page::Entry;
use crate::discovery::reading;
use crate::endpoint::Endpoint;
use crate::kernel::{self, Existing, Outcome};
use crate::path::Path;
use crate::run::attempt::{Attempt, Event, Persistence, State};
use crate::run::child::Child;
use crate::run::events::Network;
use crate::run::policy::Policy;
use crate::run::watch::Watch;
use crate::target::{Depth, Probe, Progress};

/// A command that stays reads the log of a discovery controller so often while something is missing.
const REREAD: Duration = Duration::from_secs(60);

/// A command that stays waits as long as the kernel would for the target's answer to Connect. A target with many hosts
/// answers one after another, and a host that gives up has only added to its work.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(60);

/// Most controllers of the target that are kept for their IDs.
const MAX_KEPT: usize = 8;

/// A path, and what is done with it.
pub struct Task {
    /// The path.
    pub path: Path,
    /// What the path leads to.
    pub kind: Kind,
    /// The state of the path.
    pub attempt: Attempt,
    activity: Activity,
    /// Index of the path's interface, once the interface exists.
    interface: Option<u32>,
    watch: Watch,
    /// The next probe keeps the target's controller while the kernel connects.
    keeps: bool,
    /// The probes that do so: the target gives the kernel another controller ID than theirs.
    kept: Vec<Probe>,
    /// Another process is connecting the controller.
    elsewhere: bool,
    /// When a log was read.
    read: Option<Instant>,
    /// The reason that was reported last.
    reported: Option<Failure>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A subsystem to connect.
    Subsystem,
    /// A discovery controller whose log is read.
    Discovery,
    /// A target that is only asked. The path is up once the target has answered, and its controller is the answer.
    Target,
}

enum Activity {
    Idle,
    /// The target is asked, until this time at most.
    Probing(Probe, Endpoint, Limit),
    /// A child has given the endpoint to the kernel, as this option line.
    Working(Child<Answer>, Endpoint, String),
}

/// The answer of a child.
#[derive(Serialize, Deserialize)]
enum Answer {
    Kernel(Outcome),
    /// The entries of a discovery controller's log.
    Log(Vec<Entry>),
}

/// The continuation of a path.
pub enum Step {
    /// An event.
    Event(Event),
    /// The log was read.
    Log(Vec<Entry>),
}

/// The time limit of a probe.
#[derive(Clone, Copy)]
struct Limit {
    at: Instant,
    extension: Extension,
}

/// The longer limit of a target that lacks nothing but the answer to Connect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extension {
    /// The target has a single limit.
    Never,
    Possible,
    /// The longer limit has begun.
    Used,
}

impl Task {
    /// A path that is due at once.
    pub fn new(path: Path, kind: Kind, policy: &Policy) -> Self {
        Self {
            path,
            kind,
            attempt: Attempt::new(Instant::now(), policy.probe_timeout),
            activity: Activity::Idle,
            interface: None,
            watch: Watch::default(),
            keeps: false,
            kept: Vec::new(),
            elsewhere: false,
            read: None,
            reported: None,
        }
    }

    /// The end: the controller's name, or the reason why the path is not up.
    pub fn result(&self) -> Result<&str, Failure> {
        let failure = match (self.attempt.state(), self.attempt.reason()) {
            (State::Up(controller), _) => return Ok(controller),
            (_, Some(failure)) => failure.clone(),
            (_, None) => Failure::new(Exit::TryAgain, "not tried, because another path is up"),
        };
        Err(self.path.failed(failure))
    }

    /// Whether the path is connected, or the log is read.
    pub fn is_up(&self) -> bool {
        matches!(self.attempt.state(), State::Up(_))
    }

    /// Whether a probe is under way.
    pub fn is_probing(&self) -> bool {
        matches!(self.activity, Activity::Probing(..))
    }

    /// Whether a child is under way.
    pub fn is_working(&self) -> bool {
        matches!(self.activity, Activity::Working(..))
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        match &self.activity {
            Activity::Idle => None,
            Activity::Probing(probe, ..) => Some(probe.poll_fd()),
            Activity::Working(child, ..) => Some(child.poll_fd()),
        }
    }

    /// The time limit of the probe, or the time of the next look at the controller.
    pub fn limit(&self) -> Option<Instant> {
        match &self.activity {
            Activity::Probing(probe, _, limit) => Some(probe.deadline(limit.at)),
            _ => self.watch.look(),
        }
    }

    /// When the log is due to be read again.
    pub fn reread(&self) -> Option<Instant> {
        Some(self.read? + REREAD)
    }

    /// The log was read.
    pub fn log_read(&mut self, now: Instant) {
        self.read = Some(now);
    }

    /// Reads the log again.
    pub fn read_again(&mut self, now: Instant) {
        self.read = None;
        self.attempt.again(now);
    }

    /// Takes note of an event.
    pub fn on(&mut self, event: Event, now: Instant, persistence: Persistence) {
        self.elsewhere = matches!(event, Event::Elsewhere(_));
        if !matches!(event, Event::Answered | Event::Stale | Event::Late(_)) {
            self.keeps = false;
            self.kept.clear();
        }
        self.attempt.on(event, now, persistence);
    }

    /// Something changed: the network, or a controller. Returns the event that follows.
    pub fn changed(&mut self, network: &Network, devices: bool, now: Instant) -> Option<Event> {
        let changed = match network {
            Network::Same => false,
            // Where the interface does not exist yet, any change may be its appearance.
            Network::Changed(touched) => self.interface.is_none_or(|index| touched.contains(&index)),
            Network::Lost => true,
        };
        if changed || devices && self.elsewhere {
            self.attempt.hasten(now);
        }
        let lost = self.watch.lost(network, devices, self.path.is_leased(), now);
        lost.map(Event::Gone)
    }

    /// The reason why the path is not up, and whether this reason is news. With `early`, no reason is news before the
    /// target was asked.
    pub fn reason(&mut self, early: bool) -> Option<(Failure, bool)> {
        let reason = self.attempt.reason().cloned();
        if early && !self.attempt.is_tried() {
            return Some((self.path.failed(reason?), false));
        }
        let news = reason != self.reported;
        self.reported.clone_from(&reason);
        Some((self.path.failed(reason?), news))
    }

    /// Tells the child to end; returns whether it still works.
    pub fn is_stopping(&mut self, tell: bool) -> bool {
        match &mut self.activity {
            Activity::Working(child, ..) if tell => {
                child.stop();
                true
            }
            Activity::Working(child, ..) => child.advance().is_none(),
            _ => false,
        }
    }

    /// Begins an attempt that asks the target as far as `depth` says; returns the event that ends the attempt at once.
    pub fn begin(&mut self, depth: Option<Depth>, policy: &Policy) -> Option<Event> {
        let endpoint = match self.endpoint() {
            Ok(endpoint) => endpoint,
            Err(failure) => return Some(not_ready(failure)),
        };
        let existing = match self.kind {
            Kind::Discovery => None,
            _ => kernel::find(&endpoint),
        };
        match existing {
            Some(Existing::Connected(controller)) if self.kind == Kind::Target && kernel::is_live(&controller) => {
                return Some(Event::Up(self.answer(&endpoint, &format!("connected as {controller}"))));
            }
            Some(Existing::Unfit(controller, lack)) if self.kind == Kind::Target => {
                return Some(Event::Refused(kernel::unfit(&controller, lack).at(endpoint.place())));
            }
            // Why the kernel does not get through, the target has to tell.
            Some(_) if self.kind == Kind::Target => {}
            Some(existing) => {
                if let Existing::Connected(controller) = &existing {
                    policy.note(format_args!("HFI {}: {controller} is connected already", self.path.hfi));
                }
                return Some(self.answered(kernel::adopt(existing), &endpoint, policy));
            }
            None => {}
        }
        let Some(depth) = depth else {
            return self.hand_over(endpoint).err();
        };
        let (destination, question) = (endpoint.destination(), endpoint.question(depth));
        match Probe::start(&destination, question) {
            Ok(mut probe) => {
                if self.keeps {
                    probe.keep();
                }
                let limit = Limit {
                    at: Instant::now() + self.attempt.patience(),
                    extension: if policy.stay && self.attempt.was_slow() {
                        Extension::Possible
                    } else {
                        Extension::Never
                    },
                };
                self.activity = Activity::Probing(probe, endpoint, limit);
                None
            }
            Err(error) if error.source_is_gone() => Some(Event::NotReady(endpoint.explain(&error))),
            Err(error) => Some(Event::ProbeFailed {
                failure: endpoint.explain(&error),
                slow: false,
            }),
        }
    }

    /// The endpoint at this moment.
    fn endpoint(&mut self) -> Result<Endpoint, Failure> {
        // An interface that is gone comes back with another index.
        self.interface = None;
        let interface = self.path.interface()?;
        self.interface = Some(interface.index);
        self.path.endpoint(interface)
    }

    /// What a target answered, as a line for people.
    fn answer(&self, endpoint: &Endpoint, words: &str) -> String {
        format!("HFI {}: {}: {words}", self.path.hfi, endpoint.place())
    }

    /// Gives an endpoint whose target has answered to the kernel, in a child; or the event that ends the attempt at once.
    fn hand_over(&mut self, endpoint: Endpoint) -> Result<(), Event> {
        let connect: fn(&Endpoint) -> Answer = match self.kind {
            Kind::Subsystem => |endpoint| Answer::Kernel(kernel::connect(endpoint)),
            Kind::Discovery => |endpoint| reading::read(endpoint).map_or_else(Answer::Kernel, Answer::Log),
            Kind::Target if endpoint.has("tls") => {
                return Err(Event::Up(
                    self.answer(&endpoint, "accepts TCP; only TLS can tell the rest"),
                ));
            }
            Kind::Target => return Err(Event::Up(self.answer(&endpoint, "answers"))),
        };
        let child = Child::start(|| connect(&endpoint));
        let child = child.map_err(|error| {
            Event::NotReady(Failure::io(
                Exit::TryAgain,
                "cannot start a process for the connect",
                &error,
            ))
        })?;
        self.activity = Activity::Working(child, endpoint.without_options(), endpoint.to_string());
        Ok(())
    }

    /// Notes a controller.
    fn up(&mut self, controller: String) -> Event {
        self.path.came_up();
        self.watch.begin(controller.clone(), Instant::now());
        Event::Up(controller)
    }

    /// Another path is up, and this one is no longer waited for.
    pub fn give_up(&mut self, now: Instant) {
        let failure = match &self.activity {
            Activity::Idle => return,
            Activity::Probing(probe, endpoint, _) => match probe.timed_out() {
                Progress::Failed(error) => endpoint.explain(&error),
                _ => return,
            },
            Activity::Working(_, endpoint, _) => {
                endpoint.failed(Failure::new(Exit::TryAgain, "the kernel is still connecting it"))
            }
        };
        self.attempt.on(Event::Refused(failure), now, Persistence::Until(now));
    }

    /// Continues after something happened.
    pub fn advance(&mut self, policy: &Policy) -> Option<Step> {
        match std::mem::replace(&mut self.activity, Activity::Idle) {
            Activity::Idle => None,
            Activity::Probing(mut probe, endpoint, limit) => {
                let mut progress = probe.advance();
                if progress == Progress::Pending && Instant::now() >= probe.deadline(limit.at) {
                    progress = probe.timed_out();
                }
                let diagnosing = *self.attempt.state() == State::Diagnosing;
                let event = match progress {
                    Progress::Pending => {
                        self.activity = Activity::Probing(probe, endpoint, limit);
                        return None;
                    }
                    Progress::Failed(error) if error.is_late() && limit.extension == Extension::Possible => {
                        let failure = endpoint.explain(&error);
                        let limit = Limit {
                            at: Instant::now() + CONNECT_LIMIT,
                            extension: Extension::Used,
                        };
                        self.activity = Activity::Probing(probe, endpoint, limit);
                        Event::Late(failure)
                    }
                    Progress::Failed(error) if error.is_late() && limit.extension == Extension::Used => {
                        Event::Overloaded(endpoint.explain(&error))
                    }
                    Progress::Failed(error) => Event::ProbeFailed {
                        failure: endpoint.explain(&error),
                        slow: error.is_slow(),
                    },
                    Progress::Answered if diagnosing => Event::Refused(endpoint.failed(Failure::new(
                        Exit::TryAgain,
                        "the kernel could not connect, but the target lets this host in; the kernel's log may say more",
                    ))),
                    Progress::Answered => {
                        // The kernel opens a connection of its own, so that of the probe ends here, unless it keeps an ID.
                        if self.keeps {
                            self.kept.push(probe);
                        } else {
                            drop(probe);
                        }
                        self.hand_over(endpoint).err().unwrap_or(Event::Answered)
                    }
                };
                Some(Step::Event(event))
            }
            Activity::Working(mut child, endpoint, line) => {
                let Some(answer) = child.advance() else {
                    self.activity = Activity::Working(child, endpoint, line);
                    return None;
                };
                Some(match answer {
                    Some(Answer::Log(entries)) => {
                        self.path.came_up();
                        policy.note(format_args!("{line}: {} entries", entries.len()));
                        Step::Log(entries)
                    }
                    Some(Answer::Kernel(outcome)) => {
                        match &outcome {
                            Outcome::Up(controller) => policy.note(format_args!("{line}: {controller}")),
                            Outcome::Failed { failure, .. } => policy.note(format_args!("{line}: {failure}")),
                            Outcome::Elsewhere(_) | Outcome::Unfit(_) | Outcome::Stale => {}
                        }
                        Step::Event(self.answered(outcome, &endpoint, policy))
                    }
                    None => Step::Event(Event::Refused(Failure::new(
                        Exit::TryAgain,
                        "the process that asked the kernel ended without an answer",
                    ))),
                })
            }
        }
    }

    /// The kernel's answer.
    fn answered(&mut self, outcome: Outcome, endpoint: &Endpoint, policy: &Policy) -> Event {
        match outcome {
            Outcome::Up(controller) => self.up(controller),
            Outcome::Elsewhere(controller) => elsewhere(&controller),
            Outcome::Unfit(failure) => Event::Refused(failure.at(endpoint.place())),
            Outcome::Stale => Event::Stale,
            // The target has not said no to the probe. Where nothing was asked, it is asked now.
            Outcome::Failed { untold: true, .. } if policy.probe != Some(Depth::Connect) && !endpoint.has("tls") => {
                Event::Unexplained
            }
            // Nothing but another ID helps, and the controller that has this one may never come back.
            Outcome::Failed { taken_id: true, .. } if self.can_keep(endpoint, policy) => {
                self.keeps = true;
                Event::Stale
            }
            Outcome::Failed { failure, .. } => Event::Refused(endpoint.failed(failure)),
        }
    }

    /// Whether the next probe can keep a controller, with its ID.
    fn can_keep(&self, endpoint: &Endpoint, policy: &Policy) -> bool {
        policy.probe == Some(Depth::Connect) && !endpoint.has("tls") && self.kept.len() < MAX_KEPT
    }
}

fn elsewhere(controller: &str) -> Event {
    let message = format!("another process is connecting {controller}, the same connection, at the moment");
    Event::Elsewhere(Failure::new(Exit::TryAgain, message))
}

/// An attempt that cannot begin. Demands that cannot be met are refusals of our own.
fn not_ready(failure: Failure) -> Event {
    if failure.exit == Exit::TryAgain {
        Event::NotReady(failure)
    } else {
        Event::Refused(failure)
    }
}

#[cfg(test)]
mod tests {
    use nbft_common::table::Hfi;
    use serde_json::json;

    use super::*;
    use crate::host::identity::Identity;
    use crate::target::Depth;

    /// An interface that is gone comes back under another index: then any change of the network may be its appearance.
    #[test]
    fn a_missing_interface_has_no_index() {
        let hfi: Hfi = serde_json::from_value(json!({
            "index": 1, "mac_addr": "02:00:00:00:00:99", "ipaddr": "192.0.2.20",
        }))
        .expect("an HFI");
        let identity = Identity {
            nqn: "nqn.h".to_owned(),
            id: "f8131bac-cdef-4165-866b-5998c1e67890".parse().expect("UUID"),
        };
        let target = ("192.0.2.1".parse().expect("address"), "4420");
        let path = Path::new(&hfi, [].iter(), target, "nqn.x", &identity).expect("a path");
        let policy = crate::defaults().policy;
        let mut task = Task::new(path, Kind::Subsystem, &policy);
        task.interface = Some(7);
        let event = task.begin(Some(Depth::Connect), &policy).expect("an event");
        assert!(matches!(event, Event::NotReady(_)), "{event:?}");
        assert_eq!(task.interface, None);
    }
}
