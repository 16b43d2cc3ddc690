//! Lays a table out: header, control and host descriptors, the four lists, the heap.

use std::iter::repeat;

use nbft_common::table::{Demand, Discovery, Host, Policy, PrimaryAdmin, Security};

use super::description::{Description, revision_numbers};
use super::encode_hfi::hfi;
use super::encode_ssns::ssns;
use super::heap::{Heap, Record, Reference, flags, number};
use super::mutate::repair_checksum;
use super::quirks::{Checksum, DiscoveryQuirks, DiscoveryReference, PlainQuirks};

const HEADER: usize = 64;
const CONTROL: usize = 64;
const HOST: usize = 32;
const HFI: usize = 32;
const SSNS: usize = 128;
const SECURITY: usize = 64;
const DISCOVERY: usize = 32;

/// One list: its place in the control descriptor, the size of its entries, and the entries.
struct List {
    place: usize,
    size: usize,
    entries: Vec<Record>,
}

impl Description {
    /// The bytes of the table.
    pub fn build(&self) -> Vec<u8> {
        let Self { table, quirks } = self;
        let extra = usize::from(quirks.descriptor_stride_extra);
        let lists_size = table.hfi.len() * (HFI + extra)
            + table.subsystem.len() * (SSNS + extra)
            + table.security.len() * (SECURITY + extra)
            + table.discovery.len() * (DISCOVERY + extra);
        let newer = table.revision != "1.0";
        let mut heap = Heap::new(HEADER + CONTROL + HOST + lists_size, quirks.layout, newer);

        let host = host(&table.host, &quirks.host, &mut heap);
        let hfis = records(&table.hfi, &quirks.hfi, hfi, &mut heap);
        let ssnss = records(&table.subsystem, &quirks.subsystem, ssns, &mut heap);
        let profiles = records(&table.security, &quirks.security, security, &mut heap);
        let controllers = records(&table.discovery, &quirks.discovery, discovery, &mut heap);
        let list = |place, size, entries| List {
            place,
            size: size + extra,
            entries,
        };
        let lists = [
            list(16, HFI, hfis),
            list(24, SSNS, ssnss),
            list(32, SECURITY, profiles),
            list(40, DISCOVERY, controllers),
        ];

        let control = self.control(&lists);
        let header = self.header(&mut heap);
        let mut bytes = [header.0, control.0, host.0].concat();
        for list in lists {
            for Record(mut entry) in list.entries {
                entry.resize(list.size, 0);
                bytes.extend(entry);
            }
        }
        bytes.extend(heap.bytes);
        self.finish(bytes)
    }

    fn revision_bytes(&self) -> (u8, u8) {
        let (major, minor) = revision_numbers(&self.table.revision).unwrap_or((1, 0));
        (self.quirks.major.unwrap_or(major), self.quirks.minor.unwrap_or(minor))
    }

