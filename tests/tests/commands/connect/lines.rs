//! The option lines nbft-connect would write, on machines made of folders.

use crate::support::{Folder, Ran, command, decoded, fails, peer_tables, run};
use nbft_common::table::Availability;
use nbft_tests::builder::{Description, kind, kinds};

/// A machine with an NBFT and these network interfaces: name, MAC address, VLAN (0: none), ifindex.
pub fn machine(table: &[u8], interfaces: &[(&str, &str, u16)]) -> Folder {
    let machine = Folder::new();
    machine.file("/sys/firmware/acpi/tables/NBFT", table);
    for (index, (interface, mac, vlan)) in (1..).zip(interfaces) {
        machine.file(&format!("/sys/class/net/{interface}/address"), format!("{mac}\n"));
        machine.file(&format!("/sys/class/net/{interface}/ifindex"), format!("{index}\n"));
        if *vlan != 0 {
            machine.file(
                &format!("/proc/net/vlan/{interface}"),
                format!("{interface}  VID: {vlan}\t REORDER_HDR: 1\n"),
            );
        }
    }
    machine
}

pub fn dry_run(machine: &Folder, arguments: &[&str]) -> Ran {
    run(command("nbft-connect")
        .arg("--dry-run")
        .args(arguments)
        .env("NBFT_ROOT", machine.path()))
}

/// The first field of each line of `connect.txt` that concerns an SSNS, without what the peer has no business to add.
fn peer_lines(text: &str) -> Vec<Vec<&str>> {
    let own = |field: &&str| {
        !["hostnqn=", "hostid=", "ctrl_loss_tmo="]
            .iter()
            .any(|key| field.starts_with(key))
    };
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("nqn=nqn.2014-08.org.nvmexpress.discovery,"));
    lines.map(|line| line.split(',').filter(own).collect()).collect()
}

/// nbft-connect writes the same options for the same paths as the replaced tool.
#[test]
fn same_lines_as_the_peer() {
    for folder in or_skip!(peer_tables()) {
        let Ok(theirs) = std::fs::read_to_string(folder.join("connect.txt")) else {
            continue;
        };
        let name = folder.file_name().expect("name").to_string_lossy().into_owned();
        let bytes = std::fs::read(folder.join("NBFT")).expect("NBFT");
        let table = decoded(&bytes).expect("a good table");
        let names: Vec<(String, String, u16)> = table
            .hfi
            .iter()
            .map(|hfi| (format!("h{}", hfi.index), hfi.mac_addr.to_string(), hfi.vlan))
            .collect();
        let interfaces: Vec<_> = names
            .iter()
            .map(|(name, mac, vlan)| (name.as_str(), mac.as_str(), *vlan))
            .collect();
        let machine = machine(&bytes, &interfaces);
        let mut theirs = peer_lines(&theirs).into_iter();
        for ssns in &table.subsystem {
            let ran = dry_run(&machine, &["--ssns", &ssns.index.to_string()]);
            if ssns.subsys_nqn.ends_with(".discovery") {
                assert_eq!(ran.code, Some(65), "{name}: {ran:?}");
                continue;
            }
            if ssns.security_index.is_some() {
                // Both leave it, but we say so.
                assert_eq!(ran.code, Some(78), "{name}: {ran:?}");
                continue;
            }
            assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
            for line in ran.stdout.lines() {
                let mut ours: Vec<&str> = line.split(',').filter(|field| !field.starts_with("host")).collect();
                ours.extend(line.split(',').filter(|f| f.starts_with("host_")));
                let mut peer = theirs
                    .next()
                    .unwrap_or_else(|| panic!("{name}: the peer has no {line}"));
                // The peer ignores what the table says of digests, gives up a lost path, and always names the interface.
                ours.retain(|field| !field.ends_with("_digest") && *field != "ctrl_loss_tmo=-1");
                peer.retain(|field| {
                    ours.iter().any(|our| our.starts_with("host_iface=")) || !field.starts_with("host_iface=")
                });
                ours.sort_unstable();
                peer.sort_unstable();
                assert_eq!(ours, peer, "{name}");
            }
        }
        assert_eq!(theirs.next(), None, "{name}: the peer connects more");
    }
}

pub const NIC: &str = "52:54:00:00:00:01";

