//! Hearing what the kernel announces on netlink: changes of the network, devices that come and go.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockType, bind, recv, socket};

use super::poll;

pub use nix::sys::socket::SockProtocol as Protocol;

/// Room for one message, in bytes: the kernel sends no longer ones (NLMSG_GOODSIZE).
const MESSAGE: usize = 16384;

/// A subscription to groups of one protocol. Messages since it was made wait to be taken: look at the machine after
/// subscribing, and nothing is missed.
pub struct Subscription(OwnedFd);

impl Subscription {
    /// Subscribes.
    ///
    /// # Errors
    /// Those of socket(2) and bind(2), on a kernel without this protocol for instance.
    pub fn new(protocol: Protocol, groups: u32) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups))?;
        Ok(Self(socket))
    }

    /// Sleeps until a message waits, or for `time`; says whether to look.
    pub fn wait(&self, time: Duration) -> bool {
        poll::wait(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], time)
    }

    /// Takes all messages that wait; `None` stands for messages that were lost.
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
