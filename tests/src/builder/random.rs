//! Random descriptions: valid tables that use every key and prefer extreme values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nbft_common::table::addr::{MacAddr, Uuid};
use serde_json::{Value, json};

use super::description::Description;
use super::rng::Rng;

const NAMES: [&str; 6] = ["a", "node-1.example", "größe", "ホスト", "naïve host", "🦀"];
const NEEDS: [&str; 4] = ["not supported", "not required", "required", "reserved"];
const POLICIES: [&str; 4] = ["not supported", "driver", "administrator", "reserved"];

/// The description that belongs to a seed. All its keys are valid and explicit, so that a dump of the table that it
/// makes has the same values.
pub fn random(seed: u64) -> Description {
    match Description::from_value(table(&mut Rng::new(seed))) {
        Ok(description) => description,
        // The generator makes no description that the builder refuses.
        Err(error) => unreachable!("seed {seed}: {error}"),
    }
}

fn table(rng: &mut Rng) -> Value {
    let newer = rng.once_in(2);
    let hfis = indexes(rng, 0, 6);
    let securities = indexes(rng, 1, 3);
    // Everything but security profiles needs an HFI to belong to.
    let most = if hfis.is_empty() { 0 } else { 4 };
    let discoveries = indexes(rng, 1, most);
    let ssns = indexes(rng, 0, most * 2);
    let path = rng.below(40) * rng.below(2);
    json!({
        "host": host(rng),
        "revision": if newer { "1.1" } else { "1.0" },
        "oem_id": rng.pick(&["", "X", "BOCHS", "SIXSIX"]),
        "oem_table_id": rng.pick(&["", "T", "BXPC", "PE_SC3", "EIGHTLET"]),
        "oem_revision": rng.edge(u32::MAX.into()),
        "creator_id": rng.edge(u32::MAX.into()),
        "creator_revision": rng.edge(u32::MAX.into()),
        "driver_device_path": hex::encode(rng.bytes(path)),
        "boot_failover": rng.once_in(3),
        "layout": rng.pick(&["nul-after-length", "nul-in-length"]),
        "padding": rng.below(2) * rng.below(64),
        "descriptor_stride_extra": rng.below(2) * rng.below(40),
        "hfi": hfis.iter().map(|index| hfi(rng, *index, newer)).collect::<Value>(),
        "security": securities.iter().map(|index| security(rng, *index)).collect::<Value>(),
        "discovery": discoveries
            .iter()
            .map(|index| discovery(rng, *index, &hfis, &securities))
            .collect::<Value>(),
        "subsystem": ssns
            .iter()
            .map(|index| {
                let mut ssns = subsystem(rng, *index, &hfis, newer);
                ssns["discovery_index"] = optional(rng, &discoveries).into();
                ssns["security_index"] = optional(rng, &securities).into();
                ssns
            })
            .collect::<Value>(),
    })
}

/// At most `most` distinct indexes, sometimes with the last possible one.
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
            // Global unicast: an address with an IPv4 tail would be printed in another form.
            bytes[0] = 0x20;
            IpAddr::from(bytes)
        }
    }
}

fn host(rng: &mut Rng) -> Value {
    json!({
        "nqn": nqn(rng),
        "id": Uuid(rng.array()),
        "host_id_configured": rng.once_in(2),
        "host_nqn_configured": rng.once_in(2),
        "primary_admin_host_flag": rng.pick(&["not indicated", "unselected", "selected", "reserved"]),
    })
}

