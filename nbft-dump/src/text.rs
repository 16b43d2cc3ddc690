//! The table for people: everything that it says and nothing more, within 80 columns as far as its names allow.

use std::net::IpAddr;

use nbft_common::table::IpOrigin;
use nbft_common::table::addr::{Bytes, Hex};
use nbft_common::table::codes::{cipeec, naed, nceec};
use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Availability, Demand, Discovery, Hfi, Host, Policy, PrimaryAdmin, Security, Ssns, TableFile};

use super::page::{Page, joined};

/// Renders tables, or says that the machine has none.
pub fn tables(tables: &[TableFile]) -> Vec<u8> {
    if tables.is_empty() {
        return b"No NBFT: the firmware did not boot over NVMe/TCP, or did not say so.\n".to_vec();
    }
    let all: Vec<String> = tables.iter().map(table).collect();
    all.join("\n").into_bytes()
}

fn table(table: &TableFile) -> String {
    let mut page = Page::default();
    page.heading(format_args!("{}: NBFT revision {}", table.filename, table.revision));
    let oem = [table.oem_id.as_str(), table.oem_table_id.as_str()].join(" ");
    let oem = if oem.trim().is_empty() { "unnamed" } else { oem.trim() };
    page.line(
        "made by",
        format_args!(
            "{oem} revision {}, creator {} revision {}",
            table.oem_revision,
            creator(table.creator_id),
            table.creator_revision
        ),
    );
    page.maybe("driver path", driver_path(&table.driver_device_path));
    if table.boot_failover {
        page.line("failover", "the firmware fell back to another boot path");
    }
    host(&mut page, &table.host);
    table.hfi.iter().for_each(|one| hfi(&mut page, one));
    table.subsystem.iter().for_each(|one| ssns(&mut page, one));
    table.discovery.iter().for_each(|one| discovery(&mut page, one));
    table.security.iter().for_each(|one| security(&mut page, one));
    if table.subsystem.is_empty() && table.discovery.is_empty() {
        page.heading("(names no subsystem and no discovery controller: nothing to connect)");
    }
    for warning in &table.warnings {
        page.heading(format_args!("Warning: {warning}"));
    }
    page.0
}

/// The id of the utility that made the table: by ACPI's rules four characters, padded with spaces.
fn creator(id: u32) -> String {
    let bytes = id.to_le_bytes();
    let name = bytes.trim_ascii_end();
    if !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric) {
        String::from_utf8_lossy(name).into_owned()
    } else {
        format!("{id:#x}")
    }
}

/// A UEFI device path. By specification it is binary; firmware writes its text form, some with binary data after the text.
fn driver_path(path: &Bytes) -> Option<String> {
    let Bytes(bytes) = path;
    let text = bytes.iter().filter(|byte| byte.is_ascii_graphic()).count();
    let shown = if text * 2 > bytes.len() {
        bytes.escape_ascii().to_string()
    } else {
        path.to_string()
    };
    (!bytes.is_empty()).then_some(shown)
}

fn host(page: &mut Page, host: &Host) {
    let set = |configured: bool| if configured { "" } else { " (driver's default)" };
    page.heading("Host");
    page.line("NQN", format_args!("{}{}", host.nqn, set(host.host_nqn_configured)));
    page.line("ID", format_args!("{}{}", host.id, set(host.host_id_configured)));
    if host.primary_admin_host_flag != PrimaryAdmin::NotIndicated {
        page.line("primary", host.primary_admin_host_flag.word());
    }
}

fn given(addr: IpAddr) -> Option<IpAddr> {
    (!addr.is_unspecified()).then_some(addr)
}

