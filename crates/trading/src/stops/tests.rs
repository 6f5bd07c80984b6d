//! The one authority as tables: a trade, a situation, and where its stop belongs.

use market::{Calendar, Qty};
use proptest::prelude::*;

use super::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn at(hour: u32, minute: u32) -> Timestamp {
    let day = Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap().unwrap();
    day.date.at_hm(hour, minute)
}

fn candles(lows: &[&str], high: &str) -> Vec<Candle> {
    let candle = |(index, low): (usize, &&str)| Candle {
        start: at(10, 0) + TimeDelta::minutes(10 * index as i64),
        open: price(low),
        high: price(high),
        low: price(low),
        close: price(high),
        volume: Qty::shares(1_000),
    };
    lows.iter().enumerate().map(candle).collect()
}

/// Bought ten at 100 at 10:00, stop 95, targets 108 and 112 above a level of 99.
fn trade() -> Trade {
    Trade {
        initial_stop: Some(price("95")),
        in_force: None,
        average_entry: Some(price("100")),
        level: Some(price("99")),
        r1: Some(price("108")),
        r2: Some(price("112")),
        trimmed_first: false,
        trimmed_second: false,
        shares: 10,
        opened_at: at(10, 0),
    }
}

/// 11:00, trading at this price, nothing else known.
fn at_price(bid: &str) -> Situation<'static> {
    Situation {
        now: at(11, 0),
        phase: Phase::NormalSession,
        price: Some(price(bid)),
        candles: &[],
        structural: None,
        high_water: Some(price(bid)),
        exits_armed: true,
    }
}

fn check(trade: &Trade, now: &Situation<'_>, expect: &str, basis: Basis, events: &[Event], why: &str) {
    let desired = desired(trade, now, &Rules::default()).unwrap();
    assert_eq!((desired.price, desired.basis), (price(expect), basis), "{why}");
    assert_eq!(desired.events, events, "{why}");
}

#[test]
fn protection_needs_no_market_data() {
    let blind = Situation { price: None, ..at_price("100") };
    let with_stop = Trade { in_force: Some(price("97")), ..trade() };
    check(&trade(), &blind, "95", Basis::Initial, &[], "the recorded stop");
    check(&with_stop, &blind, "97", Basis::InForce, &[], "the stop that works");
    let trimmed = Trade { trimmed_first: true, trimmed_second: true, ..with_stop };
    check(&trimmed, &blind, "97", Basis::InForce, &[], "whatever the targets would like");
    let nothing = Trade { initial_stop: None, ..trade() };
    assert_eq!(desired(&nothing, &blind, &Rules::default()), None, "nothing tells a price");
}

#[test]
fn the_structure_raises_a_stop_where_the_phase_lets_it() {
    let series = candles(&["101", "99", "102", "100", "103"], "104");
    let now = Situation { candles: &series, ..at_price("104") };
    let (initial, intraday) = (Basis::Initial, Basis::IntradayHl);
    check(&trade(), &now, "99.90", intraday, &[], "a dime below the higher low");
    for (phase, expect, basis) in [
        (Phase::OpenNoise, "95", initial),
        (Phase::EarlyTrend, "99.90", intraday),
        (Phase::CloseProtect, "95", initial),
        (Phase::Closed, "95", initial),
    ] {
        check(&trade(), &Situation { phase, ..now }, expect, basis, &[], &format!("{phase:?}"));
    }
    let young = Situation { now: at(10, 19), ..now };
    check(&trade(), &young, "95", initial, &[Event::StopTooEarlySkipped], "nineteen minutes");
    let near = Situation { price: Some(price("101.4")), ..now };
    check(&trade(), &near, "95", initial, &[Event::StopTooCloseSkipped], "1.5 percent of 101.40 are 1.52");
    let raised = Trade { in_force: Some(price("99.95")), ..trade() };
    check(&raised, &now, "99.95", Basis::InForce, &[], "never down");
    let almost = Trade { in_force: Some(price("99.85")), ..trade() };
    check(&almost, &now, "99.85", Basis::InForce, &[], "five cents are not worth a replace");
}

#[test]
fn daily_bars_give_a_stop_where_none_was_recorded() {
    let structural = Some(price("93.90"));
    let now = Situation { phase: Phase::OpenNoise, structural, ..at_price("100") };
    let unrecorded = Trade { initial_stop: None, ..trade() };
    check(&unrecorded, &now, "93.90", Basis::DailySwingLow, &[], "better than nothing");
    check(&trade(), &now, "95", Basis::Initial, &[], "the recorded stop comes first");
}

