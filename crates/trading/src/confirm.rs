//! Entry confirmation: break and hold on ten-minute candles, then a deterministic delay.

use market::{Candle, NyDate, Price, Symbol, TimeDelta, Timestamp};

/// Length of the candles the rule is written for.
pub const CANDLE_MINUTES: u32 = 10;
/// The holding candle's volume, at least so many tenths of the average.
const VOLUME_TENTHS: i128 = 8;

/// A break that held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    /// When the holding candle was complete.
    pub at: Timestamp,
    /// Its close.
    pub price: Price,
}

/// The latest break and hold: a close above the level, the next close at or above it, the second on at least 0.8 of the
/// session's average volume so far. `candles` are complete, of today's session, oldest first; a series that is out of
/// order or has a candle twice confirms nothing.
#[must_use]
pub fn break_and_hold(candles: &[Candle], level: Price) -> Option<Confirmation> {
    let length = TimeDelta::minutes(i64::from(CANDLE_MINUTES));
    let mut confirmation = None;
    let mut sum = 0_i128;
    for (before, pair) in (1_i128..).zip(candles.windows(2)) {
        let [first, second] = pair else { continue };
        if second.start <= first.start {
            return None;
        }
        sum += i128::from(first.volume.units());
        // volume / (sum / before) >= 0.8, without the division: an average of nothing is no bar.
        let traded = || 10 * before * i128::from(second.volume.units()) >= VOLUME_TENTHS * sum;
        if first.close > level && second.close >= level && first.start + length == second.start && traded() {
            confirmation = Some(Confirmation { at: second.start + length, price: second.close });
        }
    }
    confirmation
}

/// The delays of one day between confirmation and entry.
#[derive(Clone, Copy, Debug)]
pub struct Delays(Fnv);

impl Delays {
    /// Of a day.
    #[must_use]
    pub fn on(date: NyDate) -> Self {
        Self(Fnv::new().with(&date.to_string()).with("|"))
    }

    /// 60 to 240 seconds, the same for the same day and symbol everywhere: entries of one morning do not all hit the
    /// market in one second.
    #[must_use]
    pub fn of(self, symbol: Symbol) -> TimeDelta {
        TimeDelta::seconds(60 + (self.0.with(symbol.as_str()).0 % 181) as i64)
    }
}

/// FNV-1a, 64 bits (offset basis and prime of its definition): stable across versions, unlike std's hasher.
#[derive(Clone, Copy, Debug)]
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn with(self, text: &str) -> Self {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self(text.bytes().fold(self.0, step))
    }
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
    fn the_average_is_of_the_candles_before() {
        // Volumes of a break that holds with its last candle; the average of the others is what the last is held to.
        let table: [(&[u32], bool); 6] = [
            (&[1_000, 800], true),
            (&[1_000, 799], false),
            (&[1_000, 3_000, 1_600], true),
            (&[1_000, 3_000, 1_599], false),
            (&[0, 0], true),
            (&[u32::MAX, u32::MAX, u32::MAX], true),
        ];
        for (volumes, expect) in table {
            let mut closes = vec!["99"; volumes.len()];
            let last = closes.len() - 2;
            closes[last..].fill("101");
            assert_eq!(break_and_hold(&candles(&closes, volumes), price("100")).is_some(), expect, "{volumes:?}");
        }
    }

    #[test]
    fn a_series_out_of_order_or_with_doubles_confirms_nothing() {
        let series = candles(&["101", "101", "102"], &[100, 100, 100]);
        assert!(break_and_hold(&series, price("100")).is_some());
        for order in [[1, 0, 2], [0, 2, 1], [2, 1, 0], [0, 0, 1], [0, 1, 1]] {
            let shuffled = order.map(|index| series[index]);
            assert_eq!(break_and_hold(&shuffled, price("100")), None, "{order:?}");
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
            ["A", "AAPL", "BRK.B", "MSFT", "T"].map(|text| Delays::on(date).of(text.parse().unwrap())).into();
        assert!(delays.len() > 3, "{delays:?}");
        assert!(delays.iter().all(|delay| (60..=240).contains(&delay.num_seconds())));
    }
}
