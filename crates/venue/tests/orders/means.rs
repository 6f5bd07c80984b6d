//! Buying power, free shares, short sales.

use market::Usd;
use serde_json::{Value, json};

use crate::floor::{Floor, INVALID, REFUSED, bracket, gtc, limit, market_order, stop, with};

fn power(floor: &mut Floor) -> Usd {
    floor.engine.buying_power()
}

#[test]
fn open_purchases_set_aside_what_they_may_cost() {
    for (order, reserved) in [
        (limit("buy", 100, "90.00"), 9_000),
        (limit("buy", 100, "110.00"), 11_000),
        (market_order("buy", 100), 10_000),
        (stop("buy", 100, "120.00"), 12_000),
        (with(&stop("buy", 100, "120.00"), &json!({"type": "stop_limit", "limit_price": "125.00"})), 12_500),
        (with(&market_order("buy", 1), &json!({"qty": null, "notional": "2500"})), 2_500),
        (bracket(&limit("buy", 100, "90.00"), "110.00", "80.00"), 9_000),
    ] {
        let mut floor = Floor::at("10:00");
        let id = floor.ok(&order);
        assert_eq!(power(&mut floor), Usd::dollars(100_000 - reserved), "{order}");
        assert_eq!(floor.delete(&id), 204);
        assert_eq!(power(&mut floor), Usd::dollars(100_000), "{order}");
    }
}

#[test]
fn a_purchase_beyond_buying_power_is_refused_with_the_sums() {
    let mut floor = Floor::at("10:00");
    floor.ok(&limit("buy", 1_000, "60.00"));
    let (status, body) = floor.post(&limit("buy", 1_000, "40.01"));
    assert_eq!((status, body["code"].as_u64().unwrap()), REFUSED);
    assert_eq!((&body["buying_power"], &body["cost_basis"]), (&json!("40000.00"), &json!("40010.00")));
    assert_eq!(floor.post(&limit("buy", 1_000, "40.00")).0, 200);
    assert_eq!(power(&mut floor), Usd::ZERO);
}

#[test]
fn a_fill_turns_what_was_set_aside_into_what_it_cost() {
    let mut floor = Floor::at("10:00");
    floor.ok(&limit("buy", 100, "110.00"));
    floor.quoted("100.00", "100.00", "100.00", 40);
    assert_eq!(power(&mut floor), Usd::dollars(100_000 - 40 * 100 - 60 * 110));
    floor.print("100.00");
    assert_eq!(power(&mut floor), Usd::dollars(90_000));
}

#[test]
fn margin_multiplies_equity() {
    for (multiplier, before, after) in [(1, 100_000, 50_000), (2, 200_000, 150_000), (4, 400_000, 350_000)] {
        let mut floor = Floor::with("10:00", |config| config.multiplier = multiplier);
        assert_eq!(power(&mut floor), Usd::dollars(before));
        floor.ok(&market_order("buy", 500));
        floor.print("100.00");
        assert_eq!(power(&mut floor), Usd::dollars(after), "times {multiplier}");
    }
}

#[test]
fn shares_are_sold_once_and_the_refusal_says_who_holds_them() {
    let mut floor = Floor::at("10:00").holding(10);
    let first = floor.ok(&gtc(&stop("sell", 6, "90.00")));
    let (status, body) = floor.post(&limit("sell", 5, "110.00"));
    assert_eq!((status, body["code"].as_u64().unwrap()), REFUSED);
    for (member, value) in [
        ("symbol", json!("FLAT")),
        ("existing_qty", json!("10")),
        ("held_for_orders", json!("6")),
        ("available", json!("4")),
        ("related_orders", json!([first])),
    ] {
        assert_eq!(body[member], value, "{member}");
    }
    assert_eq!(floor.post(&limit("sell", 4, "110.00")).0, 200);
    floor.delete(&first);
    assert_eq!(floor.post(&limit("sell", 6, "110.00")).0, 200);
}

