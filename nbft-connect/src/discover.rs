//! A discovery controller of the table: its log, the referrals in the log, and the listed subsystems.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::notify::Status;
use nbft_common::command::reference::Reference;
use nbft_common::command::{output, tables};
use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Hfi, Security, TableFile, uri};

use crate::connect::{Need, Settings, note_other_failures, report};
use crate::discovery::log_page::{Entry, Kind};
use crate::host::identity::Identity;
use crate::options::ConnectOption;
use crate::path::Path;
use crate::run;
use crate::run::policy::Policy;
use crate::run::task::{Kind as Work, Task};
use crate::security::Channel;

/// Longest chain of referrals that is followed.
const MAX_DEPTH: u32 = 8;

/// Most discovery controllers that are asked.
const MAX_CONTROLLERS: usize = 64;

/// An address with its port, and the NQN there.
type Place = (IpAddr, String, String);

/// Everything that one descriptor leads to.
struct Walk<'a> {
    hfi: &'a Hfi,
    tables: &'a [TableFile],
    profile: Option<&'a Security>,
    identity: Identity,
    settings: &'a Settings,
    policy: &'a Policy,
    list: bool,
    /// Depths of the discovery controllers, by the index of their task.
    depths: BTreeMap<usize, u32>,
    /// The number of tasks so far.
    count: usize,
    controllers: BTreeSet<Place>,
    subsystems: BTreeSet<Place>,
    known: BTreeSet<Entry>,
    entries: Vec<Entry>,
    /// Entries left out of the latest log of each controller, by the index of its task.
    left_out: BTreeMap<usize, BTreeSet<Entry>>,
}

/// Connects the subsystems that a discovery descriptor leads to, or lists the log entries as JSON.
pub fn discover(reference: &Reference, list: bool, settings: &Settings, status: Status) -> Result<(), Failure> {
    let loaded = tables::load(&settings.tables);
    let (table, descriptor) = reference.discovery(&loaded)?;
    note_other_failures(&loaded, settings);
    let named = |failure: Failure| failure.at(format_args!("discovery descriptor {}", descriptor.index));
    let (address, port) = uri::parse(&descriptor.uri).map_err(|why| named(Failure::new(Exit::Data, why)))?;
    // The parser has dropped every descriptor whose HFI is missing.
    let hfi = table
        .hfi(descriptor.hfi)
        .ok_or_else(|| named(Failure::new(Exit::Data, "has no HFI")))?;
    // Every subsystem has to come up.
    let policy = Policy {
        all: true,
        ..settings.policy.clone()
    };
    let nqn = descriptor.nqn.as_deref().unwrap_or(DISCOVERY_NQN).to_owned();
    let first = (address, port, nqn);
    let mut walk = Walk {
        hfi,
        tables: &loaded.tables,
        profile: table.security(descriptor.security).filter(|_| descriptor.security != 0),
        identity: Identity::choose(table, &loaded.tables, &settings.options),
        settings,
        policy: &policy,
        list,
        depths: BTreeMap::from([(0, 0)]),
        count: 1,
        controllers: BTreeSet::from([first.clone()]),
        subsystems: BTreeSet::new(),
        known: BTreeSet::new(),
        entries: Vec::new(),
        left_out: BTreeMap::new(),
    };
    let path = walk.controller(&first).map_err(named)?;
    let Some(kind) = settings.mode.kind(Work::Discovery, std::slice::from_ref(&path))? else {
        return Ok(());
    };
    let tasks = vec![Task::new(path, kind, &policy)];
    let tasks = run::run(tasks, &policy, status, &mut |index, log| walk.extend(index, log));
    let mut results = Vec::new();
    for task in &tasks {
        match (task.kind, task.result()) {
            (Work::Subsystem, result) => results.push(result.map(str::to_owned)),
            (Work::Target, Ok(answer)) => results.push(Ok(answer.to_owned())),
            (Work::Discovery | Work::Target, Err(failure)) => results.push(Err(named(failure))),
            (Work::Discovery, Ok(_)) => {}
        }
    }
    if list {
        print(&walk.entries)?;
    } else if results.is_empty() {
        // A disk may be exported, or this host allowed, a moment later.
        results.push(Err(named(Failure::new(
            Exit::TryAgain,
            "the logs list no subsystem for this host",
        ))));
    }
    report(results, Need::All)
}

/// Prints entries as a JSON array on standard output.
fn print(entries: &[Entry]) -> Result<(), Failure> {
    let mut json =
        serde_json::to_vec_pretty(entries).map_err(|error| Failure::new(Exit::Output, format!("JSON: {error}")))?;
    json.push(b'\n');
    output::write(&json)
}

