//! Asking an NVMe/TCP target from user space, step by step as the kernel will connect: TCP, ICReq, Connect. No kernel
//! lock is held meanwhile, a dead target costs nothing but its own time limit, and the target's reason for a refusal is
//! seen, which the kernel only logs.

mod error;
mod probe;
mod request;
mod response;
mod socket;
mod status;
#[cfg(test)]
mod tests;
mod words;

use std::net::IpAddr;

use nbft_common::table::addr::Uuid;

pub use error::ProbeError;
pub use probe::Probe;

/// Where a probe goes: exactly where the kernel will go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The target's address.
    pub traddr: IpAddr,
    /// The target's TCP port.
    pub trsvcid: u16,
    /// The source address, if the option line names one.
    pub host_traddr: Option<IpAddr>,
    /// The scope of link-local addresses: the index of their interface.
    pub scope: u32,
    /// The interface to bind to, if the option line names one.
    pub device: Option<String>,
}

/// The last step of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// A TCP connection. A target that expects TLS answers nothing else in the clear.
    Tcp,
    /// ICReq and ICResp: the peer is a target, and the kernel will accept the parameters of the connection.
    IcResp,
    /// The Connect command of an admin queue: the target lets this host in. The target creates a controller, which goes
    /// away with the connection.
    Connect,
}

/// The content of a probe: exactly what the kernel will ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The last step.
    pub depth: Depth,
    /// The option line has `hdr_digest`.
    pub header_digest: bool,
    /// The option line has `data_digest`.
    pub data_digest: bool,
    /// The NQN of the subsystem, at most 223 bytes.
    pub subsysnqn: String,
    /// The NQN of the host, at most 223 bytes.
    pub hostnqn: String,
    /// The host identifier.
    pub hostid: Uuid,
    /// The keep-alive timeout in milliseconds; 0: none, as for a discovery controller.
    pub kato: u32,
    /// The option line has a DH-HMAC-CHAP secret.
    pub secret: bool,
}

/// The state of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Wait for the event of [`Probe::poll_fd`], at most until [`Probe::deadline`].
    Pending,
    /// The target gave every answer that was asked for.
    Answered,
    /// The target or the system did not.
    Failed(ProbeError),
}
