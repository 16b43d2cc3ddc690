//! Tables that are small and ask for much, or that hold garbage where nothing is defined.

use nbft_common::table::Duid;
use nbft_common::table::parse::parse;
use nbft_tests::builder::{Description, kinds, repair_checksum, sharing};

use crate::support::{Folder, command, run, table};

fn number(table: &[u8], at: usize, bytes: usize) -> usize {
    table[at..at + bytes]
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

/// The bits of a table that the specification reserves: where, how many bytes, and which bits of each.
fn reserved(table: &[u8]) -> Vec<(usize, usize, u8)> {
    let newer = table[50] >= 1;
    let object = |reference: usize| (number(table, reference + 4, 2) > 0).then(|| number(table, reference, 4));
    let list = |at: usize| {
        let (start, stride) = (number(table, 64 + at, 4), number(table, 64 + at + 4, 2));
        (0..number(table, 64 + at + 7, 1)).map(move |nth| start + nth * stride)
    };
    let mut bits = vec![
        (51, 13, 0xff),
        (67, 1, 0xff),
        (70, 1, 0xfc),
        (71, 1, 0xff),
        (79, 1, 0xff),
        (112, 16, 0xff),
    ];
    let host = number(table, 72, 4);
    bits.extend([(host + 1, 1, 0xe0), (host + 24, 8, 0xff)]);
    for hfi in list(16) {
        bits.extend([(hfi + 2, 1, 0xfe), (hfi + 4, 12, 0xff), (hfi + 22, 10, 0xff)]);
        let info = object(hfi + 16).expect("transport information");
        let flags = if newer { 0xf0 } else { 0xf8 };
        bits.extend([(info + 6, 1, flags), (info + 53, 1, 0xff), (info + 117, 11, 0xff)]);
        if !newer {
            bits.push((info + 110, 7, 0xff));
        } else if let Some(extension) = object(info + 110) {
            bits.extend([(extension + 4, 1, 0xfc), (extension + 5, 3, 0xff)]);
        }
    }
    for ssns in list(24) {
        bits.extend([(ssns + 4, 1, 0xfe), (ssns + 6, 1, 0xf8), (ssns + 7, 1, 0xff)]);
        bits.extend([(ssns + 9, 1, 0xff), (ssns + 47, 1, 0xff), (ssns + 66, 62, 0xff)]);
        if let Some(extension) = object(ssns + 60) {
            bits.extend([(extension + 4, 1, 0xfc), (extension + 5, 3, 0xff)]);
        }
    }
    for profile in list(32) {
        bits.extend([(profile + 3, 1, 0xf0), (profile + 5, 1, 0xff), (profile + 42, 22, 0xff)]);
    }
    for discovery in list(40) {
        bits.extend([
            (discovery + 1, 1, 0xfe),
            (discovery + 5, 1, 0xff),
            (discovery + 18, 14, 0xff),
        ]);
    }
    bits
}

/// Firmware leaves garbage there.
#[test]
fn reserved_bits_mean_nothing() {
    for (name, description) in kinds() {
        let clean = description.build();
        let expected = parse(&clean).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        for garbage in [0xff, 0xa5, 0x5a] {
            let mut table = clean.clone();
            for (at, bytes, mask) in reserved(&clean) {
                for byte in &mut table[at..at + bytes] {
                    *byte = *byte & !mask | garbage & mask;
                }
            }
            repair_checksum(&mut table);
            assert_ne!(table, clean, "{name}");
            assert_eq!(parse(&table).as_ref(), Ok(&expected), "{name}: {garbage:#x}");
        }
    }
}

/// Versions and lengths of the control descriptor, which other readers ignore.
#[test]
fn odd_numbers_of_the_control_descriptor_are_warnings() {
    let clean = table("security-required");
    let expected = parse(&clean).expect("a table");
    for (at, words) in [
        (68, "the control descriptor gives its length as 65, not 64"),
        (78, "version 2 of the host descriptor"),
        (86, "version 2 of the hfi descriptors"),
        (94, "version 2 of the ssns descriptors"),
        (102, "version 2 of the security descriptors"),
        (110, "version 2 of the discovery descriptors"),
    ] {
        let mut table = clean.clone();
        table[at] += 1;
        repair_checksum(&mut table);
        let mut parsed = parse(&table).expect("a table");
        let warning = parsed.warnings.remove(0);
        assert_eq!((warning.offset, warning.dropped), (at, false), "{warning}");
        assert!(warning.to_string().contains(words), "{warning}");
        assert_eq!(parsed, expected);
    }
}

/// Runs nbft-dump with an address space of `megabytes`.
fn within(megabytes: usize, table: &[u8]) -> crate::support::Ran {
    let folder = Folder::new();
    let file = folder.file("NBFT", table);
    let dump = command("nbft-dump").get_program().to_owned();
    let script = format!("ulimit -v {}; exec \"$0\" -c \"$1\"", megabytes * 1024);
    run(std::process::Command::new("sh")
        .args(["-c", &script])
        .arg(dump)
        .arg(file))
}

/// 255 profiles with five lists each, all one heap object of 65,535 bytes: once 1.25 GB of JSON.
#[test]
fn shared_heap_objects_do_not_multiply() {
    let profile = "[[security]]\nauth_policy = 'driver'\nchannel_policy = 'driver'\ncipher_suites_restricted = 1\n\
                   dh_groups_restricted = 1\nhash_functions_restricted = 1\n";
    for (length, warnings) in [(0xffff, 255 * 5), (512, 1)] {
        let clean = Description::from_toml(&profile.repeat(255)).expect("a description");
        let table = sharing(&clean.build(), length, 0);
        let parsed = parse(&table).expect("a table");
        assert_eq!(parsed.security.len(), 255);
        assert!(
            parsed.warnings.len() >= warnings,
            "{length}: {} warnings",
            parsed.warnings.len()
        );
        let taken: usize = parsed
            .security
            .iter()
            .flat_map(|profile| &profile.auth_protocols)
            .map(Vec::len)
            .sum();
        assert!(taken <= 4 * table.len(), "{taken} of {}", table.len());
        let ran = within(100, &table);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr.lines().last().unwrap_or_default());
        assert!(
            ran.stdout.len() < 32 * table.len(),
            "{length}: {} bytes of JSON",
            ran.stdout.len()
        );
    }
}

