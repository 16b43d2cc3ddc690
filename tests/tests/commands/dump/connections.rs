//! `nbft-dump --connections`: which runs of nbft-connect boot a machine.

use nbft_tests::builder::Description;

use crate::support::{Folder, Ran, command, run};

const HFIS: &str = "[[hfi]]\nipaddr = '192.0.2.20'\n[[hfi]]\nipaddr = '192.0.3.20'\n";
const CONTROLLER: &str = "[[discovery]]\nhfi = 1\nuri = 'nvme+tcp://192.0.2.1:8009/'\n";

/// One SSNS; `keys` are added.
fn ssns(keys: &str) -> String {
    format!("[[subsystem]]\nhfis = [1]\ntraddr = '192.0.2.1'\nsubsys_nqn = 'nqn.2014-08.org.example:disk'\n{keys}\n")
}

/// A run on a table of these parts, in the file NBFT.
fn on(parts: &[&str], with: &mut dyn FnMut(&std::path::Path) -> Ran) -> Ran {
    let folder = Folder::new();
    let table = Description::from_toml(&parts.concat()).expect("a description").build();
    with(&folder.file("NBFT", table))
}

#[track_caller]
fn connections(parts: &[&str], expected: &str) -> String {
    let ran = on(parts, &mut |table| {
        run(command("nbft-dump").arg("--connections").arg(table))
    });
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), expected), "{ran:?}");
    ran.stderr
}

#[test]
fn namespaces_of_one_subsystem_are_one_connection() {
    let parts = [
        HFIS,
        &ssns(""),
        &ssns("nsid = 2"),
        &ssns("hfis = [2]").replace("hfis = [1]\n", ""),
    ];
    connections(&parts, "ssns NBFT:1\nssns NBFT:3\n");
}

#[test]
fn an_available_namespace_speaks_for_an_unavailable_one() {
    let parts = [HFIS, &ssns("unavailable = 1"), &ssns("nsid = 2")];
    connections(&parts, "ssns NBFT:2\n");
}

/// One that cannot be met ends with 78, and must not take the other along.
#[test]
fn other_demands_are_another_connection() {
    let profile = "[[security]]\nsecure_channel = 'required'\n";
    let parts = [
        HFIS,
        profile,
        &ssns(""),
        &ssns("pdu_header_digest_required = 1"),
        &ssns("data_digest_required = 1"),
        &ssns("security_index = 1"),
    ];
    connections(&parts, "ssns NBFT:1\nssns NBFT:2\nssns NBFT:3\nssns NBFT:4\n");
}

#[test]
fn a_discovery_controller_is_covered_by_what_it_found() {
    connections(&[HFIS, CONTROLLER, &ssns("")], "ssns NBFT:1\ndiscovery NBFT:1\n");
    connections(&[HFIS, CONTROLLER, &ssns("discovery_index = 1")], "ssns NBFT:1\n");
}

/// 0 in an SSNS means no discovery controller, so nothing comes from the controller with the index 0.
#[test]
fn a_discovery_controller_of_index_0() {
    let controller = format!("{CONTROLLER}index = 0\n");
    connections(&[HFIS, &controller, &ssns("")], "ssns NBFT:1\ndiscovery NBFT:0\n");
    let stray = ssns("").replace("org.example:disk", "org.nvmexpress.discovery");
    let said = connections(&[HFIS, &controller, &stray], "discovery NBFT:0\n");
    assert!(said.contains("SSNS 1: is a discovery controller that no"), "{said}");
}

/// nbft-connect takes the first of two descriptors that have one index.
#[test]
fn an_index_that_occurs_twice() {
    let other = ssns("index = 1").replace("example:disk", "example:other");
    let said = connections(&[HFIS, &ssns(""), &other], "ssns NBFT:1\n");
    let expected = "nbft-dump: warning: NBFT: SSNS 1: nqn.2014-08.org.example:other is not connected: an earlier SSNS \
                    has the same index\n";
    assert!(said.ends_with(expected), "{said}");
    // Another namespace of the same connection.
    let same = connections(&[HFIS, &ssns(""), &ssns("index = 1\nnsid = 2")], "ssns NBFT:1\n");
    assert!(!same.contains("not connected"), "{same}");

    let other = CONTROLLER.replace("192.0.2.1", "192.0.2.9") + "index = 1\n";
    let said = connections(&[HFIS, CONTROLLER, &other], "discovery NBFT:1\n");
    let expected = "nbft-dump: warning: NBFT: discovery 1: nvme+tcp://192.0.2.9:8009/ is not connected: an earlier \
                    discovery descriptor has the same index\n";
    assert!(said.ends_with(expected), "{said}");
    // A controller is covered by an SSNS that is connected, not by another.
    let found = ssns("index = 1\ndiscovery_index = 1").replace("example:disk", "example:other");
    connections(
        &[HFIS, CONTROLLER, &ssns(""), &found],
        "ssns NBFT:1\ndiscovery NBFT:1\n",
    );
}

/// Dell's and QEMU's firmware write an SSNS for a discovery controller that they could not use.
#[test]
fn an_ssns_with_the_discovery_nqn_covers_nothing() {
    let controller = |keys: &str| ssns(keys).replace("org.example:disk", "org.nvmexpress.discovery");
    let parts = [HFIS, CONTROLLER, &controller("unavailable = 1\ndiscovery_index = 1")];
    assert_eq!(connections(&parts, "discovery NBFT:1\n"), "");
    let stray = connections(&[HFIS, &controller("")], "");
    assert!(
        stray.contains("SSNS 1: is a discovery controller that no discovery descriptor"),
        "{stray}"
    );

    let connect = |parts: &[&str]| {
        on(parts, &mut |table| {
            let mut connect = command("nbft-connect");
            connect
                .env("NBFT_ROOT", "/nonexistent")
                .args(["--ssns", "1", "--table"])
                .arg(table);
            run(&mut connect)
        })
    };
    let ran = connect(&parts);
    let expected = "\
nbft-connect: SSNS 1: is a discovery controller, not a subsystem with disks; use --discovery NBFT:1
nbft-connect: SSNS 1: not connected; the firmware could not reach it either, so this is no failure
";
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (Some(0), expected),
        "an unavailable one is no failure"
    );
    let ran = connect(&[HFIS, &controller("")]);
    let expected = "nbft-connect: SSNS 1: is a discovery controller, not a subsystem with disks; and no discovery \
                    descriptor describes it\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(65), expected));
}
