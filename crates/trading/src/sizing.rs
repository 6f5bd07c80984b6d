//! How many shares: by risk or by distance, bounded by what the caps and the usual volume leave.
//!
//! Whole shares, rounded down: a budget is never overspent, and a floor of one share would breach a cap. All arithmetic
//! is in integers.

use market::{Bps, Price, Qty, Usd};

use crate::limits::{Limits, Sizing};

/// Where the old rule's stake has shrunk to nothing, before its floor: 6 %.
const DISTANCE_FULL: u32 = 600;
/// The least part of the stake that the old rule puts in, however far the level is.
const STAKE_LEAST: Bps = Bps::constant(2_500);
/// The whole.
const WHOLE: u32 = 10_000;

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
    /// Mean daily volume; nothing is bought of what is not known to trade.
    pub average_volume: Option<Qty>,
}

/// What is known of the setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The price paid at most.
    pub entry: Price,
    /// The stop it is protected by.
    pub stop: Price,
    /// How far the close lay from the level; needed by [`Sizing::ByDistance`].
    pub distance: Option<Bps>,
}

/// Whole shares by the sizing rule in force, and no more than any of the rooms pays for. Zero is an answer.
#[must_use]
pub fn shares(limits: &Limits, room: &Room, setup: &Setup) -> u32 {
    let entry: Usd = setup.entry.into();
    let by_rule = match limits.sizing {
        Sizing::ByRisk => room.equity.fraction(limits.risk_per_trade).whole_shares_at(setup.entry.minus(setup.stop)),
        Sizing::ByDistance => setup.distance.map_or(0, |distance| {
            let most = room.equity.fraction(limits.position_share).whole_shares_at(entry);
            by_distance(room.equity, limits.distance_stake, setup.entry, distance, Bps::constant(0)).min(most)
        }),
    };
    let volume = room.average_volume.map_or(Qty::ZERO, |average| share_of_volume(average, limits.volume_share));
    let by_volume = u32::try_from(volume.whole_shares()).unwrap_or(u32::MAX);
    [room.gross, room.symbol, room.buying_power]
        .into_iter()
        .map(|usd| usd.whole_shares_at(entry))
        .fold(by_rule.min(by_volume), u32::min)
}

/// The old rule: `floor(equity * stake * max(0.25, 1 - min(distance / 6 %, 1)) * (1 - correlation) / price)`.
/// `correlation` is with what is held already; zero when nobody measured it.
#[must_use]
pub fn by_distance(equity: Usd, stake: Bps, price: Price, distance: Bps, correlation: Bps) -> u32 {
    let near = DISTANCE_FULL.saturating_sub(distance.get());
    let weight = i128::from((near * WHOLE).max(STAKE_LEAST.get() * DISTANCE_FULL));
    let uncorrelated = i128::from(WHOLE.saturating_sub(correlation.get()));
    let money = i128::from(equity.units().max(0)) * i128::from(stake.get()) * weight * uncorrelated;
    let whole = i128::from(WHOLE);
    let shares = money / (whole * whole * i128::from(DISTANCE_FULL) * whole * i128::from(price.units()));
    u32::try_from(shares).unwrap_or(u32::MAX)
}

/// A part of the usual volume, in whole shares.
#[must_use]
pub fn share_of_volume(average: Qty, share: Bps) -> Qty {
    let units = i128::from(average.units()) * i128::from(share.get()) / i128::from(WHOLE);
    let whole = i64::try_from(units).map_or(0, |units| units - units % Qty::shares(1).units());
    Qty::from_units(whole).unwrap_or(Qty::ZERO)
}

/// A distance in percent, of either sign, as basis points: rounded to the nearest, at most the whole. `None` for what is
/// no number.
#[must_use]
pub fn distance_rounded(percent: f64) -> Option<Bps> {
    let bps = (percent.abs() * 100.0).round().min(f64::from(WHOLE));
    percent.is_finite().then(|| Bps::new(bps as u32).ok()).flatten()
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
            average_volume: Some(Qty::shares(1_000_000)),
        }
    }

    fn setup(entry: &str, stop: &str) -> Setup {
        Setup { entry: price(entry), stop: price(stop), distance: Some(Bps::constant(150)) }
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
            (Room { average_volume: Some(Qty::shares(1_999)), ..room(100_000, 50_000, 50_000, 50_000) }, 19),
            (Room { average_volume: None, ..room(100_000, 50_000, 50_000, 50_000) }, 0),
        ];
        for (room, expect) in table {
            assert_eq!(shares(&limits, &room, &setup("50", "48")), expect, "{room:?}");
        }
    }

    #[test]
    fn the_old_rule_is_an_option_and_needs_a_distance() {
        let limits = Limits { sizing: Sizing::ByDistance, ..Limits::default() };
        let room = room(100_000, 50_000, 50_000, 50_000);
        // 2 % of 100,000, three quarters of it 1.5 % from the level: 1,500.
        assert_eq!(shares(&limits, &room, &setup("50", "48")), 30);
        assert_eq!(shares(&limits, &room, &Setup { distance: None, ..setup("50", "48") }), 0);
        let tight = Limits { position_share: Bps::constant(100), ..limits };
        assert_eq!(shares(&tight, &room, &setup("50", "48")), 20, "1 % of equity in a position");
    }

    #[test]
    fn a_stop_at_or_above_the_entry_buys_nothing() {
        assert_eq!(shares(&Limits::default(), &room(100_000, 5_000, 1_000, 9_000), &setup("50", "50")), 0);
    }

    #[test]
    fn distances_are_rounded_once() {
        let table = [
            (1.5, Some(150)),
            (-0.4, Some(40)),
            (0.004, Some(0)),
            (0.006, Some(1)),
            (1e9, Some(10_000)),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ];
        for (percent, expect) in table {
            assert_eq!(distance_rounded(percent).map(Bps::get), expect, "{percent}");
        }
    }

    proptest! {
        #[test]
        fn never_over_a_room(
            equity in -1_000_000_i64..1_000_000_000,
            gross in -10_000_i64..10_000,
            volume in 0_u32..1_000_000,
            entry in 1_i64..100_000,
            risk in 1_i64..10_000,
            by_distance in any::<bool>(),
        ) {
            let entry = Price::from_cents(entry + risk).unwrap();
            let stop = Price::from_units(entry.units() - risk * 100 + 1).unwrap();
            let average_volume = Some(Qty::shares(volume));
            let room = Room { average_volume, ..room(equity, gross, 1_000, 50_000) };
            let sizing = if by_distance { Sizing::ByDistance } else { Sizing::ByRisk };
            let limits = Limits { sizing, ..Limits::default() };
            let count = shares(&limits, &room, &Setup { entry, stop, distance: Some(Bps::constant(10)) });
            let cost = entry.notional(Qty::shares(count));
            prop_assert!(count == 0 || cost <= room.gross && cost <= room.symbol);
            prop_assert!(u64::from(count) * 100 <= u64::from(volume));
        }
    }
}
