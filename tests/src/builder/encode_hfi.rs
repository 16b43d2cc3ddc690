//! An HFI in the table: descriptor, transport information, extended information.

use super::duid;
use super::heap::{Heap, Record, Reference, flags};
use super::hfi::Hfi;

impl Hfi {
    /// The descriptor; the two other structures go to the heap.
    pub(crate) fn record(&self, heap: &mut Heap, newer: bool) -> Record {
        let index = self.index.unwrap_or_default();
        let information = self.transport_information(heap, newer || self.is_newer());
        let mut hfi = Record::new(32);
        hfi.u8(0, 3)
            .u8(1, index)
            .u8(2, u8::from(!self.invalid))
            .u8(3, self.transport as u8)
            .reference(16, heap.object(&information.0));
        hfi
    }

    fn transport_information(&self, heap: &mut Heap, newer: bool) -> Record {
        let bits = flags([
            (0, true),
            (1, self.this_hfi_is_default_route),
            (2, self.dhcp_override),
            (3, self.ipaddr_autoconf),
        ]);
        let mut information = Record::new(128);
        information
            .u8(0, 7)
            .u8(1, 1)
            .u8(2, self.transport as u8)
            .u8(3, if newer { 2 } else { 1 })
            .u16(4, u16::from(self.index.unwrap_or_default()))
            .u8(6, bits as u8)
            .u32(7, self.pcidev.routing_id())
            .bytes(11, &self.mac_addr.unwrap_or_default().0)
            .u16(17, self.vlan)
            .u8(19, self.ip_origin.unwrap_or_default())
            .address(20, self.ipaddr)
            .u8(36, self.subnet_mask_prefix.unwrap_or_default())
            .address(37, self.gateway_ipaddr)
            .u16(54, self.route_metric)
            .address(56, self.primary_dns_ipaddr)
            .address(72, self.secondary_dns_ipaddr)
            .address(88, self.dhcp_server_ipaddr)
            .reference(104, heap.text(self.host_name.as_deref().unwrap_or("")));
        if newer {
            information
                .reference(110, self.extended_information(heap))
                .u8(116, self.pcie_seg_num);
        }
        information
    }

    /// Who the firmware's DHCP client was. Without an identity there is no such structure.
    fn extended_information(&self, heap: &mut Heap) -> Reference {
        let duid = self.dhcp_duid.clone().unwrap_or_default().0;
        if duid.is_empty() && self.dhcp_iaid.is_none() {
            return Reference::default();
        }
        let iaid = self.dhcp_iaid.map(u32::to_le_bytes);
        let mut extended = Record::new(20);
        extended
            .u8(0, 0x0a)
            .u8(1, 1)
            .u16(2, u16::from(self.index.unwrap_or_default()))
            .u32(4, flags([(0, true), (1, true)]))
            .reference(8, heap.object(iaid.as_ref().map_or(&[], |iaid| iaid)))
            .reference(14, heap.object(&duid::stored(&duid)));
        heap.object(&extended.0)
    }
}
