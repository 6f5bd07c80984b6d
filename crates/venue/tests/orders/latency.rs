//! The life of an order that takes a second to reach the exchange.

use market::TimeDelta;
use serde_json::json;

use crate::floor::{Floor, INVALID, bracket, gtc, ids, limit, market_order, stop};

#[test]
fn without_latency_an_order_is_new_in_session_and_accepted_outside() {
    for (time, status) in [("08:00", "accepted"), ("10:00", "new"), ("16:30", "accepted")] {
        assert_eq!(Floor::at(time).taken(&limit("buy", 1, "90.00"))["status"], status, "{time}");
        assert_eq!(Floor::slow(time).taken(&limit("buy", 1, "90.00"))["status"], status.replace("new", "pending_new"));
    }
}

#[test]
fn an_order_meets_no_print_before_it_has_arrived() {
    let mut floor = Floor::slow("10:00:05");
    let id = floor.ok(&market_order("buy", 10));
    floor.print("100.00");
    assert_eq!((floor.status(&id).as_str(), floor.fills().len()), ("pending_new", 0));
    floor.pass(1);
    assert_eq!(floor.status(&id), "new");
    floor.print("100.00");
    assert_eq!(
        (floor.status(&id).as_str(), floor.story(&id)),
        ("filled", vec!["received".into(), "working".into(), "filled".into()])
    );
}

#[test]
fn a_cancel_takes_its_time_and_may_come_too_late() {
    let mut floor = Floor::slow("10:00:05");
    let id = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(2);
    assert_eq!(floor.delete(&id), 204);
    assert_eq!(floor.status(&id), "pending_cancel");
    assert_eq!(floor.delete(&id), 422, "once is enough");
    floor.pass(1);
    assert_eq!(floor.status(&id), "canceled");

    let id = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(1);
    assert_eq!(floor.delete(&id), 204);
    floor.quoted("99.00", "99.00", "99.00", 4);
    assert_eq!((floor.status(&id).as_str(), floor.held("FLAT")), ("pending_cancel", 4), "it fills meanwhile");
    floor.quoted("99.00", "99.00", "99.00", 6);
    assert_eq!(floor.status(&id), "filled");
    floor.pass(1);
    assert_eq!(floor.status(&id), "filled");
    assert_eq!(floor.story(&id).last().unwrap(), "cancel_rejected");
}

#[test]
fn an_order_that_has_not_arrived_can_be_cancelled() {
    let mut floor = Floor::slow("10:00:05");
    let id = floor.ok(&market_order("buy", 10));
    assert_eq!(floor.delete(&id), 204);
    floor.pass(5);
    assert_eq!((floor.status(&id).as_str(), floor.held("FLAT")), ("canceled", 0));
    let waiting = Floor::slow("08:00").ok(&market_order("buy", 10));
    assert!(!waiting.is_empty());
    let mut floor = Floor::slow("08:00");
    let id = floor.ok(&market_order("buy", 10));
    assert_eq!(
        (floor.delete(&id), floor.status(&id).as_str()),
        (204, "canceled"),
        "what never left comes back at once"
    );
}

#[test]
fn a_replace_swaps_when_it_arrives() {
    let mut floor = Floor::slow("10:00:05").holding_slow(10);
    let old = floor.ok(&gtc(&stop("sell", 10, "90.00")));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"stop_price": "95.00"}));
    assert_eq!((floor.status(&old).as_str(), floor.status(&new).as_str()), ("pending_replace", "pending_new"));
    assert_eq!(floor.order(&old)["replaced_by"], new.as_str());
    floor.pass(1);
    assert_eq!((floor.status(&old).as_str(), floor.status(&new).as_str()), ("replaced", "new"));
    let held = floor.engine.book().held_for_orders("FLAT".parse().unwrap());
    assert_eq!(held, market::Qty::shares(10), "claimed once, all the time");
}

