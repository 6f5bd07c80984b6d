//! Each check must be able to fail: one good day, and one change that breaks it.

use broker_sim::Truth;
use market::{Price, Qty, Usd};
use trading::{
    order::{OrderKind, OrderRequest, Purpose, TimeInForce},
    report::{AccountReport, OrderStatus, PositionReport},
    state::OrderState,
};

use super::*;

struct Day {
    truth: Truth,
    intents: Vec<Intent>,
    executions: Vec<Execution>,
    seen: Seen,
    log: String,
    alerts: Vec<String>,
    faults: Vec<Fault>,
}

/// Ten shares bought, ten under a stop, all of it in the ledger.
fn good_day() -> Day {
    let fill = Execution {
        id: "f1".into(),
        order_id: "b1".parse().unwrap(),
        symbol: symbol(),
        side: Side::Buy,
        qty: Qty::shares(10),
        price: price("20"),
        at: at(),
    };
    Day {
        truth: Truth {
            now: at(),
            account: account(),
            positions: vec![position(10)],
            orders: vec![order(Leg::Entry, 1, OrderStatus::Filled), order(Leg::Stop, 1, OrderStatus::New)],
            fills: vec![fill.clone()],
        },
        intents: vec![intent(Leg::Entry, OrderState::Filled), intent(Leg::Stop, OrderState::Working)],
        executions: vec![fill],
        seen: Seen { ready: 1, ends: vec![("scan.service".into(), Exit::Exited(0))], ..Seen::default() },
        log: String::new(),
        alerts: vec![],
        faults: vec![],
    }
}

fn failing(day: &Day) -> Vec<&'static str> {
    let Day { truth, intents, executions, seen, faults, log, alerts } = day;
    let evidence = Evidence { truth, intents, executions, alerts, log, seen, faults };
    all(&evidence).into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

#[test]
fn a_good_day_passes_and_every_flaw_is_named() {
    assert_eq!(failing(&good_day()), [""; 0]);
    type Flaw = fn(&mut Day);
    let flaws: [(&str, Flaw); 24] = [
        ("no order was sent twice", |day| day.seen.sent = vec!["one".into(), "two".into(), "one".into()]),
        ("no symbol entered twice", |day| {
            day.truth.orders.push(order(Leg::Entry, 2, OrderStatus::Filled));
            day.intents.push(Intent { request: request(Leg::Entry, 2), ..intent(Leg::Entry, OrderState::Filled) });
        }),
        ("every position has its stop at the venue", |day| {
            day.truth.orders.pop();
            day.intents.pop();
        }),
        ("every position has its stop at the venue", |day| day.truth.positions[0].qty = Qty::shares(9)),
        ("every order was recorded before it was sent", |day| drop(day.intents.remove(0))),
        ("no intent is lost or unresolved", |day| day.intents[0].state = OrderState::Unknown),
        ("no intent is lost or unresolved", |day| day.intents[1].state = OrderState::Canceled),
        ("every fill is in the ledger once", |day| day.executions.clear()),
        ("every fill is in the ledger once", |day| day.executions[0].qty = Qty::shares(9)),
        ("every order was recorded before it was sent", |day| {
            day.intents[0].recorded_at = at() + market::TimeDelta::seconds(1);
        }),
        ("no position was without its stop for long", |day| {
            day.seen.bare = vec![bare(21)];
        }),
        ("the service came up and ended well", |day| day.seen.ready = 0),
        ("the service came up and ended well", |day| {
            day.seen.services.insert("execution.service".into());
            day.seen.ends.push(("execution.service".into(), Exit::Exited(1)));
        }),
        ("nothing was bought while it must not", |day| {
            day.faults = vec![Fault::Named(Named::KillSwitch)];
            day.seen.struck = Some(at());
            strike(day);
            day.truth.fills[0].at = at() + market::TimeDelta::seconds(61);
            day.executions[0].at = day.truth.fills[0].at;
        }),
        ("every job ended well", |day| day.seen.ends[0].1 = Exit::Exited(65)),
        ("the fault struck", |day| {
            day.faults = vec![Fault::Named(Named::KillSwitch)];
        }),
        ("nothing was bought while it must not", |day| {
            day.faults = vec![Fault::Named(Named::KillSwitch)];
            day.seen.struck = Some(at() - market::TimeDelta::minutes(1));
            strike(day);
        }),
        ("somebody was told", |day| {
            day.faults = vec!["clock-skew-5s".parse().unwrap()];
            (day.seen.struck, day.seen.lifted) = (Some(at()), Some(at()));
            strike(day);
        }),
        ("the log tells what is so", |day| {
            day.log = "10:00 INFO SUBMITTED AAPL buy 10 limit 20 (open) order_id=elsewhere".into();
        }),
        ("the log tells what is so", |day| {
            day.log = "10:00 INFO FILLED AAPL buy 10 at 20 execution=\"f1\"\n".repeat(2);
        }),
        ("the second process was refused", |day| {
            day.faults = vec!["two-processes".parse().unwrap()];
            day.seen.struck = Some(at());
            strike(day);
            day.seen.by_hand = vec![Exit::Exited(0)];
        }),
        ("the service came back", |day| {
            day.faults = vec!["abort".parse().unwrap()];
            day.seen.struck = Some(at());
            strike(day);
            day.seen.services.insert("execution.service".into());
            day.seen.ends.push(("execution.service".into(), Exit::Killed(6)));
        }),
        ("the service came back", |day| {
            day.faults = vec!["disk-full".parse().unwrap()];
            (day.seen.struck, day.seen.lifted) = (Some(at()), Some(at()));
            strike(day);
        }),
        ("nothing is dated within the jump", |day| {
            let minute = market::TimeDelta::minutes(1);
            day.seen.jumped = Some((at() - minute, at() + minute));
        }),
    ];
    for (name, flaw) in flaws {
        let mut day = good_day();
        flaw(&mut day);
        assert_eq!(failing(&day), [name]);
    }
}