#[test]
fn the_first_target_moves_the_stop_to_breakeven() {
    let paid = Trade { average_entry: Some(price("100.0025")), trimmed_first: true, ..trade() };
    let (even, initial) = (Basis::Breakeven, Basis::Initial);
    check(&paid, &at_price("107"), "100.01", even, &[], "on the tick above what was paid");
    for phase in [Phase::OpenNoise, Phase::CloseProtect] {
        check(&paid, &Situation { phase, ..at_price("107") }, "100.01", even, &[], "it is no trail: any phase");
    }
    check(&paid, &at_price("100.02"), "100.01", even, &[], "the distance is for structural stops");
    let through = [Event::StopThroughMarketSkipped];
    check(&paid, &at_price("100.01"), "95", initial, &through, "raised into the market it would sell");
}

#[test]
fn the_second_target_makes_the_stop_follow() {
    let trimmed = Trade { trimmed_first: true, trimmed_second: true, in_force: Some(price("100")), ..trade() };
    let now = Situation { high_water: Some(price("115")), ..at_price("113") };
    check(&trimmed, &now, "108.50", Basis::ProfitTrail, &[], "115 - (112 - 99) / 2");
    let late = Situation { phase: Phase::CloseProtect, ..now };
    check(&trimmed, &late, "100", Basis::InForce, &[], "nothing trails in the last part");
    let fallen = Situation { price: Some(price("108")), ..now };
    check(&trimmed, &fallen, "100", Basis::InForce, &[Event::StopThroughMarketSkipped], "below its own trail");
}

#[test]
fn one_share_cannot_be_trimmed_and_still_gets_its_breakeven() {
    let single = Trade { shares: 1, ..trade() };
    check(&single, &at_price("107.99"), "95", Basis::Initial, &[], "before the target");
    check(&single, &at_price("108"), "100", Basis::Breakeven, &[], "at the target");
    let unarmed = Situation { exits_armed: false, ..at_price("108") };
    check(&single, &unarmed, "95", Basis::Initial, &[], "not in the first seconds");
}

#[test]
fn half_days_have_all_phases() {
    let session = Calendar::nyse().session_on("2026-11-27".parse().unwrap()).unwrap().unwrap();
    let trimmed = Trade { trimmed_first: true, trimmed_second: true, ..trade() };
    for (hour, minute, expect) in
        [(9, 44, "100"), (10, 0, "108.50"), (12, 29, "108.50"), (12, 30, "100"), (13, 0, "95")]
    {
        let now = session.date.at_hm(hour, minute);
        let phase = Phase::at(&session, now);
        let now = Situation { now, phase, high_water: Some(price("115")), ..at_price("113") };
        assert_eq!(desired(&trimmed, &now, &Rules::default()).unwrap().price, price(expect), "{hour}:{minute}");
    }
}

prop_compose! {
    fn cents(low: i64, high: i64)(cents in low..high) -> Price {
        Price::from_cents(cents).unwrap()
    }
}

proptest! {
    /// Whatever the market shows, the stop never falls, stays below the market when it moves, and is on a tick.
    #[test]
    fn a_stop_only_rises_and_never_into_the_market(
        structural in proptest::option::of(cents(8_000, 12_000)),
        lows in proptest::collection::vec(cents(8_000, 12_000), 0..12),
        bid in cents(8_000, 13_000),
        in_force in proptest::option::of(cents(8_000, 12_000)),
        high in cents(8_000, 13_000),
        flags in any::<(bool, bool, bool)>(),
        phase in 0..5_usize,
        shares in 1_u64..5,
    ) {
        let phases = [Phase::Closed, Phase::OpenNoise, Phase::EarlyTrend, Phase::NormalSession, Phase::CloseProtect];
        let texts: Vec<String> = lows.iter().map(ToString::to_string).collect();
        let series = candles(&texts.iter().map(String::as_str).collect::<Vec<_>>(), "125");
        let trade = Trade { in_force, trimmed_first: flags.0, trimmed_second: flags.1, shares, ..trade() };
        let now = Situation {
            phase: phases[phase], price: Some(bid), candles: &series, structural, high_water: Some(high.max(bid)),
            exits_armed: flags.2, now: at(13, 0),
        };
        let standing = in_force.unwrap_or(price("95"));
        let desired = desired(&trade, &now, &Rules::default()).unwrap();
        prop_assert!(desired.price >= standing);
        prop_assert!(desired.price == standing || (desired.price < bid && desired.price.is_on_tick()));
        prop_assert!(desired.price == standing || trail::is_worth(standing, desired.price, &Rules::default()));
        let again = Trade { in_force: Some(desired.price), ..trade };
        let settled = super::desired(&again, &now, &Rules::default()).unwrap();
        prop_assert_eq!(settled.price, desired.price, "one step, then rest");
    }
}
