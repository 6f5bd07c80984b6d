//! Positions.

use serde_json::json;

use crate::scene::{Scene, column};

#[test]
fn a_position_is_found_by_symbol_and_by_asset_id() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 10, "FALL");
    scene.market("buy", 20, "RISE");
    scene.go("09:32");
    assert_eq!(column(&scene.get("/v2/positions"), "symbol"), ["FALL", "RISE"]);
    let position = scene.get("/v2/positions/FALL");
    assert_eq!(
        (&position["exchange"], &position["side"], &position["qty"]),
        (&json!("NASDAQ"), &json!("long"), &json!("10"))
    );
    let id = position["asset_id"].as_str().unwrap().to_owned();
    assert_eq!(scene.get(&format!("/v2/positions/{id}")), position);
    for missing in ["FLAT", "NONE", "ZZ ZZ", "00000000-0000-4000-a000-000000000000"] {
        assert_eq!(scene.refusal(&format!("/v2/positions/{missing}")), (404, 40_410_000), "{missing}");
    }
}

#[test]
fn what_open_orders_claim_is_not_available() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 10, "FLAT");
    scene.go("09:32");
    scene.order(&json!({
        "symbol": "FLAT", "qty": "4", "side": "sell", "type": "limit", "limit_price": "30", "time_in_force": "day",
    }));
    let position = scene.get("/v2/positions/FLAT");
    assert_eq!((&position["qty"], &position["qty_available"]), (&json!("10"), &json!("6")));
}

#[test]
fn the_days_gain_counts_from_the_entry_and_later_from_the_previous_close() {
    let mut scene = Scene::at("09:31");
    scene.market("buy", 10, "FLAT");
    scene.go("09:32");
    scene.print("FLAT", "26.01", 1);
    let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<f64>().unwrap();
    let position = scene.get("/v2/positions/FLAT");
    assert_eq!(position["unrealized_pl"], position["unrealized_intraday_pl"]);
    assert_eq!((&position["lastday_price"], &position["change_today"]), (&json!("25.00"), &json!("0.0404")));
    let cost = number(&position["cost_basis"]);
    scene.go("2 09:00");
    scene.print("FLAT", "28", 1);
    let position = scene.get("/v2/positions/FLAT");
    assert_eq!((number(&position["unrealized_intraday_pl"]), number(&position["unrealized_pl"])), (30.0, 280.0 - cost));
}
