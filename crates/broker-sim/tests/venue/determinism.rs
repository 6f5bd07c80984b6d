//! Same seed and same requests: the same event log, byte for byte. And whatever is asked: the books add up.

use std::collections::{BTreeMap, BTreeSet};

use crate::floor::{self, Floor, limit, market};
use broker_sim::engine::{Engine, Request};
use market::{Price, Qty, Symbol, TimeDelta, Usd};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use venue::{
    order::{Order, Role, Size, Uuid},
    update::{Update, UpdateKind},
    words::{OrderClass, Side, Status},
};

const SYMBOLS: [&str; 3] = ["RISE", "FALL", "THIN"];

/// How the venue is set up.
#[derive(Clone, Copy, Debug)]
struct Setup {
    seed: u64,
    latency_ms: u16,
    margin: bool,
}

/// One thing a client, the market or the clock does. Orders are named by a number, wrapped round those there are.
#[derive(Clone, Debug)]
enum Step {
    Advance(u16),
    Submit { symbol: usize, buy: bool, kind: usize, time: usize, qty: u32, cents: u32, far: u32 },
    Cancel(usize),
    CancelAll,
    Replace { which: usize, what: usize, qty: u32, cents: u32 },
    Close { symbol: usize, percentage: u32 },
    CloseAll(bool),
    Print { symbol: usize, cents: u32, spread: u32, volume: u16 },
    Halt { symbol: usize, halted: bool },
    Split { symbol: usize, new: u32, old: u32 },
}

/// What the updates say, kept by other rules than the venue's own.
#[derive(Default)]
struct Model {
    status: BTreeMap<Uuid, Status>,
    filled: BTreeMap<Uuid, Qty>,
    executions: BTreeSet<Uuid>,
    halted: BTreeSet<Symbol>,
    /// Signed units, and what they cost or brought, in 1/10,000 dollar.
    held: BTreeMap<Symbol, (i128, i128)>,
    cash: Usd,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_run_repeats_byte_for_byte(setup in setups(), steps in steps()) {
        let (first, second) = (run(setup, &steps)?, run(setup, &steps)?);
        prop_assert_eq!(first.1.event_log(), second.1.event_log());
        prop_assert_eq!(first.0, second.0, "every answer and every update");
    }

    #[test]
    fn the_books_add_up_after_every_step(setup in setups(), steps in steps()) {
        run(setup, &steps)?;
    }
}

#[test]
fn another_seed_makes_another_day() {
    let log = |seed| {
        let mut floor = Floor::seeded(seed, "09:25");
        floor.post_ok(&market("RISE", "buy", 5));
        floor.advance("09:40");
        floor.engine.event_log()
    };
    assert_ne!(log(1), log(2));
}

