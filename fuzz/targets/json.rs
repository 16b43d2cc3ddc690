//! Any bytes are either nbft-dump's JSON or refused; tables that were read can be written and read again.

#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use nbft_common::table::TableFile;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(tables) = serde_json::from_slice::<Vec<TableFile>>(bytes) {
        common::check(&tables);
    }
});
