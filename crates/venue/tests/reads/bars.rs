//! Bars: timeframes, bounds, pages, adjustments, refusals; and that nothing of the future is told.

use serde_json::{Value, json};

use crate::scene::{DAYS, Scene, column, dividend, market, split};

#[test]
fn a_bar_is_told_when_its_time_is_over() {
    for (at, minutes, hours, days) in [
        ("09:30:59", 0, 0, 0),
        ("09:31", 1, 0, 0),
        ("09:59:59", 29, 0, 0),
        ("10:00", 30, 1, 0),
        ("15:59:59", 389, 6, 0),
        ("16:00", 390, 7, 1),
        ("23:00", 390, 7, 1),
    ] {
        let mut scene = Scene::at(at);
        let mut count = |timeframe: &str| {
            let target = format!("/v2/stocks/RISE/bars?timeframe={timeframe}&start={}", DAYS[0]);
            scene.get(&target)["bars"].as_array().unwrap().len()
        };
        assert_eq!((count("1Min"), count("1Hour"), count("1Day")), (minutes, hours, days), "{at}");
        assert_eq!((count("1T"), count("1H"), count("1D")), (minutes, hours, days), "{at}: the short words");
    }
}

#[test]
fn bars_begin_where_their_timeframe_does() {
    let mut scene = Scene::at("3 16:00");
    for (timeframe, start, first, count) in [
        ("1Min", "2026-11-10", "2026-11-10T14:30:00Z", 1170),
        ("45Min", "2026-11-10", "2026-11-10T14:00:00Z", 29),
        ("1Hour", "2026-11-10", "2026-11-10T14:00:00Z", 21),
        ("4Hour", "2026-11-10", "2026-11-10T13:00:00Z", 6),
        ("1Day", "2026-11-02", "2026-11-02T05:00:00Z", 9),
        ("1Week", "2026-10-26", "2026-10-26T04:00:00Z", 3),
        ("1Month", "2026-10-01", "2026-10-01T04:00:00Z", 2),
        ("3Month", "2026-10-01", "2026-10-01T04:00:00Z", 1),
    ] {
        let page = scene.get(&format!("/v2/stocks/RISE/bars?timeframe={timeframe}&start={start}&limit=10000"));
        let starts = column(&page["bars"], "t");
        assert_eq!((starts[0].as_str(), starts.len()), (Some(first), count), "{timeframe}");
    }
}

#[test]
fn longer_bars_are_made_of_shorter_ones() {
    let mut scene = Scene::at("2 09:00");
    let mut bars = |timeframe: &str| {
        scene.get(&format!("/v2/stocks/RISE/bars?timeframe={timeframe}&start={}&limit=10000", DAYS[0]))["bars"].clone()
    };
    for timeframe in ["1Min", "7Min", "30Min", "1Hour", "23Hour", "1Day"] {
        let rows = bars(timeframe);
        let sum: u64 = column(&rows, "v").iter().map(|v| v.as_u64().unwrap()).sum();
        let highs = column(&rows, "h").iter().map(|h| h.as_f64().unwrap()).fold(0.0, f64::max);
        let last = rows.as_array().unwrap().last().unwrap()["c"].as_f64();
        assert_eq!((rows[0]["o"].as_f64(), last, highs, sum), (Some(10.0), Some(20.0), 20.0, 5_000_000), "{timeframe}");
        for row in rows.as_array().unwrap() {
            let value = |name: &str| row[name].as_f64().unwrap();
            assert!(value("l") <= value("vw") && value("vw") <= value("h") && value("n") > 0.0, "{row}");
        }
    }
}

#[test]
fn bounds_are_inclusive_and_a_day_ends_with_its_last_instant() {
    let mut scene = Scene::at("3 16:00");
    for (query, count) in [
        ("timeframe=1Day&start=2026-11-10&end=2026-11-10", 1),
        ("timeframe=1Day&start=2026-11-10T05:00:00Z&end=2026-11-11T05:00:00Z", 2),
        ("timeframe=1Day&start=2026-11-10T05:00:01Z&end=2026-11-11T04:59:59Z", 0),
        ("timeframe=1Min&start=2026-11-11&end=2026-11-11", 390),
        ("timeframe=1Min&start=2026-11-11T10:00:00-05:00&end=2026-11-11T10:05:00-05:00", 6),
        ("timeframe=1Min", 390),
        ("timeframe=1Min&start=2026-11-13", 0),
    ] {
        let page = scene.get(&format!("/v2/stocks/RISE/bars?{query}"));
        assert_eq!(page["bars"].as_array().unwrap().len(), count, "{query}");
    }
}