/// A description of one HFI and one SSNS, changed as the test likes.
pub fn one(change: impl FnOnce(&mut Description)) -> Vec<u8> {
    let mut description = kind("static-ipv4").expect("kind");
    description.table.hfi[0].mac_addr = NIC.parse().expect("MAC address");
    change(&mut description);
    description.build()
}

#[test]
fn whole_line() {
    let table = Description::from_toml(
        r#"
        [host]
        nqn = "nqn.2014-08.org.nvmexpress:uuid:00112233-4455-6677-8899-aabbccddeeff"
        id = "ffeeddcc-bbaa-9988-7766-554433221100"
        [[hfi]]
        mac_addr = "52:54:00:00:00:01"
        ipaddr = "192.0.2.20"
        [[subsystem]]
        traddr = "192.0.2.1"
        trsvcid = "4421"
        subsys_nqn = "nqn.2026-01.example:disk"
        pdu_header_digest_required = 1
        data_digest_required = 1
        "#,
    );
    let machine = machine(&table.expect("description").build(), &[("eth0", NIC, 0)]);
    let ran = dry_run(
        &machine,
        &["--ssns", "NBFT:1", "-O", "ctrl_loss_tmo=-1", "-O", "trsvcid=4422"],
    );
    let line = "nqn=nqn.2026-01.example:disk,transport=tcp,traddr=192.0.2.1,trsvcid=4422,host_traddr=192.0.2.20,\
                hostnqn=nqn.2014-08.org.nvmexpress:uuid:00112233-4455-6677-8899-aabbccddeeff,\
                hostid=ffeeddcc-bbaa-9988-7766-554433221100,hdr_digest,data_digest,ctrl_loss_tmo=-1\n";
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), line, "")
    );
}

#[test]
fn hostile_values_are_refused() {
    let long = "n".repeat(223);
    for (field, value, words) in [
        ("nqn", "nqn.x,hostnqn=nqn.evil", "holds a comma"),
        ("nqn", "nqn.x\nnqn=nqn.evil", "holds a control character"),
        ("nqn", long.as_str(), "NQN of 223 bytes is longer than 222"),
        ("trsvcid", "4420,hostid=x", "is not a TCP port"),
        ("trsvcid", "0", "is not a TCP port"),
        ("trsvcid", "+4420", "is not a TCP port"),
        ("trsvcid", "65536", "is not a TCP port"),
        ("hostnqn", "nqn.x,dhchap_secret=y", "holds a comma"),
    ] {
        let table = one(|description| match field {
            "nqn" => description.table.subsystem[0].subsys_nqn = value.to_owned(),
            "trsvcid" => description.table.subsystem[0].trsvcid = value.to_owned(),
            _ => description.table.host.nqn = value.to_owned(),
        });
        let machine = machine(&table, &[("eth0", NIC, 0)]);
        fails(&dry_run(&machine, &["--ssns", "1"]), 65, words);
    }
}

#[test]
fn a_bad_table_is_a_failure_whatever_the_firmware_could_reach() {
    let table = one(|description| {
        let ssns = &mut description.table.subsystem[0];
        ssns.availability = Availability::Unavailable;
        ssns.trsvcid = "99999".to_owned();
    });
    let machine = machine(&table, &[("eth0", NIC, 0)]);
    let ran = run(command("nbft-connect")
        .args(["--ssns", "1"])
        .env("NBFT_ROOT", machine.path()));
    fails(&ran, 65, "SSNS 1: transport service id '99999' is not a TCP port");
}

#[test]
fn link_local_addresses_get_their_scope() {
    let description = kind("link-local-ipv6").expect("kind");
    let mac = description.table.hfi[0].mac_addr.to_string();
    let machine = machine(&description.build(), &[("eth0", &mac, 0)]);
    let ran = dry_run(&machine, &["--ssns", "1"]);
    let scoped = |key: &str| {
        ran.stdout
            .split(',')
            .any(|field| field.starts_with(key) && field.ends_with("%eth0"))
    };
    assert!(scoped("traddr=fe80::") && scoped("host_traddr=fe80::"), "{ran:?}");
}

/// A link-local address always names its interface.
fn make_link_local(description: &mut Description) {
    description.table.hfi[0].ipaddr = "fe80::20".parse().expect("address");
    description.table.subsystem[0].traddr = "fe80::1".parse().expect("address");
}

