//! nbft-names(8) keeps its promises: its example runs, its list of keys is whole, its formats exist.

use crate::support::manual::page;
use crate::support::names::{dump_kind, formats, interfaces, names};
use crate::support::{Folder, Ran, read};

/// The format in the page, as a reader would copy it from the screen.
fn example() -> String {
    let page = page("nbft-names.8");
    let (_, rest) = page.split_once(".\\\" example: format\n").expect("the mark");
    let (block, _) = rest.split_once("\n.Ed").expect("the end of the block");
    let lines = block
        .lines()
        .skip(1)
        .map(|line| line.replace("\\&", "").replace("\\e", "\\") + "\n");
    lines.collect()
}

#[test]
fn example_of_a_format() {
    let code = example();
    assert_eq!(code.lines().count(), 10, "ten lines: {code}");
    let folder = Folder::new();
    let path = folder.file("ifupdown.jq", &code);
    let render = |kind: &str| -> String {
        let ran: Ran = names(&dump_kind(kind), &["-f", path.to_str().expect("UTF-8")]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{kind}: {ran:?}");
        ran.stdout
    };
    assert_eq!(
        render("static-ipv4"),
        "# file nbft-nbft0h1\n\
         auto nbft0h1\n\
         iface nbft0h1 inet static\n  address 192.0.2.20/24\n  up ip route append 0.0.0.0/0 via 192.0.2.254\n"
    );
    assert_eq!(
        render("vlan"),
        "# file nbft-nbft0h1\n\
         auto nbft0h1\n\
         iface nbft0h1 inet static\n  address 192.0.2.20/24\n\
         \n# file nbft-nbft0h2\n\
         auto nbft0h2\n\
         iface nbft0h2 inet static\n  address 198.51.100.20/24\n  vlan-raw-device nbft0h1\n"
    );
    assert_eq!(
        render("dhcp-ipv4"),
        "# file nbft-nbft0h1\nauto nbft0h1\niface nbft0h1 inet dhcp\n"
    );
}

#[test]
fn every_key_is_in_the_page() {
    let page = page("nbft-json.5");
    let (_, section) = page.split_once(".Sh INTERFACES").expect("the section");
    let (section, _) = section.split_once("\n.Sh ").expect("its end");
    let words: Vec<&str> = section
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let interface = &interfaces(&dump_kind("static-ipv4"), &[])[0];
    for object in [
        interface,
        &interface["hfis"][0],
        &interface["addresses"][0],
        &interface["routes"][0],
    ] {
        for key in object.as_object().expect("an object").keys() {
            assert!(words.contains(&key.as_str()), "{key} is not in nbft-json(5)");
        }
    }
}

#[test]
fn every_format_is_in_the_page() {
    for format in formats().into_iter().chain(["json".to_owned()]) {
        assert!(page("nbft-names.8").contains(&format!(".It Cm {format}\n")), "{format}");
    }
}

/// The page lists every definition of the library for formats.
#[test]
fn every_definition_is_in_the_page() {
    let library = read("nbft-names/formats/lib.jq");
    for line in library.lines().filter_map(|line| line.strip_prefix("def ")) {
        let name = line.trim_end_matches(':');
        let listed = |line: &str| {
            line.starts_with(".It Li ")
                && line
                    .replace(" , ", "|")
                    .replace(".It Li ", "|")
                    .split('|')
                    .any(|item| item == name)
        };
        assert!(page("nbft-names.8").lines().any(listed), "{name}");
    }
}
