//! An SSNS in the table: descriptor and extended information.

use super::heap::{Heap, Record, Reference, address_bytes, flags};
use super::subsystem::Subsystem;
use super::words::{SecondaryHfis, SecondaryWord};

impl Subsystem {
    /// The descriptor; whatever it refers to goes to the heap.
    pub(crate) fn record(&self, heap: &mut Heap, newer: bool) -> Record {
        let primary = self.hfis.iter().flatten().next().copied();
        let secured = self.use_security.unwrap_or(self.security_index.is_some());
        let bits = flags([
            (0, !self.invalid),
            (1, self.non_bootable),
            (2, secured),
            (3, self.dhcp_root_path_override.unwrap_or_default()),
            (4, !self.no_ext_info),
            (5, self.separate_discovery_controller),
            (6, self.discovered),
        ]) as u16
            | (self.availability.unwrap_or_default() as u16) << 7;
        let transport_bits = flags([
            (0, true),
            (1, self.pdu_header_digest_required),
            (2, self.data_digest_required),
        ]);
        // What does not fit its type was refused when the description was read.
        let (nid_type, nid) = self.nid_bytes().unwrap_or_default();
        let traddr = self.traddr.filter(|_| self.with("traddr"));
        let traddr = traddr.map_or_else(Reference::default, |address| heap.object(&address_bytes(Some(address))));
        let mut ssns = Record::new(128);
        ssns.u8(0, 4)
            .u16(1, self.index.unwrap_or_default())
            .u16(3, bits)
            .u8(5, self.transport as u8)
            .u16(6, transport_bits as u16)
            .u8(8, self.discovery_index.unwrap_or_default())
            .reference(10, traddr)
            .reference(16, self.text(heap, "trsvcid", &self.trsvcid))
            .u16(22, self.subsys_port_id)
            .u32(24, self.nsid)
            .u8(28, nid_type)
            .bytes(29, &nid)
            .u8(45, self.security_index.unwrap_or_default())
            .u8(46, primary.unwrap_or_default())
            .reference(48, heap.object(&self.secondary()))
            .reference(54, self.text(heap, "subsys_nqn", &self.subsys_nqn));
        if !self.no_ext_info {
            let extended = self.extended_information(heap, newer || self.is_newer());
            if self.with("ext_info") {
                ssns.reference(60, extended);
            }
        }
        ssns
    }

    fn with(&self, key: &str) -> bool {
        !self.without.iter().any(|without| without == key)
    }

    fn text(&self, heap: &mut Heap, key: &str, text: &str) -> Reference {
        if self.with(key) {
            heap.text(text)
        } else {
            Reference::default()
        }
    }

    fn secondary(&self) -> Vec<u8> {
        let hfis = self.hfis.as_deref().unwrap_or_default();
        let primary = || hfis.first().copied().into_iter().collect();
        match &self.secondary_hfis {
            Some(SecondaryHfis::List(list)) => list.clone(),
            Some(SecondaryHfis::Word(SecondaryWord::None)) => Vec::new(),
            Some(SecondaryHfis::Word(SecondaryWord::Primary)) => primary(),
            None if hfis.len() > 1 => hfis[1..].to_vec(),
            None => primary(),
        }
    }

    fn extended_information(&self, heap: &mut Heap, newer: bool) -> Reference {
        let path = self.dhcp_root_path_string.as_deref().unwrap_or_default();
        let mut extended = Record::new(if newer { 23 } else { 18 });
        extended
            .u8(0, 9)
            .u8(1, 1)
            .u16(2, self.index.unwrap_or_default())
            .u32(4, flags([(0, true), (1, self.asqsz != 0)]))
            .u16(8, self.controller_id)
            .u16(10, self.asqsz)
            .reference(12, self.text(heap, "dhcp_root_path_string", path));
        if newer {
            extended
                .u8(18, self.naed)
                .u8(19, self.cipeec)
                .u16(20, self.connection_timeout.unwrap_or(0xffff))
                .u8(22, self.nceec);
        }
        heap.object(&extended.0)
    }
}
