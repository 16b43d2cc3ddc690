//! A discovery controller of the table: its log, the referrals in the log, and the listed subsystems.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::reference::Reference;
use nbft_common::command::{output, root, tables};
use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Hfi, Security, uri};
use nix::sys::signal::{SigSet, Signal};

use crate::admin::Controller;
use crate::attempt::{self, Policy};
use crate::connect::{Need, Options, dry_run, note_other_failures, report};
use crate::entry::{self, Entry, Kind};
use crate::fabrics::Supported;
use crate::identity::Identity;
use crate::kernel;
use crate::line::Field;
use crate::path::Path;
use crate::refusal;
use crate::security;

/// Longest chain of referrals that is followed.
const MAX_DEPTH: u32 = 8;

/// Most discovery controllers that are asked.
const MAX_CONTROLLERS: usize = 64;

/// The common context of everything that one descriptor leads to.
struct Walk<'a> {
    hfi: &'a Hfi,
    profile: Option<&'a Security>,
    identity: Identity,
    kernel: Supported,
    options: &'a Options,
}

/// Connects the subsystems that a discovery descriptor leads to, or lists the log entries as JSON.
pub fn discover(reference: &Reference, list: bool, options: &Options) -> Result<(), Failure> {
    let loaded = tables::load(&options.tables);
    let (table, descriptor) = reference.discovery(&loaded)?;
    note_other_failures(&loaded, options);
    let named = |failure: Failure| failure.at(format_args!("discovery descriptor {}", descriptor.index));
    let first = uri::parse(&descriptor.uri).map_err(|why| named(Failure::new(Exit::Data, why)))?;
    // The parser has dropped every descriptor whose HFI is missing.
    let hfi = table
        .hfi(descriptor.hfi)
        .ok_or_else(|| named(Failure::new(Exit::Data, "has no HFI")))?;
    let walk = Walk {
        hfi,
        profile: table.security(descriptor.security).filter(|_| descriptor.security != 0),
        identity: Identity::choose(table, &loaded.tables, &options.identity),
        kernel: if options.dry_run {
            Supported::ask().unwrap_or_default()
        } else {
            Supported::ask()?
        },
        options,
    };
    let nqn = descriptor.nqn.as_deref().unwrap_or(DISCOVERY_NQN);
    if options.dry_run {
        let path = walk.controller_path(&first, nqn).map_err(named)?;
        return dry_run(std::slice::from_ref(&path), &walk.kernel);
    }
    if list {
        let mut entries = Vec::new();
        let failures = walk.each_log(first, nqn, &mut |log| entries.extend_from_slice(log));
        return print(&entries, failures.into_iter().map(named).collect());
    }
    let policy = Policy {
        all: true,
        ..options.policy.clone()
    };
    let mut results = Vec::new();
    // The subsystems of one controller are connected before the next controller is asked, which may be dead.
    let failures = walk.each_log(first, nqn, &mut |log| {
        let (paths, failures) = walk.paths(log);
        results.extend(failures);
        results.extend(attempt::run(&paths, &walk.kernel, &policy, &mut |path, way, line| {
            kernel::connect(path, way, line, &policy)
        }));
    });
    results.extend(failures.into_iter().map(|failure| Err(named(failure))));
    if results.is_empty() {
        // A disk may be exported, or this host allowed, a moment later.
        return Err(named(Failure::new(
            Exit::TryAgain,
            "its log lists no subsystem for this host",
        )));
    }
    report(results, Need::All)
}

/// Prints entries as a JSON array on standard output, and failures on standard error.
fn print(entries: &[Entry], failures: Vec<Failure>) -> Result<(), Failure> {
    let mut json =
        serde_json::to_vec_pretty(entries).map_err(|error| Failure::new(Exit::Output, format!("JSON: {error}")))?;
    json.push(b'\n');
    output::write(&json)?;
    report(failures.into_iter().map(Err).collect(), Need::All)
}

