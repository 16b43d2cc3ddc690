//! Being told that devices come and go: the kernel's uevents, and udev's when it has dealt with them.

use std::time::Instant;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::netlink::{Protocol, Subscription};

/// Group 1 are the kernel's messages. Group 2 are udev's, sent when its rules have run: then links like
/// /dev/disk/by-uuid exist.
const GROUPS: u32 = 1 | 2;

/// A subscription. An event after it was made wakes the next [`Uevents::next`], so scan after subscribing.
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

    /// Sleeps until something happened, or `deadline`; says whether something did. The messages are not looked at: the
    /// answer to any is to look at the devices themselves, so a forged or lost one does no harm, and one look answers all.
    pub fn next(&self, deadline: Instant) -> bool {
        let woken = self.0.wait(deadline.saturating_duration_since(Instant::now()));
        self.0.take(|_| {});
        woken
    }
}