#[test]
fn a_day_that_should_have_been_refused_is_refused_only_with_the_gate_and_without_orders() {
    let mut day = good_day();
    day.faults = vec![Fault::Named(Named::StaleWatchlist)];
    day.seen.struck = Some(at());
    strike(&mut day);
    assert_eq!(failing(&day), ["the gate refused and nothing was ordered"]);
    day.seen.gates = vec![Exit::Exited(75)];
    assert_eq!(failing(&day), ["the gate refused and nothing was ordered"], "there are orders");
    (day.truth.orders, day.truth.positions, day.truth.fills) = (vec![], vec![], vec![]);
    (day.intents, day.executions) = (vec![], vec![]);
    assert_eq!(failing(&day), [""; 0]);
}

#[test]
fn each_kill_in_a_stretch_adds_a_restart() {
    let mut day = good_day();
    day.faults = vec!["kill@fsync:1".parse().unwrap()];
    (day.seen.struck, day.seen.ready_after_fault) = (Some(at()), true);
    strike(&mut day);
    day.seen.services.insert("execution.service".into());
    day.seen.ends.push(("execution.service".into(), Exit::Killed(9)));
    day.seen.bare = vec![bare(130)];
    assert_eq!(failing(&day), ["no position was without its stop for long"]);
    day.seen.kills =
        vec![Kill { point: "fsync:1".into(), at: at(), what: String::new(), last_send: None, records_since: 0 }; 2];
    assert_eq!(failing(&day), [""; 0]);
}

