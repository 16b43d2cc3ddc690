//! Compares built tables with the layout: every offset here is a number of the specification, not a constant of the
//! encoder.

use std::collections::HashSet;

use super::*;

fn u16_at(table: &[u8], at: usize) -> usize {
    usize::from(u16::from_le_bytes(table[at..at + 2].try_into().unwrap()))
}

fn u32_at(table: &[u8], at: usize) -> usize {
    u32::from_le_bytes(table[at..at + 4].try_into().unwrap()) as usize
}

fn object(table: &[u8], at: usize) -> &[u8] {
    &table[u32_at(table, at)..][..u16_at(table, at + 4)]
}

fn built(name: &str) -> Vec<u8> {
    kind(name).unwrap().build()
}

/// The offset of entry `number` (from 0) of the list at `place` of the control descriptor.
fn entry(table: &[u8], place: usize, number: usize) -> usize {
    assert!(number < usize::from(table[64 + place + 7]));
    u32_at(table, 64 + place) + number * u16_at(table, 64 + place + 4)
}

fn sum(table: &[u8]) -> u8 {
    table.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[test]
fn frame() {
    let table = built("static-ipv4");
    assert_eq!(&table[..4], b"NBFT");
    assert_eq!(u32_at(&table, 4), table.len());
    assert_eq!((table[8], table[50]), (1, 0));
    assert_eq!(sum(&table), 0);
    assert_eq!(&table[10..16], b"NVME  ");
    assert_eq!(&table[16..24], b"NBFTTEST");
    let heap = u32_at(&table, 36);
    assert_eq!(heap, 64 + 64 + 32 + 32 + 128);
    assert_eq!(heap + u32_at(&table, 40), table.len());
    assert_eq!(&table[64..72], [1, 1, 0, 0, 64, 0, 1, 0], "control descriptor");
    assert_eq!((u32_at(&table, 72), u16_at(&table, 76)), (128, 32));
    assert_eq!(table[78], 1);
    assert_eq!(&table[80..88], [160, 0, 0, 0, 32, 0, 1, 1], "HFI list");
    assert_eq!(&table[88..96], [192, 0, 0, 0, 128, 0, 1, 1], "SSNS list");
    assert_eq!(&table[96..112], [0; 16], "no security, no discovery");
}

#[test]
fn host() {
    let table = built("multi-1");
    let host = 128;
    // Valid, both configured, selected.
    assert_eq!(&table[host..host + 2], [2, 0b0001_0111]);
    assert_eq!(&table[host + 2..host + 6], [0xf8, 0x13, 0x1b, 0xac], "no swap");
    let nqn = b"nqn.2014-08.org.nvmexpress:uuid:f8131bac-cdef-4165-866b-5998c1e67890";
    assert_eq!(object(&table, host + 18), nqn);
    let end = u32_at(&table, host + 18) + nqn.len();
    assert_eq!(table[end], 0);
}

#[test]
fn hfi_static() {
    let table = built("static-ipv4");
    let hfi = entry(&table, 16, 0);
    assert_eq!(&table[hfi..hfi + 4], [3, 1, 1, 3]);
    let information = object(&table, hfi + 16);
    assert_eq!(information.len(), 128);
    assert_eq!(&information[..7], [7, 1, 3, 1, 1, 0, 0b0011]);
    assert_eq!(u32_at(information, 7), 1 << 3, "0:0:1.0");
    assert_eq!(&information[11..17], [0x52, 0x54, 0x00, 0xb8, 0x19, 0xb9], "MAC");
    assert_eq!(u16_at(information, 17), 0, "VLAN");
    assert_eq!(information[19], 1, "manual");
    let mapped = |last: u8| [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last];
    assert_eq!(information[20..36], mapped(20));
    assert_eq!(information[36], 24);
    assert_eq!(information[37..53], mapped(254));
    assert_eq!(u16_at(information, 54), 500);
    assert_eq!(information[56..72], mapped(53));
    assert_eq!(information[82..88], [0xff, 0xff, 0, 0, 0, 0], "no DNS 2");
    assert_eq!(information[88..104], [0; 16], "no DHCP server");
    assert_eq!(object(&table, u32_at(&table, hfi + 16) + 104), b"boot-client");
    assert_eq!(information[110..], [0; 18], "nothing of 1.1");
}

#[test]
fn hfi_of_revision_1_1() {
    let table = built("dhcp-ids");
    assert_eq!((table[8], table[50], table[65], table[66]), (1, 1, 1, 1));
    let duids: [&[u8]; 4] = [
        &[1, 0, 1, 0, 0x5d, 0x4c, 0x3b, 0x2a, 0x52, 0x54, 0, 0, 0, 1],
        &[2, 0, 0x11, 0xab, 0, 0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef],
        &[3, 0, 1, 0, 0x52, 0x54, 0, 0, 0, 3],
        &[
            4, 0, 0xdf, 0x66, 0x9a, 0x88, 0xbd, 0x6f, 0x4d, 0xd6, 0x8a, 0x50, 0x5f, 0x97, 0xeb, 0x55, 0xc8, 0x35,
        ],
    ];
    for (number, duid) in duids.into_iter().enumerate() {
        let information = u32_at(&table, entry(&table, 16, number) + 16);
        assert_eq!(table[information + 3], 2, "transport information version");
        assert_eq!(table[information + 19], 3, "DHCP");
        let extended = object(&table, information + 110);
        let index = number as u8 + 1;
        assert_eq!(extended.len(), 20);
        assert_eq!(extended[..8], [0x0a, 1, index, 0, 3, 0, 0, 0]);
        let at = u32_at(&table, information + 110);
        assert_eq!(object(&table, at + 14), duid);
        if number == 0 {
            assert_eq!(object(&table, at + 8), [0x78, 0x56, 0x34, 0x12], "IAID");
            // The segment is in the routing id and in the place that 1.1 has for it.
            assert_eq!(u32_at(&table, information + 7), 0x0001_0300);
            assert_eq!(table[information + 116], 1);
        }
    }
}

#[test]
fn ssns() {
    let table = built("multipath");
    let ssns = entry(&table, 24, 0);
    assert_eq!(table[ssns], 4);
    assert_eq!(u16_at(&table, ssns + 1), 1);
    assert_eq!(u16_at(&table, ssns + 3), 0b1_0001, "valid, extended");
    assert_eq!((table[ssns + 5], u16_at(&table, ssns + 6)), (3, 1));
    assert_eq!(object(&table, ssns + 10)[10..], [0xff, 0xff, 192, 0, 2, 1]);
    assert_eq!(object(&table, ssns + 16), b"4420");
    assert_eq!((u32_at(&table, ssns + 24), table[ssns + 28]), (1, 3));
    assert_eq!(table[ssns + 29..ssns + 33], [0xdf, 0x66, 0x9a, 0x88]);
    assert_eq!(table[ssns + 46], 1, "primary HFI");
    assert_eq!(object(&table, ssns + 48), [2], "secondary HFIs");
    assert_eq!(object(&table, ssns + 54), b"nqn.2014-08.org.example:disk");
    let extended = object(&table, ssns + 60);
    assert_eq!(extended.len(), 18);
    assert_eq!(extended[..8], [9, 1, 1, 0, 1, 0, 0, 0]);
    // One HFI only: repeated, or no list at all.
    let lone = built("static-ipv4");
    assert_eq!(object(&lone, entry(&lone, 24, 0) + 48), [1]);
    let none = built("no-secondary-list");
    assert_eq!(u16_at(&none, entry(&none, 24, 0) + 52), 0);
}

#[test]
fn ssns_flags() {
    let flags = |name, number| {
        let table = built(name);
        u16_at(&table, entry(&table, 24, number) + 3)
    };
    assert_eq!(flags("non-bootable", 1) & 0b10, 0b10);
    assert_eq!(flags("security-required", 0) & 0b100, 0b100);
    assert_eq!(flags("root-path", 0) & 0b1000, 0b1000);
    assert_eq!(flags("discovery-own-nqn", 0) & 0b110_0000, 0b110_0000);
    assert_eq!(flags("unavailable", 0) >> 7, 2);
    assert_eq!(flags("unavailable", 2) >> 7, 1);
    let digests = built("digests");
    let transport_flags = |number| u16_at(&digests, entry(&digests, 24, number) + 6);
    assert_eq!([0, 1, 2, 3].map(transport_flags), [1, 3, 5, 7]);
}

#[test]
fn ssns_extended() {
    let table = built("unavailable");
    let extended = |number| object(&table, entry(&table, 24, number) + 60);
    assert_eq!(extended(0)[18..], [2, 0, 30, 0, 3]);
    assert_eq!(extended(1)[18..], [3, 4, 0xff, 0xff, 0]);
    let table = built("root-path");
    let ssns = entry(&table, 24, 0);
    let extended = object(&table, ssns + 60);
    assert_eq!(u32_at(extended, 4), 0b11, "valid, administrative");
    assert_eq!(u16_at(extended, 10), 32);
    let path = object(&table, u32_at(&table, ssns + 60) + 12);
    assert!(path.starts_with(b"NVME+TCP://192.0.2.1:4420/"));
}

#[test]
fn security_and_discovery() {
    let table = built("security-required");
    let security = entry(&table, 32, 0);
    assert_eq!(table[security..security + 2], [5, 1]);
    // Valid, required (2) and administrator (2) twice, three restrictions.
    assert_eq!(u16_at(&table, security + 2), 0b1111_0101_0101);
    assert_eq!(table[security + 4], 2);
    assert_eq!(object(&table, security + 6), [2]);
    assert_eq!(object(&table, security + 12), [1]);
    assert_eq!(object(&table, security + 18), [0x13, 1, 0x13, 2]);
    assert_eq!(object(&table, security + 24), [1, 2, 3, 4, 5]);
    assert_eq!(object(&table, security + 30), [1, 2, 3]);
    assert!(object(&table, security + 36).starts_with(b"/redfish/"));
    let discovery = entry(&table, 40, 0);
    assert_eq!(table[discovery..discovery + 5], [6, 1, 1, 1, 1]);
    assert_eq!(object(&table, discovery + 6), b"nvme+tcp://192.0.2.1:8009/");
    assert_eq!(u16_at(&table, discovery + 16), 0, "well-known NQN");
    let ssns = entry(&table, 24, 0);
    assert_eq!((table[ssns + 8], table[ssns + 45]), (1, 1));
}

#[test]
fn every_reference_is_found_and_points_into_the_heap() {
    for (name, description) in kinds() {
        let table = description.build();
        let (heap, length) = (u32_at(&table, 36), u32_at(&table, 40));
        let references = heap_references(&table);
        let distinct: HashSet<_> = references.iter().collect();
        assert_eq!(distinct.len(), references.len(), "{name}");
        for at in references.into_iter().filter(|at| *at != 72) {
            let (offset, size) = (u32_at(&table, at), u16_at(&table, at + 4));
            let inside = offset >= heap && offset + size <= heap + length;
            assert!(inside || (offset, size) == (0, 0), "{name}: {at}");
        }
    }
    // Header, control, host; 1 + 1 of the HFI; 5 + 1 of the SSNS.
    assert_eq!(heap_references(&built("static-ipv4")).len(), 3 + 2 + 6);
    // With extended information an HFI has three more; the one SSNS as before.
    assert_eq!(heap_references(&built("dhcp-ids")).len(), 3 + 4 * 5 + 6);
}
