//! From HFIs to interfaces: those of one MAC address and VLAN are one.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use nbft_common::table::Table;
use nbft_common::table::addr::{MacAddr, Uuid};

use crate::device::Device;
use crate::facts::{self, Facts};
use crate::interface::{Address, Interface, Method, Naming};
use crate::naming::{self, Names, Scheme};
use crate::routes::{self, Links};
use crate::text;

/// What decides over names and routes.
#[derive(Clone, Debug)]
pub struct Choices {
    pub scheme: Scheme,
    pub prefix: String,
    pub naming: Naming,
    /// Every HFI counts as one for the default route.
    pub always_default: bool,
}

/// A NIC: the HFIs without a VLAN, and those of each VLAN in the order they come.
#[derive(Debug, Default)]
struct Nic<'a> {
    untagged: Vec<Facts<'a>>,
    vlans: Vec<(u16, Vec<Facts<'a>>)>,
}

impl<'a> Nic<'a> {
    fn of_vlan(&mut self, vlan: u16) -> &mut Vec<Facts<'a>> {
        if vlan == 0 {
            return &mut self.untagged;
        }
        let place = self.vlans.iter().position(|(id, _)| *id == vlan).unwrap_or_else(|| {
            self.vlans.push((vlan, Vec::new()));
            self.vlans.len() - 1
        });
        match self.vlans.get_mut(place) {
            Some((_, facts)) => facts,
            None => &mut self.untagged,
        }
    }

    /// The HFI that a NIC is named after: its lowest one, or else the lowest one of its VLANs.
    fn first(&self) -> Option<&Facts<'a>> {
        self.untagged.first().or_else(|| self.vlans.first()?.1.first())
    }
}

/// The interfaces of all tables: each NIC, then its VLAN devices, in the order of their first HFIs. `warn` hears of what
/// is not used.
pub fn interfaces(
    tables: &[Table],
    choices: &Choices,
    devices: &HashMap<(MacAddr, u16), Device>,
    warn: &mut dyn FnMut(String),
) -> Vec<Interface> {
    let nics = nics(tables, choices, warn);
    let mut links = Links::default();
    for (_, nic) in &nics {
        nic.untagged
            .iter()
            .chain(nic.vlans.iter().flat_map(|(_, facts)| facts))
            .for_each(|facts| links.add(facts));
    }
    let mut names = Names::default();
    let mut tagged = Names::default();
    let mut all = Vec::new();
    for (number, (mac, nic)) in nics.iter().enumerate() {
        let make = |vlan: u16, name: String, facts: &[Facts]| {
            describe(
                *mac,
                vlan,
                name,
                choices.naming,
                facts,
                &links,
                devices.get(&(*mac, vlan)),
            )
        };
        let Some(first) = nic.first() else { continue };
        // A NIC that only carries VLANs has no HFI of its own: the name of its lowest one belongs to the VLAN device.
        let carrier = nic.untagged.is_empty();
        let name = match choices.scheme {
            Scheme::Hfi => names.give(&hfi_name(choices, first), if carrier { "p" } else { "" }),
            Scheme::Index => names.give(&format!("{}{number}", choices.prefix), ""),
        };
        let place = all.len();
        let own = make(0, name.clone(), &nic.untagged);
        let parent_ifname = own.ifname.clone();
        let parent_named = own.named;
        all.push(own);
        for (vlan, facts) in &nic.vlans {
            let Some(first) = facts.first() else { continue };
            let own = match choices.scheme {
                Scheme::Hfi => names.give(&hfi_name(choices, first), ""),
                Scheme::Index => names.give(&name, &format!(".{vlan}")),
            };
            if let Some(parent) = all.get_mut(place) {
                parent.vlans.push(own.clone());
            }
            let device = make(*vlan, own, facts);
            all.push(Interface {
                parent: Some(name.clone()),
                parent_ifname: parent_ifname.clone(),
                parent_named,
                parent_uuid: Some(uuid(*mac, 0)),
                tagged_name: Some(tagged.give(&name, &format!(".{vlan}"))),
                ..device
            });
        }
    }
    let paths = all.iter().filter(|it| it.addressed).count();
    for interface in &mut all {
        interface.paths = paths;
        interface.required_for_online = if paths == 1 && interface.addressed {
            "degraded"
        } else {
            "no"
        };
    }
    all
}

