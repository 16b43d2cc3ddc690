//! The description of one interface, out of all that its HFIs say.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;

use nbft_common::table::addr::{Colons, MacAddr, Uuid};

use crate::device::Device;
use crate::facts::Facts;
use crate::identity::Identity;
use crate::interface::{Address, Interface, Method, Naming};
use crate::routes::{self, Links};

/// The surroundings that all interfaces share.
pub struct Machine<'a> {
    pub naming: Naming,
    pub devices: &'a HashMap<(MacAddr, u16), Device>,
    pub links: Links,
    /// Number of interfaces that have addresses.
    pub paths: usize,
}

/// The place of an interface among the others.
pub enum Role<'a> {
    Nic {
        /// Names of its VLAN devices.
        vlans: Vec<String>,
    },
    Vlan {
        id: u16,
        tagged_name: String,
        /// The NIC.
        parent: &'a Interface,
    },
}

/// The HFIs of one address family together: the first one that says something decides.
struct Family {
    dhcp: bool,
    slaac: bool,
    router: bool,
    gateway: Option<IpAddr>,
    default: bool,
    metric: Option<u32>,
}

impl Family {
    fn new(is_v6: bool, hfis: &[Facts]) -> Self {
        let own = || hfis.iter().filter(|facts| facts.is_of(is_v6));
        Self {
            dhcp: own().any(|facts| facts.method == Method::Dhcp),
            slaac: own().any(|facts| facts.method == Method::Slaac),
            router: own().any(Facts::needs_router),
            gateway: own().find_map(|facts| facts.gateway),
            default: own().any(|facts| facts.default),
            metric: own().find_map(Facts::metric),
        }
    }
}

impl Machine<'_> {
    /// Describes the interface that has these HFIs, if any.
    pub fn describe(&self, mac: MacAddr, name: String, hfis: &[Facts], role: Role) -> Interface {
        let (vlan, tagged_name, parent, vlans) = match role {
            Role::Nic { vlans } => (0, None, None, vlans),
            Role::Vlan {
                id,
                tagged_name,
                parent,
            } => (id, Some(tagged_name), Some(parent), Vec::new()),
        };
        let device = self.devices.get(&(mac, vlan));
        let v4 = Family::new(false, hfis);
        let v6 = Family::new(true, hfis);
        let identity = Identity::new(mac, hfis);
        let (duid_type, duid_raw) = identity.duid_parts();
        let addressed = hfis.iter().any(Facts::is_addressed);
        Interface {
            ifname: self.ifname(&name, vlan, device),
            name,
            naming: self.naming,
            mac,
            vlan,
            parent: parent.map(|nic| nic.name.clone()),
            tagged_name,
            vlans,
            device: device.map(|it| it.name.clone()),
            ifindex: device.map(|it| it.ifindex),
            named: device.is_some_and(|it| it.named),
            parent_ifname: parent.and_then(|nic| nic.ifname.clone()),
            parent_ifindex: parent.and_then(|nic| nic.ifindex),
            parent_named: parent.is_some_and(|nic| nic.named),
            uuid: uuid(mac, vlan),
            parent_uuid: parent.map(|nic| nic.uuid),
            hfis: hfis.iter().map(|facts| facts.reference.clone()).collect(),
            addressed,
            addresses: addresses(hfis),
            dhcp4: v4.dhcp,
            dhcp6: v6.dhcp,
            slaac: v6.slaac,
            accept_ra: v6.dhcp || v6.slaac || v6.router,
            gateway4: v4.gateway,
            gateway6: v6.gateway,
            default4: v4.default,
            default6: v6.default,
            metric4: v4.metric,
            metric6: v6.metric,
            routes: distinct(hfis.iter().flat_map(|facts| routes::of(facts, &self.links))),
            dns: distinct(hfis.iter().flat_map(|facts| facts.dns.iter().copied())),
            hostname: hfis.iter().find_map(|facts| facts.host_name).map(str::to_owned),
            rejected_hostname: hfis
                .iter()
                .find_map(|facts| facts.rejected_host_name)
                .map(str::to_owned),
            iaid: identity.iaid,
            duid: Colons(identity.duid.clone()),
            duid_type,
            duid_raw: Colons(duid_raw.to_vec()),
            client_id: Colons(identity.client_id),
            client_id_type: identity.client_id_type,
            targets: distinct(hfis.iter().flat_map(|facts| facts.targets.iter().copied())),
            paths: self.paths,
            required_for_online: if addressed && self.paths == 1 { "degraded" } else { "no" },
        }
    }

    /// The name to use on a command line now, if it is known. A VLAN device that exists keeps its name, one that is still
    /// to be made gets its own.
    fn ifname(&self, name: &str, vlan: u16, device: Option<&Device>) -> Option<String> {
        let name = match (self.naming, device) {
            (Naming::Rename, Some(_)) if vlan == 0 => name,
            (_, Some(device)) => &device.name,
            (Naming::None, None) if vlan == 0 => return None,
            (_, None) => name,
        };
        Some(name.to_owned())
    }
}

/// The addresses, each with the gateway and the metric of its HFI. Of several HFIs with one address the first that may
/// have the default route counts.
fn addresses(hfis: &[Facts]) -> Vec<Address> {
    let mut all: Vec<Address> = Vec::new();
    let mut places = HashMap::new();
    for facts in hfis {
        let Some(address) = facts.address else { continue };
        let new = Address {
            family: if facts.is_v6 { 6 } else { 4 },
            address,
            prefix: facts.prefix,
            method: facts.method,
            gateway: facts.gateway,
            default: facts.default,
            metric: facts.metric(),
        };
        let place = *places.entry((address, facts.prefix, facts.method)).or_insert(all.len());
        match all.get_mut(place) {
            None => all.push(new),
            Some(known) if new.default && !known.default => *known = new,
            Some(_) => {}
        }
    }
    all
}

/// A UUID of the custom version 8: "nbft", the VLAN, the MAC address.
fn uuid(mac: MacAddr, vlan: u16) -> Uuid {
    let [high, low] = vlan.to_be_bytes();
    let [a, b, c, d, e, f] = mac.0;
    Uuid([b'n', b'b', b'f', b't', high, low, 0x80, 0, 0x80, 0, a, b, c, d, e, f])
}

/// Items without repetition, in the order in which they first come.
fn distinct<T: Clone + Eq + Hash>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.filter(|item| seen.insert(item.clone())).collect()
}