impl Walk<'_> {
    /// The tasks that a log leads to, each once, however many controllers list it and however often a log is read.
    fn extend(&mut self, index: usize, log: Vec<Entry>) -> Result<Vec<Task>, Failure> {
        let depth = self.depths.get(&index).copied().unwrap_or_default();
        let (mut tasks, mut leads) = (Vec::new(), false);
        let reported = self.left_out.remove(&index).unwrap_or_default();
        let mut left_out = BTreeSet::new();
        for (number, entry) in (0..).zip(log) {
            // The entry of the controller itself leads nowhere new.
            if entry.kind() == Kind::Other || self.is_elsewhere(&entry) {
                self.keep(entry);
                continue;
            }
            match self.follow(&entry, depth) {
                Ok(task) => {
                    leads = true;
                    tasks.extend(task);
                }
                Err(failure) => {
                    if !reported.contains(&entry) {
                        warn(failure.at(format_args!(
                            "warning: discovery log of {}: entry {number} is left out: {} at '{}'",
                            entry.controller, entry.subnqn, entry.traddr
                        )));
                    }
                    left_out.insert(entry.clone());
                }
            }
            self.keep(entry);
        }
        self.left_out.insert(index, left_out);
        if depth == 0 && !leads && !self.list {
            return Err(Failure::new(Exit::TryAgain, "its log lists no subsystem for this host"));
        }
        Ok(tasks)
    }

    /// Keeps an entry for the list, unless another controller has it too.
    fn keep(&mut self, entry: Entry) {
        if self.list && self.known.insert(entry.without_controller()) {
            self.entries.push(entry);
        }
    }

    /// Whether an entry has an address of a family that the HFI does not have: a log lists all portals, IPv4 and IPv6.
    fn is_elsewhere(&self, entry: &Entry) -> bool {
        let address = entry.address();
        let other =
            address.is_some_and(|it| !self.hfi.ipaddr.is_unspecified() && self.hfi.ipaddr.is_ipv4() != it.is_ipv4());
        if other {
            self.policy.note(format_args!(
                "{} at {}: not of the address family of HFI {}; left out",
                entry.subnqn, entry.traddr, self.hfi.index
            ));
        }
        other
    }

    /// The task for an entry, unless the place is known already.
    fn follow(&mut self, entry: &Entry, depth: u32) -> Result<Option<Task>, Failure> {
        let unusable = |message| Failure::new(Exit::Config, message);
        let address = entry
            .address()
            .ok_or_else(|| unusable("the address is not one of its address family".to_owned()))?;
        let place = (address, entry.trsvcid.clone(), entry.subnqn.clone());
        let (path, work) = if entry.kind() == Kind::Referral {
            if self.controllers.contains(&place) {
                return Ok(None);
            }
            if depth >= MAX_DEPTH || self.controllers.len() >= MAX_CONTROLLERS {
                return Err(unusable("too many referrals".to_owned()));
            }
            let path = self.controller(&place)?;
            self.depths.insert(self.count, depth + 1);
            self.controllers.insert(place);
            (path, Work::Discovery)
        } else {
            if self.list || self.subsystems.contains(&place) {
                return Ok(None);
            }
            let path = self.subsystem(&place, entry.channel())?;
            self.subsystems.insert(place);
            (path, Work::Subsystem)
        };
        self.count += 1;
        Ok(Some(Task::new(path, work, self.policy)))
    }

    fn path(&self, (address, port, nqn): &Place) -> Result<Path, Failure> {
        let hfis = self.tables.iter().flat_map(|table| &table.hfi);
        let mut path = Path::new(self.hfi, hfis, (*address, port), nqn, &self.identity)?;
        // The descriptor's profile concerns its controller and all listed subsystems.
        path.security.profile = self.profile.cloned();
        path.security.secrets = self.settings.secrets.clone();
        Ok(path)
    }

    /// The path to a discovery controller.
    fn controller(&self, place: &Place) -> Result<Path, Failure> {
        let mut path = self.path(place)?;
        path.security.discovers = true;
        if place.2 != DISCOVERY_NQN {
            // Without this flag the kernel takes a discovery controller with an NQN of its own for an I/O controller.
            path.demands.push(ConnectOption::flag("discovery"));
        }
        // If this process is killed, the kernel does not keep the connection for long.
        path.demands.push(ConnectOption::plain("ctrl_loss_tmo", 10));
        Ok(path)
    }

    /// The path to a listed subsystem.
    fn subsystem(&self, place: &Place, channel: Channel) -> Result<Path, Failure> {
        let mut path = self.path(place)?;
        path.demands.push(ConnectOption::plain("ctrl_loss_tmo", -1));
        path.security.channel = channel;
        path.set_options(&self.settings.options);
        Ok(path)
    }
}
