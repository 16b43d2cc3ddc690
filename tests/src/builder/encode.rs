//! Lays a table out: header, control and host descriptors, the four lists, the heap.

use super::description::{Description, Discovery, Host, Security};
use super::heap::{Heap, Record, flags};
use super::mutate::repair_checksum;
use super::validate::revision_numbers;
use super::words::Checksum;

const HEADER: usize = 64;
const CONTROL: usize = 64;
const HOST: usize = 32;
const HFI: usize = 32;
const SSNS: usize = 128;
const SECURITY: usize = 64;
const DISCOVERY: usize = 32;

/// One list of the control descriptor: its place there, its entries' size and the entries.
struct List {
    place: usize,
    size: usize,
    entries: Vec<Record>,
}

impl Description {
    /// The bytes of the table.
    pub fn build(&self) -> Vec<u8> {
        let whole = self.complete();
        let newer = whole.is_newer();
        let extra = usize::from(whole.descriptor_stride_extra);
        let lists_size = whole.hfi.len() * (HFI + extra)
            + whole.subsystem.len() * (SSNS + extra)
            + whole.security.len() * (SECURITY + extra)
            + whole.discovery.len() * (DISCOVERY + extra);
        let mut heap = Heap::new(HEADER + CONTROL + HOST + lists_size, whole.layout);

        let host = whole.host.record(&mut heap);
        let hfis = whole.hfi.iter().map(|hfi| hfi.record(&mut heap, newer));
        let hfis = hfis.collect();
        let ssns = whole.subsystem.iter().map(|s| s.record(&mut heap, newer));
        let ssns = ssns.collect();
        let security = whole.security.iter().map(|s| s.record(&mut heap));
        let security = security.collect();
        let discovery = whole.discovery.iter().map(|d| d.record(&mut heap));
        let discovery = discovery.collect();
        let list = |place, size, entries| List {
            place,
            size: size + extra,
            entries,
        };
        let lists = [
            list(16, HFI, hfis),
            list(24, SSNS, ssns),
            list(32, SECURITY, security),
            list(40, DISCOVERY, discovery),
        ];

        let control = whole.control(&lists);
        let header = whole.header(&mut heap);
        let mut table = [header.0, control.0, host.0].concat();
        for list in lists {
            for Record(mut entry) in list.entries {
                entry.resize(list.size, 0);
                table.extend(entry);
            }
        }
        table.extend(heap.bytes);
        whole.finish(table)
    }

    fn revision_bytes(&self) -> (u8, u8) {
        let stated = self.revision.as_deref().unwrap_or_default();
        let (major, minor) = revision_numbers(stated).unwrap_or((1, 0));
        (self.major.unwrap_or(major), self.minor.unwrap_or(minor))
    }

    fn header(&self, heap: &mut Heap) -> Record {
        let (major, minor) = self.revision_bytes();
        let path = heap.object(&self.driver_device_path.0);
        let signature = self.signature.as_deref().unwrap_or("NBFT");
        let mut header = Record::new(HEADER);
        header
            .bytes(0, &padded::<4>(signature))
            .u32(4, (heap.base + heap.bytes.len()) as u32)
            .u8(8, major)
            .bytes(10, &padded::<6>(&self.oem_id))
            .bytes(16, &padded::<8>(&self.oem_table_id))
            .u32(24, self.oem_revision)
            .u32(28, self.creator_id)
            .u32(32, self.creator_revision)
            .u32(36, heap.base as u32)
            .u32(40, heap.bytes.len() as u32)
            .reference(44, path)
            .u8(50, minor);
        header
    }

    fn control(&self, lists: &[List]) -> Record {
        let (major, minor) = self.revision_bytes();
        let mut control = Record::new(CONTROL);
        control
            .u8(0, 1)
            .u8(1, major)
            .u8(2, minor)
            .u16(4, CONTROL as u16)
            .u8(6, flags([(0, true), (1, self.boot_failover)]) as u8)
            .u32(8, (HEADER + CONTROL) as u32)
            .u16(12, HOST as u16)
            .u8(14, 1);
        let mut offset = HEADER + CONTROL + HOST;
        // A list without entries is all zeros, as firmware writes it.
        for list in lists.iter().filter(|list| !list.entries.is_empty()) {
            control
                .u32(list.place, offset as u32)
                .u16(list.place + 4, list.size as u16)
                .u8(list.place + 6, 1)
                .u8(list.place + 7, list.entries.len() as u8);
            offset += list.size * list.entries.len();
        }
        control
    }

    /// What comes after the layout: trailing bytes, patches, checksum.
    fn finish(&self, mut table: Vec<u8>) -> Vec<u8> {
        table.resize(table.len() + self.padding, 0);
        for patch in &self.patch {
            let end = patch.offset + patch.bytes.0.len();
            if end > table.len() {
                table.resize(end, 0);
            }
            table[patch.offset..end].copy_from_slice(&patch.bytes.0);
        }
        repair_checksum(&mut table);
        if self.checksum == Checksum::Bad {
            table[9] = table[9].wrapping_add(1);
        }
        table
    }
}

/// ACPI ids are padded with spaces.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    field
}

impl Host {
    fn record(&self, heap: &mut Heap) -> Record {
        let bits = flags([
            (0, !self.invalid),
            (1, self.host_id_configured),
            (2, self.host_nqn_configured),
        ]);
        let mut host = Record::new(HOST);
        host.u8(0, 2)
            .u8(1, bits as u8 | (self.primary_admin_host_flag as u8) << 3)
            .bytes(2, &self.id.0)
            .reference(18, heap.text(&self.nqn));
        host
    }
}

impl Discovery {
    fn record(&self, heap: &mut Heap) -> Record {
        let with = |key: &str| !self.without.iter().any(|without| without == key);
        let nqn = self.nqn.as_deref().filter(|_| with("nqn"));
        let uri = Some(self.uri.as_str()).filter(|_| with("uri"));
        let mut discovery = Record::new(DISCOVERY);
        discovery
            .u8(0, 6)
            .u8(1, u8::from(!self.invalid))
            .u8(2, self.index.unwrap_or_default())
            .u8(3, self.hfi.unwrap_or_default())
            .u8(4, self.security)
            .reference(6, heap.text(uri.unwrap_or_default()))
            .reference(12, heap.text(nqn.unwrap_or_default()));
        discovery
    }
}

impl Security {
    fn record(&self, heap: &mut Heap) -> Record {
        let bits = flags([
            (0, !self.invalid),
            (9, self.cipher_suites_restricted),
            (10, self.dh_groups_restricted),
            (11, self.hash_functions_restricted),
        ]) as u16
            | (self.in_band_auth as u16) << 1
            | (self.auth_policy as u16) << 3
            | (self.secure_channel as u16) << 5
            | (self.channel_policy as u16) << 7;
        let keypath = self.secret_keypath.as_deref().unwrap_or_default();
        let mut security = Record::new(SECURITY);
        security
            .u8(0, 5)
            .u8(1, self.index.unwrap_or_default())
            .u16(2, bits)
            .u8(4, self.secret_type)
            .reference(6, heap.object(&self.secure_channel_algorithms))
            .reference(12, heap.object(&self.auth_protocols))
            .reference(18, heap.object(&self.cipher_suites))
            .reference(24, heap.object(&self.dh_groups))
            .reference(30, heap.object(&self.hash_functions))
            .reference(36, heap.text(keypath));
        security
    }
}
