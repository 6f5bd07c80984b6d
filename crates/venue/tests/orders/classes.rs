//! Brackets, one-cancels-other, one-triggers-other.

use serde_json::{Value, json};

use crate::floor::{Floor, INVALID, REFUSED, bracket, gtc, ids, limit, market_order, order, with};

/// An exit pair for what is held.
fn oco(qty: u32, profit: &str, loss: &str) -> Value {
    let exits = json!({
        "order_class": "oco",
        "take_profit": {"limit_price": profit},
        "stop_loss": {"stop_price": loss},
    });
    with(&gtc(&order("limit", "sell", qty)), &exits)
}

fn oto(entry: &Value, exit: &Value) -> Value {
    with(&with(entry, &json!({"order_class": "oto"})), exit)
}

#[test]
fn a_bracket_is_three_orders_of_one_group() {
    let mut floor = Floor::at("10:00");
    let entry = floor.taken(&bracket(&gtc(&limit("buy", 10, "99.00")), "110.00", "90.00"));
    let (profit, loss) = (&entry["legs"][0], &entry["legs"][1]);
    for (order, role, kind, side, status, limit, stop) in [
        (&entry, "entry", "limit", "buy", "new", json!("99.00"), Value::Null),
        (profit, "take_profit", "limit", "sell", "held", json!("110.00"), Value::Null),
        (loss, "stop_loss", "stop", "sell", "held", Value::Null, json!("90.00")),
    ] {
        assert_eq!(order["group_role"], role);
        assert_eq!((&order["type"], &order["side"], &order["status"]), (&json!(kind), &json!(side), &json!(status)));
        assert_eq!((&order["limit_price"], &order["stop_price"]), (&limit, &stop), "{role}");
        assert_eq!(
            (&order["qty"], &order["time_in_force"], &order["order_class"]),
            (&json!("10"), &json!("gtc"), &json!("bracket"))
        );
        assert_eq!(order["group_id"], entry["group_id"]);
    }
    assert_eq!(
        (&entry["position_intent"], &profit["position_intent"]),
        (&json!("buy_to_open"), &json!("sell_to_close"))
    );
    let simple = floor.taken(&limit("buy", 1, "90.00"));
    assert_eq!(
        (&simple["group_id"], &simple["legs"], &simple["order_class"]),
        (&Value::Null, &Value::Null, &json!(""))
    );
}

#[test]
fn exits_work_once_the_entry_is_wholly_filled() {
    let mut floor = Floor::at("10:00");
    let ids = ids(&floor.taken(&bracket(&limit("buy", 10, "101.00"), "110.00", "90.00")));
    floor.quoted("100.00", "100.00", "100.00", 4);
    assert_eq!(floor.statuses(&ids), ["partially_filled", "held", "held"], "a partial entry is not protected");
    floor.quoted("80.00", "80.00", "100.00", 0);
    assert_eq!(floor.fills().len(), 1, "held exits see nothing");
    floor.quoted("100.00", "100.00", "100.00", 6);
    assert_eq!(floor.statuses(&ids), ["filled", "new", "new"]);
}

#[test]
fn one_exits_fill_is_the_others_end() {
    for (prints, expect) in [
        (vec!["110.00"], ["filled", "filled", "canceled"]),
        (vec!["90.00", "89.00"], ["filled", "canceled", "filled"]),
        // The stop is reached, but the limit is there first.
        (vec!["90.00", "111.00"], ["filled", "filled", "canceled"]),
    ] {
        let mut floor = Floor::at("10:00");
        let ids = ids(&floor.taken(&bracket(&market_order("buy", 10), "110.00", "90.00")));
        floor.print("100.00");
        prints.iter().for_each(|price| floor.print(price));
        assert_eq!(floor.statuses(&ids), expect, "{prints:?}");
        assert_eq!((floor.held("FLAT"), floor.fills().len()), (0, 2));
    }
}

#[test]
fn a_partial_fill_of_one_exit_makes_the_other_smaller() {
    let mut floor = Floor::at("10:00");
    let ids = ids(&floor.taken(&bracket(&market_order("buy", 10), "110.00", "90.00")));
    floor.print("100.00");
    floor.quoted("110.00", "110.00", "110.00", 3);
    let loss = floor.order(&ids[2]);
    assert_eq!((&loss["status"], &loss["qty"]), (&json!("new"), &json!("7")));
    floor.print("89.00");
    floor.quoted("88.00", "88.00", "88.00", 5);
    let profit = floor.order(&ids[1]);
    assert_eq!(
        (&profit["status"], &profit["qty"], &profit["filled_qty"]),
        (&json!("partially_filled"), &json!("5"), &json!("3"))
    );
    floor.print("88.00");
    assert_eq!(floor.statuses(&ids), ["filled", "canceled", "filled"]);
    assert_eq!(floor.held("FLAT"), 0, "never more than was held");
}

