//! One decision: 20 positions protected, 500 candidates with 39 candles each looked at. It should stay below 300 us.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    hint::black_box,
};

use criterion::{Criterion, criterion_group, criterion_main};
use market::{Bps, Calendar, Candle, NyDate, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use trading::{
    book::{Book, Intent, TradePlan},
    control::Authority,
    decide::{self, Candidate, View},
    limits::Limits,
    order::{IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    report::{AccountReport, Execution, OrderReport, OrderStatus, PositionReport},
    state::OrderState,
};

const POSITIONS: usize = 20;
const CANDIDATES: usize = 500;
const CANDLES: i64 = 39;

criterion_group!(benches, decision);
criterion_main!(benches);

fn decision(criterion: &mut Criterion) {
    for (name, confirmed) in [("all confirmed", CANDIDATES), ("a tenth confirmed", CANDIDATES / 10)] {
        let (book, view, limits) = scene(confirmed);
        let opened = decide::open(&book, &view, &limits);
        assert_eq!(opened.actions.len(), 2, "the throttle lets two pass");
        assert_eq!(opened.refusals.len(), confirmed - 2);
        assert!(decide::protect(&book, &view, &limits).actions.is_empty(), "every position has its stop");
        criterion.bench_function(&format!("protect and open/{name}"), |bencher| {
            bencher.iter(|| {
                let (book, view, limits) = (black_box(&book), black_box(&view), black_box(&limits));
                (decide::protect(book, view, limits), decide::open(book, view, limits))
            });
        });
    }
    let (book, mut view, limits) = scene(CANDIDATES);
    view.quotes.values_mut().for_each(|quote| quote.at = view.now - TimeDelta::minutes(1));
    assert_eq!(decide::open(&book, &view, &limits).refusals.len(), CANDIDATES);
    criterion.bench_function("protect and open/every quote is old", |bencher| {
        bencher.iter(|| {
            let (book, view, limits) = (black_box(&book), black_box(&view), black_box(&limits));
            (decide::protect(book, view, limits), decide::open(book, view, limits))
        });
    });
    criterion.bench_function("protect alone", |bencher| {
        bencher.iter(|| decide::protect(black_box(&book), black_box(&view), black_box(&limits)));
    });
}

/// Positions with a working stop each, and candidates of which so many confirmed with their last candle.
fn scene(confirmed: usize) -> (Book, View, Limits) {
    let date: NyDate = "2026-11-20".parse().unwrap();
    let session = Calendar::nyse().session_on(date).unwrap().unwrap();
    // A session that is long enough for all candles and still lets entries be made.
    let session = Session { close: session.close + TimeDelta::hours(1), ..session };
    let now = date.at_hm(16, 5);
    let cap = Usd::dollars(100_000_000);
    let limits = Limits {
        positions: u32::MAX,
        orders_per_day: u32::MAX,
        gross_notional: cap,
        symbol_notional: cap,
        ..Limits::default()
    };
    let mut book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
    let (mut positions, mut working) = (BTreeMap::new(), Vec::new());
    for index in 0..POSITIONS {
        let symbol = symbol("P", index);
        let entered = intent(&book, symbol, Leg::Entry, OrderState::Filled, session.open + TimeDelta::hours(1));
        book.count(&fill(&entered));
        let stop = intent(&book, symbol, Leg::Stop, OrderState::Working, session.open + TimeDelta::hours(1));
        working.push(report(&stop));
        book.restore(entered);
        book.restore(stop);
        let cost = Some(price("50.50"));
        let position =
            PositionReport { symbol, qty: Qty::shares(10), short: false, avg_entry_price: cost, current_price: cost };
        positions.insert(symbol, position);
    }
    let symbols: Vec<Symbol> = (0..CANDIDATES).map(|index| symbol("C", index)).collect();
    let quote = Quote::new(now, price("50.46"), price("50.47")).unwrap();
    let view = View {
        now,
        session: Some(session),
        hours: Some(session),
        authority: Authority::Open,
        kill: None,
        positions,
        working,
        findings: BTreeSet::new(),
        misfits_before: BTreeMap::new(),
        acted: BTreeSet::new(),
        unseen: BTreeMap::new(),
        clock_skew: Some(TimeDelta::zero()),
        stream_silent: None,
        executions_read_at: now,
        high_water: now,
        quotes: symbols.iter().map(|symbol| (*symbol, quote)).collect(),
        account: Some(account()),
        candidates: symbols.iter().map(|symbol| candidate(*symbol)).collect(),
        candles: (0..).zip(&symbols).map(|(index, symbol)| (*symbol, candles(&session, index < confirmed))).collect(),
    };
    (book, view, limits)
}

fn account() -> AccountReport {
    let dollars = Usd::dollars(10_000_000);
    AccountReport {
        number: "PA3".parse().unwrap(),
        equity: dollars,
        last_equity: dollars,
        cash: dollars,
        buying_power: dollars,
        trading_blocked: false,
    }
}

fn candles(session: &Session, confirms: bool) -> Vec<Candle> {
    let candle = |index: i64| {
        let close = price(if confirms && index >= CANDLES - 2 { "50.40" } else { "49.50" });
        let start = session.open + TimeDelta::minutes(10 * index);
        Candle { start, open: close, high: close, low: close, close, volume: Qty::shares(1_000) }
    };
    (0..CANDLES).map(candle).collect()
}

fn candidate(symbol: Symbol) -> Candidate {
    Candidate {
        symbol,
        entry_level: price("50"),
        stop_loss: price("48"),
        structural_stop: None,
        r1: Some(price("52")),
        r2: Some(price("54")),
        average_volume: Some(Qty::shares(1_000_000)),
        distance: Some(Bps::constant(150)),
    }
}

fn intent(book: &Book, symbol: Symbol, leg: Leg, state: OrderState, at: Timestamp) -> Intent {
    let (account, strategy) = (book.account.clone(), book.strategy.clone());
    let key = IntentKey { account, date: at.ny_date(), strategy, symbol, leg, attempt: 1 };
    let (side, kind, purpose, time_in_force) = match leg {
        Leg::Entry => (Side::Buy, OrderKind::Limit { limit: price("50.53") }, Purpose::Open, TimeInForce::Day),
        Leg::Stop | Leg::Trim1 | Leg::Trim2 | Leg::Exit => {
            (Side::Sell, OrderKind::Stop { stop: price("48") }, Purpose::Protect, TimeInForce::Gtc)
        }
    };
    let client_order_id = key.client_order_id();
    let broker_id = Some(format!("broker-{client_order_id}").parse().unwrap());
    let qty = Qty::shares(10);
    Intent {
        key,
        request: OrderRequest { client_order_id, symbol, side, qty, kind, time_in_force, purpose },
        state,
        recorded_at: at,
        doubted_since: None,
        broker_id,
        replaces: None,
        trade: (purpose == Purpose::Open).then(|| TradePlan::stop_only(price("48"))),
        note: String::new(),
    }
}

fn fill(entered: &Intent) -> Execution {
    Execution {
        id: format!("fill-{}", entered.request.symbol),
        order_id: entered.broker_id.clone().unwrap(),
        symbol: entered.request.symbol,
        side: Side::Buy,
        qty: entered.request.qty,
        price: price("50.50"),
        at: entered.recorded_at,
    }
}

fn report(stop: &Intent) -> OrderReport {
    let request = &stop.request;
    OrderReport {
        id: stop.broker_id.clone().unwrap(),
        client_order_id: request.client_order_id.clone(),
        symbol: request.symbol,
        side: request.side,
        qty: request.qty,
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(request.time_in_force),
        status: OrderStatus::New,
        submitted_at: stop.recorded_at,
        replaces: None,
    }
}

/// `CAA`, `CAB`, ...: a letter and a number in letters.
fn symbol(prefix: &str, index: usize) -> Symbol {
    let letter = |digit: usize| char::from(b'A' + (digit % 26) as u8);
    format!("{prefix}{}{}", letter(index / 26), letter(index)).parse().unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}
