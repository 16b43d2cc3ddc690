//! Random descriptions: valid tables that use every key, with a taste for extreme values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::description::{Description, Discovery, Host, Security};
use super::hfi::Hfi;
use super::rng::Rng;
use super::subsystem::Subsystem;
use super::text::{Hex, Mac, Pci, Uuid};
use super::words::*;

const NAMES: [&str; 6] = ["a", "node-1.example", "größe", "ホスト", "naïve host", "🦀"];
const NEEDS: [Need; 4] = [Need::NotSupported, Need::NotRequired, Need::Required, Need::Reserved];
const POLICIES: [Policy; 4] = [
    Policy::NotSupported,
    Policy::Driver,
    Policy::Administrator,
    Policy::Reserved,
];

/// The description that belongs to a seed. Everything in it is valid and explicit, so that a dump
/// of the table it makes has the values of [`Description::complete`].
pub fn random(seed: u64) -> Description {
    let mut rng = Rng::new(seed);
    let newer = rng.once_in(2);
    let hfis = indexes(&mut rng, 0, 6);
    let securities = indexes(&mut rng, 1, 3);
    // Everything but security profiles needs an HFI to belong to.
    let most = if hfis.is_empty() { 0 } else { 4 };
    let discoveries = indexes(&mut rng, 1, most);
    let ssns = indexes(&mut rng, 0, most * 2);
    let path = rng.below(40) * rng.below(2);

    let mut description = Description {
        host: host(&mut rng),
        revision: Some(if newer { "1.1" } else { "1.0" }.into()),
        oem_id: rng.pick(&["", "X", "BOCHS", "SIXSIX"]).into(),
        oem_table_id: rng.pick(&["", "T", "BXPC", "PE_SC3", "EIGHTLET"]).into(),
        oem_revision: rng.edge(u32::MAX.into()) as u32,
        creator_id: rng.edge(u32::MAX.into()) as u32,
        creator_revision: rng.edge(u32::MAX.into()) as u32,
        driver_device_path: Hex(rng.bytes(path)),
        boot_failover: rng.once_in(3),
        layout: rng.pick(&[Layout::NulAfterLength, Layout::NulInLength]),
        padding: rng.below(2) * rng.below(64),
        descriptor_stride_extra: (rng.below(2) * rng.below(40)) as u16,
        ..Description::default()
    };
    description.hfi = hfis.iter().map(|i| hfi(&mut rng, *i, newer)).collect();
    description.security = securities.iter().map(|index| security(&mut rng, *index)).collect();
    description.discovery = discoveries
        .iter()
        .map(|index| discovery(&mut rng, *index, &hfis, &securities))
        .collect();
    description.subsystem = ssns
        .iter()
        .map(|index| {
            let index = u16::from(*index) * rng.pick(&[1, 257]);
            let mut ssns = subsystem(&mut rng, index, &hfis, newer);
            ssns.discovery_index = optional(&mut rng, &discoveries);
            ssns.security_index = optional(&mut rng, &securities);
            ssns
        })
        .collect();
    description
}

/// Distinct indexes, fewer than `most` of them or as many, sometimes with the last possible one.
fn indexes(rng: &mut Rng, least: u8, most: usize) -> Vec<u8> {
    let count = rng.below(most + 1) as u8;
    let mut indexes: Vec<u8> = (least.max(1)..).take(count.into()).collect();
    if let Some(last) = indexes.last_mut().filter(|_| rng.once_in(4)) {
        *last = 255;
    }
    if rng.once_in(4) {
        indexes.reverse();
    }
    indexes
}

/// One of the values, or none.
fn optional<T: Clone>(rng: &mut Rng, from: &[T]) -> Option<T> {
    (!from.is_empty() && rng.once_in(2)).then(|| rng.pick(from))
}

fn nqn(rng: &mut Rng) -> String {
    let mut nqn = format!("nqn.2014-08.org.example:{:x}", rng.next());
    if rng.once_in(4) {
        // The longest name that the NVMe specification allows.
        nqn.extend(std::iter::repeat_n('x', 223 - nqn.len()));
    }
    nqn
}

