//! The present state of a target: subsystems, ports, controllers, faults and counts, shared by all its threads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socket2::Socket;

use super::counts::Counts;
use super::disk::Disk;
use super::fault::{Action, Fault, Place};
use super::link::{Ending, Handle};
use super::port::Listening;
use super::record::Record;

/// The well-known NQN of discovery controllers.
pub const DISCOVERY: &str = "nqn.2014-08.org.nvmexpress.discovery";

/// A subsystem.
#[derive(Debug, Default)]
pub struct Subsystem {
    /// Hosts that may use it; nothing: any.
    pub hosts: Option<BTreeSet<String>>,
    /// Its namespaces, by NSID.
    pub namespaces: BTreeMap<u32, Namespace>,
    /// Whether each host may have one controller only, and how long a controller that was lost still counts.
    pub single: Option<Duration>,
}

impl Subsystem {
    /// Whether a host may use it.
    pub fn allows(&self, host: &str) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.contains(host))
    }
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace {
    /// Its UUID, if it has one.
    pub uuid: Option<[u8; 16]>,
    /// Its NGUID, if it has one.
    pub nguid: Option<[u8; 16]>,
    /// Its bytes.
    pub disk: Arc<Disk>,
}

/// A port: an address, and the subsystems that are exported there. Discovery is at each port.
#[derive(Debug)]
pub struct Port {
    /// The address to listen on.
    pub address: IpAddr,
    /// The TCP port; a free one takes the place of 0 as soon as the port listens.
    pub trsvcid: u16,
    /// The listener, while the port listens.
    pub listening: Option<Listening>,
    /// The socket that keeps the address, after the port has listened.
    pub kept: Option<Socket>,
    /// NQNs of the subsystems that are exported.
    pub exported: BTreeSet<String>,
}

/// A controller.
#[derive(Debug)]
pub struct Controller {
    /// The subsystem's NQN.
    pub nqn: String,
    /// The host's NQN.
    pub host: String,
    /// The host's identifier.
    pub hostid: [u8; 16],
    /// Whether it is a discovery controller.
    pub discovery: bool,
    /// Property CC.
    pub cc: u32,
    /// Property CSTS.
    pub csts: u32,
    /// Until when a controller that was lost counts.
    pub lingers: Option<Instant>,
    /// Its connections, by their number.
    pub connections: Vec<u64>,
}

impl Controller {
    /// Whether the host has shut it down.
    pub fn is_shut_down(&self) -> bool {
        self.csts & 0b1100 != 0
    }
}

/// All that threads change.
#[derive(Debug, Default)]
pub struct Inner {
    /// Subsystems by NQN.
    pub subsystems: BTreeMap<String, Subsystem>,
    /// Ports by number.
    pub ports: BTreeMap<u16, Port>,
    /// Records of the discovery log beside those of the ports.
    pub records: Vec<Record>,
    /// The discovery log's generation counter.
    pub generation: u64,
    /// The number of records that the discovery log pretends to have.
    pub pretended: Option<u64>,
    /// A discovery NQN of its own.
    pub directory: Option<String>,
    /// The faults, oldest first.
    pub faults: Vec<Fault>,
    /// Everything seen.
    pub counts: Counts,
    /// Controllers by controller ID.
    pub controllers: HashMap<u16, Controller>,
    /// Open connections by number, and the ports they came through.
    pub connections: HashMap<u64, (u16, Arc<Handle>)>,
    last_connection: u64,
    last_cntlid: u16,
}

/// A target's state. Locked for moments only.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
    began: Instant,
    stopped: AtomicBool,
    stopping: Condvar,
}

impl State {
    /// A target without anything.
    pub fn new() -> Self {
        Self {
            inner: Mutex::default(),
            began: Instant::now(),
            stopped: AtomicBool::new(false),
            stopping: Condvar::new(),
        }
    }

