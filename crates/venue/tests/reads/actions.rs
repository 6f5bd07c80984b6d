//! Corporate actions of the data interface, and announcements of the trading interface.

use serde_json::{Value, json};

use crate::scene::{DAYS, Scene, column, dividend, market, split, symbol};

fn scene() -> Scene {
    let mut market = market();
    market.actions = vec![
        split("FLAT", DAYS[0], 1, 10),
        split("RISE", DAYS[1], 2, 1),
        dividend("FALL", DAYS[1], 25),
        dividend("FALL", DAYS[2], 30),
    ];
    Scene::of(market, "2 08:00")
}

#[test]
fn actions_are_grouped_by_their_types() {
    let mut scene = scene();
    let all = scene.get("/v1/corporate-actions?start=2026-11-01&end=2026-11-30")["corporate_actions"].clone();
    assert_eq!(
        all.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["cash_dividends", "forward_splits", "reverse_splits"]
    );
    let split = &all["forward_splits"][0];
    assert_eq!((&split["symbol"], &split["new_rate"], &split["old_rate"]), (&json!("RISE"), &json!(2), &json!(1)));
    assert_eq!(column(&all["cash_dividends"], "rate"), [json!(0.25), json!(0.3)]);
    assert_eq!(all["reverse_splits"][0]["old_rate"], 10);
}

#[test]
fn actions_are_chosen_and_paged() {
    let mut scene = scene();
    let mut count = |query: &str| {
        let page = scene.get(&format!("/v1/corporate-actions?{query}"));
        let groups = page["corporate_actions"].as_object().unwrap();
        groups.values().map(|group| group.as_array().unwrap().len()).sum::<usize>()
    };
    for (query, expect) in [
        ("", 2),
        ("start=2026-11-01&end=2026-11-30", 4),
        ("start=2026-11-01&end=2026-11-30&types=cash_dividend", 2),
        ("start=2026-11-01&end=2026-11-30&types=cash_dividend,spin_off&symbols=RISE", 0),
        ("start=2026-11-01&end=2026-11-30&symbols=RISE,FLAT", 2),
        ("start=2026-11-12&end=2026-11-12", 1),
    ] {
        assert_eq!(count(query), expect, "{query}");
    }
    for sort in ["asc", "desc"] {
        let (mut token, mut days) = (String::new(), Vec::new());
        loop {
            let page =
                scene.get(&format!("/v1/corporate-actions?start=2026-11-01&end=2026-11-30&limit=1&sort={sort}{token}"));
            let groups = page["corporate_actions"].as_object().unwrap();
            days.extend(groups.values().flat_map(|group| column(group, "ex_date")));
            match page["next_page_token"].as_str() {
                Some(next) => token = format!("&page_token={next}"),
                None => break,
            }
        }
        let mut expect = ["2026-11-10", "2026-11-11", "2026-11-11", "2026-11-12"];
        if sort == "desc" {
            expect.reverse();
        }
        assert_eq!(days, expect);
    }
    for query in ["types=gift", "limit=1001", "start=2026-11-02&end=2026-11-01", "ids=a&symbols=RISE", "region=moon"] {
        assert_eq!(scene.refusal(&format!("/v1/corporate-actions?{query}")), (400, 0), "{query}");
    }
}

#[test]
fn a_split_by_hand_is_an_action_of_its_day() {
    let mut scene = Scene::at("10:00");
    scene.engine.split(symbol("FLAT"), 3, 1).unwrap();
    let splits = scene.get("/v1/corporate-actions?symbols=FLAT")["corporate_actions"]["forward_splits"].clone();
    assert_eq!((&splits[0]["new_rate"], &splits[0]["ex_date"]), (&json!(3), &json!(DAYS[0])));
    let id = splits[0]["id"].as_str().unwrap();
    let by_id = scene.get(&format!("/v1/corporate-actions?ids={id}"));
    assert_eq!(by_id["corporate_actions"]["forward_splits"], splits);
}

#[test]
fn announcements_tell_the_same_in_older_words() {
    let mut scene = scene();
    let base = "/v2/corporate_actions/announcements";
    let asked = format!("{base}?ca_types=Dividend,split&since=2026-11-01&until=2026-11-30&date_type=ex_date");
    let all = scene.get(&asked);
    assert_eq!(column(&all, "ca_sub_type"), ["reverse_split", "cash", "stock_split", "cash"]);
    let only = scene.get(&format!("{asked}&symbol=RISE"));
    assert_eq!((column(&only, "new_rate"), column(&only, "ca_type")), (vec![json!("2")], vec![json!("split")]));
    let id = only[0]["id"].as_str().unwrap();
    assert_eq!(scene.get(&format!("{base}/{id}")), only[0]);
    assert_eq!(scene.refusal(&format!("{base}/none")), (404, 40_410_000));
    for query in
        ["since=2026-11-01&until=2026-11-30", "ca_types=gift&since=2026-11-01&until=2026-11-30", "ca_types=split"]
    {
        assert_eq!(scene.refusal(&format!("{base}?{query}")), (422, 42_210_000), "{query}");
    }
    assert_eq!(scene.refusal(&format!("{base}?ca_types=split&since=2026-01-01&until=2026-11-30")).0, 422);
    assert_eq!(scene.get(&format!("{base}?ca_types=merger&since=2026-11-01&until=2026-11-30")), Value::Array(vec![]));
}
