//! Security profiles: a profile is met, or is a reason not to connect. No profile is ignored.

use std::path::PathBuf;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nbft_common::table::{Demand, Security as Profile};

use crate::options::{ConnectOption, Value};
use crate::secret::tls_key::TlsKey;
use crate::secret::{self, Kind, Secret, keyring};

/// Where a kind of secret lies, unless the command line names its file.
struct Place {
    /// The folder. A folder inside with the NQN of a subsystem as its name has the secrets for this subsystem.
    folder: &'static str,
    file: &'static str,
    /// The name of a credential of systemd.
    credential: &'static str,
    kind: Kind,
}

const HOST: Place = Place {
    folder: "/etc/nbft/dhchap",
    file: "host-secret",
    credential: "nbft.dhchap-host-secret",
    kind: Kind::DhHmacChap,
};
const CTRL: Place = Place {
    folder: "/etc/nbft/dhchap",
    file: "ctrl-secret",
    credential: "nbft.dhchap-ctrl-secret",
    kind: Kind::DhHmacChap,
};
const TLS: Place = Place {
    folder: "/etc/nbft/tls",
    file: "key",
    credential: "nbft.tls-key",
    kind: Kind::TlsKey,
};

/// Files with secrets that the command line names.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The host's secret, with which the host authenticates itself to the target.
    pub host: Option<PathBuf>,
    /// The controller's secret, with which the target has to authenticate itself too.
    pub ctrl: Option<PathBuf>,
    /// The key for TLS.
    pub tls: Option<PathBuf>,
}

/// What a log entry says of a secure channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// Nothing.
    #[default]
    Unknown,
    /// The target offers it.
    Offered,
    /// The target demands it.
    Demanded,
}

/// Everything that says how secure a path has to be.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// The table's security profile.
    pub profile: Option<Profile>,
    /// What the discovery log says of a secure channel.
    pub channel: Channel,
    /// Files of the secrets.
    pub secrets: Secrets,
    /// The administrator gave the option `tls`.
    pub tls: bool,
}

/// The options that a path's security profile demands for a subsystem, and those that the secrets at hand allow for, with
/// the key for TLS.
///
/// # Errors
/// [`Exit::Config`] when a demand of the profile cannot be met, or a secret is no secret.
pub fn demands(security: &Security, hostnqn: &str, nqn: &str) -> Result<(Vec<ConnectOption>, Option<TlsKey>), Failure> {
    let mut options = authentication(security, nqn)?;
    let (tls, key) = secure_channel(security, hostnqn, nqn)?;
    options.extend(tls.then(|| ConnectOption::flag("tls")));
    Ok((options, key))
}

fn is_demanded(demand: Demand) -> bool {
    matches!(demand, Demand::Required | Demand::Reserved)
}

/// The options for DH-HMAC-CHAP.
fn authentication(security: &Security, nqn: &str) -> Result<Vec<ConnectOption>, Failure> {
    let demanding = security
        .profile
        .as_ref()
        .filter(|profile| is_demanded(profile.in_band_auth));
    let host = HOST.read(security.secrets.host.as_ref(), nqn)?;
    let ctrl = CTRL.read(security.secrets.ctrl.as_ref(), nqn)?;
    if let (Some(profile), None) = (demanding, &host) {
        let message = format!(
            "security profile {} demands in-band authentication, but no secret was found: put it into {}/{}, or name its \
             file with --dhchap-secret-file",
            profile.index, HOST.folder, HOST.file
        );
        return Err(Failure::new(Exit::Config, message));
    }
    if host.is_none() && ctrl.is_some() {
        let message = "the controller's secret needs the host's secret as well; see --dhchap-secret-file";
        return Err(Failure::new(Exit::Config, message));
    }
    let option = |key: &str, secret: Option<Secret>, named: &Option<PathBuf>| {
        secret.map(|secret| ConnectOption {
            key: key.to_owned(),
            value: Value::Secret(secret),
            // A secret that nobody asked for is for kernels that can use it.
            dispensable: named.is_none() && demanding.is_none(),
        })
    };
    let host = option("dhchap_secret", host, &security.secrets.host);
    let ctrl = option("dhchap_ctrl_secret", ctrl, &security.secrets.ctrl);
    Ok(host.into_iter().chain(ctrl).collect())
}

/// Whether the path uses TLS, and the key for it; without a key, the kernel's keyring has one. A path never falls back to
/// a connection in the clear.
fn secure_channel(security: &Security, hostnqn: &str, nqn: &str) -> Result<(bool, Option<TlsKey>), Failure> {
    let profile = security.profile.as_ref();
    let demanded_by = |profile: &Profile| format!("security profile {}", profile.index);
    let demand = match profile {
        _ if security.secrets.tls.is_some() => Some("--tls-key-file".to_owned()),
        Some(profile) if is_demanded(profile.secure_channel) => Some(demanded_by(profile)),
        _ if security.channel == Channel::Demanded => Some("the discovery log".to_owned()),
        _ => None,
    };
    // Without a demand, a key that is for all subsystems is used only where the target is known to speak TLS.
    let offered =
        security.channel == Channel::Offered || profile.is_some_and(|it| it.secure_channel == Demand::NotRequired);
    let forbidden = profile.is_some_and(|it| it.secure_channel == Demand::NotSupported);
    if demand.is_none() && forbidden && !security.tls {
        return Ok((false, None));
    }
    let file = if demand.is_some() || offered || security.tls {
        TLS.find(security.secrets.tls.as_ref(), nqn)
    } else {
        TLS.own(nqn).filter(|file| file.exists())
    };
    if let Some(file) = file {
        let text = secret::read(&file, TLS.kind)?;
        let key = TlsKey::derive(&text, hostnqn, nqn)
            .map_err(|why| Failure::new(Exit::Config, format!("{}: is not a TLS key: {why}", file.display())))?;
        return Ok((true, Some(key)));
    }
    match demand {
        Some(_) if keyring::has_key(hostnqn, nqn) => Ok((true, None)),
        None => Ok((offered && keyring::has_key(hostnqn, nqn), None)),
        Some(who) => {
            let message = format!(
                "{who} demands a secure channel (TLS), but no key for this host and subsystem was found: put it into {}/{}, or \
                 name its file with --tls-key-file",
                TLS.folder, TLS.file
            );
            Err(Failure::new(Exit::Config, message))
        }
    }
}

impl Place {
    /// The secret from the named file, or else from the usual places.
    fn read(&self, named: Option<&PathBuf>, nqn: &str) -> Result<Option<Secret>, Failure> {
        let file = self.find(named, nqn);
        file.map(|file| secret::read(&file, self.kind)).transpose()
    }

    /// The named file, or else the one of the subsystem, or else the one for all subsystems, or else the credential.
    fn find(&self, named: Option<&PathBuf>, nqn: &str) -> Option<PathBuf> {
        if let Some(file) = named {
            return Some(file.clone());
        }
        let common = root::path(&format!("{}/{}", self.folder, self.file));
        let credential = secret::credential(self.credential);
        let mut usual = self.own(nqn).into_iter().chain([common]).chain(credential);
        usual.find(|file| file.exists())
    }

    /// The file of a subsystem. The table must not choose a file outside the folder.
    fn own(&self, nqn: &str) -> Option<PathBuf> {
        let inside = !nqn.contains('/') && !nqn.starts_with('.');
        inside.then(|| root::path(&format!("{}/{nqn}/{}", self.folder, self.file)))
    }
}
