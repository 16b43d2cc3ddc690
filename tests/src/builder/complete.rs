//! Fills in what a description leaves to its reader.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::description::Description;
use super::duid;
use super::hfi::Hfi;
use super::subsystem::Subsystem;
use super::text::{Hex, Mac, Uuid};
use super::words::{Availability, NidType};

impl Description {
    /// The same table with every key spelled out, as nbft-dump prints it, derived keys included.
    pub fn complete(&self) -> Self {
        let mut whole = self.clone();
        whole.revision = Some(self.revision.clone().unwrap_or_else(|| {
            let newer = self.hfi.iter().any(Hfi::is_newer) || self.subsystem.iter().any(|s| s.is_newer());
            if newer { "1.1" } else { "1.0" }.into()
        }));
        for (at, hfi) in whole.hfi.iter_mut().enumerate() {
            hfi.complete(at);
        }
        let first = whole.hfi.first().and_then(|hfi| hfi.index).unwrap_or(1);
        for (at, subsystem) in whole.subsystem.iter_mut().enumerate() {
            subsystem.complete(at, first);
        }
        for (at, discovery) in whole.discovery.iter_mut().enumerate() {
            discovery.index.get_or_insert(position(at) as u8);
            discovery.hfi.get_or_insert(first);
        }
        for (at, security) in whole.security.iter_mut().enumerate() {
            security.index.get_or_insert(position(at) as u8);
        }
        whole
    }

    /// Whether the table is of a revision that has the longer structures.
    pub(crate) fn is_newer(&self) -> bool {
        matches!(self.revision.as_deref(), Some(text) if text != "1.0")
    }
}

/// Descriptors count from 1.
fn position(at: usize) -> u16 {
    at as u16 + 1
}

impl Hfi {
    /// Whether a 1.0 table has no place for something in here.
    pub(crate) fn is_newer(&self) -> bool {
        self.dhcp_iaid.is_some() || duid::given(self) || self.pcie_seg_num != 0
    }

    fn complete(&mut self, at: usize) {
        let index = *self.index.get_or_insert(position(at) as u8);
        self.mac_addr.get_or_insert(Mac([0x52, 0x54, 0, 0, 0, index]));
        let address = *self.ipaddr.get_or_insert(Ipv4Addr::UNSPECIFIED.into());
        let (prefix, zero) = match address {
            IpAddr::V4(_) => (24, IpAddr::from(Ipv4Addr::UNSPECIFIED)),
            IpAddr::V6(_) => (64, IpAddr::from(Ipv6Addr::UNSPECIFIED)),
        };
        self.subnet_mask_prefix.get_or_insert(prefix);
        self.gateway_ipaddr.get_or_insert(zero);
        self.primary_dns_ipaddr.get_or_insert(zero);
        self.secondary_dns_ipaddr.get_or_insert(zero);
        if self.dhcp_override {
            self.dhcp_server_ipaddr.get_or_insert(zero);
        }
        self.ip_origin
            .get_or_insert(match (self.dhcp_override || duid::given(self), self.ipaddr_autoconf) {
                (true, _) => 3,
                (false, true) => 4,
                (false, false) => 1,
            });
        // Parts that do not make a DUID were refused when the description was read.
        let bytes = duid::wire(self).unwrap_or_default();
        if !bytes.is_empty() {
            self.dhcp_iaid.get_or_insert(0);
            duid::spell_out(self, &bytes);
        }
        // A dump shows the segment in both keys, wherever the table has it.
        if self.pcidev.segment == 0 {
            self.pcidev.segment = self.pcie_seg_num.into();
        }
        // An empty text has no heap object, so that no reader could tell it from none.
        self.host_name = self.host_name.take().filter(|name| !name.is_empty());
    }
}

impl Subsystem {
    /// Whether a 1.0 table has no place for something in here.
    pub(crate) fn is_newer(&self) -> bool {
        self.naed != 0 || self.cipeec != 0 || self.nceec != 0 || self.connection_timeout.is_some()
    }

    fn complete(&mut self, at: usize, first_hfi: u8) {
        self.index.get_or_insert(position(at));
        let hfis = self.hfis.get_or_insert(vec![first_hfi]);
        self.num_hfis = Some(hfis.len());
        let availability = *self.availability.get_or_insert(match self.unavailable {
            Some(true) => Availability::Unavailable,
            _ => Availability::NotIndicated,
        });
        self.unavailable = Some(availability == Availability::Unavailable);
        let path = self.dhcp_root_path_string.take();
        self.dhcp_root_path_string = path.filter(|path| !path.is_empty());
        self.dhcp_root_path_override
            .get_or_insert(self.dhcp_root_path_string.is_some());
        self.nid_type = match (self.nid_type, self.nid_type_code) {
            (None, None) => self.nid_form(),
            (stated, _) => stated,
        };
        // FFFFh is how the table says that there is no timeout.
        self.connection_timeout = self.connection_timeout.filter(|seconds| *seconds != 0xffff);
        self.discovery_index = self.discovery_index.filter(|index| *index != 0);
    }

    /// The type that the form of the identifier suggests.
    fn nid_form(&self) -> Option<NidType> {
        match self.nid.len() {
            16 => Some(NidType::Eui64),
            32 => Some(NidType::Nguid),
            36 => Some(NidType::Uuid),
            _ => None,
        }
    }

    /// The namespace identifier's type code and bytes.
    pub(crate) fn nid_bytes(&self) -> Result<(u8, [u8; 16]), String> {
        let mut field = [0; 16];
        let Some(kind) = self.nid_type.or_else(|| self.nid_form()) else {
            if !self.nid.is_empty() {
                return Err(format!("`{}` is no EUI64, NGUID or UUID", self.nid));
            }
            return Ok((self.nid_type_code.unwrap_or_default(), field));
        };
        let wrong = || format!("`{}` does not fit nid_type", self.nid);
        let bytes = match kind {
            NidType::Uuid => self.nid.parse::<Uuid>().map_err(|_| wrong())?.0.to_vec(),
            _ => self.nid.parse::<Hex>().map_err(|_| wrong())?.0,
        };
        let expected = if kind == NidType::Eui64 { 8 } else { 16 };
        if bytes.len() != expected {
            return Err(wrong());
        }
        field[..expected].copy_from_slice(&bytes);
        Ok((self.nid_type_code.unwrap_or(kind as u8), field))
    }
}
