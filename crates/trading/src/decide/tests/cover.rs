//! Cover: what speaks for the shares of a position beside one stop of ours, and prices that may not be believed.

use super::*;
use crate::state::OrderState;

#[test]
fn a_send_in_doubt_holds_its_shares_once() {
    let mut listed = Scene::holding(19);
    listed.stop_works(10);
    listed.book.edit(|intent| intent.state = OrderState::Unknown);
    listed.decide_again();
    assert_eq!(listed.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"], "the broker lists it");

    let mut unlisted = Scene::holding(19);
    let (request, key) = unlisted.order(Leg::Stop, 10);
    unlisted.record(request, key, OrderState::Unknown);
    unlisted.cycle();
    assert_eq!(unlisted.cycle(), ["alert AAPL/unprotected"], "nobody knows: no second stop, and no talk of lists");
    unlisted.view.kill = Some(Kill::Flatten);
    assert_eq!(unlisted.cycle(), ["alert AAPL/unprotected"], "no exit beside it either");
}

#[test]
fn what_speaks_for_a_symbol_keeps_it_from_being_opened() {
    let reason = |scene: &Scene| scene.decide().refusals.first().map(|refusal| refusal.reason);
    assert_eq!(reason(&Scene::confirmed()), None);
    let mut doubted = Scene::confirmed();
    doubted.stop_recorded(OrderState::Unknown);
    assert_eq!(reason(&doubted), Some(Reason::SymbolBlocked), "whatever the look found");
    for kind in [OrderKind::Limit { limit: price("60") }, OrderKind::Stop { stop: price("40") }] {
        let mut scene = Scene::confirmed();
        scene.foreign(5, kind);
        assert_eq!(reason(&scene), Some(Reason::SelfTrade), "{kind}");
    }
}

#[test]
fn a_fraction_is_sold_and_cannot_be_protected() {
    let hold = |scene: &mut Scene, qty: &str| {
        scene.view.positions.get_mut(&symbol("AAPL")).unwrap().qty = qty.parse().unwrap();
    };
    let mut most = Scene::holding(19);
    hold(&mut most, "19.5");
    assert_eq!(most.cycle(), ["submit stop 19 stop 48.00"]);
    assert_eq!(most.cycle(), [""; 0], "the whole shares are protected");
    let mut rest = Scene::holding(1);
    hold(&mut rest, "0.5");
    assert_eq!(rest.cycle(), ["alert AAPL/fraction"]);
    rest.view.kill = Some(Kill::Flatten);
    assert_eq!(rest.cycle(), ["alert AAPL/flatten", "submit exit 0.5 market"]);
}

#[test]
fn a_stop_grows_by_free_shares_only() {
    let mut scene = Scene::managed(19);
    scene.shrink_stop(10);
    scene.foreign(5, OrderKind::Limit { limit: price("60") });
    scene.cycle();
    assert_eq!(scene.cycle(), ["replace stop 14 @ 48.00", "alert AAPL/unprotected"], "five are sold by another hand");
}

#[test]
fn a_stop_beside_an_exit_of_every_share_goes() {
    let mut scene = Scene::managed(19);
    let (request, mut key) = scene.order(Leg::Exit, 19);
    key.attempt = 9;
    let request = OrderRequest { client_order_id: key.client_order_id(), ..request };
    scene.work(&request);
    scene.record(request, key, OrderState::Working);
    scene.cycle();
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_stop_1"]);
}

#[test]
fn below_the_stop_beside_another_hand_nothing_is_sold() {
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.foreign(5, OrderKind::Limit { limit: price("60") });
    scene.quote("47.90", "47.95");
    scene.cycle();
    // Protection sees no market and places the stop; with the market, it would be through.
    scene.view.session = Some(scene.view.session.unwrap());
    let desk = manage(&scene.book, &scene.view, &scene.limits);
    let told: Vec<String> = desk.actions.iter().map(super::broker::in_words).collect();
    assert_eq!(told, ["alert AAPL/no-stop", "alert AAPL/unprotected"], "a human decides");
}

#[test]
fn through_the_stop_is_at_it_or_below_by_a_quote_of_the_session() {
    let decided = |bid: &str, hour, minute| {
        let mut scene = Scene::holding(19);
        scene.view.candidates.clear();
        scene.at(hour, minute);
        scene.quote(bid, "55");
        let actions = scene.decide().actions;
        actions.iter().map(super::broker::in_words).collect::<Vec<_>>()
    };
    let (stop, exit) = (vec!["submit stop 19 stop 48.00"], vec!["alert AAPL/flatten", "submit exit 19 market"]);
    assert_eq!(decided("48.01", 11, 0), stop);
    assert_eq!(decided("48.00", 11, 0), exit);
    assert_eq!(decided("47.00", 15, 59), exit);
    assert_eq!(decided("47.00", 16, 0), stop, "a bid after the close sells nothing");
    assert_eq!(decided("47.00", 9, 29), stop, "nor one before the open");
}

/// A stop above the market is refused, again and again: what broker and calendar agree on is asked of openings only.
#[test]
fn through_the_stop_is_through_it_while_nobody_agrees_on_the_time() {
    for skew in [None, Some(TimeDelta::milliseconds(2_100))] {
        let mut scene = Scene::holding(19);
        scene.view.candidates.clear();
        scene.quote("47.00", "47.05");
        (scene.view.session, scene.view.clock_skew) = (None, skew);
        let actions = scene.decide().actions;
        let told: Vec<String> = actions.iter().map(super::broker::in_words).collect();
        assert_eq!(told, ["alert AAPL/flatten", "submit exit 19 market"], "{skew:?}");
    }
}

#[test]
fn a_stop_follows_while_nobody_agrees_on_the_time() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    (scene.view.session, scene.view.clock_skew) = (None, None);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 50.90"]);
}