#[test]
fn cancelling_one_cancels_the_group() {
    for (cancelled, expect) in [(0, ["canceled"; 3]), (1, ["canceled"; 3]), (2, ["canceled"; 3])] {
        let mut floor = Floor::at("10:00");
        let ids = ids(&floor.taken(&bracket(&limit("buy", 10, "99.00"), "110.00", "90.00")));
        assert_eq!(floor.delete(&ids[cancelled]), 204);
        assert_eq!(floor.statuses(&ids), expect, "before the entry fills, order {cancelled}");
    }
    for cancelled in [1, 2] {
        let mut floor = Floor::at("10:00");
        let ids = ids(&floor.taken(&bracket(&market_order("buy", 10), "110.00", "90.00")));
        floor.print("100.00");
        assert_eq!(floor.delete(&ids[cancelled]), 204);
        assert_eq!(floor.statuses(&ids), ["filled", "canceled", "canceled"]);
        assert_eq!(floor.engine.book().held_for_orders("FLAT".parse().unwrap()), market::Qty::ZERO);
    }
}

#[test]
fn an_entry_that_is_cancelled_after_a_partial_fill_takes_its_exits_with_it() {
    let mut floor = Floor::at("10:00");
    let ids = ids(&floor.taken(&bracket(&limit("buy", 10, "101.00"), "110.00", "90.00")));
    floor.quoted("100.00", "100.00", "100.00", 4);
    assert_eq!(floor.delete(&ids[0]), 204);
    assert_eq!(floor.statuses(&ids), ["canceled"; 3]);
    assert_eq!(floor.held("FLAT"), 4, "what was bought is bare");
}

#[test]
fn an_entry_that_expires_leaves_nothing_behind() {
    let mut floor = Floor::at("15:00");
    let ids = ids(&floor.taken(&bracket(&limit("buy", 10, "90.00"), "110.00", "80.00")));
    floor.advance("16:00");
    assert_eq!(floor.statuses(&ids), ["expired"; 3]);
}

#[test]
fn an_oco_is_two_exits_of_a_position_and_claims_its_shares_once() {
    let mut floor = Floor::at("10:00").holding(10);
    let answer = floor.taken(&oco(10, "110.00", "90.00"));
    let legs = ids(&answer);
    assert_eq!(
        (legs.len(), &answer["limit_price"], &answer["group_role"]),
        (2, &json!("110.00"), &json!("take_profit"))
    );
    assert_eq!((&answer["legs"][0]["status"], &answer["legs"][0]["group_role"]), (&json!("new"), &json!("stop_loss")));
    assert_eq!(floor.refused(&market_order("sell", 1)), REFUSED, "every share is spoken for");
    floor.print("90.00");
    floor.print("89.00");
    assert_eq!((floor.statuses(&legs), floor.held("FLAT")), (vec!["canceled".to_owned(), "filled".to_owned()], 0));
}

#[test]
fn an_oco_is_an_exit() {
    assert_eq!(Floor::margin("10:00").refused(&oco(10, "110.00", "90.00")), INVALID, "nothing is held");
    assert_eq!(Floor::at("10:00").holding(5).refused(&oco(10, "110.00", "90.00")), REFUSED, "too little is held");
    let market = with(&oco(10, "110.00", "90.00"), &json!({"type": "market"}));
    assert_eq!(Floor::at("10:00").holding(10).refused(&market), INVALID);
    let own = with(&oco(10, "110.00", "90.00"), &json!({"take_profit": null, "limit_price": "111.00"}));
    assert_eq!(Floor::at("10:00").holding(10).taken(&own)["limit_price"], "111.00");
}

