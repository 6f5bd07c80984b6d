//! Closing positions by `DELETE /v2/positions`.

use serde_json::json;

use crate::floor::{Floor, gtc, limit, market_order, stop, with};

#[test]
fn a_position_is_closed_whole_or_in_part() {
    for (query, qty) in [
        (vec![], Some("10")),
        (vec![("qty", "4")], Some("4")),
        (vec![("qty", "0.5")], Some("0.5")),
        (vec![("percentage", "50")], Some("5")),
        (vec![("percentage", "33.333333333")], Some("3")),
        (vec![("percentage", "100")], Some("10")),
        (vec![("percentage", "9")], None),
        (vec![("percentage", "0")], None),
        (vec![("percentage", "101")], None),
        (vec![("qty", "0")], None),
        (vec![("qty", "-1")], None),
        (vec![("qty", "1"), ("percentage", "1")], None),
    ] {
        let mut floor = Floor::at("10:00").holding(10);
        let (status, order) = floor.request("DELETE", "/v2/positions/FLAT", &query, "");
        assert_eq!(status, if qty.is_some() { 200 } else { 422 }, "{query:?}: {order}");
        let Some(qty) = qty else { continue };
        let shown = (&order["qty"], &order["side"], &order["type"], &order["time_in_force"]);
        assert_eq!(shown, (&json!(qty), &json!("sell"), &json!("market"), &json!("day")), "{query:?}");
        floor.print("101.00");
        assert_eq!(floor.status(order["id"].as_str().unwrap()), "filled");
    }
}

#[test]
fn a_short_position_is_bought_back() {
    let mut floor = Floor::margin("10:00");
    floor.ok(&market_order("sell", 10));
    floor.print("100.00");
    let (status, order) = floor.request("DELETE", "/v2/positions/FLAT", &[], "");
    assert_eq!((status, &order["side"], &order["position_intent"]), (200, &json!("buy"), &json!("buy_to_close")));
    floor.print("101.00");
    assert_eq!(floor.held("FLAT"), 0);
}

#[test]
fn an_asset_id_names_a_position_too() {
    let mut floor = Floor::at("10:00").holding(10);
    let asset = floor.taken(&limit("buy", 1, "90.00"))["asset_id"].as_str().unwrap().to_owned();
    let (_, open) = floor.request("DELETE", "/v2/orders", &[], "");
    assert_eq!(open.as_array().unwrap().len(), 1);
    assert_eq!(floor.request("DELETE", &format!("/v2/positions/{asset}"), &[], "").0, 200);
}

#[test]
fn what_is_not_held_or_not_free_is_not_closed() {
    let mut floor = Floor::at("10:00").holding(10);
    for name in ["THIN", "NOSUCH", "no-symbol"] {
        let (status, body) = floor.request("DELETE", &format!("/v2/positions/{name}"), &[], "");
        assert_eq!((status, body["code"].as_u64()), (404, Some(40_410_000)), "{name}");
    }
    let order = floor.ok(&gtc(&stop("sell", 6, "90.00")));
    for query in [vec![], vec![("qty", "5")]] {
        let (status, body) = floor.request("DELETE", "/v2/positions/FLAT", &query, "");
        assert_eq!((status, body["code"].as_u64()), (403, Some(40_310_000)), "{query:?}");
        let told = (&body["available"], &body["existing_qty"], &body["held_for_orders"], &body["related_orders"]);
        assert_eq!(told, (&json!("4"), &json!("10"), &json!("6"), &json!([order])));
    }
    assert_eq!(floor.request("DELETE", "/v2/positions/FLAT", &[("qty", "4")], "").0, 200);
    assert_eq!(floor.request("DELETE", "/v2/positions/FLAT", &[("qty", "11")], "").0, 403);
}

#[test]
fn all_positions_are_closed_with_an_answer_each() {
    let mut floor = Floor::at("10:00").holding(10);
    floor.ok(&with(&market_order("buy", 2), &json!({"symbol": "THIN"})));
    floor.pass(15);
    floor.ok(&gtc(&stop("sell", 10, "90.00")));
    let (status, answers) = floor.request("DELETE", "/v2/positions", &[], "");
    assert_eq!(status, 207);
    let told: Vec<_> = answers.as_array().unwrap().iter().map(|a| (a["symbol"].clone(), a["status"].clone())).collect();
    assert_eq!(told, [(json!("FLAT"), json!(403)), (json!("THIN"), json!(200))]);
    assert_eq!(answers[0]["body"]["code"], 40_310_000);
    assert_eq!(answers[1]["body"]["side"], "sell");
    let (_, answers) = floor.request("DELETE", "/v2/positions", &[("cancel_orders", "true")], "");
    assert!(answers.as_array().unwrap().iter().all(|answer| answer["status"] == 200), "{answers}");
    floor.pass(30);
    assert_eq!((floor.held("FLAT"), floor.held("THIN")), (0, 0));
    assert_eq!(floor.request("DELETE", "/v2/positions", &[("cancel_orders", "maybe")], "").0, 422);
}

#[test]
fn orders_that_take_their_time_do_not_keep_their_shares_from_a_liquidation() {
    let mut floor = Floor::slow("10:00:05");
    floor.ok(&market_order("buy", 10));
    floor.pass(2);
    floor.print("100.00");
    let stop = floor.ok(&gtc(&stop("sell", 10, "90.00")));
    floor.pass(2);
    let (_, answers) = floor.request("DELETE", "/v2/positions", &[("cancel_orders", "true")], "");
    assert_eq!((answers[0]["status"].clone(), floor.status(&stop).as_str()), (json!(200), "canceled"));
}
