//! Trades and quotes of the past.

use serde_json::json;

use crate::scene::{Scene, column};

#[test]
fn trades_are_told_up_to_now_and_keep_their_ids() {
    let mut scene = Scene::at("09:30:31");
    let target = "/v2/stocks/RISE/trades?start=2026-11-10";
    let early = scene.get(target)["trades"].clone();
    assert_eq!(column(&early, "t"), ["2026-11-10T14:30:00Z", "2026-11-10T14:30:15Z", "2026-11-10T14:30:30Z"]);
    assert_eq!((&early[0]["p"], &early[0]["c"], &early[0]["z"]), (&json!(10), &json!(["@"]), &json!("A")));
    scene.go("2 10:00");
    let later = scene.get(&format!("{target}&limit=3"))["trades"].clone();
    assert_eq!(early, later);
}

#[test]
fn a_page_may_end_between_two_prints_of_one_instant() {
    let mut scene = Scene::at("10:00:05");
    for (text, volume) in [("25.10", 1), ("25.20", 2), ("25.30", 3)] {
        scene.print("FLAT", text, volume);
    }
    scene.go("10:01");
    let base = "/v2/stocks/trades?symbols=FLAT&start=2026-11-10T10:00:01-05:00&limit=1";
    for (sort, expect) in [("asc", [25.1, 25.2, 25.3, 25.0]), ("desc", [25.0, 25.0, 25.0, 25.0])] {
        let (mut token, mut prices) = (String::new(), Vec::new());
        loop {
            let page = scene.get(&format!("{base}&sort={sort}{token}"));
            prices.push(page["trades"]["FLAT"][0]["p"].as_f64().unwrap());
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        assert_eq!(prices.len(), 7, "{sort}: {prices:?}");
        assert_eq!(prices[..4], expect, "{sort}");
    }
}

#[test]
fn quotes_surround_their_trades() {
    let mut scene = Scene::at("12:00");
    let quotes = scene.get("/v2/stocks/quotes?symbols=RISE,FALL&start=2026-11-10&limit=10000")["quotes"].clone();
    let trades = scene.get("/v2/stocks/trades?symbols=RISE,FALL&start=2026-11-10&limit=10000")["trades"].clone();
    for name in ["RISE", "FALL"] {
        let pairs = quotes[name].as_array().unwrap().iter().zip(trades[name].as_array().unwrap());
        for (quote, trade) in pairs {
            let value = |name: &str| quote[name].as_f64().unwrap();
            let last = trade["p"].as_f64().unwrap();
            assert!(value("bp") <= last && last <= value("ap"), "{quote} {trade}");
            assert_eq!(quote["t"], trade["t"]);
        }
    }
    assert_eq!(quotes["FALL"][0]["z"], "C");
}