fn address(rng: &mut Rng, v6: bool) -> IpAddr {
    match (v6, rng.below(5)) {
        (false, 0) => Ipv4Addr::UNSPECIFIED.into(),
        (false, 1) => Ipv4Addr::BROADCAST.into(),
        (false, _) => Ipv4Addr::from(rng.next() as u32).into(),
        (true, 0) => Ipv6Addr::UNSPECIFIED.into(),
        (true, 1) => Ipv6Addr::new(0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe00, 1).into(),
        (true, _) => {
            let mut bytes = rng.array::<16>();
            // Global unicast, so that it is never one of the forms with an IPv4 tail.
            bytes[0] = 0x20;
            IpAddr::from(bytes)
        }
    }
}

fn host(rng: &mut Rng) -> Host {
    Host {
        nqn: nqn(rng),
        id: Uuid(rng.array()),
        host_id_configured: rng.once_in(2),
        host_nqn_configured: rng.once_in(2),
        primary_admin_host_flag: rng.pick(&[
            AdminHost::NotIndicated,
            AdminHost::Unselected,
            AdminHost::Selected,
            AdminHost::Reserved,
        ]),
        invalid: false,
    }
}

fn hfi(rng: &mut Rng, index: u8, newer: bool) -> Hfi {
    let v6 = rng.once_in(2);
    let dhcp = rng.once_in(2);
    let segment = if newer { rng.edge(255) as u16 } else { 0 };
    let duid = (newer && dhcp).then(|| Hex(duid(rng)));
    Hfi {
        index: Some(index),
        pcidev: Pci {
            segment,
            bus: rng.edge(255) as u8,
            device: rng.edge(31) as u8,
            function: rng.edge(7) as u8,
        },
        mac_addr: Some(Mac(rng.array())),
        vlan: rng.pick(&[0, 0, 1, 7, 4094]),
        ip_origin: Some(if dhcp { 3 } else { rng.pick(&[0, 1, 2, 4, 16]) }),
        ipaddr: Some(address(rng, v6)),
        subnet_mask_prefix: Some(rng.edge(if v6 { 128 } else { 32 }) as u8),
        gateway_ipaddr: Some(address(rng, v6)),
        route_metric: rng.edge(u16::MAX.into()) as u16,
        primary_dns_ipaddr: Some(address(rng, v6)),
        secondary_dns_ipaddr: Some(address(rng, v6)),
        dhcp_server_ipaddr: dhcp.then(|| address(rng, v6)),
        host_name: optional(rng, &NAMES.map(String::from)),
        this_hfi_is_default_route: rng.once_in(2),
        dhcp_override: dhcp,
        ipaddr_autoconf: rng.once_in(3),
        pcie_seg_num: segment as u8,
        dhcp_iaid: duid.is_some().then(|| rng.edge(u32::MAX.into()) as u32),
        dhcp_duid: duid,
        ..Hfi::default()
    }
}

/// A well-formed DUID of any type, as DHCP sends it.
fn duid(rng: &mut Rng) -> Vec<u8> {
    let kind = rng.pick(&[1u16, 2, 3, 4, 5, 65535]);
    let length = match kind {
        1 => 12,
        2 => 4 + 1 + rng.below(64),
        3 => 8,
        4 => 16,
        _ => 1 + rng.below(128),
    };
    let mut wire = kind.to_be_bytes().to_vec();
    wire.extend(rng.bytes(length));
    wire
}

