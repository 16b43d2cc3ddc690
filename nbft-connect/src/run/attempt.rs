//! One path under way: a state machine without a clock and without a system of its own. Whoever drives it says what
//! happened, and when.

use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};

use crate::run::backoff::{BUSY, Backoff, FAST, SLOW, seed};

/// Pause after a change of the network: the changes of one event come together, and the hosts of one rack see the event
/// together.
const SETTLE: Duration = Duration::from_millis(20);
const SETTLE_JITTER: Duration = Duration::from_millis(80);

/// The longest time that a target which accepts TCP may take for its answers, unless the administrator gives it more.
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

/// A kernel that fails after such a time was left without an answer.
const UNANSWERED: Duration = Duration::from_secs(2);

/// What counts as final, and until when attempts begin.
#[derive(Clone, Copy, Debug)]
pub enum Persistence {
    /// Until this time. A refusal is final.
    Until(Instant),
    /// Until this time, but the target is asked only once.
    Once(Instant),
    /// For ever; nothing that time can mend is final.
    Stay,
}

/// The state of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The next attempt begins at this time.
    Waiting(Instant),
    /// The target is being asked.
    Probing,
    /// The target answered, and the kernel is asked to connect.
    Connecting,
    /// The kernel refused without a reason, and the target is asked for it.
    Diagnosing,
    /// The controller is connected.
    Up(String),
    /// A final failure.
    Ended(Failure),
}

/// An event of a path.
#[derive(Debug)]
pub enum Event {
    /// The attempt cannot begin: the interface or an address is missing.
    NotReady(Failure),
    /// The target did not answer, or refused.
    ProbeFailed {
        /// The reason.
        failure: Failure,
        /// The target accepted TCP and was too slow.
        slow: bool,
    },
    /// The target takes its time for the answer to Connect, and the probe goes on.
    Late(Failure),
    /// The target has not answered Connect in the time that the kernel would give it.
    Overloaded(Failure),
    /// The target answered.
    Answered,
    /// The kernel refused.
    Refused(Failure),
    /// The kernel refused, and nobody has asked the target for its reason.
    Unexplained,
    /// The target's answer is too old.
    Stale,
    /// Another process is connecting the same controller.
    Elsewhere(Failure),
    /// The controller is connected.
    Up(String),
    /// The controller is gone.
    Gone(Failure),
}

/// The pauses that follow a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Fast,
    Slow,
    Busy,
}

/// One path under way.
#[derive(Clone, Debug)]
pub struct Attempt {
    state: State,
    fast: Backoff,
    slow: Backoff,
    busy: Backoff,
    /// When the kernel was asked.
    asked: Option<Instant>,
    /// The latest failure.
    reason: Option<Failure>,
    /// The target or the kernel was asked at least once.
    tried: bool,
    early: Early,
    /// The latest failure was a refusal, by the target or by the kernel, or a time-out of an overloaded target.
    refused: bool,
    patience: Duration,
    longest_patience: Duration,
    /// The target was too slow at least once.
    was_slow: bool,
}

/// The attempt that a change of the network brings before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Early {
    /// The clock brought the latest attempt, and brings the next one.
    None,
    /// The next attempt.
    Next,
    /// The latest attempt.
    Latest,
}

impl Attempt {
    /// A path that is due at once.
    pub fn new(now: Instant, patience: Duration) -> Self {
        Self::seeded(now, patience, seed())
    }

    /// The same, with pauses that follow from a seed.
    pub fn seeded(now: Instant, patience: Duration, seed: u64) -> Self {
        Self {
            state: State::Waiting(now),
            fast: Backoff::new(FAST, seed),
            slow: Backoff::new(SLOW, seed.rotate_left(16)),
            busy: Backoff::new(BUSY, seed.rotate_left(32)),
            asked: None,
            reason: None,
            tried: false,
            early: Early::None,
            refused: false,
            patience,
            longest_patience: LONGEST_PATIENCE.max(patience),
            was_slow: false,
        }
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The time of the next attempt.
    pub fn due(&self) -> Option<Instant> {
        match self.state {
            State::Waiting(until) => Some(until),
            _ => None,
        }
    }

    /// The reason why the path is not up.
    pub fn reason(&self) -> Option<&Failure> {
        match &self.state {
            State::Up(_) => None,
            State::Ended(failure) => Some(failure),
            _ => self.reason.as_ref(),
        }
    }

    /// How long a target that accepts TCP may take for its answers. A slow target gets more time with every attempt:
    /// hosts that give up early only add to its work.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Whether the target was too slow before. The first time its controller may only have faltered, and a new connection
    /// tells sooner; from the second time on the target may be overloaded, and a host that gives up adds to its work.
    pub fn was_slow(&self) -> bool {
        self.was_slow
    }

    /// The attempt begins.
    pub fn begin(&mut self) {
        self.state = State::Probing;
        self.early = if self.early == Early::Next {
            Early::Latest
        } else {
            Early::None
        };
    }

    /// Whether the path takes part in nothing any more.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Up(_) | State::Ended(_))
    }

