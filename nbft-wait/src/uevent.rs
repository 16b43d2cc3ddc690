//! Being told that devices come and go: the kernel's uevents, and udev's when it has dealt with them.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::poll;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};

/// Group 1 are the kernel's messages. Group 2 are udev's, sent when its rules have run: then links like
/// /dev/disk/by-uuid are there.
const GROUPS: u32 = 1 | 2;

/// A subscription. What happens after it was made wakes the next [`Uevents::next`], so scan after subscribing.
pub struct Uevents(OwnedFd);

impl Uevents {
    /// Subscribes.
    pub fn subscribe() -> Result<Self, Failure> {
        let failed = |errno: Errno| {
            Failure::new(
                Exit::Unsupported,
                format!("cannot listen for uevents: {}", errno.desc().to_lowercase()),
            )
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let kind = SockType::Datagram;
        let socket = socket(AddressFamily::Netlink, kind, flags, SockProtocol::NetlinkKObjectUEvent).map_err(failed)?;
        bind(std::os::fd::AsRawFd::as_raw_fd(&socket), &NetlinkAddr::new(0, GROUPS)).map_err(failed)?;
        Ok(Self(socket))
    }

    /// Sleeps until something happened, or `deadline`; says whether something did. What it was is not looked at: the
    /// answer to any message is to look at the devices themselves, so a forged or lost one does no harm.
    pub fn next(&self, deadline: Instant) -> bool {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let mut waiting = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            match poll::wait(&mut waiting, left) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => {
                    self.drain();
                    return true;
                }
                // Looking now and then is better than spinning, or than not looking.
                Err(_) => {
                    std::thread::sleep(left.min(Duration::from_millis(200)));
                    return true;
                }
            }
        }
    }

    /// Takes all pending messages: one look at the devices answers them all.
    fn drain(&self) {
        let mut message = [0; 8192];
        // ENOBUFS says that messages were lost; looking at the devices makes up for them.
        while matches!(
            recv(
                std::os::fd::AsRawFd::as_raw_fd(&self.0),
                &mut message,
                MsgFlags::empty()
            ),
            Ok(_) | Err(Errno::ENOBUFS | Errno::EINTR)
        ) {}
    }
}