fn hfi(page: &mut Page, hfi: &Hfi) {
    let vlan = if hfi.vlan == 0 {
        String::new()
    } else {
        format!(", VLAN {}", hfi.vlan)
    };
    page.heading(format_args!(
        "HFI {}: {}{vlan}, PCI {}",
        hfi.index, hfi.mac_addr, hfi.pcidev
    ));
    let origin = origin(hfi);
    match (given(hfi.ipaddr), hfi.subnet_mask_prefix) {
        (Some(addr), prefix) => page.line("address", format_args!("{addr}/{prefix} ({origin})")),
        (None, 0) => page.line("address", format_args!("none ({origin})")),
        (None, prefix) => page.line("address", format_args!("none, prefix {prefix} ({origin})")),
    }
    page.maybe("gateway", given(hfi.gateway_ipaddr));
    let default = hfi.this_hfi_is_default_route.then_some("default route");
    let metric = (hfi.route_metric != 0).then(|| format!("metric {}", hfi.route_metric));
    page.maybe("route", joined(default.map(str::to_owned).into_iter().chain(metric)));
    let dns = [hfi.primary_dns_ipaddr, hfi.secondary_dns_ipaddr]
        .into_iter()
        .filter_map(given);
    page.maybe("DNS", joined(dns.map(|addr| addr.to_string())));
    let server = |addr| given(addr).map_or_else(|| "not named".to_owned(), |addr| addr.to_string());
    page.maybe("DHCP server", hfi.dhcp_server_ipaddr.map(server));
    page.maybe("DHCP IAID", hfi.dhcp_iaid);
    if let Some(duid) = &hfi.dhcp_duid {
        page.line(
            "DHCP DUID",
            format_args!("{} ({})", Hex(&duid.to_wire()), duid.kind_name()),
        );
    }
    page.maybe("host name", hfi.host_name.as_ref());
}

/// Where the address came from. Firmware gives flags and a code that need not agree: a code that the flags do not imply is
/// shown too.
fn origin(hfi: &Hfi) -> String {
    let flags = [
        (hfi.is_dhcp(), "DHCP", IpOrigin::Dhcp),
        (
            hfi.ipaddr_autoconf,
            "IPv6 autoconfiguration",
            IpOrigin::RouterAdvertisement,
        ),
    ];
    let set = || flags.iter().filter(|(set, ..)| *set);
    let implied = set().any(|(.., code)| *code == hfi.ip_origin);
    let code = match hfi.ip_origin.word() {
        None => format!("undefined origin {}", u8::from(hfi.ip_origin)),
        Some(word) if set().next().is_some() => format!("origin {word}"),
        Some(word) => word.to_owned(),
    };
    let flags = set().map(|(_, word, _)| (*word).to_owned());
    joined(flags.chain((!implied).then_some(code))).unwrap_or_default()
}

fn ssns(page: &mut Page, ssns: &Ssns) {
    let address = match ssns.traddr {
        IpAddr::V4(addr) => addr.to_string(),
        IpAddr::V6(addr) => format!("[{addr}]"),
    };
    let over = joined(ssns.hfis.iter().map(u8::to_string)).unwrap_or_default();
    page.heading(format_args!(
        "SSNS {}: tcp {address}:{}, over HFI {over}",
        ssns.index, ssns.trsvcid
    ));
    page.line("NQN", &ssns.subsys_nqn);
    let id = match ssns.nid_type {
        Some(kind) => format!("{} {}", format!("{kind:?}").to_uppercase(), ssns.nid),
        None if ssns.nid_type_code != 0 => format!("identifier of undefined type {}", ssns.nid_type_code),
        None => String::new(),
    };
    let nsid = if ssns.nsid == 0 {
        String::new()
    } else {
        format!("NSID {}", ssns.nsid)
    };
    page.maybe(
        "namespace",
        joined([nsid, id].into_iter().filter(|text| !text.is_empty())),
    );
    page.maybe("port id", (ssns.subsys_port_id != 0).then_some(ssns.subsys_port_id));
    page.maybe("controller", (ssns.controller_id != 0).then_some(ssns.controller_id));
    page.maybe("ASQSZ", (ssns.asqsz != 0).then_some(ssns.asqsz));
    page.maybe("root path", ssns.dhcp_root_path_string.as_ref());
    let digests = [
        (ssns.pdu_header_digest_required, "header"),
        (ssns.data_digest_required, "data"),
    ];
    let digests = digests
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, name)| (*name).to_owned());
    page.maybe("digests", joined(digests));
    page.maybe("security", ssns.security_index.map(|index| format!("profile {index}")));
    let origin = [
        ssns.dhcp_root_path_override.then(|| "DHCP root path".to_owned()),
        match (ssns.discovered, ssns.discovery_index) {
            (true, 0) => Some("discovery".to_owned()),
            (true, index) => Some(format!("discovery {index}")),
            (false, 0) => None,
            (false, index) => Some(format!("configuration, with discovery {index}")),
        },
        ssns.separate_discovery_controller
            .then(|| "a discovery controller at another address".to_owned()),
    ];
    page.maybe("from", joined(origin.into_iter().flatten()));
    if ssns.non_bootable {
        page.line("boot", "not for booting from");
    }
    availability(page, ssns);
}