#[test]
fn the_interface_is_the_one_with_mac_and_vlan() {
    let mut description = kind("vlan").expect("kind");
    make_link_local(&mut description);
    let table = description.build();
    let both = [("eth0", "52:54:00:00:00:01", 0), ("storage", "52:54:00:00:00:01", 4094)];
    let ran = dry_run(&machine(&table, &both), &["--ssns", "1"]);
    assert!(ran.stdout.contains(",host_iface=storage,"), "{ran:?}");
    let ran = dry_run(&machine(&table, &both[..1]), &["--ssns", "1"]);
    assert!(
        ran.stderr
            .contains("no network interface has MAC address 52:54:00:00:00:01 and VLAN 4094"),
        "{ran:?}"
    );
}

/// A bond's or bridge's port has the same MAC address, but not the address.
#[test]
fn a_port_of_a_bond_is_not_the_interface() {
    let machine = machine(&one(make_link_local), &[("eth0", NIC, 0), ("bond0", NIC, 0)]);
    machine.file("/sys/class/net/eth0/master/ifindex", "2");
    let ran = dry_run(&machine, &["--ssns", "1"]);
    assert!(ran.stdout.contains(",host_iface=bond0,"), "{ran:?}");
}

#[test]
fn no_address_is_no_source() {
    for addr in ["0.0.0.0", "::", "2001:db8::5"] {
        let table = one(|description| description.table.hfi[0].ipaddr = addr.parse().expect("address"));
        let ran = dry_run(&machine(&table, &[("eth0", NIC, 0)]), &["--ssns", "1"]);
        assert!(
            ran.code == Some(0) && !ran.stdout.contains("host_traddr"),
            "{addr}: {ran:?}"
        );
    }
}

/// The source address chooses the interface; a name in the line would keep the kernel from reconnecting after a rename.
#[test]
fn an_interface_is_named_only_where_it_has_to_be() {
    let second = "52:54:00:00:00:02";
    let interfaces = [("eth0", NIC, 0), ("eth1", second, 0)];
    let two = |addresses: [&str; 2], gateway: &str| {
        one(|description| {
            let mut other = description.table.hfi[0].clone();
            other.index = 2;
            other.mac_addr = second.parse().expect("MAC address");
            description.table.hfi.push(other);
            description.quirks.hfi.push(description.quirks.hfi[0].clone());
            for (hfi, address) in description.table.hfi.iter_mut().zip(addresses) {
                hfi.ipaddr = address.parse().expect("address");
                hfi.gateway_ipaddr = gateway.parse().expect("address");
                hfi.subnet_mask_prefix = 24;
            }
            description.table.subsystem[0].traddr = "192.0.2.1".parse().expect("address");
            description.table.subsystem[0].hfis = vec![1, 2];
        })
    };
    for (addresses, gateway, named) in [
        (["192.0.2.20", "198.51.100.20"], "0.0.0.0", [false, true]),
        // The network of the first one is nearer than the gateway of the second one.
        (["192.0.2.20", "198.51.100.20"], "192.0.2.254", [false, true]),
        (["192.0.2.20", "192.0.2.21"], "0.0.0.0", [true, true]),
        (["198.51.100.20", "198.51.100.21"], "198.51.100.254", [true, true]),
    ] {
        let machine = machine(&two(addresses, gateway), &interfaces);
        let ran = dry_run(&machine, &["--ssns", "1"]);
        let names: Vec<bool> = ran.stdout.lines().map(|line| line.contains(",host_iface=")).collect();
        assert_eq!(names, named, "{addresses:?}: {ran:?}");
    }
}

/// A dry run, and every command until a target has answered, leaves the device alone: reading the device waits for every
/// connect of the machine.
#[test]
fn the_device_is_not_read() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let device = machine.join("dev/nvme-fabrics");
    std::fs::create_dir_all(device.parent().expect("folder")).expect("folder");
    nix::unistd::mkfifo(&device, nix::sys::stat::Mode::S_IRWXU).expect("FIFO");
    // A read of the FIFO would never end.
    let ran = dry_run(&machine, &["--ssns", "1", "-O", "tls"]);
    assert!(
        ran.code == Some(0) && ran.stdout.trim_end().ends_with(",tls"),
        "{ran:?}"
    );
}

