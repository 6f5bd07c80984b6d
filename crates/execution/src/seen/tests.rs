//! What is written of what was seen, cycle by cycle.

use market::{NyDate, Qty, TimeDelta};
use trading::{order::TimeInForce, report::OrderStatus};

use super::*;

#[test]
fn the_life_of_a_stop_is_told_as_it_goes() {
    let mut seen = Seen::default();
    let table: [(&[OrderReport], &[OrderReport], &[&str]); 9] = [
        (&[], &[], &[]),
        (&[], &[stop("b1", 1, "48", 10)], &["48.00 x10 Placed"]),
        (&[stop("b1", 1, "48", 10)], &[], &[]),
        // Replaced in place: until the next list both seem to work.
        (&[stop("b1", 1, "48", 10)], &[stop("b2", 2, "48.5", 10)], &["48.50 x10 Raised"]),
        (&[stop("b2", 2, "48.5", 10)], &[], &[]),
        (&[stop("b3", 3, "48.5", 5)], &[], &["48.50 x5 Renewed"]),
        (&[stop("b4", 4, "48", 5)], &[], &["48.00 x5 Renewed"]),
        (&[], &[], &["48.00 x5 Gone"]),
        (&[], &[], &[]),
    ];
    for (number, (list, told, expect)) in table.into_iter().enumerate() {
        told.iter().for_each(|order| seen.tell(order));
        let news = seen.take_in(list, at(number));
        let words = |change: &StopChange| format!("{} x{} {:?}", change.stop, change.qty, change.why);
        assert_eq!(news.stops.iter().map(words).collect::<Vec<_>>(), expect, "cycle {number}");
        assert!(news.stops.iter().all(|change| change.at == at(number)));
        seen.written(news);
    }
}

#[test]
fn only_what_changed_is_written() {
    let mut seen = Seen::default();
    let entry = |status: OrderStatus, filled| OrderReport {
        status,
        kind: Some(OrderKind::Market),
        side: Side::Buy,
        filled_qty: Qty::shares(filled),
        ..stop("b1", 1, "1", 10)
    };
    let (working, partly, filled) =
        (entry(OrderStatus::New, 0), entry(OrderStatus::PartiallyFilled, 4), entry(OrderStatus::Filled, 10));
    // listed, told, what is written: status and whether it is listed
    let table: [(&[OrderReport], &[OrderReport], &[&str]); 6] = [
        (std::slice::from_ref(&working), &[], &["New true"]),
        (std::slice::from_ref(&working), &[], &[]),
        (std::slice::from_ref(&partly), &[], &["PartiallyFilled true"]),
        (&[], &[], &["PartiallyFilled false"]),
        (&[], std::slice::from_ref(&filled), &["Filled false"]),
        (&[], &[], &[]),
    ];
    for (number, (list, told, expect)) in table.into_iter().enumerate() {
        told.iter().for_each(|order| seen.tell(order));
        let news = seen.take_in(list, at(number));
        let words = |seen: &SeenOrder| format!("{:?} {}", seen.order.status, seen.listed);
        assert_eq!(news.orders.iter().map(words).collect::<Vec<_>>(), expect, "cycle {number}");
        seen.written(news);
    }
    assert!(seen.orders.is_empty(), "what is over is not kept");
}

#[test]
fn what_could_not_be_written_is_written_with_the_next_cycle() {
    let mut seen = Seen::default();
    let list = [stop("b1", 1, "48", 10)];
    let lost = seen.take_in(&list, at(0));
    let again = seen.take_in(&list, at(1));
    assert_eq!((lost.orders.len(), lost.stops.len()), (1, 1));
    assert_eq!((again.orders.len(), again.stops.len()), (1, 1));
    assert_eq!(again.orders[0].first_seen, at(0));
}

#[test]
fn a_process_goes_on_from_what_the_one_before_saw() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&folder.path().join("l.sqlite"), &"PA3".parse().unwrap()).unwrap();
    let list = [stop("b1", 1, "48", 10)];
    let mut seen = Seen::default();
    let news = seen.take_in(&list, at(0));
    ledger.note_seen(&news.orders, &news.stops).unwrap();
    let mut seen = Seen::of(&ledger, at(1)).unwrap();
    assert_eq!(seen.take_in(&list, at(1)), News::default());
    let news = seen.take_in(&[], at(2));
    assert_eq!((news.orders[0].listed, news.stops[0].why), (false, StopWhy::Gone));
    assert_eq!(news.orders[0].last_seen, at(1));
}

fn at(number: usize) -> Timestamp {
    let date: NyDate = "2026-11-10".parse().unwrap();
    date.at_hm(10, 0) + TimeDelta::seconds(number as i64)
}

fn stop(id: &str, attempt: u32, price: &str, shares: u32) -> OrderReport {
    OrderReport {
        id: id.parse().unwrap(),
        client_order_id: format!("pc_PA3_20261110_avwap_AAPL_stop_{attempt}").parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        side: Side::Sell,
        qty: Qty::shares(shares),
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(OrderKind::Stop { stop: price.parse().unwrap() }),
        time_in_force: Some(TimeInForce::Gtc),
        status: OrderStatus::New,
        // A venue whose clock stands still.
        submitted_at: at(0),
        replaces: None,
    }
}
