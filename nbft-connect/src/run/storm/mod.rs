//! Many hosts come up together against a target that is late and slow, in virtual time: each host's pauses and patience are
//! those of [`Attempt`]. The same seed leads to the same storm.
//!
//! `NBFT_STORM` names a file that gets the course of all storms, for `tests/bench-connect`.

mod target;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use serde_json::{Value, json};

use crate::run::attempt::{Attempt, Event, Persistence, State};
use crate::run::backoff::{Backoff, FAST};
use crate::run::task::CONNECT_LIMIT;
use target::{Limits, Number, Syn, Target};

/// The time of a packet on its path.
const LATENCY: Duration = Duration::from_micros(100);
/// A SYN without an answer is sent again after one second, then after twice the time.
const RESEND: Duration = Duration::from_secs(1);
/// The kernel's time limits: TCP (two SYNs), ICResp after TCP, Connect.
const KERNEL_TCP: Duration = Duration::from_secs(3);
const KERNEL_ICRESP: Duration = Duration::from_secs(10);
const KERNEL_CONNECT: Duration = Duration::from_secs(60);
/// I/O queues of a kernel's connection, each of which is a TCP connection with a Connect.
const QUEUES: u8 = 4;
/// Hosts of a storm.
const HOSTS: usize = 1000;
/// The storm ends here, whoever is up.
const END: Duration = Duration::from_secs(1800);

/// How hosts retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// nbft-connect --stay, with a probe up to Connect.
    Connect,
    /// The same, with `--probe icresp`.
    IcResp,
    /// nbft-connect --retry, which does not wait a minute for the answer to Connect.
    GiveUp,
    /// The kernel alone, with the same pause after each failure, as a unit with `RestartSec=` or a loop with `sleep` has it.
    Fixed(Duration),
}