fn availability(page: &mut Page, ssns: &Ssns) {
    let coded = |what: &str, code: u8, words: Option<&'static str>| {
        (code != 0).then(|| words.map_or_else(|| format!("{what} {code:#x}"), str::to_owned))
    };
    let why = [
        coded("NAED", ssns.naed, naed(ssns.naed)),
        coded("CIPEEC", ssns.cipeec, cipeec(ssns.cipeec)),
        coded("NCEEC", ssns.nceec, nceec(ssns.nceec)),
    ];
    let why = joined(why.into_iter().flatten());
    match (ssns.availability, why) {
        (Availability::NotIndicated, None) => {}
        (state, None) => page.line("firmware", state.word()),
        (state, Some(why)) => page.line("firmware", format_args!("{}: {why}", state.word())),
    }
    page.maybe("timeout", ssns.connection_timeout.map(|seconds| format!("{seconds} s")));
}

fn discovery(page: &mut Page, discovery: &Discovery) {
    page.heading(format_args!(
        "Discovery {}: over HFI {}",
        discovery.index, discovery.hfi
    ));
    page.line("URI", &discovery.uri);
    match &discovery.nqn {
        Some(nqn) => page.line("NQN", nqn),
        None => page.line("NQN", format_args!("{DISCOVERY_NQN} (well-known)")),
    }
    page.maybe(
        "security",
        (discovery.security != 0).then(|| format!("profile {}", discovery.security)),
    );
}

fn security(page: &mut Page, profile: &Security) {
    page.heading(format_args!("Security profile {}", profile.index));
    let demand = |demand: Demand, set: Option<&Vec<u8>>, policy: Policy| match (policy, set) {
        (Policy::NotSupported, None) => demand.word().to_owned(),
        (_, None) => format!("{}, no list by {}", demand.word(), policy.word()),
        (_, Some(list)) => format!("{}, list {list:?} by {}", demand.word(), policy.word()),
    };
    let protocols = profile.auth_protocols.as_ref();
    page.line("auth", demand(profile.in_band_auth, protocols, profile.auth_policy));
    let algorithms = profile.secure_channel_algorithms.as_ref();
    page.line(
        "TLS",
        demand(profile.secure_channel, algorithms, profile.channel_policy),
    );
    for (label, restricted, list) in [
        ("ciphers", profile.cipher_suites_restricted, &profile.cipher_suites),
        ("DH groups", profile.dh_groups_restricted, &profile.dh_groups),
        ("hashes", profile.hash_functions_restricted, &profile.hash_functions),
    ] {
        page.maybe(
            label,
            restricted.then(|| format!("only {:?}", list.as_deref().unwrap_or_default())),
        );
    }
    page.maybe(
        "secret type",
        (profile.secret_type != 0).then(|| format!("{:#x}", profile.secret_type)),
    );
    page.maybe("secret at", profile.secret_keypath.as_ref());
}
