//! Splits over night at the real venue: what is held keeps one stop, for its whole shares, at the price it means now.

use broker::Broker;
use broker_sim::Moment;
use market::{Price, Qty, Timestamp};
use trading::{
    order::{OrderKind, Side},
    reconcile::Finding,
    report::OrderReport,
};

use super::floor::{Floor, alerts, date, intents};
use crate::engine::Engine;
use broker_sim::SplitOrders;

/// New and old shares.
const RATIOS: [(u32, u32); 4] = [(2, 1), (10, 1), (3, 2), (1, 10)];
/// Looks within which all is as it should be: what differs by one read of the broker is acted on at the second.
const LOOKS: usize = 4;

#[tokio::test]
async fn whatever_the_broker_does_to_the_stop_there_is_one_and_it_fits() {
    for how in SplitOrders::ALL {
        for (new, old) in RATIOS {
            let (floor, mut engine) = holding_over_night(how).await;
            let before = floor.held_and_protected("SOON").0;
            split(&floor, new, old);
            for _ in 0..LOOKS {
                engine.cycle().await.unwrap();
            }
            assert_fits(&floor, &engine, before, (new, old), &format!("{how:?} {new}:{old}"));
        }
    }
}

#[tokio::test]
async fn a_split_while_no_process_runs_is_found_at_the_start() {
    for how in SplitOrders::ALL {
        for (new, old) in RATIOS {
            let (floor, engine) = holding_over_night(how).await;
            let before = floor.held_and_protected("SOON").0;
            drop(engine);
            split(&floor, new, old);
            let mut engine = floor.start().await;
            for _ in 0..LOOKS {
                engine.cycle().await.unwrap();
            }
            assert_fits(&floor, &engine, before, (new, old), &format!("down, {how:?} {new}:{old}"));
            // And once more, by what was written down.
            drop(engine);
            let mut engine = floor.start().await;
            let orders = floor.orders();
            for _ in 0..LOOKS {
                engine.cycle().await.unwrap();
            }
            assert_eq!(floor.orders(), orders, "{how:?} {new}:{old}: nothing is left to do");
        }
    }
}

#[tokio::test]
async fn a_stop_that_the_split_cancelled_is_placed_before_the_open() {
    let (floor, mut engine) = holding_over_night(SplitOrders::Cancel).await;
    split(&floor, 2, 1);
    assert_eq!(stops(&floor).len(), 0);
    engine.cycle().await.unwrap();
    let [stop] = stops(&floor).try_into().unwrap();
    assert_eq!((stop.kind, stop.qty), (Some(OrderKind::Stop { stop: price("24") }), held(&floor)), "in one look");
    assert_eq!(alerts(&engine), Vec::<String>::new());
}

#[tokio::test]
async fn an_order_the_broker_put_in_the_place_of_ours_is_ours() {
    let (floor, mut engine) = holding_over_night(SplitOrders::Replace).await;
    split(&floor, 2, 1);
    engine.cycle().await.unwrap();
    let [stop] = stops(&floor).try_into().unwrap();
    assert!(intents(&engine).contains(&"SOON_stop_1 Working".to_owned()), "{:?}", intents(&engine));
    let ours = engine.core.book().intents().find(|(_, intent)| intent.broker_id.as_ref() == Some(&stop.id));
    assert!(ours.is_some(), "it goes on under the broker's new id");
    assert!(!engine.core.findings().iter().any(|(_, finding)| matches!(finding, Finding::ForeignOrder { .. })));
    // It is moved like any stop of ours.
    floor.kill(contract::KillLevel::Flatten);
    for _ in 0..LOOKS {
        engine.cycle().await.unwrap();
    }
    assert_eq!(stops(&floor).len(), 0, "{:?}", floor.orders());
}

