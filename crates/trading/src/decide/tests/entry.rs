//! Entries at their edges: when, at which price, and of how many shares.

use market::NyDate;

use super::*;
use crate::{confirm::Delays, state::OrderState};

/// Shares that each entry of a step is of, or the reason of the first refusal.
fn decided(scene: &Scene) -> Result<Vec<u64>, Reason> {
    let decision = scene.decide();
    match decision.refusals.first() {
        Some(refusal) => Err(refusal.reason),
        None => {
            let orders = decision.actions.iter().filter_map(|action| match action {
                Action::Submit { order, .. } => Some(order.get().qty.whole_shares()),
                Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
            });
            Ok(orders.collect())
        }
    }
}

fn buy_of_ko(scene: &Scene, id: &str, kind: OrderKind) -> OrderRequest {
    let (request, _) = scene.order(Leg::Entry, 10);
    OrderRequest { client_order_id: id.parse().unwrap(), symbol: symbol("KO"), kind, ..request }
}

/// An entry of KO of ours: ten shares at 50.53.
fn entry_of_ko(scene: &mut Scene, state: OrderState, seconds_ago: i64) -> IntentKey {
    let (_, key) = scene.order(Leg::Entry, 10);
    let key = IntentKey { symbol: symbol("KO"), ..key };
    let id = key.client_order_id();
    let request = buy_of_ko(scene, id.as_str(), OrderKind::Limit { limit: price("50.53") });
    scene.record(request, key.clone(), state);
    let recorded_at = scene.view.now - TimeDelta::seconds(seconds_ago);
    scene.book.edit(|intent| intent.recorded_at = recorded_at);
    key
}

#[test]
fn an_entry_waits_its_delay_from_the_end_of_the_holding_candle() {
    let mut scene = Scene::confirmed();
    let date = scene.view.now.ny_date();
    let due = date.at_hm(10, 50) + Delays::on(date).of(symbol("AAPL"));
    for (at, expect) in [(due - TimeDelta::nanoseconds(1), vec![]), (due, vec![19])] {
        scene.view.now = at;
        (scene.view.high_water, scene.view.executions_read_at) = (at, at);
        scene.quote("50.46", "50.47");
        assert_eq!(decided(&scene), Ok(expect), "{at}");
    }
}

#[test]
fn delays_of_all_days_and_symbols_are_one_to_four_minutes() {
    let first: NyDate = "2026-01-02".parse().unwrap();
    let mut seconds = BTreeSet::new();
    for day in 0..100 {
        let of_day = ["A", "AAPL", "BRK.B", "MSFT", "T"]
            .map(|text| Delays::on(first.plus_days(day)).of(symbol(text)).num_seconds());
        assert!(of_day.iter().all(|seconds| (60..=240).contains(seconds)), "{of_day:?}");
        seconds.extend(of_day);
    }
    assert!(seconds.len() > 150, "spread over days and symbols: {}", seconds.len());
}

#[test]
fn what_leaves_the_setup_behind() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, Option<Reason>, Spoil); 10] = [
        ("the bid at the level", None, |s| s.quote("50.00", "50.02")),
        ("the bid a cent below it", Some(Reason::BelowLevel), |s| s.quote("49.99", "50.02")),
        ("three percent of drift", None, |s| {
            s.quote("51.90", "51.912");
            s.view.candidates[0].stop_loss = price("50");
        }),
        ("a hair more", Some(Reason::PriceDrift), |s| s.quote("51.90", "51.9121")),
        ("confirmed just so long ago", None, |s| s.limits.intent_life = TimeDelta::minutes(5)),
        ("longer ago", Some(Reason::IntentExpired), |s| s.limits.intent_life = TimeDelta::seconds(299)),
        ("three dollars of risk", None, |s| s.view.candidates[0].stop_loss = price("47.53")),
        ("a cent more", Some(Reason::RiskTooWide), |s| s.view.candidates[0].stop_loss = price("47.52")),
        ("the stop at the entry", Some(Reason::RiskTooWide), |s| s.view.candidates[0].stop_loss = price("50.53")),
        ("the stop above it", Some(Reason::RiskTooWide), |s| s.view.candidates[0].stop_loss = price("51")),
    ];
    for (why, expect, spoil) in table {
        let mut scene = Scene::confirmed();
        spoil(&mut scene);
        assert_eq!(decided(&scene).err(), expect, "{why}");
    }
}

