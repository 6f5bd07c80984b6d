//! A book, a view and limits: AAPL held without a stop at the broker, MSFT and NVDA confirmed, it is 10:58 on a Friday.

use std::collections::{BTreeMap, BTreeSet};

use market::{Bps, Calendar, Candle, NyDate, Price, Qty, Quote, Symbol, TimeDelta};
use trading::{
    book::{Book, Intent, TradePlan},
    control::{Authority, Facts, Used},
    decide::{self, Action, Candidate, Decision, View},
    limits::Limits,
    order::{IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    report::{Execution, OrderReport, OrderStatus, PositionReport},
    state::OrderState,
};

use crate::world::{account, price, symbol};

pub struct Scene {
    pub book: Book,
    pub view: View,
    pub limits: Limits,
}

impl Scene {
    /// Nothing held, nothing confirmed.
    pub fn empty() -> Self {
        let date: NyDate = "2026-11-20".parse().unwrap();
        let now = date.at_hm(10, 58);
        let view = View {
            now,
            session: Calendar::nyse().session_on(date).unwrap(),
            hours: Calendar::nyse().session_on(date).unwrap(),
            authority: Authority::Open,
            kill: None,
            positions: BTreeMap::new(),
            working: Vec::new(),
            findings: BTreeSet::new(),
            misfits_before: BTreeMap::new(),
            acted: BTreeSet::new(),
            unseen: BTreeMap::new(),
            clock_skew: Some(TimeDelta::zero()),
            stream_silent: None,
            executions_read_at: now,
            high_water: now,
            quotes: BTreeMap::new(),
            account: Some(account()),
            candidates: Vec::new(),
            candles: BTreeMap::new(),
        };
        let book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
        Self { book, view, limits: Limits::default() }
    }

    /// Two candidates that would be entered.
    pub fn confirmed() -> Self {
        let mut scene = Self::empty();
        scene.confirm("MSFT");
        scene.confirm("NVDA");
        scene
    }

    /// The same, with a position whose stop is still to be placed.
    pub fn holding() -> Self {
        let mut scene = Self::confirmed();
        let intent = scene.intent("AAPL", Leg::Entry, OrderState::Filled);
        scene.view.now = scene.view.now - TimeDelta::minutes(5);
        let at = scene.view.now;
        scene.book.restore(Intent { recorded_at: at, ..intent.clone() });
        scene.view.now = at + TimeDelta::minutes(5);
        scene.book.count(&Execution {
            id: "fill-1".into(),
            order_id: intent.broker_id.unwrap(),
            symbol: symbol("AAPL"),
            side: Side::Buy,
            qty: Qty::shares(10),
            price: price("50.50"),
            at,
        });
        scene.hold("AAPL");
        scene
    }

    pub fn open(&self) -> Decision {
        decide::open(&self.book, &self.view, &self.limits)
    }

    pub fn protect(&self) -> Decision {
        decide::protect(&self.book, &self.view, &self.limits)
    }

    /// Holding, five minutes after the fill and past the first target; a stop of so many shares works.
    pub fn past_the_target(stopped: u32) -> Self {
        let mut scene = Self::holding();
        scene.works("AAPL", Leg::Stop);
        scene.view.working[0].qty = Qty::shares(stopped);
        scene.view.quotes.insert(symbol("AAPL"), Quote::new(scene.view.now, price("52.10"), price("52.12")).unwrap());
        scene
    }

    pub fn manage(&self) -> Decision {
        decide::manage(&self.book, &self.view, &self.limits)
    }

    /// Orders of this purpose that a decision sends, by symbol.
    pub fn sent(decision: &Decision, purpose: Purpose) -> Vec<Symbol> {
        let sent = decision.actions.iter().filter_map(|action| match action {
            Action::Submit { order, .. } => Some(order.get()).filter(|order| order.purpose == purpose),
            Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
        });
        sent.map(|order| order.symbol).collect()
    }

    /// Orders that a decision cancels, by symbol.
    pub fn cancelled(decision: &Decision) -> Vec<Symbol> {
        let cancels = decision.actions.iter().filter_map(|action| match action {
            Action::Cancel { symbol, .. } => Some(*symbol),
            Action::Submit { .. } | Action::Replace { .. } | Action::Alert { .. } => None,
        });
        cancels.collect()
    }

    /// A candidate at 50 with its stop at 48, whose break held at 10:50.
    pub fn confirm(&mut self, text: &str) {
        let symbol = symbol(text);
        let open = self.view.session.unwrap().open;
        let candle = |index: i64| {
            let close = price(if index < 6 { "49.50" } else { "50.40" });
            let start = open + TimeDelta::minutes(10 * index);
            Candle { start, open: close, high: close, low: close, close, volume: Qty::shares(1_000) }
        };
        self.view.candles.insert(symbol, (0..8).map(candle).collect());
        self.view.candidates.push(Candidate {
            symbol,
            entry_level: price("50"),
            stop_loss: price("48"),
            structural_stop: None,
            r1: Some(price("52")),
            r2: Some(price("54")),
            average_volume: Some(Qty::shares(1_000_000)),
            distance: Some(Bps::constant(150)),
        });
        self.view.quotes.insert(symbol, Quote::new(self.view.now, price("50.46"), price("50.47")).unwrap());
    }

    pub fn hold(&mut self, text: &str) {
        let (symbol, cost) = (symbol(text), Some(price("50.50")));
        let qty = Qty::shares(10);
        let position = PositionReport { symbol, qty, short: false, avg_entry_price: cost, current_price: cost };
        self.view.positions.insert(symbol, position);
    }

    pub fn quote(&mut self, bid: &str, ask: &str) {
        for candidate in &self.view.candidates {
            let quote = Quote::new(self.view.now, price(bid), price(ask)).unwrap();
            self.view.quotes.insert(candidate.symbol, quote);
        }
    }

    /// An intent of today, recorded now.
    pub fn intent(&self, text: &str, leg: Leg, state: OrderState) -> Intent {
        let key = IntentKey {
            account: self.book.account.clone(),
            date: self.view.now.ny_date(),
            strategy: self.book.strategy.clone(),
            symbol: symbol(text),
            leg,
            attempt: 1,
        };
        let (side, kind, purpose) = match leg {
            Leg::Entry => (Side::Buy, OrderKind::Limit { limit: price("50.53") }, Purpose::Open),
            Leg::Stop => (Side::Sell, OrderKind::Stop { stop: price("48") }, Purpose::Protect),
            Leg::Trim1 | Leg::Trim2 => (Side::Sell, OrderKind::Limit { limit: price("51") }, Purpose::Reduce),
            Leg::Exit => (Side::Sell, OrderKind::Market, Purpose::Flatten),
        };
        let client_order_id = key.client_order_id();
        Intent {
            request: OrderRequest {
                symbol: key.symbol,
                side,
                qty: Qty::shares(10),
                kind,
                time_in_force: TimeInForce::Day,
                purpose,
                client_order_id: client_order_id.clone(),
            },
            key,
            state,
            recorded_at: self.view.now,
            doubted_since: None,
            broker_id: Some(format!("broker-{client_order_id}").parse().unwrap()),
            replaces: None,
            trade: (purpose == Purpose::Open).then(|| TradePlan {
                stop: price("48"),
                level: Some(price("50")),
                r1: Some(price("52")),
                r2: Some(price("54")),
            }),
            note: String::new(),
        }
    }

    /// An order of ours that works at the broker.
    pub fn works(&mut self, text: &str, leg: Leg) {
        let mut intent = self.intent(text, leg, OrderState::Working);
        intent.recorded_at = self.view.now - TimeDelta::minutes(5);
        let report = report(&intent);
        self.view.working.push(report);
        self.book.restore(intent);
    }

    /// What the controls would look at for an order about AAPL.
    pub fn facts(&self) -> Facts<'_> {
        let (view, symbol) = (&self.view, symbol("AAPL"));
        Facts {
            now: view.now,
            high_water: view.high_water,
            clock_skew: view.clock_skew,
            session: view.session,
            authority: &view.authority,
            kill: view.kill,
            account: view.account.as_ref(),
            limits: &self.limits,
            quote: view.quotes.get(&symbol).copied(),
            newest_candle: None,
            average_volume: None,
            used: Used { orders_today: u32::MAX, positions: u32::MAX, ..Used::default() },
            consumed_today: true,
            blocked: Some("anything".into()),
            mismatch: view.findings.first().map(|(symbol, _)| *symbol),
            stream_silent: view.stream_silent,
            executions_read_at: view.executions_read_at,
            held: view.positions.get(&symbol).map_or(Qty::ZERO, |position| position.qty),
            held_for_orders: Qty::ZERO,
            replaced: None,
            id_used: false,
        }
    }
}

pub fn report(intent: &Intent) -> OrderReport {
    let request = &intent.request;
    OrderReport {
        id: intent.broker_id.clone().unwrap(),
        client_order_id: request.client_order_id.clone(),
        symbol: request.symbol,
        side: request.side,
        qty: request.qty,
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(request.time_in_force),
        status: OrderStatus::New,
        submitted_at: intent.recorded_at,
        replaces: None,
    }
}

/// The limit of the first order, when there is one.
pub fn first_limit(decision: &Decision) -> Option<Price> {
    decision.actions.iter().find_map(|action| match action {
        Action::Submit { order, .. } => order.get().price(),
        Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => None,
    })
}
