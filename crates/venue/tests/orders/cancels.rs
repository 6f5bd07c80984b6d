//! Taking orders back, one or all.

use serde_json::json;

use crate::floor::{Floor, bracket, gtc, ids, limit, market_order};

#[test]
fn one_order_is_taken_back_once() {
    let mut floor = Floor::at("10:00");
    let id = floor.ok(&limit("buy", 1, "90.00"));
    assert_eq!(floor.request("DELETE", &format!("/v2/orders/{id}"), &[], ""), (204, serde_json::Value::Null));
    for (id, status, code) in [
        (id.as_str(), 422, 42_210_000),
        ("00000000-0000-4000-a000-000000000000", 404, 40_410_000),
        ("no-id", 404, 40_410_000),
    ] {
        let (answered, body) = floor.request("DELETE", &format!("/v2/orders/{id}"), &[], "");
        assert_eq!((answered, body["code"].as_u64()), (status, Some(code)), "{id}");
    }
    let shown = floor.order(&id);
    assert_eq!((&shown["status"], &shown["canceled_at"]), (&json!("canceled"), &json!("2026-11-10T15:00:00Z")));
}

#[test]
fn what_has_ended_stays_as_it_is() {
    let mut floor = Floor::at("10:00");
    let filled = floor.ok(&market_order("buy", 1));
    floor.print("100.00");
    let day = floor.ok(&limit("buy", 1, "90.00"));
    floor.advance("16:00");
    for (id, status) in [(filled, "filled"), (day, "expired")] {
        assert_eq!((floor.delete(&id), floor.status(&id).as_str()), (422, status));
    }
}

#[test]
fn all_open_orders_go_at_once_with_a_status_each() {
    let mut floor = Floor::at("10:00");
    let mut open: Vec<String> =
        ["90.00", "91.00"].iter().map(|price| floor.ok(&gtc(&limit("buy", 1, price)))).collect();
    open.extend(ids(&floor.taken(&bracket(&limit("buy", 1, "92.00"), "110.00", "80.00"))));
    let gone = floor.ok(&limit("buy", 1, "93.00"));
    floor.delete(&gone);
    let (status, answers) = floor.request("DELETE", "/v2/orders", &[], "");
    let expect: Vec<_> = open.iter().map(|id| json!({"id": id, "status": 200})).collect();
    assert_eq!((status, answers), (207, json!(expect)));
    assert!(floor.statuses(&open).iter().all(|status| status == "canceled"));
    assert_eq!(floor.request("DELETE", "/v2/orders", &[], ""), (207, json!([])));
}

#[test]
fn one_that_is_being_replaced_cannot_go_with_the_others() {
    let mut floor = Floor::slow("10:00:05");
    let old = floor.ok(&limit("buy", 1, "90.00"));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"limit_price": "91.00"}));
    let (_, answers) = floor.request("DELETE", "/v2/orders", &[], "");
    assert_eq!(answers, json!([{"id": old, "status": 500}, {"id": new, "status": 200}]));
    floor.pass(2);
    assert_eq!((floor.status(&old).as_str(), floor.status(&new).as_str()), ("replaced", "canceled"));
}
