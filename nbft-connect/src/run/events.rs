//! The events that a command waits for beside its own connections: signals, changes of the network, changes of NVMe
//! controllers.

use std::collections::BTreeSet;

use nbft_common::command::netlink::{Protocol, Subscription};
use nix::poll::PollFd;

use crate::host::rtnetlink;
use crate::signals::Signals;

/// rtnetlink groups: link, IPv4 and IPv6 addresses, IPv4 and IPv6 routes. The end of duplicate address detection is a
/// change of an address.
const NETWORK: u32 = 0x1 | 0x10 | 0x100 | 0x40 | 0x400;

/// The group of the kernel's own uevents.
const KERNEL: u32 = 1;

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