fn subsystem(rng: &mut Rng, index: u16, hfis: &[u8], newer: bool) -> Subsystem {
    let v6 = rng.once_in(2);
    let (nid_type, nid_type_code, nid) = match rng.below(5) {
        0 => (Some(NidType::Eui64), None, Hex(rng.bytes(8)).to_string()),
        1 => (Some(NidType::Nguid), None, Hex(rng.bytes(16)).to_string()),
        2 => (Some(NidType::Uuid), None, Uuid(rng.array()).to_string()),
        3 => (None, Some(rng.pick(&[4, 255])), String::new()),
        _ => (None, None, String::new()),
    };
    let first = rng.below(hfis.len());
    let count = 1 + rng.below(hfis.len());
    let mut used = hfis.to_vec();
    used.rotate_left(first);
    used.truncate(count);
    let path = rng.once_in(3);
    let path = path.then(|| format!("NVME+TCP://{}:4420/größe", address(rng, false)));
    Subsystem {
        index: Some(index),
        secondary_hfis: (used.len() == 1 && rng.once_in(2)).then_some(SecondaryHfis::Word(SecondaryWord::None)),
        hfis: Some(used),
        traddr: Some(address(rng, v6)),
        trsvcid: rng.pick(&["4420", "1", "65535", "8009"]).into(),
        subsys_port_id: rng.edge(u16::MAX.into()) as u16,
        nsid: rng.edge(u32::MAX.into()) as u32,
        nid_type,
        nid,
        subsys_nqn: nqn(rng),
        controller_id: rng.edge(u16::MAX.into()) as u16,
        asqsz: rng.edge(u16::MAX.into()) as u16,
        // The text is only read where the flag is set.
        dhcp_root_path_override: Some(path.is_some() || rng.once_in(3)),
        dhcp_root_path_string: path,
        pdu_header_digest_required: rng.once_in(2),
        data_digest_required: rng.once_in(2),
        discovered: rng.once_in(2),
        naed: if newer { rng.edge(0x14) as u8 } else { 0 },
        cipeec: if newer { rng.edge(5) as u8 } else { 0 },
        connection_timeout: (newer && rng.once_in(2)).then(|| rng.edge(0xfffe) as u16),
        nceec: if newer { rng.edge(7) as u8 } else { 0 },
        availability: Some(rng.pick(&[
            Availability::NotIndicated,
            Availability::Available,
            Availability::Unavailable,
            Availability::Reserved,
        ])),
        non_bootable: rng.once_in(3),
        separate_discovery_controller: rng.once_in(3),
        nid_type_code,
        ..Subsystem::default()
    }
}

fn discovery(rng: &mut Rng, index: u8, hfis: &[u8], securities: &[u8]) -> Discovery {
    let address = address(rng, false);
    Discovery {
        index: Some(index),
        security: optional(rng, securities).unwrap_or_default(),
        hfi: Some(rng.pick(hfis)),
        uri: rng.pick(&[
            format!("nvme+tcp://{address}:8009/"),
            "nvme+tcp://[2001:db8::1]:8009/".into(),
            "nvme+tcp://größe.example".into(),
        ]),
        nqn: rng.once_in(2).then(|| nqn(rng)),
        ..Discovery::default()
    }
}

/// Lists go with the flag or the policy that makes a reader look at them.
fn security(rng: &mut Rng, index: u8) -> Security {
    let mut security = Security {
        index: Some(index),
        in_band_auth: rng.pick(&NEEDS),
        auth_policy: rng.pick(&POLICIES),
        secure_channel: rng.pick(&NEEDS),
        channel_policy: rng.pick(&POLICIES),
        cipher_suites_restricted: rng.once_in(2),
        dh_groups_restricted: rng.once_in(2),
        hash_functions_restricted: rng.once_in(2),
        secret_type: rng.edge(255) as u8,
        secret_keypath: rng.once_in(2).then(|| "/redfish/v1/Systems/größe/SecretKeys/1".into()),
        ..Security::default()
    };
    let mut list = |wanted: bool| {
        let count = if wanted { rng.pick(&[0, 1, 2, 16]) } else { 0 };
        rng.bytes(count)
    };
    security.secure_channel_algorithms = list(security.channel_policy != Policy::NotSupported);
    security.auth_protocols = list(security.auth_policy != Policy::NotSupported);
    security.cipher_suites = list(security.cipher_suites_restricted);
    security.dh_groups = list(security.dh_groups_restricted);
    security.hash_functions = list(security.hash_functions_restricted);
    security
}