#[test]
fn each_fault_must_strike_and_end_the_process_its_own_way() {
    let mut day = good_day();
    day.faults = vec!["abort".parse().unwrap(), "other-account".parse().unwrap()];
    (day.seen.struck, day.seen.ready_after_fault) = (Some(at()), true);
    day.seen.services.insert("execution.service".into());
    day.alerts = vec!["execution.service: down".into()];
    let ended = "the service came up and ended well";
    for (end, left) in [(6, true), (9, true)] {
        day.seen.ends.push(("execution.service".into(), Exit::Killed(end)));
        assert_eq!(failing(&day).contains(&ended), left, "{end}");
    }
    day.seen.ends.push(("execution.service".into(), Exit::Exited(78)));
    assert_eq!(failing(&day), ["the fault struck"]);
    day.seen.struck_by.insert("abort".into());
    assert_eq!(failing(&day), ["the fault struck"], "the other one never did");
    strike(&mut day);
    assert_eq!(failing(&day), [""; 0]);
}

#[test]
fn only_what_somebody_else_bought_may_be_bare() {
    let mut day = good_day();
    day.faults = vec!["stranger-position".parse().unwrap()];
    day.seen.struck = Some(at());
    strike(&mut day);
    day.alerts = vec!["X: no entry was on its way".into()];
    day.seen.bare = vec![bare(600)];
    assert_eq!(failing(&day), ["no position was without its stop for long"]);
}

/// Every fault of the day struck.
fn strike(day: &mut Day) {
    day.seen.struck_by = day.faults.iter().map(Fault::key).collect();
}

fn bare(seconds: i64) -> Bare {
    Bare { symbol: symbol(), from: at(), until: at() + market::TimeDelta::seconds(seconds) }
}

fn at() -> Timestamp {
    "2017-11-10T16:00:00Z".parse().unwrap()
}

fn symbol() -> Symbol {
    "AAPL".parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn key(leg: Leg, attempt: u32) -> IntentKey {
    IntentKey {
        account: "PA30000000".parse().unwrap(),
        date: at().ny_date(),
        strategy: "avwap".parse().unwrap(),
        symbol: symbol(),
        leg,
        attempt,
    }
}

fn request(leg: Leg, attempt: u32) -> OrderRequest {
    let (side, kind, purpose) = match leg {
        Leg::Entry => (Side::Buy, OrderKind::Limit { limit: price("20") }, Purpose::Open),
        Leg::Stop | Leg::Trim1 | Leg::Trim2 | Leg::Exit => {
            (Side::Sell, OrderKind::Stop { stop: price("19") }, Purpose::Protect)
        }
    };
    OrderRequest {
        client_order_id: key(leg, attempt).client_order_id(),
        symbol: symbol(),
        side,
        qty: Qty::shares(10),
        kind,
        time_in_force: TimeInForce::Gtc,
        purpose,
    }
}

fn intent(leg: Leg, state: OrderState) -> Intent {
    Intent {
        key: key(leg, 1),
        request: request(leg, 1),
        state,
        recorded_at: at(),
        broker_id: None,
        doubted_since: None,
        replaces: None,
        trade: None,
        note: String::new(),
    }
}

fn order(leg: Leg, attempt: u32, status: OrderStatus) -> OrderReport {
    let request = request(leg, attempt);
    let filled = if status == OrderStatus::Filled { Qty::shares(10) } else { Qty::ZERO };
    OrderReport {
        id: format!("b{leg}{attempt}{status:?}").parse().unwrap(),
        client_order_id: request.client_order_id,
        symbol: request.symbol,
        side: request.side,
        qty: request.qty,
        filled_qty: filled,
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(request.time_in_force),
        status,
        submitted_at: at(),
        replaces: None,
    }
}

fn position(shares: u32) -> PositionReport {
    PositionReport {
        symbol: symbol(),
        qty: Qty::shares(shares),
        short: false,
        avg_entry_price: Some(price("20")),
        current_price: None,
    }
}

fn account() -> AccountReport {
    AccountReport {
        number: "PA30000000".parse().unwrap(),
        equity: Usd::dollars(100_000),
        last_equity: Usd::dollars(100_000),
        cash: Usd::dollars(100_000),
        buying_power: Usd::dollars(100_000),
        trading_blocked: false,
    }
}
