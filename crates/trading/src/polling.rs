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
    /// While one of our entries works at the broker: its fill needs a stop at once.
    pub entering: TimeDelta,
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
            entering: TimeDelta::seconds(2),
        }
    }
}

impl Pace {
    /// The wait after a cycle at `now`. Never past the open: the first cycle of the session starts with it.
    #[must_use]
    pub fn wait(&self, session: Option<&Session>, now: Timestamp, entering: bool) -> TimeDelta {
        let Some(session) = session.filter(|session| now < session.close) else { return self.base };
        if now < session.open {
            return self.base.min(session.open.since(now));
        }
        let time = now.ny_time();
        let regular =
            if self.tight_start <= time && time < self.tight_end { self.tight } else { self.market.min(self.base) };
        if entering { regular.min(self.entering) } else { regular }
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
            let wait = Pace::default().wait(Some(&session), date.at_hm(hour, minute), false);
            assert_eq!(wait.num_seconds(), seconds, "{hour}:{minute}");
        }
        assert_eq!(Pace::default().wait(None, date.at_hm(12, 0), false).num_seconds(), 300);
        assert_eq!(Pace::default().wait(Some(&session), date.at_hm(12, 0), true).num_seconds(), 2);
    }
}
