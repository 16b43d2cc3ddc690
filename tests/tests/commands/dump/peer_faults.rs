//! Faults of the tool that these commands replace (`nvme nbft show` and `nvme connect-all --nbft` of nvme-cli 3.0-rc1),
//! each reproduced there, none of them here. Faults of connecting, which have the other numbers, are tested beside
//! nbft-connect.

use crate::support::{Folder, Ran, command, from_json, run, table as build};
use nbft_tests::builder::{Checksum, Description, HfiQuirks, heap_references, kind, repair_checksum};
use serde_json::{Value, json};

/// The tables that nbft-dump prints for one table, its exit code, and what it says on standard error.
fn dump(folder: &Folder, bytes: &[u8]) -> (Value, Ran) {
    let path = folder.file("NBFT", bytes);
    let ran = run(command("nbft-dump").arg(path));
    (from_json(&ran.stdout), ran)
}

/// A good table's JSON.
fn dumped(bytes: &[u8]) -> Value {
    let folder = Folder::new();
    let (mut json, ran) = dump(&folder, bytes);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    json[0].take()
}

/// The messages of a table's warnings.
fn warnings(table: &Value) -> Vec<&str> {
    let all = table["warnings"].as_array().expect("warnings");
    all.iter().filter_map(|warning| warning["message"].as_str()).collect()
}

#[test]
fn fault_01_exit_code_and_stdout_of_bad_tables() {
    let folder = Folder::new();
    let mut bad = kind("static-ipv4").expect("kind");
    bad.quirks.checksum = Checksum::Bad;
    let bad = folder.file("bad", bad.build());
    let good = folder.file("good", build("static-ipv4"));
    let all_bad = run(command("nbft-dump").args([&bad, &bad]));
    assert_eq!(
        (all_bad.code, all_bad.stdout.as_str()),
        (Some(65), "[]\n"),
        "{all_bad:?}"
    );
    assert_eq!(all_bad.stderr.matches("checksum").count(), 2, "{all_bad:?}");
    let mixed = run(command("nbft-dump").args([&bad, &good]));
    let json = from_json(&mixed.stdout);
    assert_eq!(
        (mixed.code, json.as_array().map(Vec::len)),
        (Some(65), Some(1)),
        "{mixed:?}"
    );
    assert!(mixed.stderr.contains("checksum"), "{mixed:?}");
}

#[test]
fn fault_02_namespace_without_secondary_list_is_kept() {
    let table = dumped(&build("no-secondary-list"));
    assert_eq!(table["subsystem"][0]["hfis"], json!([1]), "{table}");
    assert!(warnings(&table).is_empty(), "it is legal: {table}");
}

/// An SSNS has all HFIs that exist, and is left out only without any.
#[test]
fn namespace_with_one_bad_hfi_is_kept() {
    let two_paths = kind("multipath").expect("kind");
    let mut first_is_gone = two_paths.clone();
    first_is_gone.quirks.hfi = vec![HfiQuirks {
        invalid: true,
        ..HfiQuirks::default()
    }];
    let table = dumped(&first_is_gone.build());
    assert_eq!(table["subsystem"][0]["hfis"], json!([2]), "{table}");
    assert_eq!(
        warnings(&table),
        ["not marked valid", "names HFI 1, which does not exist"]
    );

    // The reference to the list of secondary HFIs, at byte 48 of the descriptor.
    let mut bytes = two_paths.build();
    let control = 64;
    let list = u32::from_le_bytes(std::array::from_fn(|n| bytes[control + 24 + n]));
    let place = usize::try_from(list).expect("offset") + 48;
    bytes[place..place + 4].copy_from_slice(&0x00ff_0000_u32.to_le_bytes());
    repair_checksum(&mut bytes);
    let table = dumped(&bytes);
    assert_eq!(table["subsystem"][0]["hfis"], json!([1]), "{table}");
    assert!(
        warnings(&table)[0].starts_with("secondary HFI list (1 bytes"),
        "{table}"
    );
    assert_eq!(table["warnings"][0].get("dropped"), None, "{table}");

    let mut none = two_paths;
    none.quirks.subsystem[0].secondary_hfis = Some(vec![7, 0, 8]);
    none.table.subsystem[0].hfis = vec![9];
    let table = dumped(&none.build());
    assert_eq!(table["subsystem"][0].get("hfis"), None, "{table}");
    assert_eq!(warnings(&table), ["HFI 9, 7, 8 does not exist"]);
}

