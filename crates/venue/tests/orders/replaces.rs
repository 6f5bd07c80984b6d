//! Replacing orders without latency: what may change, and what comes of it.

use serde_json::{Value, json};

use crate::floor::{Floor, INVALID, REFUSED, bracket, gtc, ids, limit, market_order, order, stop, with};

#[test]
fn the_new_order_has_what_was_asked_for_and_keeps_the_rest() {
    let mut floor = Floor::at("10:00").holding(10);
    let old = floor.ok(&gtc(&stop("sell", 10, "90.00")));
    let change = json!({"stop_price": "95.00", "qty": "8", "time_in_force": "day", "client_order_id": "next"});
    let (status, new) = floor.patch(&old, &change);
    assert_eq!(status, 200);
    for (member, value) in [
        ("stop_price", json!("95.00")),
        ("qty", json!("8")),
        ("time_in_force", json!("day")),
        ("client_order_id", json!("next")),
        ("type", json!("stop")),
        ("side", json!("sell")),
        ("status", json!("new")),
        ("replaces", json!(old)),
        ("replaced_by", Value::Null),
    ] {
        assert_eq!(new[member], value, "{member}");
    }
    let before = floor.order(&old);
    assert_eq!((&before["status"], &before["replaced_by"]), (&json!("replaced"), &new["id"]));
    assert_eq!(before["replaced_at"], "2026-11-10T15:00:01Z");
}

#[test]
fn what_does_not_fit_is_refused_and_the_old_order_works_on() {
    let trailing = with(&order("trailing_stop", "sell", 5), &json!({"trail_price": "5"}));
    let half = with(&market_order("buy", 1), &json!({"qty": "1.5"}));
    let money = with(&market_order("buy", 1), &json!({"qty": null, "notional": "100"}));
    for (order, change, refusal) in [
        (limit("buy", 5, "90.00"), json!({}), INVALID),
        (limit("buy", 5, "90.00"), json!({"limit_price": "90.00", "qty": "5"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"stop_price": "90.00"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"trail": "1"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"limit_price": "90.001"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"qty": "5.5"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"qty": "0"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"time_in_force": "forever"}), INVALID),
        (limit("buy", 5, "90.00"), json!({"qty": "5000"}), REFUSED),
        (stop("sell", 5, "90.00"), json!({"stop_price": "100.00"}), INVALID),
        (stop("sell", 5, "90.00"), json!({"qty": "11"}), REFUSED),
        (stop("sell", 5, "90.00"), json!({"limit_price": "90.00"}), INVALID),
        (trailing.clone(), json!({"stop_price": "90.00"}), INVALID),
        (trailing, json!({"trail": "0"}), INVALID),
        (half.clone(), json!({"qty": "2"}), INVALID),
        (money, json!({"qty": "2"}), INVALID),
    ] {
        let mut floor = Floor::at("10:00").holding(10);
        let id = floor.ok(&order);
        let (status, body) = floor.patch(&id, &change);
        assert_eq!((status, body["code"].as_u64().unwrap_or(0)), refusal, "{order} {change}: {body}");
        assert_eq!(floor.status(&id), "new");
    }
    let mut floor = Floor::at("10:00");
    let id = floor.ok(&half);
    assert_eq!(floor.patch("no-id", &json!({"qty": "2"})).0, 404);
    assert_eq!(floor.request("PATCH", &format!("/v2/orders/{id}"), &[], "{").0, 400);
}

#[test]
fn the_quantity_is_that_of_both_together() {
    for (qty, expect) in
        [(None, Some("6")), (Some("12"), Some("8")), (Some("5"), Some("1")), (Some("4"), None), (Some("3"), None)]
    {
        let mut floor = Floor::at("10:00");
        let old = floor.ok(&limit("buy", 10, "99.00"));
        floor.quoted("99.00", "99.00", "99.00", 4);
        let change = with(&json!({"limit_price": "98.00"}), &qty.map_or(json!({}), |qty| json!({"qty": qty})));
        let (status, new) = floor.patch(&old, &change);
        assert_eq!(status == 200, expect.is_some(), "{change}: {new}");
        if let Some(expect) = expect {
            assert_eq!((&new["qty"], &new["filled_qty"]), (&json!(expect), &json!("0")), "{change}");
            assert_eq!(floor.order(&old)["filled_qty"], "4");
        }
    }
}

