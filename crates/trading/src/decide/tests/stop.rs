//! Stops as stories: what each look does, and what the broker makes of it.

use super::*;
use crate::state::OrderState;

#[test]
fn a_stop_that_differs_is_replaced_in_place_when_it_differs_twice() {
    let mut scene = Scene::managed(19);
    scene.shrink_stop(10);
    assert_eq!(scene.cycle(), [""; 0], "orders and positions are not read in one instant");
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn an_order_in_passing_is_waited_for() {
    let passing = [
        OrderStatus::Accepted,
        OrderStatus::PendingNew,
        OrderStatus::PendingCancel,
        OrderStatus::PendingReplace,
        OrderStatus::PartiallyFilled,
        OrderStatus::Unrecognised("odd".into()),
    ];
    for status in passing {
        let mut scene = Scene::managed(19);
        scene.shrink_stop(10);
        scene.view.working[0].status = status.clone();
        scene.cycle();
        assert_eq!(scene.cycle(), ["alert AAPL/unprotected"], "{status:?}: kept, and told");
    }
}

#[test]
fn a_trail_moves_the_stop_once_and_only_up() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 50.90"], "a price may be believed at the first look");
    assert_eq!(scene.cycle(), [""; 0]);
    scene.trend(&["51", "50.1", "51.5", "50.3", "52"]);
    assert_eq!(scene.cycle(), [""; 0], "a lower low lowers nothing");
    scene.trend(&["51", "50.5", "51.5", "51.03", "52"]);
    assert_eq!(scene.cycle(), [""; 0], "three cents are not worth a replace");
    scene.view.candles.clear();
    scene.view.quotes.clear();
    scene.view.session = None;
    assert_eq!(scene.cycle(), [""; 0], "without a market the stop stands");
}

#[test]
fn the_daily_structure_of_todays_watchlist_raises_the_stop() {
    let mut scene = Scene::managed(19);
    let mut listed = Scene::confirmed().view.candidates.remove(0);
    listed.structural_stop = Some(price("50.205"));
    scene.view.candidates.push(listed);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 50.20"]);
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.candidates.clear();
    assert_eq!(scene.cycle(), [""; 0], "a symbol that left the list keeps what it has");
}

#[test]
fn a_stop_that_got_lost_comes_back_where_it_was() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    scene.cycle();
    scene.end_order(0, OrderState::Expired);
    scene.view.candles.clear();
    assert_eq!(scene.cycle(), ["submit stop 19 stop 50.90"], "not at the initial stop");
}

#[test]
fn a_refused_replace_leaves_the_old_stop_and_slows_down() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    for _ in 0..5 {
        assert_eq!(scene.cycle_refused(), ["replace stop 19 @ 50.90"]);
    }
    assert_eq!(scene.cycle_refused(), ["alert AAPL/attempts"]);
    assert_eq!(scene.view.working[0].kind, Some(OrderKind::Stop { stop: price("48") }));
    scene.view.now = scene.view.now - TimeDelta::minutes(1);
    scene.quote("53", "53.02");
    let told = scene.cycle_refused();
    assert!(told.iter().any(|line| line.starts_with("replace")), "time that went back blocks nothing: {told:?}");
}

#[test]
fn stops_of_other_hands_are_cover_and_never_touched() {
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.foreign(19, OrderKind::Stop { stop: price("45") });
    assert_eq!(scene.cycle(), [""; 0], "all of it");
    scene.view.working[0].qty = Qty::shares(12);
    assert_eq!(scene.cycle(), [""; 0], "maybe two reads differ");
    assert_eq!(scene.cycle(), ["submit stop 7 stop 48.00"], "the part that is bare");
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].qty = Qty::shares(19);
    scene.cycle();
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_stop_2"], "ours is the one too many");
}

#[test]
fn beside_a_foreign_sale_the_free_shares_are_protected() {
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.foreign(5, OrderKind::Limit { limit: price("60") });
    scene.cycle();
    assert_eq!(scene.cycle(), ["submit stop 14 stop 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn of_several_stops_those_go_that_are_too_many() {
    // quantities, what is cancelled
    let table: [(&[u32], &[&str]); 5] = [
        (&[10, 9], &[]),
        (&[19, 19], &["cancel extra-0"]),
        (&[19, 10, 4], &["cancel extra-2", "cancel extra-1"]),
        (&[10, 12], &["alert AAPL/several-stops"]),
        (&[5, 4], &["alert AAPL/several-stops", "alert AAPL/unprotected"]),
    ];
    for (quantities, expect) in table {
        let mut scene = Scene::managed(19);
        scene.end_order(0, OrderState::Canceled);
        for (index, shares) in quantities.iter().enumerate() {
            scene.extra_stop(index, *shares, &format!("48.{}", 10 + index));
        }
        scene.cycle();
        assert_eq!(scene.cycle(), expect, "{quantities:?}");
    }
}

#[test]
fn a_stop_is_renewed_before_the_broker_ends_it() {
    let mut scene = Scene::managed(19);
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(83);
    assert_eq!(scene.cycle(), [""; 0], "a clock that is months ahead renews nothing that was made a moment ago");
    scene.later(60);
    scene.quote("52", "52.02");
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(82);
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(83);
    assert_eq!(
        scene.cycle(),
        ["replace stop 19 @ 48.01"],
        "ninety days less seven; a tick up, for the broker refuses what changes nothing"
    );
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].time_in_force = Some(TimeInForce::Day);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.01"], "a stop that dies at the close is no overnight stop");
}

#[test]
fn a_stop_is_renewed_whatever_permission_is_gone() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, Spoil); 3] = [
        ("session", |s| (s.view.session, s.view.hours) = (None, None)),
        ("authority", |s| s.view.authority = Authority::ManageOnly("no".into())),
        ("kill switch", |s| s.view.kill = Some(Kill::Cancel)),
    ];
    for (missing, spoil) in table {
        let mut scene = Scene::managed(19);
        scene.later(60);
        scene.quote("52", "52.02");
        scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(85);
        spoil(&mut scene);
        assert_eq!(scene.cycle(), ["replace stop 19 @ 48.01"], "{missing}");
    }
}