#[test]
fn the_old_order_works_until_the_swap() {
    let mut floor = Floor::slow("10:00:05").holding_slow(10);
    let old = floor.ok(&gtc(&limit("sell", 10, "105.00")));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"limit_price": "110.00"}));
    floor.print("105.00");
    assert_eq!((floor.status(&old).as_str(), floor.held("FLAT")), ("filled", 0));
    floor.pass(1);
    assert_eq!(floor.status(&new), "rejected");
    assert!(floor.order(&old)["replaced_by"].is_null());
    assert!(floor.order(&new)["failed_at"].is_string());
}

#[test]
fn a_partial_fill_meanwhile_is_taken_off_the_new_order() {
    let mut floor = Floor::slow("10:00:05");
    let old = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"limit_price": "98.00"}));
    floor.quoted("99.00", "99.00", "99.00", 4);
    floor.pass(1);
    assert_eq!((floor.status(&old).as_str(), floor.order(&new)["qty"].clone()), ("replaced", json!("6")));
    floor.print("98.00");
    assert_eq!((floor.status(&new).as_str(), floor.held("FLAT")), ("filled", 10));
}

#[test]
fn what_is_under_way_is_not_changed_again() {
    let change = json!({"limit_price": "98.00"});
    let mut floor = Floor::slow("10:00:05");
    let id = floor.ok(&limit("buy", 10, "99.00"));
    let refused = |floor: &mut Floor, id: &str| {
        let (status, answer) = floor.patch(id, &change);
        assert_eq!((status, answer["code"].as_u64().unwrap()), INVALID, "{answer}");
    };
    refused(&mut floor, &id);
    floor.pass(1);
    let new = floor.replaced(&id, &change);
    refused(&mut floor, &id);
    refused(&mut floor, &new);
    assert_eq!(floor.delete(&id), 422, "an order that is being replaced is not cancelled");
    floor.pass(1);
    assert_eq!(floor.delete(&new), 204);
    refused(&mut floor, &new);
    let mut floor = Floor::slow("08:00");
    let accepted = floor.ok(&limit("buy", 10, "99.00"));
    refused(&mut floor, &accepted);
    let mut floor = Floor::at("10:00");
    let held = ids(&floor.taken(&bracket(&limit("buy", 10, "99.00"), "110.00", "90.00")));
    refused(&mut floor, &held[1]);
}

#[test]
fn a_replacement_that_is_cancelled_before_the_swap_dies_after_it() {
    let mut floor = Floor::slow("10:00:05");
    let old = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"limit_price": "98.00"}));
    assert_eq!(floor.delete(&new), 204);
    floor.pass(1);
    assert_eq!((floor.status(&old).as_str(), floor.status(&new).as_str()), ("replaced", "canceled"));
    assert_eq!(floor.engine.book().reserved(), market::Usd::ZERO);
}

#[test]
fn the_larger_of_two_reservations_holds_while_a_replace_is_under_way() {
    for (price, during, after) in [("98.00", 990, 980), ("101.00", 1_010, 1_010)] {
        let mut floor = Floor::slow("10:00:05");
        let old = floor.ok(&limit("buy", 10, "99.00"));
        floor.pass(1);
        floor.replaced(&old, &json!({"limit_price": price}));
        assert_eq!(floor.engine.book().reserved(), market::Usd::dollars(during), "{price}");
        floor.pass(1);
        assert_eq!(floor.engine.book().reserved(), market::Usd::dollars(after), "{price}");
    }
}

#[test]
fn the_close_overtakes_what_is_under_way() {
    let mut floor = Floor::with("15:59:50", |config| config.latency = TimeDelta::seconds(3));
    let day = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(8);
    let new = floor.replaced(&day, &json!({"limit_price": "98.00"}));
    let late = floor.ok(&limit("buy", 10, "97.00"));
    floor.advance("16:01");
    assert_eq!((floor.status(&day).as_str(), floor.status(&late).as_str()), ("expired", "expired"));
    assert_eq!(floor.status(&new), "expired");
    assert_eq!(floor.engine.book().reserved(), market::Usd::ZERO);
}

impl Floor {
    /// Holds shares that were bought the slow way.
    fn holding_slow(mut self, qty: u32) -> Self {
        self.ok(&market_order("buy", qty));
        self.pass(2);
        self.print("100.00");
        self
    }
}
