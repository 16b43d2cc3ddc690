//! A target with limits, in virtual time: a list of connections that wait to be accepted, connections that are served at a
//! time, and a rate of Connects.

use std::collections::VecDeque;
use std::time::Duration;

/// A connection's number: its place in [`Target::connections`].
pub type Number = usize;

/// The limits of a target.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// When the target begins to listen. Before, it refuses TCP.
    pub up: Duration,
    /// Connects that the target carries out in a second, one after another.
    pub rate: u32,
    /// TCP connections that may wait to be accepted; further SYNs are dropped.
    pub backlog: usize,
    /// Connections without a controller that are served at a time; others wait to be accepted.
    pub served: usize,
}

/// A connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The host.
    pub host: usize,
    /// The kernel's queue; none: a probe's.
    pub queue: Option<u8>,
    /// TCP is connected.
    pub established: bool,
    /// The host has closed its end.
    pub closed: bool,
    /// The host was told that the answer to Connect is late.
    pub late: bool,
    /// The target has answered ICReq.
    pub greeted: bool,
    served: bool,
    /// The Connect has come, and is not carried out.
    connecting: bool,
}

/// The target.
#[derive(Debug)]
pub struct Target {
    limits: Limits,
    /// All connections that hosts have ever opened.
    pub connections: Vec<Connection>,
    waiting: VecDeque<Number>,
    served: usize,
    /// Connects that have come and are not carried out; the first one is under way.
    connects: VecDeque<Number>,
    /// Connects that were carried out for a host that had closed the connection before.
    pub wasted: usize,
    /// Connects that were carried out.
    pub carried_out: usize,
}

/// The fate of a SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syn {
    /// TCP is connected.
    Accepted,
    /// RST.
    Refused,
    /// No answer at all.
    Dropped,
}

impl Target {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            connections: Vec::new(),
            waiting: VecDeque::new(),
            served: 0,
            connects: VecDeque::new(),
            wasted: 0,
            carried_out: 0,
        }
    }

    /// A host opens a connection.
    pub fn open(&mut self, host: usize, queue: Option<u8>) -> Number {
        self.connections.push(Connection {
            host,
            queue,
            established: false,
            closed: false,
            greeted: false,
            late: false,
            served: false,
            connecting: false,
        });
        self.connections.len() - 1
    }

    /// A SYN arrives.
    pub fn syn(&mut self, number: Number, now: Duration) -> Syn {
        if now < self.limits.up {
            return Syn::Refused;
        }
        if self.waiting.len() >= self.limits.backlog {
            return Syn::Dropped;
        }
        self.connections[number].established = true;
        self.waiting.push_back(number);
        Syn::Accepted
    }

    /// The next connection that the target accepts, and whose ICReq it answers. Nothing is lost with one that the host has
    /// closed meanwhile.
    pub fn accept(&mut self) -> Option<Number> {
        while self.served < self.limits.served {
            let number = self.waiting.pop_front()?;
            if !self.connections[number].closed {
                (self.connections[number].served, self.connections[number].greeted) = (true, true);
                self.served += 1;
                return Some(number);
            }
        }
        None
    }

    /// A Connect arrives; returns how long it takes, if its turn has come.
    pub fn connect(&mut self, number: Number) -> Option<Duration> {
        self.connects.push_back(number);
        self.connections[number].connecting = true;
        (self.connects.len() == 1).then(|| self.pace())
    }

    /// The Connect under way is carried out, also for a host that has closed its end: the target sees that too late. Returns
    /// its connection, and the time until the next Connect is.
    pub fn carry_out(&mut self) -> (Number, Option<Duration>) {
        let number = self.connects.pop_front().expect("a Connect");
        self.carried_out += 1;
        self.connections[number].connecting = false;
        self.wasted += usize::from(self.connections[number].closed);
        self.release(number);
        (number, (!self.connects.is_empty()).then(|| self.pace()))
    }

    /// The host closes a connection before it has sent a Connect.
    pub fn close(&mut self, number: Number) {
        self.connections[number].closed = true;
        if !self.connections[number].connecting {
            self.release(number);
        }
    }

    fn release(&mut self, number: Number) {
        if std::mem::take(&mut self.connections[number].served) {
            self.served -= 1;
        }
    }

    fn pace(&self) -> Duration {
        Duration::from_secs(1) / self.limits.rate
    }
}