#[tokio::test]
async fn without_the_list_nothing_is_sold_and_a_human_is_told() {
    let (floor, mut engine) = holding_over_night(SplitOrders::Untouched).await;
    split(&floor, 2, 1);
    floor.cut(Moment::Before, |request| request.path == "/v1/corporate-actions");
    for _ in 0..LOOKS {
        engine.cycle().await.unwrap();
    }
    let [stop] = stops(&floor).try_into().unwrap();
    assert_eq!(stop.kind, Some(OrderKind::Stop { stop: price("48") }), "the old price, for nothing tells another");
    let told = alerts(&engine);
    for about in ["SOON/CorporateAction", "SOON/QuantityMismatch"] {
        assert!(told.iter().any(|subject| subject.starts_with(about)), "{about}: {told:?}");
    }
    floor.calm();
    floor.seconds(60);
    for _ in 0..LOOKS {
        engine.cycle().await.unwrap();
    }
    let [stop] = stops(&floor).try_into().unwrap();
    assert_eq!((stop.kind, stop.qty), (Some(OrderKind::Stop { stop: price("24") }), held(&floor)));
}

#[tokio::test]
async fn the_list_is_asked_for_twice_a_day_and_not_without_need() {
    let (floor, mut engine) = holding_over_night(SplitOrders::Restate).await;
    let asked = || floor.requests("GET", "/v1/corporate-actions");
    let before = asked();
    for _ in 0..3 {
        engine.cycle().await.unwrap();
        floor.seconds(120);
    }
    assert_eq!(asked(), before + 1, "at the first look of a day");
    floor.venue.advance_to(next_day(9, 5));
    for _ in 0..3 {
        engine.cycle().await.unwrap();
        floor.seconds(120);
    }
    assert_eq!(asked(), before + 2, "and before the open");
}

#[tokio::test]
async fn a_new_symbol_is_asked_for_at_once_and_is_never_taken_for_unread() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let asked = || floor.requests("GET", "/v1/corporate-actions");
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.until_second_before_entry_of("LATE");
    engine.cycle().await.unwrap();
    let before = asked();
    assert!(before > 0, "of what is held");
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.orders().iter().any(|order| order.starts_with("LATE_entry")), "{:?}", floor.orders());
    assert_eq!(asked(), before + 1, "seconds after the last question");
    let unread = |finding: &Finding| matches!(finding, Finding::CorporateAction { .. });
    assert!(!engine.core.findings().iter().any(|(_, finding)| unread(finding)), "{:?}", engine.core.findings());
}

/// Bought on the 10th, protected, and it is six in the morning of the 11th.
async fn holding_over_night(how: SplitOrders) -> (Floor, Box<Engine<broker::alpaca::Alpaca>>) {
    let floor = Floor::splitting(&["SOON"], how);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"), "{:?}", floor.orders());
    floor.venue.advance_to(next_day(6, 0));
    (floor, engine)
}

fn split(floor: &Floor, new: u32, old: u32) {
    floor.sim("/sim/split", &format!(r#"{{"symbol":"SOON","numerator":{new},"denominator":{old}}}"#));
}

fn assert_fits<B: Broker>(floor: &Floor, engine: &Engine<B>, before: Qty, ratio: (u32, u32), what: &str) {
    let (new, old) = ratio;
    let units = before.units() * i64::from(new) / i64::from(old);
    let now = held(floor);
    assert_eq!(now.units(), units, "{what}");
    let [stop] = stops(floor).try_into().unwrap_or_else(|stops| panic!("{what}: {stops:?}"));
    let means = Price::from_units(price("48").units() * i64::from(old) / i64::from(new)).unwrap().floor_to_tick();
    assert_eq!(stop.kind, Some(OrderKind::Stop { stop: means }), "{what}");
    assert_eq!(stop.qty.whole_shares(), now.whole_shares(), "{what}: {:?}", floor.orders());
    assert!(engine.core.findings().is_empty(), "{what}: {:?}", engine.core.findings());
}

fn stops(floor: &Floor) -> Vec<OrderReport> {
    let orders = floor.venue.truth().orders.into_iter();
    let works = |order: &OrderReport| {
        order.side == Side::Sell && matches!(order.kind, Some(OrderKind::Stop { .. })) && !order.status.is_final()
    };
    orders.filter(works).collect()
}

fn held(floor: &Floor) -> Qty {
    floor.held_and_protected("SOON").0
}

fn next_day(hour: u32, minute: u32) -> Timestamp {
    date().plus_days(1).at_hm(hour, minute)
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}
