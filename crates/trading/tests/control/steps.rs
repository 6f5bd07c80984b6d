//! One step over several candidates: what it decides counts for the rest of it.

use market::{Candle, Qty, TimeDelta, Usd};
use proptest::prelude::*;
use trading::{
    confirm::break_and_hold,
    decide::Action,
    order::{Leg, Purpose},
    refusal::Reason,
    state::OrderState,
};

use crate::{
    scene::Scene,
    world::{price, symbol},
};

#[test]
fn a_step_sends_two_and_the_rest_waits_for_the_next() {
    let mut scene = Scene::confirmed();
    scene.confirm("IBM");
    let decision = scene.open();
    assert_eq!(Scene::sent(&decision, Purpose::Open), [symbol("MSFT"), symbol("NVDA")]);
    let refusal = &decision.refusals[0];
    assert_eq!((refusal.symbol, refusal.reason), (symbol("IBM"), Reason::Throttle));
}

#[test]
fn what_was_sent_lately_counts() {
    for (seconds_ago, may_still) in [(0, 1), (1, 2)] {
        let mut scene = Scene::confirmed();
        let mut earlier = scene.intent("KO", Leg::Entry, OrderState::Expired);
        earlier.recorded_at = scene.view.now - TimeDelta::seconds(seconds_ago);
        scene.book.restore(earlier);
        assert_eq!(Scene::sent(&scene.open(), Purpose::Open).len(), may_still, "{seconds_ago} s ago");
    }
}

#[test]
fn caps_count_positions_open_orders_unknown_outcomes_and_this_step() {
    // Ten shares of KO at 50.53 are held, ordered, or perhaps ordered; two openings of 19 cost 1,920 more.
    type Spoil = fn(&mut Scene);
    let table: [(&str, Spoil); 3] = [
        ("held", |s| s.hold("KO")),
        ("ordered", |s| s.works("KO", Leg::Entry)),
        ("perhaps ordered", |s| {
            let mut intent = s.intent("KO", Leg::Entry, OrderState::Unknown);
            intent.recorded_at = s.view.now - TimeDelta::minutes(5);
            s.book.restore(intent);
        }),
    ];
    for (name, spoil) in table {
        for (cap, sent) in [(2_426, 2), (1_480, 1), (400, 0)] {
            let mut scene = Scene::confirmed();
            spoil(&mut scene);
            scene.limits.gross_notional = Usd::dollars(cap);
            let decision = scene.open();
            let spent: Usd = decision
                .actions
                .iter()
                .filter_map(|action| match action {
                    Action::Submit { order, .. } => Some(order.get().price()?.notional(order.get().qty)),
                    Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
                })
                .sum();
            assert!(spent + Usd::dollars(505) <= Usd::dollars(cap.max(505)), "{name}: {spent} of {cap}");
            assert_eq!(Scene::sent(&decision, Purpose::Open).len(), sent, "{name}, cap {cap}: {decision:?}");
        }
    }
}

#[test]
fn an_entry_is_protected_by_the_structural_stop_or_else_by_the_watchlists() {
    for (structural, expect) in [(None, "48"), (Some("49.123"), "49.12"), (Some("47.60"), "47.60")] {
        let mut scene = Scene::confirmed();
        scene.view.candidates[0].structural_stop = structural.map(price);
        let plan = scene.open().actions.into_iter().find_map(|action| match action {
            Action::Submit { trade, .. } => trade,
            Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
        });
        let plan = plan.unwrap();
        assert_eq!((plan.stop, plan.level, plan.r1), (price(expect), Some(price("50")), Some(price("52"))));
    }
    let mut wide = Scene::confirmed();
    wide.view.candidates[0].structural_stop = Some(price("47.52"));
    assert_eq!(wide.open().refusals[0].reason, Reason::RiskTooWide, "3.01 a share");
}

#[test]
fn candles_of_another_session_confirm_nothing() {
    let mut scene = Scene::confirmed();
    for candles in scene.view.candles.values_mut() {
        candles.iter_mut().for_each(|candle| candle.start = candle.start - TimeDelta::days(1));
    }
    let decision = scene.open();
    assert!(decision.actions.is_empty() && decision.refusals.is_empty(), "{decision:?}");
}

#[test]
fn a_lost_stream_withdraws_entries_and_leaves_stops() {
    let mut scene = Scene::past_the_target(10);
    scene.works("KO", Leg::Entry);
    scene.view.stream_silent = Some(TimeDelta::seconds(119));
    assert!(Scene::cancelled(&scene.protect()).is_empty());
    scene.view.stream_silent = Some(TimeDelta::seconds(120));
    assert_eq!(Scene::cancelled(&scene.protect()), [symbol("KO")]);
}

proptest! {
    /// Whatever comes as candles: no panic, and a confirmation only of a break that held on two that follow each other.
    #[test]
    fn any_candles(bars in prop::collection::vec((-3_i64..8, 9_900_i64..10_100, 0_u32..3_000), 0..40)) {
        let open = Scene::empty().view.session.unwrap().open;
        let candles: Vec<Candle> = bars
            .iter()
            .map(|(slot, cents, volume)| {
                let close = market::Price::from_cents(*cents).unwrap();
                let start = open + TimeDelta::minutes(10 * slot);
                Candle { start, open: close, high: close, low: close, close, volume: Qty::shares(*volume) }
            })
            .collect();
        let level = price("100");
        let sorted = candles.windows(2).all(|pair| pair[0].start < pair[1].start);
        let confirmation = break_and_hold(&candles, level);
        prop_assert!(sorted || confirmation.is_none());
        if let Some(confirmation) = confirmation {
            let at = candles.iter().position(|c| c.start + TimeDelta::minutes(10) == confirmation.at).unwrap();
            let (broke, held) = (&candles[at - 1], &candles[at]);
            prop_assert!(broke.close > level && held.close >= level && broke.start + TimeDelta::minutes(10) == held.start);
            let before: f64 = candles[..at].iter().map(|c| c.volume.to_f64()).sum::<f64>() / at as f64;
            prop_assert!(held.volume.to_f64() >= 0.8 * before - 1e-6);
        }
    }
}
