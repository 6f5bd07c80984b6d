//! What is refused before money is looked at: members, rules between them, assets.

use serde_json::{Value, json};

use crate::floor::{Floor, INVALID, REFUSED, bracket, limit, market_order, order, stop, with};

#[test]
fn members_and_rules_are_checked() {
    let base = limit("buy", 1, "90.00");
    let trailing = order("trailing_stop", "buy", 1);
    for (members, what) in [
        (json!({"symbol": null}), "no symbol"),
        (json!({"symbol": "NOSUCH"}), "no such symbol"),
        (json!({"symbol": "no such"}), "no symbol at all"),
        (json!({"side": null}), "no side"),
        (json!({"side": "hold"}), "no such side"),
        (json!({"type": null}), "no type"),
        (json!({"type": "fancy"}), "no such type"),
        (json!({"time_in_force": null}), "no time in force"),
        (json!({"time_in_force": "forever"}), "no such time in force"),
        (json!({"qty": null}), "no size"),
        (json!({"qty": "0"}), "no shares"),
        (json!({"qty": "-1"}), "negative shares"),
        (json!({"qty": "1.0000000001"}), "finer than a share can be cut"),
        (json!({"notional": "100"}), "both sizes"),
        (json!({"limit_price": null}), "a limit order without limit"),
        (json!({"limit_price": "-9"}), "a negative price"),
        (json!({"limit_price": "90.005"}), "a sub-penny price"),
        (json!({"limit_price": "0.00001"}), "finer than below a dollar"),
        (json!({"stop_price": "80"}), "a limit order with a stop"),
        (json!({"trail_price": "1"}), "a limit order with a trail"),
        (json!({"type": "market"}), "a market order with a limit"),
        (json!({"type": "stop"}), "a stop order with a limit"),
        (json!({"type": "stop_limit"}), "a stop limit order without stop"),
        (json!({"order_class": "mleg"}), "options"),
        (json!({"order_class": "bracket"}), "a bracket without exits"),
        (json!({"take_profit": {"limit_price": "110"}}), "an exit of a simple order"),
        (json!({"take_profit": {}}), "an exit without price"),
        (json!({"client_order_id": "x".repeat(129)}), "a long id"),
        (json!({"extended_hours": true, "time_in_force": "ioc"}), "extended hours at once"),
        (json!({"qty": "1.5", "time_in_force": "gtc"}), "fractions for longer than a day"),
    ] {
        let mut floor = Floor::at("10:00");
        assert_eq!(floor.refused(&with(&base, &members)), INVALID, "{what}");
    }
    for (members, what) in [
        (json!({}), "no trail"),
        (json!({"trail_price": "1", "trail_percent": "1"}), "two trails"),
        (json!({"trail_percent": "0"}), "no distance"),
        (json!({"trail_percent": "100"}), "all of it"),
        (json!({"trail_percent": "1.005"}), "too fine"),
        (json!({"trail_price": "-1"}), "a negative distance"),
        (json!({"trail_price": "1", "stop_price": "99"}), "a stop besides"),
        (json!({"trail_price": "1", "time_in_force": "ioc"}), "at once"),
        (json!({"trail_price": "1", "qty": "1.5"}), "fractions"),
    ] {
        assert_eq!(Floor::at("10:00").refused(&with(&trailing, &members)), INVALID, "{what}");
    }
    assert_eq!(Floor::at("10:00").post(&base).0, 200, "the order the table starts from is a good one");
}

#[test]
fn numbers_may_come_as_numbers_and_symbols_as_asset_ids() {
    let mut floor = Floor::at("10:00");
    let text = floor.taken(&limit("buy", 2, "90.50"));
    let number = with(&limit("buy", 2, "90.50"), &json!({"qty": 2, "limit_price": 90.5, "symbol": text["asset_id"]}));
    let number = floor.taken(&number);
    for member in ["qty", "limit_price", "symbol", "type", "order_type", "time_in_force", "asset_id"] {
        assert_eq!(number[member], text[member], "{member}");
    }
}

