//! Situations that somebody who wants to hurt the account would arrange.

use super::*;

fn orders(told: &[String], verb: &str) -> usize {
    told.iter().filter(|line| line.starts_with(verb)).count()
}

fn price_of(scene: &mut Scene, text: &str) {
    scene.view.positions.get_mut(&symbol("AAPL")).unwrap().current_price = Some(price(text));
}

#[test]
fn a_stop_whose_shares_were_sold_by_hand_would_go_short() {
    let mut scene = Scene::managed(19);
    let by_hand = Execution {
        id: "by-hand".into(),
        order_id: "b-by-hand".parse().unwrap(),
        symbol: symbol("AAPL"),
        side: Side::Sell,
        qty: Qty::shares(19),
        price: price("50"),
        at: scene.view.now,
    };
    scene.book.count(&by_hand);
    scene.view.positions.clear();
    assert_eq!(scene.cycle(), [""; 0], "orders and positions are not read in one instant");
    assert_eq!(scene.cycle(), ["alert AAPL/orphan", "cancel pc_PA3_20261120_avwap_AAPL_stop_1"]);
}

#[test]
fn an_empty_list_of_positions_costs_no_stop() {
    let mut scene = Scene::managed(19);
    scene.view.positions.clear();
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), ["alert AAPL/orphan"], "our executions hold the shares: a human decides");
}

#[test]
fn a_split_nobody_announced_puts_no_stop_above_the_market() {
    // Two for one, and the broker cancelled the stop: before the open, with the broker's price alone.
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.hold("AAPL", 38);
    price_of(&mut scene, "25.10");
    scene.unexplained(19, 38);
    scene.at(8, 45);
    scene.view.quotes.clear();
    let told = [scene.cycle(), scene.cycle()].concat();
    assert_eq!((orders(&told, "submit"), told.contains(&"alert AAPL/no-stop".to_owned())), (0, true), "{told:?}");

    // The broker left the stop: it does not grow onto the new shares, and what it covers stays.
    let mut scene = Scene::managed(19);
    scene.hold("AAPL", 38);
    scene.unexplained(19, 38);
    scene.quote("25.10", "25.12");
    let told = [scene.cycle(), scene.cycle()].concat();
    assert_eq!(told, ["alert AAPL/unprotected"]);
}

#[test]
fn an_entry_whose_executions_are_late_explains_its_shares() {
    let mut scene = Scene::confirmed();
    scene.view.candidates.clear();
    scene.entered(OrderState::Filled);
    scene.hold("AAPL", 19);
    scene.view.positions.get_mut(&symbol("AAPL")).unwrap().current_price = None;
    scene.unexplained(0, 19);
    let told = scene.cycle();
    assert_eq!(orders(&told, "submit stop 19"), 1, "no price is needed for it: {told:?}");
}

#[test]
fn a_stop_that_the_broker_moved_between_two_ticks_can_still_be_moved() {
    let mut scene = Scene::managed(20);
    scene.view.working[0].kind = Some(OrderKind::Stop { stop: price("47.9967") });
    scene.hold("AAPL", 20);
    assert_eq!(scene.cycle(), ["replace stop 20 @ 47.99"]);
}

#[test]
fn what_has_no_price_fills_every_cap() {
    type Add = fn(&mut Scene);
    let table: [(&str, Add); 2] = [
        ("a market order of another hand", |scene| {
            let (request, _) = scene.order(Leg::Entry, 1_000);
            let client_order_id = "by-hand".parse().unwrap();
            let kind = OrderKind::Market;
            scene.work(&OrderRequest { client_order_id, symbol: symbol("ZZZ"), kind, ..request });
        }),
        ("a position without a price", |scene| {
            scene.hold("ZZZ", 1_000);
            let position = scene.view.positions.get_mut(&symbol("ZZZ")).unwrap();
            (position.current_price, position.avg_entry_price) = (None, None);
        }),
    ];
    for (what, add) in table {
        let mut scene = Scene::confirmed();
        add(&mut scene);
        let decision = scene.decide();
        assert!(!decision.actions.iter().any(Action::is_opening), "{what}");
        assert_eq!(decision.refusals[0].reason, Reason::MaxGrossNotional, "{what}");
    }
}

#[test]
fn what_filled_unseen_counts_toward_the_caps() {
    let mut scene = Scene::confirmed();
    scene.limits.positions = 1;
    scene.view.unseen.insert(symbol("ZZZ"), Usd::dollars(900));
    assert_eq!(scene.decide().refusals[0].reason, Reason::MaxPositions);
}

#[test]
fn one_wide_quote_sells_nothing() {
    let mut scene = Scene::holding(19);
    scene.view.candidates.clear();
    scene.quote("0.01", "50.60");
    price_of(&mut scene, "50.50");
    assert_eq!(scene.cycle(), ["submit stop 19 stop 48.00"]);
}

#[test]
fn a_clock_months_ahead_does_not_renew_stops_all_day() {
    let mut scene = Scene::managed(19);
    let real = scene.view.now;
    scene.view.now = real + TimeDelta::days(90);
    scene.view.session = None;
    let mut told = Vec::new();
    for _ in 0..20 {
        told.extend(scene.cycle());
        scene.view.working[0].submitted_at = real;
        scene.view.now = scene.view.now + TimeDelta::seconds(2);
    }
    assert_eq!(orders(&told, "replace"), 1, "{told:?}");
}

#[test]
fn a_trim_that_neither_fills_nor_dies_is_told() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    scene.view.working.last_mut().unwrap().status = OrderStatus::PendingCancel;
    let mut told = Vec::new();
    for _ in 0..5 {
        scene.later(1);
        scene.quote("54", "54.02");
        told.extend(scene.cycle());
    }
    assert!(told.contains(&"alert AAPL/unprotected".to_owned()), "half of it has no stop: {told:?}");
}

#[test]
fn a_market_sell_of_one_share_by_hand_does_not_stand_for_the_exit() {
    let mut scene = Scene::managed(19);
    scene.view.kill = Some(Kill::Flatten);
    let (request, _) = scene.order(Leg::Exit, 1);
    scene.work(&OrderRequest { client_order_id: "by-hand".parse().unwrap(), ..request });
    let told = scene.cycle();
    assert_eq!(orders(&told, "cancel"), 2, "everything goes, and the exit can follow: {told:?}");
}
