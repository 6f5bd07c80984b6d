//! Entry confirmation: break and hold on ten-minute candles, then a deterministic delay.

use market::{Candle, NyDate, Price, Symbol, TimeDelta, Timestamp};

/// Length of the candles the rule is written for.
pub const CANDLE_MINUTES: u32 = 10;
const VOLUME_SHARE: f64 = 0.8;

/// A break that held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// When the holding candle was complete.
    pub at: Timestamp,
    /// Its close.
    pub price: Price,
}

/// The latest break and hold: a close above the level, the next close at or above it, the second on at least 0.8 of the
/// session's average volume so far. `candles` are complete, of today's session, oldest first.
#[must_use]
pub fn break_and_hold(candles: &[Candle], level: Price) -> Option<Confirmation> {
    let held = |index: usize| {
        let (first, second) = (&candles[index - 1], &candles[index]);
        let follows = second.start.since(first.start) == TimeDelta::minutes(i64::from(CANDLE_MINUTES));
        follows && holds(first.close, second.close, level, second.volume.to_f64(), average_volume(&candles[..index]))
    };
    let index = (1..candles.len()).rev().find(|&index| held(index))?;
    let candle = &candles[index];
    Some(Confirmation { at: candle.start + TimeDelta::minutes(i64::from(CANDLE_MINUTES)), price: candle.close })
}

fn holds(previous: Price, last: Price, level: Price, volume: f64, average: f64) -> bool {
    previous > level && last >= level && (average <= 0.0 || volume / average >= VOLUME_SHARE)
}

fn average_volume(candles: &[Candle]) -> f64 {
    candles.iter().map(|candle| candle.volume.to_f64()).sum::<f64>() / candles.len().max(1) as f64
}

/// 60 to 240 seconds between confirmation and entry, the same for the same day and symbol everywhere: entries of one
/// morning do not all hit the market in one second.
#[must_use]
pub fn entry_delay(date: NyDate, symbol: Symbol) -> TimeDelta {
    // FNV-1a, 64 bits (offset basis and prime of its definition): stable across versions, unlike std's hasher.
    let hash = format!("{date}|{symbol}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    TimeDelta::seconds(60 + (hash % 181) as i64)
}

#[cfg(test)]
mod tests {
    use market::Qty;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn candles(closes: &[&str], volumes: &[u32]) -> Vec<Candle> {
        let open = "2017-11-10T14:30:00Z".parse::<Timestamp>().unwrap();
        let bar = |(index, (close, volume)): (usize, (&&str, &u32))| Candle {
            start: open + TimeDelta::minutes(10 * index as i64),
            open: price(close),
            high: price(close),
            low: price(close),
            close: price(close),
            volume: Qty::shares(*volume),
        };
        closes.iter().zip(volumes).enumerate().map(bar).collect()
    }

    #[test]
    fn the_predecessors_cases() {
        // previous close, last close, average volume (the last candle traded 1,000), confirmed
        let table = [
            ("103.00", "100.01", 0.0, true),
            ("99.99", "100.00", 0.0, false),
            ("103.00", "100.01", 1251.0, false),
            ("100.01", "100.00", 1000.0, true),
            ("100.01", "100.00", 1250.0, true),
            ("100.00", "100.01", 1000.0, false),
            ("100.01", "99.99", 0.0, false),
        ];
        for (previous, last, average, expect) in table {
            let confirmed = holds(price(previous), price(last), price("100"), 1000.0, average);
            assert_eq!(confirmed, expect, "{previous} {last} {average}");
        }
    }

    #[test]
    fn the_latest_hold_counts_and_a_hole_between_candles_breaks_it() {
        let series = candles(&["101", "101", "99", "101", "102"], &[100, 100, 100, 100, 100]);
        assert_eq!(break_and_hold(&series, price("100")).unwrap().price, price("102"));
        let mut holed = series[2..].to_vec();
        holed[2].start = holed[2].start + TimeDelta::minutes(10);
        assert_eq!(break_and_hold(&holed, price("100")), None);
        assert_eq!(break_and_hold(&[], price("100")), None);
    }

    #[test]
    fn delays_are_spread_and_repeatable() {
        let date = "2017-11-10".parse().unwrap();
        let delays: std::collections::BTreeSet<_> =
            ["A", "AAPL", "BRK.B", "MSFT", "T"].map(|text| entry_delay(date, text.parse().unwrap())).into();
        assert!(delays.len() > 3, "{delays:?}");
        assert!(delays.iter().all(|delay| (60..=240).contains(&delay.num_seconds())));
    }
}