#[test]
fn short_sales_need_leave_and_an_asset_that_can_be_lent() {
    let of = |symbol: &str| with(&market_order("sell", 10), &json!({"symbol": symbol}));
    assert_eq!(Floor::at("10:00").refused(&of("FLAT")), REFUSED, "a cash account");
    assert_eq!(Floor::margin("10:00").refused(&of("HARD")), REFUSED, "an asset that is not lent");
    assert_eq!(Floor::margin("10:00").refused(&with(&of("FLAT"), &json!({"qty": "1.5"}))), INVALID, "fractions");
    let mut floor = Floor::margin("10:00");
    let order = floor.taken(&of("FLAT"));
    assert_eq!(order["position_intent"], "sell_to_open");
    assert_eq!(power(&mut floor), Usd::dollars(200_000 - 1_030), "3 % above the ask is set aside");
    floor.print("100.00");
    assert_eq!((floor.held("FLAT"), floor.engine.book().cash()), (-10, Usd::dollars(101_000)));
    assert_eq!(power(&mut floor), Usd::dollars(199_000), "equity is what it was, and 1,000 are in use");
}

#[test]
fn a_position_is_not_turned_round_in_one_order() {
    let mut floor = Floor::margin("10:00").holding(10);
    assert_eq!(floor.refused(&market_order("sell", 11)), REFUSED, "from long to short");
    let mut floor = Floor::margin("10:00");
    floor.ok(&market_order("sell", 10));
    floor.print("100.00");
    assert_eq!(floor.refused(&market_order("buy", 11)), REFUSED, "from short to long");
    floor.ok(&gtc(&stop("buy", 6, "110.00")));
    let (_, body) = floor.post(&limit("buy", 5, "90.00"));
    assert_eq!((&body["available"], &body["held_for_orders"]), (&json!("4"), &json!("6")));
}

#[test]
fn a_position_is_opened_in_one_direction_at_a_time() {
    let mut floor = Floor::margin("10:00");
    floor.ok(&limit("buy", 10, "90.00"));
    assert_eq!(floor.refused(&limit("sell", 10, "110.00")), REFUSED);
    let mut floor = Floor::margin("10:00");
    floor.ok(&limit("sell", 10, "110.00"));
    assert_eq!(floor.refused(&limit("buy", 10, "90.00")), REFUSED);
}

#[test]
fn a_suspended_account_closes_and_does_not_open() {
    let mut floor = Floor::at("10:00").holding(10);
    let body = json!({"suspend_trade": true}).to_string();
    assert_eq!(floor.request("PATCH", "/v2/account/configurations", &[], &body).0, 200);
    assert_eq!(floor.refused(&market_order("buy", 1)), REFUSED);
    assert_eq!(floor.post(&gtc(&stop("sell", 10, "90.00"))).0, 200, "protection outranks permission");
}

#[test]
fn keys_are_checked_before_anything_else() {
    let floor = Floor::at("10:00");
    for (key, secret, expect) in [("key", "secret", None), ("key", "wrong", Some(403)), ("wrong", "secret", Some(403))]
    {
        assert_eq!(floor.engine.admits(key, secret).err().map(|(status, _)| status), expect, "{key} {secret}");
    }
}

#[test]
fn the_venue_takes_no_more_orders_than_it_may() {
    let mut floor = Floor::with("10:00", |config| config.orders_max = 4);
    floor.taken(&bracket(&limit("buy", 1, "90.00"), "110.00", "80.00"));
    assert_eq!(floor.refused(&bracket(&limit("buy", 1, "90.00"), "110.00", "80.00")), INVALID, "it needs three places");
    floor.ok(&limit("buy", 1, "90.00"));
    assert_eq!(floor.refused(&limit("buy", 1, "90.00")), INVALID);
    assert_eq!(floor.request("GET", "/v2/orders", &[], "").0, 200);
    assert_ne!(floor.request("GET", "/v2/orders", &[], "").1, Value::Null);
}
