//! Same seed and same requests: the same event log, byte for byte. And whatever is asked: the books add up.

use std::collections::BTreeMap;

use crate::floor::{Floor, limit, market, stop};
use broker::{order::Side, report::OrderStatus};
use market::{Qty, Symbol, TimeDelta, Usd};
use proptest::prelude::*;
use serde_json::Value;

/// One thing a client or the clock does.
#[derive(Clone, Debug)]
enum Step {
    Advance(u16),
    Submit { symbol: usize, buy: bool, kind: usize, qty: u32, cents: u32 },
    Cancel(usize),
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_run_repeats_byte_for_byte(seed: u64, steps in steps()) {
        let (first, second) = (run(seed, &steps), run(seed, &steps));
        prop_assert_eq!(first.1.engine.event_log(), second.1.engine.event_log());
        prop_assert_eq!(first.0, second.0, "every answer");
    }

    #[test]
    fn the_books_add_up(seed: u64, steps in steps()) {
        let (_, mut floor) = run(seed, &steps);
        let truth = floor.truth();
        let mut cash = Usd::dollars(10_000);
        let mut held: BTreeMap<Symbol, i64> = BTreeMap::new();
        let mut filled: BTreeMap<String, Qty> = BTreeMap::new();
        for fill in &truth.fills {
            let (sign, shares) = match fill.side { Side::Buy => (1, fill.qty), Side::Sell => (-1, fill.qty) };
            let notional = fill.price.notional(shares);
            cash = if sign > 0 { cash - notional } else { cash + notional };
            *held.entry(fill.symbol).or_default() += sign * shares.units();
            prop_assert!(held[&fill.symbol] >= 0, "never short");
            let sum = filled.entry(fill.order_id.to_string()).or_default();
            *sum = sum.plus(shares);
        }
        prop_assert_eq!(truth.account.cash, cash);
        held.retain(|_, units| *units != 0);
        let positions: BTreeMap<Symbol, i64> = truth.positions.iter().map(|p| (p.symbol, p.qty.units())).collect();
        prop_assert_eq!(positions, held, "positions are the sum of fills");
        for order in &truth.orders {
            let sum = filled.get(order.id.as_str()).copied().unwrap_or_default();
            prop_assert_eq!(order.filled_qty, sum);
            prop_assert!(order.filled_qty <= order.qty);
            prop_assert_eq!(order.status == OrderStatus::Filled, order.filled_qty == order.qty);
        }
        let mut ids: Vec<&str> = truth.fills.iter().map(|fill| fill.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), truth.fills.len(), "execution ids are unique");
    }
}

#[test]
fn another_seed_makes_another_day() {
    let steps = [Step::Submit { symbol: 0, buy: true, kind: 0, qty: 5, cents: 0 }, Step::Advance(600)];
    assert_ne!(run(1, &steps).1.engine.event_log(), run(2, &steps).1.engine.event_log());
}

#[test]
fn one_long_step_of_time_is_many_short_ones() {
    let orders = [limit("FALL", "buy", 100, "15.00"), market("THIN", "buy", 30)];
    let run = |steps: &[&str]| {
        let mut floor = Floor::at("09:31");
        for order in &orders {
            floor.post_ok(order);
        }
        for time in steps {
            floor.advance(time);
        }
        floor.engine.event_log()
    };
    assert_eq!(run(&["16:30"]), run(&["09:31:07", "09:35", "12:00", "12:00", "11:00", "15:59:59", "16:00", "16:30"]));
}

fn run(seed: u64, steps: &[Step]) -> (Vec<(u16, String)>, Floor) {
    let mut floor = Floor::seeded(seed, "09:25");
    let mut answers = Vec::new();
    for step in steps {
        match step {
            Step::Advance(seconds) => {
                let to = floor.engine.now() + TimeDelta::seconds(i64::from(*seconds));
                floor.engine.advance_to(to);
            }
            Step::Submit { .. } => {
                let response = floor.post(&order(step));
                answers.push((response.status, response.body));
            }
            Step::Cancel(which) => {
                let orders = floor.truth().orders;
                if let Some(order) = orders.get(which % orders.len().max(1)) {
                    let id = order.id.to_string();
                    answers.push((floor.delete(&id), String::new()));
                }
            }
        }
    }
    (answers, floor)
}

fn order(step: &Step) -> Value {
    let Step::Submit { symbol, buy, kind, qty, cents } = step else { unreachable!("only called for a submit") };
    let (symbol, side) = (["RISE", "FALL", "THIN"][symbol % 3], if *buy { "buy" } else { "sell" });
    let price = format!("{}.{:02}", cents / 100, cents % 100);
    match kind % 3 {
        0 => market(symbol, side, *qty),
        1 => limit(symbol, side, *qty, &price),
        _ => stop(symbol, side, *qty, &price, "gtc"),
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let submit = (0_usize..3, any::<bool>(), 0_usize..3, 0_u32..80, 900_u32..5_500)
        .prop_map(|(symbol, buy, kind, qty, cents)| Step::Submit { symbol, buy, kind, qty, cents });
    let step = prop_oneof![3 => (0_u16..1_800).prop_map(Step::Advance), 4 => submit, 1 => any::<usize>().prop_map(Step::Cancel)];
    prop::collection::vec(step, 1..40)
}
