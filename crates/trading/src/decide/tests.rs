//! Decisions as tables: a situation, and what is done about it.

use market::{Calendar, TimeDelta, Usd};

use super::*;
use crate::{
    book::Intent,
    order::{Leg, OrderKind, Purpose, TimeInForce},
    refusal::Reason,
    report::{Execution, OrderStatus},
    state::OrderState,
};

#[test]
fn a_confirmed_candidate_is_entered_once_with_its_stop_known() {
    let mut scene = Scene::confirmed();
    let actions = scene.decide().actions;
    let [Action::Submit { order, key, trade }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(order.get().purpose, Purpose::Open);
    assert_eq!(order.get().kind, OrderKind::Limit { limit: price("50.53") });
    assert_eq!(order.get().qty, Qty::shares(19), "1,000 a symbol pays for 19");
    assert_eq!((trade.map(|plan| plan.stop), key.attempt), (Some(price("48.00")), 1));

    scene.record(order.get().clone(), key.clone(), OrderState::Rejected);
    assert_eq!(scene.decide(), Decision::default(), "one entry a symbol and day, whatever became of it");
}

#[test]
fn what_keeps_a_confirmed_candidate_out() {
    type Spoil = fn(&mut Scene);
    let table: [(Reason, Spoil); 7] = [
        (Reason::BelowLevel, |s| s.quote("49.90", "49.92")),
        (Reason::PriceDrift, |s| s.quote("52.10", "52.12")),
        (Reason::NoQuote, |s| s.view.quotes.clear()),
        (Reason::RiskTooWide, |s| s.view.candidates[0].stop_loss = price("47")),
        (Reason::Gate, |s| s.view.authority = Authority::ManageOnly("stale watchlist".into())),
        (Reason::KillSwitch, |s| s.view.kill = Some(Kill::Entries)),
        (Reason::IntentExpired, |s| s.limits.intent_life = TimeDelta::minutes(4)),
    ];
    for (reason, spoil) in table {
        let mut scene = Scene::confirmed();
        spoil(&mut scene);
        let decision = scene.decide();
        assert!(decision.actions.is_empty(), "{reason}: {decision:?}");
        assert_eq!(decision.refusals.first().map(|refusal| refusal.reason), Some(reason), "{decision:?}");
    }
}

#[test]
fn caps_hold_within_one_decision() {
    let mut scene = Scene::confirmed();
    // The throttle would stop them sooner, and has tests of its own.
    scene.limits.sends_per_second = 10;
    for text in ["B", "C", "D", "E", "F", "G"] {
        scene.add_candidate(text);
    }
    let decision = scene.decide();
    assert_eq!(decision.actions.len(), 5, "five orders a day, five positions");
    let total: Usd = decision
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Submit { order, .. } => Some(order.get().price()?.notional(order.get().qty)),
            Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
        })
        .sum();
    assert!(total <= scene.limits.gross_notional, "{total}");
    assert!(decision.refusals.iter().all(|refusal| refusal.reason == Reason::MaxOrdersPerDay));
}

#[test]
fn an_unknown_outcome_counts_as_filled_and_blocks_its_symbol() {
    let mut scene = Scene::confirmed();
    scene.limits.positions = 1;
    scene.add_candidate("B");
    scene.entered(OrderState::Unknown);
    let decision = scene.decide();
    assert!(decision.actions.is_empty());
    assert_eq!(decision.refusals[0].reason, Reason::MaxPositions);
}

#[test]
fn a_fresh_position_gets_its_stop_whatever_permission_is_gone() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, Spoil); 6] = [
        ("nothing", |_| {}),
        ("gates", |s| s.view.authority = Authority::ManageOnly("stale".into())),
        ("kill switch", |s| s.view.kill = Some(Kill::Cancel)),
        ("session", |s| s.view.session = None),
        ("caps", |s| s.limits.orders_per_day = 1),
        ("quote", |s| s.view.quotes.clear()),
    ];
    for (missing, spoil) in table {
        let mut scene = Scene::holding(19);
        spoil(&mut scene);
        let actions = scene.decide().actions;
        let [Action::Submit { order, key, .. }] = actions.as_slice() else { panic!("{missing}: {actions:?}") };
        assert_eq!(key.leg, Leg::Stop, "{missing}");
        assert_eq!(order.get().kind, OrderKind::Stop { stop: price("48") });
        assert_eq!((order.get().qty, order.get().time_in_force), (Qty::shares(19), TimeInForce::Gtc));
    }
}

