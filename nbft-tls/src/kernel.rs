//! The kernel's requests for handshakes: the family `handshake` of generic netlink, as in the kernel's
//! Documentation/netlink/specs/handshake.yaml.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::netlink::{self, Protocol, Request, Subscription, attributes, messages, number};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockType, recv, sendto, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::raw;

/// The family that knows all families, its command and its attributes.
const CONTROL: u16 = 16;
const GET_FAMILY: u8 = 3;
const FAMILY_ID: u16 = 1;
const FAMILY_NAME: u16 = 2;
const GROUPS: u16 = 7;
const GROUP_NAME: u16 = 1;
const GROUP_ID: u16 = 2;

/// The family, its group, which is named after the agent that it was made for, and the number of that group's requests.
const FAMILY: &[u8] = b"handshake\0";
const GROUP: &[u8] = b"tlshd\0";
const HANDLER_CLASS: u32 = 1;

/// Commands.
const ACCEPT: u8 = 2;
const DONE: u8 = 3;

/// Attributes of `accept`.
const ACCEPT_SOCKFD: u16 = 1;
const ACCEPT_HANDLER_CLASS: u16 = 2;
const ACCEPT_MESSAGE_TYPE: u16 = 3;
const ACCEPT_TIMEOUT: u16 = 4;
const ACCEPT_AUTH_MODE: u16 = 5;
const ACCEPT_PEER_IDENTITY: u16 = 6;

/// Attributes of `done`.
const DONE_STATUS: u16 = 1;
const DONE_SOCKFD: u16 = 2;
const DONE_REMOTE_AUTH: u16 = 3;

/// A client's handshake, and one with keys that both sides have.
const CLIENT_HELLO: u32 = 1;
const AUTH_PSK: u32 = 2;

/// The header of generic netlink: command and version.
const HEADER: usize = 4;

/// A connection to the family.
pub struct Kernel {
    socket: OwnedFd,
    family: u16,
    group: u32,
}

/// A connection that wants a handshake.
pub struct Wanted {
    /// The connection.
    pub socket: OwnedFd,
    /// How long the kernel waits.
    pub timeout: Duration,
    /// Whether this command can do the handshake: as a client, with keys that both sides have.
    pub possible: bool,
    /// The serial numbers of the keys.
    pub keys: Vec<i32>,
}

