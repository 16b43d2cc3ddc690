//! The events that a command waits for beside its own connections: signals, changes of the network, changes of NVMe
//! controllers.

use std::collections::BTreeSet;

use nbft_common::command::netlink::{Protocol, Subscription};
use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::AsFd;

use crate::rtnetlink;

/// rtnetlink groups: link, IPv4 and IPv6 addresses, IPv4 and IPv6 routes. The end of duplicate address detection is a
/// change of an address.
const NETWORK: u32 = 0x1 | 0x10 | 0x100 | 0x40 | 0x400;

/// The group of the kernel's own uevents.
const KERNEL: u32 = 1;

/// Signals that end a command.
const ENDING: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// The signals that end a command, held back so that the command ends in order.
pub struct Signals {
    set: SigSet,
    fd: Option<SignalFd>,
}

impl Signals {
    /// Holds the signals back.
    pub fn hold() -> Self {
        let set: SigSet = ENDING.into_iter().collect();
        let held = set.thread_block().is_ok();
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let fd = SignalFd::with_flags(&set, flags).ok().filter(|_| held);
        Self { set, fd }
    }

    /// The event to wait for.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        Some(PollFd::new(self.fd.as_ref()?.as_fd(), PollFlags::POLLIN))
    }

    /// The signal that came meanwhile.
    pub fn arrived(&self) -> Option<Signal> {
        let info = self.fd.as_ref()?.read_signal().ok()??;
        Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()
    }

    /// Holds the signals back again.
    pub fn block(&self) {
        let _ = self.set.thread_block();
    }

    /// Lets signals through again: a signal ends this process.
    pub fn release(&self) {
        let _ = self.set.thread_unblock();
    }
}

/// Subscriptions. Events queue from the subscription on: a command that looks at the machine after subscribing misses
/// nothing.
pub struct Events {
    /// Signals.
    pub signals: Signals,
    network: Option<Subscription>,
    devices: Option<Subscription>,
}

/// A change of the network.
pub enum Network {
    /// Nothing changed.
    Same,
    /// Something changed on these interfaces, given by index.
    Changed(BTreeSet<u32>),
    /// Messages were lost: anything may have changed.
    Lost,
}

impl Events {
    /// Subscribes. Without netlink only the clock starts another attempt.
    pub fn subscribe() -> Self {
        Self {
            signals: Signals::hold(),
            network: Subscription::new(Protocol::NetlinkRoute, NETWORK).ok(),
            devices: Subscription::new(Protocol::NetlinkKObjectUEvent, KERNEL).ok(),
        }
    }

    /// The events to wait for.
    pub fn poll_fds(&self) -> Vec<PollFd<'_>> {
        let subscriptions = [&self.network, &self.devices].into_iter().flatten();
        self.signals
            .poll_fd()
            .into_iter()
            .chain(subscriptions.map(Subscription::poll_fd))
            .collect()
    }

    /// Takes the waiting changes of the network.
    pub fn network(&self) -> Network {
        let (mut touched, mut lost) = (BTreeSet::new(), false);
        if let Some(subscription) = &self.network {
            subscription.take(|messages| match messages {
                Some(messages) => touched.extend(rtnetlink::touched(messages)),
                None => lost = true,
            });
        }
        match (lost, touched.is_empty()) {
            (true, _) => Network::Lost,
            (false, true) => Network::Same,
            (false, false) => Network::Changed(touched),
        }
    }

    /// Takes the waiting uevents; returns whether one may concern an NVMe controller.
    pub fn devices(&self) -> bool {
        const SUBSYSTEM: &[u8] = b"SUBSYSTEM=nvme";
        let mut any = false;
        if let Some(subscription) = &self.devices {
            subscription.take(|message| {
                any |= message.is_none_or(|text| text.split(|&byte| byte == 0).any(|line| line == SUBSYSTEM));
            });
        }
        any
    }
}
