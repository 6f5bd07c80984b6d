//! The trade_updates stream: one message for every event, the order as it was then.

use serde_json::{Value, json};

use crate::floor::{Floor, bracket, gtc, ids, limit, market_order, stop};

/// The messages since the last call.
fn told(floor: &mut Floor) -> Vec<Value> {
    let updates = floor.engine.take_updates();
    updates.iter().map(|update| serde_json::from_str(&floor.engine.update_json(update)).unwrap()).collect()
}

fn listening(mut floor: Floor) -> Floor {
    floor.engine.set_streaming(true);
    floor
}

/// Event and status of each.
fn events(messages: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    messages.iter().map(|m| (text(&m["data"]["event"]), text(&m["data"]["order"]["status"]))).collect()
}

fn pairs(expect: &[(&str, &str)]) -> Vec<(String, String)> {
    expect.iter().map(|(event, status)| ((*event).to_owned(), (*status).to_owned())).collect()
}

#[test]
fn nothing_is_kept_for_nobody() {
    let mut floor = Floor::at("10:00");
    floor.ok(&limit("buy", 1, "90.00"));
    assert!(told(&mut floor).is_empty());
    floor.engine.set_streaming(true);
    floor.ok(&limit("buy", 1, "90.00"));
    floor.engine.set_streaming(false);
    assert!(told(&mut floor).is_empty());
}

#[test]
fn fills_carry_their_execution() {
    let mut floor = listening(Floor::at("10:00"));
    let id = floor.ok(&limit("buy", 10, "101.00"));
    floor.quoted("100.00", "100.00", "100.00", 4);
    floor.quoted("100.50", "100.50", "100.50", 100);
    let messages = told(&mut floor);
    assert_eq!(events(&messages), pairs(&[("new", "new"), ("partial_fill", "partially_filled"), ("fill", "filled")]));
    for (message, price, qty, position) in [(&messages[1], "100.00", "4", "4"), (&messages[2], "100.50", "6", "10")] {
        let data = &message["data"];
        assert_eq!(message["stream"], "trade_updates");
        assert_eq!(
            (&data["price"], &data["qty"], &data["position_qty"]),
            (&json!(price), &json!(qty), &json!(position))
        );
        assert_eq!((&data["timestamp"], &data["order"]["id"]), (&json!("2026-11-10T15:00:00Z"), &json!(id)));
    }
    let (_, activities) = floor.request("GET", "/v2/account/activities/FILL", &[("direction", "asc")], "");
    for (message, activity) in messages[1..].iter().zip(activities.as_array().unwrap()) {
        let execution = activity["id"].as_str().unwrap().split_once("::").unwrap().1;
        assert_eq!(message["data"]["execution_id"], execution);
    }
    assert!(messages[0]["data"]["execution_id"].is_null());
    assert_eq!(messages[1]["data"]["order"]["filled_qty"], "4", "the order as it was then");
    assert!(told(&mut floor).is_empty(), "what is taken is gone");
}

#[test]
fn a_short_position_is_negative() {
    let mut floor = listening(Floor::margin("10:00"));
    floor.ok(&market_order("sell", 10));
    floor.print("100.00");
    assert_eq!(told(&mut floor)[1]["data"]["position_qty"], "-10");
}

#[test]
fn the_life_of_an_order_is_told_in_order() {
    let mut floor = listening(Floor::slow("10:00:05"));
    let old = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(1);
    let new = floor.replaced(&old, &json!({"limit_price": "98.00"}));
    floor.pass(1);
    floor.delete(&new);
    floor.pass(1);
    let expect = [
        ("pending_new", "pending_new"),
        ("new", "new"),
        ("pending_replace", "pending_replace"),
        ("pending_new", "pending_new"),
        ("replaced", "replaced"),
        ("new", "new"),
        ("pending_cancel", "pending_cancel"),
        ("canceled", "canceled"),
    ];
    assert_eq!(events(&told(&mut floor)), pairs(&expect));
}

#[test]
fn a_replace_that_came_too_late_is_told() {
    let mut floor = listening(Floor::slow("10:00:05"));
    let old = floor.ok(&limit("buy", 10, "99.00"));
    floor.pass(1);
    floor.replaced(&old, &json!({"limit_price": "98.00"}));
    told(&mut floor);
    floor.print("99.00");
    floor.pass(1);
    let expect = [("fill", "filled"), ("order_replace_rejected", "filled"), ("rejected", "rejected")];
    assert_eq!(events(&told(&mut floor)), pairs(&expect));
}

#[test]
fn a_bracket_is_told_order_by_order() {
    let mut floor = listening(Floor::at("10:00"));
    let group = ids(&floor.taken(&bracket(&market_order("buy", 10), "110.00", "90.00")));
    floor.print("100.00");
    floor.print("110.00");
    let messages = told(&mut floor);
    let expect = [
        ("new", "new"),
        ("held", "held"),
        ("held", "held"),
        ("fill", "filled"),
        ("new", "new"),
        ("new", "new"),
        ("fill", "filled"),
        ("canceled", "canceled"),
    ];
    assert_eq!(events(&messages), pairs(&expect));
    let about: Vec<&Value> = messages.iter().map(|message| &message["data"]["order"]["id"]).collect();
    let places = [0, 1, 2, 0, 1, 2, 1, 2].map(|place: usize| json!(group[place]));
    assert_eq!(about, places.iter().collect::<Vec<_>>());
    let groups: Vec<&Value> = messages.iter().map(|message| &message["data"]["order"]["group_id"]).collect();
    assert!(groups.iter().all(|group| *group == groups[0] && group.is_string()), "what associates them");
    assert!(messages.iter().all(|message| message["data"]["order"]["legs"].is_null()));
}

#[test]
fn the_days_hours_are_told() {
    let mut floor = listening(Floor::at("08:00"));
    floor.ok(&limit("buy", 10, "90.00"));
    floor.advance("16:00");
    assert_eq!(events(&told(&mut floor)), pairs(&[("accepted", "accepted"), ("new", "new"), ("expired", "expired")]));
    let mut floor = listening(Floor::at("10:00").holding(10));
    floor.ok(&gtc(&stop("sell", 10, "90.00")));
    floor.engine.split("FLAT".parse().unwrap(), 2, 1).unwrap();
    assert_eq!(events(&told(&mut floor)), pairs(&[("new", "new"), ("restated", "new")]));
}