#[test]
fn options_of_the_command_line() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let ran = dry_run(
        &machine,
        &[
            "--ssns",
            "1",
            "-O",
            "traddr=192.0.2.9",
            "-O",
            "host_iface=eth0",
            "-O",
            "host_traddr=192.0.2.8",
            "-O",
            "nqn=nqn.x",
        ],
    );
    let start = "nqn=nqn.x,transport=tcp,traddr=192.0.2.9,trsvcid=4420,host_traddr=192.0.2.8,host_iface=eth0,";
    assert!(ran.code == Some(0) && ran.stdout.starts_with(start), "{ran:?}");
    for (option, words) in [
        ("dhchap_secret=hidden", "a secret is not an option"),
        ("dhchap-secret=hidden", "a secret is not an option"),
        ("transport=rdma", "only tcp is"),
        ("traddr=disks.example", "is not an IP address"),
        ("hostid=me", "is not a UUID"),
        ("nqn", "nqn needs a value"),
        ("QUEUE", "is not KEY=VALUE or KEY"),
    ] {
        let ran = dry_run(&machine, &["--ssns", "1", "-O", option]);
        assert!(!ran.stderr.contains("hidden"), "{ran:?}");
        fails(&ran, 64, words);
    }
}

/// The administrator's file holds for every connection; the command line comes after the file.
#[test]
fn options_of_the_file() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let write = |text: &str| machine.file("/etc/nbft/connect.conf", text);
    write("# slow links\n\nkeep_alive_tmo=30\n  nr_io_queues=2\nctrl_loss_tmo=900\n");
    let ran = dry_run(&machine, &["--ssns", "1", "-O", "nr_io_queues=4"]);
    assert!(
        ran.code == Some(0)
            && ran
                .stdout
                .trim_end()
                .ends_with(",ctrl_loss_tmo=900,keep_alive_tmo=30,nr_io_queues=4"),
        "{ran:?}"
    );
    for (text, words) in [
        (
            "queue_size=32\ntraddr=192.0.2.9\n",
            "connect.conf: line 2: traddr differs from path to path",
        ),
        ("keep alive\n", "line 1: 'keep alive' is not KEY=VALUE or KEY"),
        ("dhchap_secret=hidden\n", "line 1: a secret is not an option"),
    ] {
        write(text);
        fails(&dry_run(&machine, &["--ssns", "1"]), 78, words);
    }
}

#[test]
fn references() {
    let none = Folder::new();
    fails(&dry_run(&none, &["--ssns", "1"]), 66, "this machine has no NBFT");
    let machine = Folder::new();
    for name in ["NBFT1", "NBFT2"] {
        machine.file(&format!("/sys/firmware/acpi/tables/{name}"), one(|_| {}));
    }
    fails(
        &dry_run(&machine, &["--ssns", "1"]),
        64,
        "SSNS 1 is ambiguous; name one of NBFT1:1, NBFT2:1",
    );
    assert_eq!(dry_run(&machine, &["--ssns", "NBFT2:1"]).code, Some(0));
    fails(
        &dry_run(&machine, &["--ssns", "NBFT2:7"]),
        66,
        "no SSNS NBFT2:7; known: NBFT2:1",
    );
    fails(
        &dry_run(&machine, &["--ssns", "NBFT3:1"]),
        66,
        "NBFT3:1: no such table; known: NBFT1, NBFT2",
    );
    fails(
        &dry_run(&machine, &["--ssns", "NBFT1:1", "--hfi", "9"]),
        66,
        "not reached over HFI 9; its HFIs are [1]",
    );
    // A bad table answers for itself alone.
    let short = machine.join("sys/firmware/acpi/tables/NBFT2");
    let bytes = std::fs::read(&short).expect("a table");
    std::fs::write(&short, &bytes[..100]).expect("a table");
    for (reference, code, words) in [
        ("NBFT1:9", 66, "no SSNS NBFT1:9; known: NBFT1:1"),
        ("NBFT3:1", 66, "NBFT3:1: no such table; known: NBFT1"),
        ("NBFT2:1", 65, "NBFT2: byte 4: length"),
        ("9", 65, "NBFT2: byte 4: length"),
    ] {
        fails(&dry_run(&machine, &["--ssns", reference]), code, words);
    }
    std::fs::remove_file(machine.join("sys/firmware/acpi/tables/NBFT1")).expect("a table");
    fails(&dry_run(&machine, &["--ssns", "NBFT3:1"]), 65, "NBFT2: byte 4: length");
    fails(&dry_run(&machine, &[]), 64, "name what to connect");
    fails(&dry_run(&machine, &["--ssns", "x"]), 64, "--ssns: 'x' is not an index");
}

