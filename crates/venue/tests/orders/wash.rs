//! Alpaca's table of orders that might trade with each other.

use serde_json::{Value, json};

use crate::floor::{Floor, REFUSED, bracket, limit, market_order, order, stop, with};

fn of(kind: &str, side: &str, price: &str) -> Value {
    match kind {
        "market" => market_order(side, 1),
        "limit" => limit(side, 1, price),
        "stop" => stop(side, 1, if side == "buy" { "140.00" } else { "60.00" }),
        _ => {
            let stop = if side == "buy" { "140.00" } else { "60.00" };
            with(&order("stop_limit", side, 1), &json!({"stop_price": stop, "limit_price": price}))
        }
    }
}

#[test]
fn every_pair_of_the_table() {
    let kinds = ["market", "limit", "stop", "stop_limit"];
    for (existing, new) in kinds.iter().flat_map(|existing| kinds.map(|new| (*existing, new))) {
        let limits = |kind: &str| kind == "limit" || kind == "stop_limit";
        for (first, second) in [("buy", "sell"), ("sell", "buy")] {
            for (buy, sell, crosses) in [("90.00", "110.00", false), ("95.00", "95.00", true), ("99.00", "98.00", true)]
            {
                let price = |side: &str| if side == "buy" { buy } else { sell };
                let mut floor = Floor::at("10:00").holding(10);
                floor.ok(&of(existing, first, price(first)));
                let order = of(new, second, price(second));
                let refused = crosses || !(limits(existing) && limits(new));
                let (status, body) = floor.post(&order);
                assert_eq!(status, if refused { 403 } else { 200 }, "{existing} {first}, then {order}: {body}");
                if refused {
                    assert_eq!((status, body["code"].as_u64().unwrap()), REFUSED);
                    assert!(body["existing_order_id"].is_string() && body["reject_reason"].is_string(), "{body}");
                }
            }
        }
    }
}

#[test]
fn orders_of_a_class_and_trailing_stops_are_exempt() {
    let trailing = with(&order("trailing_stop", "sell", 5), &json!({"trail_price": "5"}));
    for (existing, new) in [
        (trailing.clone(), market_order("buy", 1)),
        (limit("buy", 1, "99.00"), trailing.clone()),
        (stop("sell", 5, "90.00"), bracket(&market_order("buy", 1), "110.00", "90.00")),
        (bracket(&limit("buy", 1, "99.00"), "110.00", "90.00"), stop("sell", 5, "90.00")),
    ] {
        let mut floor = Floor::at("10:00").holding(10);
        floor.ok(&existing);
        let (status, body) = floor.post(&new);
        assert_eq!(status, 200, "{existing}, then {new}: {body}");
    }
}

#[test]
fn a_replacement_does_not_meet_the_order_it_replaces_but_others() {
    let mut floor = Floor::at("10:00").holding(10);
    let sell = floor.ok(&limit("sell", 5, "105.00"));
    floor.ok(&limit("buy", 5, "95.00"));
    assert_eq!(floor.patch(&sell, &json!({"limit_price": "95.00"})).0, 403);
    assert_eq!(floor.patch(&sell, &json!({"limit_price": "96.00"})).0, 200);
}

#[test]
fn other_symbols_and_ended_orders_do_not_count() {
    let mut floor = Floor::at("10:00").holding(10);
    let buy = floor.ok(&limit("buy", 1, "99.00"));
    floor.ok(&with(&stop("buy", 1, "110.00"), &json!({"symbol": "THIN"})));
    floor.delete(&buy);
    assert_eq!(floor.post(&stop("sell", 10, "90.00")).0, 200);
}
