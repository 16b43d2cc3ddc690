//! From the HFIs of all tables to NICs: HFIs with the same MAC address are on the same NIC.

use std::collections::{HashMap, HashSet};

use nbft_common::table::addr::MacAddr;
use nbft_common::table::{Hfi, TableFile};

use crate::facts::{Facts, Source};
use crate::hfi_ref::HfiRef;
use crate::naming;

/// A NIC.
#[derive(Debug)]
pub struct Nic<'a> {
    pub mac: MacAddr,
    /// Its HFIs without a VLAN.
    pub untagged: Vec<Facts<'a>>,
    /// Its HFIs of each VLAN, in the order in which the VLANs come.
    pub vlans: Vec<(u16, Vec<Facts<'a>>)>,
}

impl<'a> Nic<'a> {
    fn add(&mut self, facts: Facts<'a>) {
        let vlan = facts.hfi.vlan;
        match self.vlans.iter_mut().find(|(id, _)| *id == vlan) {
            _ if vlan == 0 => self.untagged.push(facts),
            Some((_, known)) => known.push(facts),
            None => self.vlans.push((vlan, vec![facts])),
        }
    }

    /// The HFIs of each of its interfaces: of itself, then of its VLAN devices.
    pub fn interfaces(&self) -> impl Iterator<Item = &[Facts<'a>]> {
        let tagged = self.vlans.iter().map(|(_, facts)| facts.as_slice());
        std::iter::once(self.untagged.as_slice()).chain(tagged)
    }
}

/// The NICs in the order of their first HFIs: first by table, then by index. `warn` is called for each HFI and each value
/// that is not used.
pub fn nics<'a>(tables: &'a [TableFile], always_default: bool, warn: &mut dyn FnMut(String)) -> Vec<Nic<'a>> {
    let mut nics: Vec<Nic> = Vec::new();
    let mut places: HashMap<MacAddr, usize> = HashMap::new();
    for (table, number) in tables.iter().zip(naming::table_numbers(tables)) {
        let source = Source::new(table, number, always_default);
        let mut sorted: Vec<&Hfi> = table.hfi.iter().collect();
        sorted.sort_by_key(|hfi| hfi.index);
        let mut seen = HashSet::new();
        for hfi in sorted {
            let problem = match seen.insert(hfi.index) {
                true => impossible(hfi),
                false => Some("occurs twice".to_owned()),
            };
            if let Some(problem) = problem {
                warn(format!("{}: {problem}, not used", HfiRef::new(table, hfi.index)));
                continue;
            }
            let facts = source.facts(hfi, warn);
            let place = *places.entry(hfi.mac_addr).or_insert_with(|| {
                nics.push(Nic {
                    mac: hfi.mac_addr,
                    untagged: Vec::new(),
                    vlans: Vec::new(),
                });
                nics.len() - 1
            });
            if let Some(nic) = nics.get_mut(place) {
                nic.add(facts);
            }
        }
    }
    nics
}

/// The reason why no interface can have this HFI, if any.
fn impossible(hfi: &Hfi) -> Option<String> {
    let mac = hfi.mac_addr;
    if mac == MacAddr::default() || mac.0.first().is_some_and(|byte| byte & 1 != 0) {
        Some(format!("MAC address {mac} is not valid for a NIC"))
    } else if hfi.vlan > 4094 {
        Some(format!("VLAN {} is above 4094", hfi.vlan))
    } else {
        None
    }
}
