//! Latest bars, trades and quotes, and snapshots.

use market::TimeDelta;
use serde_json::{Value, json};

use crate::scene::{DAYS, Scene, market, split, symbol};

#[test]
fn before_the_first_open_there_is_nothing() {
    let mut scene = Scene::at("09:29");
    for what in ["bars", "trades", "quotes"] {
        assert_eq!(scene.get(&format!("/v2/stocks/{what}/latest?symbols=RISE"))[what], json!({}));
        assert_eq!(scene.refusal(&format!("/v2/stocks/RISE/{what}/latest")), (404, 0));
    }
}

#[test]
fn the_latest_is_what_has_happened_by_now() {
    let mut scene = Scene::at("10:00:07");
    let bar = scene.get("/v2/stocks/RISE/bars/latest")["bar"].clone();
    assert_eq!(bar["t"], "2026-11-10T14:59:00Z");
    let trade = scene.get("/v2/stocks/RISE/trades/latest")["trade"].clone();
    assert_eq!(trade["t"], "2026-11-10T15:00:00Z");
    let quote = scene.get("/v2/stocks/RISE/quotes/latest")["quote"].clone();
    assert_eq!(quote["t"], "2026-11-10T15:00:07Z");
    let many = scene.get("/v2/stocks/trades/latest?symbols=NONE,RISE,FALL&feed=iex")["trades"].clone();
    assert_eq!((&many["RISE"], many.as_object().unwrap().len()), (&trade, 2));
    scene.print("RISE", "33.33", 5);
    assert_eq!(scene.get("/v2/stocks/RISE/trades/latest")["trade"]["p"], json!(33.33));
    scene.go("10:00:15");
    assert!(scene.get("/v2/stocks/RISE/trades/latest")["trade"]["p"].as_f64().unwrap() < 21.0, "the path goes on");
    scene.go("2 08:00");
    assert_eq!(scene.get("/v2/stocks/RISE/bars/latest")["bar"]["t"], "2026-11-10T20:59:00Z");
}

#[test]
fn a_quote_is_renewed_in_session_only() {
    for (now, expect) in [
        ("09:30", "2026-11-10T14:30:00Z"),
        ("15:59:59", "2026-11-10T20:59:59Z"),
        ("16:00", "2026-11-10T21:00:00Z"),
        ("23:00", "2026-11-10T21:00:00Z"),
        ("2 09:29:59", "2026-11-10T21:00:00Z"),
        ("2 09:30:01", "2026-11-11T14:30:01Z"),
    ] {
        let mut scene = Scene::at(now);
        assert_eq!(scene.get("/v2/stocks/RISE/quotes/latest")["quote"]["t"], expect, "{now}");
        assert_eq!(scene.get("/v2/stocks/RISE/snapshot")["latestQuote"]["t"], expect, "{now}");
    }
    let mut scene = Scene::at("18:00");
    scene.print("RISE", "21", 5);
    scene.go("19:00");
    assert_eq!(scene.get("/v2/stocks/RISE/quotes/latest")["quote"]["t"], "2026-11-10T23:00:00Z", "by hand, after it");
    let mut scene = Scene::at("09:00");
    scene.print("RISE", "21", 5);
    scene.go("09:20");
    assert_eq!(scene.get("/v2/stocks/RISE/quotes/latest")["quote"]["t"], "2026-11-10T14:00:00Z", "before any session");
}

#[test]
fn a_quote_of_a_symbol_that_does_not_trade_today_is_of_its_last_session() {
    let mut market = market();
    market.days[1].1.remove(&symbol("FLAT"));
    let mut scene = Scene::of(market, "2 12:00");
    assert_eq!(scene.get("/v2/stocks/FLAT/quotes/latest")["quote"]["t"], "2026-11-10T21:00:00Z");
}

#[test]
fn quotes_are_as_old_as_configured_in_session() {
    for (now, expect) in [("10:00:07", "2026-11-10T14:59:37Z"), ("18:00", "2026-11-10T21:00:00Z")] {
        let mut scene = Scene::with(market(), now, |config| config.quote_age = TimeDelta::seconds(30));
        assert_eq!(scene.get("/v2/stocks/RISE/quotes/latest")["quote"]["t"], expect, "{now}");
    }
}