#[test]
fn an_oto_has_one_exit() {
    let (profit, loss) = (
        json!({"take_profit": {"limit_price": "110.00"}}),
        json!({"stop_loss": {"stop_price": "90.00", "limit_price": "89.00"}}),
    );
    let mut floor = Floor::at("10:00");
    let ids = ids(&floor.taken(&oto(&market_order("buy", 10), &loss)));
    floor.print("100.00");
    assert_eq!(floor.statuses(&ids), ["filled", "new"]);
    assert_eq!(floor.order(&ids[1])["type"], "stop_limit");
    floor.print("90.00");
    floor.print("89.50");
    assert_eq!(floor.status(&ids[1]), "filled");
    for exits in [json!({}), with(&profit, &loss)] {
        assert_eq!(Floor::at("10:00").refused(&oto(&market_order("buy", 10), &exits)), INVALID, "{exits}");
    }
}

#[test]
fn short_entries_are_mirrored() {
    let mut floor = Floor::margin("10:00");
    let answer = floor.taken(&bracket(&market_order("sell", 10), "90.00", "110.00"));
    let ids = ids(&answer);
    assert_eq!(
        (&answer["position_intent"], &answer["legs"][0]["position_intent"]),
        (&json!("sell_to_open"), &json!("buy_to_close"))
    );
    floor.print("100.00");
    assert_eq!(floor.held("FLAT"), -10);
    floor.print("110.00");
    floor.print("112.00");
    assert_eq!(
        (floor.statuses(&ids), floor.held("FLAT")),
        (vec!["filled".into(), "canceled".into(), "filled".into()], 0)
    );
}

#[test]
fn the_prices_must_fit_together() {
    let limit_entry = limit("buy", 10, "99.00");
    for (order, what) in [
        (bracket(&limit_entry, "89.00", "90.00"), "profit below loss"),
        (bracket(&limit_entry, "90.00", "90.00"), "profit at loss"),
        (bracket(&limit_entry, "110.00", "99.00"), "loss at the entry"),
        (bracket(&limit_entry, "99.00", "90.00"), "profit at the entry"),
        (bracket(&market_order("buy", 10), "110.00", "100.00"), "loss at the quote"),
        (bracket(&limit("buy", 10, "120.00"), "130.00", "110.00"), "loss above the market"),
        (bracket(&market_order("sell", 10), "90.00", "100.00"), "a short entry's loss at the quote"),
        (bracket(&market_order("sell", 10), "110.00", "120.00"), "a short entry's profit above it"),
    ] {
        let mut floor = Floor::margin("10:00");
        let (status, answer) = floor.post(&order);
        assert_eq!((status, answer["code"].as_u64().unwrap()), INVALID, "{what}");
        assert!(answer["base_price"].is_string(), "{what}: {answer}");
    }
    assert_eq!(
        Floor::at("10:00").holding(10).refused(&oco(10, "110.00", "100.00")),
        INVALID,
        "an OCO's loss at the market"
    );
    assert_eq!(Floor::at("10:00").post(&bracket(&limit_entry, "99.01", "98.99")).0, 200, "a cent is enough");
}

#[test]
fn classes_are_for_a_day_or_longer_in_session() {
    let whole = bracket(&limit("buy", 10, "99.00"), "110.00", "90.00");
    for members in [
        json!({"time_in_force": "ioc"}),
        json!({"extended_hours": true}),
        json!({"qty": "1.5"}),
        json!({"type": "trailing_stop", "limit_price": null, "trail_price": "1"}),
        json!({"stop_loss": null}),
        json!({"take_profit": null}),
    ] {
        assert_eq!(Floor::at("10:00").refused(&with(&whole, &members)), INVALID, "{members}");
    }
}

#[test]
fn shares_sold_away_under_an_entry_are_not_sold_again_by_its_exits() {
    let mut floor = Floor::at("10:00");
    let ids = ids(&floor.taken(&bracket(&limit("buy", 10, "101.00"), "110.00", "90.00")));
    floor.quoted("100.00", "100.00", "100.00", 4);
    floor.ok(&with(&market_order("sell", 4), &json!({"limit_price": "102.00", "type": "limit"})));
    floor.quoted("102.00", "102.00", "102.00", 4);
    assert_eq!(floor.held("FLAT"), 0);
    floor.print("100.00");
    assert_eq!((floor.held("FLAT"), floor.statuses(&ids)), (6, vec!["filled".into(), "new".into(), "new".into()]));
    floor.print("110.00");
    floor.print("110.00");
    assert_eq!(
        (floor.held("FLAT"), floor.statuses(&ids)),
        (0, vec!["filled".into(), "canceled".into(), "canceled".into()])
    );
}