    /// Whether the target or the kernel was asked at least once.
    pub fn is_tried(&self) -> bool {
        self.tried
    }

    /// Whether an attempt is under way.
    pub fn is_busy(&self) -> bool {
        matches!(self.state, State::Probing | State::Connecting | State::Diagnosing)
    }

    /// Takes note of an event.
    pub fn on(&mut self, event: Event, now: Instant, persistence: Persistence) {
        self.tried |= !matches!(event, Event::NotReady(_) | Event::Gone(_));
        match event {
            Event::Answered => {
                self.state = State::Connecting;
                self.asked = Some(now);
            }
            Event::Stale => self.state = State::Waiting(now),
            Event::Up(controller) => {
                self.state = State::Up(controller);
                (self.reason, self.refused) = (None, false);
                for backoff in [&mut self.fast, &mut self.slow, &mut self.busy] {
                    backoff.reset();
                }
            }
            Event::Unexplained => self.state = State::Diagnosing,
            Event::Late(failure) => self.reason = Some(failure),
            Event::ProbeFailed { failure, slow } => {
                if slow {
                    self.patience = (self.patience * 2).min(self.longest_patience);
                    self.was_slow = true;
                }
                let refused = matches!(failure.exit, Exit::Refused | Exit::Config);
                self.fail(failure, if refused { Pace::Slow } else { Pace::Fast }, now, persistence);
            }
            Event::Refused(failure) => {
                let asked = self.asked.take().filter(|_| self.state == State::Connecting);
                let unanswered = failure.exit == Exit::TryAgain && asked.is_some_and(|asked| now - asked >= UNANSWERED);
                self.fail(
                    failure,
                    if unanswered { Pace::Busy } else { Pace::Slow },
                    now,
                    persistence,
                );
            }
            Event::Overloaded(failure) => self.fail(failure, Pace::Busy, now, persistence),
            Event::NotReady(failure) | Event::Elsewhere(failure) | Event::Gone(failure) => {
                self.fail(failure, Pace::Fast, now, persistence);
            }
        }
    }

    fn fail(&mut self, failure: Failure, pace: Pace, now: Instant, persistence: Persistence) {
        self.refused = pace != Pace::Fast;
        let again = match (failure.exit, persistence) {
            (Exit::TryAgain, Persistence::Until(deadline)) => now < deadline,
            (Exit::TryAgain, Persistence::Once(deadline)) => now < deadline && !self.tried,
            (Exit::TryAgain | Exit::Refused | Exit::Config, Persistence::Stay) => true,
            _ => false,
        };
        if !again {
            self.state = State::Ended(failure);
            return;
        }
        let pause = match pace {
            Pace::Fast => self.fast.pause(),
            Pace::Slow => self.slow.pause(),
            Pace::Busy => self.busy.pause(),
        };
        let next = now + pause;
        self.state = State::Waiting(match persistence {
            // The last attempt begins when the time is up.
            Persistence::Until(deadline) | Persistence::Once(deadline) => next.min(deadline),
            Persistence::Stay => next,
        });
        self.reason = Some(failure);
    }

    /// The network of this path changed: the next attempt follows soon, for a refused path once until the clock has
    /// brought another.
    pub fn hasten(&mut self, now: Instant) {
        let State::Waiting(until) = self.state else { return };
        if self.refused && self.early != Early::None {
            return;
        }
        if !self.refused {
            self.fast.reset();
        }
        let soon = now + SETTLE + self.fast.fraction(SETTLE_JITTER);
        if soon < until {
            self.state = State::Waiting(soon);
            self.early = Early::Next;
        }
    }