impl Retry {
    fn name(self) -> String {
        match self {
            Self::Connect => "`--stay`".to_owned(),
            Self::IcResp => "`--stay --probe icresp`".to_owned(),
            Self::GiveUp => "`--retry`".to_owned(),
            Self::Fixed(pause) => format!("the kernel alone, every {} s", pause.as_secs()),
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A host begins an attempt.
    Begin(usize),
    /// A SYN arrives; the next one follows after this time.
    Syn(Number, Duration),
    /// The host's time for this connection is up.
    Deadline(Number, u8),
    /// A Connect is carried out.
    CarriedOut,
}

struct Host {
    attempt: Attempt,
    up: Option<Duration>,
    /// The current step of the connection under way; a deadline of another step counts nothing.
    step: u8,
}

struct Storm {
    retry: Retry,
    target: Target,
    hosts: Vec<Host>,
    events: BinaryHeap<Reverse<(Duration, usize, What)>>,
    number: usize,
    now: Duration,
    /// Any instant serves as time zero.
    zero: Instant,
    /// The times of all TCP connections' first SYN.
    opened: Vec<Duration>,
}

/// The course of a storm.
struct Course {
    up: Vec<Duration>,
    opened: Vec<Duration>,
    carried_out: usize,
    wasted: usize,
}

impl Storm {
    /// Hosts that power on within a time.
    fn new(hosts: usize, within: Duration, retry: Retry, limits: Limits, seed: u64) -> Self {
        let zero = Instant::now();
        let mut storm = Self {
            retry,
            target: Target::new(limits),
            hosts: Vec::new(),
            events: BinaryHeap::new(),
            number: 0,
            now: Duration::ZERO,
            zero,
            opened: Vec::new(),
        };
        for host in 0..hosts {
            let seed = seed + host as u64;
            let start = Backoff::new(FAST, !seed).fraction(within);
            let patience = crate::defaults().policy.probe_timeout;
            storm.hosts.push(Host {
                attempt: Attempt::seeded(zero + start, patience, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                up: None,
                step: 0,
            });
            storm.at(start, What::Begin(host));
        }
        storm
    }

    fn at(&mut self, time: Duration, what: What) {
        self.number += 1;
        self.events.push(Reverse((time, self.number, what)));
    }

    fn after(&mut self, time: Duration, what: What) {
        self.at(self.now + time, what);
    }

    fn run(mut self) -> Course {
        while let Some(Reverse((time, _, what))) = self.events.pop() {
            if time > END {
                break;
            }
            self.now = time;
            match what {
                What::Begin(host) => self.begin(host),
                What::Syn(number, next) => self.syn(number, next),
                What::Deadline(number, step) => self.deadline(number, step),
                What::CarriedOut => self.carried_out(),
            }
            while let Some(number) = self.target.accept() {
                self.icresp(number);
            }
        }
        let mut up: Vec<_> = self.hosts.iter().filter_map(|host| host.up).collect();
        up.sort();
        Course {
            up,
            opened: self.opened,
            carried_out: self.target.carried_out,
            wasted: self.target.wasted,
        }
    }

    fn begin(&mut self, host: usize) {
        self.hosts[host].attempt.begin();
        match self.retry {
            Retry::Fixed(_) => self.open(host, Some(0), KERNEL_TCP),
            _ => self.open(host, None, self.hosts[host].attempt.patience()),
        }
    }

    fn open(&mut self, host: usize, queue: Option<u8>, limit: Duration) {
        let number = self.target.open(host, queue);
        self.opened.push(self.now);
        self.after(LATENCY, What::Syn(number, RESEND));
        self.limit(number, limit);
    }

    /// The next step of a connection has to come within a time.
    fn limit(&mut self, number: Number, limit: Duration) {
        let host = &mut self.hosts[self.target.connections[number].host];
        host.step = host.step.wrapping_add(1);
        let step = host.step;
        self.after(limit, What::Deadline(number, step));
    }

    fn syn(&mut self, number: Number, next: Duration) {
        let connection = self.target.connections[number];
        if connection.closed {
            return;
        }
        match self.target.syn(number, self.now) {
            Syn::Accepted if connection.queue.is_some() => self.limit(number, KERNEL_ICRESP),
            Syn::Accepted => {}
            Syn::Dropped => self.after(next, What::Syn(number, next * 2)),
            Syn::Refused => self.failed(number, false),
        }
    }

    /// The target has answered ICReq.
    fn icresp(&mut self, number: Number) {
        let connection = self.target.connections[number];
        if self.retry == Retry::IcResp && connection.queue.is_none() {
            self.target.close(number);
            return self.answered(connection.host);
        }
        if connection.queue.is_some() {
            self.limit(number, KERNEL_CONNECT);
        }
        if let Some(time) = self.target.connect(number) {
            self.after(time, What::CarriedOut);
        }
    }

    fn carried_out(&mut self) {
        let (number, next) = self.target.carry_out();
        if let Some(time) = next {
            self.after(time, What::CarriedOut);
        }
        let connection = self.target.connections[number];
        if connection.closed {
            return;
        }
        match connection.queue {
            Some(QUEUES) => {
                self.hosts[connection.host].up = Some(self.now);
                self.on(connection.host, Event::Up(String::new()));
            }
            Some(queue) => self.open(connection.host, Some(queue + 1), KERNEL_TCP),
            None => {
                self.target.close(number);
                self.answered(connection.host);
            }
        }
    }

    fn answered(&mut self, host: usize) {
        self.on(host, Event::Answered);
        self.open(host, Some(0), KERNEL_TCP);
    }

    fn deadline(&mut self, number: Number, step: u8) {
        let connection = self.target.connections[number];
        let host = &self.hosts[connection.host];
        if connection.closed || host.up.is_some() || host.step != step {
            return;
        }
        let waits = self.retry != Retry::GiveUp && host.attempt.was_slow();
        if connection.greeted && connection.queue.is_none() && !connection.late && waits {
            self.target.connections[number].late = true;
            self.on(connection.host, Event::Late(Failure::new(Exit::TryAgain, "")));
            return self.limit(number, CONNECT_LIMIT);
        }
        self.failed(number, connection.established);
    }

    fn failed(&mut self, number: Number, slow: bool) {
        self.target.close(number);
        let connection = self.target.connections[number];
        let failure = Failure::new(Exit::TryAgain, "");
        let event = if connection.queue.is_some() {
            Event::Refused(failure)
        } else if connection.late {
            Event::Overloaded(failure)
        } else {
            Event::ProbeFailed { failure, slow }
        };
        self.on(connection.host, event);
    }

    fn on(&mut self, host: usize, event: Event) {
        let now = self.zero + self.now;
        let attempt = &mut self.hosts[host].attempt;
        let persistence = match self.retry {
            Retry::GiveUp => Persistence::Until(self.zero + END),
            _ => Persistence::Stay,
        };
        attempt.on(event, now, persistence);
        if let State::Waiting(due) = *attempt.state() {
            let pause = match self.retry {
                Retry::Fixed(pause) => pause,
                _ => due - now,
            };
            self.after(pause, What::Begin(host));
        }
    }
}

impl Course {
    /// The most connections that were opened within a tenth of a second.
    fn densest(&self) -> usize {
        let mut first = 0;
        let mut most = 0;
        for (last, time) in self.opened.iter().enumerate() {
            while *time - self.opened[first] > Duration::from_millis(100) {
                first += 1;
            }
            most = most.max(last - first + 1);
        }
        most
    }

    /// The time at which so many hosts are up.
    fn up(&self, hosts: usize) -> Option<f64> {
        Some(self.up.get(hosts.checked_sub(1)?)?.as_secs_f64())
    }

    fn json(&self, retry: Retry, limits: Limits) -> Value {
        let end = self.opened.last().max(self.up.last()).map_or(0, Duration::as_secs);
        let in_second = |times: &[Duration], second| times.iter().filter(|time| time.as_secs() == second).count();
        json!({
            "retry": retry.name(),
            "late": limits.up.as_secs(), "rate": limits.rate, "waiting": limits.backlog, "served": limits.served,
            "hosts": HOSTS, "up": self.up.len(), "half": self.up(HOSTS / 2), "last": self.up(HOSTS),
            "connections": self.opened.len(), "densest": self.densest(),
            "connects": self.carried_out, "wasted": self.wasted,
            "up_in_second": (0..=end).map(|second| in_second(&self.up, second)).collect::<Vec<_>>(),
            "connections_in_second": (0..=end).map(|second| in_second(&self.opened, second)).collect::<Vec<_>>(),
        })
    }
}

fn storm(retry: Retry, limits: Limits) -> Course {
    Storm::new(HOSTS, Duration::from_secs(2), retry, limits, 1).run()
}

/// A target that comes up 40 seconds after its hosts. The limits are those of a listener's usual list and of 64 threads, or
/// none but the rate.
fn limits(rate: u32, bounded: bool) -> Limits {
    Limits {
        up: Duration::from_secs(40),
        rate,
        backlog: if bounded { 128 } else { HOSTS * 2 },
        served: if bounded { 64 } else { HOSTS * 2 },
    }
}

#[test]
fn all_hosts_come_up() {
    for bounded in [true, false] {
        for rate in [1000, 200, 50, 20] {
            let limits = limits(rate, bounded);
            let course = storm(Retry::Connect, limits);
            assert_eq!(course.up.len(), HOSTS, "{limits:?}");
            // Each host gives up once before it waits, and once more when a minute is not enough.
            assert!(course.wasted <= 2 * HOSTS, "{limits:?}: {}", course.wasted);
            let least = HOSTS as u32 * (2 + u32::from(QUEUES));
            let ideal = limits.up + Duration::from_secs(1) / rate * least;
            let last = course.up[HOSTS - 1];
            assert!(
                last < ideal * 3 / 2 + Duration::from_secs(5),
                "{limits:?}: {last:?} of {ideal:?}"
            );
        }
    }
}

/// Where not even all probes can be answered within a minute, hosts come less and less often, until those that come get
/// through. With equal pauses no host ever does.
#[test]
fn overloaded_targets_recover() {
    let limits = limits(15, false);
    assert_eq!(storm(Retry::Connect, limits).up.len(), HOSTS);
    assert_eq!(storm(Retry::Fixed(Duration::from_secs(5)), limits).up.len(), 0);
}

/// Two storms of one seed are the same.
#[test]
fn storms_repeat() {
    let course = || {
        let course = storm(Retry::Connect, limits(1000, true));
        (course.up, course.opened)
    };
    assert_eq!(course(), course());
}

#[test]
fn data() {
    let Some(path) = std::env::var_os("NBFT_STORM") else {
        return;
    };
    let mut courses = Vec::new();
    for bounded in [true, false] {
        for rate in [1000, 200, 50, 20, 15] {
            let limits = limits(rate, bounded);
            let fixed = [5, 1].map(|pause| Retry::Fixed(Duration::from_secs(pause)));
            for retry in [Retry::Connect, Retry::IcResp, Retry::GiveUp].into_iter().chain(fixed) {
                courses.push(storm(retry, limits).json(retry, limits));
            }
        }
    }
    std::fs::write(path, Value::from(courses).to_string()).expect("the file that NBFT_STORM names");
}