#[test]
fn a_size_is_what_every_room_leaves() {
    type Spoil = fn(&mut Scene);
    let limit = |text: &str| OrderKind::Limit { limit: price(text) };
    let by_hand = move |scene: &mut Scene, kind| {
        let request = buy_of_ko(scene, "by-hand", kind);
        scene.work(&request);
    };
    // A share costs 50.53; the cap of the symbol, 1,000, pays for 19.
    let table: [(&str, Result<Vec<u64>, Reason>, Spoil); 8] = [
        ("the symbol's cap", Ok(vec![19]), |_| {}),
        ("the gross cap", Ok(vec![13]), |s| s.limits.gross_notional = Usd::dollars(700)),
        ("one share", Ok(vec![1]), |s| s.limits.gross_notional = Usd::dollars(101)),
        ("none", Err(Reason::MaxGrossNotional), |s| s.limits.gross_notional = Usd::dollars(50)),
        ("nine tenths of the buying power", Ok(vec![17]), |s| {
            s.view.account.as_mut().unwrap().buying_power = Usd::dollars(1_000);
        }),
        ("less what an unknown outcome may have used", Ok(vec![7]), |s| {
            s.view.account.as_mut().unwrap().buying_power = Usd::dollars(1_000);
            entry_of_ko(s, OrderState::Unknown, 300);
        }),
        ("the broker has taken off what works", Ok(vec![17]), |s| {
            s.view.account.as_mut().unwrap().buying_power = Usd::dollars(1_000);
            entry_of_ko(s, OrderState::Working, 300);
        }),
        ("what is left of a partly filled entry", Ok(vec![12]), |s| {
            s.limits.gross_notional = Usd::dollars(1_000);
            let key = entry_of_ko(s, OrderState::Working, 300);
            let intent = s.book.intent(&key.client_order_id()).unwrap().clone();
            s.book.count(&Execution {
                id: "f1".into(),
                order_id: intent.broker_id.unwrap(),
                symbol: symbol("KO"),
                side: Side::Buy,
                qty: Qty::shares(3),
                price: price("50.50"),
                at: s.view.now,
            });
        }),
    ];
    for (why, expect, spoil) in table {
        let mut scene = Scene::confirmed();
        spoil(&mut scene);
        assert_eq!(decided(&scene), expect, "{why}");
    }
    for (kind, expect) in [(limit("50"), 9), (OrderKind::Market, 9), (limit("25"), 14)] {
        let mut scene = Scene::confirmed();
        scene.limits.gross_notional = Usd::dollars(1_000);
        let quote = Quote::new(scene.view.now, price("49.98"), price("50")).unwrap();
        scene.view.quotes.insert(symbol("KO"), quote);
        by_hand(&mut scene, kind);
        assert_eq!(decided(&scene), Ok(vec![expect]), "ten shares bought by another hand, {kind}");
    }
}

#[test]
fn what_no_position_shows_yet_and_what_has_no_price_use_the_caps() {
    type Spoil = fn(&mut Scene);
    let unseen: Spoil = |s| s.view.unseen = [(symbol("KO"), Usd::dollars(505))].into();
    let table: [(&str, Result<Vec<u64>, Reason>, Spoil, Spoil); 4] = [
        ("a fill, and the gross cap", Ok(vec![9]), unseen, |s| s.limits.gross_notional = Usd::dollars(1_000)),
        ("a fill, and the buying power", Ok(vec![7]), unseen, |s| {
            s.view.account.as_mut().unwrap().buying_power = Usd::dollars(1_000);
        }),
        (
            "a position without a price",
            Err(Reason::MaxGrossNotional),
            |s| {
                s.hold("KO", 5);
                let position = s.view.positions.get_mut(&symbol("KO")).unwrap();
                (position.current_price, position.avg_entry_price) = (None, None);
            },
            |_| {},
        ),
        (
            "another hand's order for dollars",
            Err(Reason::MaxGrossNotional),
            |s| {
                let order = buy_of_ko(s, "by-hand", OrderKind::Limit { limit: price("50") });
                s.work(&OrderRequest { qty: Qty::ZERO, ..order });
            },
            |_| {},
        ),
    ];
    for (why, expect, exposure, cap) in table {
        let mut scene = Scene::confirmed();
        exposure(&mut scene);
        cap(&mut scene);
        assert_eq!(decided(&scene), expect, "{why}");
    }
}

#[test]
fn the_second_entry_of_a_step_has_what_the_first_left() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, [u64; 2], Spoil); 3] = [
        ("plenty", [19, 19], |_| {}),
        ("gross", [19, 10], |s| s.limits.gross_notional = Usd::dollars(1_500)),
        ("buying power", [19, 16], |s| s.view.account.as_mut().unwrap().buying_power = Usd::dollars(2_000)),
    ];
    for (why, expect, spoil) in table {
        let mut scene = Scene::confirmed();
        scene.add_candidate("B");
        spoil(&mut scene);
        assert_eq!(decided(&scene), Ok(expect.to_vec()), "{why}");
    }
}

#[test]
fn a_symbol_that_another_hand_is_buying_is_not_flat() {
    let mut scene = Scene::confirmed();
    let (request, _) = scene.order(Leg::Entry, 10);
    scene.work(&OrderRequest { client_order_id: "by-hand".parse().unwrap(), ..request });
    assert_eq!(decided(&scene), Err(Reason::NotFlat));
}

#[test]
fn sends_count_for_their_second_and_their_minute() {
    // Seconds since the last opening; allowed a second and a minute.
    let table =
        [(0, 1, 10, Some(Reason::Throttle)), (1, 1, 10, None), (59, 2, 1, Some(Reason::Throttle)), (60, 2, 1, None)];
    for (ago, second, minute, expect) in table {
        let mut scene = Scene::confirmed();
        (scene.limits.sends_per_second, scene.limits.sends_per_minute) = (second, minute);
        entry_of_ko(&mut scene, OrderState::Expired, ago);
        assert_eq!(decided(&scene).err(), expect, "{ago} s ago");
    }
}