impl Walk<'_> {
    /// Reads the logs of the first controller and of all controllers that it refers to, each once; hands on the entries
    /// of each log that no earlier log had. Returns the failures.
    fn each_log(&self, first: (IpAddr, String), nqn: &str, use_log: &mut dyn FnMut(&[Entry])) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut known: Vec<Entry> = Vec::new();
        let mut seen = BTreeSet::from([(first.clone(), nqn.to_owned())]);
        let mut queue = VecDeque::from([(first, nqn.to_owned(), 0)]);
        while let Some((place, nqn, depth)) = queue.pop_front() {
            let mut log = match self.entries(&place, &nqn) {
                Ok(log) => log,
                Err(failure) => {
                    failures.push(failure);
                    continue;
                }
            };
            log.retain(|entry| !known.iter().any(|before| before.is_same(entry)));
            use_log(&log);
            for entry in &log {
                let (Kind::Referral, Some(address)) = (entry.kind(), entry.address()) else {
                    continue;
                };
                let next = ((address, entry.trsvcid.clone()), entry.subnqn.clone());
                if depth >= MAX_DEPTH || seen.len() >= MAX_CONTROLLERS {
                    let message = format!("referral to {address}: too many referrals; not followed");
                    failures.push(Failure::new(Exit::Config, message));
                } else if self.reaches(address) && seen.insert(next.clone()) {
                    queue.push_back((next.0, next.1, depth + 1));
                }
            }
            known.append(&mut log);
        }
        failures
    }

    /// Whether an address has the family of this HFI: a log lists all portals, IPv4 and IPv6.
    fn reaches(&self, address: IpAddr) -> bool {
        self.hfi.ipaddr.is_unspecified() || self.hfi.ipaddr.is_ipv4() == address.is_ipv4()
    }

    /// Adds the demands of the descriptor's security profile, which concern the controller and all listed subsystems.
    fn demand_security(&self, path: &mut Path) -> Result<(), Failure> {
        let demands = security::demands(self.profile, path, &self.options.secrets, &self.kernel)?;
        path.demands.extend(demands);
        Ok(())
    }

    /// The path to a discovery controller.
    fn controller_path(&self, (address, port): &(IpAddr, String), nqn: &str) -> Result<Path, Failure> {
        let mut path = Path::new(self.hfi, (*address, port), nqn, &self.identity)?;
        if nqn != DISCOVERY_NQN {
            // Without this flag the kernel takes a discovery controller with an NQN of its own for an I/O controller.
            path.demands.push(Field::flag("discovery"));
        }
        // If this process is killed, the kernel does not keep the connection for long.
        path.demands.push(Field::option("ctrl_loss_tmo", 10));
        self.demand_security(&mut path)?;
        Ok(path)
    }

    /// Connects a discovery controller, reads its log, disconnects the controller.
    fn entries(&self, place: &(IpAddr, String), nqn: &str) -> Result<Vec<Entry>, Failure> {
        let path = self.controller_path(place, nqn)?;
        let name = format!("{}:{}", place.0, place.1);
        let mut found = None;
        let results = attempt::run(
            std::slice::from_ref(&path),
            &self.kernel,
            &self.options.policy,
            &mut |path, way, line| {
                // Signals are held back until the connection is closed.
                let _held = Held::new();
                let controller = kernel::connect_unregistered(path, way, line, &self.options.policy)?;
                let log = read(&controller, &name).map_err(|failure| refusal::at(line, failure));
                disconnect(&controller);
                found = Some(log?);
                Ok(controller)
            },
        );
        let controller = results
            .into_iter()
            .next()
            .unwrap_or_else(|| Err(Failure::new(Exit::TryAgain, "not tried")))?;
        match found {
            Some(entries) => Ok(entries),
            // Another process connected this controller and may still need the connection.
            None => read(&controller, &name).map_err(|failure| path.failed(failure)),
        }
    }

    /// The path to each subsystem, and a failure for each subsystem without a possible path.
    fn paths(&self, entries: &[Entry]) -> (Vec<Path>, Vec<Result<String, Failure>>) {
        let (mut paths, mut failures) = (Vec::new(), Vec::new());
        for entry in entries.iter().filter(|entry| entry.kind() == Kind::Subsystem) {
            match entry.address() {
                Some(address) if self.reaches(address) => match self.subsystem_path(entry, address) {
                    Ok(path) => paths.push(path),
                    Err(failure) => {
                        failures.push(Err(failure.at(format_args!("{} at {}", entry.subnqn, entry.traddr))));
                    }
                },
                Some(_) => self.options.policy.note(format_args!(
                    "{} at {}: not of the address family of HFI {}; left out",
                    entry.subnqn, entry.traddr, self.hfi.index
                )),
                None => {
                    let message = format!("{}: transport address '{}' is not usable", entry.subnqn, entry.traddr);
                    failures.push(Err(Failure::new(Exit::Config, message)));
                }
            }
        }
        (paths, failures)
    }

    fn subsystem_path(&self, entry: &Entry, address: IpAddr) -> Result<Path, Failure> {
        let mut path = Path::new(self.hfi, (address, &entry.trsvcid), &entry.subnqn, &self.identity)?;
        self.demand_security(&mut path)?;
        if entry.demands_tls() && !path.demands.iter().any(|field| field.key == "tls") {
            path.demands
                .push(security::secure_channel("the target", &path, &self.kernel)?);
        }
        path.demands.extend(self.options.extra.iter().cloned());
        Ok(path)
    }
}

fn read(controller: &str, name: &str) -> Result<Vec<Entry>, Failure> {
    let log = Controller::open(controller).and_then(|device| entry::log(&device, name));
    log.map_err(|error| Failure::io(Exit::TryAgain, format_args!("{controller}: discovery log"), &error))
}

fn disconnect(controller: &str) {
    let file = format!("/sys/class/nvme/{controller}/delete_controller");
    if let Err(error) = fs::write(root::path(&file), "1") {
        warn(format_args!(
            "warning: {controller}: cannot disconnect the discovery controller: {error}"
        ));
    }
}

/// Holds back signals that would end the process.
struct Held(SigSet);

impl Held {
    fn new() -> Self {
        let signals: SigSet = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP].into_iter().collect();
        let _ = signals.thread_block();
        Self(signals)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.thread_unblock();
    }
}
