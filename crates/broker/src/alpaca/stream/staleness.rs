//! Silence of a data stream: how long nothing may come, within a session, before the stream is taken to be mute.
//!
//! A connected socket can be mute for hours while its pings are answered, so only data counts. The wait begins at the
//! latest of the session's opening, the connection, the last data, and a step of the clock: time in which nobody looked
//! (a suspended machine, a simulated clock moved by hand) is no silence.

use std::time::Duration;

use market::{Session, TimeDelta, Timestamp};

use super::{subscription::Subscription, waits::Waits};

/// Between two looks more time than this was not watched. Looks come every second.
const STEP: TimeDelta = TimeDelta::seconds(10);

/// When data last came, and when somebody last looked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silence {
    limit: Option<TimeDelta>,
    from: Timestamp,
    looked: Timestamp,
}

impl Silence {
    /// The stream is connected.
    pub(super) fn connected(now: Timestamp, limit: Option<Duration>) -> Self {
        Self { limit: limit.map(span), from: now, looked: now }
    }

    /// Data has come.
    pub(super) fn heard(&mut self, now: Timestamp) {
        self.from = self.from.max(now);
    }

    /// Another subscription has another limit, and the wait for it begins.
    pub(super) fn limited(&mut self, now: Timestamp, limit: Option<Duration>) {
        self.limit = limit.map(span);
        self.heard(now);
    }

    /// Since when the stream is silent, once it is longer than its limit. `session` is that of the day.
    pub(super) fn look(&mut self, now: Timestamp, session: Option<Session>) -> Option<Timestamp> {
        let unwatched = now.since(self.looked) > STEP || now < self.looked;
        self.looked = now;
        if unwatched {
            self.from = now;
        }
        let session = session.filter(|session| session.contains(now))?;
        let from = self.from.max(session.open);
        (now.since(from) >= self.limit?).then_some(from)
    }
}

/// How long a stream with this subscription may be silent. `None` for one that speaks only when something happens
/// (halts, price bands): its silence proves nothing.
pub(super) fn limit(subscription: &Subscription, waits: &Waits) -> Option<Duration> {
    if !subscription.quotes.is_empty() {
        Some(waits.quotes_silent)
    } else if !subscription.trades.is_empty() {
        Some(waits.trades_silent)
    } else if !subscription.bars.is_empty() || !subscription.daily_bars.is_empty() {
        Some(waits.bars_silent)
    } else {
        None
    }
}

/// A wait as a span of market time.
pub(super) fn span(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use market::{Calendar, NyDate};
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    fn session() -> Session {
        let day: NyDate = "2026-11-20".parse().unwrap();
        Calendar::nyse().session_on(day).unwrap().unwrap()
    }

    fn at(hour: u32, minute: u32, second: i64) -> Timestamp {
        session().date.at_hm(hour, minute) + TimeDelta::seconds(second)
    }

    /// Looks every second from `from` until `to`; the instants of what was found.
    fn found(silence: &mut Silence, from: Timestamp, to: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let seconds = to.since(from).num_seconds();
        (0..=seconds).find_map(|second| {
            let now = from + TimeDelta::seconds(second);
            silence.look(now, Some(session())).map(|since| (since, now))
        })
    }

    #[test]
    fn the_wait_begins_at_the_later_of_opening_and_connection() {
        for (connected, since) in
            [(at(9, 0, 0), at(9, 30, 0)), (at(9, 30, 0), at(9, 30, 0)), (at(11, 0, 7), at(11, 0, 7))]
        {
            let mut silence = Silence::connected(connected, Some(LIMIT));
            let expect = Some((since, since + span(LIMIT)));
            assert_eq!(found(&mut silence, connected, at(12, 0, 0)), expect, "connected {connected}");
        }
    }

    #[test]
    fn nothing_is_silent_outside_of_a_session_or_without_a_limit() {
        let mut silence = Silence::connected(at(16, 0, 0), Some(LIMIT));
        assert_eq!(found(&mut silence, at(16, 0, 0), at(19, 0, 0)), None);
        let mut silence = Silence::connected(at(10, 0, 0), None);
        assert_eq!(found(&mut silence, at(10, 0, 0), at(11, 0, 0)), None);
        let mut silence = Silence::connected(at(10, 0, 0), Some(LIMIT));
        assert!((0..600).all(|second| silence.look(at(10, 0, second), None).is_none()), "a holiday");
    }

    #[test]
    fn a_step_of_the_clock_is_no_silence() {
        let mut silence = Silence::connected(at(10, 0, 0), Some(LIMIT));
        assert_eq!(silence.look(at(11, 0, 0), Some(session())), None);
        assert_eq!(silence.look(at(10, 30, 0), Some(session())), None, "nor is one back");
        assert!(found(&mut silence, at(10, 30, 1), at(10, 31, 30)).is_some(), "what follows it is watched again");
    }

    #[test]
    fn limits_follow_the_liveliest_channel() {
        let waits = Waits::default();
        let some = || ["AAPL".parse().unwrap()].into_iter().collect::<std::collections::BTreeSet<_>>();
        let none = Subscription::default();
        for (subscription, expect) in [
            (Subscription { quotes: some(), bars: some(), ..none.clone() }, Some(waits.quotes_silent)),
            (Subscription { trades: some(), bars: some(), ..none.clone() }, Some(waits.trades_silent)),
            (Subscription::bars(some()), Some(waits.bars_silent)),
            (Subscription { statuses: some(), lulds: some(), ..none.clone() }, None),
            (none.clone(), None),
        ] {
            assert_eq!(limit(&subscription, &waits), expect, "{subscription:?}");
        }
    }

    proptest! {
        /// Data at random seconds: silence is found exactly when a pause reaches the limit, and never later.
        #[test]
        fn silence_is_noticed_at_its_limit_and_never_before(pauses in proptest::collection::vec(1_i64..90, 1..60)) {
            let mut silence = Silence::connected(at(10, 0, 0), Some(LIMIT));
            let mut now = at(10, 0, 0);
            for pause in pauses {
                let expect = (pause >= 60).then(|| (now, now + span(LIMIT)));
                let next = now + TimeDelta::seconds(pause);
                prop_assert_eq!(found(&mut silence, now, next), expect);
                if expect.is_some() {
                    return Ok(());
                }
                silence.heard(next);
                now = next;
            }
        }
    }
}
