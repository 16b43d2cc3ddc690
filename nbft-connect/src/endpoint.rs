//! An endpoint: the one subsystem at one address, reached from one source, for which a path stands at this moment. The
//! probe and the kernel go to the same endpoint, and only the kernel's write turns it into text.

use std::fmt;
use std::net::IpAddr;

use nbft_common::command::failure::Failure;
use nbft_common::table::nqn::DISCOVERY_NQN;

use crate::host::identity::Identity;
use crate::host::interface::Interface;
use crate::options::{ConnectOption, Lack, Value};
use crate::secret::Secret;
use crate::secret::tls_key::TlsKey;
use crate::target::{Depth, Destination, ProbeError, Question};

/// Longest address text that the kernel reads, scope included.
const MAX_ADDRESS: usize = 48;

/// The kernel's default for I/O controllers, in milliseconds.
const KATO: u32 = 5000;

/// The target of a connection, typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// NQN of the subsystem or of the discovery controller.
    pub nqn: String,
    /// Address of the target.
    pub traddr: IpAddr,
    /// TCP port of the target.
    pub trsvcid: u16,
    /// The source address, if one is demanded.
    pub host_traddr: Option<IpAddr>,
    /// The path's source was leased: whichever address the interface has, the path is the same.
    pub leased: bool,
    /// The path's interface, if the machine has it.
    pub interface: Option<Interface>,
    /// The option line names the interface.
    pub names_interface: bool,
    /// Under which name the host connects.
    pub identity: Identity,
    /// All other options.
    pub options: Vec<ConnectOption>,
    /// The key for TLS, which goes into the kernel's keyring before the kernel connects.
    pub tls_key: Option<TlsKey>,
}

impl Endpoint {
    /// Whether an option or a flag is set.
    pub fn has(&self, key: &str) -> bool {
        self.options.iter().any(|option| option.key == key)
    }

    /// Whether a connection without this option would not do.
    pub fn demands(&self, key: &str) -> bool {
        let demanded = |option: &&ConnectOption| !matches!(option.lack, Lack::LeftOut | Lack::Unasked);
        self.options.iter().filter(demanded).any(|option| option.key == key)
    }

    /// The interface that the option line names.
    pub fn host_iface(&self) -> Option<&str> {
        let interface = self.interface.as_ref().filter(|_| self.names_interface)?;
        Some(&interface.name)
    }

    /// The text of an address; a link-local address means nothing without its interface.
    pub fn scoped(&self, address: IpAddr) -> String {
        match (address, &self.interface) {
            (IpAddr::V6(v6), Some(interface)) if v6.is_unicast_link_local() => {
                let named = format!("{v6}%{}", interface.name);
                if named.len() <= MAX_ADDRESS {
                    named
                } else {
                    format!("{v6}%{}", interface.index)
                }
            }
            _ => address.to_string(),
        }
    }

    /// Leaves out an option that the kernel does not know, if the option is dispensable: it only narrows the path, or
    /// offers more than was demanded. Otherwise the option is the error.
    pub fn leave_out(&mut self, known: impl Fn(&str) -> bool) -> Result<(), ConnectOption> {
        self.host_traddr = self.host_traddr.filter(|_| known("host_traddr"));
        self.names_interface &= known("host_iface");
        self.options
            .retain(|option| option.lack != Lack::LeftOut || known(&option.key));
        match self.options.iter().find(|option| !known(&option.key)) {
            None => Ok(()),
            Some(option) => Err(option.clone()),
        }
    }

    /// The option line for the kernel, secrets included, with the serial number of the TLS key; for no other reader.
    pub fn for_kernel(&self, tls_key: Option<i32>) -> Secret {
        // Room for the longest line: text that moves while it grows leaves copies of its secrets behind.
        let mut line = String::with_capacity(8192);
        self.line(&mut line, Secret::expose);
        if let Some(serial) = tls_key {
            line.push_str(&format!(",tls_key={serial}"));
        }
        Secret::new(line)
    }

