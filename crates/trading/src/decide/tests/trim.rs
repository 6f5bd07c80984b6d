//! Trims as stories: the stop lets go, the order goes out, and whatever goes wrong gives the shares their stop back.

use super::*;
use crate::state::OrderState;

#[test]
fn a_trade_through_both_targets() {
    for forgets in [false, true] {
        let mut scene = Scene::managed(19);
        let next = |scene: &mut Scene| {
            if forgets {
                scene.view.misfits_before.clear();
            }
            scene.cycle()
        };
        scene.quote("53.99", "54.02");
        assert_eq!(next(&mut scene), [""; 0]);
        scene.quote("54", "54.02");
        assert_eq!(next(&mut scene), ["replace stop 10 @ 48.00"], "the stop lets go");
        assert_eq!(next(&mut scene), ["submit trim1 9 limit 48.60"], "a day limit below the bid");
        scene.fill(1, "54.00");
        assert_eq!(next(&mut scene), ["replace stop 10 @ 50.50"], "breakeven");
        assert_eq!(next(&mut scene), [""; 0], "once a trade");
        scene.quote("57", "57.02");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 50.50"]);
        assert_eq!(next(&mut scene), ["submit trim2 5 limit 51.30"]);
        scene.fill(1, "57.00");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 53.50"], "57 - (57 - 50) / 2");
        scene.quote("60", "60.02");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 56.50"]);
        scene.quote("58", "58.02");
        assert_eq!(next(&mut scene), [""; 0]);
    }
}

#[test]
fn a_trim_that_is_no_longer_wanted_gives_the_shares_back() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), ["replace stop 10 @ 48.00"]);
    scene.quote("53.72", "53.80");
    assert_eq!(scene.cycle(), [""; 0], "one look of grace");
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_trim_that_was_begun_does_not_need_the_very_target() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.quote("53.73", "53.80");
    assert_eq!(scene.cycle(), ["submit trim1 9 limit 48.35"], "half a percent below 54");
}

#[test]
fn without_a_market_a_trim_that_was_begun_is_undone() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.view.quotes.clear();
    scene.cycle();
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn a_trim_that_dies_unfilled_is_tried_three_times_a_day() {
    let mut scene = Scene::managed(19);
    for attempt in 1..=3 {
        scene.quote("54", "54.02");
        assert_eq!(scene.cycle(), ["replace stop 10 @ 48.00"], "{attempt}");
        assert_eq!(scene.cycle(), ["submit trim1 9 limit 48.60"], "{attempt}");
        scene.end_order(1, OrderState::Canceled);
        assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"], "{attempt}: it grows back");
        assert_eq!(scene.cycle(), [""; 0], "{attempt}: not at once");
        scene.later(1);
    }
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), [""; 0], "no more today");
}

#[test]
fn a_trim_that_does_not_fill_is_withdrawn() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    assert_eq!(scene.cycle(), [""; 0], "its shares are spoken for");
    scene.later(1);
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_trim1_1"]);
    scene.cycle();
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn a_trim_of_unknown_outcome_is_waited_for_and_told() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    let id = scene.view.working.remove(1).client_order_id;
    scene.book.edit(|intent| {
        if intent.request.client_order_id == id {
            intent.state = OrderState::Unknown;
        }
    });
    for _ in 0..3 {
        assert_eq!(scene.cycle(), ["alert AAPL/unprotected"], "never resent, never doubled");
    }
}

#[test]
fn a_partly_filled_trim_was_the_trim() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    scene.fill_part(1, 4, "54.00");
    assert_eq!(scene.cycle(), ["replace stop 10 @ 50.50"], "what is left of it still works");
    scene.end_order(1, OrderState::Canceled);
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), ["replace stop 15 @ 50.50", "alert AAPL/unprotected"]);
    scene.later(2);
    scene.quote("55", "55.02");
    assert_eq!(scene.cycle(), [""; 0], "once a trade");
}

#[test]
fn what_keeps_a_position_whole() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, Spoil); 7] = [
        ("one share", |s| {
            s.hold("AAPL", 1);
            s.shrink_stop(1);
        }),
        ("the last half hour", |s| s.at(15, 30)),
        ("after the close", |s| s.at(16, 0)),
        ("no session", |s| s.view.hours = None),
        ("another's order", |s| s.foreign(1, OrderKind::Limit { limit: price("60") })),
        ("a stop in passing", |s| s.view.working[0].status = OrderStatus::PendingReplace),
        ("a quote that is old", |s| s.view.now = s.view.now + TimeDelta::seconds(6)),
    ];
    for (why, spoil) in table {
        let mut scene = Scene::managed(19);
        scene.quote("54", "54.02");
        spoil(&mut scene);
        let told = scene.cycle();
        assert!(!told.iter().any(|line| line.contains("trim") || line.contains("stop 10")), "{why}: {told:?}");
    }
    let mut fresh = Scene::managed(19);
    fresh.view.now = fresh.view.now - TimeDelta::minutes(30) + TimeDelta::seconds(119);
    fresh.quote("54", "54.02");
    assert_eq!(fresh.cycle(), [""; 0], "exits are not armed");
    fresh.view.now = fresh.view.now + TimeDelta::seconds(1);
    fresh.quote("54", "54.02");
    assert_eq!(fresh.cycle(), ["replace stop 10 @ 48.00"]);
}

#[test]
fn one_share_goes_to_breakeven_at_the_target() {
    let mut scene = Scene::managed(1);
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), ["replace stop 1 @ 50.50"]);
}

#[test]
fn a_trim_hurries_until_its_shares_are_sold_or_have_their_stop_back() {
    let mut scene = Scene::managed(19);
    let hurries = |scene: &mut Scene| {
        let before = scene.view.clone();
        let first = protect(&scene.book, &before, &scene.limits);
        let under_way = is_under_way(&scene.book, &before, &[&first]);
        scene.cycle();
        under_way
    };
    assert!(!hurries(&mut scene), "at rest");
    scene.quote("54", "54.02");
    scene.cycle();
    assert!(hurries(&mut scene), "the stop has let go");
    assert!(hurries(&mut scene), "the trim works");
    scene.fill(1, "54.00");
    scene.view.quotes.clear();
    assert!(!hurries(&mut scene), "sold");
    scene.shrink_stop(7);
    scene.view.working[0].status = OrderStatus::PendingReplace;
    assert!(hurries(&mut scene), "a misfit is looked at twice");
    assert!(!hurries(&mut scene), "and then at the usual pace");
}