#[test]
fn a_plan_without_recent_sip_data_is_refused_them_and_nothing_else() {
    let refused = (403, "subscription does not permit querying recent SIP data");
    for (target, has_it, has_not) in [
        ("/v2/stocks/quotes/latest?symbols=RISE&feed=sip", 200, 403),
        ("/v2/stocks/RISE/snapshot?feed=sip", 200, 403),
        ("/v2/stocks/RISE/snapshot?feed=iex", 200, 200),
        ("/v2/stocks/RISE/trades/latest?feed=delayed_sip", 200, 200),
        ("/v2/stocks/quotes/latest?symbols=RISE", 200, 200),
        ("/v2/stocks/bars?symbols=RISE&timeframe=1Min&feed=sip&end=2026-11-10T11:45:01-05:00", 200, 403),
        ("/v2/stocks/bars?symbols=RISE&timeframe=1Min&feed=sip&end=2026-11-10T11:45:00-05:00", 200, 200),
        ("/v2/stocks/bars?symbols=RISE&timeframe=1Min&end=2026-11-10", 200, 403),
        ("/v2/stocks/bars?symbols=RISE&timeframe=1Min&feed=iex&end=2026-11-10", 200, 200),
        ("/v2/stocks/RISE/quotes?feed=sip&end=2026-11-10", 200, 403),
        ("/v2/stocks/RISE/trades?feed=sip&end=2026-11-10", 200, 403),
    ] {
        for (recent_sip, expect) in [(true, has_it), (false, has_not)] {
            let mut scene = Scene::with(market(), "12:00", |config| config.recent_sip = recent_sip);
            let answer = scene.response("GET", target, &Value::Null);
            assert_eq!(answer.status, expect, "{target} {recent_sip}");
            if answer.status == refused.0 {
                assert_eq!(answer.json(), json!({"message": refused.1}));
            }
        }
    }
    // Without an end it is the latest there is for the plan.
    let mut scene = Scene::with(market(), "12:00", |config| config.recent_sip = false);
    let mut last = |feed: &str| {
        let page = scene.get(&format!("/v2/stocks/RISE/bars?timeframe=1Min&limit=1&sort=desc&feed={feed}"));
        page["bars"][0]["t"].as_str().unwrap().to_owned()
    };
    assert_eq!(last("sip"), "2026-11-10T16:45:00Z");
    assert_eq!(last("iex"), "2026-11-10T16:59:00Z");
}

#[test]
fn a_halted_symbol_has_no_bid_no_ask_and_no_new_trades() {
    let mut scene = Scene::at("10:00:07");
    let before = scene.get("/v2/stocks/RISE/trades/latest");
    scene.engine.halt(symbol("RISE"), true).unwrap();
    scene.go("11:00");
    assert_eq!(scene.get("/v2/stocks/RISE/trades/latest"), before);
    let quote = scene.get("/v2/stocks/RISE/quotes/latest")["quote"].clone();
    assert_eq!((&quote["bp"], &quote["ap"], &quote["bs"]), (&json!(0), &json!(0), &json!(0)));
    scene.engine.halt(symbol("RISE"), false).unwrap();
    scene.go("11:01");
    assert_ne!(scene.get("/v2/stocks/RISE/trades/latest"), before);
    let target = "/v2/stocks/RISE/bars?timeframe=1Min&start=2026-11-10T10:00:00-05:00&end=2026-11-10T11:00:00-05:00";
    let starts = crate::scene::column(&scene.get(target)["bars"], "t");
    assert_eq!(starts, ["2026-11-10T15:00:00Z", "2026-11-10T16:00:00Z"], "no bars while it was halted");
}