#[test]
fn fault_03_discovery_without_its_hfi_hides_no_other() {
    let mut description = kind("discovery-own-nqn").expect("kind");
    let list = &mut description.table.discovery;
    let mut lost = list[0].clone();
    (lost.index, lost.hfi) = (9, 7);
    list[0].index = 1;
    list.insert(0, lost);
    let table = dumped(&description.build());
    let left: Vec<&Value> = table["discovery"]
        .as_array()
        .expect("list")
        .iter()
        .map(|one| &one["index"])
        .collect();
    assert_eq!(left, [1], "{table}");
    assert_eq!(warnings(&table), ["HFI 7 does not exist"]);
    assert_eq!(table["warnings"][0]["dropped"], 1, "{table}");
}

#[test]
fn fault_04_text_of_discovery_without_nqn() {
    let folder = Folder::new();
    let path = folder.file("NBFT", build("discovery-well-known"));
    let ran = run(command("nbft-dump").arg("--text").arg(path));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout.contains("nqn.2014-08.org.nvmexpress.discovery (well-known)"),
        "{ran:?}"
    );
}

#[test]
fn fault_05_security_index_counts_only_with_its_flag() {
    let mut description = kind("security-required").expect("kind");
    description.quirks.subsystem[0].use_security = Some(false);
    let table = dumped(&description.build());
    assert_eq!(table["subsystem"][0].get("security_index"), None, "{table}");
    // Even one that the table does not have.
    description.table.subsystem[0].security_index = Some(77);
    let table = dumped(&description.build());
    assert_eq!(table["subsystem"].as_array().map(Vec::len), Some(1), "{table}");
    description.quirks.subsystem[0].use_security = Some(true);
    let table = dumped(&description.build());
    // Kept, so that nbft-connect can refuse it by name.
    assert_eq!(table["subsystem"][0]["security_index"], 77, "{table}");
    assert_eq!(warnings(&table), ["demands security profile 77, which does not exist"]);
}

/// Each heap object, of every length that is too short for what is in it, and each at the table's very end.
#[test]
fn fault_06_short_objects_and_open_strings_are_not_read_past() {
    let folder = Folder::new();
    for name in [
        "static-ipv4",
        "dhcp-ids",
        "security-required",
        "root-path",
        "discovery-own-nqn",
    ] {
        let good = build(name);
        let whole = dump(&folder, &good).0;
        for place in heap_references(&good) {
            let length = u16::from_le_bytes([good[place + 4], good[place + 5]]);
            let offset = u32::from_le_bytes(std::array::from_fn(|n| good[place + n]));
            if length == 0 {
                continue;
            }
            for shorter in [1, 2, length / 2, length - 1] {
                let mut table = good.clone();
                table[place + 4..place + 6].copy_from_slice(&shorter.to_le_bytes());
                repair_checksum(&mut table);
                said(
                    &folder,
                    &whole,
                    &table,
                    &format!("{name}: {shorter} of {length} bytes at {place}"),
                );
            }
            // The same bytes as the last of the table: no NUL follows, nothing does.
            let start = usize::try_from(offset).expect("offset");
            let mut table = good.clone();
            let object = good[start..start + usize::from(length)].to_vec();
            let end = u32::try_from(table.len()).expect("length");
            table.extend(object);
            table[place..place + 4].copy_from_slice(&end.to_le_bytes());
            let all = u32::try_from(table.len()).expect("length");
            table[4..8].copy_from_slice(&all.to_le_bytes());
            let heap = u32::from_le_bytes(std::array::from_fn(|n| table[36 + n]));
            table[40..44].copy_from_slice(&(all - heap).to_le_bytes());
            repair_checksum(&mut table);
            let (json, ran) = dump(&folder, &table);
            let open = ran.stderr.contains("is not terminated by a NUL");
            assert!(open || same(&json, &whole), "{name}: object of {place} moved: {ran:?}");
        }
    }
}

/// A table with a shortened object is as before, or something is said of it; nothing of the neighbours is in it.
fn said(folder: &Folder, whole: &Value, table: &[u8], what: &str) {
    let (json, ran) = dump(folder, table);
    assert!(matches!(ran.code, Some(0 | 65)), "{what}: {ran:?}");
    let silent = ran.stderr.is_empty();
    // Objects without a length of their own may be shorter: device paths, the lists of security profiles, DUIDs.
    let cut = |json: &Value| {
        let mut json = json.clone();
        json[0]["driver_device_path"] = Value::Null;
        json[0]["security"] = Value::Null;
        for hfi in json[0]["hfi"].as_array_mut().into_iter().flatten() {
            hfi.as_object_mut()
                .expect("object")
                .retain(|key, _| !key.starts_with("dhcp_duid"));
        }
        json
    };
    assert!(!silent || same(&cut(&json), &cut(whole)), "{what}: {json}");
}

/// Whether two dumps of one file differ in nothing but warnings.
fn same(one: &Value, other: &Value) -> bool {
    let without = |json: &Value| {
        let mut json = json.clone();
        json[0]["warnings"] = Value::Null;
        json
    };
    without(one) == without(other)
}

