//! Text in a table that would command a terminal or confuse a reader: `nbft-dump` shows it and does not obey.

use crate::support::{Folder, Ran, command, from_json, run};
use nbft_tests::builder::kind;

fn nothing_raw(ran: &Ran) {
    let raw = |c: char| c.is_control() && c != '\n';
    assert!(!ran.stdout.contains(raw) && !ran.stderr.contains(raw), "{ran:?}");
}

/// Text of every place of a table, with all that a terminal would obey or a program choke on.
#[test]
fn no_control_character_reaches_the_terminal() {
    let folder = Folder::new();
    let evil = "a\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}1m\r\n\t\u{8}\u{7f}\u{85}\u{202e}\u{2028}z";
    let mut description = kind("security-required").expect("kind");
    let table = &mut description.table;
    table.host.nqn = evil.to_owned();
    table.hfi[0].host_name = Some(evil.to_owned());
    table.subsystem[0].subsys_nqn = evil.to_owned();
    table.subsystem[0].trsvcid = evil.to_owned();
    table.subsystem[0].dhcp_root_path_override = true;
    table.subsystem[0].dhcp_root_path_string = Some(evil.to_owned());
    table.discovery[0].uri = evil.to_owned();
    table.discovery[0].nqn = Some(evil.to_owned());
    table.security[0].secret_keypath = Some(evil.to_owned());
    table.oem_id = "\u{1b}c".to_owned();
    let path = folder.file("NB\u{1b}[31mFT", description.build());
    let ran = run(command("nbft-dump").arg("--text").arg(&path));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    nothing_raw(&ran);
    let shown = ran.stdout;
    assert!(!shown.contains(['\u{202e}', '\u{2028}']), "{shown}");
    let escaped = r"a\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}1m\u{d}\n\t\u{8}\u{7f}\u{85}\u{202e}\u{2028}z";
    assert_eq!(shown.matches(escaped).count(), 8, "{shown}");
    // JSON loses nothing of it.
    let json = from_json(&run(command("nbft-dump").arg(&path)).stdout);
    assert_eq!(json[0]["host"]["nqn"], evil);
    // And an error names the file.
    let missing = run(command("nbft-dump").arg(folder.join("\u{1b}[31m")));
    nothing_raw(&missing);
}

/// A NUL ends a text for whoever reads it as C does: what follows it is left out, and that is said.
#[test]
fn text_with_a_nul_is_cut_with_a_warning() {
    let mut description = kind("static-ipv4").expect("kind");
    description.table.subsystem[0].subsys_nqn = "nqn.a\0,hostnqn=evil".to_owned();
    description.table.host.nqn = "nqn.h\0ost".to_owned();
    let folder = Folder::new();
    let path = folder.file("NBFT", description.build());
    let text = run(command("nbft-dump").arg("--text").arg(&path)).stdout;
    assert!(
        text.contains("NQN         nqn.a\n") && text.contains("NQN         nqn.h\n"),
        "{text}"
    );
    let warned = run(command("nbft-dump").arg(&path)).stderr;
    assert_eq!(
        warned
            .matches("contains a NUL; the text after the NUL was cut off")
            .count(),
        2,
        "{warned}"
    );
    assert!(!text.contains("evil"), "{text}");
}