fn hfi_name(choices: &Choices, facts: &Facts) -> String {
    format!("{}{}h{}", choices.prefix, facts.number, facts.reference.index)
}

/// A UUID of the custom version 8: "nbft", the VLAN, the MAC address.
fn uuid(mac: MacAddr, vlan: u16) -> Uuid {
    let [high, low] = vlan.to_be_bytes();
    let [a, b, c, d, e, f] = mac.0;
    Uuid([b'n', b'b', b'f', b't', high, low, 0x80, 0, 0x80, 0, a, b, c, d, e, f])
}

/// The NICs in the order of their first HFIs, the tables' order before that of indexes.
fn nics<'a>(tables: &'a [Table], choices: &Choices, warn: &mut dyn FnMut(String)) -> Vec<(MacAddr, Nic<'a>)> {
    let mut nics: Vec<(MacAddr, Nic)> = Vec::new();
    let mut places: HashMap<MacAddr, usize> = HashMap::new();
    for (table, number) in tables.iter().zip(naming::table_numbers(tables)) {
        let targets = facts::targets(table);
        let none = Default::default();
        let mut sorted: Vec<_> = table.hfi.iter().collect();
        sorted.sort_by_key(|hfi| hfi.index);
        let mut seen = HashSet::new();
        for hfi in sorted {
            let mac = hfi.mac_addr;
            let problem = if !seen.insert(hfi.index) {
                Some("occurs twice".to_owned())
            } else if mac == MacAddr::default() || mac.0.first().is_some_and(|byte| byte & 1 != 0) {
                Some(format!("MAC address {mac} is not one a NIC can have"))
            } else if hfi.vlan > 4094 {
                Some(format!("VLAN {} is above 4094", hfi.vlan))
            } else {
                None
            };
            if let Some(problem) = problem {
                warn(format!(
                    "{}: HFI {}: {problem}, not used",
                    text::word(table.name()),
                    hfi.index
                ));
                continue;
            }
            let reached = targets.get(usize::from(hfi.index)).unwrap_or(&none);
            let facts = Facts::new(table, number, hfi, reached, choices.always_default, warn);
            check_texts(&facts, warn);
            let place = *places.entry(mac).or_insert_with(|| {
                nics.push((mac, Nic::default()));
                nics.len() - 1
            });
            if let Some((_, nic)) = nics.get_mut(place) {
                nic.of_vlan(hfi.vlan).push(facts);
            }
        }
    }
    nics
}

fn check_texts(facts: &Facts, warn: &mut dyn FnMut(String)) {
    let place = format!("{}: HFI {}", facts.reference.table, facts.reference.index);
    if let Some(name) = facts.hfi.host_name.as_deref().filter(|name| !text::is_host_name(name)) {
        let shown: String = name.chars().take(80).collect();
        warn(format!(
            "{place}: host name '{shown}' is not valid (RFC 1123), not used"
        ));
    }
    if facts
        .hfi
        .dhcp_duid
        .as_deref()
        .is_some_and(|duid| text::duid(duid).is_none())
    {
        warn(format!("{place}: the DHCP unique identifier is not one, not used"));
    }
}

