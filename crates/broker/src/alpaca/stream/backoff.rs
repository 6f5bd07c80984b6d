//! How long to wait before a stream connects again: twice as long each time, within bounds, never in step with others.

use std::time::Duration;

use super::{refusal::Again, waits::Waits};

/// The pauses of one stream, from its own seed.
#[derive(Debug)]
pub(super) struct Backoff {
    failed: u32,
    random: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { failed: 0, random: seed }
    }

    /// The next pause, between half and all of the doubled one; `None` when asking again is pointless.
    pub(super) fn next(&mut self, again: Again, waits: &Waits) -> Option<Duration> {
        let (first, most) = match again {
            Again::Never => return None,
            Again::Soon => (waits.pause_first, waits.pause_most),
            Again::Slowly => (waits.slow_first, waits.slow_most),
        };
        let doubled = first.saturating_mul(2_u32.saturating_pow(self.failed)).min(most);
        self.failed = self.failed.saturating_add(1);
        Some(doubled.mul_f64(0.5 + self.fraction() / 2.0))
    }

    /// The stream has proved that it works.
    pub(super) fn proved(&mut self) {
        self.failed = 0;
    }

    /// In `[0, 1)`: the next number of SplitMix64.
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_begin_anew_after_proof() {
        let waits = Waits::default();
        let mut backoff = Backoff::new(7);
        let mut pause = || backoff.next(Again::Soon, &waits).unwrap();
        let first = pause();
        assert!(waits.pause_first / 2 <= first && first <= waits.pause_first);
        let later: Vec<Duration> = (0..40).map(|_| pause()).collect();
        assert!(later[20..].iter().all(|pause| *pause >= waits.pause_most / 2));
        backoff.proved();
        assert!(backoff.next(Again::Soon, &waits).unwrap() <= waits.pause_first);
        assert_eq!(backoff.next(Again::Never, &waits), None);
    }

    proptest! {
        #[test]
        fn no_pause_is_outside_its_bounds(seed: u64, tries in 1..200_usize) {
            let waits = Waits::default();
            let mut backoff = Backoff::new(seed);
            for _ in 0..tries {
                let soon = backoff.next(Again::Soon, &waits).unwrap();
                prop_assert!(waits.pause_first / 2 <= soon && soon <= waits.pause_most);
                let slowly = backoff.next(Again::Slowly, &waits).unwrap();
                prop_assert!(waits.slow_first / 2 <= slowly && slowly <= waits.slow_most);
            }
        }
    }
}