/// Tables whose host identities are these: NQN suffix, identifier's last digit, primary flag.
fn hosts<const N: usize>(hosts: [(&str, &str, &str); N]) -> Folder {
    let machine = machine(&[], &[("eth0", NIC, 0)]);
    std::fs::remove_file(machine.join("sys/firmware/acpi/tables/NBFT")).expect("file");
    for (number, (nqn, id, primary)) in (1..).zip(hosts) {
        let table = one(|description| {
            description.table.host.nqn = format!("nqn.2026-01.example:{nqn}");
            description.table.host.id = format!("{ID}{id}").parse().expect("UUID");
            description.table.host.primary_admin_host_flag =
                serde_json::from_value(primary.into()).expect("a word of the specification");
        });
        machine.file(&format!("/sys/firmware/acpi/tables/NBFT{number}"), table);
    }
    machine
}

/// The host identity in the line for a table's SSNS, and the warning.
fn identity(machine: &Folder, arguments: &[&str]) -> (String, String) {
    let ran = dry_run(machine, arguments);
    let part = |key: &str| {
        ran.stdout
            .trim_end()
            .split(',')
            .find_map(|field| field.strip_prefix(key))
            .expect("option")
    };
    (
        format!("{} {}", part("hostnqn=nqn.2026-01.example:"), part("hostid=")),
        ran.stderr.clone(),
    )
}

const ID: &str = "00000000-0000-0000-0000-00000000000";

#[test]
fn each_table_has_its_own_host() {
    let machine = hosts([("a", "1", "not indicated"), ("b", "2", "selected")]);
    assert_eq!(
        identity(&machine, &["--ssns", "NBFT1:1"]),
        (format!("a {ID}1"), String::new())
    );
    assert_eq!(
        identity(&machine, &["--ssns", "NBFT2:1"]),
        (format!("b {ID}2"), String::new())
    );
}

/// The kernel takes one identifier per NQN: of two tables that disagree, the one that the administrator selected counts,
/// for both; else the first.
#[test]
fn contradicting_hosts() {
    for (flags, chosen) in [
        (["not indicated", "selected"], "2"),
        (["unselected", "not indicated"], "1"),
    ] {
        let machine = hosts([("a", "1", flags[0]), ("a", "2", flags[1])]);
        for ssns in ["NBFT1:1", "NBFT2:1"] {
            let (host, warning) = identity(&machine, &["--ssns", ssns]);
            assert_eq!(host, format!("a {ID}{chosen}"), "{ssns}");
            assert!(
                warning.contains("warning: ") && warning.contains("disagree on the host identity"),
                "{warning}"
            );
        }
    }
}

/// The first table contradicts the second, and the second the third: all three end in one pair.
#[test]
fn a_chain_of_contradicting_hosts() {
    for (flags, chosen) in [
        (["unselected"; 3], "a 1"),
        (["unselected", "unselected", "selected"], "b 2"),
    ] {
        let machine = hosts([("a", "1", flags[0]), ("a", "2", flags[1]), ("b", "2", flags[2])]);
        let (nqn, id) = chosen.split_once(' ').expect("two words");
        for ssns in ["NBFT1:1", "NBFT2:1", "NBFT3:1"] {
            let (host, warning) = identity(&machine, &["--ssns", ssns]);
            assert_eq!(host, format!("{nqn} {ID}{id}"), "{ssns}: {warning}");
        }
    }
}

#[test]
fn the_user_may_name_the_host() {
    let machine = hosts([("a", "1", "selected"), ("b", "2", "unselected")]);
    let id = format!("{ID}9");
    let (host, _) = identity(
        &machine,
        &[
            "--ssns",
            "NBFT1:1",
            "--hostnqn",
            "nqn.2026-01.example:me",
            "--hostid",
            &id,
        ],
    );
    assert_eq!(host, format!("me {id}"));
    let (host, _) = identity(&machine, &["--ssns", "NBFT1:1", "--hostid", &id]);
    assert_eq!(host, format!("a {id}"));
    fails(
        &dry_run(&machine, &["--ssns", "NBFT1:1", "--hostid", "me"]),
        64,
        "not a UUID",
    );
}

