//! Portfolio history.

use serde_json::Value;

use crate::scene::{DAYS, Scene, at, market, split, symbol};

fn numbers(history: &Value, name: &str) -> Vec<f64> {
    history[name].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn points_are_labelled_with_their_beginning_and_end_with_now() {
    let mut scene = Scene::at("12:07");
    for (query, timeframe, first, count) in [
        ("period=1D", "1Min", "09:30", 158),
        ("period=1D&timeframe=5Min", "5Min", "09:30", 32),
        ("period=1D&timeframe=15Min", "15Min", "09:30", 11),
        ("period=1D&timeframe=1H", "1H", "09:30", 3),
        ("period=1D&timeframe=1H&extended_hours=true", "1H", "04:00", 9),
        ("period=1D&timeframe=1H&intraday_reporting=continuous", "1H", "00:00", 13),
    ] {
        let history = scene.get(&format!("/v2/account/portfolio/history?{query}"));
        let labels = numbers(&history, "timestamp");
        assert_eq!((labels[0] as i64, labels.len()), (at(first).unix_seconds(), count), "{query}");
        assert_eq!(history["timeframe"], timeframe, "{query}");
        for name in ["equity", "profit_loss", "profit_loss_pct"] {
            assert_eq!(numbers(&history, name).len(), count, "{query} {name}");
        }
        assert_eq!((history["base_value"].as_f64(), &history["base_value_asof"]), (Some(1e5), &"2026-11-09".into()));
    }
}

#[test]
fn it_tells_what_the_account_told_at_the_time() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 1_000, "RISE");
    let mut seen = Vec::new();
    for minute in ["09:45", "10:00", "11:00", "12:30", "15:45"] {
        scene.go(minute);
        let account = scene.get("/v2/account");
        seen.push((at(minute).unix_seconds(), account["equity"].as_str().unwrap().parse::<f64>().unwrap()));
    }
    scene.market("sell", 400, "RISE");
    scene.go("3 12:00");
    let history = scene.get("/v2/account/portfolio/history?start=2026-11-10&end=2026-11-10&timeframe=15Min");
    let (labels, equity) = (numbers(&history, "timestamp"), numbers(&history, "equity"));
    for (when, expect) in seen {
        let place = labels.iter().position(|label| *label as i64 + 15 * 60 == when).unwrap();
        assert!((equity[place] - expect).abs() < 0.006, "{when}: {} {expect}", equity[place]);
    }
    let daily = scene.get("/v2/account/portfolio/history?period=1M");
    assert_eq!((&daily["timeframe"], numbers(&daily, "timestamp").len()), (&"1D".into(), 23));
    let equity = numbers(&daily, "equity");
    assert_eq!(equity[..20].iter().copied().fold(0.0, f64::max), 1e5, "nothing happened before");
    assert!(equity[22] > 105_000.0 && equity[21] == equity[22], "{equity:?}");
}

#[test]
fn gains_count_from_the_previous_close_or_from_the_base() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 1_000, "RISE");
    scene.go("2 16:30");
    let mut last = |query: &str| {
        let history = scene.get(&format!("/v2/account/portfolio/history?period=2D&timeframe=1H&{query}"));
        (*numbers(&history, "profit_loss").last().unwrap(), numbers(&history, "profit_loss").len())
    };
    let (of_the_day, points) = last("pnl_reset=per_day");
    assert_eq!((of_the_day, points), (0.0, 14), "the second day was quiet");
    let (of_both, _) = last("pnl_reset=no_reset");
    assert!(of_both > 5_000.0, "{of_both}");
}

#[test]
fn a_split_of_what_is_held_changes_no_value() {
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1)];
    for (_, bars) in &mut market.days[1..] {
        let bar = bars.get_mut(&symbol("FLAT")).unwrap();
        (bar.open, bar.high, bar.low, bar.close) = (5.0, 5.0, 5.0, 5.0);
    }
    let mut scene = Scene::of(market, "09:31");
    scene.market("buy", 1_000, "FLAT");
    scene.go("2 10:00");
    scene.engine.split(symbol("FLAT"), 2, 1).unwrap();
    scene.market("buy", 100, "FLAT");
    scene.go("3 16:00");
    let history = scene.get("/v2/account/portfolio/history?period=3D&timeframe=1H");
    for equity in numbers(&history, "equity") {
        assert!((equity - 1e5).abs() < 20.0, "{history}");
    }
    let account = scene.get("/v2/account")["equity"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((numbers(&history, "equity").last().unwrap() - account).abs() < 0.006);
}

#[test]
fn wrong_requests_are_refused() {
    let mut scene = Scene::at("10:00");
    for query in [
        "period=1X",
        "period=0D",
        "timeframe=2Min",
        "period=1A&timeframe=1H",
        "start=2026-11-02&end=2026-11-01",
        "start=2026-11-01&end=2026-11-02&period=1D",
        "pnl_reset=never",
        "intraday_reporting=sometimes",
        "extended_hours=maybe",
    ] {
        assert_eq!(scene.refusal(&format!("/v2/account/portfolio/history?{query}")), (422, 42_210_000), "{query}");
    }
}