/// Each part of the DHCP identity is used without the other.
#[test]
fn a_bad_iaid_leaves_the_duid() {
    let mut table = table("dhcp-ids");
    let clean = parse(&table).expect("a table");
    let info = number(&table, number(&table, 64 + 16, 4) + 16, 4);
    let extension = number(&table, info + 110, 4);
    // The reference to the IAID, now one byte long.
    table[extension + 12] = 1;
    repair_checksum(&mut table);
    let parsed = parse(&table).expect("a table");
    assert_eq!(
        (parsed.hfi[0].dhcp_iaid, &parsed.hfi[0].dhcp_duid),
        (None, &clean.hfi[0].dhcp_duid)
    );
    assert_eq!(parsed.warnings.len(), clean.warnings.len() + 1);
    assert!(
        parsed.warnings[0].message.contains("DHCP IAID has 1 bytes, not 4"),
        "{:?}",
        parsed.warnings
    );
}

#[test]
fn duids_read_back() {
    for stored in [
        &[1, 0, 1, 0, 4, 3, 2, 1, 0x52, 0x54, 0, 0, 0, 1][..],
        &[2, 0, 4, 3, 2, 1, 9],
        &[3, 0, 1, 0, 0x52, 0x54, 0, 0, 0, 1],
        &[4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
        &[0, 2, 7],
    ] {
        let duid = Duid::from_table(stored).expect("a DUID");
        let wire = duid.to_wire();
        assert_eq!(wire[..2], [stored[1], stored[0]]);
        assert_eq!(Duid::from_wire(&wire), Some(duid));
    }
    for bad in [
        &[][..],
        &[1],
        &[1, 0, 1, 0, 4, 3, 2],
        &[2, 0, 4, 3, 2],
        &[3, 0, 1],
        &[4, 0, 1, 2],
        &[9; 131],
    ] {
        assert_eq!(Duid::from_table(bad), None, "{bad:?}");
    }
}