    /// All that threads change.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that panicked has left counts that may be short by one, nothing worse.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the start.
    pub fn at_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// Everything seen until now.
    pub fn counts(&self) -> Counts {
        let inner = self.lock();
        let faults = inner.faults.iter();
        Counts {
            at_ms: self.at_ms(),
            faults: faults.map(|fault| (fault.words.clone(), fault.hits)).collect(),
            ..inner.counts.clone()
        }
    }

    /// The faults that strike at this place, in the order in which they were set: delays, then at most one other.
    pub fn strikes(&self, place: &Place) -> Vec<Action> {
        let mut actions = Vec::new();
        for fault in &mut self.lock().faults {
            if fault.strikes(place) {
                actions.push(fault.action_now());
                if !matches!(actions.last(), Some(Action::Delay(_))) {
                    break;
                }
            }
        }
        actions
    }

    /// Whether the target has come to its end.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Stops listening and ends all connections.
    pub fn stop(&self) {
        let mut inner = self.lock();
        self.stopped.store(true, Ordering::Relaxed);
        for port in inner.ports.values_mut() {
            port.listening = None;
        }
        inner.drop_connections(None, Ending::Close);
        self.stopping.notify_all();
    }

    /// Waits until the target has come to its end.
    pub fn wait_for_stop(&self) {
        let mut inner = self.lock();
        while !self.is_stopped() {
            inner = self.stopping.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Inner {
    /// Adds a connection; returns its number.
    pub fn add_connection(&mut self, port: u16, handle: Arc<Handle>) -> u64 {
        self.last_connection += 1;
        self.connections.insert(self.last_connection, (port, handle));
        *self.counts.tcp_connections.entry(port).or_default() += 1;
        self.counts.connections.up();
        self.last_connection
    }

    /// Removes a connection that has ended.
    pub fn remove_connection(&mut self, number: u64) {
        if self.connections.remove(&number).is_some() {
            self.counts.connections.down();
        }
    }

    /// Ends the connections of a port, or all.
    pub fn drop_connections(&self, port: Option<u16>, how: Ending) -> usize {
        let of_port = |of: &u16| port.is_none_or(|port| port == *of);
        let ended = self.connections.values().filter(|(port, _)| of_port(port));
        ended.filter(|(_, handle)| handle.end(how)).count()
    }

    /// Adds a controller; returns its ID.
    pub fn add_controller(&mut self, controller: Controller) -> u16 {
        loop {
            // IDs from FFF0h on are reserved.
            self.last_cntlid = self.last_cntlid % 0xffef + 1;
            if !self.controllers.contains_key(&self.last_cntlid) {
                break;
            }
        }
        self.counts.controllers.up();
        self.controllers.insert(self.last_cntlid, controller);
        self.last_cntlid
    }

    /// Ends a controller whose admin connection has ended, and its other connections.
    pub fn end_controller(&mut self, cntlid: u16) {
        let Some(controller) = self.controllers.get_mut(&cntlid) else {
            return;
        };
        let shut_down = controller.is_shut_down();
        for number in controller.connections.drain(..) {
            if let Some((_, handle)) = self.connections.get(&number) {
                handle.end(Ending::Close);
            }
        }
        self.counts.controllers.down();
        let ends = &mut self.counts.controller_ends;
        *(if shut_down { &mut ends.shutdown } else { &mut ends.lost }) += 1;
        let subsystem = self.subsystems.get(&controller.nqn);
        match subsystem.and_then(|subsystem| subsystem.single) {
            Some(time) if !shut_down && !time.is_zero() => controller.lingers = Some(Instant::now() + time),
            _ => drop(self.controllers.remove(&cntlid)),
        }
    }

    /// Whether a host has a controller of a subsystem that takes one of each host only.
    pub fn is_taken(&mut self, nqn: &str, host: &str) -> bool {
        let now = Instant::now();
        self.controllers
            .retain(|_, controller| controller.lingers.is_none_or(|until| until > now));
        let single = self.subsystems.get(nqn).is_some_and(|of| of.single.is_some());
        let mut controllers = self.controllers.values();
        single && controllers.any(|other| other.nqn == nqn && other.host == host)
    }
}
