//! Announcements of the kernel over netlink (changes of the network, devices that come and go), and the layout of the
//! messages that rtnetlink and generic netlink share.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockType, bind, recv, socket};

use super::poll;

pub use nix::sys::socket::SockProtocol as Protocol;

/// Room for one message, in bytes: the kernel sends no longer message (NLMSG_GOODSIZE).
const MESSAGE: usize = 16384;

/// Bytes of the header of a message, `struct nlmsghdr`.
const HEADER: usize = 16;

/// The type of the message that reports an error, or with error 0 that all went well (`NLMSG_ERROR`).
pub const ERROR: u16 = 2;

/// A request in the making: a header, which gets the length at the end, a body and attributes.
pub struct Request(Vec<u8>);

impl Request {
    /// A request of this type, with a body; `acknowledged` asks the kernel to confirm the request.
    #[must_use]
    pub fn new(kind: u16, acknowledged: bool, body: &[u8]) -> Self {
        let flags = if acknowledged { 5_u16 } else { 1 };
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(flags.to_ne_bytes());
        // No sequence number, no port.
        bytes.extend([0; 8]);
        bytes.extend(body);
        Self(bytes)
    }

    /// Adds an attribute, whose value has fewer than 65532 bytes.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(4 + value.len()).unwrap_or_default();
        self.0.extend(length.to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    /// The bytes to send.
    #[must_use]
    pub fn bytes(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or_default().to_ne_bytes();
        self.0.splice(..4, length);
        self.0
    }
}

/// The messages in what the kernel sent: type and body of each.
pub fn messages(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    row(bytes, |bytes| {
        let length = usize::try_from(number(bytes, 0)?).ok()?;
        Some((length, short(bytes, 4)?, bytes.get(HEADER..length)?))
    })
}

/// The attributes in the bytes after a body: type and value of each.
pub fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    row(bytes, |bytes| {
        let length = usize::from(short(bytes, 0)?);
        // The two highest bits of the type are flags.
        Some((length, short(bytes, 2)? & 0x3fff, bytes.get(4..length)?))
    })
}

/// The parts of a row, each with its length in front and rounded up to four bytes. A part that does not fit ends the row.
fn row<'a>(
    mut bytes: &'a [u8],
    part: impl Fn(&'a [u8]) -> Option<(usize, u16, &'a [u8])>,
) -> impl Iterator<Item = (u16, &'a [u8])> {
    std::iter::from_fn(move || {
        let (length, kind, content) = part(bytes)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, content))
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// The number of 32 bits at a place.
#[must_use]
pub fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A subscription to groups of one protocol. Messages queue from the subscription on: a caller that scans the machine
/// after subscribing misses nothing.
pub struct Subscription(OwnedFd);

impl Subscription {
    /// Subscribes to the multicast groups of a protocol.
    ///
    /// # Errors
    /// Errors of socket(2) and bind(2), on a kernel without this protocol for instance.
    pub fn new(protocol: Protocol, groups: u32) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self(socket))
    }

    /// The socket, to subscribe to groups that have no bit.
    #[must_use]
    pub fn socket(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Sleeps until a message waits, or for `time`; returns whether the caller should look.
    pub fn wait(&self, time: Duration) -> bool {
        poll::wait(&mut [self.poll_fd()], time)
    }

    /// The event to wait for, among others.
    #[must_use]
    pub fn poll_fd(&self) -> PollFd<'_> {
        PollFd::new(self.0.as_fd(), PollFlags::POLLIN)
    }

    /// Takes all waiting messages; `None` stands for lost messages.
    pub fn take(&self, mut each: impl FnMut(Option<&[u8]>)) {
        let mut buffer = [0; MESSAGE];
        loop {
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(0) => return,
                Ok(length) => each(buffer.get(..length)),
                Err(Errno::ENOBUFS) => each(None),
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_read_back() {
        let request = Request::new(7, true, b"body")
            .with(1, b"abcde")
            .with(2, &9_u32.to_ne_bytes());
        let bytes = request.bytes();
        let read: Vec<_> = messages(&bytes).collect();
        assert_eq!((read.len(), read[0].0, bytes.len()), (1, 7, 16 + 4 + 12 + 8));
        let found: Vec<_> = attributes(&read[0].1[4..]).collect();
        assert_eq!(found, [(1, &b"abcde"[..]), (2, &9_u32.to_ne_bytes())]);
        assert_eq!(number(found[1].1, 0), Some(9));
    }

    #[test]
    fn rows_end_where_a_part_does_not_fit() {
        let bytes = Request::new(7, false, &[]).with(1, b"abcd").bytes();
        for cut in 0..bytes.len() {
            assert_eq!(messages(&bytes[..cut]).count(), 0, "{cut}");
            attributes(&bytes[..cut]).for_each(drop);
        }
        assert_eq!(messages(&[0; 64]).count(), 0, "a length of zero");
        assert_eq!(attributes(&[0; 64]).count(), 0);
        assert_eq!(attributes(&[255; 64]).count(), 0);
    }
}
