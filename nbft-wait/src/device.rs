//! NVMe block devices as sysfs shows them, and the search for the wanted device.

use std::mem::discriminant;

use nbft_common::command::failure::Failure;
use nbft_common::command::{root, sysfs};
use nbft_common::table::Ssns;
use nbft_common::table::addr::Nid;

/// The identity of a namespace in the table.
#[derive(Clone, Debug)]
pub struct Identity {
    /// NQN of the subsystem; none: any.
    pub nqn: Option<String>,
    pub nid: Nid,
    /// Namespace id; 0: any.
    pub nsid: u32,
}

impl From<&Ssns> for Identity {
    fn from(ssns: &Ssns) -> Self {
        Self {
            nqn: Some(ssns.subsys_nqn.clone()),
            nid: ssns.nid,
            nsid: ssns.nsid,
        }
    }
}

/// Reads `uuid.…`, `nguid.…` or `eui.…`.
pub fn nid(text: &str) -> Result<Identity, Failure> {
    let wrong = || {
        Failure::usage(format_args!(
            "--nid: '{text}' is not uuid.UUID, nguid.32-DIGITS or eui.16-DIGITS"
        ))
    };
    let (kind, id) = text.split_once('.').ok_or_else(wrong)?;
    let nid: Nid = id.parse().map_err(|_| wrong())?;
    match (kind, nid) {
        ("uuid", Nid::Uuid(_)) | ("nguid", Nid::Nguid(_)) | ("eui", Nid::Eui64(_)) => Ok(Identity {
            nqn: None,
            nid,
            nsid: 0,
        }),
        _ => Err(wrong()),
    }
}

/// An NVMe namespace that is a block device.
pub struct Device {
    name: String,
}

impl Device {
    /// All devices with a device node; the hidden devices behind a multipath device have no node.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = sysfs::names("/sys/block")
            .into_iter()
            .filter(|name| name.starts_with("nvme"))
            .map(|name| Self { name })
            .collect();
        all.retain(|device| device.read("hidden").is_none_or(|hidden| hidden == "0"));
        all
    }

    /// Path of the device's node.
    fn path(&self) -> String {
        format!("/dev/{}", self.name)
    }

    /// Path of the node of the whole device or of a partition, if the node can be opened. The kernel makes the node, then the
    /// device's files in sysfs; the device can be opened once the last of these exists, and an event follows.
    pub fn node(&self, partition: Option<u32>) -> Option<String> {
        let block = format!("/sys/block/{}", self.name);
        let (path, last) = match partition {
            None => (self.path(), format!("{block}/bdi")),
            Some(number) => (
                format!("{}p{number}", self.path()),
                format!("{block}/{}p{number}/holders", self.name),
            ),
        };
        let exist = [&path, &last].into_iter().all(|file| root::path(file).exists());
        exist.then_some(path)
    }

    /// Whether the device is the wanted namespace. The number in the device's name is not the namespace id. If the
    /// device shows an identifier of the wanted type, the identifier decides, otherwise the namespace id. Firmware may
    /// call a UUID an NGUID, or the reverse: the same digits are the same namespace.
    pub fn is(&self, wanted: &Identity) -> bool {
        if wanted
            .nqn
            .as_ref()
            .is_some_and(|nqn| self.read("device/subsysnqn").as_ref() != Some(nqn))
        {
            return false;
        }
        let own = self.identifiers();
        if own.iter().any(|own| same_digits(*own, wanted.nid)) {
            return true;
        }
        let decided = own.iter().any(|own| discriminant(own) == discriminant(&wanted.nid));
        let nsid = || self.read("nsid").and_then(|text| text.parse().ok());
        !decided && wanted.nsid != 0 && nsid() == Some(wanted.nsid)
    }

    /// The device's identifiers.
    fn identifiers(&self) -> Vec<Nid> {
        // sysfs shows an NGUID with the dashes of a UUID, and an EUI64 with spaces.
        let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
        let wwid = self.read("wwid");
        let wwid = wwid.as_deref().and_then(|wwid| wwid.split_once('.'));
        let best = wwid.and_then(|(kind, id)| match kind {
            "uuid" => id.parse().ok(),
            // An EUI64, or an NGUID.
            "eui" => digits(id).parse().ok(),
            _ => None,
        });
        // Of a device without a UUID the kernel shows the NGUID as `uuid`. `wwid` is the UUID if the device has one.
        let uuid = match wwid {
            Some(_) => None,
            None => self.read("uuid").and_then(|uuid| uuid.parse().ok()),
        };
        let others = ["nguid", "eui"].map(|name| digits(&self.read(name)?).parse().ok());
        let all = [best, uuid].into_iter().chain(others).flatten();
        all.filter(|own| *own != Nid::None).collect()
    }

    /// One line about the device, for the status and the timeout message.
    pub fn describe(&self) -> String {
        let or = |value: Option<String>| value.unwrap_or_else(|| "?".to_owned());
        format!(
            "{} (nsid {}, {}, {})",
            self.path(),
            or(self.read("nsid")),
            or(self.read("wwid")),
            or(self.read("device/subsysnqn"))
        )
    }

    fn read(&self, attribute: &str) -> Option<String> {
        sysfs::attribute(&format!("/sys/block/{}/{attribute}", self.name))
    }
}

fn same_digits(own: Nid, wanted: Nid) -> bool {
    match (own, wanted) {
        (Nid::Uuid(uuid), Nid::Nguid(nguid)) | (Nid::Nguid(nguid), Nid::Uuid(uuid)) => uuid.0 == nguid,
        _ => own == wanted,
    }
}

/// Controllers and their states, for the status and the timeout message.
pub fn controllers() -> Vec<String> {
    let class = "/sys/class/nvme";
    let names = sysfs::names(class);
    let read = |name: &str, attribute: &str| {
        sysfs::attribute(&format!("{class}/{name}/{attribute}")).unwrap_or_else(|| "?".to_owned())
    };
    names
        .iter()
        .map(|name| format!("{name} ({}, {})", read(name, "state"), read(name, "subsysnqn")))
        .collect()
}