#[test]
fn pages_join_to_the_whole_in_either_order() {
    for (sort, limit) in [("asc", 7), ("asc", 390), ("desc", 50), ("desc", 1_000)] {
        let mut scene = Scene::at("2 12:00");
        let base = format!("/v2/stocks/bars?symbols=THIN,RISE,FALL,NONE&timeframe=10Min&start={}&sort={sort}", DAYS[0]);
        let whole = scene.get(&format!("{base}&limit=10000"));
        assert_eq!(whole["next_page_token"], Value::Null);
        let symbols: Vec<&String> = whole["bars"].as_object().unwrap().keys().collect();
        assert_eq!(symbols, ["FALL", "RISE", "THIN"]);
        let (mut joined, mut token) = (json!({}), String::new());
        loop {
            let page = scene.get(&format!("{base}&limit={limit}{token}"));
            let mut count = 0;
            for (symbol, rows) in page["bars"].as_object().unwrap() {
                count += rows.as_array().unwrap().len();
                let all = joined.as_object_mut().unwrap().entry(symbol).or_insert(json!([]));
                all.as_array_mut().unwrap().extend(rows.as_array().unwrap().iter().cloned());
            }
            assert!(0 < count && count <= limit, "{sort} {limit}: {count}");
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        assert_eq!(joined, whole["bars"], "{sort} {limit}");
    }
}

#[test]
fn adjusted_bars_are_in_the_terms_of_now() {
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1), dividend("FALL", DAYS[2], 100)];
    let mut scene = Scene::of(market, "1 17:00");
    let check = |scene: &mut Scene, name: &str, adjustment: &str, expect: [f64; 2]| {
        let target = format!("/v2/stocks/{name}/bars?timeframe=1Day&start=2026-11-09&adjustment={adjustment}");
        let rows = scene.get(&target)["bars"].clone();
        assert_eq!([rows[0]["c"].as_f64().unwrap(), rows[0]["v"].as_f64().unwrap()], expect, "{name} {adjustment}");
    };
    check(&mut scene, "FLAT", "split", [25.0, 1e6]);
    scene.go("2 09:30");
    check(&mut scene, "FLAT", "raw", [25.0, 1e6]);
    check(&mut scene, "FLAT", "split", [5.0, 5e6]);
    check(&mut scene, "FLAT", "dividend", [25.0, 1e6]);
    check(&mut scene, "FALL", "all", [40.0, 1e6]);
    scene.go("3 09:30");
    // One dollar of a last close of twenty.
    check(&mut scene, "FALL", "dividend", [38.0, 1e6]);
    check(&mut scene, "FALL", "split,spin-off", [40.0, 1e6]);
    check(&mut scene, "FALL", "all", [38.0, 1e6]);
    let target = format!("/v2/stocks/FLAT/bars?timeframe=1Hour&start={}&end={}&adjustment=split", DAYS[0], DAYS[0]);
    assert_eq!(scene.get(&target)["bars"][0]["o"], json!(5));
}

#[test]
fn prints_by_hand_make_bars_too() {
    let mut scene = Scene::at("10:00:20");
    scene.print("FLAT", "27.50", 300);
    scene.go("10:01:05");
    scene.print("FLAT", "22.50", 100);
    scene.go("2 08:00");
    let bars = scene.get("/v2/stocks/FLAT/bars?timeframe=1Min&start=2026-11-10T10:00:00-05:00&limit=2")["bars"].clone();
    assert_eq!((&bars[0]["h"], &bars[1]["l"]), (&json!(27.5), &json!(22.5)));
    assert_eq!((&bars[0]["n"], &bars[1]["n"]), (&json!(5), &json!(5)));
    let day = scene.get("/v2/stocks/FLAT/bars?timeframe=1Day&start=2026-11-10")["bars"][0].clone();
    assert_eq!((&day["h"], &day["l"], &day["c"]), (&json!(27.5), &json!(22.5), &json!(25)), "{day}");
    assert_eq!(day["v"], json!(1_000_400));
}

#[test]
fn wrong_requests_are_refused_with_400_and_no_code() {
    let mut scene = Scene::at("10:00");
    for query in [
        "timeframe=10Min",
        "symbols=RISE",
        "symbols=RISE&timeframe=0Min",
        "symbols=RISE&timeframe=60Min",
        "symbols=RISE&timeframe=24Hour",
        "symbols=RISE&timeframe=2Day",
        "symbols=RISE&timeframe=2Week",
        "symbols=RISE&timeframe=5Month",
        "symbols=RISE&timeframe=1Year",
        "symbols=RI%20SE&timeframe=1Min",
        "symbols=RISE&timeframe=1Min&limit=0",
        "symbols=RISE&timeframe=1Min&limit=10001",
        "symbols=RISE&timeframe=1Min&page_token=x",
        "symbols=RISE&timeframe=1Min&start=yesterday",
        "symbols=RISE&timeframe=1Min&start=2026-11-10&end=2026-11-09",
        "symbols=RISE&timeframe=1Min&feed=bats",
        "symbols=RISE&timeframe=1Min&adjustment=splits",
        "symbols=RISE&timeframe=1Min&sort=up",
        "symbols=RISE&timeframe=1Min&asof=today",
        "symbols=RISE&timeframe=1Min&currency=EUR",
        "symbols=RISE&timeframe=1Min&colour=red",
    ] {
        assert_eq!(scene.refusal(&format!("/v2/stocks/bars?{query}")), (400, 0), "{query}");
    }
    for feed in ["sip", "iex", "otc", "boats"] {
        scene.get(&format!("/v2/stocks/bars?symbols=RISE&timeframe=1Min&feed={feed}&asof=-&currency=USD"));
    }
}
