//! From tables to interfaces: all HFIs of one MAC address and one VLAN are one interface.

use std::collections::HashMap;

use nbft_common::table::TableFile;
use nbft_common::table::addr::MacAddr;

use crate::describe::{Machine, Role};
use crate::device::Device;
use crate::facts::Facts;
use crate::interface::{Interface, Naming};
use crate::metrics;
use crate::naming::{Names, Scheme};
use crate::nics::{self, Nic};
use crate::routes::Links;

/// The choices about names and routes.
#[derive(Debug)]
pub struct Choices {
    pub scheme: Scheme,
    pub prefix: String,
    pub naming: Naming,
    /// Every HFI may have the default route.
    pub always_default: bool,
    /// NICs to leave out: something else configures them.
    pub omitted: Vec<MacAddr>,
}

/// The interfaces of all tables: each NIC, then its VLAN devices, in the order of their first HFIs. `warn` is called for
/// each HFI and each value that is not used.
pub fn interfaces(
    tables: &[TableFile],
    choices: &Choices,
    devices: &HashMap<(MacAddr, u16), Device>,
    warn: &mut dyn FnMut(String),
) -> Vec<Interface> {
    // All NICs get names, the omitted ones too: numbers of the others do not depend on them.
    let mut namer = Namer::new(choices);
    let mut nics: Vec<(Nic, NicNames)> = nics::nics(tables, choices.always_default, warn)
        .into_iter()
        .enumerate()
        .map(|(number, nic)| {
            let names = namer.all(number, &nic);
            (nic, names)
        })
        .collect();
    nics.retain(|(nic, _)| !choices.omitted.contains(&nic.mac));
    let interfaces = || nics.iter().flat_map(|(nic, _)| nic.interfaces());
    let addressed = |hfis: &&[Facts]| hfis.iter().any(Facts::is_addressed);
    let machine = Machine {
        naming: choices.naming,
        devices,
        links: Links::new(interfaces().flatten()),
        paths: interfaces().filter(addressed).count(),
    };
    let mut all = Vec::new();
    for (nic, NicNames { name, vlans }) in &nics {
        let role = Role::Nic {
            vlans: vlans.iter().map(|names| names.name.clone()).collect(),
        };
        let parent = machine.describe(nic.mac, name.clone(), &nic.untagged, role);
        let devices = nic.vlans.iter().zip(vlans).map(|((id, hfis), names)| {
            let role = Role::Vlan {
                id: *id,
                tagged_name: names.tagged.clone(),
                parent: &parent,
            };
            machine.describe(nic.mac, names.name.clone(), hfis, role)
        });
        let devices: Vec<Interface> = devices.collect();
        all.push(parent);
        all.extend(devices);
    }
    metrics::distinguish(&mut all);
    all
}

/// Gives names to NICs and VLAN devices.
struct Namer<'a> {
    choices: &'a Choices,
    names: Names,
    tagged: Names,
}

/// The names of a NIC and of its VLAN devices.
struct NicNames {
    name: String,
    vlans: Vec<VlanNames>,
}

/// The names of a VLAN device.
struct VlanNames {
    name: String,
    /// In the form NIC.VID.
    tagged: String,
}

impl<'a> Namer<'a> {
    fn new(choices: &'a Choices) -> Self {
        Self {
            choices,
            names: Names::default(),
            tagged: Names::default(),
        }
    }

    fn all(&mut self, number: usize, nic: &Nic) -> NicNames {
        let name = self.nic(number, nic);
        let vlans = nic.vlans.iter().map(|(id, hfis)| self.vlan(&name, *id, hfis)).collect();
        NicNames { name, vlans }
    }

    fn nic(&mut self, number: usize, nic: &Nic) -> String {
        match self.choices.scheme {
            Scheme::Index => self.names.give(&format!("{}{number}", self.choices.prefix), ""),
            // A NIC that only carries VLANs has no HFI of its own: the name of its lowest HFI belongs to a VLAN device.
            Scheme::Hfi if nic.untagged.is_empty() => {
                let lowest = nic.vlans.first().map_or(&[][..], |(_, hfis)| hfis);
                self.names.give(&self.hfi_name(lowest), "p")
            }
            Scheme::Hfi => self.names.give(&self.hfi_name(&nic.untagged), ""),
        }
    }

    fn vlan(&mut self, nic: &str, id: u16, hfis: &[Facts]) -> VlanNames {
        let tail = format!(".{id}");
        VlanNames {
            name: match self.choices.scheme {
                Scheme::Index => self.names.give(nic, &tail),
                Scheme::Hfi => self.names.give(&self.hfi_name(hfis), ""),
            },
            tagged: self.tagged.give(nic, &tail),
        }
    }

    /// `nbftXhY` of the first of these HFIs.
    fn hfi_name(&self, hfis: &[Facts]) -> String {
        let (number, index) = hfis.first().map_or((0, 0), |facts| (facts.number, facts.hfi.index));
        format!("{}{number}h{index}", self.choices.prefix)
    }
}