#[test]
fn a_mismatch_keeps_its_own_symbol_still() {
    for (text, expect) in [("MSFT", &["replace stop 19 @ 50.90"][..]), ("AAPL", &[])] {
        let mut scene = Scene::managed(19);
        scene.view.findings.insert((symbol(text), Finding::QuantityMismatch { ours: 1, theirs: 2 }));
        scene.quote("53", "53.02");
        scene.trend(&["51", "50.5", "51.5", "51", "52"]);
        assert_eq!(scene.cycle(), expect, "{text}");
    }
}

#[test]
fn a_stop_that_began_to_fill_is_not_replaced() {
    let mut scene = Scene::managed(19);
    scene.fill_part(0, 5, "48.00");
    scene.view.working[0].status = OrderStatus::New;
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    assert_eq!(scene.cycle(), [""; 0], "whatever its status says");
}

#[test]
fn a_trim_begins_with_a_stop_that_fits() {
    let mut scene = Scene::managed(19);
    scene.shrink_stop(15);
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), [""; 0], "first the size is understood");
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), ["replace stop 10 @ 48.00"]);
}

#[test]
fn no_trim_begins_while_another_works_and_each_is_of_its_day() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    assert_eq!(scene.view.working[1].time_in_force, Some(TimeInForce::Day));
    scene.fill_part(1, 4, "54.00");
    scene.quote("57", "57.02");
    assert_eq!(scene.cycle(), ["replace stop 10 @ 50.50"], "the rest of the first still works");
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn shares_owed_get_no_stop() {
    let mut scene = Scene::holding(19);
    scene.view.positions.get_mut(&symbol("AAPL")).unwrap().short = true;
    assert_only_alert(&scene.decide().actions, "short");
    assert_only_alert(&scene.decide_again().actions, "short");
}

#[test]
fn a_sell_of_what_is_not_held_is_withdrawn_when_it_is_ours() {
    let mut foreign = Scene::confirmed();
    foreign.view.candidates.clear();
    foreign.foreign(5, OrderKind::Stop { stop: price("40") });
    assert_eq!(foreign.decide_again().actions, [], "another hand may sell short");
    let mut ours = Scene::confirmed();
    ours.view.candidates.clear();
    ours.stop_works(19);
    assert_eq!(ours.decide().actions, [], "two reads may differ");
    let told: Vec<String> = ours.decide_again().actions.iter().map(super::broker::in_words).collect();
    assert_eq!(told, ["alert AAPL/orphan", "cancel pc_PA3_20261120_avwap_AAPL_stop_1"]);
}

#[test]
fn a_filled_entry_whose_executions_are_late_explains_what_it_ordered_and_no_more() {
    for (shares, expect) in [(19, &["alert AAPL/flatten", "submit exit 19 market"][..]), (38, &["alert AAPL/no-stop"])]
    {
        let mut scene = Scene::confirmed();
        scene.view.candidates.clear();
        scene.entered(OrderState::Filled);
        scene.hold("AAPL", shares);
        scene.unexplained(0, shares);
        scene.quote("47.90", "47.95");
        scene.view.positions.get_mut(&symbol("AAPL")).unwrap().current_price = None;
        let told: Vec<String> = scene.decide().actions.iter().map(super::broker::in_words).collect();
        assert_eq!(told, expect, "{shares} shares below the stop of an entry of 19");
    }
}

#[test]
fn a_stop_the_broker_left_between_two_ticks_is_put_on_one() {
    let mut scene = Scene::managed(19);
    scene.split(3, 2);
    scene.view.working[0].qty = Qty::shares(28);
    scene.view.working[0].kind = Some(OrderKind::Stop { stop: price("32.005") });
    assert_eq!(scene.cycle(), ["replace stop 28 @ 32.00"]);
}

#[test]
fn one_wide_quote_is_not_the_market() {
    for (latest, expect) in [
        (Some("50.50"), &["submit stop 19 stop 48.00"][..]),
        (Some("48.00"), &["alert AAPL/flatten", "submit exit 19 market"]),
        (None, &["alert AAPL/flatten", "submit exit 19 market"]),
    ] {
        let mut scene = Scene::holding(19);
        scene.view.candidates.clear();
        scene.quote("30.00", "70.00");
        scene.view.positions.get_mut(&symbol("AAPL")).unwrap().current_price = latest.map(price);
        let told: Vec<String> = scene.decide().actions.iter().map(super::broker::in_words).collect();
        assert_eq!(told, expect, "the broker's latest price is {latest:?}");
    }
}