#[test]
fn a_snapshot_holds_the_day_so_far_and_the_day_before() {
    for (at, today, previous) in [
        ("09:00", "2026-11-09", "2026-11-06"),
        ("10:00", "2026-11-10", "2026-11-09"),
        ("16:00", "2026-11-10", "2026-11-09"),
        ("2 09:00", "2026-11-10", "2026-11-09"),
        ("2 09:31", "2026-11-11", "2026-11-10"),
    ] {
        let mut scene = Scene::at(at);
        let snapshot = scene.get("/v2/stocks/RISE/snapshot");
        let day = |name: &str| snapshot[name]["t"].as_str().unwrap()[..10].to_owned();
        assert_eq!((day("dailyBar").as_str(), day("prevDailyBar").as_str()), (today, previous), "{at}");
        assert_eq!(snapshot["symbol"], "RISE");
    }
    let mut scene = Scene::at("10:00");
    let volume = scene.get("/v2/stocks/RISE/snapshot")["dailyBar"]["v"].as_f64().unwrap();
    assert!(volume < 2e6, "most of the day is still to come: {volume}");
    let many = scene.get("/v2/stocks/snapshots?symbols=RISE,NONE,FALL");
    assert_eq!(many.as_object().unwrap().keys().collect::<Vec<_>>(), ["FALL", "RISE"]);
    assert_eq!(many["RISE"].get("symbol"), None::<&Value>);
    assert_eq!(scene.refusal("/v2/stocks/NONE/snapshot"), (404, 0));
}

#[test]
fn a_split_by_hand_divides_what_comes_after_it() {
    let mut scene = Scene::at("10:00:07");
    scene.engine.split(symbol("FLAT"), 5, 1).unwrap();
    assert_eq!(scene.get("/v2/stocks/FLAT/trades/latest")["trade"]["p"], json!(5), "in the terms of now");
    scene.go("2 10:00:07");
    assert_eq!(scene.get("/v2/stocks/FLAT/trades/latest")["trade"]["p"], json!(5));
    let mut bars = |adjustment: &str| {
        let target = format!("/v2/stocks/FLAT/bars?timeframe=1Hour&start={}&adjustment={adjustment}", DAYS[0]);
        let page = scene.get(&target)["bars"].clone();
        crate::scene::column(&page, "c").iter().map(|close| close.as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(bars("raw")[..3], [25.0, 5.0, 5.0]);
    assert_eq!(bars("split")[..3], [5.0, 5.0, 5.0]);
}

#[test]
fn after_a_split_of_the_market_the_previous_close_is_in_new_terms() {
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1)];
    for (_, bars) in &mut market.days[1..] {
        let bar = bars.get_mut(&symbol("FLAT")).unwrap();
        (bar.open, bar.high, bar.low, bar.close) = (5.0, 5.0, 5.0, 5.0);
    }
    let mut scene = Scene::of(market, "2 09:31");
    scene.market("buy", 1, "FLAT");
    scene.go("2 09:32");
    let position = scene.get("/v2/positions/FLAT");
    assert_eq!(
        (&position["lastday_price"], &position["change_today"]),
        (&json!("5.00"), &json!("0.0000")),
        "{position}"
    );
}

#[test]
fn wrong_requests_are_refused() {
    let mut scene = Scene::at("10:00");
    for target in [
        "/v2/stocks/bars/latest",
        "/v2/stocks/trades/latest?symbols=RI%20SE",
        "/v2/stocks/quotes/latest?symbols=RISE&feed=bats",
        "/v2/stocks/snapshots?symbols=RISE&currency=EUR",
        "/v2/stocks/snapshots?symbols=RISE&limit=5",
        "/v2/stocks/meta/conditions/trade?tape=X",
        "/v2/stocks/meta/conditions/bar?tape=A",
    ] {
        assert_eq!(scene.refusal(target), (400, 0), "{target}");
    }
    assert_eq!(scene.refusal("/v2/stocks/RISE/nothing"), (404, 0));
    assert_eq!(scene.get("/v2/stocks/meta/exchanges")["N"], "New York Stock Exchange");
    assert_eq!(scene.get("/v2/stocks/meta/conditions/trade?tape=A")["@"], "Regular Sale");
}
