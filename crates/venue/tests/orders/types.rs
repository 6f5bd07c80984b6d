//! How each type trades: prints of a market that is moved by hand.

use serde_json::{Value, json};

use crate::floor::{Floor, limit, market_order, order, stop, with};

fn fill(price: &str, qty: &str) -> (String, String) {
    (price.to_owned(), qty.to_owned())
}

#[test]
fn a_market_order_trades_at_the_other_sides_quote() {
    for (side, price) in [("buy", "100.05"), ("sell", "99.95")] {
        let mut floor = Floor::margin("10:00");
        let id = floor.ok(&market_order(side, 10));
        floor.quoted("100.00", "99.95", "100.05", 1_000);
        assert_eq!((floor.status(&id).as_str(), floor.fills()), ("filled", vec![fill(price, "10")]), "{side}");
        assert_eq!(floor.order(&id)["filled_avg_price"], price);
    }
}

#[test]
fn a_limit_trades_at_the_quote_once_it_is_good_enough() {
    for (side, price, prints, expect) in [
        ("buy", "99.00", vec!["100.00", "99.01"], None),
        ("buy", "99.00", vec!["100.00", "99.00"], Some("99.00")),
        ("buy", "99.00", vec!["98.50"], Some("98.50")),
        ("sell", "101.00", vec!["100.99"], None),
        ("sell", "101.00", vec!["101.00"], Some("101.00")),
        ("sell", "101.00", vec!["102.00"], Some("102.00")),
    ] {
        let mut floor = Floor::margin("10:00");
        floor.ok(&limit(side, 10, price));
        prints.iter().for_each(|price| floor.print(price));
        let fills = expect.map(|price| fill(price, "10")).into_iter().collect::<Vec<_>>();
        assert_eq!(floor.fills(), fills, "{side} {price} {prints:?}");
    }
}

#[test]
fn a_stop_waits_for_the_last_price_and_trades_with_the_print_after_however_far_it_gapped() {
    for (side, trigger, prints, expect) in [
        ("sell", "95.00", vec!["95.01"], None),
        ("sell", "95.00", vec!["95.00"], None),
        ("sell", "95.00", vec!["95.00", "60.00"], Some("60.00")),
        ("sell", "95.00", vec!["94.00", "99.00"], Some("99.00")),
        ("buy", "105.00", vec!["105.00", "140.00"], Some("140.00")),
    ] {
        let mut floor = Floor::margin("10:00");
        floor.ok(&stop(side, 10, trigger));
        prints.iter().for_each(|price| floor.print(price));
        let fills = expect.map(|price| fill(price, "10")).into_iter().collect::<Vec<_>>();
        assert_eq!(floor.fills(), fills, "{side} {trigger} {prints:?}");
    }
}

#[test]
fn a_stop_limit_becomes_a_limit_and_waits_for_it() {
    let order = with(&order("stop_limit", "sell", 10), &json!({"stop_price": "95.00", "limit_price": "94.00"}));
    for (prints, expect) in [
        (vec!["96.00", "94.50"], None),
        (vec!["95.00", "94.00"], Some("94.00")),
        (vec!["95.00", "90.00"], None),
        (vec!["95.00", "90.00", "94.20"], Some("94.20")),
    ] {
        let mut floor = Floor::margin("10:00");
        floor.ok(&order);
        prints.iter().for_each(|price| floor.print(price));
        let fills = expect.map(|price| fill(price, "10")).into_iter().collect::<Vec<_>>();
        assert_eq!(floor.fills(), fills, "{prints:?}");
    }
}

#[test]
fn a_trailing_stop_follows_the_best_price_and_never_goes_back() {
    let by = |members: Value, side: &str| with(&order("trailing_stop", side, 10), &members);
    for (order, prints, mark, trigger) in [
        (by(json!({"trail_price": "5"}), "sell"), vec![], "100.00", "95.00"),
        (by(json!({"trail_price": "5"}), "sell"), vec!["110.00", "107.00"], "110.00", "105.00"),
        (by(json!({"trail_percent": "10"}), "sell"), vec!["110.00"], "110.00", "99.00"),
        (by(json!({"trail_percent": "1.5"}), "sell"), vec!["101.11"], "101.11", "99.5934"),
        (by(json!({"trail_price": "5"}), "buy"), vec!["90.00", "93.00"], "90.00", "95.00"),
        (by(json!({"trail_percent": "10"}), "buy"), vec!["90.00"], "90.00", "99.00"),
    ] {
        let mut floor = Floor::margin("10:00");
        let id = floor.ok(&order);
        prints.iter().for_each(|price| floor.print(price));
        let shown = floor.order(&id);
        assert_eq!((&shown["hwm"], &shown["stop_price"]), (&json!(mark), &json!(trigger)), "{order} {prints:?}");
        assert_eq!(shown["status"], "new");
    }
}

