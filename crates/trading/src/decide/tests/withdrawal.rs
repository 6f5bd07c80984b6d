//! Withdrawals: whose orders, and when.

use super::*;
use crate::state::OrderState;

/// Working orders that a look at this would cancel.
fn cancelled(scene: &Scene) -> Vec<String> {
    let orders = scene.decide().actions.into_iter().filter_map(|action| match action {
        Action::Cancel { client_order_id, .. } => Some(client_order_id.to_string()),
        Action::Submit { .. } | Action::Replace { .. } | Action::Alert { .. } => None,
    });
    orders.collect()
}

#[test]
fn only_what_is_ours_is_withdrawn_below_level_cancel() {
    // The id of a working buy that the book does not know, whether it goes without authority, and at level cancel.
    let table = [
        ("pc_PA3_20261119_avwap_AAPL_entry_1", true, true),
        ("pc_PA3_20261119_other_AAPL_entry_1", false, true),
        ("pc_PA4_20261119_avwap_AAPL_entry_1", false, true),
        ("by-hand", false, true),
    ];
    for (id, without_authority, at_level_cancel) in table {
        let mut scene = Scene::confirmed();
        scene.entry_works();
        scene.view.working[0].client_order_id = id.parse().unwrap();
        assert_eq!(cancelled(&scene), [""; 0], "{id}: while openings are allowed");
        scene.view.kill = Some(Kill::Entries);
        assert_eq!(cancelled(&scene), [""; 0], "{id}: level entries");
        scene.view.kill = Some(Kill::Cancel);
        assert_eq!(!cancelled(&scene).is_empty(), at_level_cancel, "{id}: level cancel");
        scene.view.kill = None;
        scene.view.authority = Authority::ManageOnly("stale".into());
        assert_eq!(!cancelled(&scene).is_empty(), without_authority, "{id}: no authority");
    }
}

#[test]
fn an_entry_works_within_its_window_alone() {
    type Move = fn(&mut Scene);
    let table: [(&str, bool, Move); 5] = [
        ("11:00", false, |s| s.at(11, 0)),
        ("the end of the window", false, |s| s.at(15, 30)),
        ("after it", true, |s| s.at(15, 31)),
        ("after the close", true, |s| s.at(16, 1)),
        ("no session", true, |s| s.view.session = None),
    ];
    for (when, goes, travel) in table {
        let mut scene = Scene::confirmed();
        scene.view.candidates.clear();
        scene.entered(OrderState::Working);
        scene.entry_works();
        travel(&mut scene);
        assert_eq!(!cancelled(&scene).is_empty(), goes, "{when}");
    }
}

#[test]
fn a_withdrawal_takes_no_stop_with_it_and_asks_once() {
    let mut scene = Scene::holding(19);
    scene.stop_works(19);
    scene.view.kill = Some(Kill::Cancel);
    assert_eq!(cancelled(&scene), [""; 0]);
    let mut scene = Scene::holding(7);
    scene.book.edit(|intent| intent.state = OrderState::Working);
    scene.entry_works();
    scene.view.kill = Some(Kill::Flatten);
    assert_eq!(cancelled(&scene), ["pc_PA3_20261120_avwap_AAPL_entry_1"], "withdrawn and in the way of the exit");
}

#[test]
fn what_is_pending_hurries_the_next_look() {
    for (state, hurries) in [
        (OrderState::Recorded, true),
        (OrderState::Unknown, true),
        (OrderState::Canceling, true),
        (OrderState::Working, false),
        (OrderState::Filled, false),
    ] {
        let mut scene = Scene::confirmed();
        scene.stop_recorded(state);
        assert_eq!(is_under_way(&scene.book, &scene.view, &[]), hurries, "{state:?}");
    }
}
