//! Minute bars folded into longer candles, aligned to the session's open.
//!
//! Candle k covers `[open + k * minutes, open + (k + 1) * minutes)`. A minute without trades has no bar and a candle
//! without trades does not exist. Prices and volumes are fixed-point: folding is exact.

use market::{Candle, TimeDelta, Timestamp};

/// The candles of the minute bars at or after the session's open. `bars` must be in order of time; the newest candle may
/// still be growing: [`complete`] tells.
#[must_use]
pub fn fold(bars: &[Candle], minutes: u32, session_open: Timestamp) -> Vec<Candle> {
    let mut candles: Vec<Candle> = Vec::new();
    for bar in bars {
        let Some(start) = candle_start(bar.start, minutes, session_open) else { continue };
        match candles.last_mut() {
            Some(candle) if candle.start == start => extend(candle, bar),
            Some(_) | None => candles.push(Candle { start, ..*bar }),
        }
    }
    candles
}

/// The leading candles whose time is over at `now`: nothing can be added to them any more.
#[must_use]
pub fn complete(candles: &[Candle], minutes: u32, now: Timestamp) -> &[Candle] {
    let length = TimeDelta::minutes(i64::from(minutes));
    &candles[..candles.partition_point(|candle| candle.start + length <= now)]
}

/// When the candle that holds this instant begins; `None` before the open.
fn candle_start(at: Timestamp, minutes: u32, session_open: Timestamp) -> Option<Timestamp> {
    let length = i64::from(minutes.max(1)) * 60;
    let since_open = at.unix_seconds() - session_open.unix_seconds();
    (since_open >= 0).then(|| session_open + TimeDelta::seconds(since_open / length * length))
}

fn extend(candle: &mut Candle, bar: &Candle) {
    candle.high = candle.high.max(bar.high);
    candle.low = candle.low.min(bar.low);
    candle.close = bar.close;
    candle.volume = candle.volume.plus(bar.volume);
}

#[cfg(test)]
mod tests {
    use market::{NyDate, Price, Qty};
    use proptest::prelude::*;

    use super::*;

    fn at(hour: u32, minute: u32) -> Timestamp {
        NyDate::new(2017, 11, 10).unwrap().at_hm(hour, minute)
    }

    /// Prices in cents.
    fn bar(start: Timestamp, [open, high, low, close]: [i64; 4], shares: u32) -> Candle {
        let price = |cents| Price::from_cents(cents).unwrap();
        let [open, high, low, close] = [price(open), price(high), price(low), price(close)];
        Candle { start, open, high, low, close, volume: Qty::shares(shares) }
    }

    #[test]
    fn ten_minutes_from_the_open() {
        let minutes = [
            bar(at(9, 29), [900, 900, 900, 900], 9),
            bar(at(9, 30), [1000, 1010, 990, 1005], 1),
            bar(at(9, 33), [1005, 1030, 1000, 1001], 2),
            bar(at(9, 39), [1001, 1002, 980, 985], 3),
            bar(at(9, 40), [985, 986, 984, 985], 4),
            bar(at(10, 5), [1100, 1100, 1100, 1100], 5),
        ];
        let expect = [
            bar(at(9, 30), [1000, 1030, 980, 985], 6),
            bar(at(9, 40), [985, 986, 984, 985], 4),
            bar(at(10, 0), [1100, 1100, 1100, 1100], 5),
        ];
        assert_eq!(fold(&minutes, 10, at(9, 30)), expect, "premarket left out, an empty candle absent");
    }

    #[test]
    fn complete_means_its_time_is_over() {
        let candles = [bar(at(9, 30), [1, 1, 1, 1], 1), bar(at(9, 40), [1, 1, 1, 1], 1)];
        for (now, expect) in [(at(9, 39), 0), (at(9, 40), 1), (at(9, 49), 1), (at(9, 50), 2), (at(16, 0), 2)] {
            assert_eq!(complete(&candles, 10, now).len(), expect, "at {now}");
        }
    }

    #[test]
    fn no_bars_no_candles() {
        assert_eq!(fold(&[], 10, at(9, 30)), []);
    }
    proptest! {
        #[test]
        fn no_share_and_no_extreme_is_lost(
            minutes in prop::collection::btree_map(0_u32..390, (100_i64..200, 0_i64..50, 0_u32..1000), 1..120),
            length in 1_u32..60,
        ) {
            let bars: Vec<Candle> = minutes
                .iter()
                .map(|(minute, (low, range, shares))| {
                    bar(at(9, 30) + TimeDelta::minutes(i64::from(*minute)), [*low, low + range, *low, low + range], *shares)
                })
                .collect();
            let candles = fold(&bars, length, at(9, 30));
            let volume = |bars: &[Candle]| bars.iter().map(|bar| bar.volume.units()).sum::<i64>();
            prop_assert_eq!(volume(&candles), volume(&bars));
            prop_assert_eq!(candles.iter().map(|c| c.high).max(), bars.iter().map(|b| b.high).max());
            prop_assert_eq!(candles.iter().map(|c| c.low).min(), bars.iter().map(|b| b.low).min());
            prop_assert_eq!(candles.last().map(|c| c.close), bars.last().map(|b| b.close));
            let step = i64::from(length) * 60;
            prop_assert!(candles.windows(2).all(|pair| pair[1].start.since(pair[0].start).num_seconds() >= step));
            prop_assert!(candles.iter().all(|c| c.start.since(at(9, 30)).num_seconds() % step == 0));
        }
    }
}
