//! What descriptions may say, what the builder makes of its own keys, and the tables it breaks.

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
    let whole = small("", "").complete();
    let (hfi, ssns) = (&whole.hfi[0], &whole.subsystem[0]);
    assert_eq!(whole.revision.as_deref(), Some("1.0"));
    assert_eq!(
        (hfi.index, hfi.subnet_mask_prefix, hfi.route_metric),
        (Some(1), Some(24), 500)
    );
    assert_eq!((hfi.ip_origin, hfi.dhcp_server_ipaddr), (Some(1), None));
    assert_eq!(
        (ssns.index, ssns.num_hfis, ssns.unavailable),
        (Some(1), Some(1), Some(false))
    );
    assert_eq!((ssns.trsvcid.as_str(), ssns.hfis.as_deref()), ("4420", Some(&[1][..])));
    let v6 = Description::from_toml("[[hfi]]\nipaddr = '2001:db8::1'").unwrap();
    assert_eq!(v6.complete().hfi[0].subnet_mask_prefix, Some(64));
    let timed = small("", "connection_timeout = 5");
    assert_eq!(timed.complete().revision.as_deref(), Some("1.1"));
}

#[test]
fn derived_keys_give_way() {
    let both = small("", "unavailable = 1\navailability = 'available'").complete();
    assert_eq!(both.subsystem[0].unavailable, Some(false));
    let old = small("", "unavailable = true").complete();
    assert_eq!(old.subsystem[0].availability, Some(Availability::Unavailable));
    let duid = "[[hfi]]\ndhcp_duid = '0003000152540000000f'\ndhcp_duid_type = 'DUID-EN'";
    let hfi = &Description::from_toml(duid).unwrap().complete().hfi[0];
    assert_eq!(hfi.dhcp_duid_type.as_deref(), Some("DUID-LL"));
    assert_eq!(hfi.dhcp_duid_lladdr.clone().unwrap().to_string(), "52:54:00:00:00:0f");
    let raw = "[[hfi]]\ndhcp_duid_type = 'unknown(258)'\ndhcp_duid_raw = 'aabb'";
    let hfi = &Description::from_toml(raw).unwrap().complete().hfi[0];
    assert_eq!(hfi.dhcp_duid.clone().unwrap().to_string(), "0102aabb");
    let segment = "[[hfi]]\npcidev = '0:1f:1f.7'\npcie_seg_num = 255";
    let hfi = &Description::from_toml(segment).unwrap().complete().hfi[0];
    assert_eq!(hfi.pcidev.to_string(), "ff:1f:1f.7");
}

#[test]
fn json_says_the_same() {
    let seeds = (0..200).map(random);
    for description in kinds().into_iter().map(|(_, kind)| kind).chain(seeds) {
        let table = description.build();
        let whole = description.complete();
        assert_eq!(whole.complete(), whole);
        assert_eq!(whole.build(), table);
        let read = Description::from_json(&format!("[{}]", whole.to_json())).unwrap();
        assert_eq!(read, whole);
    }
}

#[test]
fn what_a_dump_adds_is_ignored() {
    let warnings = r#"[{"descriptor":"hfi","offset":1,"message":"odd"}]"#;
    let dump = format!(r#"[{{"filename":"NBFT","warnings":{warnings}}}]"#);
    let table = Description::from_json(&dump).unwrap().build();
    assert_eq!(table, Description::default().build());
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
        // Nothing that a description in a file would be refused for.
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
    // Nothing to break is no reason to fail.
    assert_eq!(mutants(&[], 9, 0).count(), 9);
    assert_eq!(mutants(&[0; 12], 90, 0).count(), 90);
}