    /// Something that was read has to be read again.
    pub fn again(&mut self, now: Instant) {
        self.state = State::Waiting(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    /// A path with a clock of its own.
    struct Clock {
        attempt: Attempt,
        now: Instant,
        persistence: Persistence,
    }

    impl Clock {
        fn new(persistence: impl FnOnce(Instant) -> Persistence) -> Self {
            let now = Instant::now();
            Self {
                attempt: Attempt::new(now, PATIENCE),
                now,
                persistence: persistence(now),
            }
        }

        /// Waits for the next attempt, which ends with these events; returns how long the wait was.
        fn attempt(&mut self, events: impl IntoIterator<Item = Event>) -> Duration {
            let due = self.attempt.due().expect("another attempt");
            let waited = due.saturating_duration_since(self.now);
            self.now = self.now.max(due);
            self.attempt.begin();
            events.into_iter().for_each(|event| self.event(event));
            waited
        }

        fn event(&mut self, event: Event) {
            self.attempt.on(event, self.now, self.persistence);
        }
    }

    fn failure(exit: Exit) -> Failure {
        Failure::new(exit, "why")
    }

    fn probe_failed(exit: Exit) -> Event {
        Event::ProbeFailed {
            failure: failure(exit),
            slow: false,
        }
    }

    fn up() -> Event {
        Event::Up("nvme0".to_owned())
    }

    #[test]
    fn once_is_once() {
        for (event, last) in [
            (probe_failed(Exit::TryAgain), Exit::TryAgain),
            (Event::Refused(failure(Exit::Refused)), Exit::Refused),
            (Event::NotReady(failure(Exit::TryAgain)), Exit::TryAgain),
        ] {
            let mut path = Clock::new(Persistence::Until);
            path.attempt([event]);
            assert_eq!(path.attempt.state(), &State::Ended(failure(last)));
        }
    }

    /// A person at a shell is told at once; the last attempt begins when the time is up.
    #[test]
    fn until_the_time_is_up() {
        let limit = Duration::from_secs(10);
        let mut path = Clock::new(|now| Persistence::Until(now + limit));
        let begun = path.now;
        while !path.attempt.is_over() {
            path.attempt([probe_failed(Exit::TryAgain)]);
        }
        assert_eq!(path.now - begun, limit);
        let mut path = Clock::new(|now| Persistence::Until(now + limit));
        path.attempt([Event::Answered, Event::Refused(failure(Exit::Refused))]);
        assert!(path.attempt.is_over());
    }

    /// A subsystem that was unavailable for the firmware is tried once, but the network may come up first.
    #[test]
    fn only_a_real_try_counts() {
        let mut path = Clock::new(|now| Persistence::Once(now + Duration::from_secs(60)));
        for _ in 0..5 {
            path.attempt([Event::NotReady(failure(Exit::TryAgain))]);
            assert!(!path.attempt.is_over());
        }
        path.attempt([probe_failed(Exit::TryAgain)]);
        assert!(path.attempt.is_over());
    }

    /// Nothing that time can mend is final for a command that stays; refusals are repeated slowly.
    #[test]
    fn staying() {
        let mut path = Clock::new(|_| Persistence::Stay);
        let waits: Vec<Duration> = (0..40)
            .map(|_| path.attempt([Event::Answered, Event::Refused(failure(Exit::Config))]))
            .collect();
        assert!(
            waits
                .iter()
                .skip(20)
                .all(|wait| *wait >= SLOW.longest / 2 && *wait <= SLOW.longest),
            "{waits:?}"
        );
        path.attempt([Event::Answered, up()]);
        path.event(Event::Gone(failure(Exit::TryAgain)));
        let waits: Vec<Duration> = (0..40).map(|_| path.attempt([probe_failed(Exit::TryAgain)])).collect();
        assert!(waits.iter().all(|wait| *wait <= FAST.longest), "{waits:?}");
        assert!(
            waits.first().is_some_and(|wait| *wait <= FAST.first * 3 / 2),
            "{waits:?}"
        );
        for exit in [Exit::Usage, Exit::Data, Exit::NoInput, Exit::Unsupported] {
            let mut path = Clock::new(|_| Persistence::Stay);
            path.attempt([Event::Refused(failure(exit))]);
            assert!(path.attempt.is_over(), "{exit:?}");
        }
    }

    #[test]
    fn a_change_of_the_network_counts() {
        let soon = SETTLE + SETTLE_JITTER;
        let mut path = Clock::new(|_| Persistence::Stay);
        for _ in 0..10 {
            path.attempt([Event::NotReady(failure(Exit::TryAgain))]);
        }
        path.attempt.hasten(path.now);
        assert!(path.attempt([Event::NotReady(failure(Exit::TryAgain))]) <= soon);
        // A refusal is repeated once for a change, however many changes follow.
        for _ in 0..20 {
            path.attempt([Event::Refused(failure(Exit::Refused))]);
        }
        path.attempt.hasten(path.now);
        assert!(path.attempt([Event::Refused(failure(Exit::Refused))]) <= soon);
        path.attempt.hasten(path.now);
        assert!(path.attempt([Event::Refused(failure(Exit::Refused))]) > soon);
        path.attempt.hasten(path.now);
        assert!(path.attempt([Event::Refused(failure(Exit::Refused))]) <= soon);
        // An attempt that is under way, and a path that is up, are left alone.
        path.attempt([Event::Answered]);
        path.attempt.hasten(path.now);
        assert_eq!(path.attempt.state(), &State::Connecting);
        path.event(up());
        path.attempt.hasten(path.now);
        assert_eq!(path.attempt.state(), &State::Up("nvme0".to_owned()));
    }

    #[test]
    fn slow_targets_get_more_time() {
        let mut path = Clock::new(|_| Persistence::Stay);
        for _ in 0..8 {
            path.attempt([Event::ProbeFailed {
                failure: failure(Exit::TryAgain),
                slow: true,
            }]);
        }
        assert_eq!(path.attempt.patience(), LONGEST_PATIENCE);
    }

    /// The administrator may give a target more time than it would get by itself: no slow answer takes this time away.
    #[test]
    fn patience_of_the_administrator_stays() {
        let patience = LONGEST_PATIENCE * 2;
        let mut path = Clock::new(|_| Persistence::Stay);
        path.attempt = Attempt::new(path.now, patience);
        assert!(!path.attempt.was_slow());
        for _ in 0..2 {
            path.attempt([Event::ProbeFailed {
                failure: failure(Exit::TryAgain),
                slow: true,
            }]);
            assert_eq!((path.attempt.patience(), path.attempt.was_slow()), (patience, true));
        }
    }

    /// A host that waits for an overloaded target keeps its place there, and says so; one that gives up comes back later.
    #[test]
    fn overloaded_targets_get_less_to_do() {
        let mut path = Clock::new(|_| Persistence::Stay);
        path.attempt([Event::Late(failure(Exit::TryAgain))]);
        assert_eq!(path.attempt.state(), &State::Probing);
        assert!(path.attempt.reason().is_some());
        path.event(Event::Overloaded(failure(Exit::TryAgain)));
        for _ in 0..4 {
            let waited = path.attempt([Event::Overloaded(failure(Exit::TryAgain))]);
            assert!(waited >= BUSY.first / 2, "{waited:?}");
        }
        // The kernel was left without an answer, and then refused.
        for (time, pause) in [(UNANSWERED, BUSY.longest / 2), (Duration::ZERO, SLOW.first * 3 / 2)] {
            path.attempt([Event::Answered]);
            path.now += time;
            path.event(Event::Refused(failure(Exit::TryAgain)));
            let due = path.attempt.due().expect("another attempt") - path.now;
            assert_eq!(due >= pause, time == UNANSWERED, "{due:?}");
        }
    }

    #[test]
    fn the_kernel_may_keep_the_reason() {
        let mut path = Clock::new(Persistence::Until);
        path.attempt([Event::Answered, Event::Unexplained]);
        assert_eq!(path.attempt.state(), &State::Diagnosing);
        path.event(probe_failed(Exit::Refused));
        assert_eq!(path.attempt.reason(), Some(&failure(Exit::Refused)));
        // A stale answer costs no pause.
        let mut path = Clock::new(Persistence::Until);
        path.attempt([Event::Answered, Event::Stale]);
        assert_eq!(path.attempt([Event::Answered, up()]), Duration::ZERO);
        assert_eq!(path.attempt.reason(), None);
    }
}
