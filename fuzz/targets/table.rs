//! Any bytes give a table or an error.

#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use nbft_common::table::TableFile;
use nbft_common::table::parse::parse;

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    read(&repaired(bytes));
});

fn read(bytes: &[u8]) {
    match parse(bytes) {
        Ok(table) => common::check(&[TableFile {
            filename: "NBFT".to_owned(),
            table,
        }]),
        Err(error) => assert!(error.offset <= bytes.len().max(64), "{error}"),
    }
}

/// The same bytes with a header that fits them: a changed byte alone would never get past the checksum.
fn repaired(bytes: &[u8]) -> Vec<u8> {
    let mut table = bytes.to_vec();
    if let (Some(start), Ok(length)) = (table.get_mut(..10), u32::try_from(bytes.len())) {
        start[..4].copy_from_slice(b"NBFT");
        start[4..8].copy_from_slice(&length.to_le_bytes());
        start[8] = 1;
        start[9] = 0;
        table[9] = 0_u8.wrapping_sub(table.iter().fold(0, |sum, &byte| sum.wrapping_add(byte)));
    }
    table
}
