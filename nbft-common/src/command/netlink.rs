//! Announcements of the kernel over netlink: changes of the network, devices that come and go.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockType, bind, recv, socket};

use super::poll;

pub use nix::sys::socket::SockProtocol as Protocol;

/// Room for one message, in bytes: the kernel sends no longer message (NLMSG_GOODSIZE).
const MESSAGE: usize = 16384;

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
