//! Connect options: what the administrator may add to the option line, or change in it.
//!
//! The kernel reads `key=value` and flags with commas between them, without any escaping. The options that say where the
//! connection goes and under which name are typed; all others are passed on as they are.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;

use nbft_common::command::failure::{Exit, Failure, io_words};
use nbft_common::command::root;
use nbft_common::table::addr::Uuid;

use crate::secret::{self, Secret};

/// The administrator's file with options for every connection: one `KEY=VALUE` or `KEY` a line.
const FILE: &str = "/etc/nbft/connect.conf";

/// The credential of systemd that stands in for this file where the file does not exist.
const CREDENTIAL: &str = "nbft.connect-conf";

/// The longest NQN that the kernel takes, in bytes: one less than the specification's 223.
pub const MAX_NQN: usize = 222;

/// Keys of which the value depends on the path, not on the administrator's taste.
const TYPED: [&str; 8] = [
    "nqn",
    "transport",
    "traddr",
    "trsvcid",
    "host_traddr",
    "host_iface",
    "hostnqn",
    "hostid",
];

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The option is a flag.
    None,
    /// May be shown.
    Plain(String),
    /// Never shown.
    Secret(Secret),
}

/// One option for the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOption {
    /// The kernel's name of the option.
    pub key: String,
    /// The value of the option.
    pub value: Value,
    /// The consequence if the kernel does not know the option.
    pub lack: Lack,
}

/// The consequence if the kernel does not know an option.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lack {
    /// The kernel lacks a feature that is demanded.
    #[default]
    Unsupported,
    /// A security profile cannot be met.
    Unmet,
    /// The kernel lacks a feature that nobody demands, but that nobody gives up for a connection either.
    Unasked,
    /// The option is left out.
    LeftOut,
}

impl ConnectOption {
    /// A flag.
    pub fn flag(key: &str) -> Self {
        Self::new(key, Value::None)
    }

    /// An option that may be shown.
    pub fn plain(key: &str, value: impl fmt::Display) -> Self {
        Self::new(key, Value::Plain(value.to_string()))
    }

    /// A demand.
    pub fn new(key: &str, value: Value) -> Self {
        Self {
            key: key.to_owned(),
            value,
            lack: Lack::default(),
        }
    }
}

/// Puts an option in the place of the one with the same key, or at the end.
pub fn set(options: &mut Vec<ConnectOption>, option: ConnectOption) {
    match options.iter_mut().find(|old| old.key == option.key) {
        Some(old) => *old = option,
        None => options.push(option),
    }
}

/// The administrator's options, those of the file first, then those of the command line.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Replaces the subsystem NQN.
    pub nqn: Option<String>,
    /// Replaces the target's address.
    pub traddr: Option<IpAddr>,
    /// Replaces the target's port.
    pub trsvcid: Option<u16>,
    /// Replaces the source address.
    pub host_traddr: Option<IpAddr>,
    /// The interface to name.
    pub host_iface: Option<String>,
    /// Replaces the host NQN.
    pub hostnqn: Option<String>,
    /// Replaces the host identifier.
    pub hostid: Option<Uuid>,
    /// All other options, in the order of their first appearance.
    pub rest: Vec<ConnectOption>,
}

