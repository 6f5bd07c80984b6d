//! Account activities: fills, splits, dividends.

use serde_json::{Value, json};

use crate::scene::{DAYS, Scene, column, dividend, market, split};

#[test]
fn fills_page_in_either_direction() {
    let mut scene = Scene::at("09:31");
    for _ in 0..7 {
        scene.market("buy", 1, "FLAT");
    }
    scene.go("09:40");
    for direction in ["asc", "desc"] {
        let whole = scene.get(&format!("/v2/account/activities/FILL?direction={direction}"));
        let whole = whole.as_array().unwrap();
        let (mut joined, mut token): (Vec<Value>, String) = (Vec::new(), String::new());
        loop {
            let target = format!("/v2/account/activities?activity_types=FILL&direction={direction}&page_size=3{token}");
            let page = scene.get(&target);
            let Some(last) = page.as_array().unwrap().last() else { break };
            token = format!("&page_token={}", last["id"].as_str().unwrap());
            joined.extend(page.as_array().unwrap().iter().cloned());
        }
        assert_eq!((&joined, joined.len()), (whole, 7), "{direction}");
    }
    let fill = scene.get("/v2/account/activities")[0].clone();
    assert_eq!(
        (&fill["activity_type"], &fill["type"], &fill["leaves_qty"]),
        (&json!("FILL"), &json!("fill"), &json!("0"))
    );
    let id = fill["id"].as_str().unwrap();
    assert!(id.len() > 50 && id.contains("::"), "{id}");
}

#[test]
fn activities_are_chosen_by_type_time_and_order() {
    let mut scene = Scene::at("09:31");
    let order = scene.market("buy", 1, "FLAT");
    scene.go("2 09:31");
    scene.market("sell", 1, "FLAT");
    scene.go("2 09:32");
    let mut count = |query: &str| scene.get(&format!("/v2/account/activities?{query}")).as_array().unwrap().len();
    for (query, expect) in [
        ("", 2),
        ("activity_types=FILL", 2),
        ("activity_types=DIV,SPLIT", 0),
        ("category=trade_activity", 2),
        ("category=non_trade_activity", 0),
        ("date=2026-11-10", 1),
        ("after=2026-11-11", 1),
        ("until=2026-11-11", 1),
        ("after=2026-11-10&until=2026-11-12T00:00:00Z", 2),
    ] {
        assert_eq!(count(query), expect, "{query}");
    }
    assert_eq!(count(&format!("order_id={}", order["id"].as_str().unwrap())), 1);
    for query in ["activity_types=BONUS", "page_size=101", "direction=up", "page_token=1", "category=FILL", "date=now"]
    {
        assert_eq!(scene.refusal(&format!("/v2/account/activities?{query}")), (422, 42_210_000), "{query}");
    }
    assert_eq!(scene.refusal("/v2/account/activities/BONUS"), (422, 42_210_000));
}

#[test]
fn splits_and_dividends_of_what_is_held_are_activities() {
    let mut market = market();
    market.actions = vec![split("FLAT", DAYS[1], 5, 1), dividend("FLAT", DAYS[2], 10), dividend("RISE", DAYS[2], 10)];
    let mut scene = Scene::of(market, "09:31");
    scene.market("buy", 3, "FLAT");
    scene.go("3 09:29");
    let cash = |scene: &mut Scene| scene.get("/v2/account")["cash"].as_str().unwrap().parse::<f64>().unwrap();
    let before = cash(&mut scene);
    scene.go("3 09:31");
    assert!((cash(&mut scene) - before - 1.5).abs() < 1e-9, "fifteen shares at ten cents");
    let all = scene.get("/v2/account/activities?direction=asc");
    assert_eq!(column(&all, "activity_type"), ["FILL", "SPLIT", "DIV"]);
    assert_eq!((&all[1]["qty"], &all[1]["date"]), (&json!("12"), &json!("2026-11-11")));
    assert_eq!((&all[2]["qty"], &all[2]["net_amount"]), (&json!("15"), &json!("1.50")));
    assert_eq!(column(&scene.get("/v2/account/activities/DIV"), "per_share_amount"), ["0.10"]);
    assert_eq!(scene.get("/v2/positions/FLAT")["qty"], "15");
}