/// What the HFIs of one interface say together. The first one that says something has the word.
fn describe(
    mac: MacAddr,
    vlan: u16,
    name: String,
    naming: Naming,
    all: &[Facts],
    links: &Links,
    device: Option<&Device>,
) -> Interface {
    let of_family = |is_v6: bool| all.iter().filter(move |facts| facts.is_v6 == is_v6);
    let has = |is_v6: bool, method: Method| of_family(is_v6).any(|facts| facts.method == method);
    let gateway = |is_v6: bool| of_family(is_v6).find_map(|facts| facts.gateway);
    let default = |is_v6: bool| of_family(is_v6).any(|facts| facts.default);
    let metric = |is_v6: bool| of_family(is_v6).find_map(Facts::metric);
    let addresses = distinct(all.iter().filter_map(|facts| {
        Some(Address {
            family: if facts.is_v6 { 6 } else { 4 },
            address: facts.address?,
            prefix: facts.prefix,
            method: facts.method,
        })
    }));
    let (dhcp4, dhcp6, slaac) = (
        has(false, Method::Dhcp),
        has(true, Method::Dhcp),
        has(true, Method::Slaac),
    );
    let host_names = || all.iter().filter_map(|facts| facts.hfi.host_name.as_deref());
    let identity = all
        .iter()
        .find_map(|facts| Some((facts, text::duid(facts.hfi.dhcp_duid.as_deref()?)?)));
    let iaid = identity.as_ref().and_then(|(facts, _)| facts.hfi.dhcp_iaid);
    let iaid = iaid.or_else(|| all.iter().find_map(|facts| facts.hfi.dhcp_iaid));
    let [a, b, c, d, e, f] = mac.0;
    let iaid = iaid.unwrap_or(u32::from_be_bytes([c, d, e, f]));
    let client_id = match &identity {
        Some((_, duid)) => ("duid", [&[255], iaid.to_be_bytes().as_slice(), duid].concat()),
        None => ("mac", vec![1, a, b, c, d, e, f]),
    };
    // DUID-LL of Ethernet (RFC 8415, section 11.4).
    let duid = identity.map_or_else(|| vec![0, 3, 0, 1, a, b, c, d, e, f], |(_, duid)| duid);
    let (duid_type, duid_raw) = match duid.as_slice() {
        [0, 1, raw @ ..] => (Some("link-layer-time"), raw),
        [0, 2, raw @ ..] => (Some("vendor"), raw),
        [0, 3, raw @ ..] => (Some("link-layer"), raw),
        [0, 4, raw @ ..] => (Some("uuid"), raw),
        [_, _, raw @ ..] => (None, raw),
        raw => (None, raw),
    };
    Interface {
        naming,
        mac,
        vlan,
        parent: None,
        tagged_name: None,
        vlans: Vec::new(),
        device: device.map(|it| it.name.clone()),
        ifindex: device.map(|it| it.ifindex),
        named: device.is_some_and(|it| it.named),
        ifname: match (naming, device) {
            // A VLAN device that is there keeps its name; others are made under theirs.
            (Naming::Rename, None) | (Naming::AltName, None) => Some(name.clone()),
            (Naming::Rename, Some(_)) if vlan == 0 => Some(name.clone()),
            (_, Some(device)) => Some(device.name.clone()),
            (Naming::None, None) => (vlan != 0).then(|| name.clone()),
        },
        parent_ifname: None,
        parent_named: false,
        uuid: uuid(mac, vlan),
        parent_uuid: None,
        hfis: all.iter().map(|facts| facts.reference.clone()).collect(),
        addressed: dhcp4 || dhcp6 || slaac || !addresses.is_empty(),
        dhcp4,
        dhcp6,
        slaac,
        gateway4: gateway(false),
        gateway6: gateway(true),
        default4: default(false),
        default6: default(true),
        metric4: metric(false),
        metric6: metric(true),
        routes: distinct(all.iter().flat_map(|facts| routes::of(facts, links))),
        dns: distinct(all.iter().flat_map(|facts| facts.dns.iter().copied())),
        hostname: host_names().find(|name| text::is_host_name(name)).map(str::to_owned),
        rejected_hostname: host_names().find(|name| !text::is_host_name(name)).map(str::to_owned),
        iaid,
        duid_raw: text::colons(duid_raw),
        duid: text::colons(&duid),
        duid_type,
        client_id: text::colons(&client_id.1),
        client_id_type: client_id.0,
        targets: distinct(all.iter().flat_map(|facts| facts.targets.iter().copied())),
        paths: 0,
        required_for_online: "no",
        addresses,
        name,
    }
}

/// Items without repetition, in the order they first come.
fn distinct<T: Clone + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
