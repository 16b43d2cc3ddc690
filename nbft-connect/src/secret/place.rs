//! Places of secrets.

use std::path::PathBuf;

use nbft_common::command::failure::Failure;
use nbft_common::command::root;

use crate::secret::{self, Kind, Secret};

/// Where a kind of secret lies, unless the command line names its file.
pub struct Place {
    /// The folder. A folder inside with the NQN of a subsystem as its name has the secrets for this subsystem.
    pub folder: &'static str,
    /// The file in it.
    pub file: &'static str,
    /// The name of a credential of systemd.
    credential: &'static str,
    /// What the file holds.
    pub kind: Kind,
}

/// The host's secret, with which the host authenticates itself.
pub const HOST: Place = Place {
    folder: "/etc/nbft/dhchap",
    file: "host-secret",
    credential: "nbft.dhchap-host-secret",
    kind: Kind::DhHmacChap,
};
/// The controller's secret.
pub const CTRL: Place = Place {
    folder: "/etc/nbft/dhchap",
    file: "ctrl-secret",
    credential: "nbft.dhchap-ctrl-secret",
    kind: Kind::DhHmacChap,
};
/// The key for TLS.
pub const TLS: Place = Place {
    folder: "/etc/nbft/tls",
    file: "key",
    credential: "nbft.tls-key",
    kind: Kind::TlsKey,
};

impl Place {
    /// The secret from the named file, or else from the usual places.
    ///
    /// # Errors
    /// As for [`secret::read`].
    pub fn read(&self, named: Option<&PathBuf>, nqn: &str) -> Result<Option<Secret>, Failure> {
        let file = self.find(named, nqn);
        file.map(|file| secret::read(&file, self.kind)).transpose()
    }

    /// The named file, or else the one of the subsystem, or else the one for all subsystems, or else the credential.
    pub fn find(&self, named: Option<&PathBuf>, nqn: &str) -> Option<PathBuf> {
        if let Some(file) = named {
            return Some(file.clone());
        }
        let common = root::path(&format!("{}/{}", self.folder, self.file));
        let credential = secret::credential(self.credential);
        let mut usual = self.own(nqn).into_iter().chain([common]).chain(credential);
        usual.find(|file| file.exists())
    }

    /// The file of a subsystem. The table must not choose a file outside the folder.
    pub fn own(&self, nqn: &str) -> Option<PathBuf> {
        let inside = !nqn.contains('/') && !nqn.starts_with('.');
        inside.then(|| root::path(&format!("{}/{nqn}/{}", self.folder, self.file)))
    }
}