#[test]
fn a_body_that_is_no_order_is_malformed() {
    for body in [
        "",
        "{",
        "[]",
        "7",
        "\"text\"",
        r#"{"qty":{}}"#,
        r#"{"extended_hours":"yes"}"#,
        r#"{"symbol":"A","symbol":"B"}"#,
    ] {
        let (status, answer) = Floor::at("10:00").request("POST", "/v2/orders", &[], body);
        assert_eq!((status, answer["code"].as_u64()), (400, Some(40_010_000)), "{body}");
    }
}

#[test]
fn an_id_is_used_up_for_ever_even_by_a_replacement() {
    let mut floor = Floor::at("10:00");
    let named = |id: &str| with(&limit("buy", 1, "90.00"), &json!({"client_order_id": id}));
    let first = floor.ok(&named("one"));
    floor.replaced(&first, &json!({"limit_price": "91.00", "client_order_id": "two"}));
    for id in ["one", "two"] {
        assert_eq!(floor.refused(&named(id)), (422, 40_010_001), "{id}");
    }
    let other = floor.ok(&named("three"));
    let (status, answer) = floor.patch(&other, &json!({"limit_price": "92.00", "client_order_id": "one"}));
    assert_eq!((status, answer["code"].as_u64()), (422, Some(40_010_001)));
    assert_eq!(floor.status(&other), "new", "a refused replacement changes nothing");
}

#[test]
fn assets_allow_what_their_traits_say() {
    let of = |symbol: &str, order: &Value| with(order, &json!({"symbol": symbol}));
    let half = with(&market_order("buy", 1), &json!({"qty": "0.5"}));
    let money = with(&market_order("buy", 1), &json!({"qty": null, "notional": "50"}));
    for (order, refusal) in [
        (of("DEAD", &market_order("buy", 1)), INVALID),
        (of("DUMB", &market_order("buy", 1)), INVALID),
        (of("WHOL", &half), REFUSED),
        (of("WHOL", &money), REFUSED),
        (of("HARD", &market_order("sell", 1)), REFUSED),
    ] {
        assert_eq!(Floor::margin("10:00").refused(&order), refusal, "{order}");
    }
    assert_eq!(Floor::at("10:00").post(&of("WHOL", &market_order("buy", 1))).0, 200);
}

#[test]
fn orders_for_money_are_market_day_orders_of_a_dollar_or_more() {
    let money = |amount: &str| with(&market_order("buy", 1), &json!({"qty": null, "notional": amount}));
    for (order, what) in [
        (money("0.99"), "too little"),
        (with(&money("50"), &json!({"time_in_force": "gtc"})), "not for the day"),
        (with(&money("50"), &json!({"type": "limit", "limit_price": "90"})), "not at the market"),
        (with(&money("50"), &json!({"extended_hours": true})), "not in session"),
        (bracket(&money("50"), "110", "90"), "not simple"),
    ] {
        assert_eq!(Floor::at("10:00").refused(&order), INVALID, "{what}");
    }
    assert_eq!(Floor::margin("10:00").refused(&with(&money("50"), &json!({"side": "sell"}))), INVALID, "a short sale");
}

#[test]
fn a_stop_that_the_market_has_passed_is_refused_in_session() {
    for (order, fits) in
        [(stop("sell", 5, "99.99"), true), (stop("sell", 5, "100.00"), false), (stop("sell", 5, "101.00"), false)]
    {
        let mut floor = Floor::at("10:00").holding(5);
        assert_eq!(floor.post(&order).0 == 200, fits, "{order}");
    }
    for (order, fits) in [(stop("buy", 5, "100.01"), true), (stop("buy", 5, "100.00"), false)] {
        let mut floor = Floor::at("10:00");
        assert_eq!(floor.post(&order).0 == 200, fits, "{order}");
    }
    assert_eq!(Floor::at("08:00").post(&stop("buy", 5, "90.00")).0, 200, "before the open nobody knows");
}
