//! Orders that are taken and then rejected.

use serde_json::{Value, json};
use venue::engine::{ByHandError, Reject};

use crate::floor::{DAY, Floor, bracket, gtc, ids, limit, market_order, on, stop, symbol, with};

fn reject(floor: &mut Floor, id: &str) -> Result<(), ByHandError> {
    floor.engine.reject(Reject::ClientOrderId(id))
}

fn named(order: &Value, id: &str) -> Value {
    with(order, &json!({"client_order_id": id}))
}

/// Buying power set aside, and shares of FLAT claimed.
fn means(floor: &Floor) -> (String, String) {
    let book = floor.engine.book();
    (book.reserved().to_string(), book.held_for_orders(symbol("FLAT")).to_string())
}

fn told(floor: &mut Floor) -> Vec<&'static str> {
    floor.engine.take_updates().iter().map(|update| update.kind.word(false)).collect()
}

#[test]
fn the_next_order_is_taken_and_rejected_and_the_one_after_it_works() {
    let mut floor = Floor::at("10:00");
    floor.engine.set_streaming(true);
    floor.engine.reject(Reject::Next).unwrap();
    assert_eq!(floor.refused(&limit("buy", 0, "90.00")).0, 422, "a refused order is none");
    let answer = floor.taken(&limit("buy", 10, "90.00"));
    assert_eq!((&answer["status"], &answer["failed_at"]), (&json!("rejected"), &json!("2026-11-10T15:00:00Z")));
    assert_eq!(told(&mut floor), ["pending_new", "rejected"]);
    assert_eq!(floor.story(answer["id"].as_str().unwrap()), ["received", "rejected"]);
    assert_eq!(means(&floor), ("0.00".into(), "0".into()));
    let works = floor.ok(&limit("buy", 10, "90.00"));
    assert_eq!(floor.status(&works), "new");
    floor.print("80.00");
    assert_eq!(floor.held("FLAT"), 10);
}

#[test]
fn an_order_is_rejected_at_its_routing() {
    // At its arrival, at the open, or at once when it works already.
    for (mut floor, before, until) in [
        (Floor::slow("10:00"), "pending_new", "10:00:01"),
        (Floor::at("08:00"), "accepted", "09:30"),
        (Floor::at("10:00"), "new", "10:00"),
    ] {
        let id = floor.ok(&named(&limit("buy", 10, "90.00"), "mine"));
        assert_eq!(floor.status(&id), before);
        assert_eq!(means(&floor).0, "900.00");
        reject(&mut floor, "mine").unwrap();
        floor.engine.advance_to(on(DAY, until));
        assert_eq!(floor.status(&id), "rejected", "{before}");
        assert_eq!(means(&floor).0, "0.00", "{before}");
        floor.print("80.00");
        assert_eq!((floor.held("FLAT"), floor.delete(&id)), (0, 422), "nothing comes of it any more");
    }
}

#[test]
fn a_rejection_waits_for_its_order() {
    let mut floor = Floor::at("10:00");
    reject(&mut floor, "later").unwrap();
    let other = floor.ok(&limit("buy", 1, "90.00"));
    let later = floor.taken(&named(&limit("buy", 1, "90.00"), "later"));
    assert_eq!((floor.status(&other).as_str(), &later["status"]), ("new", &json!("rejected")));
}

#[test]
fn the_exits_are_rejected_with_their_entry() {
    for mut floor in [Floor::at("10:00"), Floor::slow("10:00")] {
        floor.engine.reject(Reject::Next).unwrap();
        let group = ids(&floor.taken(&bracket(&limit("buy", 10, "99.00"), "110.00", "80.00")));
        floor.pass(1);
        assert_eq!(floor.statuses(&group), ["rejected", "rejected", "rejected"]);
        assert!(floor.engine.book().fills().is_empty());
    }
    let mut floor = Floor::at("10:00").holding(10);
    floor.engine.reject(Reject::Next).unwrap();
    let exits = json!({"order_class": "oco", "take_profit": {"limit_price": "110"}, "stop_loss": {"stop_price": "90"}});
    let group = ids(&floor.taken(&with(&limit("sell", 10, "110.00"), &exits)));
    assert_eq!(floor.statuses(&group), ["rejected", "rejected"]);
    assert_eq!(means(&floor).1, "0", "the shares are free again");
}

#[test]
fn an_exit_is_rejected_alone_when_it_wakes_and_the_other_one_holds_the_shares() {
    for (doomed, expect) in [(1, ["filled", "rejected", "new"]), (2, ["filled", "new", "rejected"])] {
        let mut floor = Floor::at("10:00");
        let answer = floor.taken(&bracket(&market_order("buy", 10), "110.00", "80.00"));
        let client_id = answer["legs"][doomed - 1]["client_order_id"].as_str().unwrap();
        reject(&mut floor, client_id).unwrap();
        let group = ids(&answer);
        assert_eq!(floor.statuses(&group)[doomed], "held", "not before it is routed");
        floor.pass(15);
        assert_eq!(floor.statuses(&group), expect);
        assert_eq!(means(&floor).1, "10");
        assert_eq!(floor.refused(&market_order("sell", 1)).0, 403);
    }
}

#[test]
fn a_rejected_replacement_leaves_the_order_as_it_was() {
    for (mut floor, answered) in
        [(Floor::at("10:00").holding(10), "rejected"), (Floor::slow("10:00").holding(10), "pending_new")]
    {
        let old = floor.ok(&gtc(&stop("sell", 10, "90.00")));
        floor.pass(1);
        floor.engine.set_streaming(true);
        floor.engine.reject(Reject::Next).unwrap();
        let (status, new) = floor.patch(&old, &json!({"stop_price": "95.00"}));
        assert_eq!((status, &new["status"]), (200, &json!(answered)));
        floor.pass(1);
        assert_eq!(floor.statuses(&[old.clone(), new["id"].as_str().unwrap().to_owned()]), ["new", "rejected"]);
        assert_eq!(floor.order(&old)["replaced_by"], Value::Null);
        assert_eq!(told(&mut floor), ["pending_replace", "pending_new", "order_replace_rejected", "rejected"]);
        assert_eq!(means(&floor).1, "10", "it still protects");
    }
}

#[test]
fn a_cancel_of_a_rejected_order_comes_too_late() {
    let mut floor = Floor::slow("10:00");
    let id = floor.ok(&named(&limit("buy", 10, "90.00"), "mine"));
    reject(&mut floor, "mine").unwrap();
    assert_eq!(floor.delete(&id), 204);
    floor.pass(1);
    assert_eq!(floor.story(&id), ["received", "pending_cancel", "rejected", "cancel_rejected"]);
}

#[test]
fn what_is_over_or_partly_filled_is_not_rejected() {
    let mut floor = Floor::at("10:00");
    let id = floor.ok(&named(&limit("buy", 10, "99.00"), "mine"));
    floor.quoted("99.00", "99.00", "99.00", 4);
    assert!(matches!(reject(&mut floor, "mine"), Err(ByHandError::NotRejectable { .. })));
    floor.delete(&id);
    assert!(matches!(reject(&mut floor, "mine"), Err(ByHandError::NotRejectable { .. })));
    assert_eq!((floor.status(&id).as_str(), floor.held("FLAT")), ("canceled", 4));
    let bound = (0..2_000).take_while(|_| floor.engine.reject(Reject::Next).is_ok()).count();
    assert_eq!(bound, 1_000);
}
