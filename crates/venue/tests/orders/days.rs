//! Days that follow each other, and halts.

use serde_json::json;
use venue::engine::ByHandError;

use crate::floor::{Floor, gtc, limit, market_order, on, order, stop, symbol, with};

#[test]
fn what_is_good_till_cancelled_trades_on_a_later_day() {
    let mut floor = Floor::at("15:59").holding(10);
    let id = floor.ok(&gtc(&stop("sell", 10, "95.00")));
    floor.engine.advance_to(on("2026-11-11", "12:00:07"));
    assert_eq!(floor.status(&id), "new");
    floor.print("94.00");
    floor.engine.advance_to(on("2026-11-12", "09:30"));
    let filled = floor.order(&id);
    assert_eq!((&filled["status"], &filled["filled_at"]), (&json!("filled"), &json!("2026-11-11T17:00:15Z")));
}

#[test]
fn time_between_the_sessions_fills_nothing() {
    let mut floor = Floor::at("15:00");
    let id = floor.ok(&gtc(&limit("buy", 10, "99.00")));
    floor.advance("16:30");
    floor.print("98.00");
    floor.engine.advance_to(on("2026-11-11", "09:29:59"));
    assert_eq!((floor.status(&id).as_str(), floor.fills().len()), ("new", 0));
}

#[test]
fn after_the_last_session_orders_wait() {
    let mut floor = Floor::at("10:00");
    floor.engine.advance_to(on("2026-11-12", "17:00"));
    let id = floor.ok(&market_order("buy", 1));
    floor.engine.advance_to(on("2026-11-30", "12:00"));
    assert_eq!(floor.status(&id), "accepted");
}

#[test]
fn a_halt_fills_nothing_and_takes_orders() {
    let mut floor = Floor::at("10:00").holding(10);
    let stop = floor.ok(&stop("sell", 5, "99.00"));
    floor.engine.halt(symbol("FLAT"), true).unwrap();
    let waiting = floor.ok(&limit("sell", 5, "100.00"));
    let at_once =
        floor.ok(&with(&with(&limit("buy", 1, "99.00"), &json!({"symbol": "THIN"})), &json!({"time_in_force": "day"})));
    floor.advance("11:00");
    assert_eq!(floor.statuses(&[stop.clone(), waiting.clone()]), ["new", "new"]);
    let refused = floor.engine.print(symbol("FLAT"), "90.00".parse().unwrap(), None, None, 100);
    assert_eq!(refused, Err(ByHandError::Halted(symbol("FLAT"))));
    floor.engine.halt(symbol("FLAT"), false).unwrap();
    floor.advance("11:00:15");
    assert_eq!(floor.status(&waiting), "filled", "it goes on with the next tick");
    assert_eq!(floor.delete(&at_once), 204);
    let log = floor.engine.event_log();
    assert!(log.contains("\"halted\"") && log.contains("\"resumed\""));
}

#[test]
fn what_must_be_done_at_once_is_not_done_in_a_halt() {
    let mut floor = Floor::at("10:00");
    floor.engine.halt(symbol("FLAT"), true).unwrap();
    let id = floor.ok(&with(&market_order("buy", 1), &json!({"time_in_force": "ioc"})));
    floor.advance("10:00:15");
    assert_eq!(floor.status(&id), "canceled");
    let mut floor = Floor::at("09:00");
    let opening = floor.ok(&with(&market_order("buy", 1), &json!({"time_in_force": "opg"})));
    floor.engine.halt(symbol("FLAT"), true).unwrap();
    floor.advance("09:30");
    assert_eq!(floor.status(&opening), "canceled");
}

#[test]
fn day_orders_end_in_a_halt_too() {
    let mut floor = Floor::at("15:00");
    floor.engine.halt(symbol("FLAT"), true).unwrap();
    let id = floor.ok(&limit("buy", 1, "100.00"));
    floor.advance("16:00");
    assert_eq!(floor.status(&id), "expired");
}

#[test]
fn a_trailing_stop_keeps_its_mark_overnight() {
    let mut floor = Floor::at("15:59").holding(10);
    let trailing = with(&order("trailing_stop", "sell", 10), &json!({"trail_price": "30", "time_in_force": "gtc"}));
    let id = floor.ok(&trailing);
    floor.print("120.00");
    floor.advance("17:00");
    floor.print("130.00");
    floor.engine.advance_to(on("2026-11-11", "10:00"));
    assert_eq!((floor.order(&id)["hwm"].clone(), floor.status(&id).as_str()), (json!("120.00"), "new"));
}

#[test]
fn nonsense_by_hand_is_refused() {
    let mut floor = Floor::at("10:00");
    let price = |text: &str| text.parse().unwrap();
    for (result, error) in [
        (floor.engine.print(symbol("NOSUCH"), price("1"), None, None, 1), ByHandError::NotTraded(symbol("NOSUCH"))),
        (
            floor.engine.print(symbol("FLAT"), price("10"), Some(price("11")), None, 1),
            ByHandError::Crossed { bid: price("11"), ask: price("10") },
        ),
        (floor.engine.halt(symbol("NOSUCH"), true), ByHandError::NotTraded(symbol("NOSUCH"))),
        (floor.engine.split(symbol("NOSUCH"), 2, 1), ByHandError::NotTraded(symbol("NOSUCH"))),
        (floor.engine.split(symbol("FLAT"), 0, 1), ByHandError::Ratio { new: 0, old: 1 }),
        (floor.engine.split(symbol("FLAT"), 1, 1), ByHandError::Ratio { new: 1, old: 1 }),
    ] {
        assert_eq!(result, Err(error));
    }
}
