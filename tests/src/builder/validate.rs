//! Refuses descriptions that cannot become the table they describe.

use super::description::Description;
use super::duid;
use super::hfi::Hfi;
use super::subsystem::Subsystem;

/// A heap reference has 16 bits for a length, and a NUL may have to be counted.
const LONGEST: usize = 0xfffe;
/// Far more than any table has, and little enough to be kept in memory.
const FARTHEST: usize = 1 << 24;

impl Description {
    /// The description itself, or what is wrong with it under the name of the key.
    pub(crate) fn validated(self) -> Result<Self, String> {
        let counts = [
            ("hfi", self.hfi.len()),
            ("subsystem", self.subsystem.len()),
            ("discovery", self.discovery.len()),
            ("security", self.security.len()),
        ];
        if let Some((key, count)) = counts.iter().find(|(_, count)| *count > 255) {
            return Err(format!("{key}: {count} where a table has room for 255"));
        }
        if let Some(revision) = &self.revision {
            revision_numbers(revision)?;
        }
        if matches!(&self.signature, Some(text) if text.len() != 4) {
            return Err("signature: not 4 bytes".into());
        }
        let patched = self.patch.iter().map(|patch| ("patch", patch.offset));
        for (key, size) in patched.chain([("padding", self.padding)]) {
            if size > FARTHEST {
                return Err(format!("{key}: {size} is more than {FARTHEST}"));
            }
        }
        for (key, text, most) in [("oem_id", &self.oem_id, 6), ("oem_table_id", &self.oem_table_id, 8)] {
            if text.len() > most {
                return Err(format!("{key}: longer than {most} bytes"));
            }
        }
        check_text("host: nqn", &self.host.nqn)?;
        check_length("driver_device_path", self.driver_device_path.0.len())?;
        let numbered = |key: &str, at: usize| format!("{key} {}", at + 1);
        for (at, hfi) in self.hfi.iter().enumerate() {
            hfi.check().map_err(|why| format!("{}: {why}", numbered("hfi", at)))?;
        }
        for (at, subsystem) in self.subsystem.iter().enumerate() {
            subsystem
                .check()
                .map_err(|why| format!("{}: {why}", numbered("subsystem", at)))?;
        }
        for (at, discovery) in self.discovery.iter().enumerate() {
            let place = numbered("discovery", at);
            check_without(&discovery.without, &["uri", "nqn"]).map_err(|why| format!("{place}: {why}"))?;
            if discovery.uri.is_empty() && !discovery.without.iter().any(|key| key == "uri") {
                return Err(format!("{place}: uri: missing"));
            }
            check_text(&format!("{place}: uri"), &discovery.uri)?;
            check_text(&format!("{place}: nqn"), discovery.nqn.as_deref().unwrap_or(""))?;
        }
        for (at, security) in self.security.iter().enumerate() {
            let path = security.secret_keypath.as_deref().unwrap_or("");
            let place = numbered("security", at);
            check_text(&format!("{place}: secret_keypath"), path)?;
            for (key, list) in [
                ("secure_channel_algorithms", &security.secure_channel_algorithms),
                ("auth_protocols", &security.auth_protocols),
                ("cipher_suites", &security.cipher_suites),
                ("dh_groups", &security.dh_groups),
                ("hash_functions", &security.hash_functions),
            ] {
                check_length(&format!("{place}: {key}"), list.len())?;
            }
        }
        Ok(self)
    }
}

/// Major and minor of a revision in a description.
pub(crate) fn revision_numbers(text: &str) -> Result<(u8, u8), String> {
    text.split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)))
        .ok_or_else(|| format!("revision: `{text}` is not MAJOR.MINOR"))
}

fn check_length(key: &str, length: usize) -> Result<(), String> {
    if length > LONGEST {
        return Err(format!("{key}: longer than {LONGEST} bytes"));
    }
    Ok(())
}

fn check_text(key: &str, text: &str) -> Result<(), String> {
    check_length(key, text.len())
}

/// `without` names keys that have a heap reference of their own.
fn check_without(without: &[String], known: &[&str]) -> Result<(), String> {
    match without.iter().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("without: `{key}` is none of {}", known.join(", "))),
        None => Ok(()),
    }
}

impl Hfi {
    fn check(&self) -> Result<(), String> {
        let wire = duid::wire(self).map_err(|why| format!("dhcp_duid_type: {why}"))?;
        check_length("dhcp_duid", wire.len())?;
        check_text("host_name", self.host_name.as_deref().unwrap_or(""))
    }
}

impl Subsystem {
    fn check(&self) -> Result<(), String> {
        let keys = ["traddr", "trsvcid", "subsys_nqn", "dhcp_root_path_string", "ext_info"];
        check_without(&self.without, &keys)?;
        let lacks = |key: &str| !self.without.iter().any(|without| without == key);
        if self.traddr.is_none() && lacks("traddr") {
            return Err("traddr: missing".into());
        }
        if self.subsys_nqn.is_empty() && lacks("subsys_nqn") {
            return Err("subsys_nqn: missing".into());
        }
        self.nid_bytes().map_err(|why| format!("nid: {why}"))?;
        check_length("hfis", self.hfis.as_ref().map_or(0, Vec::len))?;
        check_text("trsvcid", &self.trsvcid)?;
        check_text("subsys_nqn", &self.subsys_nqn)?;
        let path = self.dhcp_root_path_string.as_deref().unwrap_or("");
        check_text("dhcp_root_path_string", path)
    }
}
