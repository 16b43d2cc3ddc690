//! The connections that boot this machine: one line for each run of nbft-connect.

use std::fmt::Write;

use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Ssns, TableFile};

/// Lists `ssns TABLE:N` and `discovery TABLE:N`, as nbft-connect's options are called; `warn` hears of what cannot be
/// connected.
///
/// SSNS that the same connection reaches share one line, and a discovery controller that the firmware found a subsystem
/// through needs none: another may have subsystems by now. An SSNS with the well-known discovery NQN is no subsystem.
/// Firmware (Dell's, QEMU's) writes it for a discovery controller that it could not use; the discovery descriptor connects.
pub fn lines(tables: &[TableFile], mut warn: impl FnMut(String)) -> String {
    let mut lines = String::new();
    let mut line = |kind: &str, table: &TableFile, index: u16| {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{kind} {}:{index}", table.name());
    };
    for table in tables {
        let (controllers, subsystems): (Vec<&Ssns>, Vec<&Ssns>) = table
            .subsystem
            .iter()
            .partition(|ssns| ssns.subsys_nqn == DISCOVERY_NQN);
        let mut chosen: Vec<&Ssns> = Vec::new();
        for &ssns in &subsystems {
            match chosen.iter_mut().find(|other| same_connection(other, ssns)) {
                None => chosen.push(ssns),
                // A failure of an unavailable SSNS is forgiven, which must not extend to an available one.
                Some(other) if other.unavailable && !ssns.unavailable => *other = ssns,
                Some(_) => {}
            }
        }
        chosen.iter().for_each(|ssns| line("ssns", table, ssns.index));
        for discovery in &table.discovery {
            if !subsystems.iter().any(|ssns| ssns.discovery_index == discovery.index) {
                line("discovery", table, discovery.index.into());
            }
        }
        for ssns in controllers {
            if !table
                .discovery
                .iter()
                .any(|discovery| discovery.index == ssns.discovery_index)
            {
                warn(format!(
                    "{}: SSNS {}: is a discovery controller that no discovery descriptor describes; not connected",
                    table.name(),
                    ssns.index
                ));
            }
        }
    }
    lines
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
