//! The order in which attempts begin.

use std::time::Instant;

use crate::run::attempt::Attempt;

/// Indices of the attempts whose time has come, the one that has waited longest first: where more are due than places are
/// free, each one has its turn.
pub fn due<'a>(attempts: impl Iterator<Item = &'a Attempt>, now: Instant) -> Vec<usize> {
    let times = attempts
        .enumerate()
        .filter_map(|(index, attempt)| Some((attempt.due()?, index)));
    let mut due: Vec<(Instant, usize)> = times.filter(|(time, _)| *time <= now).collect();
    due.sort_unstable();
    due.into_iter().map(|(_, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::run::MAX_BUSY;
    use crate::run::attempt::{Event, Persistence};
    use nbft_common::command::failure::{Exit, Failure};

    /// Twice as many targets hang as places exist, in virtual time. An attempt at each lasts longer than the pause after
    /// this attempt, so at every moment more of them are due than places are free.
    #[test]
    fn a_healthy_target_has_its_turn() {
        let (zero, patience) = (Instant::now(), Duration::from_secs(2));
        let healthy = 2 * MAX_BUSY;
        let seeds = 0..=healthy as u64;
        let mut attempts: Vec<Attempt> = seeds.map(|seed| Attempt::seeded(zero, patience, seed)).collect();
        // The ends of the attempts under way.
        let mut ends: BTreeSet<(Instant, usize)> = BTreeSet::new();
        let mut now = zero;
        while now < zero + Duration::from_secs(600) {
            for index in due(attempts.iter(), now).into_iter().take(MAX_BUSY - ends.len()) {
                if index == healthy {
                    assert!(now - zero <= 2 * patience, "{:?}", now - zero);
                    return;
                }
                attempts[index].begin();
                ends.insert((now + attempts[index].patience(), index));
            }
            let (end, index) = ends.pop_first().expect("an attempt under way");
            now = end;
            let failure = Failure::new(Exit::TryAgain, "why");
            let event = Event::ProbeFailed { failure, slow: true };
            attempts[index].on(event, now, Persistence::Stay);
        }
        panic!("no turn within ten minutes");
    }
}