#[test]
fn a_stop_is_not_renewed_into_the_market() {
    for (bid, expect) in [("48.01", 0), ("48.02", 1), ("", 0)] {
        let mut scene = Scene::managed(19);
        scene.later(60);
        if bid.is_empty() {
            scene.view.quotes.clear();
        } else {
            scene.quote(bid, "48.03");
        }
        scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(85);
        let told = scene.cycle();
        assert_eq!(told.iter().filter(|line| line.starts_with("replace")).count(), expect, "{bid}: {told:?}");
    }
}

#[test]
fn a_stop_of_what_nothing_explains_is_renewed_at_the_last_moment() {
    let mut scene = Scene::managed(19);
    scene.later(60);
    (scene.view.session, scene.view.hours) = (None, None);
    scene.unexplained(38, 19);
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(88);
    assert_eq!(scene.cycle(), [""; 0], "a split that is not booked yet: sent again, it would be read in new shares");
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(89);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.01"]);
}

#[test]
fn a_stop_that_cannot_be_renewed_is_told_and_placed_anew_when_it_ends() {
    let mut scene = Scene::managed(19);
    scene.later(60);
    scene.quote("52", "52.02");
    let submitted = scene.view.now - TimeDelta::days(84);
    scene.view.working[0].submitted_at = submitted;
    let mut told = scene.cycle();
    for _ in 0..30 {
        scene.view.working[0].submitted_at = submitted;
        scene.later(90);
        scene.quote("52", "52.02");
        told.extend(scene.cycle());
    }
    assert_eq!(told.iter().filter(|line| line.starts_with("replace")).count(), 3, "once a day: {told:?}");
    assert_eq!(told.iter().filter(|line| *line == "alert AAPL/renewal").count(), 30);
    scene.end_order(0, OrderState::Expired);
    assert_eq!(scene.cycle(), ["submit stop 19 stop 48.03"], "never cancelled first, and never left out");
}

#[test]
fn a_split_moves_a_stop_that_the_broker_left_alone() {
    let mut scene = Scene::managed(19);
    scene.split(2, 1);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 24.00"], "the price at once, the size when it stands twice");
    assert_eq!(scene.cycle(), ["replace stop 38 @ 24.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_stop_that_the_broker_split_itself_fits() {
    let mut scene = Scene::managed(19);
    scene.split(2, 1);
    scene.view.working[0].qty = Qty::shares(38);
    scene.view.working[0].kind = Some(OrderKind::Stop { stop: price("24") });
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_stop_sent_after_a_split_is_in_new_shares_whatever_our_clock_said() {
    let mut scene = Scene::managed(19);
    scene.split(2, 1);
    let kind = OrderKind::Stop { stop: price("24") };
    scene.book.edit(|intent| {
        if intent.key.leg == Leg::Stop {
            intent.request.kind = kind;
        }
    });
    let stop = &mut scene.view.working[0];
    (stop.qty, stop.kind, stop.submitted_at) = (Qty::shares(38), Some(kind), scene.view.now);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_size_that_nothing_explains_moves_no_price_and_sells_nothing() {
    let mut scene = Scene::managed(19);
    scene.hold("AAPL", 38);
    scene.unexplained(19, 38);
    scene.quote("60", "60.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), ["replace stop 38 @ 48.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0], "no trim, no trail");
}

#[test]
fn flattening_lets_go_of_a_stop_only_when_an_exit_can_follow() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    let Some(Action::Replace { replacement, key }) = scene.looked().pop() else { panic!("no replace") };
    scene.record(replacement.get().order.clone(), key, OrderState::Unknown);
    scene.view.kill = Some(Kill::Flatten);
    assert_eq!(scene.cycle(), [""; 0], "nobody knows what the replace became");
    scene.book.edit(|intent| {
        if intent.state == OrderState::Unknown {
            intent.state = OrderState::NeverArrived;
        }
    });
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_stop_1"]);
    let told = scene.cycle();
    assert_eq!(told, ["alert AAPL/flatten", "submit exit 19 market"]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn time_that_went_back_brings_no_older_stop_back() {
    let mut scene = Scene::managed(19);
    scene.view.now = scene.view.now - TimeDelta::minutes(1);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    scene.book.edit(|intent| intent.recorded_at = intent.recorded_at + TimeDelta::minutes(30));
    assert_eq!(scene.cycle(), ["replace stop 19 @ 50.90"], "recorded before the stop it replaces, by the clock");
    scene.end_order(0, OrderState::Expired);
    scene.view.candles.clear();
    assert_eq!(scene.cycle(), ["submit stop 19 stop 50.90"]);
}

#[test]
fn while_the_market_is_closed_a_split_moves_price_and_size_in_one_step() {
    let mut scene = Scene::managed(19);
    (scene.view.session, scene.view.hours) = (None, None);
    scene.split(2, 1);
    assert_eq!(scene.cycle(), [""; 0], "what is sent now can be changed no more before the open");
    assert_eq!(scene.cycle(), ["replace stop 38 @ 24.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0]);
}