impl Options {
    /// Adds `KEY=VALUE` or `KEY`; a later option replaces an earlier one with the same key.
    ///
    /// # Errors
    /// The reason why the text is no such option. A secret is refused without being repeated.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (text, None),
        };
        if key.contains("secret") || text.contains("DHHC-1:") || text.contains("NVMeTLSkey-1:") {
            return Err(
                "a secret is not an option, because every user of the machine can read a command line; put the \
                        secret into a file, see --dhchap-secret-file"
                    .to_owned(),
            );
        }
        let is_key = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
        if key.is_empty() || !key.bytes().all(is_key) {
            return Err(format!("'{text}' is not KEY=VALUE or KEY"));
        }
        if let Some(why) = value.and_then(unfit) {
            return Err(format!("the value of {key} {why}"));
        }
        if !TYPED.contains(&key) {
            let value = value.map_or(Value::None, |value| Value::Plain(value.to_owned()));
            set(&mut self.rest, ConnectOption::new(key, value));
            return Ok(());
        }
        let value = value.ok_or_else(|| format!("{key} needs a value"))?;
        let wrong = |what: &str| format!("{key}: '{value}' is not {what}");
        match key {
            "nqn" => self.nqn = Some(nqn(value)?),
            "hostnqn" => self.hostnqn = Some(nqn(value)?),
            "hostid" => self.hostid = Some(value.parse().map_err(|_| wrong("a UUID"))?),
            "transport" if value != "tcp" => return Err(wrong("a transport that an NBFT can describe: only tcp is")),
            "transport" => {}
            "trsvcid" => self.trsvcid = Some(port(value).ok_or_else(|| wrong("a TCP port (1 to 65535)"))?),
            "host_iface" => self.host_iface = Some(value.to_owned()),
            _ => {
                // The scope of a link-local address is an interface.
                let (address, scope) = match value.split_once('%') {
                    Some((address, scope)) => (address, Some(scope)),
                    None => (value, None),
                };
                let address = address.parse().map_err(|_| wrong("an IP address"))?;
                if key == "traddr" {
                    self.traddr = Some(address);
                } else {
                    self.host_traddr = Some(address);
                }
                if let Some(scope) = scope {
                    self.host_iface = Some(scope.to_owned());
                }
            }
        }
        Ok(())
    }

    /// The options of the administrator's file, or else of the credential; none if neither exists.
    ///
    /// # Errors
    /// [`Exit::Config`] with the line that is wrong, [`Exit::NoInput`] if the file cannot be read.
    pub fn from_file() -> Result<Self, Failure> {
        let own = Some((root::path(FILE), FILE.to_owned()));
        let credential = secret::credential(CREDENTIAL).map(|path| (path, format!("credential {CREDENTIAL}")));
        for (path, name) in own.into_iter().chain(credential) {
            match fs::read_to_string(path) {
                Ok(text) => return Self::from_text(&text, &name),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::new(Exit::NoInput, format!("{name}: {}", io_words(&error)))),
            }
        }
        Ok(Self::default())
    }

    fn from_text(text: &str, name: &str) -> Result<Self, Failure> {
        let mut options = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = line.split('=').next().unwrap_or_default();
            let added = if TYPED.contains(&key) {
                Err(format!(
                    "{key} differs from path to path, so it cannot be set for all of them"
                ))
            } else {
                options.add(line)
            };
            added.map_err(|why| Failure::new(Exit::Config, format!("{name}: line {number}: {why}")))?;
        }
        Ok(options)
    }
}

/// A TCP port in decimal digits.
pub fn port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|&port: &u16| digits && port != 0)
}

/// Checks an NQN for the kernel.
///
/// # Errors
/// The reason why the kernel would not take the NQN.
pub fn nqn(text: &str) -> Result<String, String> {
    match unfit(text) {
        Some(why) => Err(format!("the NQN '{text}' {why}")),
        None if text.len() > MAX_NQN => Err(format!(
            "an NQN of {} bytes is longer than {MAX_NQN}, the kernel's limit",
            text.len()
        )),
        None => Ok(text.to_owned()),
    }
}

/// The reason why a value cannot be part of an option line.
pub fn unfit(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("is empty")
    } else if value.contains(',') {
        Some("holds a comma, which the kernel would read as the end of the option")
    } else if value.contains(char::is_control) {
        Some("holds a control character")
    } else if value.contains('\u{fffd}') {
        Some("is not UTF-8")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_injected() {
        for bad in [
            "",
            "=",
            "a b=1",
            "A=1",
            "a=1,b=2",
            "a=",
            "nqn",
            "nqn=a,b",
            "hostnqn=a\n",
            "trsvcid=0",
            "trsvcid=+1",
            "traddr=disks.example",
            "transport=rdma",
            "hostid=me",
            "host_traddr=eth0",
            "keep_alive_tmo=\u{fffd}",
        ] {
            assert!(Options::default().add(bad).is_err(), "{bad:?}");
        }
        for secret in [
            "dhchap_secret=hidden",
            "dhchap-secret=hidden",
            "x=DHHC-1:hidden",
            "DHHC-1:hidden",
        ] {
            let why = Options::default().add(secret).expect_err("a secret");
            assert!(!why.contains("hidden"), "{why}");
        }
        assert!(nqn(&"n".repeat(222)).is_ok() && nqn(&"n".repeat(223)).is_err());
    }

    #[test]
    fn the_last_one_counts() -> Result<(), String> {
        let mut options = Options::default();
        for text in [
            "queue_size=32",
            "hdr_digest",
            "queue_size=64",
            "traddr=fe80::1%eth0",
            "trsvcid=4421",
        ] {
            options.add(text)?;
        }
        assert_eq!(
            options.rest,
            [
                ConnectOption::plain("queue_size", 64),
                ConnectOption::flag("hdr_digest")
            ]
        );
        assert_eq!(options.traddr, "fe80::1".parse().ok());
        assert_eq!(
            (options.host_iface.as_deref(), options.trsvcid),
            (Some("eth0"), Some(4421))
        );
        Ok(())
    }
}
