//! Properties of all tables, whatever their source.

#[path = "../../nbft-dump/src/page.rs"]
mod page;
#[path = "../../nbft-dump/src/text.rs"]
mod text;

use nbft_common::table::TableFile;

/// JSON reads back unchanged, and the text for people contains nothing that a terminal would obey.
pub fn check(tables: &[TableFile]) {
    let json = serde_json::to_vec(tables).expect("tables can be written as JSON");
    let back: Vec<TableFile> = serde_json::from_slice(&json).expect("written JSON can be read");
    assert_eq!(back, tables, "the tables read differ from the tables written");
    let text = String::from_utf8(text::tables(tables)).expect("text is UTF-8");
    let raw = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(raw), "a control character went through: {text:?}");
}
