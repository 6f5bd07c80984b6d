//! One time: our clock, the broker's clock, its calendar and ours must agree, or nothing is opened.

use market::{Calendar, Session, TimeDelta, Timestamp};
use trading::report::MarketClock;

const SKEW: TimeDelta = TimeDelta::seconds(2);

/// Today's session when all agree on it; `Ok(None)` when all agree that there is none. The broker's clock was read
/// between `before` and `after` by ours; `listed` is its calendar entry of today.
///
/// # Errors
/// Why they disagree, in words.
pub fn session(
    calendar: Calendar,
    before: Timestamp,
    after: Timestamp,
    broker: &MarketClock,
    listed: Option<Session>,
) -> Result<Option<Session>, String> {
    if broker.now < before - SKEW || broker.now > after + SKEW {
        let ms = broker.now.since(after).num_milliseconds();
        return Err(format!("the broker's clock is {ms} ms from ours"));
    }
    let session = calendar.session_on(after.ny_date()).map_err(|error| error.to_string())?;
    if session != listed {
        let hours = |of: Option<Session>| of.map_or("no session".to_owned(), |s| format!("{} to {}", s.open, s.close));
        return Err(format!("our calendar says {}, the broker's {}", hours(session), hours(listed)));
    }
    // At the very edges the two clocks may stand on different sides, within the skew that is allowed.
    let at_edge = |edge: Timestamp| broker.now.since(edge).abs() <= SKEW;
    let edge = session.is_some_and(|session| at_edge(session.open) || at_edge(session.close));
    let open = session.is_some_and(|session| session.contains(broker.now));
    if open != broker.is_open && !edge {
        let (ours, theirs) = if open { ("open", "closed") } else { ("closed", "open") };
        return Err(format!("by the calendar the market is {ours}, the broker says {theirs}"));
    }
    Ok(session)
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

    fn agree(clock: MarketClock, skew_ms: i64, listed: Option<Session>) -> Result<Option<Session>, String> {
        let now = clock.now - TimeDelta::milliseconds(skew_ms);
        session(Calendar::nyse(), now, now, &clock, listed)
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
            ("ms from ours", clock("2026-11-20", 11, true), 2_001, friday),
            ("ms from ours", clock("2026-11-20", 11, true), -2_001, friday),
            ("says closed", clock("2026-11-20", 11, false), 0, friday),
            ("says open", clock("2026-11-21", 11, true), 0, None),
            ("our calendar says", clock("2026-11-27", 11, true), 0, whole),
            ("our calendar says", clock("2026-11-20", 11, true), 0, None),
            ("calendar knows", clock("2031-01-02", 11, true), 0, None),
        ] {
            let error = agree(clock, skew, listed).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }

    #[test]
    fn a_slow_answer_is_no_skew() {
        let clock = clock("2026-11-20", 11, true);
        let before = clock.now - TimeDelta::seconds(20);
        let listed = ours("2026-11-20");
        assert_eq!(session(Calendar::nyse(), before, clock.now, &clock, listed), Ok(listed));
    }
}