#[test]
fn a_trailing_stop_that_is_reached_trades_like_a_stop() {
    let mut floor = Floor::at("10:00").holding(10);
    let trailing = with(&order("trailing_stop", "sell", 10), &json!({"trail_percent": "10", "time_in_force": "gtc"}));
    let id = floor.ok(&trailing);
    for price in ["120.00", "108.01", "108.00"] {
        floor.print(price);
    }
    assert_eq!(floor.status(&id), "new", "the print that reaches it does not fill it");
    floor.print("90.00");
    assert_eq!(floor.fills()[1], fill("90.00", "10"));
    assert_eq!(floor.story(&id), ["received", "triggered", "filled"]);
    assert_eq!(floor.order(&id)["hwm"], "120.00", "it keeps its mark");
    assert_eq!(floor.order(&id)["trail_percent"], "10");
}

#[test]
fn orders_share_the_volume_of_a_print_in_the_order_they_came() {
    let mut floor = Floor::at("10:00");
    let orders: Vec<String> = [30, 30, 30].iter().map(|qty| floor.ok(&limit("buy", *qty, "101.00"))).collect();
    floor.quoted("100.00", "100.00", "100.00", 45);
    assert_eq!(floor.statuses(&orders), ["filled", "partially_filled", "new"]);
    let half = floor.order(&orders[1]);
    assert_eq!((&half["filled_qty"], &half["qty"]), (&json!("15"), &json!("30")));
    floor.quoted("100.00", "100.00", "100.00", 45);
    assert_eq!(floor.statuses(&orders), ["filled", "filled", "filled"]);
    let fills: Vec<String> = floor.fills().into_iter().map(|(_, qty)| qty).collect();
    assert_eq!(fills, ["30", "15", "15", "30"]);
}

#[test]
fn a_print_without_volume_fills_nothing_but_reaches_stops() {
    let mut floor = Floor::at("10:00").holding(10);
    let id = floor.ok(&stop("sell", 10, "95.00"));
    floor.quoted("95.00", "95.00", "95.00", 0);
    floor.quoted("94.00", "94.00", "94.00", 0);
    assert_eq!((floor.story(&id).last().unwrap().as_str(), floor.fills().len()), ("triggered", 1));
}

#[test]
fn an_order_for_money_buys_what_it_can_to_a_billionth() {
    let mut floor = Floor::at("10:00");
    let money = with(&market_order("buy", 1), &json!({"qty": null, "notional": "500"}));
    let shown = floor.taken(&money);
    assert_eq!((&shown["qty"], &shown["notional"]), (&Value::Null, &json!("500.00")));
    let id = shown["id"].as_str().unwrap().to_owned();
    floor.quoted("150.00", "150.00", "150.00", 1);
    let part = floor.order(&id);
    assert_eq!((&part["status"], &part["filled_qty"]), (&json!("partially_filled"), &json!("1")));
    floor.quoted("150.00", "150.00", "150.00", 100);
    let whole = floor.order(&id);
    assert_eq!((&whole["status"], &whole["filled_qty"]), (&json!("filled"), &json!("3.333333333")));
    assert_eq!(floor.engine.book().reserved(), market::Usd::ZERO);
    let sale = with(&market_order("sell", 1), &json!({"qty": "0.333333333"}));
    floor.ok(&sale);
    floor.print("100.00");
    assert_eq!(floor.held("FLAT"), 3);
}

#[test]
fn the_paths_own_ticks_fill_in_parts_too() {
    let mut floor = Floor::at("12:00");
    let id = floor.ok(&with(&market_order("buy", 40), &json!({"symbol": "THIN"})));
    floor.advance("12:00:15");
    assert_eq!(floor.status(&id), "partially_filled");
    floor.advance("12:10");
    assert_eq!(floor.status(&id), "filled");
    assert!(floor.fills().len() > 4, "{:?}", floor.fills());
}
