//! Announcements of devices that come and go: the kernel's uevents, and udev's events after its rules have run.

use std::time::Instant;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::netlink::{Protocol, Subscription};

/// Group 1 has the kernel's messages. Group 2 has udev's messages, sent after the rules have run: then links like
/// /dev/disk/by-uuid exist.
const GROUPS: u32 = 1 | 2;

/// A subscription. An event after the subscription wakes the next [`Uevents::next`], so scan after subscribing.
pub struct Uevents(Subscription);

impl Uevents {
    /// Subscribes.
    pub fn subscribe() -> Result<Self, Failure> {
        Subscription::new(Protocol::NetlinkKObjectUEvent, GROUPS)
            .map(Self)
            .map_err(|errno| {
                Failure::new(Exit::Unsupported, errno.desc().to_lowercase()).at("cannot listen for uevents")
            })
    }

    /// Sleeps until an event or `deadline`; returns whether an event came. The messages are not read: after any message
    /// the caller looks at the devices themselves, so a forged or lost message does no harm, and one look answers all.
    pub fn next(&self, deadline: Instant) -> bool {
        let woken = self.0.wait(deadline.saturating_duration_since(Instant::now()));
        self.0.take(|_| {});
        woken
    }
}