    /// Options keep one order, because older kernels compare lines as text.
    fn line(&self, line: &mut String, show: impl Fn(&Secret) -> &str) {
        let mut add = |key: &str, value: Option<&str>| {
            if !line.is_empty() {
                line.push(',');
            }
            line.push_str(key);
            if let Some(value) = value {
                line.push('=');
                line.push_str(value);
            }
        };
        add("nqn", Some(&self.nqn));
        add("transport", Some("tcp"));
        add("traddr", Some(&self.scoped(self.traddr)));
        add("trsvcid", Some(&self.trsvcid.to_string()));
        if let Some(source) = self.host_traddr {
            add("host_traddr", Some(&self.scoped(source)));
        }
        if let Some(interface) = self.host_iface() {
            add("host_iface", Some(interface));
        }
        add("hostnqn", Some(&self.identity.nqn));
        add("hostid", Some(&self.identity.id.to_string()));
        for option in &self.options {
            match &option.value {
                Value::None => add(&option.key, None),
                Value::Plain(value) => add(&option.key, Some(value)),
                Value::Secret(secret) => add(&option.key, Some(show(secret))),
            }
        }
    }

    /// Where a probe goes: exactly as the kernel will.
    pub fn destination(&self) -> Destination {
        Destination {
            traddr: self.traddr,
            trsvcid: self.trsvcid,
            host_traddr: self.host_traddr,
            scope: self.interface.as_ref().map_or(0, |interface| interface.index),
            device: self.host_iface().map(str::to_owned),
        }
    }

    /// What a probe asks the target: what the kernel will ask.
    pub fn question(&self, depth: Depth) -> Question {
        let kato = self.options.iter().find_map(|option| match &option.value {
            Value::Plain(seconds) if option.key == "keep_alive_tmo" => seconds.parse::<u32>().ok(),
            _ => None,
        });
        let discovers = self.nqn == DISCOVERY_NQN || self.has("discovery");
        Question {
            // The target speaks TLS first, which a probe cannot.
            depth: if self.has("tls") { Depth::Tcp } else { depth },
            header_digest: self.has("hdr_digest"),
            data_digest: self.has("data_digest"),
            subsysnqn: self.nqn.clone(),
            hostnqn: self.identity.nqn.clone(),
            hostid: self.identity.id,
            kato: match kato {
                Some(seconds) => seconds.saturating_mul(1000),
                None if discovers => 0,
                None => KATO,
            },
            secret: self.has("dhchap_secret"),
        }
    }

    /// The same endpoint without the options that do not say where it is, and so without secrets.
    pub fn without_options(&self) -> Self {
        Self {
            options: self
                .options
                .iter()
                .filter(|option| ["tls", "concat"].contains(&option.key.as_str()))
                .cloned()
                .collect(),
            ..self.clone()
        }
    }

    /// The failure of a probe.
    pub fn explain(&self, error: &ProbeError) -> Failure {
        self.failed(error.failure(&self.destination()))
    }

    /// A failure at this endpoint, with the endpoint's names.
    pub fn failed(&self, failure: Failure) -> Failure {
        let mut failure = failure.at(self.place());
        let stands_in = |option: &ConnectOption| option.key == "concat" && option.lack == Lack::Unmet;
        if self.options.iter().any(stands_in) {
            failure.message += "; no TLS key for this host and subsystem was found, so secure concatenation was tried";
        }
        failure
    }

    /// The endpoint's names.
    pub fn place(&self) -> String {
        format!("{} at {} port {}", self.nqn, self.traddr, self.trsvcid)
    }
}

/// The option line for people, without its secrets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        self.line(&mut line, |_| "(not shown)");
        if self.tls_key.is_some() {
            line.push_str(",tls_key=(not shown)");
        }
        f.write_str(&line)
    }
}
