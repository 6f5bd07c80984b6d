//! How many shares: by risk, bounded by what the caps leave.

use market::{Price, Usd};

use crate::limits::Limits;

/// What limits the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Equity of the account.
    pub equity: Usd,
    /// What the gross cap leaves.
    pub gross: Usd,
    /// What the symbol's cap leaves.
    pub symbol: Usd,
    /// What the buying power leaves.
    pub buying_power: Usd,
}

/// Whole shares: `floor(equity * risk / (entry - stop))`, and no more than any of the rooms pays for at `entry`.
/// Zero is an answer: a floor of one share would breach a cap.
#[must_use]
pub fn shares(limits: &Limits, room: &Room, entry: Price, stop: Price) -> u32 {
    let by_risk = room.equity.fraction(limits.risk_per_trade).whole_shares_at(entry.minus(stop));
    [room.gross, room.symbol, room.buying_power]
        .into_iter()
        .map(|usd| usd.whole_shares_at(entry.into()))
        .fold(by_risk, u32::min)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn room(equity: i64, gross: i64, symbol: i64, power: i64) -> Room {
        Room {
            equity: Usd::dollars(equity),
            gross: Usd::dollars(gross),
            symbol: Usd::dollars(symbol),
            buying_power: Usd::dollars(power),
        }
    }

    #[test]
    fn the_tightest_bound_wins() {
        let limits = Limits::default();
        // 0.5 % of 100,000 = 500 of risk; 2 a share: 250 shares by risk.
        let table = [
            (room(100_000, 50_000, 50_000, 50_000), 250),
            (room(100_000, 50_000, 1_000, 50_000), 20),
            (room(100_000, 499, 1_000, 50_000), 9),
            (room(100_000, 49, 1_000, 50_000), 0),
            (room(100_000, 50_000, 50_000, 0), 0),
            (room(0, 50_000, 50_000, 50_000), 0),
            (room(-5, 50_000, 50_000, 50_000), 0),
        ];
        for (room, expect) in table {
            assert_eq!(shares(&limits, &room, price("50"), price("48")), expect, "{room:?}");
        }
    }

    #[test]
    fn a_stop_at_or_above_the_entry_buys_nothing() {
        assert_eq!(shares(&Limits::default(), &room(100_000, 5_000, 1_000, 9_000), price("50"), price("50")), 0);
    }

    proptest! {
        #[test]
        fn never_over_a_room(equity in 0_i64..1_000_000, gross in 0_i64..10_000, entry in 1_i64..100_000, risk in 1_i64..10_000) {
            let entry = Price::from_cents(entry + risk).unwrap();
            let stop = Price::from_units(entry.units() - risk * 100 + 1).unwrap();
            let room = room(equity, gross, 1_000, 50_000);
            let count = shares(&Limits::default(), &room, entry, stop);
            let cost = entry.notional(market::Qty::shares(count));
            prop_assert!(cost <= room.gross && cost <= room.symbol);
        }
    }
}