#[test]
fn one_long_step_of_time_is_many_short_ones() {
    let mut bracket = limit("RISE", "buy", 50, "12.00");
    bracket["order_class"] = json!("bracket");
    bracket["take_profit"] = json!({"limit_price": "15.00"});
    bracket["stop_loss"] = json!({"stop_price": "9.00"});
    let orders = [limit("FALL", "buy", 100, "15.00"), market("THIN", "buy", 30), bracket];
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

/// A property says nothing of what its runs never reach.
#[test]
fn the_runs_reach_every_event_of_every_class() {
    let mut runner = TestRunner::deterministic();
    let mut reached: BTreeMap<(String, String), usize> = BTreeMap::new();
    for _ in 0..1_500 {
        let setup = setups().new_tree(&mut runner).unwrap().current();
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for text in run(setup, &steps).unwrap().0 {
            let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
            let (event, order) = (&message["data"]["event"], &message["data"]["order"]);
            let role = order["group_role"].as_str().unwrap_or("alone");
            *reached.entry((event.to_string().replace('"', ""), role.to_owned())).or_default() += 1;
        }
    }
    for (event, roles) in [
        ("accepted", vec!["alone", "entry"]),
        ("pending_new", vec!["alone", "entry", "take_profit"]),
        ("new", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("held", vec!["take_profit", "stop_loss"]),
        ("partial_fill", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("fill", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("canceled", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("expired", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("pending_replace", vec!["alone", "stop_loss"]),
        ("replaced", vec!["alone", "stop_loss"]),
        ("pending_cancel", vec!["alone", "entry", "take_profit", "stop_loss"]),
        ("restated", vec!["alone", "stop_loss"]),
        ("order_replace_rejected", vec!["alone"]),
        ("rejected", vec!["alone"]),
        ("order_cancel_rejected", vec!["alone"]),
    ] {
        for role in roles {
            let count = reached.get(&(event.to_owned(), role.to_owned())).copied().unwrap_or(0);
            assert!(count > 0, "{event} of {role} is never reached: {reached:?}");
        }
    }
}

/// Every answer and update as text, and the engine; fails where an invariant does.
fn run(setup: Setup, steps: &[Step]) -> Result<(Vec<String>, Engine), TestCaseError> {
    let mut config = floor::config(setup.seed, "09:25");
    config.latency = TimeDelta::milliseconds(i64::from(setup.latency_ms));
    (config.shorting, config.multiplier) = if setup.margin { (true, 2) } else { (false, 1) };
    let mut engine = Engine::new(config, floor::day());
    engine.set_streaming(true);
    let mut model = Model { cash: engine.book().cash(), ..Model::default() };
    let mut told = Vec::new();
    for step in steps {
        told.extend(perform(&mut engine, &mut model, step));
        for update in engine.take_updates() {
            model.take(&update)?;
            told.push(engine.update_json(&update));
        }
        model.check(&mut engine)?;
    }
    Ok((told, engine))
}

fn perform(engine: &mut Engine, model: &mut Model, step: &Step) -> Option<String> {
    let symbol = |which: usize| SYMBOLS[which % 3].parse::<Symbol>().unwrap();
    let id = |engine: &Engine, which: usize| {
        let orders = engine.book().orders();
        orders.get(which % orders.len().max(1)).map(|order| order.id.to_string())
    };
    match step {
        Step::Advance(seconds) => {
            engine.advance_to(engine.now() + TimeDelta::seconds(i64::from(*seconds)));
            None
        }
        Step::Submit { .. } => Some(ask(engine, "POST", "/v2/orders", &[], &order(step).to_string())),
        Step::Cancel(which) => Some(ask(engine, "DELETE", &format!("/v2/orders/{}", id(engine, *which)?), &[], "")),
        Step::CancelAll => Some(ask(engine, "DELETE", "/v2/orders", &[], "")),
        Step::Replace { which, what, qty, cents } => {
            let change = match what % 4 {
                0 => json!({"qty": qty.to_string()}),
                1 => json!({"limit_price": money(*cents)}),
                2 => json!({"stop_price": money(*cents)}),
                _ => json!({"trail": money(*cents % 900 + 1)}),
            };
            let path = format!("/v2/orders/{}", id(engine, *which)?);
            Some(ask(engine, "PATCH", &path, &[], &change.to_string()))
        }
        Step::Close { symbol, percentage } => {
            let path = format!("/v2/positions/{}", SYMBOLS[symbol % 3]);
            Some(ask(engine, "DELETE", &path, &[("percentage", &percentage.to_string())], ""))
        }
        Step::CloseAll(cancel) => {
            Some(ask(engine, "DELETE", "/v2/positions", &[("cancel_orders", &cancel.to_string())], ""))
        }
        Step::Print { symbol: which, cents, spread, volume } => {
            let price = |cents: u32| Price::from_cents(i64::from(cents)).ok();
            let (bid, ask) = (price(cents - spread), price(cents + spread));
            let printed = engine.print(symbol(*which), price(*cents).unwrap(), bid, ask, u64::from(*volume));
            Some(format!("{printed:?}"))
        }
        Step::Halt { symbol: which, halted } => {
            engine.halt(symbol(*which), *halted).unwrap();
            if *halted {
                model.halted.insert(symbol(*which))
            } else {
                model.halted.remove(&symbol(*which))
            };
            None
        }
        Step::Split { symbol: which, new, old } => {
            let split = engine.split(symbol(*which), *new, *old);
            if split.is_ok() {
                model.split(symbol(*which), *new, *old);
            }
            Some(format!("{split:?}"))
        }
    }
}

fn ask(engine: &mut Engine, method: &str, path: &str, query: &[(&str, &str)], body: &str) -> String {
    let response = engine.handle(&Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        key_id: Some("key".to_owned()),
        secret_key: Some("secret".to_owned()),
        body: body.to_owned(),
    });
    format!("{} {}", response.status, response.body)
}

impl Model {
    fn take(&mut self, update: &Update) -> Result<(), TestCaseError> {
        let order = &update.order;
        let before = self.status.insert(order.id, order.status);
        let UpdateKind::Trade { execution_id, price, qty, position_qty, short } = update.kind else {
            prop_assert!(before.is_none_or(|status| !status.is_final() || status == order.status), "{update:?}");
            return Ok(());
        };
        let works = [Status::New, Status::PartiallyFilled, Status::PendingCancel, Status::PendingReplace];
        prop_assert!(before.is_some_and(|status| works.contains(&status)), "filled while {before:?}: {update:?}");
        prop_assert!(!self.halted.contains(&order.symbol), "filled in a halt: {update:?}");
        prop_assert!(self.executions.insert(execution_id), "execution ids are unique");
        let filled = self.filled.entry(order.id).or_default();
        *filled = filled.plus(qty);
        prop_assert_eq!(*filled, order.filled_qty);
        if let Size::Shares(ordered) = order.size {
            prop_assert!(*filled <= ordered, "more than was ordered: {:?}", update);
            prop_assert_eq!(*filled == ordered, order.status == Status::Filled, "{:?}", update);
        }
        self.trade(order, qty, price);
        let (units, _) = self.held.get(&order.symbol).copied().unwrap_or_default();
        prop_assert_eq!(units, i128::from(position_qty.units()) * if short { -1 } else { 1 });
        Ok(())
    }

    fn trade(&mut self, order: &Order, qty: Qty, price: Price) {
        let (sign, notional) = (if order.side == Side::Buy { 1 } else { -1 }, price.notional(qty));
        self.cash = if sign > 0 { self.cash - notional } else { self.cash + notional };
        let (held, cost) = self.held.entry(order.symbol).or_default();
        let change = sign * i128::from(qty.units());
        if *held * change >= 0 {
            *cost += i128::from(notional.units());
        } else {
            assert!(change.abs() <= held.abs(), "a position is never turned round");
            *cost -= *cost * change.abs() / held.abs();
        }
        *held += change;
        self.held.retain(|_, (held, _)| *held != 0);
    }

    fn split(&mut self, symbol: Symbol, new: u32, old: u32) {
        if let Some((held, _)) = self.held.get_mut(&symbol) {
            *held = *held * i128::from(new) / i128::from(old);
        }
    }

    fn check(&self, engine: &mut Engine) -> Result<(), TestCaseError> {
        let book = engine.book();
        prop_assert_eq!(book.cash(), self.cash, "the cash is what the fills left of it");
        let held: BTreeMap<Symbol, (i128, i128)> = book
            .holdings()
            .iter()
            .map(|(symbol, held)| {
                let sign = if held.short { -1 } else { 1 };
                (*symbol, (sign * i128::from(held.qty.units()), i128::from(held.cost.units())))
            })
            .collect();
        prop_assert_eq!(&held, &self.held, "positions and their costs are what the fills made of them");
        prop_assert!(book.reserved() >= Usd::ZERO);
        for order in book.orders() {
            prop_assert_eq!(self.status.get(&order.id), Some(&order.status), "no change without an update");
        }
        for symbol in SYMBOLS {
            let symbol: Symbol = symbol.parse().unwrap();
            let open = book.orders().iter().filter(|order| order.symbol == symbol && order.is_open());
            prop_assert!(open.count() > 0 || book.held_for_orders(symbol).is_zero(), "nobody claims what nobody sells");
        }
        let any_open = book.orders().iter().any(Order::is_open);
        prop_assert!(any_open || book.reserved() == Usd::ZERO, "nobody reserves for nothing");
        self.check_groups(book.orders())?;
        prop_assert!(engine.buying_power() >= Usd::ZERO);
        Ok(())
    }

    /// Of two exits one is filled, or parts of both that make one.
    fn check_groups(&self, orders: &[Order]) -> Result<(), TestCaseError> {
        let mut exits: BTreeMap<Uuid, (Qty, usize)> = BTreeMap::new();
        let mut most: BTreeMap<Uuid, Qty> = BTreeMap::new();
        for order in orders.iter().filter(|order| order.class != OrderClass::Simple) {
            let group = order.group.expect("orders of a class have a group");
            let ordered = most.entry(group).or_default();
            *ordered = (*ordered).max(order.qty());
            if order.role == Role::Parent && order.class != OrderClass::Oco {
                continue;
            }
            let (filled, whole) = exits.entry(group).or_default();
            *filled = filled.plus(order.filled_qty);
            *whole += usize::from(order.status == Status::Filled);
        }
        for (group, (filled, whole)) in exits {
            prop_assert!(whole <= 1, "two exits were filled");
            prop_assert!(filled <= self.first_qty(orders, group), "more was sold than bought");
        }
        Ok(())
    }

    /// What the first order of a group was for.
    fn first_qty(&self, orders: &[Order], group: Uuid) -> Qty {
        let of_group = orders.iter().filter(|order| order.group == Some(group));
        let sums = of_group.clone().filter(|order| order.role == Role::Parent).map(|order| order.qty());
        let entry = of_group.clone().any(|order| order.role == Role::Parent && order.class != OrderClass::Oco);
        // An OCO's first order shrinks with the other exit's fills, and is replaced by orders for what is left.
        let filled = of_group.filter(|_| !entry).fold(Qty::ZERO, |sum, order| sum.plus(order.filled_qty));
        sums.fold(filled, Qty::max)
    }
}

fn order(step: &Step) -> Value {
    let Step::Submit { symbol, buy, kind, time, qty, cents, far } = step else {
        unreachable!("only called for a submit")
    };
    let (symbol, side) = (SYMBOLS[symbol % 3], if *buy { "buy" } else { "sell" });
    let (price, above, below) = (money(*cents), money(cents + far), money(cents.saturating_sub(*far).max(1)));
    let (profit, loss) = if *buy { (above, below) } else { (below, above) };
    let mut order = market(symbol, side, *qty);
    let members = match kind {
        0 | 1 => json!({}),
        2 | 3 => json!({"type": "limit", "limit_price": price}),
        4 => json!({"type": "stop", "stop_price": price}),
        5 => json!({"type": "stop_limit", "stop_price": price, "limit_price": loss}),
        6 => json!({"type": "trailing_stop", "trail_percent": "3"}),
        7 => json!({"type": "trailing_stop", "trail_price": "0.75"}),
        8 => json!({"qty": null, "notional": price}),
        9 => {
            json!({"order_class": "bracket", "take_profit": {"limit_price": profit}, "stop_loss": {"stop_price": loss}})
        }
        11 | 12 => json!({
            "type": "limit", "limit_price": price, "order_class": "bracket",
            "take_profit": {"limit_price": profit}, "stop_loss": {"stop_price": loss},
        }),
        13 => json!({"order_class": "oto", "stop_loss": {"stop_price": loss}}),
        // An exit pair of what is held: its profit lies the other way.
        _ => json!({
            "type": "limit", "order_class": "oco",
            "take_profit": {"limit_price": loss}, "stop_loss": {"stop_price": profit},
        }),
    };
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order["time_in_force"] = json!(["day", "day", "gtc", "gtc", "ioc", "fok", "opg", "cls"][time % 8]);
    if time % 16 == 8 {
        order["extended_hours"] = json!(true);
    }
    order
}

fn money(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn setups() -> impl Strategy<Value = Setup> {
    (any::<u64>(), prop_oneof![Just(0_u16), 1_u16..40_000], any::<bool>())
        .prop_map(|(seed, latency_ms, margin)| Setup { seed, latency_ms, margin })
}

/// Near what each symbol trades at, most of the time.
fn cents() -> impl Strategy<Value = [u32; 3]> {
    let near = |low: u32, high: u32| prop_oneof![6 => low..high, 1 => 100_u32..9_000];
    [near(1_000, 2_000).boxed(), near(1_000, 2_000).boxed(), near(4_800, 5_200).boxed()]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let submit = (0_usize..3, any::<bool>(), 0_usize..16, 0_usize..16, 1_u32..80, cents(), 1_u32..400).prop_map(
        |(symbol, buy, kind, time, qty, cents, far)| Step::Submit {
            symbol,
            buy,
            kind,
            time,
            qty,
            cents: cents[symbol],
            far,
        },
    );
    let replace = (any::<usize>(), 0_usize..4, 0_u32..90, 0_usize..3, cents())
        .prop_map(|(which, what, qty, symbol, cents)| Step::Replace { which, what, qty, cents: cents[symbol] });
    let print = (0_usize..3, cents(), 0_u32..20, 0_u16..60).prop_map(|(symbol, cents, spread, volume)| Step::Print {
        symbol,
        cents: cents[symbol],
        spread,
        volume,
    });
    let split = (0_usize..3, 1_u32..5, 1_u32..5).prop_map(|(symbol, new, old)| Step::Split { symbol, new, old });
    let step = prop_oneof![
        8 => (0_u16..600).prop_map(Step::Advance),
        8 => (0_u16..20).prop_map(Step::Advance),
        1 => (10_000_u16..60_000).prop_map(Step::Advance),
        30 => submit,
        3 => any::<usize>().prop_map(Step::Cancel),
        1 => Just(Step::CancelAll),
        14 => replace,
        2 => (0_usize..3, 0_u32..110).prop_map(|(symbol, percentage)| Step::Close { symbol, percentage }),
        1 => any::<bool>().prop_map(Step::CloseAll),
        24 => print,
        1 => (0_usize..3, any::<bool>()).prop_map(|(symbol, halted)| Step::Halt { symbol, halted }),
        1 => split,
    ];
    prop::collection::vec(step, 1..70)
}
