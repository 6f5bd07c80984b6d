//! How long an order works: auctions, at once, the day, extended hours.

use serde_json::json;

use crate::floor::{DAY, Floor, INVALID, gtc, limit, market_order, on, order, stop, with};

#[test]
fn auction_orders_have_their_hours() {
    for (time, opening, closing) in [
        ("07:00", true, true),
        ("09:27:59", true, true),
        ("09:28", false, true),
        ("12:00", false, true),
        ("15:49:59", false, true),
        ("15:50", false, false),
        ("18:59:59", false, false),
        ("19:00", true, true),
    ] {
        for (word, taken) in [("opg", opening), ("cls", closing)] {
            let mut floor = Floor::at(time);
            let (status, answer) = floor.post(&with(&market_order("buy", 1), &json!({"time_in_force": word})));
            assert_eq!(status == 200, taken, "{word} at {time}: {answer}");
            if !taken {
                assert_eq!((status, answer["code"].as_u64().unwrap()), INVALID);
            }
        }
    }
}

#[test]
fn stops_are_for_a_day_or_longer() {
    for word in ["opg", "cls", "ioc", "fok"] {
        let mut floor = Floor::at("07:00");
        assert_eq!(floor.refused(&with(&stop("buy", 1, "110.00"), &json!({"time_in_force": word}))), INVALID, "{word}");
    }
}

#[test]
fn an_opening_order_trades_at_the_first_tick_or_not_at_all() {
    for (order, expect) in [
        (market_order("buy", 10), "filled"),
        (limit("buy", 10, "100.00"), "filled"),
        (limit("buy", 10, "99.99"), "canceled"),
        // The first tick has a thousand shares, a few more or less.
        (market_order("buy", 900), "filled"),
        (with(&market_order("buy", 30), &json!({"symbol": "THIN"})), "canceled"),
    ] {
        let mut floor = Floor::at("09:00");
        let id = floor.ok(&with(&order, &json!({"time_in_force": "opg"})));
        assert_eq!(floor.status(&id), "accepted");
        floor.advance("09:29:59");
        assert_eq!(floor.status(&id), "accepted");
        floor.advance("09:30");
        let unlike = if order["qty"] == "900" { "canceled" } else { expect };
        assert!([expect, unlike].contains(&floor.status(&id).as_str()), "{order}: {}", floor.status(&id));
    }
}

#[test]
fn a_closing_order_trades_at_the_last_tick_only() {
    for (order, expect) in [(market_order("buy", 10), "filled"), (limit("buy", 10, "99.00"), "canceled")] {
        let mut floor = Floor::at("15:00");
        let id = floor.ok(&with(&order, &json!({"time_in_force": "cls"})));
        floor.print("98.00");
        floor.advance("15:59:44");
        assert_eq!((floor.status(&id).as_str(), floor.fills().len()), ("new", 0), "no print before fills it");
        floor.advance("15:59:45");
        assert_eq!(floor.status(&id), expect, "{order}");
    }
}

#[test]
fn at_once_is_with_the_next_print() {
    for (word, order, volume, expect, filled) in [
        ("ioc", limit("buy", 10, "100.00"), 100, "filled", "10"),
        ("ioc", limit("buy", 10, "100.00"), 4, "canceled", "4"),
        ("ioc", limit("buy", 10, "99.99"), 100, "canceled", "0"),
        ("ioc", market_order("buy", 10), 4, "canceled", "4"),
        ("fok", limit("buy", 10, "100.00"), 10, "filled", "10"),
        ("fok", limit("buy", 10, "100.00"), 9, "canceled", "0"),
        ("fok", limit("buy", 10, "99.99"), 100, "canceled", "0"),
    ] {
        let mut floor = Floor::at("10:00");
        let id = floor.ok(&with(&order, &json!({"time_in_force": word})));
        assert_eq!(floor.status(&id), "new");
        floor.quoted("100.00", "100.00", "100.00", volume);
        let shown = floor.order(&id);
        assert_eq!(
            (&shown["status"], &shown["filled_qty"]),
            (&json!(expect), &json!(filled)),
            "{word} {order} {volume}"
        );
        assert_eq!(floor.engine.book().reserved(), market::Usd::ZERO, "what ends gives back its buying power");
    }
}

