//! A position held for longer than the broker lets a stop live.

use broker_sim::SplitOrders;
use market::Qty;
use trading::{
    order::{OrderKind, Side},
    report::{OrderReport, OrderStatus},
};

use super::floor::{Floor, alerts, date};

#[tokio::test]
async fn a_stop_is_renewed_in_place_and_the_position_is_never_bare() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    for day in 1..=185 {
        floor.venue.advance_to(date().plus_days(day).at_hm(8, 40));
        engine.cycle().await.unwrap();
        assert!(floor.is_protected("SOON"), "day {day}: {:?}", floor.orders());
    }
    // The venue of this test has no session after the first: what is accepted then can be replaced no more, and ends.
    let statuses: Vec<OrderStatus> = stops(&floor).into_iter().map(|order| order.status).collect();
    assert_eq!(statuses, [OrderStatus::Replaced, OrderStatus::Expired, OrderStatus::Accepted]);
    assert_eq!(alerts(&engine), Vec::<String>::new());
}

#[tokio::test]
async fn a_stop_that_ended_while_no_process_ran_is_placed_at_the_start() {
    let floor = Floor::splitting(&["SOON"], SplitOrders::default());
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    drop(engine);
    floor.venue.advance_to(date().plus_days(95).at_hm(8, 40));
    assert_eq!(floor.held_and_protected("SOON").1, Qty::ZERO, "{:?}", floor.orders());
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"), "{:?}", floor.orders());
    let statuses: Vec<OrderStatus> = stops(&floor).into_iter().map(|order| order.status).collect();
    assert_eq!(statuses[0], OrderStatus::Expired);
}

fn stops(floor: &Floor) -> Vec<OrderReport> {
    let orders = floor.venue.truth().orders.into_iter();
    let is_stop = |order: &OrderReport| order.side == Side::Sell && matches!(order.kind, Some(OrderKind::Stop { .. }));
    orders.filter(is_stop).collect()
}
