//! How long the loop waits between two cycles.

use market::{NaiveTime, Session, TimeDelta, Timestamp};

/// The pace of the loop (`EXECUTION_POLL_SECONDS` and its kin).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Outside the session.
    pub base: TimeDelta,
    /// In the session.
    pub market: TimeDelta,
    /// In the tight window.
    pub tight: TimeDelta,
    /// Begin of the tight window, New York.
    pub tight_start: NaiveTime,
    /// End of the tight window, New York; the first minute not in it.
    pub tight_end: NaiveTime,
    /// While something of ours is under way at the broker: a fill needs its stop at once.
    pub hurry: TimeDelta,
    /// How long that pace is kept up for one cause; it is most of the broker's rate limit.
    pub hurry_limit: TimeDelta,
}

impl Default for Pace {
    fn default() -> Self {
        let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).expect("a constant time of day");
        Self {
            base: TimeDelta::seconds(300),
            market: TimeDelta::seconds(60),
            tight: TimeDelta::seconds(15),
            tight_start: time(9, 30),
            tight_end: time(10, 5),
            hurry: TimeDelta::seconds(2),
            hurry_limit: TimeDelta::minutes(2),
        }
    }
}

impl Pace {
    /// The wait after a cycle at `now`. Never past the open: the first cycle of the session starts with it.
    /// `hurrying_since` is when something began to be under way that still is.
    #[must_use]
    pub fn wait(&self, session: Option<&Session>, now: Timestamp, hurrying_since: Option<Timestamp>) -> TimeDelta {
        let regular = self.regular(session, now);
        // A begin in the future is one that a clock took back; it hurries no longer than any other.
        match hurrying_since.map(|since| now.since(since).abs()) {
            None => regular,
            Some(so_far) if so_far < self.hurry_limit => regular.min(self.hurry),
            Some(_) => regular.min(self.tight),
        }
    }

    fn regular(&self, session: Option<&Session>, now: Timestamp) -> TimeDelta {
        let Some(session) = session.filter(|session| now < session.close) else { return self.base };
        if now < session.open {
            return self.base.min(session.open.since(now));
        }
        let time = now.ny_time();
        if self.tight_start <= time && time < self.tight_end { self.tight } else { self.market.min(self.base) }
    }
}

#[cfg(test)]
mod tests {
    use market::Calendar;

    use super::*;

    #[test]
    fn waits_by_the_clock() {
        let date = "2026-01-15".parse().unwrap();
        let session = Calendar::nyse().session_on(date).unwrap().unwrap();
        let table = [
            (9, 20, 300),
            (9, 29, 60), // up to the open, not past it
            (9, 30, 15),
            (10, 4, 15),
            (10, 5, 60),
            (15, 59, 60),
            (16, 0, 300),
        ];
        for (hour, minute, seconds) in table {
            let wait = Pace::default().wait(Some(&session), date.at_hm(hour, minute), None);
            assert_eq!(wait.num_seconds(), seconds, "{hour}:{minute}");
        }
        assert_eq!(Pace::default().wait(None, date.at_hm(12, 0), None).num_seconds(), 300);
    }

    #[test]
    fn what_is_under_way_hurries_for_a_while_in_and_out_of_the_session() {
        let date: market::NyDate = "2026-01-15".parse().unwrap();
        let session = Calendar::nyse().session_on(date).unwrap().unwrap();
        for (session, begun) in [(Some(&session), date.at_hm(12, 0)), (None, date.at_hm(18, 0))] {
            for (after, seconds) in [(0, 2), (119, 2), (120, 15), (9_000, 15), (-119, 2), (-120, 15)] {
                let now = begun + TimeDelta::seconds(after);
                assert_eq!(Pace::default().wait(session, now, Some(begun)).num_seconds(), seconds, "after {after} s");
            }
        }
    }
}
