//! The consumers of the files: each reads those of every kind of table and complains about nothing.
//! They run in a network namespace of their own.

use std::process::Command;

use crate::support::names::{dump, dump_kind, everything, good, names};
use crate::support::skip::installed;
use crate::support::{Folder, Ran, command, feed, from_json, names_in, peer_tables, run, workspace};
use nbft_tests::builder::{Description, kinds};
use serde_json::json;

/// JSON of all tables, except the one with 255 interfaces.
fn tables() -> Vec<(String, String)> {
    let few = kinds().into_iter().filter(|(name, _)| *name != "huge");
    let mut all: Vec<_> = few
        .map(|(name, table)| (name.to_owned(), dump(&[("NBFT", &table)])))
        .collect();
    all.push(("everything".to_owned(), dump(&[("NBFT", &everything())])));
    for folder in peer_tables().unwrap_or_default() {
        let ran = run(command("nbft-dump").arg(folder.join("NBFT")));
        if ran.code == Some(0) {
            let name = folder.file_name().expect("a name").to_string_lossy();
            all.push((name.into_owned(), ran.stdout));
        }
    }
    all
}

/// Runs a shell where there is a network to configure, if that is allowed and the programs are installed.
fn namespace(programs: &[&str], script: &str, arguments: &[&str]) -> Result<Ran, String> {
    installed(programs)?;
    let mut trial = Command::new("unshare");
    if !trial
        .args(["-nm", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        return Err("unshare -nm is not allowed".to_owned());
    }
    // /sys shows the namespace's interfaces; read-only, it tells systemd that no udevd is there to wait for.
    let script = format!("set -e; mount -t sysfs -o ro none /sys; mount -t tmpfs none /run; {script}");
    let mut shell = Command::new("unshare");
    Ok(run(shell.args(["-nm", "sh", "-c", &script, "sh"]).args(arguments)))
}

/// Writes the files of all tables into one folder: prefixes keep their names apart. Each table that has interfaces has
/// files.
fn all_files(folder: &Folder, format: &str, arguments: &[&str]) {
    for (number, (name, json)) in tables().iter().enumerate() {
        let prefix = format!("t{number}x");
        let ran = names(
            json,
            &[&["--to", format, "-o", folder.text(), "-p", &prefix], arguments].concat(),
        );
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let files = ran.stdout.lines().count();
        let interfaces = from_json(&names(json, &["--to=json"]).stdout);
        let interfaces = interfaces.as_array().expect("an array").len();
        assert_eq!(interfaces == 0, name == "empty", "{name}");
        // A VLAN device has no .link file of its own.
        let least = interfaces.min(if format == "link" { 1 } else { interfaces });
        assert!(files >= least, "{name}: {files} files for {interfaces} interfaces");
    }
}

fn good_but_warned(json: &str, arguments: &[&str]) -> String {
    let ran = names(json, arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

#[test]
fn networkd() {
    for arguments in [
        &["--naming=rename"][..],
        &["--naming=none", "--default-route=always"],
        &["--naming=altname"],
    ] {
        let folder = Folder::new();
        all_files(&folder, "networkd", arguments);
        let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network
            export SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug
            timeout 2 /lib/systemd/systemd-networkd 2>&1 || test $? = 124";
        let ran = or_skip!(namespace(&["/lib/systemd/systemd-networkd"], script, &[folder.text()]));
        assert!(
            ran.code == Some(0) && ran.stdout.contains("Enumeration completed"),
            "{ran:?}"
        );
        let complaints: Vec<&str> = ran
            .stdout
            .lines()
            .filter(|line| line.contains("/run/systemd/network/"))
            // Only systemd 257 and 262 say so.
            .filter(|line| !line.ends_with(": Successfully loaded.") && !line.starts_with("Skipping file "))
            .collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// The addresses and routes that networkd gives NICs with these last digits of their MAC addresses, by the files of a folder.
/// Without VLANs: not every kernel has them.
fn running_networkd(files: &Folder, nics: &str) -> Result<Ran, String> {
    let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network; sed -i /VLAN=/d /run/systemd/network/*
        for n in $2; do
            ip link add v$n address 52:54:00:00:00:0$n type veth peer name w$n
            ip link set w$n up
        done
        SYSTEMD_LOG_TARGET=console timeout 4 /lib/systemd/systemd-networkd >/dev/null 2>&1 || test $? = 124
        ip -br addr; ip route; ip -6 route";
    namespace(&["/lib/systemd/systemd-networkd", "ip"], script, &[files.text(), nics])
}

/// networkd does with two NICs what the files say.
#[test]
fn networkd_configures() {
    let folder = Folder::new();
    good(
        &dump(&[("NBFT", &everything())]),
        &["--to=networkd", "-o", folder.text()],
    );
    let ran = or_skip!(running_networkd(&folder, "1 7"));
    for line in [
        "192.0.2.20/24 2001:db8::20/64",
        "192.0.7.20/32",
        "10.0.0.1 via 192.0.2.254 dev v1 proto static metric 500",
        "10.0.0.9 via 192.0.2.254 dev v1 proto static metric 500",
        "10.0.0.1 dev v7 proto static scope link metric 502",
        "default via fe80::1 dev v1 proto static metric 7",
    ] {
        assert!(ran.stdout.contains(line), "{line} in {ran:?}");
    }
    assert_eq!(ran.stdout.matches("default").count(), 1, "{ran:?}");
}

/// A link-local address comes up without a search for conflicts, an address alone in its network reaches its target, and
/// two default routes of IPv6 stay two.
#[test]
fn networkd_addresses_and_routes() {
    let folder = Folder::new();
    let nic = |number: u8, family: &str, address: &str, prefix: u8, gateway: &str| {
        let default = u8::from(family == "default");
        json!({"mac_addr": format!("52:54:00:00:00:0{number}"), "ipaddr": address, "subnet_mask_prefix": prefix,
            "gateway_ipaddr": gateway, "this_hfi_is_default_route": default})
    };
    let description = Description::from_value(json!({
        "hfi": [
            nic(1, "", "169.254.3.20", 16, ""),
            nic(1, "default", "2001:db8:1::20", 64, "2001:db8:1::1"),
            nic(2, "default", "2001:db8:2::20", 64, "2001:db8:2::1"),
            nic(2, "", "192.0.2.20", 32, ""),
            nic(3, "", "2001:db8:3::20", 128, ""),
        ],
        "subsystem": [
            {"hfis": [4], "traddr": "10.0.0.1", "subsys_nqn": "nqn.2014-08.org.example:disk"},
            {"hfis": [5], "traddr": "2001:db8:9::1", "subsys_nqn": "nqn.2014-08.org.example:disk"},
        ],
    }))
    .expect("a description");
    good(
        &dump(&[("NBFT", &description)]),
        &["--to=networkd", "-o", folder.text()],
    );
    let ran = or_skip!(running_networkd(&folder, "1 2 3"));
    for line in [
        "169.254.3.20/16",
        "10.0.0.1 dev v2 proto static scope link metric 500",
        "2001:db8:9::1 dev v3 proto static metric 500",
        "default via 2001:db8:1::1 dev v1 proto static metric 500",
        "default via 2001:db8:2::1 dev v2 proto static metric 501",
    ] {
        assert!(ran.stdout.contains(line), "{line} in {ran:?}");
    }
    assert!(!ran.stdout.contains("nexthop"), "{ran:?}");
}

#[test]
fn udevd() {
    let folder = Folder::new();
    all_files(&folder, "link", &[]);
    let json = dump_kind("vlan");
    for (naming, name) in [("rename", "nbft0h1"), ("altname", "v1")] {
        good(&json, &["--to=link", "-o", folder.text(), "--naming", naming]);
        let script = "mkdir -p /run/systemd; cp -r \"$1\" /run/systemd/network; rm -f /run/systemd/network/60-nbft-t*
            cp \"$1\"/60-nbft-t1x* /run/systemd/network/
            ip link add v1 address 52:54:00:00:00:01 type veth peer name w1
            udevadm test-builtin net_setup_link /sys/class/net/v1 2>&1";
        let ran = or_skip!(namespace(&["udevadm", "ip"], script, &[folder.text()]));
        assert!(ran.stdout.contains("60-nbft-nbft0h1.link is applied"), "{ran:?}");
        assert!(ran.stdout.contains(&format!("ID_NET_NAME={name}\n")), "{ran:?}");
        assert!(!ran.stdout.contains("nbft-t1x0h1.link:"), "{ran:?}");
    }
}

#[test]
fn udev_rules() {
    let folder = Folder::new();
    for (naming, renamed) in [("rename", true), ("none", false)] {
        good(
            &dump_kind("vlan"),
            &["--to=udev", "-o", folder.text(), "--naming", naming],
        );
        let script = "mkdir -p /run/udev; cp -r \"$1\" /run/udev/rules.d
            ip link add v1 address 52:54:00:00:00:01 type veth peer name w1
            udevadm test -a add /sys/class/net/v1 2>&1";
        let ran = or_skip!(namespace(&["udevadm", "ip"], script, &[folder.text()]));
        assert!(ran.stdout.contains("ID_NBFT=nbft0h1\n"), "{ran:?}");
        // Debian 12's words, and those of systemd 262.
        let mut words = ["NAME 'nbft0h1'", "NAME=\"nbft0h1\""].iter();
        let is_renamed = words.any(|words| ran.stdout.contains(&format!("79-nbft.rules:2 {words}")));
        assert_eq!(is_renamed, renamed, "{ran:?}");
        assert!(!ran.stdout.contains("79-nbft.rules:2 Invalid"), "{ran:?}");
    }
}

/// A reader of the kernel command line understands that of each table.
fn command_line(program: &str, arguments: &[&str]) -> Result<(), String> {
    for (name, json) in tables() {
        let text = good_but_warned(&json, &["--to=dracut"]);
        let words: Vec<&str> = text.split_whitespace().collect();
        let ran = namespace(&[program], "\"$@\"", &[&[program], arguments, &words].concat())?;
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}: {program}");
    }
    Ok(())
}

#[test]
fn command_line_of_systemd() {
    let (program, arguments) = ("/lib/systemd/systemd-network-generator", ["--root=/run", "--"]);
    or_skip!(command_line(program, &arguments));
}

#[test]
fn command_line_of_network_manager() {
    // Of Debian 12, and of Debian 13.
    let places = [
        "/usr/lib/NetworkManager/nm-initrd-generator",
        "/usr/libexec/nm-initrd-generator",
    ];
    let program = places.iter().find(|place| installed(&[place]).is_ok());
    or_skip!(command_line(program.unwrap_or(&places[1]), &["-s", "--"]));
}

/// NetworkManager's library reads each profile, and writes it again with every line that was in it.
#[test]
fn keyfiles() {
    or_skip!(installed(&["nmcli"]));
    let folder = Folder::new();
    all_files(&folder, "nm", &[]);
    for file in folder.names() {
        let profile = std::fs::read_to_string(folder.join(&file)).expect("a file");
        let ran = feed(
            Command::new("nmcli").args(["--offline", "connection", "modify", "connection.zone", ""]),
            profile.as_bytes(),
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{file}: {profile}");
        for line in profile
            .lines()
            .filter(|line| !line.starts_with('#') && line.contains('='))
        {
            assert!(
                ran.stdout.lines().any(|other| other.eq_ignore_ascii_case(line)),
                "{line} is lost: {}",
                ran.stdout
            );
        }
    }
}

#[test]
fn xml() {
    or_skip!(installed(&["xmllint"]));
    for (name, json) in tables() {
        let text = good_but_warned(&json, &["--to=wicked"]);
        let document = format!("<all xmlns:ipv4=\"4\" xmlns:ipv6=\"6\">{text}</all>");
        let ran = feed(Command::new("xmllint").args(["--noout", "-"]), document.as_bytes());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}");
    }
}

/// A program takes the lines for `ip`, and the addresses and routes come of them.
fn ip_commands(program: &str, line: &str) -> Result<(), String> {
    let folder = Folder::new();
    let mut description = everything();
    // Without VLANs: not every kernel has them.
    description.table.hfi.iter_mut().for_each(|hfi| hfi.vlan = 0);
    let json = folder.file("json", dump(&[("NBFT", &description)]));
    let json = json.to_str().expect("UTF-8");
    let command = command("nbft-names");
    let path = command.get_program().to_str().expect("UTF-8");
    for (naming, name) in [("rename", "nbft0h1"), ("none", "v1")] {
        let script = format!(
            "for n in 1 4 5 7; do
                ip link add v$n address 52:54:00:00:00:0$n type veth peer name w$n
                ip link set w$n up
            done
            \"$1\" --to=ip-batch --naming={naming} <\"$2\" >/run/lines
            {line}
            ip -br addr; ip route; ip -6 route"
        );
        let ran = namespace(&[program, "ip"], &script, &[path, json])?;
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{naming} {program}");
        for text in [
            "192.0.2.20/24 198.51.100.20/24 2001:db8::20/64",
            &format!("10.0.0.9 via 192.0.2.254 dev {name} metric 500"),
            &format!("default via 198.51.101.1 dev {name} onlink"),
            &format!("default via fe80::1 dev {name} metric 7"),
        ] {
            assert!(ran.stdout.contains(text), "{naming} {program}: {text} in {ran:?}");
        }
    }
    Ok(())
}

#[test]
fn ip_commands_of_iproute2() {
    or_skip!(ip_commands("ip", "ip -batch /run/lines"));
}

#[test]
fn ip_commands_of_busybox() {
    or_skip!(ip_commands(
        "busybox",
        "while read -r line; do case $line in \\#*) ;; *) busybox ip $line ;; esac; done </run/lines"
    ));
}

/// Runs `netplan generate`. That of Debian 13 also reloads systemd and udev, which may not run here.
fn netplan_generate(root: &Folder) -> Ran {
    let programs = Folder::new();
    for name in ["systemctl", "udevadm"] {
        std::os::unix::fs::symlink("/bin/true", programs.join(name)).expect("a link");
    }
    let path = format!("{}:{}", programs.text(), std::env::var("PATH").unwrap_or_default());
    let arguments = ["generate", "--root-dir", root.text()];
    run(Command::new("netplan").args(arguments).env("PATH", path))
}

/// netplan makes a back end's files of the example's.
#[test]
fn netplan() {
    or_skip!(installed(&["netplan"]));
    let program = workspace("nbft-names/examples/netplan.jq");
    let program = program.to_str().expect("UTF-8");
    for (name, json) in tables() {
        let root = Folder::new();
        let folder = root.join("etc/netplan");
        let ran = names(&json, &["-f", program, "-o", folder.to_str().expect("UTF-8")]);
        assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        let ran = netplan_generate(&root);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{name}: {ran:?}");
        let made = root.join("run/systemd/network");
        let networks = if made.exists() { names_in(&made) } else { Vec::new() };
        let networks = networks.iter().filter(|file| file.ends_with(".network")).count();
        let all = from_json(&names(&json, &["--to=json"]).stdout);
        assert_eq!(networks, all.as_array().expect("an array").len(), "{name}");
    }
}

/// The back end gets the addresses and routes of a table with everything in it.
#[test]
fn netplan_says_everything() {
    or_skip!(installed(&["netplan"]));
    let root = Folder::new();
    let folder = root.join("etc/netplan");
    let program = workspace("nbft-names/examples/netplan.jq");
    good(
        &dump(&[("NBFT", &everything())]),
        &[
            "-f",
            program.to_str().expect("UTF-8"),
            "-o",
            folder.to_str().expect("UTF-8"),
        ],
    );
    let ran = netplan_generate(&root);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran:?}");
    let file = |name: &str| {
        let text = std::fs::read_to_string(root.join("run/systemd/network").join(name));
        let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
        // The netplan of Debian 12 has the setting's old name.
        text.replace("CriticalConnection=", "KeepConfiguration=")
    };
    for (name, lines) in [
        (
            "10-netplan-nbft0h1.link",
            &["PermanentMACAddress=52:54:00:00:00:01", "Name=nbft0h1"][..],
        ),
        (
            "10-netplan-nbft0h1.network",
            &[
                "Address=192.0.2.20/24",
                "Address=2001:db8::20/64",
                "VLAN=nbft0h3",
                "Destination=10.0.0.1/32",
                "Gateway=192.0.2.254",
                "Metric=500",
                "Gateway=fe80::1",
                "Metric=7",
                "DNS=192.0.2.53",
                "DNS=2001:db8::53",
                "KeepConfiguration=true",
            ],
        ),
        ("10-netplan-nbft0h3.netdev", &["Name=nbft0h3", "Kind=vlan", "Id=100"]),
        (
            "10-netplan-nbft0h3.network",
            &["Address=198.51.100.20/24", "Gateway=198.51.101.1", "GatewayOnLink=true"],
        ),
        (
            "10-netplan-nbft0h4.network",
            &[
                "DHCP=ipv4",
                "ClientIdentifier=mac",
                "UseRoutes=false",
                "Hostname=leased",
            ],
        ),
        ("10-netplan-nbft0h5.network", &["IPv6AcceptRA=yes"]),
        ("10-netplan-nbft0h7.network", &["Destination=10.0.0.1/32", "Scope=link"]),
    ] {
        let text = file(name);
        for line in lines {
            assert!(text.lines().any(|other| other == *line), "{name}: {line} in {text}");
        }
    }
}
