//! The connections that boot this machine: one line for each run of nbft-connect.

use std::collections::HashSet;
use std::fmt::Write;

use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Discovery, Ssns, TableFile};

/// Lists `ssns TABLE:N` and `discovery TABLE:N`, as nbft-connect's options are called; `warn` hears of what cannot be
/// connected.
///
/// SSNS that the same connection reaches share one line, and a discovery controller that the firmware found a subsystem
/// through needs none: another may have subsystems by now. An SSNS with the well-known discovery NQN is no subsystem.
/// Firmware (Dell's, QEMU's) writes it for a discovery controller that it could not use; the discovery descriptor connects.
pub fn lines(tables: &[TableFile], mut warn: impl FnMut(String)) -> String {
    let mut lines = String::new();
    for table in tables {
        let mut line = |kind: &str, index: u16| {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{kind} {}:{index}", table.name());
        };
        let mut warn = |what: String| warn(format!("{}: {what}", table.name()));
        let (own, hidden) = by_index(&table.subsystem, |ssns| ssns.index);
        let is_subsystem = |ssns: &&Ssns| ssns.subsys_nqn != DISCOVERY_NQN;
        let subsystems: Vec<&Ssns> = own.into_iter().filter(is_subsystem).collect();
        let mut chosen: Vec<&Ssns> = Vec::new();
        for &ssns in &subsystems {
            match chosen.iter_mut().find(|other| same_connection(other, ssns)) {
                None => chosen.push(ssns),
                // A failure of an unavailable SSNS is forgiven, which must not extend to an available one.
                Some(other) if other.unavailable && !ssns.unavailable => *other = ssns,
                Some(_) => {}
            }
        }
        chosen.iter().for_each(|ssns| line("ssns", ssns.index));
        let lost = |ssns: &&Ssns| is_subsystem(ssns) && !chosen.iter().any(|other| same_connection(other, ssns));
        for ssns in hidden.into_iter().filter(lost) {
            let why = "is not connected: an earlier SSNS has the same index";
            warn(format!("SSNS {}: {} {why}", ssns.index, ssns.subsys_nqn));
        }

        let (own, hidden) = by_index(&table.discovery, |discovery| discovery.index.into());
        let found = |discovery: &Discovery| {
            subsystems
                .iter()
                .any(|ssns| table.discovery_of(ssns) == Some(discovery))
        };
        for discovery in own {
            if !found(discovery) {
                line("discovery", discovery.index.into());
            }
        }
        for discovery in hidden {
            let why = "is not connected: an earlier discovery descriptor has the same index";
            warn(format!("discovery {}: {} {why}", discovery.index, discovery.uri));
        }
        for ssns in table.subsystem.iter().filter(|ssns| !is_subsystem(ssns)) {
            if table.discovery_of(ssns).is_none() {
                let why = "is a discovery controller that no discovery descriptor describes; not connected";
                warn(format!("SSNS {}: {why}", ssns.index));
            }
        }
    }
    lines
}

/// Splits descriptors into those that nbft-connect takes for their index, and those whose index an earlier one has.
fn by_index<T>(all: &[T], index: impl Fn(&T) -> u16) -> (Vec<&T>, Vec<&T>) {
    let mut seen = HashSet::new();
    all.iter().partition(|item| seen.insert(index(item)))
}

/// Whether two SSNS are namespaces behind one connection. Other digests or another security profile make another one: a
/// demand that cannot be met must not take the other SSNS along.
fn same_connection(one: &Ssns, other: &Ssns) -> bool {
    let key = |ssns: &Ssns| {
        (
            ssns.traddr,
            ssns.security_index,
            ssns.pdu_header_digest_required,
            ssns.data_digest_required,
        )
    };
    key(one) == key(other)
        && one.trsvcid == other.trsvcid
        && one.subsys_nqn == other.subsys_nqn
        && one.hfis == other.hfis
}