fn hfi(rng: &mut Rng, index: u8, newer: bool) -> Value {
    let v6 = rng.once_in(2);
    let dhcp = rng.once_in(2);
    let segment = if newer { rng.edge(u8::MAX.into()) } else { 0 };
    let (bus, device, function) = (rng.edge(255), rng.edge(31), rng.edge(7));
    let duid = (newer && dhcp).then(|| hex::encode(duid(rng)));
    json!({
        "index": index,
        "pcidev": format!("{segment:x}:{bus:x}:{device:x}.{function:x}"),
        "mac_addr": MacAddr(rng.array()),
        "vlan": rng.pick(&[0, 0, 1, 7, 4094]),
        "ip_origin": if dhcp { 3 } else { rng.pick(&[0, 1, 2, 4, 16]) },
        "ipaddr": address(rng, v6),
        "subnet_mask_prefix": rng.edge(if v6 { 128 } else { 32 }),
        "gateway_ipaddr": address(rng, v6),
        "route_metric": rng.edge(u16::MAX.into()),
        "primary_dns_ipaddr": address(rng, v6),
        "secondary_dns_ipaddr": address(rng, v6),
        "dhcp_server_ipaddr": dhcp.then(|| address(rng, v6)),
        "host_name": optional(rng, &NAMES),
        "this_hfi_is_default_route": rng.once_in(2),
        "dhcp_override": dhcp,
        "ipaddr_autoconf": newer && rng.once_in(3),
        "pcie_seg_num": segment,
        "dhcp_iaid": duid.is_some().then(|| rng.edge(u32::MAX.into())),
        "dhcp_duid": duid,
    })
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

fn subsystem(rng: &mut Rng, index: u8, hfis: &[u8], newer: bool) -> Value {
    let v6 = rng.once_in(2);
    let (nid, nid_type_code) = match rng.below(5) {
        0 => (hex::encode(rng.bytes(8)), None),
        1 => (hex::encode(rng.bytes(16)), None),
        2 => (Uuid(rng.array()).to_string(), None),
        3 => (String::new(), Some(rng.pick(&[4, 255]))),
        _ => (String::new(), None),
    };
    let first = rng.below(hfis.len());
    let count = 1 + rng.below(hfis.len());
    let mut used = hfis.to_vec();
    used.rotate_left(first);
    used.truncate(count);
    let path = rng.once_in(3);
    let path = path.then(|| format!("NVME+TCP://{}:4420/größe", address(rng, false)));
    let mut newer_code = |most| if newer { rng.edge(most) } else { 0 };
    let (naed, cipeec, nceec) = (newer_code(0x14), newer_code(5), newer_code(7));
    json!({
        "index": u16::from(index) * rng.pick(&[1, 257]),
        "secondary_hfis": (used.len() == 1 && rng.once_in(2)).then_some([0; 0]),
        "hfis": used,
        "traddr": address(rng, v6),
        "trsvcid": rng.pick(&["4420", "1", "65535", "8009"]),
        "subsys_port_id": rng.edge(u16::MAX.into()),
        "nsid": rng.edge(u32::MAX.into()),
        "nid": nid,
        "nid_type_code": nid_type_code,
        "subsys_nqn": nqn(rng),
        "controller_id": rng.edge(u16::MAX.into()),
        "asqsz": rng.edge(u16::MAX.into()),
        // A reader ignores the text where the flag is clear.
        "dhcp_root_path_override": path.is_some() || rng.once_in(3),
        "dhcp_root_path_string": path,
        "pdu_header_digest_required": rng.once_in(2),
        "data_digest_required": rng.once_in(2),
        "discovered": rng.once_in(2),
        "naed": naed,
        "cipeec": cipeec,
        "connection_timeout": (newer && rng.once_in(2)).then(|| rng.edge(0xfffe)),
        "nceec": nceec,
        "availability": rng.pick(&["not indicated", "available", "unavailable", "reserved"]),
        "non_bootable": rng.once_in(3),
        "separate_discovery_controller": rng.once_in(3),
    })
}

fn discovery(rng: &mut Rng, index: u8, hfis: &[u8], securities: &[u8]) -> Value {
    let address = address(rng, false);
    json!({
        "index": index,
        "security": optional(rng, securities),
        "hfi": rng.pick(hfis),
        "uri": rng.pick(&[
            format!("nvme+tcp://{address}:8009/"),
            "nvme+tcp://[2001:db8::1]:8009/".into(),
            "nvme+tcp://größe.example".into(),
        ]),
        "nqn": rng.once_in(2).then(|| nqn(rng)),
    })
}

/// Lists go with the flag or the policy that makes a reader look at them.
fn security(rng: &mut Rng, index: u8) -> Value {
    let (auth_policy, channel_policy) = (rng.pick(&POLICIES), rng.pick(&POLICIES));
    let [ciphers, groups, hashes] = [(); 3].map(|()| rng.once_in(2));
    let mut list = |wanted: bool| {
        let count = if wanted { rng.pick(&[0, 1, 2, 16]) } else { 0 };
        rng.bytes(count)
    };
    json!({
        "index": index,
        "auth_policy": auth_policy,
        "channel_policy": channel_policy,
        "cipher_suites_restricted": ciphers,
        "dh_groups_restricted": groups,
        "hash_functions_restricted": hashes,
        "secure_channel_algorithms": list(channel_policy != "not supported"),
        "auth_protocols": list(auth_policy != "not supported"),
        "cipher_suites": list(ciphers),
        "dh_groups": list(groups),
        "hash_functions": list(hashes),
        "in_band_auth": rng.pick(&NEEDS),
        "secure_channel": rng.pick(&NEEDS),
        "secret_type": rng.edge(255),
        "secret_keypath": rng.once_in(2).then_some("/redfish/v1/Systems/größe/SecretKeys/1"),
    })
}
