//! Lists of orders.

use serde_json::{Value, json};

use crate::scene::{Scene, column};

/// Three orders a minute apart: an open one, one that filled, and another open one.
fn three() -> Scene {
    let mut scene = Scene::at("09:31");
    scene.far_limit("RISE", "1.00");
    scene.go("09:32");
    scene.market("buy", 1, "FLAT");
    scene.go("09:33");
    scene.far_limit("FALL", "2.00");
    scene
}

#[test]
fn filters_are_joined() {
    let mut scene = three();
    for (query, expect) in [
        ("", vec!["FALL", "RISE"]),
        ("status=open", vec!["FALL", "RISE"]),
        ("status=closed", vec!["FLAT"]),
        ("status=all", vec!["FALL", "FLAT", "RISE"]),
        ("status=all&direction=asc", vec!["RISE", "FLAT", "FALL"]),
        ("status=all&limit=1", vec!["FALL"]),
        ("status=all&symbols=FLAT,RISE", vec!["FLAT", "RISE"]),
        ("status=all&side=sell", vec![]),
        ("status=all&side=buy&symbols=FLAT", vec!["FLAT"]),
        ("status=all&after=2026-11-10T14:31:00Z", vec!["FALL", "FLAT"]),
        ("status=all&until=2026-11-10T14:33:00Z", vec!["FLAT", "RISE"]),
        ("status=all&after=2026-11-10T14:31:00Z&until=2026-11-10T14:33:00Z", vec!["FLAT"]),
        ("status=all&asset_class=us_equity&nested=true", vec!["FALL", "FLAT", "RISE"]),
    ] {
        assert_eq!(column(&scene.get(&format!("/v2/orders?{query}")), "symbol"), expect, "{query}");
    }
}

#[test]
fn orders_page_by_the_ids_of_others() {
    let mut scene = three();
    let all = scene.get("/v2/orders?status=all&direction=asc");
    let id = all[1]["id"].as_str().unwrap();
    for (query, expect) in [("before_order_id", "RISE"), ("after_order_id", "FALL")] {
        assert_eq!(column(&scene.get(&format!("/v2/orders?status=all&{query}={id}")), "symbol"), [expect]);
    }
    assert_eq!(scene.refusal(&format!("/v2/orders?before_order_id={id}&after_order_id={id}")), (422, 42_210_000));
}

#[test]
fn one_order_is_found_by_either_id() {
    let mut scene = three();
    let order = scene.get("/v2/orders?status=closed")[0].clone();
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    assert_eq!(scene.get(&format!("/v2/orders/{}", text("id"))), order);
    let by_client = format!("/v2/orders:by_client_order_id?client_order_id={}", text("client_order_id"));
    assert_eq!(scene.get(&by_client)["id"], order["id"]);
    for (target, expect) in [
        ("/v2/orders/x", (404, 40_410_000)),
        ("/v2/orders/00000000-0000-4000-a000-000000000000", (404, 40_410_000)),
        ("/v2/orders:by_client_order_id?client_order_id=none", (404, 40_410_000)),
        ("/v2/orders:by_client_order_id", (422, 42_210_000)),
    ] {
        assert_eq!(scene.refusal(target), expect, "{target}");
    }
}

#[test]
fn nested_the_exits_stand_inside_their_entry() {
    let mut scene = Scene::at("09:31");
    let entry = scene.order(&json!({
        "symbol": "FLAT", "qty": "2", "side": "buy", "type": "limit", "limit_price": "20", "time_in_force": "gtc",
        "order_class": "bracket", "take_profit": {"limit_price": "30"}, "stop_loss": {"stop_price": "15"},
    }));
    let nested = scene.get("/v2/orders?nested=true");
    assert_eq!((nested.as_array().unwrap().len(), &nested[0]["id"]), (1, &entry["id"]));
    assert_eq!(column(&nested[0]["legs"], "symbol"), ["FLAT", "FLAT"]);
    let flat = scene.get("/v2/orders?nested=false");
    assert_eq!(flat.as_array().unwrap().len(), 3);
    assert_eq!(column(&flat, "legs"), [Value::Null, Value::Null, Value::Null]);
    let id = entry["id"].as_str().unwrap();
    assert_eq!(scene.get(&format!("/v2/orders/{id}"))["legs"], Value::Null);
    assert_eq!(scene.get(&format!("/v2/orders/{id}?nested=true"))["legs"].as_array().unwrap().len(), 2);
}

#[test]
fn wrong_requests_are_refused() {
    let mut scene = Scene::at("10:00");
    for query in [
        "status=some",
        "limit=0",
        "limit=501",
        "direction=up",
        "after=soon",
        "nested=maybe",
        "side=both",
        "symbols=A%20B",
    ] {
        assert_eq!(scene.refusal(&format!("/v2/orders?{query}")), (422, 42_210_000), "{query}");
    }
}
