//! NVMe block devices as sysfs shows them, and the search for the wanted device.

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

    /// Path of the node of the whole device or of a partition, if the node exists.
    pub fn node(&self, partition: Option<u32>) -> Option<String> {
        let path = match partition {
            None => self.path(),
            Some(number) => format!("{}p{number}", self.path()),
        };
        root::path(&path).exists().then_some(path)
    }

    /// Whether the device is the wanted namespace. The number in the device's name is not the namespace id. If the
    /// device shows an identifier of the wanted type, the identifier decides, otherwise the namespace id.
    pub fn is(&self, wanted: &Identity) -> bool {
        if wanted
            .nqn
            .as_ref()
            .is_some_and(|nqn| self.read("device/subsysnqn").as_ref() != Some(nqn))
        {
            return false;
        }
        match self.identifier_like(wanted.nid) {
            Some(own) => own == wanted.nid,
            None => wanted.nsid != 0 && self.read("nsid").and_then(|text| text.parse().ok()) == Some(wanted.nsid),
        }
    }

    /// The device's identifier of the same type as `nid`.
    fn identifier_like(&self, nid: Nid) -> Option<Nid> {
        let digits = |text: String| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
        match nid {
            Nid::None => None,
            Nid::Uuid(_) => self.read("uuid")?.parse().ok(),
            // sysfs shows an NGUID with the dashes of a UUID, and an EUI64 with spaces.
            Nid::Nguid(_) => digits(self.read("nguid")?).parse().ok(),
            Nid::Eui64(_) => {
                let own = self
                    .read("eui")
                    .or_else(|| self.read("wwid")?.strip_prefix("eui.").map(str::to_owned))?;
                digits(own).parse().ok()
            }
        }
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
