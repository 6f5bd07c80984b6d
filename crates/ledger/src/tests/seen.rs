//! What was seen at the broker comes back as it was seen.

use trading::report::{OrderReport, OrderStatus};

use super::*;

#[test]
fn an_order_is_kept_as_it_was_seen_last_and_since_when() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let working = seen(OrderStatus::New, true, 10);
    ledger.note_seen(std::slice::from_ref(&working), &[]).unwrap();
    assert_eq!(ledger.orders_since(date().at_hm(0, 0)).unwrap(), std::slice::from_ref(&working));
    let mut filled = seen(OrderStatus::Filled, false, 11);
    filled.order.filled_qty = Qty::shares(10);
    filled.order.filled_avg_price = Some("50.47".parse().unwrap());
    ledger.note_seen(std::slice::from_ref(&filled), &[]).unwrap();
    let first_seen = working.first_seen;
    assert_eq!(ledger.orders_since(date().at_hm(0, 0)).unwrap(), [SeenOrder { first_seen, ..filled }]);
    assert_eq!(ledger.orders_since(date().at_hm(12, 0)).unwrap(), [], "not listed any more, and older");
}

#[test]
fn orders_of_any_type_and_status_come_back() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    for status in [OrderStatus::PendingReplace, OrderStatus::Unrecognised("odd, \"new\"".into())] {
        for kind in [None, Some(OrderKind::Market), Some(OrderKind::Stop { stop: "48.01".parse().unwrap() })] {
            let mut order = seen(status.clone(), true, 10);
            (order.order.kind, order.order.time_in_force) = (kind, kind.map(|_| TimeInForce::Gtc));
            ledger.note_seen(std::slice::from_ref(&order), &[]).unwrap();
            assert_eq!(ledger.orders_since(date().at_hm(0, 0)).unwrap(), [order]);
        }
    }
}

#[test]
fn the_history_of_a_stop_is_kept_and_its_end_too() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let story = [
        (10, "48", StopWhy::Placed),
        (11, "48.5", StopWhy::Raised),
        (12, "48.5", StopWhy::Renewed),
        (13, "48.5", StopWhy::Gone),
    ];
    let changes: Vec<StopChange> = story.map(|(hour, stop, why)| change(hour, stop, why)).into();
    for change in &changes {
        ledger.note_seen(&[], std::slice::from_ref(change)).unwrap();
    }
    assert_eq!(ledger.stops_of(fill().symbol, date().at_hm(0, 0)).unwrap(), changes);
    assert_eq!(ledger.last_stops().unwrap(), changes[3..]);
}

fn seen(status: OrderStatus, listed: bool, hour: u32) -> SeenOrder {
    let OrderRequest { client_order_id, symbol, side, qty, kind, time_in_force, .. } = intent().request;
    let order = OrderReport {
        id: "b1".parse().unwrap(),
        client_order_id,
        symbol,
        side,
        qty,
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(kind),
        time_in_force: Some(time_in_force),
        status,
        submitted_at: date().at_hm(9, 59),
        replaces: None,
    };
    SeenOrder { order, listed, first_seen: date().at_hm(hour, 0), last_seen: date().at_hm(hour, 0) }
}

fn change(hour: u32, stop: &str, why: StopWhy) -> StopChange {
    StopChange {
        at: date().at_hm(hour, 0),
        symbol: fill().symbol,
        client_order_id: intent_of(Leg::Stop, 1, date().at_hm(10, 0)).request.client_order_id,
        stop: stop.parse().unwrap(),
        qty: Qty::shares(10),
        why,
    }
}