#[test]
fn a_trailing_stop_keeps_its_mark_and_changes_its_distance() {
    let mut floor = Floor::at("10:00").holding(10);
    let trailing = with(&order("trailing_stop", "sell", 10), &json!({"trail_percent": "10"}));
    let old = floor.ok(&trailing);
    floor.print("120.00");
    floor.print("115.00");
    let (_, new) = floor.patch(&old, &json!({"trail": "5"}));
    assert_eq!(
        (&new["hwm"], &new["stop_price"], &new["trail_percent"]),
        (&json!("120.00"), &json!("114.00"), &json!("5"))
    );
}

#[test]
fn a_stop_that_was_reached_is_past_replacing() {
    let mut floor = Floor::at("10:00").holding(10);
    let old = floor.ok(&stop("sell", 10, "90.00"));
    floor.quoted("90.00", "90.00", "90.00", 0);
    assert_eq!(floor.patch(&old, &json!({"stop_price": "80.00"})).0, 422);
    let limited = with(&order("stop_limit", "sell", 5), &json!({"stop_price": "95.00", "limit_price": "94.00"}));
    let mut floor = Floor::at("10:00").holding(10);
    let old = floor.ok(&limited);
    floor.quoted("95.00", "90.00", "95.00", 0);
    let new = floor.replaced(&old, &json!({"limit_price": "89.00"}));
    floor.print("90.00");
    assert_eq!(floor.status(&new), "filled", "it stays a limit order");
}

#[test]
fn shares_and_money_of_the_old_order_are_free_for_the_new_one() {
    let mut floor = Floor::at("10:00").holding(10);
    let old = floor.ok(&gtc(&stop("sell", 10, "90.00")));
    let new = floor.replaced(&old, &json!({"stop_price": "91.00"}));
    assert_eq!(floor.refused(&limit("sell", 1, "110.00")), REFUSED);
    floor.delete(&new);
    assert_eq!(floor.post(&limit("sell", 10, "110.00")).0, 200);
    let mut floor = Floor::at("10:00");
    let old = floor.ok(&limit("buy", 1_000, "99.00"));
    assert_eq!(floor.patch(&old, &json!({"limit_price": "100.00"})).0, 200);
    assert_eq!(floor.engine.book().reserved(), market::Usd::dollars(100_000));
}

#[test]
fn exits_and_entries_of_a_class_keep_their_group() {
    let mut floor = Floor::at("10:00");
    let group = ids(&floor.taken(&bracket(&limit("buy", 10, "99.00"), "110.00", "90.00")));
    let entry = floor.replaced(&group[0], &json!({"limit_price": "101.00"}));
    let (_, shown) = floor.request("GET", &format!("/v2/orders/{entry}"), &[("nested", "true")], "");
    assert_eq!((&shown["group_role"], shown["legs"].as_array().map(Vec::len)), (&json!("entry"), Some(2)));
    assert_eq!(floor.patch(&group[1], &json!({"limit_price": "111.00"})).0, 422, "held exits wait");
    floor.print("100.00");
    assert_eq!(floor.statuses(&group[1..]), ["new", "new"], "they follow the new entry");
    let loss = floor.replaced(&group[2], &json!({"stop_price": "95.00"}));
    assert_eq!(floor.order(&loss)["group_role"], "stop_loss");
    for change in [json!({"qty": "5"}), json!({"time_in_force": "gtc"}), json!({"stop_price": "110.00"})] {
        assert_eq!(floor.patch(&loss, &change).0, 422, "{change}");
    }
    floor.print("110.00");
    assert_eq!(floor.statuses(&[group[1].clone(), loss]), ["filled", "canceled"], "still one or the other");
    assert_eq!(floor.held("FLAT"), 0);
}

#[test]
fn outside_the_session_the_new_order_waits_for_it() {
    let mut floor = Floor::at("10:00");
    let old = floor.ok(&gtc(&limit("buy", 10, "99.00")));
    floor.advance("17:00");
    let (status, new) = floor.patch(&old, &json!({"limit_price": "98.00"}));
    assert_eq!((status, &new["status"], floor.status(&old).as_str()), (200, &json!("accepted"), "replaced"));
    assert_eq!(
        floor.patch(new["id"].as_str().unwrap(), &json!({"limit_price": "97.00"})).0,
        422,
        "refused while accepted"
    );
}
