//! What the tables start from.

use super::*;

pub(in crate::decide) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(in crate::decide) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

/// A book, a view and limits; starts with one candidate that confirmed at 10:50, and it is 11:00 on a Friday.
pub(in crate::decide) struct Scene {
    pub(in crate::decide) book: Book,
    pub(in crate::decide) view: View,
    pub(in crate::decide) limits: Limits,
}

impl Scene {
    pub(in crate::decide) fn confirmed() -> Self {
        let session = Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap().unwrap();
        let now = session.date.at_hm(10, 55);
        let account = AccountReport {
            number: "PA3".parse().unwrap(),
            equity: Usd::dollars(100_000),
            last_equity: Usd::dollars(100_000),
            cash: Usd::dollars(100_000),
            buying_power: Usd::dollars(100_000),
            trading_blocked: false,
        };
        let mut scene = Self {
            book: Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap()),
            view: View {
                now,
                session: Some(session),
                hours: Some(session),
                authority: Authority::Open,
                kill: None,
                account: Some(account),
                misfits_before: BTreeMap::new(),
                acted: BTreeSet::new(),
                unseen: BTreeMap::new(),
                clock_skew: Some(TimeDelta::zero()),
                stream_silent: None,
                executions_read_at: now,
                high_water: now,
                positions: BTreeMap::new(),
                working: Vec::new(),
                findings: BTreeSet::new(),
                candidates: Vec::new(),
                candles: BTreeMap::new(),
                quotes: BTreeMap::new(),
            },
            limits: Limits::default(),
        };
        scene.add_candidate("AAPL");
        scene
    }

    /// The entry filled; there is no stop yet.
    pub(in crate::decide) fn holding(shares: u32) -> Self {
        let mut scene = Self::confirmed();
        scene.entered(OrderState::Filled);
        let intent = scene.book.intents().next().unwrap().1.clone();
        scene.book.count(&Execution {
            id: "f1".into(),
            order_id: intent.broker_id.unwrap(),
            symbol: intent.request.symbol,
            side: Side::Buy,
            qty: Qty::shares(shares),
            price: price("50.50"),
            at: scene.view.now,
        });
        scene.hold("AAPL", shares);
        scene
    }

    /// Both decisions of a cycle, as if nothing were done in between.
    pub(in crate::decide) fn decide(&self) -> Decision {
        let mut decision = protect(&self.book, &self.view, &self.limits);
        let opening = open(&self.book, &self.view, &self.limits);
        decision.actions.extend(opening.actions);
        decision.refusals.extend(opening.refusals);
        decision
    }

    /// Decides again, as the next cycle would that finds the same.
    pub(in crate::decide) fn decide_again(&mut self) -> Decision {
        self.view.misfits_before = self.decide().misfits;
        self.decide()
    }

    /// Decides, records the one order that comes of it in the state it will have, and tells its attempt.
    pub(in crate::decide) fn next_attempt_becomes(&mut self, state: OrderState) -> u32 {
        let actions = self.decide().actions;
        let [Action::Submit { order, key, .. }] = actions.as_slice() else { panic!("{actions:?}") };
        self.record(order.get().clone(), key.clone(), state);
        key.attempt
    }

    pub(in crate::decide) fn add_candidate(&mut self, text: &str) {
        let symbol = symbol(text);
        let candle = |minutes: i64, close| Candle {
            start: self.view.now.ny_date().at_hm(10, 30) + TimeDelta::minutes(minutes),
            open: price(close),
            high: price(close),
            low: price(close),
            close: price(close),
            volume: Qty::shares(1_000),
        };
        let candles = vec![candle(0, "50.30"), candle(10, "50.40")];
        self.view.candles.insert(symbol, candles);
        let (entry_level, stop_loss) = (price("50"), price("48"));
        self.view.candidates.push(Candidate {
            symbol,
            entry_level,
            stop_loss,
            structural_stop: None,
            r1: None,
            r2: None,
            average_volume: Some(Qty::shares(1_000_000)),
            distance: None,
        });
        let quote = Quote::new(self.view.now, price("50.46"), price("50.47")).unwrap();
        self.view.quotes.insert(symbol, quote);
    }

    pub(in crate::decide) fn quote(&mut self, bid: &str, ask: &str) {
        let quote = Quote::new(self.view.now, price(bid), price(ask)).unwrap();
        self.view.quotes.insert(symbol("AAPL"), quote);
        if let Some(position) = self.view.positions.get_mut(&symbol("AAPL")) {
            position.current_price = Some(price(bid));
        }
    }

    pub(in crate::decide) fn hold(&mut self, text: &str, shares: u32) {
        let (symbol, qty) = (symbol(text), Qty::shares(shares));
        let (avg_entry_price, current_price) = (Some(price("50.50")), Some(price("50.50")));
        let position = PositionReport { symbol, qty, short: false, avg_entry_price, current_price };
        self.view.positions.insert(symbol, position);
    }

    pub(in crate::decide) fn record(&mut self, request: OrderRequest, key: IntentKey, state: OrderState) {
        let stop = (request.purpose == Purpose::Open).then(|| price("48"));
        let intent = Intent {
            key,
            state,
            recorded_at: self.view.now,
            broker_id: Some(format!("broker-{}", request.client_order_id).parse().unwrap()),
            doubted_since: None,
            replaces: None,
            trade: stop.map(TradePlan::stop_only),
            note: String::new(),
            request: request.clone(),
        };
        self.book.restore(intent);
    }

    pub(in crate::decide) fn entered(&mut self, state: OrderState) {
        let (request, key) = self.order(Leg::Entry, 19);
        self.record(request, key, state);
    }

    pub(in crate::decide) fn stop_recorded(&mut self, state: OrderState) {
        let (request, key) = self.order(Leg::Stop, 19);
        self.record(request, key, state);
    }

    pub(in crate::decide) fn stop_works(&mut self, shares: u32) {
        let (request, key) = self.order(Leg::Stop, shares);
        self.work(&request);
        self.record(request, key, OrderState::Working);
    }

    pub(in crate::decide) fn entry_works(&mut self) {
        let (request, _) = self.order(Leg::Entry, 19);
        self.work(&request);
    }

    pub(in crate::decide) fn work(&mut self, request: &OrderRequest) {
        self.view.working.push(OrderReport {
            id: format!("broker-{}", request.client_order_id).parse().unwrap(),
            client_order_id: request.client_order_id.clone(),
            symbol: request.symbol,
            side: request.side,
            qty: request.qty,
            filled_qty: Qty::ZERO,
            filled_avg_price: None,
            kind: Some(request.kind),
            time_in_force: Some(request.time_in_force),
            status: OrderStatus::New,
            submitted_at: self.view.now,
            replaces: None,
        });
    }

    pub(in crate::decide) fn order(&self, leg: Leg, shares: u32) -> (OrderRequest, IntentKey) {
        let key = IntentKey {
            account: self.book.account.clone(),
            date: self.view.now.ny_date(),
            strategy: self.book.strategy.clone(),
            symbol: symbol("AAPL"),
            leg,
            attempt: 1,
        };
        let (side, kind, purpose) = match leg {
            Leg::Entry => (Side::Buy, OrderKind::Limit { limit: price("50.53") }, Purpose::Open),
            Leg::Stop => (Side::Sell, OrderKind::Stop { stop: price("48") }, Purpose::Protect),
            Leg::Trim1 | Leg::Trim2 | Leg::Exit => (Side::Sell, OrderKind::Market, Purpose::Flatten),
        };
        let request = OrderRequest {
            client_order_id: key.client_order_id(),
            symbol: key.symbol,
            side,
            qty: Qty::shares(shares),
            kind,
            time_in_force: if leg == Leg::Stop { TimeInForce::Gtc } else { TimeInForce::Day },
            purpose,
        };
        (request, key)
    }
}