#[test]
fn a_protected_position_is_left_alone() {
    let mut scene = Scene::holding(19);
    scene.stop_works(19);
    assert_eq!(scene.decide(), Decision::default());
}

#[test]
fn a_stop_of_the_wrong_size_is_replaced_and_said() {
    let mut scene = Scene::holding(19);
    scene.stop_works(10);
    assert_eq!(scene.decide().actions, [], "orders and positions are not read in one instant");
    let actions = scene.decide_again().actions;
    assert!(matches!(actions.as_slice(), [Action::Replace { .. }, Action::Alert { .. }]), "{actions:?}");
}

#[test]
fn a_partly_filled_entry_is_withdrawn_before_its_stop() {
    let mut scene = Scene::holding(7);
    scene.book.edit(|intent| intent.state = OrderState::Working);
    scene.entry_works();
    let actions = scene.decide().actions;
    assert!(matches!(actions.as_slice(), [Action::Cancel { .. }]), "{actions:?}");
}

#[test]
fn through_the_stop_means_out_at_the_market() {
    let mut scene = Scene::holding(19);
    scene.quote("47.90", "47.95");
    let actions = scene.decide().actions;
    let [Action::Alert { .. }, Action::Submit { order, key, .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!((key.leg, order.get().kind, order.get().purpose), (Leg::Exit, OrderKind::Market, Purpose::Flatten));
}

#[test]
fn an_unknown_stop_is_never_sent_again_but_said() {
    let mut scene = Scene::holding(19);
    scene.stop_recorded(OrderState::Unknown);
    assert_eq!(scene.decide().actions, []);
    let actions = scene.decide_again().actions;
    assert_only_alert(&actions, "stops protect 0");
}

#[test]
fn attempts_at_a_stop_never_end_but_slow_down_and_are_told() {
    let mut scene = Scene::holding(19);
    for attempt in 1..=5 {
        assert_eq!(scene.next_attempt_becomes(OrderState::Rejected), attempt);
    }
    let told =
        |actions: &[Action]| matches!(actions, [Action::Alert { text, .. }, ..] if text.contains("NO protection"));
    let actions = scene.decide().actions;
    assert!(told(&actions) && actions.len() == 1, "{actions:?}");
    scene.view.now = scene.view.now + TimeDelta::seconds(60);
    let actions = scene.decide().actions;
    assert!(told(&actions) && matches!(&actions[1], Action::Submit { key, .. } if key.attempt == 6), "{actions:?}");
}

#[test]
fn sends_that_never_arrived_do_not_slow_protection_down() {
    let mut scene = Scene::holding(19);
    for attempt in 1..=20 {
        assert_eq!(scene.next_attempt_becomes(OrderState::NeverArrived), attempt);
    }
}

#[test]
fn a_stop_the_list_leaves_out_is_not_doubled() {
    let mut scene = Scene::holding(19);
    scene.stop_recorded(OrderState::Working);
    let actions = scene.decide().actions;
    assert_only_alert(&actions, "unlisted");
}

#[test]
fn a_sell_that_is_no_stop_protects_nothing_and_is_told() {
    let mut scene = Scene::holding(19);
    let (request, _) = scene.order(Leg::Exit, 19);
    scene.work(&OrderRequest {
        client_order_id: "by-hand".parse().unwrap(),
        kind: OrderKind::Limit { limit: price("60") },
        ..request
    });
    let actions = scene.decide_again().actions;
    assert_only_alert(&actions, "unprotected");
}

#[test]
fn the_stop_of_an_entry_that_never_filled_sells_nothing() {
    let mut scene = Scene::confirmed();
    scene.view.candidates.clear();
    scene.entered(OrderState::Expired);
    scene.hold("AAPL", 5);
    scene.quote("39.90", "40.00");
    let actions = scene.decide().actions;
    assert_only_alert(&actions, "NO stop");
}

#[test]
fn after_a_split_nothing_is_sold_on_the_old_price() {
    let mut scene = Scene::holding(38);
    scene.quote("25.10", "25.12");
    let mismatch = Finding::QuantityMismatch { ours: Qty::shares(19).units(), theirs: Qty::shares(38).units() };
    scene.view.findings.insert((symbol("AAPL"), mismatch));
    let actions = scene.decide().actions;
    assert_only_alert(&actions, "act by hand");
}

#[test]
fn an_old_quote_sells_nothing() {
    let mut scene = Scene::holding(19);
    scene.quote("47.90", "47.95");
    scene.view.now = scene.view.now + TimeDelta::seconds(6);
    let actions = scene.decide().actions;
    assert!(matches!(actions.as_slice(), [Action::Submit { key, .. }] if key.leg == Leg::Stop), "{actions:?}");
}

#[test]
fn a_cancel_that_takes_no_effect_is_asked_again() {
    let mut scene = Scene::holding(7);
    scene.book.edit(|intent| intent.state = OrderState::Canceling);
    scene.entry_works();
    assert!(matches!(scene.decide_again().actions.as_slice(), [Action::Cancel { .. }, Action::Alert { .. }]));
    scene.view.working[0].status = OrderStatus::PendingCancel;
    assert!(matches!(scene.decide_again().actions.as_slice(), [Action::Alert { .. }]));
}

#[test]
fn without_an_account_nothing_opens_and_stops_go_out() {
    let mut scene = Scene::confirmed();
    scene.view.account = None;
    assert_eq!(scene.decide().refusals[0].reason, Reason::AccountBlocked);
    let mut held = Scene::holding(19);
    held.view.account = None;
    assert!(matches!(held.decide().actions.as_slice(), [Action::Submit { .. }]));
}

#[test]
fn buying_power_is_used_once() {
    let mut scene = Scene::confirmed();
    scene.view.account.as_mut().unwrap().buying_power = Usd::dollars(1_500);
    for text in ["B", "C"] {
        scene.add_candidate(text);
    }
    let spent: Usd = scene
        .decide()
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Submit { order, .. } => Some(order.get().price()?.notional(order.get().qty)),
            Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
        })
        .sum();
    assert!(spent > Usd::ZERO && spent <= Usd::dollars(1_350), "{spent}");
}