impl Kernel {
    /// Finds the family.
    ///
    /// # Errors
    /// [`Exit::Unsupported`] for a kernel without it.
    pub fn find() -> Result<Self, Failure> {
        let failed = |errno: Errno| {
            let why = match errno {
                Errno::ENOENT => "this kernel asks nobody for TLS handshakes (NVMe/TCP over TLS needs Linux 6.7)",
                _ => errno.desc(),
            };
            Failure::new(Exit::Unsupported, format!("generic netlink: {why}"))
        };
        let open = || {
            let flags = SockFlag::SOCK_CLOEXEC;
            let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, Protocol::NetlinkGeneric)?;
            // The kernel answers within the call that asks; the limit is for a kernel that does not.
            setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(1))?;
            let mut kernel = Self {
                socket,
                family: CONTROL,
                group: 0,
            };
            let answer = kernel.ask(kernel.request(GET_FAMILY, false).with(FAMILY_NAME, FAMILY))?;
            (kernel.family, kernel.group) = family(&answer).ok_or(Errno::EPROTO)?;
            Ok(kernel)
        };
        open().map_err(failed)
    }

    /// Subscribes to the announcements of new requests.
    ///
    /// # Errors
    /// [`Exit::Unsupported`] if the kernel does not allow it.
    pub fn subscribe(&self) -> Result<Subscription, Failure> {
        let subscribed = Subscription::new(Protocol::NetlinkGeneric, 0).and_then(|subscription| {
            raw::join(subscription.socket(), self.group)?;
            Ok(subscription)
        });
        subscribed.map_err(|errno| {
            let message = format!("the kernel's requests for handshakes: {}", errno.desc());
            Failure::new(Exit::Unsupported, message)
        })
    }

    /// Takes the next request; `None` if nothing waits.
    ///
    /// # Errors
    /// The kernel's errno.
    pub fn accept(&self) -> nix::Result<Option<Wanted>> {
        let request = self.request(ACCEPT, false);
        match self.ask(request.with(ACCEPT_HANDLER_CLASS, &HANDLER_CLASS.to_ne_bytes())) {
            Ok(answer) => wanted(&answer).map(Some).ok_or(Errno::EPROTO),
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Reports the end of a handshake: the key that was used, or the errno for whoever wanted the connection.
    ///
    /// # Errors
    /// The kernel's errno; `EBUSY` if nobody waits any more.
    pub fn done(&self, socket: RawFd, result: Result<i32, Errno>) -> nix::Result<()> {
        let status = result.map_or_else(|errno| errno as u32, |_| 0);
        let mut request = self.request(DONE, true);
        request = request.with(DONE_STATUS, &status.to_ne_bytes());
        request = request.with(DONE_SOCKFD, &socket.to_ne_bytes());
        if let Ok(key) = result {
            request = request.with(DONE_REMOTE_AUTH, &key.to_ne_bytes());
        }
        self.ask(request).map(drop)
    }

    fn request(&self, command: u8, acknowledged: bool) -> Request {
        Request::new(self.family, acknowledged, &[command, 1, 0, 0])
    }

    /// The attributes of the answer; none for an acknowledgement.
    fn ask(&self, request: Request) -> nix::Result<Vec<u8>> {
        let kernel = NetlinkAddr::new(0, 0);
        sendto(self.socket.as_raw_fd(), &request.bytes(), &kernel, MsgFlags::empty())?;
        let mut answer = vec![0; 8192];
        let length = recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        answer.truncate(length);
        let (kind, body) = messages(&answer).next().ok_or(Errno::EPROTO)?;
        if kind != netlink::ERROR {
            return Ok(body.get(HEADER..).unwrap_or_default().to_vec());
        }
        match number(body, 0).map(u32::cast_signed) {
            Some(0) => Ok(Vec::new()),
            Some(error) => Err(Errno::from_raw(error.saturating_neg())),
            None => Err(Errno::EPROTO),
        }
    }
}

/// The numbers of the family and of its group.
fn family(answer: &[u8]) -> Option<(u16, u32)> {
    let find = |bytes, kind| {
        attributes(bytes)
            .find(|(found, _)| *found == kind)
            .map(|(_, value)| value)
    };
    let id = u16::from_ne_bytes(find(answer, FAMILY_ID)?.try_into().ok()?);
    let mut groups = attributes(find(answer, GROUPS)?);
    let (_, group) = groups.find(|(_, group)| find(group, GROUP_NAME) == Some(GROUP))?;
    Some((id, number(find(group, GROUP_ID)?, 0)?))
}

/// The request in an answer to `accept`.
fn wanted(answer: &[u8]) -> Option<Wanted> {
    let find = |kind| {
        attributes(answer)
            .find(|(found, _)| *found == kind)
            .and_then(|(_, value)| number(value, 0))
    };
    let socket = raw::adopt(find(ACCEPT_SOCKFD)?.cast_signed())?;
    let timeout = find(ACCEPT_TIMEOUT).filter(|&milliseconds| milliseconds > 0);
    let keys = attributes(answer).filter(|(kind, _)| *kind == ACCEPT_PEER_IDENTITY);
    Some(Wanted {
        socket,
        timeout: Duration::from_millis(timeout.unwrap_or(10_000).into()),
        possible: find(ACCEPT_MESSAGE_TYPE) == Some(CLIENT_HELLO) && find(ACCEPT_AUTH_MODE) == Some(AUTH_PSK),
        keys: keys
            .filter_map(|(_, value)| Some(number(value, 0)?.cast_signed()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_of_a_kernel() {
        // What Linux 6.12 answers, without the attributes of no interest here.
        let group = |index: u16, name: &[u8], id: u32| {
            let group = [part(GROUP_ID, &id.to_ne_bytes()), part(GROUP_NAME, name)].concat();
            part(index, &group)
        };
        let groups = [group(1, b"none\0", 20), group(2, GROUP, 21)].concat();
        let answer = [
            part(FAMILY_NAME, FAMILY),
            part(FAMILY_ID, &31_u16.to_ne_bytes()),
            part(GROUPS, &groups),
        ]
        .concat();
        assert_eq!(family(&answer), Some((31, 21)));
        for cut in 0..answer.len() {
            assert_eq!(family(&answer[..cut]), None, "{cut}");
        }
    }

    /// An attribute: what a request has after its headers.
    fn part(kind: u16, value: &[u8]) -> Vec<u8> {
        Request::new(0, false, &[]).with(kind, value).bytes().split_off(16)
    }
}
