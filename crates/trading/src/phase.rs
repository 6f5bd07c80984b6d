//! The parts of a session, relative to its own open and close, so that half-days have all of them.

use market::{Session, TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

/// A part of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Phase {
    /// Before the open and after the close.
    Closed,
    /// The open to 15 minutes after it.
    OpenNoise,
    /// To 60 minutes after the open.
    EarlyTrend,
    /// To 30 minutes before the close.
    NormalSession,
    /// The last 30 minutes.
    CloseProtect,
}

const NOISE: TimeDelta = TimeDelta::minutes(15);
const EARLY: TimeDelta = TimeDelta::minutes(60);
const PROTECT: TimeDelta = TimeDelta::minutes(30);

impl Phase {
    /// The phase of an instant; the open belongs to the session, the close does not.
    #[must_use]
    pub fn at(session: &Session, now: Timestamp) -> Self {
        if now < session.open || now >= session.close {
            Self::Closed
        } else if now < session.open + NOISE {
            Self::OpenNoise
        } else if now < session.open + EARLY {
            Self::EarlyTrend
        } else if now < session.close - PROTECT {
            Self::NormalSession
        } else {
            Self::CloseProtect
        }
    }
}

/// Whether the session, if there is one, is under way.
#[must_use]
pub fn is_open(session: Option<&Session>, now: Timestamp) -> bool {
    session.is_some_and(|session| Phase::at(session, now) != Phase::Closed)
}

/// Whether entries may be made at all: from 15 minutes after the open (or the configured delay, if longer) up to and
/// including 30 minutes before the close.
#[must_use]
pub fn in_entry_window(session: &Session, now: Timestamp, delay: TimeDelta) -> bool {
    now >= session.open + delay.max(NOISE) && now <= session.close - PROTECT
}

#[cfg(test)]
mod tests {
    use market::Calendar;

    use super::*;

    fn session(date: &str) -> Session {
        Calendar::nyse().session_on(date.parse().unwrap()).unwrap().unwrap()
    }

    #[test]
    fn phases_hang_on_open_and_close_of_the_day_itself() {
        let table = [
            ("2026-11-20", 9, 29, Phase::Closed),
            ("2026-11-20", 9, 30, Phase::OpenNoise),
            ("2026-11-20", 9, 45, Phase::EarlyTrend),
            ("2026-11-20", 10, 30, Phase::NormalSession),
            ("2026-11-20", 15, 30, Phase::CloseProtect),
            ("2026-11-20", 16, 0, Phase::Closed),
            // The day after Thanksgiving closes at 13:00.
            ("2026-11-27", 12, 29, Phase::NormalSession),
            ("2026-11-27", 12, 30, Phase::CloseProtect),
            ("2026-11-27", 13, 0, Phase::Closed),
        ];
        for (date, hour, minute, expect) in table {
            let session = session(date);
            assert_eq!(Phase::at(&session, session.date.at_hm(hour, minute)), expect, "{date} {hour}:{minute}");
        }
    }

    #[test]
    fn entries_end_half_an_hour_before_the_close() {
        let half_day = session("2026-11-27");
        let none = TimeDelta::zero();
        assert!(in_entry_window(&half_day, half_day.date.at_hm(12, 30), none));
        assert!(!in_entry_window(&half_day, half_day.date.at_hm(12, 31), none));
        assert!(!in_entry_window(&half_day, half_day.date.at_hm(9, 49), TimeDelta::minutes(20)));
        assert!(in_entry_window(&half_day, half_day.date.at_hm(9, 50), TimeDelta::minutes(20)));
    }
}
