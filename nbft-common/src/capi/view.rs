//! A decoded table as the structures of `nbft.h`.

use std::ffi::{c_char, c_uint};
use std::fmt::Display;
use std::io::Write;
use std::net::IpAddr;
use std::ptr::null;

use super::layout;
use crate::table::addr::Nid;
use crate::table::{self, Table, uri};

/// `struct nbft`: a table, and its structures with all that they point to.
pub struct Nbft {
    pub(super) table: Table,
    pub(super) info: layout::Info,
    pub(super) host: layout::Host,
    pub(super) ssns: Vec<layout::Ssns>,
    pub(super) hfi: Vec<layout::Hfi>,
    pub(super) discovery: Vec<layout::Discovery>,
    pub(super) security: Vec<layout::Security>,
    pub(super) warnings: Vec<layout::Warning>,
    _storage: Storage,
}

impl From<Table> for Nbft {
    fn from(table: Table) -> Self {
        let mut storage = Storage::default();
        let at = &mut storage;
        Self {
            info: info(at, &table),
            host: host(at, &table.host),
            ssns: table.subsystem.iter().map(|ssns| subsystem(at, ssns)).collect(),
            hfi: table.hfi.iter().map(|hfi| interface(at, hfi)).collect(),
            discovery: table.discovery.iter().map(|one| discovery(at, one)).collect(),
            security: table.security.iter().map(|profile| security(at, profile)).collect(),
            warnings: table.warnings.iter().map(|one| warning(at, one)).collect(),
            table,
            _storage: storage,
        }
    }
}

/// Bytes that structures point to. Each vector stays at its address although the outer one grows.
#[derive(Default)]
struct Storage(Vec<Vec<u8>>);

impl Storage {
    fn keep(&mut self, bytes: Vec<u8>) -> *const u8 {
        let address = bytes.as_ptr();
        self.0.push(bytes);
        address
    }

    /// A text with its NUL. The parser cuts texts at a NUL, so none is inside.
    fn text(&mut self, text: impl Display) -> *const c_char {
        let mut bytes = Vec::new();
        // Writing to a vector cannot fail.
        let _ = write!(bytes, "{text}\0");
        self.keep(bytes).cast()
    }

    fn maybe_text(&mut self, text: Option<impl Display>) -> *const c_char {
        text.map_or(null(), |text| self.text(text))
    }

    fn bytes(&mut self, bytes: Vec<u8>) -> layout::Bytes {
        let length = bytes.len();
        let data = self.keep(bytes);
        layout::Bytes { data, length }
    }

    fn maybe_bytes(&mut self, bytes: Option<Vec<u8>>) -> layout::Bytes {
        let none = layout::Bytes {
            data: null(),
            length: 0,
        };
        bytes.map_or(none, |bytes| self.bytes(bytes))
    }

    fn address(&mut self, address: IpAddr) -> layout::Address {
        let text = self.text(address);
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                layout::Address {
                    text,
                    family: 4,
                    bytes: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
                }
            }
            IpAddr::V6(v6) => layout::Address {
                text,
                family: 6,
                bytes: v6.octets(),
            },
        }
    }

    fn maybe_address(&mut self, address: Option<IpAddr>) -> layout::Address {
        match address {
            Some(address) => self.address(address),
            None => layout::Address {
                text: self.text(""),
                family: 0,
                bytes: [0; 16],
            },
        }
    }
}

/// The number in the header's enum of a coded field.
trait Code {
    fn code(self) -> c_uint;
}

/// Variants of an enum and their numbers, all of them: a new variant does not compile without its number.
macro_rules! codes {
    ($($type:ident { $($variant:ident = $code:literal),* })*) => {$(
        impl Code for table::$type {
            fn code(self) -> c_uint {
                match self { $(Self::$variant => $code),* }
            }
        }
    )*};
}

codes! {
    PrimaryAdmin { NotIndicated = 0, Unselected = 1, Selected = 2, Reserved = 3 }
    Availability { NotIndicated = 0, Available = 1, Unavailable = 2, Reserved = 3 }
    Demand { NotSupported = 0, NotRequired = 1, Required = 2, Reserved = 3 }
    Policy { NotSupported = 0, Driver = 1, Administrator = 2, Reserved = 3 }
    Transport { Tcp = 3 }
    NidType { Eui64 = 1, Nguid = 2, Uuid = 3 }
    Descriptor { Table = 0, Host = 1, Hfi = 2, Ssns = 3, Discovery = 4, Security = 5 }
}

fn info(at: &mut Storage, table: &Table) -> layout::Info {
    let path = &table.driver_device_path.0;
    layout::Info {
        revision: at.text(&table.revision),
        oem_id: at.text(&table.oem_id),
        oem_table_id: at.text(&table.oem_table_id),
        oem_revision: table.oem_revision,
        creator_id: table.creator_id,
        creator_revision: table.creator_revision,
        boot_failover: table.boot_failover,
        driver_device_path: at.maybe_bytes(Some(path.clone()).filter(|path| !path.is_empty())),
    }
}

fn host(at: &mut Storage, host: &table::Host) -> layout::Host {
    layout::Host {
        nqn: at.text(&host.nqn),
        id: at.text(host.id),
        id_bytes: host.id.0,
        host_id_configured: host.host_id_configured,
        host_nqn_configured: host.host_nqn_configured,
        primary_admin_host_flag: host.primary_admin_host_flag.code(),
    }
}

