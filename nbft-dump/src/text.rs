//! The table for people: all that it says, nothing that it does not, within 80 columns as far as its names allow.

use std::fmt::{Display, Write};
use std::net::IpAddr;

use nbft_common::table::{Availability, Demand, Discovery, Hfi, Host, Policy, PrimaryAdmin, Security, Ssns, Table};
use nbft_common::words::{cipeec, ip_origin, naed, nceec, printable};

/// Renders tables; says so when there is none.
pub fn tables(tables: &[Table]) -> Vec<u8> {
    if tables.is_empty() {
        return b"No NBFT: the firmware did not boot over NVMe/TCP, or did not say so.\n".to_vec();
    }
    let all: Vec<String> = tables.iter().map(table).collect();
    all.join("\n").into_bytes()
}

/// Lines under a heading: a label column, then the value.
struct Page(String);

impl Page {
    fn heading(&mut self, heading: impl Display) {
        self.raw(format_args!("{}\n", printable(&heading.to_string())));
    }

    fn line(&mut self, label: &str, value: impl Display) {
        self.raw(format_args!("  {label:<11} {}\n", printable(&value.to_string())));
    }

    fn maybe(&mut self, label: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.line(label, value);
        }
    }

    fn raw(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.0.write_fmt(text);
    }
}

fn table(table: &Table) -> String {
    let mut page = Page(String::new());
    let origin = [table.oem_id.as_str(), table.oem_table_id.as_str()].join(" ");
    let origin = if origin.trim().is_empty() {
        String::new()
    } else {
        format!(", made by {}", origin.trim())
    };
    page.heading(format_args!(
        "{}: NBFT revision {}{origin}",
        table.filename, table.revision
    ));
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
        let index = warning.index.map(|index| format!(" {index}")).unwrap_or_default();
        page.heading(format_args!(
            "Warning: {}{index}: byte {}: {}",
            warning.descriptor, warning.offset, warning.message
        ));
    }
    page.0
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
    let origin = match (hfi.is_dhcp(), hfi.ipaddr_autoconf) {
        (true, _) => "DHCP",
        (_, true) => "IPv6 autoconfiguration",
        _ => ip_origin(hfi.ip_origin),
    };
    match given(hfi.ipaddr) {
        Some(addr) => page.line("address", format_args!("{addr}/{} ({origin})", hfi.subnet_mask_prefix)),
        None => page.line("address", format_args!("none ({origin})")),
    }
    page.maybe("gateway", given(hfi.gateway_ipaddr));
    let default = hfi.this_hfi_is_default_route.then_some("default route");
    let metric = (hfi.route_metric != 0).then(|| format!("metric {}", hfi.route_metric));
    page.maybe("route", joined(default.map(str::to_owned).into_iter().chain(metric)));
    let dns = [hfi.primary_dns_ipaddr, hfi.secondary_dns_ipaddr]
        .into_iter()
        .filter_map(given);
    page.maybe("DNS", joined(dns.map(|addr| addr.to_string())));
    page.maybe("DHCP server", hfi.dhcp_server_ipaddr.and_then(given));
    page.maybe("DHCP IAID", hfi.dhcp_iaid);
    if let (Some(kind), Some(duid)) = (&hfi.dhcp_duid_type, &hfi.dhcp_duid) {
        page.line("DHCP DUID", format_args!("{duid} ({kind})"));
    }
    page.maybe("host name", hfi.host_name.as_ref());
}

/// The items with commas between them; none: nothing.
fn joined(items: impl Iterator<Item = String>) -> Option<String> {
    let items: Vec<String> = items.collect();
    (!items.is_empty()).then(|| items.join(", "))
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
    page.maybe(
        "digests",
        joined(
            digests
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, name)| name.to_owned()),
        ),
    );
    page.maybe("security", ssns.security_index.map(|index| format!("profile {index}")));
    let origin = match (ssns.discovered, ssns.discovery_index) {
        (_, 0) if ssns.dhcp_root_path_override => Some("DHCP root path".to_owned()),
        (true, 0) => Some("discovery".to_owned()),
        (false, 0) => None,
        (_, index) => Some(format!("discovery {index}")),
    };
    let elsewhere = if ssns.separate_discovery_controller {
        ", at another address"
    } else {
        ""
    };
    page.maybe("from", origin.map(|origin| origin + elsewhere));
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
    page.line(
        "NQN",
        discovery
            .nqn
            .as_deref()
            .unwrap_or("nqn.2014-08.org.nvmexpress.discovery (well-known)"),
    );
    page.maybe(
        "security",
        (discovery.security != 0).then(|| format!("profile {}", discovery.security)),
    );
}

fn security(page: &mut Page, profile: &Security) {
    page.heading(format_args!("Security profile {}", profile.index));
    let demand = |demand: Demand, set: Option<&Vec<u8>>, policy: Policy| {
        let list = set
            .map(|list| format!(", list {list:?} by {}", policy.word()))
            .unwrap_or_default();
        format!("{}{list}", demand.word())
    };
    page.line(
        "in-band auth",
        demand(
            profile.in_band_auth,
            profile.auth_protocols.as_ref(),
            profile.auth_policy,
        ),
    );
    let algorithms = profile.secure_channel_algorithms.as_ref();
    page.line(
        "TLS",
        demand(profile.secure_channel, algorithms, profile.channel_policy),
    );
    let only = |restricted: bool, list: Option<&Vec<u8>>| {
        restricted.then(|| format!("only {:?}", list.map_or(&[][..], |l| l)))
    };
    page.maybe(
        "ciphers",
        only(profile.cipher_suites_restricted, profile.cipher_suites.as_ref()),
    );
    page.maybe(
        "DH groups",
        only(profile.dh_groups_restricted, profile.dh_groups.as_ref()),
    );
    page.maybe(
        "hashes",
        only(profile.hash_functions_restricted, profile.hash_functions.as_ref()),
    );
    page.maybe(
        "secret type",
        (profile.secret_type != 0).then(|| format!("{:#x}", profile.secret_type)),
    );
    page.maybe("secret at", profile.secret_keypath.as_ref());
}
