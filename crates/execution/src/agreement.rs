//! One clock: ours, the broker's and the exchange calendar must agree, or nothing is opened.

use market::{Calendar, Session, TimeDelta, Timestamp};
use trading::report::MarketClock;

const SKEW: TimeDelta = TimeDelta::seconds(2);

/// Today's session when all agree on it; `Ok(None)` when all agree that there is none.
///
/// # Errors
/// Why they disagree, in words.
pub fn session(calendar: Calendar, now: Timestamp, broker: &MarketClock) -> Result<Option<Session>, String> {
    let skew = broker.now.since(now);
    if skew > SKEW || skew < -SKEW {
        return Err(format!("the broker's clock is {} ms from ours", skew.num_milliseconds()));
    }
    let session = calendar.session_on(now.ny_date()).map_err(|error| error.to_string())?;
    // At the very edges the two clocks may stand on different sides, within the skew that is allowed.
    let at_edge = |edge: Timestamp| now.since(edge).abs() <= SKEW;
    let open = session.is_some_and(|session| session.open <= broker.now && broker.now < session.close);
    let edge = session.is_some_and(|session| at_edge(session.open) || at_edge(session.close));
    if open != broker.is_open && !edge {
        let (ours, theirs) = if open { ("open", "closed") } else { ("closed", "open") };
        return Err(format!("the calendar says {ours}, the broker says {theirs}"));
    }
    if let Some(session) = session.filter(|_| broker.is_open && !edge)
        && broker.next_close != session.close
    {
        return Err(format!("the calendar closes at {}, the broker at {}", session.close, broker.next_close));
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(date: &str, hour: u32, is_open: bool, close_hour: u32) -> MarketClock {
        let date: market::NyDate = date.parse().unwrap();
        let next_close = date.at_hm(close_hour, 0);
        MarketClock { now: date.at_hm(hour, 0), is_open, next_open: date.plus_days(1).at_hm(9, 30), next_close }
    }

    fn agree(clock: MarketClock, skew_ms: i64) -> Result<Option<Session>, String> {
        session(Calendar::nyse(), clock.now - TimeDelta::milliseconds(skew_ms), &clock)
    }

    #[test]
    fn agreement_and_its_absence() {
        assert!(agree(clock("2026-11-20", 11, true, 16), 0).unwrap().is_some());
        assert!(agree(clock("2026-11-21", 11, false, 16), 0).unwrap().is_none(), "a Saturday");
        assert!(agree(clock("2026-11-27", 11, true, 13), 0).unwrap().is_some(), "a half-day");
        for (why, clock, skew) in [
            ("ms from ours", clock("2026-11-20", 11, true, 16), 2_001),
            ("ms from ours", clock("2026-11-20", 11, true, 16), -2_001),
            ("says closed", clock("2026-11-20", 11, false, 16), 0),
            ("says open", clock("2026-11-21", 11, true, 16), 0),
            ("closes at", clock("2026-11-27", 11, true, 16), 0),
            ("calendar knows", clock("2031-01-02", 11, true, 16), 0),
        ] {
            let error = agree(clock, skew).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
