//! Pauses between attempts: they grow, and differ from host to host, so that hosts which power up together do not arrive
//! together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How pauses grow.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// The first pause.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Each pause is so many halves of the one before.
    pub halves: u32,
}

/// For a failure that passes by itself: an address, a link or a target that is not there yet.
pub const FAST: Growth = Growth {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(5),
    halves: 4,
};

/// For a refusal: somebody has to change something first.
pub const SLOW: Growth = Growth {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
    halves: 3,
};

/// For a target that takes longer than a host may wait: an overloaded one. Each attempt only adds to its work.
pub const BUSY: Growth = Growth {
    first: Duration::from_secs(10),
    longest: Duration::from_secs(120),
    halves: 4,
};

/// Pauses that grow. Each pause is up to a half shorter or longer at random, but never longer than the longest.
#[derive(Clone, Debug)]
pub struct Backoff {
    growth: Growth,
    next: Duration,
    random: u64,
}

/// A number that differs from host to host and from path to path. The standard library takes it from the kernel; the number
/// need not be secret.
pub fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

impl Backoff {
    /// Begins with the first pause. The same seed leads to the same pauses.
    pub fn new(growth: Growth, seed: u64) -> Self {
        Self {
            growth,
            next: growth.first,
            random: seed,
        }
    }

    /// The next pause.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next / 2 + self.fraction(self.next);
        self.next = (self.next * self.growth.halves / 2).min(self.growth.longest);
        pause.min(self.growth.longest)
    }

    /// Returns to the first pause, after an event.
    pub fn reset(&mut self) {
        self.next = self.growth.first;
    }

    /// A random time between zero and `whole`.
    pub fn fraction(&mut self, whole: Duration) -> Duration {
        // SplitMix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = (mixed ^ mixed >> 31) >> 32;
        whole.mul_f64(f64::from(u32::try_from(share).unwrap_or_default()) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn pauses_grow_and_scatter() {
        for growth in [FAST, SLOW, BUSY] {
            let mut backoff = Backoff::new(growth, seed());
            let mut middle = growth.first;
            for _ in 0..16 {
                let pause = backoff.pause();
                assert!(
                    pause >= middle / 2 && pause <= (middle * 3 / 2).min(growth.longest),
                    "{pause:?} of {middle:?}"
                );
                middle = (middle * growth.halves / 2).min(growth.longest);
            }
            assert_eq!(middle, growth.longest);
            backoff.reset();
            assert!(backoff.pause() <= growth.first * 3 / 2);
        }
        let draw = || {
            (0..6)
                .map(|_| Backoff::new(FAST, seed()).pause())
                .collect::<BTreeSet<_>>()
        };
        assert!(draw().len() > 3, "hosts pause for different times");
    }
}
