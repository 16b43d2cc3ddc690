//! The header's minor revision alone says which fields a table has: firmware of 1.0 leaves garbage in what 1.1 defined.

use nbft_common::table::parse::parse;
use nbft_tests::builder::repair_checksum;

use crate::support::table;

/// Sets one byte, and corrects the checksum.
fn with_byte(mut table: Vec<u8>, offset: usize, value: u8) -> Vec<u8> {
    table[offset] = value;
    repair_checksum(&mut table);
    table
}

#[test]
fn a_table_of_1_0_has_no_field_of_1_1() {
    const MINOR: usize = 50;
    for kind in ["dhcp-ids", "unavailable"] {
        let newer = parse(&table(kind)).expect("a table");
        assert_eq!(newer.revision, "1.1", "{kind}");
        let older = parse(&with_byte(table(kind), MINOR, 0)).expect("a table");
        assert_eq!(older.revision, "1.0");

        let newer = serde_json::to_string(&newer).expect("JSON");
        let older = serde_json::to_string(&older).expect("JSON");
        let keys = [
            "dhcp_iaid",
            "dhcp_duid",
            "pcie_seg_num",
            "naed",
            "cipeec",
            "nceec",
            "connection_timeout",
        ];
        let mut told = 0;
        for key in keys {
            let key = format!("\"{key}\"");
            told += usize::from(newer.contains(&key));
            assert!(!older.contains(&key), "{kind}: {key} in {older}");
        }
        assert!(told > 0, "{kind}: {newer}");
    }
}
