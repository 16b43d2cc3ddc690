//! Security profiles: a profile is met, or is a reason not to connect. No profile is ignored.

use std::fs;
use std::path::PathBuf;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nbft_common::table::{Demand, Security};

use crate::options::{ConnectOption, Value};
use crate::path::Path;
use crate::secret::{self, Secret};

/// The folder of the secrets. A folder inside with the NQN of a subsystem as its name has the secrets for this subsystem.
const FOLDER: &str = "/etc/nbft/dhchap";
const HOST: &str = "host-secret";
const CTRL: &str = "ctrl-secret";

/// Files with the DH-HMAC-CHAP secrets that the command line names.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    /// The host's secret, with which the host authenticates itself to the target.
    pub host: Option<PathBuf>,
    /// The controller's secret, with which the target has to authenticate itself too.
    pub ctrl: Option<PathBuf>,
}

/// The options that a path's security profile demands for a subsystem, and those that the secrets at hand allow for.
///
/// # Errors
/// [`Exit::Config`] when a demand of the profile cannot be met, or a secret is no secret.
pub fn demands(path: &Path, nqn: &str) -> Result<Vec<ConnectOption>, Failure> {
    let demanding = |demand: fn(&Security) -> Demand| {
        let demanded = |profile: &&Security| matches!(demand(profile), Demand::Required | Demand::Reserved);
        path.security.as_ref().filter(demanded)
    };
    let authentication = demanding(|profile| profile.in_band_auth);
    let host = secret(path.secrets.host.as_ref(), HOST, nqn)?;
    let ctrl = secret(path.secrets.ctrl.as_ref(), CTRL, nqn)?;
    if let (Some(profile), None) = (authentication, &host) {
        let message = format!(
            "security profile {} demands in-band authentication, but no secret was found: put it into {FOLDER}/{HOST}, \
             or name its file with --dhchap-secret-file",
            profile.index
        );
        return Err(Failure::new(Exit::Config, message));
    }
    if host.is_none() && ctrl.is_some() {
        let message = "the controller's secret needs the host's secret as well; see --dhchap-secret-file";
        return Err(Failure::new(Exit::Config, message));
    }
    let mut options = Vec::new();
    for (key, secret, file) in [
        ("dhchap_secret", host, &path.secrets.host),
        ("dhchap_ctrl_secret", ctrl, &path.secrets.ctrl),
    ] {
        options.extend(secret.map(|secret| ConnectOption {
            key: key.to_owned(),
            value: Value::Secret(secret),
            // A secret that nobody asked for is for kernels that can use it.
            dispensable: file.is_none() && authentication.is_none(),
        }));
    }
    let channel =
        demanding(|profile| profile.secure_channel).map(|profile| format!("security profile {}", profile.index));
    if let Some(who) = channel.or_else(|| path.tls.clone()) {
        options.push(secure_channel(&who, &path.identity().nqn, nqn)?);
    }
    Ok(options)
}

/// The secret from the named file, or else the subsystem's own secret, or else the one for all subsystems.
fn secret(named: Option<&PathBuf>, file: &str, nqn: &str) -> Result<Option<Secret>, Failure> {
    if let Some(path) = named {
        return secret::read(path).map(Some);
    }
    // The table must not choose a file outside the folder.
    let own = (!nqn.contains('/') && !nqn.starts_with('.')).then(|| format!("{FOLDER}/{nqn}/{file}"));
    let usual = own
        .into_iter()
        .chain([format!("{FOLDER}/{file}")])
        .map(|path| root::path(&path));
    let found = usual.into_iter().find(|path| path.exists());
    found.map(|path| secret::read(&path)).transpose()
}

/// The flag for TLS, if the key exists.
///
/// # Errors
/// [`Exit::Config`] with the demand of `who` and the missing part.
fn secure_channel(who: &str, hostnqn: &str, subnqn: &str) -> Result<ConnectOption, Failure> {
    // A TLS key for NVMe is described as "NVMe… HOSTNQN SUBSYSNQN …".
    let keys = fs::read_to_string(root::path("/proc/keys")).unwrap_or_default();
    let ours = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.contains(&"psk") && words.windows(2).any(|pair| *pair == [hostnqn, subnqn])
    };
    if !keys.lines().any(ours) {
        let message = format!(
            "{who} demands a secure channel (TLS), but the kernel's keyring has no key for this host and subsystem"
        );
        return Err(Failure::new(Exit::Config, message));
    }
    Ok(ConnectOption::flag("tls"))
}
