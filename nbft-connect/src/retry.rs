//! The time of the next attempt: after growing pauses, and at once when the network changes.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use nbft_common::command::netlink::{Protocol, Subscription};

/// First and longest pause.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(5);

/// Pause after an event: the changes of one event come together, and the hosts of one rack see the event together.
const SETTLE: Duration = Duration::from_millis(20);
const SETTLE_JITTER: Duration = Duration::from_millis(80);

/// Pauses that double from 0.2 s to 5 s. Each pause is up to a half shorter or longer at random: hosts that power up
/// together must not arrive together.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
    random: RandomState,
    drawn: u64,
}

impl Default for Backoff {
    fn default() -> Self {
        // The standard library seeds `RandomState` from the kernel; the seed need only differ between hosts, not be
        // secret.
        Self {
            next: FIRST,
            random: RandomState::new(),
            drawn: 0,
        }
    }
}

impl Backoff {
    /// The next pause.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next / 2 + self.fraction(self.next);
        self.next = (self.next * 2).min(LONGEST);
        pause.min(LONGEST)
    }

    /// Returns to the first pause, after an event.
    pub fn reset(&mut self) {
        self.next = FIRST;
    }

    /// A random time between zero and `whole`.
    fn fraction(&mut self, whole: Duration) -> Duration {
        self.drawn += 1;
        let share = self.random.hash_one(self.drawn) >> 32;
        whole.mul_f64(f64::from(u32::try_from(share).unwrap_or_default()) / f64::from(u32::MAX))
    }

    fn settle(&mut self) -> Duration {
        SETTLE + self.fraction(SETTLE_JITTER)
    }
}

/// A subscription to changes of links, addresses and routes. The end of duplicate address detection is such a change.
pub struct Changes(Option<Subscription>);

/// rtnetlink groups: link, IPv4 and IPv6 addresses, IPv4 and IPv6 routes.
const GROUPS: u32 = 0x1 | 0x10 | 0x100 | 0x40 | 0x400;

impl Changes {
    /// Subscribes. Without rtnetlink only the clock starts another attempt.
    pub fn subscribe() -> Self {
        Self(Subscription::new(Protocol::NetlinkRoute, GROUPS).ok())
    }

    /// Pauses before another attempt: as long as `backoff` says, not beyond `deadline`, and only until a change on one
    /// of `interfaces` (by index; empty: on any interface, because the wanted interface does not exist yet).
    pub fn pause(&self, backoff: &mut Backoff, deadline: Instant, interfaces: &BTreeSet<u32>) {
        let until = (Instant::now() + backoff.pause()).min(deadline);
        let left = || until.saturating_duration_since(Instant::now());
        let Some(socket) = &self.0 else {
            return std::thread::sleep(left());
        };
        while !left().is_zero() {
            if socket.wait(left()) && concern(socket, interfaces) {
                backoff.reset();
                std::thread::sleep(backoff.settle().min(left()));
                concern(socket, interfaces);
                return;
            }
        }
    }
}

/// Takes all waiting messages; returns whether a message concerns these interfaces.
fn concern(socket: &Subscription, interfaces: &BTreeSet<u32>) -> bool {
    let mut any = false;
    socket.take(|messages| {
        any |= match messages {
            Some(messages) => interfaces.is_empty() || touched(messages).iter().any(|index| interfaces.contains(index)),
            // A lost message may have concerned these interfaces.
            None => true,
        };
    });
    any
}

/// Indexes of the interfaces that a row of rtnetlink messages concerns.
fn touched(mut messages: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    while let Some((length, kind)) = number(messages, 0).zip(messages.get(4..6)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = messages.get(16..length) else { break };
        match u16::from_ne_bytes(kind.try_into().unwrap_or_default()) {
            // Link and address messages have the index at byte 4.
            16 | 17 | 20 | 21 => found.extend(number(message, 4)),
            // Route messages have the index in an attribute.
            24 | 25 => found.extend(route_interface(message.get(12..).unwrap_or_default())),
            _ => {}
        }
        messages = messages.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The value of the attribute RTA_OIF.
fn route_interface(mut attributes: &[u8]) -> Option<u32> {
    loop {
        let length = usize::from(u16::from_ne_bytes(attributes.get(..2)?.try_into().ok()?));
        if u16::from_ne_bytes(attributes.get(2..4)?.try_into().ok()?) == 4 {
            return number(attributes, 4);
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_scatter() {
        let mut backoff = Backoff::default();
        let mut longest = FIRST;
        for _ in 0..12 {
            let pause = backoff.pause();
            assert!(
                pause >= longest / 2 && pause <= (longest * 3 / 2).min(LONGEST),
                "{pause:?} of {longest:?}"
            );
            longest = (longest * 2).min(LONGEST);
        }
        let draw = || (0..6).map(|_| Backoff::default().pause()).collect::<BTreeSet<_>>();
        assert!(draw().len() > 3, "hosts pause for different times");
    }

    #[test]
    fn messages_name_their_interface() {
        let message = |kind: u16, body: &[u8]| {
            let mut bytes = (16 + u32::try_from(body.len()).unwrap_or_default())
                .to_ne_bytes()
                .to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.extend([0; 10]);
            bytes.extend(body);
            bytes
        };
        let mut link = [0; 16];
        link[4] = 7;
        let mut route = vec![0; 12];
        route.extend([8, 0, 15, 0, 1, 0, 0, 0, 8, 0, 4, 0, 9, 0, 0, 0]);
        let mut row = message(16, &link);
        row.extend(message(24, &route));
        row.extend(message(3, &[]));
        assert_eq!(touched(&row), [7, 9]);
        for cut in 0..row.len() {
            touched(row.get(..cut).unwrap_or_default());
        }
        assert_eq!(touched(&[0; 64]), [] as [u32; 0], "a length of zero ends it");
    }
}
