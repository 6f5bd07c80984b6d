//! The doorbell: a ring makes a look at once, and a storm of them no more looks than the broker's rate limit has room for.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Between the beginnings of two looks that were rung for.
const APART: Duration = Duration::from_millis(100);
/// Looks a minute, those of the polling rules counted, beyond which a ring waits. A look of something that is under way
/// takes four requests or so; the broker answers 200 a minute.
const A_MINUTE: usize = 40;
const MINUTE: Duration = Duration::from_secs(60);
/// Rings that come one upon the other are one ring; but nobody waits longer than this for an end of them.
const BURST: Duration = Duration::from_millis(20);

/// Whether somebody has rung, and when was looked.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: Option<Instant>,
    /// The beginnings of the last looks; at most [`A_MINUTE`].
    looks: VecDeque<Instant>,
}

impl Bell {
    /// Something became of an order.
    pub(crate) fn ring(&mut self, now: Instant) {
        self.rung.get_or_insert(now);
    }

    /// A look begins, which sees everything that was rung for.
    pub(crate) fn looked(&mut self, now: Instant) {
        self.rung = None;
        if self.looks.len() == A_MINUTE {
            self.looks.pop_front();
        }
        self.looks.push_back(now);
    }

    /// When the look is due that somebody has rung for.
    pub(crate) fn due(&self) -> Option<Instant> {
        let rung = self.rung?;
        let apart = self.looks.back().map_or(rung, |last| *last + APART);
        let crowded = self.looks.len() == A_MINUTE;
        let room = self.looks.front().filter(|_| crowded).map_or(rung, |first| *first + MINUTE);
        Some(rung.max(apart).max(room))
    }

    /// Whether a look that is due has waited long enough for the end of a burst.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        self.due().is_some_and(|due| due + BURST <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ring_is_one_look_at_once_and_a_storm_is_as_many_as_there_is_room_for() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut bell = Bell::default();
        assert_eq!(bell.due(), None);
        bell.ring(at(10));
        bell.ring(at(11));
        assert_eq!(bell.due(), Some(at(10)));
        assert!(!bell.is_overdue(at(29)) && bell.is_overdue(at(30)));
        bell.looked(at(12));
        assert_eq!(bell.due(), None);
        bell.ring(at(13));
        assert_eq!(bell.due(), Some(at(112)), "a moment after the last");

        let (mut storm, mut looks) = (Bell::default(), 0);
        for ms in (0..180_000).step_by(5) {
            storm.ring(at(ms));
            if storm.due().is_some_and(|due| due <= at(ms)) {
                storm.looked(at(ms));
                looks += 1;
            }
        }
        assert_eq!(looks, 3 * A_MINUTE);
    }

    #[test]
    fn looks_of_the_polling_rules_leave_a_ring_its_room() {
        let start = Instant::now();
        let mut bell = Bell::default();
        // Every two seconds while something is under way.
        let last = (0..300).map(|number| start + Duration::from_secs(2 * number)).inspect(|at| bell.looked(*at)).last();
        let rung = last.unwrap() + Duration::from_millis(700);
        bell.ring(rung);
        assert_eq!(bell.due(), Some(rung));
    }
}