#[test]
fn fault_07_numbers_are_those_of_the_table() {
    let description = Description::from_json(
        r#"{"hfi": [{"pcidev": "a:1:2.3", "pcie_seg_num": 10, "ipaddr": "192.0.2.20"}], "revision": "1.1",
            "subsystem": [{"traddr": "192.0.2.1", "subsys_nqn": "nqn.a", "nsid": 4294967295, "availability": "reserved"},
                          {"traddr": "192.0.2.1", "subsys_nqn": "nqn.b", "connection_timeout": 0}]}"#,
    );
    let table = dumped(&description.expect("description").build());
    let [first, second] = [&table["subsystem"][0], &table["subsystem"][1]];
    assert_eq!(first["nsid"], 4_294_967_295_u64, "not negative");
    assert_eq!(table["hfi"][0]["pcidev"], "a:1:2.3", "the real segment");
    assert_eq!(first.get("connection_timeout"), None, "none given");
    assert_eq!(second["connection_timeout"], 0, "given as 0");
    assert_eq!(
        (&first["unavailable"], &first["availability"]),
        (&json!(0), &json!("reserved"))
    );
    // Revision 1.0 has no such field.
    let old = dumped(&build("static-ipv4"));
    assert_eq!(old["subsystem"][0].get("connection_timeout"), None, "{old}");
}

#[test]
fn fault_08_text_that_is_not_utf8_gives_valid_json() {
    let folder = Folder::new();
    let mut table = build("static-ipv4");
    let place = table
        .windows(4)
        .position(|bytes| bytes == b"disk")
        .expect("the subsystem's NQN");
    table[place..place + 2].copy_from_slice(b"\xff\xc3");
    repair_checksum(&mut table);
    let (json, ran) = dump(&folder, &table);
    let nqn = &json[0]["subsystem"][0]["subsys_nqn"];
    assert_eq!(nqn, "nqn.2014-08.org.example:\u{fffd}\u{fffd}sk", "{ran:?}");
    assert!(ran.stderr.contains("subsystem NQN is not UTF-8"), "{ran:?}");
}

/// The line nbft-connect would write for SSNS 1 on a machine with the table and the interface eth0.
fn connect_line(description: &Description) -> String {
    let machine = Folder::new();
    machine.file("/sys/firmware/acpi/tables/NBFT", description.build());
    let mac = description.table.hfi[0].mac_addr;
    machine.file("/sys/class/net/eth0/address", format!("{mac}\n"));
    machine.file("/sys/class/net/eth0/ifindex", "2\n");
    let ran = run(command("nbft-connect")
        .args(["--dry-run", "--ssns", "1"])
        .env("NBFT_ROOT", machine.path()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

#[test]
fn fault_13_source_address_and_scope() {
    let mut none = kind("static-ipv4").expect("kind");
    for nothing in ["0.0.0.0", "::"] {
        none.table.hfi[0].ipaddr = nothing.parse().expect("address");
        let line = connect_line(&none);
        assert!(!line.contains("host_traddr"), "{line}");
    }
    let line = connect_line(&kind("link-local-ipv6").expect("kind"));
    let scoped = |key: &str| {
        line.trim_end()
            .split(',')
            .any(|field| field.starts_with(key) && field.ends_with("%eth0"))
    };
    assert!(scoped("traddr=fe80::") && scoped("host_traddr=fe80::"), "{line}");
}

#[test]
fn fault_14_order_minor_revision_and_padding() {
    let machine = Folder::new();
    let tables = "/sys/firmware/acpi/tables";
    let mut padded = kind("static-ipv4").expect("kind");
    // Bytes that do not add up to zero, after the header's length.
    let mut bytes = padded.build();
    bytes.extend([1, 2, 3]);
    machine.file(&format!("{tables}/NBFT2"), bytes);
    padded.quirks.minor = Some(2);
    machine.file(&format!("{tables}/NBFT10"), padded.build());
    machine.file(&format!("{tables}/NBFT1"), build("static-ipv4"));
    let ran = run(command("nbft-dump").env("NBFT_ROOT", machine.path()));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = from_json(&ran.stdout);
    let said: Vec<_> = json
        .as_array()
        .expect("tables")
        .iter()
        .map(|t| (&t["filename"], &t["revision"]))
        .collect();
    let expected = [("NBFT1", "1.0"), ("NBFT2", "1.0"), ("NBFT10", "1.2")];
    let expected = expected.map(|(name, revision)| (json!(format!("{tables}/{name}")), json!(revision)));
    assert_eq!(
        said,
        expected.each_ref().map(|(name, revision)| (name, revision)),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("revision 1.2 is newer than 1.1; read as 1.1"),
        "{ran:?}"
    );
}
