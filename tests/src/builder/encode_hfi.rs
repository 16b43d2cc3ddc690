//! An HFI in the table: descriptor, transport information, extended information.

use nbft_common::table::Hfi;

use super::defaults::{is_newer_hfi, pci};
use super::duid;
use super::heap::{Heap, Record, Reference, flags};
use super::quirks::HfiQuirks;

/// The descriptor; the two other structures go to the heap.
pub(crate) fn hfi(hfi: &Hfi, quirks: &HfiQuirks, heap: &mut Heap) -> Record {
    let transport = quirks.transport.map_or(3, |other| other as u8);
    let information = transport_information(hfi, transport, heap);
    let mut record = Record::new(32);
    record
        .u8(0, 3)
        .u8(1, hfi.index)
        .u8(2, u8::from(!quirks.invalid))
        .u8(3, transport)
        .reference(16, heap.object(&information.0));
    record
}

fn transport_information(hfi: &Hfi, transport: u8, heap: &mut Heap) -> Record {
    let newer = heap.newer || is_newer_hfi(hfi);
    let bits = flags([
        (0, true),
        (1, hfi.this_hfi_is_default_route),
        (2, hfi.dhcp_override),
        (3, hfi.ipaddr_autoconf),
    ]);
    // Reading a description refuses text that is not a PCI address.
    let [segment, bus, device, function] = pci(&hfi.pcidev).unwrap_or_default();
    let routing_id = u32::from(segment) << 16 | u32::from(bus << 8 | device << 3 | function);
    let mut record = Record::new(128);
    record
        .u8(0, 7)
        .u8(1, 1)
        .u8(2, transport)
        .u8(3, if newer { 2 } else { 1 })
        .u16(4, hfi.index.into())
        .u8(6, bits as u8)
        .u32(7, routing_id)
        .bytes(11, &hfi.mac_addr.0)
        .u16(17, hfi.vlan)
        .u8(19, hfi.ip_origin.into())
        .address(20, hfi.ipaddr)
        .u8(36, hfi.subnet_mask_prefix)
        .address(37, hfi.gateway_ipaddr)
        .u16(54, hfi.route_metric)
        .address(56, hfi.primary_dns_ipaddr)
        .address(72, hfi.secondary_dns_ipaddr)
        .reference(104, heap.text(hfi.host_name.as_deref().unwrap_or_default()));
    if let Some(server) = hfi.dhcp_server_ipaddr {
        record.address(88, server);
    }
    if newer {
        record
            .reference(110, extended_information(hfi, heap))
            .u8(116, hfi.pcie_seg_num);
    }
    record
}

/// The identity of the firmware's DHCP client. Without an identity no such structure exists.
fn extended_information(hfi: &Hfi, heap: &mut Heap) -> Reference {
    let duid = duid::stored(hfi);
    if duid.is_empty() && hfi.dhcp_iaid.is_none() {
        return Reference::default();
    }
    let iaid = hfi.dhcp_iaid.map(u32::to_le_bytes);
    let mut record = Record::new(20);
    record
        .u8(0, 0x0a)
        .u8(1, 1)
        .u16(2, hfi.index.into())
        .u32(4, flags([(0, true), (1, true)]))
        .reference(8, heap.object(iaid.as_ref().map_or(&[], |iaid| iaid)))
        .reference(14, heap.object(&duid));
    heap.object(&record.0)
}
