//! Security profiles: a profile is met, or is a reason not to connect. No profile is ignored.

use std::path::PathBuf;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::table::{Demand, Security as Profile};

use crate::options::{ConnectOption, Lack, Value};
use crate::secret::place::{CTRL, HOST, TLS};
use crate::secret::tls_key::TlsKey;
use crate::secret::{self, Secret, keyring};

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
    /// The administrator gave the option `tls_key`: a key of the kernel's keyring.
    pub tls_key: bool,
    /// The administrator gave the option `concat`.
    pub concat: bool,
    /// The path leads to a discovery controller.
    pub discovers: bool,
}

/// What protects a path.
enum Protection {
    /// Nothing.
    None,
    /// TLS, with the consequence if the kernel does not know it; without a key here, the kernel's keyring has one.
    Tls(Option<TlsKey>, Lack),
    /// Secure concatenation: TLS with a key that DH-HMAC-CHAP agrees on.
    Concatenation,
}

/// The options that a path's security profile demands for a subsystem, and those that the secrets at hand allow for, with
/// the key for TLS.
///
/// # Errors
/// [`Exit::Config`] when a demand of the profile cannot be met, or a secret is no secret.
pub fn demands(security: &Security, hostnqn: &str, nqn: &str) -> Result<(Vec<ConnectOption>, Option<TlsKey>), Failure> {
    let mut options = authentication(security, nqn)?;
    let has = |key: &str| options.iter().any(|option| option.key == key);
    let secrets = (has("dhchap_secret"), has("dhchap_ctrl_secret"));
    if security.concat {
        return concatenation(security, secrets.0).map(|()| (options, None));
    }
    match secure_channel(security, secrets == (true, true), hostnqn, nqn)? {
        Protection::None => Ok((options, None)),
        Protection::Tls(key, lack) => {
            options.push(ConnectOption {
                lack,
                ..ConnectOption::flag("tls")
            });
            Ok((options, key))
        }
        Protection::Concatenation => {
            options.push(ConnectOption::flag("concat"));
            // Not even the secrets are dispensable.
            options.iter_mut().for_each(|option| option.lack = Lack::Unmet);
            Ok((options, None))
        }
    }
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
            lack: if named.is_none() && demanding.is_none() && !security.concat {
                Lack::LeftOut
            } else {
                Lack::Unsupported
            },
        })
    };
    let host = option("dhchap_secret", host, &security.secrets.host);
    let ctrl = option("dhchap_ctrl_secret", ctrl, &security.secrets.ctrl);
    Ok(host.into_iter().chain(ctrl).collect())
}

/// Whether the administrator's option `concat` can have its effect.
fn concatenation(security: &Security, secret: bool) -> Result<(), Failure> {
    let rivals = [
        (security.tls, "tls"),
        (security.tls_key, "tls_key"),
        (security.secrets.tls.is_some(), "--tls-key-file"),
    ];
    let rival = rivals.into_iter().find(|(given, _)| *given).map(|(_, name)| name);
    let message = match rival {
        Some(rival) => {
            format!("the option concat makes a key of its own, and {rival} asks for another one: give one of them")
        }
        None if secret => return Ok(()),
        None => format!(
            "the option concat needs a secret, and none was found: put it into {}/{}, or name its file with \
             --dhchap-secret-file",
            HOST.folder, HOST.file
        ),
    };
    Err(Failure::new(Exit::Config, message))
}

/// What protects the path, which never falls back to a connection in the clear. `both_prove`: host and target authenticate
/// themselves with secrets.
fn secure_channel(security: &Security, both_prove: bool, hostnqn: &str, nqn: &str) -> Result<Protection, Failure> {
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
        return Ok(Protection::None);
    }
    let file = if demand.is_some() || offered || security.tls {
        TLS.find(security.secrets.tls.as_ref(), nqn)
    } else {
        TLS.own(nqn).filter(|file| file.exists())
    };
    let lack = if demand.is_some() {
        Lack::Unsupported
    } else {
        Lack::Unasked
    };
    // The administrator's key stands in place of any other.
    if security.tls_key && (file.is_some() || demand.is_some() || offered) {
        return Ok(Protection::Tls(None, lack));
    }
    if let Some(file) = file {
        let text = secret::read(&file, TLS.kind)?;
        let key = TlsKey::derive(&text, hostnqn, nqn)
            .map_err(|why| Failure::new(Exit::Config, format!("{}: is not a TLS key: {why}", file.display())))?;
        return Ok(Protection::Tls(Some(key), lack));
    }
    // A target that demands TLS from the first byte on takes no concatenation, and a discovery controller has no queue for
    // which the kernel would insist on it. Without the target's proof anybody could be at the other end.
    let concatenable = both_prove && !security.tls && security.channel != Channel::Demanded && !security.discovers;
    match demand {
        _ if (demand.is_some() || offered) && keyring::has_key(hostnqn, nqn) => Ok(Protection::Tls(None, lack)),
        None => Ok(Protection::None),
        Some(_) if concatenable => Ok(Protection::Concatenation),
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
