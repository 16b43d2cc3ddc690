//! Counts: everything that a target has seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most Connects that are remembered one by one.
const REMEMBERED: usize = 10_000;

/// Everything seen since the target started, or since the word `forget`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Milliseconds since the target started.
    pub at_ms: u64,
    /// TCP connections accepted, by port.
    pub tcp_connections: BTreeMap<u16, u64>,
    /// ICReqs.
    pub icreqs: u64,
    /// Connects on admin queues, also refused ones and those without an answer.
    pub connects: u64,
    /// Connects on I/O queues, likewise.
    pub connects_io: u64,
    /// Keep Alives.
    pub keep_alives: u64,
    /// Identifies.
    pub identifies: u64,
    /// Reads of any log page.
    pub logs: u64,
    /// Reads of the discovery log.
    pub discovery_logs: u64,
    /// Reads from namespaces.
    pub reads: u64,
    /// Writes to namespaces.
    pub writes: u64,
    /// Commands on I/O queues.
    pub io: u64,
    /// Connections, open now and most at one time.
    pub connections: Level,
    /// Controllers, existing now and most at one time.
    pub controllers: Level,
    /// How connections ended.
    pub ends: Ends,
    /// How controllers ended.
    pub controller_ends: ControllerEnds,
    /// How often each fault has struck, by its words.
    pub faults: Vec<(String, u64)>,
    /// Each Connect, in order.
    pub connect_list: Vec<ConnectSeen>,
}

/// A number that goes up and down.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Level {
    /// Now.
    pub now: u64,
    /// Highest so far.
    pub most: u64,
}

impl Level {
    /// One more.
    pub fn up(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }

    /// One less.
    pub fn down(&mut self) {
        self.now = self.now.saturating_sub(1);
    }
}

/// How connections ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// By the host, in order (FIN).
    pub closed: u64,
    /// By the host, with a reset (RST).
    pub reset: u64,
    /// By the target: faults, control words.
    pub target: u64,
    /// By the target: the host's keep-alive time passed.
    pub expired: u64,
    /// By the target: the host broke the protocol.
    pub broken: u64,
}

/// How controllers ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct ControllerEnds {
    /// After the host had shut them down (CC.SHN).
    pub shutdown: u64,
    /// Without a shutdown: their admin connection ended.
    pub lost: u64,
}

/// A Connect as it was seen.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct ConnectSeen {
    /// Milliseconds since the target started.
    pub at_ms: u64,
    /// The port.
    pub port: u16,
    /// The queue: 0 for the admin queue.
    pub qid: u16,
    /// The subsystem's NQN.
    pub nqn: String,
    /// The host's NQN.
    pub host: String,
    /// The host's identifier, in hex.
    pub hostid: String,
    /// The keep-alive time that the host asks for.
    pub kato_ms: u32,
    /// The status of the answer: 0 for success; nothing as long as no answer was given.
    pub status: Option<u16>,
    /// The controller, if there was success.
    pub cntlid: Option<u16>,
}

impl Counts {
    /// Remembers a Connect; the place is for [`Counts::answered`].
    pub fn connect(&mut self, seen: ConnectSeen) -> usize {
        *(if seen.qid == 0 {
            &mut self.connects
        } else {
            &mut self.connects_io
        }) += 1;
        if self.connect_list.len() < REMEMBERED {
            self.connect_list.push(seen);
            self.connect_list.len() - 1
        } else {
            usize::MAX
        }
    }

    /// Completes a Connect with its answer.
    pub fn answered(&mut self, place: usize, status: u16, cntlid: Option<u16>) {
        if let Some(seen) = self.connect_list.get_mut(place) {
            seen.status = Some(status);
            seen.cntlid = cntlid;
        }
    }

    /// Forgets all but what exists now.
    pub fn forget(&mut self) {
        let level = |level: Level| Level {
            now: level.now,
            most: level.now,
        };
        *self = Self {
            connections: level(self.connections),
            controllers: level(self.controllers),
            ..Self::default()
        };
    }
}
