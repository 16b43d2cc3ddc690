//! Descriptions, the keys that only the builder knows, and mutants.

use nbft_common::table::Availability;

use super::*;

const SMALL: &str = "[[hfi]]\n[[subsystem]]\ntraddr = '192.0.2.1'\nsubsys_nqn = 'nqn.x'\n";

/// A small table with more keys, table keys first.
fn small(first: &str, last: &str) -> Description {
    Description::from_toml(&format!("{first}\n{SMALL}{last}\n")).unwrap()
}

fn sum(table: &[u8]) -> u8 {
    table.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[test]
fn errors_name_the_key() {
    let error = |text: &str| Description::from_toml(text).unwrap_err();
    assert_eq!(error("\ncolour = 1"), "line 2: unknown field `colour`");
    assert!(error("[[hfi]]\nvlam = 3").ends_with(": unknown field `vlam`"));
    assert_eq!(error("[[subsystem]]"), "subsystem 1: traddr: missing");
    let lacking = "[[subsystem]]\ntraddr='192.0.2.1'";
    assert_eq!(error(lacking), "subsystem 1: subsys_nqn: missing");
    assert_eq!(error("[[discovery]]"), "discovery 1: uri: missing");
    assert!(error("revision = '1'").starts_with("revision: "));
    assert!(error("[[hfi]]\nmac_addr = '52:54'").contains("`52:54` is not a MAC address"));
    assert!(error("[[hfi]]\nipaddr = '192.0.2'").contains("not an IP address"));
    assert!(error("[[hfi]]\ndhcp_duid_type = 'LL'").contains("not a DUID type"));
    let nid = format!("{SMALL}nid = '12'");
    assert!(error(&nid).starts_with("subsystem 1: nid: "));
    assert!(error("patch = [{offset = 1000000000, bytes = '00'}]").starts_with("patch: "));
    assert_eq!(
        Description::from_json("[{},{}]").unwrap_err(),
        "2 tables, where one is needed"
    );
    assert!(Description::from_json("[{\"hot\":1}]").unwrap_err().contains("`hot`"));
}

#[test]
fn defaults() {
    let whole = small("", "").table;
    let (hfi, ssns) = (&whole.hfi[0], &whole.subsystem[0]);
    assert_eq!(whole.revision, "1.0");
    assert_eq!((hfi.index, hfi.subnet_mask_prefix, hfi.route_metric), (1, 24, 500));
    assert_eq!((hfi.ip_origin.into(), hfi.dhcp_server_ipaddr), (1u8, None));
    assert_eq!((ssns.index, ssns.num_hfis, ssns.unavailable), (1, 1, false));
    assert_eq!((ssns.trsvcid.as_str(), ssns.hfis.as_slice()), ("4420", &[1][..]));
    let v6 = Description::from_toml("[[hfi]]\nipaddr = '2001:db8::1'").unwrap();
    assert_eq!(v6.table.hfi[0].subnet_mask_prefix, 64);
    let timed = small("", "connection_timeout = 5");
    assert_eq!(timed.table.revision, "1.1");
}

#[test]
fn derived_keys_give_way() {
    let both = small("", "unavailable = 1\navailability = 'available'").table;
    assert!(!both.subsystem[0].unavailable);
    let old = small("", "unavailable = true").table;
    assert_eq!(old.subsystem[0].availability, Availability::Unavailable);
    let duid = "[[hfi]]\ndhcp_duid = '0003000152540000000f'\ndhcp_duid_type = 'DUID-EN'";
    let hfi = |text: &str| Description::from_toml(text).unwrap().to_value()["hfi"][0].clone();
    assert_eq!(hfi(duid)["dhcp_duid_type"], "DUID-LL");
    assert_eq!(hfi(duid)["dhcp_duid_lladdr"], "52:54:00:00:00:0f");
    let raw = "[[hfi]]\ndhcp_duid_type = 'unknown(258)'\ndhcp_duid_raw = '02:01:aa:bb'";
    assert_eq!(hfi(raw)["dhcp_duid"], "0102aabb");
    let segment = "[[hfi]]\npcidev = '0:1f:1f.7'\npcie_seg_num = 255";
    assert_eq!(hfi(segment)["pcidev"], "ff:1f:1f.7");
}

#[test]
fn json_says_the_same() {
    let seeds = (0..200).map(random);
    for description in kinds().into_iter().map(|(_, kind)| kind).chain(seeds) {
        let read = Description::from_json(&format!("[{}]", description.to_json())).unwrap();
        assert_eq!(read, description);
        assert_eq!(read.build(), description.build());
    }
}

#[test]
fn keys_that_a_dump_adds_are_ignored() {
    let warnings = r#"[{"descriptor":"hfi","offset":1,"message":"odd"}]"#;
    let dump = format!(r#"[{{"filename":"NBFT","warnings":{warnings}}}]"#);
    let table = Description::from_json(&dump).unwrap().build();
    assert_eq!(table, Description::from_toml("").unwrap().build());
}

#[test]
fn keys_of_the_builder() {
    let plain = small("", "").build();
    let counted = small("layout = 'nul-in-length'", "").build();
    assert_eq!(counted.len(), plain.len());
    assert_eq!((plain[150], counted[150]), (68, 69), "length of the host NQN");

    let padded = small("padding = 7", "").build();
    assert_eq!(padded.len(), plain.len() + 7);
    assert_eq!((&padded[4..8], sum(&padded)), (&plain[4..8], 0));

    let longer = small("descriptor_stride_extra = 8", "").build();
    assert_eq!((longer[84], longer[92]), (40, 136));
    assert_eq!(longer.len(), plain.len() + 16);

    assert_eq!(sum(&small("checksum = 'bad'", "").build()), 1);
    let patched = small("patch = [{ offset = 64, bytes = '0a0B' }]", "").build();
    assert_eq!((&patched[64..66], sum(&patched)), (&[0x0a, 0x0b][..], 0));
    let other = small("signature = 'IBFT'\nmajor = 2\nminor = 7", "").build();
    assert_eq!((&other[..4], other[8], other[50]), (&b"IBFT"[..], 2, 7));

    let ssns = 192;
    let last = "invalid = true\nsecondary_hfis = [9, 8]\nno_ext_info = true\nuse_security = true\ntransport = 'rdma'";
    let table = small("", last).build();
    assert_eq!(&table[ssns + 3..ssns + 6], [0b100, 0, 1]);
    assert_eq!((table[ssns + 52], &table[ssns + 60..ssns + 66]), (2, &[0; 6][..]));
    let without = small("", "without = ['traddr', 'subsys_nqn']").build();
    assert_eq!((&without[ssns + 10..ssns + 16], without[ssns + 20]), (&[0; 6][..], 4));
}

#[test]
fn huge_is_as_large_as_it_gets() {
    let table = kind("huge").unwrap().build();
    assert_eq!((table[87], table[95]), (255, 255));
    let last = 64 + 64 + 32 + 255 * 32 + 254 * 128;
    assert_eq!(table[last..last + 3], [4, 255, 0]);
    assert_eq!(table[last + 52..last + 54], [254, 0], "secondary HFIs");
    assert!(kinds().len() >= 16);
}

#[test]
fn random_is_the_same_every_time() {
    assert_eq!(random(42), random(42));
    assert_ne!(random(42), random(43));
    for seed in 0..200 {
        let table = random(seed).build();
        assert_eq!(sum(&table), 0);
        // A file with this description would not be refused.
        Description::from_json(&random(seed).to_json()).unwrap();
    }
}

#[test]
fn mutants_are_wrong_in_every_way() {
    let table = kind("security-required").unwrap().build();
    let all: Vec<_> = mutants(&table, 900, 1).collect();
    assert_eq!(all, mutants(&table, 900, 1).collect::<Vec<_>>());
    assert_eq!(all[17], mutant(&table, 17, 1));
    for mutant in all.iter().filter(|mutant| mutant.len() > 9) {
        assert_eq!(sum(mutant), 0);
    }
    let length = |mutant: &[u8]| u32::from_le_bytes(mutant[4..8].try_into().unwrap()) as usize;
    let short = || all.iter().filter(|m| m.len() < table.len() && m.len() > 9);
    assert!(short().any(|mutant| length(mutant) == mutant.len()));
    assert!(short().any(|mutant| length(mutant) == table.len()));
    for at in heap_references(&table) {
        let reaches =
            |bytes: &[u8], at: usize| all.iter().any(|m| m.len() == table.len() && m[at..].starts_with(bytes));
        assert!(reaches(&(table.len() as u32).to_le_bytes(), at));
        assert!(reaches(&[0xff; 4], at));
        assert!(reaches(&[0xff; 2], at + 4));
    }
    // Tables too short to break are no error.
    assert_eq!(mutants(&[], 9, 0).count(), 9);
    assert_eq!(mutants(&[0; 12], 90, 0).count(), 90);
}
