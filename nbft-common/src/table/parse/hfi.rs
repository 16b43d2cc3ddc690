//! Host fabric interface descriptors, with the structures they point to.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

use super::fault::{Fault, Notes};
use super::fields::Ref;
use super::list::{Entry, Indexed};
use crate::table::addr::MacAddr;
use crate::table::{Duid, Hfi, IpOrigin, MAX_DUID, Transport};

/// Bytes of the NVMe/TCP transport information, in both revisions.
const INFO: usize = 128;
/// Bytes of the extended information of revision 1.1.
const EXT: usize = 20;

impl Indexed for Hfi {
    fn index(&self) -> u16 {
        self.index.into()
    }
}

/// Reads an HFI descriptor (figure 12).
pub fn hfi(entry: &Entry<'_>, notes: &mut Notes) -> Result<Hfi, Fault> {
    let fields = &entry.fields;
    let id = fields.u8(0);
    if id != 3 {
        return Err(entry.fault(0, format!("structure id {id}, not 3")));
    }
    if fields.u8(2) & 1 == 0 {
        return Err(entry.fault(2, "not marked valid"));
    }
    let transport = fields.u8(3);
    if transport != 3 {
        return Err(entry.fault(3, format!("transport type {transport} is not TCP (3)")));
    }
    tcp(entry, fields.u8(1), fields.reference(16), notes)
}

/// Reads the NVMe/TCP transport information (figure 14).
fn tcp(entry: &Entry<'_>, index: u8, info: Ref, notes: &mut Notes) -> Result<Hfi, Fault> {
    let info = entry.heap.structure(info, "transport information", INFO)?;
    let wrong = |at: usize, message: String| Err(info.fault(at, format!("transport information {message}")));
    match (info.u8(0), info.u8(1), info.u8(2), info.u8(6)) {
        (id, ..) if id != 7 => return wrong(0, format!("has structure id {id}, not 7")),
        (_, version, ..) if version != 1 => return wrong(1, format!("has version {version}, not 1")),
        (_, _, transport, _) if transport != 3 => {
            return wrong(2, format!("is for transport type {transport}, not TCP (3)"));
        }
        (.., flags) if flags & 1 == 0 => return wrong(6, "is not marked valid".to_owned()),
        _ => {}
    }
    let has_1_1 = entry.heap.has_1_1;
    let flags = info.u8(6);
    let dhcp_override = flags & 4 != 0;
    let segment = if has_1_1 { info.u8(116) } else { 0 };
    let hfi = Hfi {
        index,
        transport: Transport::Tcp,
        pcidev: pci_address(segment, info.u32(7)),
        mac_addr: MacAddr(info.array(11)),
        vlan: info.u16(17),
        ip_origin: IpOrigin::from(info.u8(19)),
        ipaddr: info.ip(20),
        subnet_mask_prefix: info.u8(36),
        gateway_ipaddr: info.ip(37),
        route_metric: info.u16(54),
        primary_dns_ipaddr: info.ip(56),
        secondary_dns_ipaddr: info.ip(72),
        dhcp_server_ipaddr: dhcp_override.then(|| info.ip(88)),
        host_name: entry
            .usable(notes, entry.heap.text_or_none(info.reference(104), "host name"))
            .map(|name| name.noted(notes, entry.place)),
        this_hfi_is_default_route: flags & 2 != 0,
        dhcp_override,
        ipaddr_autoconf: has_1_1 && flags & 8 != 0,
        pcie_seg_num: segment,
        dhcp_iaid: None,
        dhcp_duid: None,
    };

    let mut odd = |at: usize, message: String| notes.odd(entry.place, info.fault(at, message));
    let newest = if has_1_1 { 2 } else { 1 };
    if info.u8(3) != newest {
        let message = format!("transport information has the form {}, not {newest}", info.u8(3));
        odd(3, message);
    }
    if info.u16(4) != u16::from(index) {
        odd(4, format!("its transport information names HFI {}", info.u16(4)));
    }
    if hfi.mac_addr == MacAddr::default() {
        odd(11, "the MAC address is zero".to_owned());
    }
    if hfi.vlan > 4094 {
        odd(17, format!("VLAN {} is above 4094", hfi.vlan));
    }
    if let IpOrigin::Undefined(code) = hfi.ip_origin {
        odd(19, format!("IP origin {code} is not defined"));
    }
    let widest = if hfi.ipaddr.is_ipv4() { 32 } else { 128 };
    if hfi.subnet_mask_prefix > widest {
        odd(
            36,
            format!("prefix length {} is above {widest}", hfi.subnet_mask_prefix),
        );
    }
    let ext = info.reference(110);
    if has_1_1 && ext.length != 0 {
        return Ok(extended(entry, hfi, ext, notes));
    }
    Ok(hfi)
}

/// `segment:bus:device.function` of a PCI Express routing id (bus in bits 15:8, device in 7:3, function in 2:0). Before
/// revision 1.1 added a segment field, firmware put the segment into the upper half of the routing id.
fn pci_address(segment: u8, routing_id: u32) -> String {
    let segment = if segment == 0 { routing_id >> 16 } else { segment.into() };
    let (bus, device, function) = (routing_id >> 8 & 0xff, routing_id >> 3 & 0x1f, routing_id & 7);
    format!("{segment:x}:{bus:x}:{device:x}.{function:x}")
}

/// Reads the extended information of revision 1.1 (figure 15), the firmware's DHCP identity. Each part of it is used without
/// the others.
fn extended(entry: &Entry<'_>, mut hfi: Hfi, ext: Ref, notes: &mut Notes) -> Hfi {
    let Some(ext) = entry.extended(notes, ext, EXT, 10) else {
        return hfi;
    };
    let mut odd = |at: usize, message: String| notes.odd(entry.place, ext.fault(at, message));
    // The reference alone tells the HFI: without this identity the HFI could get another lease.
    if ext.u16(2) != u16::from(hfi.index) {
        odd(2, format!("its extended information names HFI {}", ext.u16(2)));
    }
    let flags = ext.u32(4);
    if flags & 2 == 0 {
        return hfi;
    }
    if hfi.ip_origin != IpOrigin::Dhcp {
        let origin = u8::from(hfi.ip_origin);
        odd(4, format!("has a DHCP client identity, but IP origin {origin}, not 3"));
    }
    let (iaid, duid) = (ext.reference(8), ext.reference(14));
    if iaid.length != 0 {
        let object = entry.heap.structure(iaid, "DHCP IAID", 4);
        hfi.dhcp_iaid = entry.usable(notes, object.map(|object| Some(object.u32(0))));
    }
    let bytes = entry.heap.bytes(duid, "DHCP DUID", MAX_DUID);
    if let Some(bytes) = entry.usable(notes, bytes) {
        let too_short = || Fault::new(duid.at, "DHCP DUID is shorter than its type demands");
        hfi.dhcp_duid = entry.usable(notes, Duid::from_table(bytes).map(Some).ok_or_else(too_short));
    }
    hfi
}