    fn header(&self, heap: &mut Heap) -> Record {
        let (major, minor) = self.revision_bytes();
        let table = &self.table;
        // Reading a description refuses text that is not hexadecimal.
        let path = heap.object(&table.driver_device_path.0);
        let signature = self.quirks.signature.as_deref().unwrap_or("NBFT");
        let mut header = Record::new(HEADER);
        header
            .bytes(0, &padded::<4>(signature))
            .u32(4, (heap.base + heap.bytes.len()) as u32)
            .u8(8, major)
            .bytes(10, &padded::<6>(&table.oem_id))
            .bytes(16, &padded::<8>(&table.oem_table_id))
            .u32(24, table.oem_revision)
            .u32(28, table.creator_id)
            .u32(32, table.creator_revision)
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
            .u8(6, flags([(0, true), (1, self.table.boot_failover)]) as u8)
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

    /// Applies what comes after the layout: trailing bytes, patches, checksum.
    fn finish(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let quirks = &self.quirks;
        bytes.resize(bytes.len() + quirks.padding, 0);
        for patch in &quirks.patch {
            let end = patch.offset + patch.bytes.len();
            if end > bytes.len() {
                bytes.resize(end, 0);
            }
            bytes[patch.offset..end].copy_from_slice(&patch.bytes);
        }
        repair_checksum(&mut bytes);
        if quirks.checksum == Checksum::Bad {
            bytes[9] = bytes[9].wrapping_add(1);
        }
        bytes
    }
}

/// Makes the record of one descriptor; the objects that it refers to go to the heap.
type Encode<T, Q> = fn(&T, &Q, &mut Heap) -> Record;

/// The records of a list of descriptors, each with its quirks.
fn records<T, Q: Default>(list: &[T], quirks: &[Q], encode: Encode<T, Q>, heap: &mut Heap) -> Vec<Record> {
    let plain = Q::default();
    let quirks = quirks.iter().chain(repeat(&plain));
    list.iter().zip(quirks).map(|(it, odd)| encode(it, odd, heap)).collect()
}

/// ACPI ids are padded with spaces.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut field = [b' '; N];
    for (to, from) in field.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    field
}

fn host(host: &Host, quirks: &PlainQuirks, heap: &mut Heap) -> Record {
    use PrimaryAdmin::*;
    let bits = flags([
        (0, !quirks.invalid),
        (1, host.host_id_configured),
        (2, host.host_nqn_configured),
    ]) as u8;
    let primary = number(
        host.primary_admin_host_flag,
        [NotIndicated, Unselected, Selected, Reserved],
    );
    let mut record = Record::new(HOST);
    record
        .u8(0, 2)
        .u8(1, bits | (primary as u8) << 3)
        .bytes(2, &host.id.0)
        .reference(18, heap.text(&host.nqn));
    record
}

fn discovery(discovery: &Discovery, quirks: &DiscoveryQuirks, heap: &mut Heap) -> Record {
    let mut text = |reference, text: &str| match quirks.without.contains(&reference) {
        true => Reference::default(),
        false => heap.text(text),
    };
    let mut record = Record::new(DISCOVERY);
    record
        .u8(0, 6)
        .u8(1, u8::from(!quirks.invalid))
        .u8(2, discovery.index)
        .u8(3, discovery.hfi)
        .u8(4, discovery.security)
        .reference(6, text(DiscoveryReference::Uri, &discovery.uri))
        .reference(
            12,
            text(DiscoveryReference::Nqn, discovery.nqn.as_deref().unwrap_or_default()),
        );
    record
}

fn security(security: &Security, quirks: &PlainQuirks, heap: &mut Heap) -> Record {
    let demand = |demand| {
        use Demand::*;
        number(demand, [NotSupported, NotRequired, Required, Reserved])
    };
    let policy = |policy| {
        use Policy::*;
        number(policy, [NotSupported, Driver, Administrator, Reserved])
    };
    let bits = flags([
        (0, !quirks.invalid),
        (9, security.cipher_suites_restricted),
        (10, security.dh_groups_restricted),
        (11, security.hash_functions_restricted),
    ]) as u16
        | demand(security.in_band_auth) << 1
        | policy(security.auth_policy) << 3
        | demand(security.secure_channel) << 5
        | policy(security.channel_policy) << 7;
    let mut list = |list: &Option<Vec<u8>>| heap.object(list.as_deref().unwrap_or_default());
    let mut record = Record::new(SECURITY);
    record
        .u8(0, 5)
        .u8(1, security.index)
        .u16(2, bits)
        .u8(4, security.secret_type)
        .reference(6, list(&security.secure_channel_algorithms))
        .reference(12, list(&security.auth_protocols))
        .reference(18, list(&security.cipher_suites))
        .reference(24, list(&security.dh_groups))
        .reference(30, list(&security.hash_functions))
        .reference(36, heap.text(security.secret_keypath.as_deref().unwrap_or_default()));
    record
}
