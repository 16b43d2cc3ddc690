//! Host fabric interface descriptors, with the structures they point to.

use nom::bytes::complete::take;
use nom::number::complete::{le_u8, le_u16, le_u32};

use super::fault::{Fault, Notes};
use super::fields::{Raw, Ref, array, fields, ip, reference};
use super::list::{Entry, Indexed};
use crate::table::addr::{Hex, MacAddr, Uuid};
use crate::table::{Hfi, IpOrigin, Transport};

/// Bytes of the NVMe/TCP transport information, in both revisions.
const INFO: usize = 128;
/// Bytes of the extended information of revision 1.1.
const EXT: usize = 20;

impl Indexed for Hfi {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads an HFI descriptor (figure 11).
pub fn hfi(entry: &Entry<'_>, notes: &mut Notes) -> Result<Hfi, Fault> {
    let at = entry.offset;
    let (id, index, flags, trtype, _, info) = fields(
        entry.bytes,
        at,
        (le_u8, le_u8, le_u8, le_u8, take(12_usize), reference(at + 16)),
    )?;
    if id != 3 {
        return Err(entry.fault(0, format!("structure id {id}, not 3")));
    }
    if flags & 1 == 0 {
        return Err(entry.fault(2, "not marked valid"));
    }
    if trtype != 3 {
        return Err(entry.fault(3, format!("transport type {trtype} is not TCP (3)")));
    }
    tcp(entry, index, info, notes)
}

/// Reads the NVMe/TCP transport information (figure 13).
fn tcp(entry: &Entry<'_>, index: u8, info: Ref, notes: &mut Notes) -> Result<Hfi, Fault> {
    let bytes = entry.heap.bytes(info, "transport information", INFO)?;
    let at = usize::try_from(info.offset).unwrap_or(usize::MAX);
    let wrong = |field: usize, message: String| Err(Fault::new(at + field, message));
    let head = (le_u8, le_u8, le_u8, le_u8, le_u16, le_u8);
    let link = (le_u32, array, le_u16);
    let net = (
        le_u8,
        ip,
        le_u8,
        ip,
        take(1_usize),
        le_u16,
        ip,
        ip,
        ip,
        reference(at + 104),
    );
    let tail = (reference(at + 110), le_u16);
    let (head, link, net, (ext, segment)) = fields(bytes, at, (head, link, net, tail))?;
    let (id, version, trtype, _, hfi_index, flags) = head;
    let (routing_id, mac, vlan) = link;
    let (ip_origin, ipaddr, prefix, gateway, _, route_metric, dns1, dns2, dhcp_server, host_name) = net;
    if id != 7 {
        return wrong(0, format!("transport information has structure id {id}, not 7"));
    }
    if version != 1 {
        return wrong(1, format!("transport information has version {version}, not 1"));
    }
    if trtype != 3 {
        return wrong(
            2,
            format!("transport information is for transport type {trtype}, not TCP (3)"),
        );
    }
    if flags & 1 == 0 {
        return wrong(6, "transport information is not marked valid".to_owned());
    }

    let mut note = |field: usize, message: String| notes.add(entry.place, Fault::new(at + field, message));
    if hfi_index != u16::from(index) {
        note(4, format!("its transport information names HFI {hfi_index}"));
    }
    if mac == [0; 6] {
        note(11, "the MAC address is zero".to_owned());
    }
    if vlan > 4094 {
        note(17, format!("VLAN {vlan} is above 4094"));
    }
    let ip_origin = IpOrigin::from(ip_origin);
    if let IpOrigin::Undefined(code) = ip_origin {
        note(19, format!("IP origin {code} is not defined"));
    }
    let widest = if ipaddr.is_ipv4() { 32 } else { 128 };
    if prefix > widest {
        note(36, format!("prefix length {prefix} is above {widest}"));
    }
    let dhcp_override = flags & 4 != 0;
    let segment = if entry.heap.has_1_1 { segment } else { 0 };
    let mut hfi = Hfi {
        index,
        transport: Transport::Tcp,
        pcidev: pci_address(if segment == 0 { routing_id >> 16 } else { segment.into() }, routing_id),
        mac_addr: MacAddr(mac),
        vlan,
        ip_origin,
        ipaddr,
        subnet_mask_prefix: prefix,
        gateway_ipaddr: gateway,
        route_metric,
        primary_dns_ipaddr: dns1,
        secondary_dns_ipaddr: dns2,
        dhcp_server_ipaddr: dhcp_override.then_some(dhcp_server),
        host_name: None,
        this_hfi_is_default_route: flags & 2 != 0,
        dhcp_override,
        ipaddr_autoconf: flags & 8 != 0,
        pcie_seg_num: segment,
        dhcp_iaid: None,
        dhcp_duid: None,
        dhcp_duid_type: None,
        dhcp_duid_hwtype: None,
        dhcp_duid_time: None,
        dhcp_duid_lladdr: None,
        dhcp_duid_enterprise: None,
        dhcp_duid_id: None,
        dhcp_duid_uuid: None,
        dhcp_duid_raw: None,
    };
    match entry.heap.text_or_none(host_name, "host name") {
        Ok(None) => {}
        Ok(Some(text)) => {
            hfi.host_name = Some(text.value);
            text.odd.into_iter().for_each(|odd| notes.add(entry.place, odd));
        }
        Err(fault) => notes.add(entry.place, fault),
    }
    if entry.heap.has_1_1
        && ext.length != 0
        && let Err(fault) = extended(entry, &mut hfi, ext, notes)
    {
        notes.add(entry.place, fault);
    }
    Ok(hfi)
}

/// `segment:bus:device.function` of a PCI Express routing id (bus in bits 15:8, device in 7:3, function in 2:0). Before
/// revision 1.1 added a segment field, firmware put the segment into the upper half of the routing id.
fn pci_address(segment: u32, routing_id: u32) -> String {
    let (bus, device, function) = (routing_id >> 8 & 0xff, routing_id >> 3 & 0x1f, routing_id & 7);
    format!("{segment:x}:{bus:x}:{device:x}.{function:x}")
}

/// Reads the extended information of revision 1.1: the firmware's DHCP identity.
fn extended(entry: &Entry<'_>, hfi: &mut Hfi, ext: Ref, notes: &mut Notes) -> Result<(), Fault> {
    let bytes = entry.heap.bytes(ext, "extended information", EXT)?;
    let at = usize::try_from(ext.offset).unwrap_or(usize::MAX);
    let parser = (le_u8, le_u8, le_u16, le_u32, reference(at + 8), reference(at + 14));
    let (id, version, info_index, flags, iaid, duid) = fields(bytes, at, parser)?;
    if id != 0x0a || version != 1 {
        let message = format!("extended information has id {id} and version {version}, not 10 and 1; ignored");
        return Err(Fault::new(at, message));
    }
    if flags & 1 == 0 {
        return Err(Fault::new(at + 4, "extended information is not marked valid; ignored"));
    }
    if info_index != u16::from(hfi.index) {
        notes.add(
            entry.place,
            Fault::new(at + 2, format!("its extended information names HFI {info_index}")),
        );
    }
    if flags & 2 == 0 {
        return Ok(());
    }
    if hfi.ip_origin != IpOrigin::Dhcp {
        let origin = u8::from(hfi.ip_origin);
        let message = format!("has a DHCP client identity, but IP origin {origin}, not 3");
        notes.add(entry.place, Fault::new(at + 4, message));
    }
    if iaid.length != 0 {
        let bytes = entry.heap.bytes(iaid, "DHCP IAID", 4)?;
        hfi.dhcp_iaid = Some(fields(bytes, at + 8, le_u32)?);
    }
    if duid.length != 0 {
        let bytes = entry.heap.bytes(duid, "DHCP DUID", 2)?;
        fields(bytes, at + 14, |input| unique_id(input, hfi))
            .map_err(|_| Fault::new(at + 14, "DHCP DUID is shorter than its type demands"))?;
    }
    Ok(())
}

/// Decodes a DUID. The table stores the DUID's numbers little endian, but DHCP (RFC 8415, section 11) sends them big
/// endian: `dhcp_duid` has the bytes as DHCP sends them.
fn unique_id<'a>(input: &'a [u8], hfi: &mut Hfi) -> Raw<'a, ()> {
    let (rest, kind) = le_u16(input)?;
    let mut wire = kind.to_be_bytes().to_vec();
    let (name, tail) = match kind {
        1 => {
            let (rest, hardware) = le_u16(rest)?;
            let (rest, time) = le_u32(rest)?;
            wire.extend(hardware.to_be_bytes());
            wire.extend(time.to_be_bytes());
            (hfi.dhcp_duid_hwtype, hfi.dhcp_duid_time) = (Some(hardware), Some(time));
            hfi.dhcp_duid_lladdr = Some(colons(rest));
            ("DUID-LLT".to_owned(), rest)
        }
        2 => {
            let (rest, enterprise) = le_u32(rest)?;
            wire.extend(enterprise.to_be_bytes());
            hfi.dhcp_duid_enterprise = Some(enterprise);
            hfi.dhcp_duid_id = Some(Hex(rest).to_string());
            ("DUID-EN".to_owned(), rest)
        }
        3 => {
            let (rest, hardware) = le_u16(rest)?;
            wire.extend(hardware.to_be_bytes());
            hfi.dhcp_duid_hwtype = Some(hardware);
            hfi.dhcp_duid_lladdr = Some(colons(rest));
            ("DUID-LL".to_owned(), rest)
        }
        4 => {
            let (_, uuid) = array(rest)?;
            hfi.dhcp_duid_uuid = Some(Uuid(uuid));
            ("DUID-UUID".to_owned(), rest.get(..16).unwrap_or(rest))
        }
        other => {
            hfi.dhcp_duid_raw = Some(Hex(rest).to_string());
            (format!("unknown({other})"), rest)
        }
    };
    wire.extend(tail);
    hfi.dhcp_duid_type = Some(name);
    hfi.dhcp_duid = Some(Hex(&wire).to_string());
    Ok((&[], ()))
}

/// Hexadecimal with colons between the bytes.
fn colons(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(":")
}