#[test]
fn a_position_nobody_recorded_is_alerted_not_traded() {
    let mut scene = Scene::confirmed();
    scene.view.candidates.clear();
    scene.hold("ZZZ", 5);
    let actions = scene.decide().actions;
    assert_only_alert(&actions, "NO stop");
}

#[test]
fn kill_switch_levels() {
    let mut scene = Scene::confirmed();
    scene.entered(OrderState::Working);
    scene.entry_works();
    scene.view.kill = Some(Kill::Entries);
    assert!(scene.decide().actions.is_empty(), "level entries leaves working orders alone");
    scene.view.kill = Some(Kill::Cancel);
    assert!(matches!(scene.decide().actions.as_slice(), [Action::Cancel { .. }]));

    let mut held = Scene::holding(19);
    held.stop_works(19);
    held.view.kill = Some(Kill::Cancel);
    assert!(held.decide().actions.is_empty(), "protective stops stay");
    held.view.kill = Some(Kill::Flatten);
    assert!(
        matches!(held.decide().actions.as_slice(), [Action::Cancel { .. }]),
        "the stop lets go of the shares first"
    );
    held.view.working.clear();
    held.book.edit(|intent| intent.state = OrderState::Canceled);
    let actions = held.decide().actions;
    assert!(matches!(actions.as_slice(), [Action::Alert { .. }, Action::Submit { key, .. }] if key.leg == Leg::Exit));
}

#[test]
fn lost_authority_withdraws_working_entries() {
    let mut scene = Scene::confirmed();
    scene.entered(OrderState::Working);
    scene.entry_works();
    scene.view.authority = Authority::ManageOnly("watchlist is stale".into());
    assert!(matches!(scene.decide().actions.as_slice(), [Action::Cancel { .. }]));
}

/// The one action is an alert about this.
fn assert_only_alert(actions: &[Action], about: &str) {
    let told = matches!(actions, [Action::Alert { subject, text }] if subject.ends_with(about) || text.contains(about));
    assert!(told, "{about}: {actions:?}");
}

mod adversary;
mod adversity;
mod broker;
mod cover;
mod entry;
mod scene;
mod stop;
mod trim;
mod withdrawal;

use scene::*;

#[test]
fn executions_count_once_toward_what_is_left_of_an_entry() {
    let mut scene = Scene::confirmed();
    scene.entered(OrderState::Working);
    let intent = scene.book.intents().next().unwrap().1.clone();
    let fill = Execution {
        id: "f1".into(),
        order_id: intent.broker_id.clone().unwrap(),
        symbol: intent.request.symbol,
        side: Side::Buy,
        qty: Qty::shares(7),
        price: price("50.50"),
        at: scene.view.now,
    };
    scene.book.count(&fill);
    scene.book.count(&fill);
    assert_eq!(scene.book.filled(&intent), Qty::shares(7));
}
