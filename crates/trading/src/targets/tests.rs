//! Trims as tables.

use market::{Calendar, Candle, Timestamp};

use super::*;

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn at(hour: u32, minute: u32) -> Timestamp {
    Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap().unwrap().date.at_hm(hour, minute)
}

fn trade() -> Trade {
    Trade {
        initial_stop: Some(price("95")),
        in_force: Some(price("95")),
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

fn sold(trade: &Trade, now: &Situation<'_>, begun: bool) -> Option<(Leg, Qty)> {
    trim(trade, now, &Rules::default(), begun).map(|trim| (trim.leg, trim.qty))
}

#[test]
fn half_is_sold_and_at_least_one_share_stays() {
    let once = Trade { trimmed_first: true, ..trade() };
    let table = [
        (10, trade(), "108", Some((Leg::Trim1, 5))),
        (7, trade(), "108", Some((Leg::Trim1, 3))),
        (2, trade(), "108", Some((Leg::Trim1, 1))),
        (1, trade(), "108", None),
        (0, trade(), "108", None),
        (10, trade(), "107.99", None),
        // A gap over both: one after the other.
        (10, trade(), "113", Some((Leg::Trim1, 5))),
        (5, once, "113", Some((Leg::Trim2, 2))),
        (5, once, "111.99", None),
        (3, Trade { trimmed_second: true, ..once }, "120", None),
    ];
    for (shares, trade, bid, expect) in table {
        let trade = Trade { shares, ..trade };
        let expect = expect.map(|(leg, shares)| (leg, Qty::shares(shares)));
        assert_eq!(sold(&trade, &at_price(bid), false), expect, "{shares} at {bid}");
    }
}

#[test]
fn a_target_that_is_no_profit_is_none() {
    let dear = Trade { average_entry: Some(price("108")), ..trade() };
    assert_eq!(sold(&dear, &at_price("109"), false), None);
    assert_eq!(sold(&dear, &at_price("112"), false).map(|(leg, _)| leg), Some(Leg::Trim2), "the second is one");
    let unknown = Trade { average_entry: None, ..trade() };
    assert_eq!(sold(&unknown, &at_price("120"), false), None);
    assert_eq!(sold(&Trade { r1: None, r2: None, ..trade() }, &at_price("120"), false), None);
}

#[test]
fn the_bid_decides_and_a_touch_or_a_beginning_gives_it_slack() {
    let touched = |bid: &str| Situation { high_water: Some(price("108.20")), ..at_price(bid) };
    // Half a percent below 108 is 107.46.
    for (now, begun, expect) in [
        (at_price("107.50"), false, false),
        (at_price("107.46"), true, true),
        (at_price("107.45"), true, false),
        (touched("107.46"), false, true),
        (touched("107.45"), false, false),
        (Situation { price: None, ..touched("108") }, true, false),
    ] {
        assert_eq!(sold(&trade(), &now, begun).is_some(), expect, "{:?} {begun}", now.price);
    }
}

#[test]
fn trims_wait_for_arming_and_are_not_begun_late() {
    let unarmed = Situation { exits_armed: false, ..at_price("108") };
    assert_eq!(sold(&trade(), &unarmed, true), None);
    let phases = [Phase::Closed, Phase::OpenNoise, Phase::EarlyTrend, Phase::NormalSession, Phase::CloseProtect];
    for (phase, fresh, begun) in phases
        .into_iter()
        .zip([false, true, true, true, false])
        .map(|(phase, fresh)| (phase, fresh, fresh || phase == Phase::CloseProtect))
    {
        let now = Situation { phase, ..at_price("108") };
        assert_eq!(sold(&trade(), &now, false).is_some(), fresh, "{phase:?}");
        assert_eq!(sold(&trade(), &now, true).is_some(), begun, "{phase:?}, begun");
    }
}

#[test]
fn a_candle_that_began_after_the_entry_arms_exits() {
    let candle = |start| Candle {
        start,
        open: price("100"),
        high: price("100"),
        low: price("100"),
        close: price("100"),
        volume: Qty::shares(1),
    };
    let early = Trade { opened_at: at(10, 59), ..trade() };
    let min = TimeDelta::minutes(30);
    assert!(!is_armed(&early, &at_price("108"), min));
    assert!(is_armed(&trade(), &at_price("108"), min), "an hour old");
    let series = [candle(at(10, 59))];
    assert!(is_armed(&early, &Situation { candles: &series, ..at_price("108") }, min));
    let from_the_future = Trade { opened_at: at(11, 1), ..trade() };
    assert!(!is_armed(&from_the_future, &at_price("108"), TimeDelta::seconds(120)));
}