#[test]
fn discovery_descriptors() {
    let description = |uri: &str| {
        let text = format!("[[hfi]]\nipaddr = \"192.0.2.20\"\n[[discovery]]\nhfi = 1\nuri = \"{uri}\"\n");
        Description::from_toml(&text).expect("description").build()
    };
    for (uri, address) in [
        ("NVME+TCP://[2001:db8::1]", "2001:db8::1"),
        ("nvme+tcp://192.0.2.1:8009/", "192.0.2.1"),
    ] {
        let ran = dry_run(&machine(&description(uri), &[]), &["--discovery", "1"]);
        let line = format!("nqn=nqn.2014-08.org.nvmexpress.discovery,transport=tcp,traddr={address},trsvcid=8009,");
        assert!(ran.code == Some(0) && ran.stdout.starts_with(&line), "{ran:?}");
    }
    for (uri, words) in [
        ("nvme+rdma://192.0.2.1", "the scheme is not nvme+tcp"),
        ("nvme+tcp://disks.example/", "host"),
    ] {
        fails(
            &dry_run(&machine(&description(uri), &[]), &["--discovery", "1"]),
            65,
            words,
        );
    }
    let machine = machine(&description("nvme+tcp://192.0.2.1"), &[]);
    fails(
        &dry_run(&machine, &["--discovery", "1", "--ssns", "1"]),
        64,
        "exclude each other",
    );
    fails(
        &dry_run(&machine, &["--ssns", "1", "--list"]),
        64,
        "--list goes with --discovery",
    );
    fails(
        &dry_run(&machine, &["--discovery", "1", "--hfi", "1"]),
        64,
        "--hfi goes with --ssns",
    );
    fails(
        &dry_run(&machine, &["--discovery", "2"]),
        66,
        "no discovery descriptor 2; known: NBFT:1",
    );
}

/// A descriptor that was dropped is a better answer than "no such SSNS".
#[test]
fn dropped_descriptors_are_explained() {
    let dropped = one(|description| description.quirks.subsystem[0].invalid = true);
    let machine = machine(&dropped, &[("eth0", NIC, 0)]);
    fails(&dry_run(&machine, &["--ssns", "1"]), 65, "dropped: not marked valid");
}

/// Options may be a credential, too; the file comes before it.
#[test]
fn a_credential_has_options() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    let credential = machine.file("/run/credentials/nbft.connect-conf", "reconnect_delay=3\n");
    let dry_run = || {
        run(command("nbft-connect")
            .args(["--dry-run", "--ssns", "1"])
            .env("NBFT_ROOT", machine.path())
            .env("CREDENTIALS_DIRECTORY", credential.parent().expect("folder")))
    };
    let ran = dry_run();
    assert!(ran.stdout.contains(",reconnect_delay=3"), "{ran:?}");
    machine.file("/run/credentials/nbft.connect-conf", "nqn=x\n");
    fails(
        &dry_run(),
        78,
        "nbft.connect-conf: line 1: nqn differs from path to path",
    );
    machine.file("/etc/nbft/connect.conf", "tos=4\n");
    let ran = dry_run();
    assert!(
        ran.stdout.contains(",tos=4") && !ran.stdout.contains("nqn=x"),
        "{ran:?}"
    );
}

#[test]
fn a_bad_host_nqn_is_a_usage_error() {
    let machine = machine(&one(|_| {}), &[("eth0", NIC, 0)]);
    for (nqn, words) in [
        ("", "is empty"),
        ("a,b", "holds a comma"),
        (&*"n".repeat(223), "longer than 222"),
    ] {
        fails(&dry_run(&machine, &["--ssns", "1", "--hostnqn", nqn]), 64, words);
    }
}

/// Every kind of table gives lines or a clear refusal.
#[test]
fn every_kind() {
    for (name, description) in kinds() {
        let table = description.build();
        let machine = machine(&table, &[("eth0", NIC, 0)]);
        let parsed = decoded(&table).expect("a good table");
        for ssns in parsed.subsystem.iter().take(3) {
            let ran = dry_run(&machine, &["--ssns", &ssns.index.to_string()]);
            assert!(matches!(ran.code, Some(0 | 78)), "{name}: {ran:?}");
            assert!(
                ran.code == Some(78) || ran.stdout.lines().count() == ssns.hfis.len(),
                "{name}: {ran:?}"
            );
        }
    }
}
