//! Security profiles: a profile is met, or is a reason not to connect. No profile is ignored.

use std::fs;
use std::path::PathBuf;

use nbft_common::command::failure::io_words;
use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nbft_common::table::{Demand, Security};

use crate::fabrics::Supported;
use crate::line::{self, Field};
use crate::path::Path;

/// Files of the secrets, when the command line names no other file.
const HOST_SECRET: &str = "/etc/nbft/dhchap/host-secret";
const CTRL_SECRET: &str = "/etc/nbft/dhchap/ctrl-secret";

/// Largest secret file, in bytes.
const MAX_SECRET: u64 = 4096;

/// Files with the DH-HMAC-CHAP secrets.
#[derive(Debug, Default)]
pub struct Secrets {
    /// The host's secret, with which the host authenticates itself to the target.
    pub host: Option<PathBuf>,
    /// The controller's secret, with which the target has to authenticate itself too.
    pub ctrl: Option<PathBuf>,
}

/// The options that a profile demands of a path, and those that the secrets at hand allow for.
///
/// # Errors
/// [`Exit::Config`] when a demand of the profile cannot be met.
pub fn demands(
    profile: Option<&Security>,
    path: &Path,
    secrets: &Secrets,
    kernel: &Supported,
) -> Result<Vec<Field>, Failure> {
    let demanded = |demand: Demand| matches!(demand, Demand::Required | Demand::Reserved);
    let authentication = profile.filter(|profile| demanded(profile.in_band_auth));
    let channel = profile.filter(|profile| demanded(profile.secure_channel));
    let mut fields = Vec::new();
    let host = secret(
        secrets.host.as_ref(),
        HOST_SECRET,
        "dhchap_secret",
        kernel,
        authentication.is_some(),
    )?;
    let ctrl = secret(secrets.ctrl.as_ref(), CTRL_SECRET, "dhchap_ctrl_secret", kernel, false)?;
    if let (Some(profile), None) = (authentication, &host) {
        let message = format!(
            "security profile {} demands in-band authentication, but no secret was found: put it into {HOST_SECRET}, or \
             name its file with --dhchap-secret-file",
            profile.index
        );
        return Err(Failure::new(Exit::Config, message));
    }
    if host.is_none() && ctrl.is_some() {
        let message = "the controller's secret needs the host's secret as well; see --dhchap-secret-file";
        return Err(Failure::new(Exit::Config, message));
    }
    fields.extend(host.into_iter().chain(ctrl));
    if let Some(profile) = channel {
        fields.push(secure_channel(
            &format!("security profile {}", profile.index),
            path,
            kernel,
        )?);
    }
    Ok(fields)
}

/// The secret from the named file, or from the usual file if the usual file exists.
fn secret(
    named: Option<&PathBuf>,
    usual: &str,
    key: &str,
    kernel: &Supported,
    demanded: bool,
) -> Result<Option<Field>, Failure> {
    let path = match named {
        Some(path) => path.clone(),
        None if root::path(usual).exists() && (demanded || kernel.has(key)) => root::path(usual),
        None => return Ok(None),
    };
    let wrong = |exit, why: &str| Err(Failure::new(exit, format!("{}: {why}", path.display())));
    match fs::metadata(&path) {
        Ok(file) if file.len() > MAX_SECRET => return wrong(Exit::Config, "too large for a secret"),
        Ok(file) if file.is_dir() => return wrong(Exit::NoInput, "is a directory"),
        _ => {}
    }
    let text = match fs::read_to_string(&path) {
        Ok(text) => text.trim().to_owned(),
        Err(error) => return wrong(Exit::NoInput, &io_words(&error)),
    };
    // The content of the file is never shown, right or wrong.
    if !text.starts_with("DHHC-1:") || line::unfit(&text).is_some() {
        return wrong(Exit::Config, "is not a DH-HMAC-CHAP secret (DHHC-1:…)");
    }
    Ok(Some(Field {
        key: key.to_owned(),
        value: Some(text),
        secret: true,
    }))
}

/// The flag for TLS, if everything that TLS needs exists.
///
/// # Errors
/// [`Exit::Config`] with the demand of `who` and the missing part.
pub fn secure_channel(who: &str, path: &Path, kernel: &Supported) -> Result<Field, Failure> {
    let missing = |what: &str| {
        Err(Failure::new(
            Exit::Config,
            format!("{who} demands a secure channel (TLS), but {what}"),
        ))
    };
    if !kernel.lists("tls") {
        return missing("this kernel does not offer TLS for NVMe/TCP");
    }
    // A TLS key for NVMe is described as "NVMe… HOSTNQN SUBSYSNQN …".
    let keys = fs::read_to_string(root::path("/proc/keys")).unwrap_or_default();
    let ours = |line: &str| line.contains(" psk ") && line.contains(&path.identity.nqn) && line.contains(&path.nqn);
    if !keys.lines().any(ours) {
        return missing("the kernel's keyring has no key for this host and subsystem");
    }
    Ok(Field::flag("tls"))
}
