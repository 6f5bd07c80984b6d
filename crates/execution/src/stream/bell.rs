//! The doorbell: a ring makes a look at once, and a storm of them no more looks than the broker's rate limit has room for.

use std::time::Duration;

use tokio::time::Instant;

/// Between the beginnings of two looks that were rung for.
const APART: Duration = Duration::from_millis(100);
/// After a quiet while so many looks may follow each other like that.
const BURST: u32 = 10;
/// Then there is one in so long, the looks of the polling rules counted. A look of something that is under way takes four
/// requests or so; the broker answers 200 a minute.
const REFILL: Duration = Duration::from_secs(2);

/// Whether somebody has rung, and when was looked.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Option<Instant>,
    /// When somebody rang for whom a look began that has not seen the broker.
    unanswered: Option<Instant>,
    looked: Option<Instant>,
    /// When there is room for a whole burst again.
    full_at: Option<Instant>,
}

impl Bell {
    /// Something became of an order.
    pub(crate) fn ring(&mut self, now: Instant) {
        self.rung.get_or_insert(now);
    }

    /// A look begins, for everything that was rung for.
    pub(crate) fn looks(&mut self, now: Instant) {
        self.unanswered = self.unanswered.or(self.rung);
        self.rung = None;
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now)) + REFILL;
        (self.looked, self.full_at) = (Some(now), Some(full_at.min(now + REFILL * BURST)));
    }

    /// It has seen the broker.
    pub(crate) fn answered(&mut self) {
        self.unanswered = None;
    }

    /// How long somebody waits who has rung and whom a look has not answered.
    pub(crate) fn unanswered_for(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.unanswered?))
    }

    /// When the look is due that somebody has rung for.
    pub(crate) fn due(&self) -> Option<Instant> {
        let rung = self.rung?;
        let apart = self.looked.map_or(rung, |looked| looked + APART);
        // Room for one look.
        let room = self.full_at.and_then(|full_at| full_at.checked_sub(REFILL * (BURST - 1))).unwrap_or(rung);
        Some(rung.max(apart).max(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ring_is_one_look_at_once_and_a_storm_is_a_burst_and_then_one_in_two_seconds() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut bell = Bell::default();
        assert_eq!(bell.due(), None);
        bell.ring(at(10));
        bell.ring(at(11));
        assert_eq!(bell.due(), Some(at(10)));
        bell.looks(at(12));
        assert_eq!(bell.due(), None);
        bell.ring(at(13));
        assert_eq!(bell.due(), Some(at(112)), "a moment after the last");

        let (mut storm, mut looks) = (Bell::default(), Vec::new());
        for ms in (0..180_000).step_by(5) {
            storm.ring(at(ms));
            if storm.due().is_some_and(|due| due <= at(ms)) {
                storm.looks(at(ms));
                looks.push(ms);
            }
        }
        assert!(looks[..10].iter().all(|ms| *ms < 1_000), "{looks:?}");
        let longest = looks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
        assert!(longest <= 2_000, "nobody waits longer: {longest}");
        assert_eq!(looks.len(), 10 + 89);
    }

    #[test]
    fn looks_of_the_polling_rules_leave_a_ring_its_room() {
        let start = Instant::now();
        let mut bell = Bell::default();
        // Every two seconds while something is under way.
        let last = (0..300).map(|number| start + Duration::from_secs(2 * number)).inspect(|at| bell.looks(*at)).last();
        let rung = last.unwrap() + Duration::from_millis(700);
        bell.ring(rung);
        assert_eq!(bell.due(), Some(rung));
    }

    #[test]
    fn a_ring_is_answered_by_a_look_that_has_seen_the_broker() {
        let (mut bell, start) = (Bell::default(), Instant::now());
        let at = |second: u64| start + Duration::from_secs(second);
        bell.looks(at(0));
        assert_eq!(bell.unanswered_for(at(1)), None, "nobody rang");
        bell.ring(at(10));
        bell.looks(at(10));
        bell.looks(at(12));
        bell.ring(at(13));
        bell.looks(at(14));
        assert_eq!(bell.unanswered_for(at(15)), Some(Duration::from_secs(5)), "two looks failed, and a third may");
        bell.answered();
        assert_eq!(bell.unanswered_for(at(15)), None);
    }
}
