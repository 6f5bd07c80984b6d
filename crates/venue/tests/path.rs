//! Properties of the price path: whatever the bar, the ticks agree with it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use market::{Calendar, DailyBar, Session, Symbol};
use proptest::prelude::*;
use venue::path::{self, Path, PathError};

const FULL_DAY: usize = 1560;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ticks_agree_with_the_bar(seed: u64, bar in bars(), ticks in prop_oneof![Just(FULL_DAY), Just(840), 4_usize..40]) {
        let path = Path::new(seed, symbol(), &bar, ticks).unwrap();
        let prices: Vec<i64> = path.ticks().iter().map(|tick| tick.price.units()).collect();
        let [open, high, low, close] = on_grid(&bar);
        prop_assert_eq!(prices.len(), ticks);
        prop_assert_eq!((prices[0], prices[ticks - 1]), (open, close), "open and close");
        prop_assert_eq!(prices.iter().max(), Some(&high), "the high is hit and not passed");
        prop_assert_eq!(prices.iter().min(), Some(&low), "the low is hit and not passed");
        let volume: u64 = path.ticks().iter().map(|tick| tick.volume).sum();
        prop_assert_eq!(volume, bar.volume.round() as u64);
        prop_assert!(path.ticks().iter().all(|tick| tick.price.is_on_tick()));
    }

    #[test]
    fn quotes_are_never_crossed_nor_outside_the_day(seed: u64, bar in bars()) {
        let path = Path::new(seed, symbol(), &bar, 100).unwrap();
        let [_, high, low, _] = on_grid(&bar);
        for (index, tick) in path.ticks().iter().enumerate() {
            let spread = path.spread(index);
            prop_assert!(spread.bid <= tick.price && tick.price <= spread.ask);
            prop_assert!(low <= spread.bid.units() && spread.ask.units() <= high);
            prop_assert!(spread.bid.is_on_tick() && spread.ask.is_on_tick());
        }
    }

    #[test]
    fn candles_add_up_to_the_bar(seed: u64, bar in bars(), minutes in 1_usize..59) {
        let session = session("2026-11-10");
        let path = Path::new(seed, symbol(), &bar, FULL_DAY).unwrap();
        let candles = path.candles(&session, minutes, FULL_DAY);
        let volume: u64 = candles.iter().map(|candle| candle.volume.whole_shares()).sum();
        prop_assert_eq!(volume, bar.volume.round() as u64);
        prop_assert!(candles.windows(2).all(|pair| pair[0].start < pair[1].start));
    }
}

#[test]
fn the_shapes_that_break_things() {
    for (open, high, low, close, volume) in [
        (10.0, 10.0, 10.0, 10.0, 0.0),
        (10.0, 10.0, 10.0, 10.0, 1.0),
        (0.0001, 0.0001, 0.0001, 0.0001, 3.0),
        (0.9999, 1.01, 0.98, 1.0, 1e6),
        (10.004, 10.006, 10.0, 10.001, 7.0),
        (5.0, 5.0, 4.0, 4.0, 100.0),
        (4.0, 5.0, 4.0, 5.0, 8.9e9),
    ] {
        let bar = bar(open, high, low, close, volume);
        let path = Path::new(1, symbol(), &bar, FULL_DAY).unwrap();
        assert_eq!(path.ticks().iter().map(|tick| tick.volume).sum::<u64>(), volume.round() as u64, "{bar:?}");
    }
}

#[test]
fn a_half_day_has_fewer_ticks() {
    assert_eq!(path::ticks_in(&session("2026-11-10")), FULL_DAY);
    assert_eq!(path::ticks_in(&session("2026-11-27")), 840);
}

#[test]
fn what_is_no_bar_makes_no_path() {
    let refused = Path::new(1, symbol(), &bar(10.0, 9.0, 8.0, 9.0, 1.0), FULL_DAY);
    assert!(matches!(refused, Err(PathError::Bar { .. })), "{refused:?}");
    let refused = Path::new(1, symbol(), &bar(10.0, 11.0, 9.0, 10.0, 1.0), 3);
    assert_eq!(refused, Err(PathError::TooShort { symbol: symbol(), ticks: 3 }));
}

#[test]
fn more_is_traded_at_the_ends_of_the_day_than_in_the_middle() {
    let path = Path::new(5, symbol(), &bar(50.0, 51.0, 49.0, 50.5, 1e6), FULL_DAY).unwrap();
    let hour = |from: usize| path.ticks()[from..from + 240].iter().map(|tick| tick.volume).sum::<u64>();
    assert!(hour(0) > 2 * hour(660) && hour(1320) > 2 * hour(660));
}

#[test]
fn a_path_depends_on_seed_and_symbol_and_nothing_else() {
    let bar = bar(50.0, 51.0, 49.0, 50.5, 1e6);
    let make = |seed, symbol: &str| Path::new(seed, symbol.parse().unwrap(), &bar, FULL_DAY).unwrap();
    assert_eq!(make(1, "AAA"), make(1, "AAA"));
    assert_ne!(make(1, "AAA"), make(2, "AAA"));
    assert_ne!(make(1, "AAA"), make(1, "AAB"));
}

prop_compose! {
    fn bars()(
        scale in prop_oneof![0.01_f64..1.2, 1.0_f64..500.0, 500.0_f64..100_000.0],
        spans in prop_oneof![Just([0.0; 3]), [0.0_f64..0.2, 0.0_f64..0.2, -0.1_f64..0.1]],
        volume in prop_oneof![Just(0.0), Just(1.0), 0.0_f64..1e4, 0.0_f64..1e9],
    ) -> DailyBar {
        let open = scale;
        let close = scale * (1.0 + spans[2]);
        bar(open, open.max(close) * (1.0 + spans[0]), open.min(close) * (1.0 - spans[1]), close, volume)
    }
}

fn bar(open: f64, high: f64, low: f64, close: f64, volume: f64) -> DailyBar {
    DailyBar { date: "2026-11-10".parse().unwrap(), open, high, low, close, volume }
}

/// The rounding rule said again in other words: a cent from one dollar up, else a hundredth of a cent.
fn on_grid(bar: &DailyBar) -> [i64; 4] {
    [bar.open, bar.high, bar.low, bar.close].map(|value| {
        let units = (value * 10_000.0).round_ties_even() as i64;
        if units >= 10_000 { (units + 49) / 100 * 100 } else { units.max(1) }
    })
}

fn symbol() -> Symbol {
    "AVNQ".parse().unwrap()
}

fn session(date: &str) -> Session {
    Calendar::nyse().session_on(date.parse().unwrap()).unwrap().unwrap()
}