#[test]
fn a_day_order_ends_at_the_close_and_one_sent_after_it_waits_for_the_next_session() {
    let mut floor = Floor::at("10:00");
    let today = floor.ok(&limit("buy", 1, "90.00"));
    let longer = floor.ok(&gtc(&limit("buy", 1, "91.00")));
    floor.advance("16:00");
    assert_eq!((floor.status(&today).as_str(), floor.status(&longer).as_str()), ("expired", "new"));
    let tomorrow = floor.ok(&limit("buy", 1, "92.00"));
    floor.engine.advance_to(on("2026-11-11", "09:29"));
    assert_eq!(floor.status(&tomorrow), "accepted");
    floor.engine.advance_to(on("2026-11-11", "09:31"));
    assert_eq!(floor.status(&tomorrow), "new");
    floor.engine.advance_to(on("2026-11-11", "16:00"));
    assert_eq!((floor.status(&tomorrow).as_str(), floor.status(&longer).as_str()), ("expired", "new"));
}

#[test]
fn extended_hours_are_for_limits_of_whole_shares() {
    for (order, taken) in [
        (limit("buy", 1, "90.00"), true),
        (gtc(&limit("buy", 1, "90.00")), true),
        (market_order("buy", 1), false),
        (stop("buy", 1, "110.00"), false),
        (with(&limit("buy", 1, "90.00"), &json!({"qty": "1.5"})), false),
        (with(&limit("buy", 1, "90.00"), &json!({"time_in_force": "fok"})), false),
        (with(&order("trailing_stop", "buy", 1), &json!({"trail_price": "1"})), false),
    ] {
        let mut floor = Floor::at("08:00");
        let status = floor.post(&with(&order, &json!({"extended_hours": true}))).0;
        assert_eq!(status, if taken { 200 } else { 422 }, "{order}");
    }
}

#[test]
fn extended_hours_orders_work_from_four_to_eight() {
    for (time, status, fills) in [
        ("03:59", "accepted", false),
        ("04:00", "filled", true),
        ("09:00", "filled", true),
        ("16:30", "filled", true),
        ("19:59", "filled", true),
        ("20:00", "accepted", false),
    ] {
        let mut floor = Floor::at(time);
        let id = floor.ok(&with(&limit("buy", 1, "100.00"), &json!({"extended_hours": true})));
        let other = floor.ok(&limit("buy", 1, "99.00"));
        floor.print("99.00");
        assert_eq!((floor.status(&id).as_str(), floor.fills().len() == 1), (status, fills), "{time}");
        assert_eq!(floor.status(&other), "accepted", "{time}");
    }
}

#[test]
fn extended_hours_orders_outlive_the_close_until_eight() {
    let mut floor = Floor::at("03:00");
    let id = floor.ok(&with(&limit("buy", 1, "90.00"), &json!({"extended_hours": true})));
    floor.advance("04:00");
    assert_eq!(floor.status(&id), "new");
    floor.advance("19:59:59");
    assert_eq!(floor.status(&id), "new");
    floor.advance("20:00");
    assert_eq!(floor.status(&id), "expired");
}

#[test]
fn what_is_good_till_cancelled_ends_on_its_ninetieth_day() {
    let mut floor = Floor::at("10:00");
    let shown = floor.taken(&gtc(&limit("buy", 1, "90.00")));
    assert_eq!(shown["expires_at"], "2027-02-08T21:15:00Z", "16:15 in New York, 90 days after {DAY}");
    let id = shown["id"].as_str().unwrap().to_owned();
    floor.engine.advance_to(on("2027-02-08", "16:14:59"));
    assert_eq!(floor.status(&id), "new");
    floor.engine.advance_to(on("2027-02-08", "16:15"));
    let ended = floor.order(&id);
    assert_eq!((&ended["status"], &ended["expired_at"]), (&json!("expired"), &shown["expires_at"]));
    assert!(floor.taken(&limit("buy", 1, "90.00"))["expires_at"].is_null(), "a day order has its day");
}