fn subsystem(at: &mut Storage, ssns: &table::Ssns) -> layout::Ssns {
    layout::Ssns {
        index: ssns.index,
        subsys_port_id: ssns.subsys_port_id,
        hfis: at.bytes(ssns.hfis.clone()),
        transport: ssns.transport.code(),
        traddr: at.address(ssns.traddr),
        trsvcid: at.text(&ssns.trsvcid),
        subsys_nqn: at.text(&ssns.subsys_nqn),
        nsid: ssns.nsid,
        nid_type: ssns.nid_type.map_or(0, Code::code),
        nid: at.text(ssns.nid),
        nid_bytes: match ssns.nid {
            Nid::None => [0; 16],
            Nid::Eui64([a, b, c, d, e, f, g, h]) => [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0],
            Nid::Nguid(bytes) => bytes,
            Nid::Uuid(uuid) => uuid.0,
        },
        nid_type_code: ssns.nid_type_code,
        discovery_index: ssns.discovery_index,
        controller_id: ssns.controller_id,
        asqsz: ssns.asqsz,
        has_connection_timeout: ssns.connection_timeout.is_some(),
        connection_timeout: ssns.connection_timeout.unwrap_or_default(),
        has_security_index: ssns.security_index.is_some(),
        security_index: ssns.security_index.unwrap_or_default(),
        dhcp_root_path_string: at.maybe_text(ssns.dhcp_root_path_string.as_ref()),
        pdu_header_digest_required: ssns.pdu_header_digest_required,
        data_digest_required: ssns.data_digest_required,
        discovered: ssns.discovered,
        unavailable: ssns.unavailable,
        non_bootable: ssns.non_bootable,
        dhcp_root_path_override: ssns.dhcp_root_path_override,
        separate_discovery_controller: ssns.separate_discovery_controller,
        availability: ssns.availability.code(),
        naed: ssns.naed,
        cipeec: ssns.cipeec,
        nceec: ssns.nceec,
    }
}

fn interface(at: &mut Storage, hfi: &table::Hfi) -> layout::Hfi {
    layout::Hfi {
        index: hfi.index,
        transport: hfi.transport.code(),
        pcidev: at.text(&hfi.pcidev),
        pcie_seg_num: hfi.pcie_seg_num,
        mac_addr_bytes: hfi.mac_addr.0,
        mac_addr: at.text(hfi.mac_addr),
        vlan: hfi.vlan,
        ip_origin: hfi.ip_origin.into(),
        subnet_mask_prefix: hfi.subnet_mask_prefix,
        ipaddr: at.address(hfi.ipaddr),
        gateway_ipaddr: at.address(hfi.gateway_ipaddr),
        route_metric: hfi.route_metric,
        primary_dns_ipaddr: at.address(hfi.primary_dns_ipaddr),
        secondary_dns_ipaddr: at.address(hfi.secondary_dns_ipaddr),
        dhcp_server_ipaddr: at.maybe_address(hfi.dhcp_server_ipaddr),
        host_name: at.maybe_text(hfi.host_name.as_ref()),
        this_hfi_is_default_route: hfi.this_hfi_is_default_route,
        dhcp_override: hfi.dhcp_override,
        ipaddr_autoconf: hfi.ipaddr_autoconf,
        has_dhcp_iaid: hfi.dhcp_iaid.is_some(),
        dhcp_iaid: hfi.dhcp_iaid.unwrap_or_default(),
        dhcp_duid: at.maybe_bytes(hfi.dhcp_duid.as_ref().map(table::Duid::to_wire)),
    }
}

fn discovery(at: &mut Storage, controller: &table::Discovery) -> layout::Discovery {
    let (address, service) = uri::parse(&controller.uri).ok().unzip();
    layout::Discovery {
        index: controller.index,
        security: controller.security,
        hfi: controller.hfi,
        uri: at.text(&controller.uri),
        nqn: at.maybe_text(controller.nqn.as_ref()),
        traddr: at.maybe_address(address),
        trsvcid: at.maybe_text(service),
    }
}

fn security(at: &mut Storage, profile: &table::Security) -> layout::Security {
    layout::Security {
        index: profile.index,
        secret_type: profile.secret_type,
        cipher_suites_restricted: profile.cipher_suites_restricted,
        dh_groups_restricted: profile.dh_groups_restricted,
        hash_functions_restricted: profile.hash_functions_restricted,
        in_band_auth: profile.in_band_auth.code(),
        auth_policy: profile.auth_policy.code(),
        secure_channel: profile.secure_channel.code(),
        channel_policy: profile.channel_policy.code(),
        secure_channel_algorithms: at.maybe_bytes(profile.secure_channel_algorithms.clone()),
        auth_protocols: at.maybe_bytes(profile.auth_protocols.clone()),
        cipher_suites: at.maybe_bytes(profile.cipher_suites.clone()),
        dh_groups: at.maybe_bytes(profile.dh_groups.clone()),
        hash_functions: at.maybe_bytes(profile.hash_functions.clone()),
        secret_keypath: at.maybe_text(profile.secret_keypath.as_ref()),
    }
}

fn warning(at: &mut Storage, warning: &table::Warning) -> layout::Warning {
    layout::Warning {
        descriptor: warning.descriptor.code(),
        has_index: warning.index.is_some(),
        dropped: warning.dropped,
        index: warning.index.unwrap_or_default(),
        offset: warning.offset,
        message: at.text(&warning.message),
    }
}
