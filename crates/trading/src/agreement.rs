//! One time: our clock, the broker's clock, its calendar and ours must agree, or nothing is opened.
//!
//! Spans are signed, positive when the broker's clock is ahead. Closing needs none of this: a stop goes out at any time.

use market::{Calendar, CalendarError, Session, TimeDelta, Timestamp};
use thiserror::Error;

use crate::{limits::Limits, report::MarketClock};

/// Why there is no agreed session.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Disagreement {
    /// The clocks differ by more than [`Limits::clock_skew`].
    #[error("the broker's clock is {} ms from ours", .0.num_milliseconds())]
    Skew(TimeDelta),
    /// Our calendar does not know the day.
    #[error(transparent)]
    NoCalendar(#[from] CalendarError),
    /// The calendars list different hours.
    #[error("our calendar says {}, the broker's {}", hours(*.ours), hours(*.theirs))]
    Hours {
        /// By our calendar.
        ours: Option<Session>,
        /// By the broker's.
        theirs: Option<Session>,
    },
    /// The broker's word on whether the market is open contradicts the calendars.
    #[error("by the calendar the market is {}, the broker says {}", state(*.ours), state(!*.ours))]
    Open {
        /// Whether it is open by the calendars.
        ours: bool,
    },
}

/// How far the broker's clock is from ours. It was read between `before` and `after` by ours, so a slow answer is no skew.
#[must_use]
pub fn skew(before: Timestamp, after: Timestamp, broker: Timestamp) -> TimeDelta {
    if broker < before {
        broker.since(before)
    } else if broker > after {
        broker.since(after)
    } else {
        TimeDelta::zero()
    }
}

/// Today's session when all agree on it; `Ok(None)` when all agree that there is none. `listed` is the broker's calendar
/// entry of today; `before` and `after` as in [`skew`].
///
/// # Errors
/// Why they disagree.
pub fn session(
    limits: &Limits,
    calendar: Calendar,
    (before, after): (Timestamp, Timestamp),
    broker: &MarketClock,
    listed: Option<Session>,
) -> Result<Option<Session>, Disagreement> {
    let skew = skew(before, after, broker.now);
    if skew.abs() > limits.clock_skew {
        return Err(Disagreement::Skew(skew));
    }
    let ours = calendar.session_on(after.ny_date())?;
    if ours != listed {
        return Err(Disagreement::Hours { ours, theirs: listed });
    }
    // At the very edges the two clocks may stand on different sides, within the skew that is allowed.
    let at_edge = |edge: Timestamp| broker.now.since(edge).abs() <= limits.clock_skew;
    let edge = ours.is_some_and(|session| at_edge(session.open) || at_edge(session.close));
    let open = ours.is_some_and(|session| session.contains(broker.now));
    if open != broker.is_open && !edge {
        return Err(Disagreement::Open { ours: open });
    }
    Ok(ours)
}

fn hours(session: Option<Session>) -> String {
    session.map_or("no session".to_owned(), |session| format!("{} to {}", session.open, session.close))
}

fn state(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(date: &str, hour: u32, is_open: bool) -> MarketClock {
        let date: market::NyDate = date.parse().unwrap();
        let (next_open, next_close) = (date.plus_days(1).at_hm(9, 30), date.at_hm(16, 0));
        MarketClock { now: date.at_hm(hour, 0), is_open, next_open, next_close }
    }

    fn ours(date: &str) -> Option<Session> {
        Calendar::nyse().session_on(date.parse().unwrap()).ok().flatten()
    }

    fn agree(clock: MarketClock, skew_ms: i64, listed: Option<Session>) -> Result<Option<Session>, Disagreement> {
        let now = clock.now - TimeDelta::milliseconds(skew_ms);
        session(&Limits::default(), Calendar::nyse(), (now, now), &clock, listed)
    }

    #[test]
    fn agreement_and_its_absence() {
        let friday = ours("2026-11-20");
        assert_eq!(agree(clock("2026-11-20", 11, true), 0, friday), Ok(friday));
        assert_eq!(agree(clock("2026-11-21", 11, false), 0, None), Ok(None), "a Saturday");
        let half_day = ours("2026-11-27");
        assert_eq!(agree(clock("2026-11-27", 11, true), 0, half_day), Ok(half_day));
        let whole = half_day.map(|session| Session { close: session.date.at_hm(16, 0), ..session });
        for (why, clock, skew, listed) in [
            ("2001 ms from ours", clock("2026-11-20", 11, true), 2_001, friday),
            ("-2001 ms from ours", clock("2026-11-20", 11, true), -2_001, friday),
            ("says closed", clock("2026-11-20", 11, false), 0, friday),
            ("says open", clock("2026-11-21", 11, true), 0, None),
            ("our calendar says", clock("2026-11-27", 11, true), 0, whole),
            ("our calendar says", clock("2026-11-20", 11, true), 0, None),
            ("calendar knows", clock("2031-01-02", 11, true), 0, None),
        ] {
            let error = agree(clock, skew, listed).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
        }
    }

    #[test]
    fn at_the_edges_of_the_session_two_clocks_may_stand_on_different_sides() {
        let friday = ours("2026-11-20");
        let date: market::NyDate = "2026-11-20".parse().unwrap();
        for (edge, seconds, says_open, agreed) in [
            (date.at_hm(9, 30), -2, true, true),
            (date.at_hm(9, 30), -3, true, false),
            (date.at_hm(9, 30), 2, false, true),
            (date.at_hm(9, 30), 3, false, false),
            (date.at_hm(16, 0), 2, true, true),
            (date.at_hm(16, 0), 3, true, false),
        ] {
            let clock = MarketClock { now: edge + TimeDelta::seconds(seconds), ..clock("2026-11-20", 11, says_open) };
            assert_eq!(agree(clock, 0, friday).is_ok(), agreed, "{edge} {seconds:+} s");
        }
    }

    #[test]
    fn a_slow_answer_is_no_skew() {
        let clock = clock("2026-11-20", 11, true);
        let before = clock.now - TimeDelta::seconds(20);
        let listed = ours("2026-11-20");
        let agreed = session(&Limits::default(), Calendar::nyse(), (before, clock.now), &clock, listed);
        assert_eq!(agreed, Ok(listed));
        assert_eq!(skew(before, clock.now, clock.now), TimeDelta::zero());
        assert_eq!(skew(clock.now, clock.now, before), TimeDelta::seconds(-20));
    }
}
