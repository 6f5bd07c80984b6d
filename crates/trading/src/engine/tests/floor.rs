//! The floor the core is tested on: a core, a moment, and what the broker would say.

use super::*;

pub(super) struct Floor {
    pub(super) core: Core,
    pub(super) moment: Moment,
    pub(super) said: Reported,
    pub(super) records: Vec<(Timestamp, Record)>,
    pub(super) exposable: bool,
}

pub(super) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

pub(super) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(super) fn date() -> NyDate {
    "2026-11-20".parse().unwrap()
}

impl Floor {
    pub(super) fn new() -> Self {
        let now = date().at_hm(11, 5);
        let book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
        Self {
            core: Core::new(book, Limits::default(), now),
            moment: Moment { now, kill: None, no_openings: None },
            said: Reported::default(),
            records: Vec::new(),
            exposable: true,
        }
    }

    /// An entry that filled, its fill not looked at yet.
    pub(super) fn holding() -> Self {
        let mut floor = Self::new();
        floor.begin(&["AAPL"]);
        floor.until_send();
        floor.accept("AAPL", Leg::Entry);
        floor.drain();
        floor.fill("AAPL", Leg::Entry, 19);
        floor.pass(TimeDelta::seconds(2));
        floor
    }

    /// The same with its stop at the broker.
    pub(super) fn protected() -> Self {
        let mut floor = Self::holding();
        floor.look();
        let entry =
            report(&floor.core.book().intent(&floor.id("AAPL", Leg::Entry)).unwrap().request.clone(), floor.moment.now);
        let filled = OrderReport { status: OrderStatus::Filled, filled_qty: entry.qty, ..entry };
        floor.answer("AAPL", Leg::Entry, Ok(Some(Box::new(filled))));
        floor.protect();
        floor.accept("AAPL", Leg::Stop);
        floor.drain();
        floor
    }

    pub(super) fn pass(&mut self, span: TimeDelta) {
        self.moment.now = self.moment.now + span;
    }

    pub(super) fn restart(&mut self) {
        let book = Book::replay("PA3".parse().unwrap(), "avwap".parse().unwrap(), &self.records);
        self.core = Core::new(book, Limits::default(), self.moment.now);
    }

    /// A whole cycle up to the market in which these confirmed, not drained.
    pub(super) fn begin(&mut self, symbols: &[&str]) {
        self.look();
        self.protect();
        self.core.handle(Event::Manage(Box::new(self.market(symbols))), self.moment.now);
    }

    pub(super) fn confirm(&mut self, symbols: &[&str]) -> Vec<String> {
        self.begin(symbols);
        self.drain()
    }

    pub(super) fn look(&mut self) -> Vec<String> {
        self.core.handle(Event::Look(Box::new(self.said.clone())), self.moment.now);
        self.drain()
    }

    pub(super) fn protect(&mut self) -> Vec<String> {
        self.protect_with(Authority::Open)
    }

    pub(super) fn protect_with(&mut self, authority: Authority) -> Vec<String> {
        self.protect_at(authority, None)
    }

    pub(super) fn protect_at(&mut self, authority: Authority, kill: Option<Kill>) -> Vec<String> {
        let session = Calendar::nyse().session_on(date()).unwrap();
        let around = Surroundings {
            session,
            hours: session,
            authority,
            kill,
            clock_skew: Some(TimeDelta::zero()),
            stream_silent: None,
            quotes: BTreeMap::new(),
        };
        self.core.handle(Event::Protect(Box::new(around)), self.moment.now);
        let told = self.drain();
        if told.iter().all(|line| line == "expose 0") { Vec::new() } else { told }
    }

    pub(super) fn manage(&mut self, symbols: &[&str]) -> Vec<String> {
        self.core.handle(Event::Manage(Box::new(self.market(symbols))), self.moment.now);
        self.drain()
    }

    pub(super) fn market(&self, symbols: &[&str]) -> Market {
        let now = self.moment.now;
        let start = |minutes| date().at_hm(10, 30) + TimeDelta::minutes(minutes);
        let candle = |minutes, close: &str| Candle {
            start: start(minutes),
            open: price(close),
            high: price(close),
            low: price(close),
            close: price(close),
            volume: Qty::shares(1_000),
        };
        let candles = || vec![candle(0, "50.20"), candle(10, "50.30"), candle(20, "50.40")];
        let quote = Quote::new(now, price("50.46"), price("50.47")).unwrap();
        let account = AccountReport {
            number: "PA3".parse().unwrap(),
            equity: Usd::dollars(100_000),
            last_equity: Usd::dollars(100_000),
            cash: Usd::dollars(100_000),
            buying_power: Usd::dollars(100_000),
            trading_blocked: false,
        };
        let candidate = |text: &&str| Candidate {
            symbol: symbol(text),
            entry_level: price("50"),
            stop_loss: price("48"),
            structural_stop: None,
            r1: None,
            r2: None,
            average_volume: Some(Qty::shares(1_000_000)),
            distance: None,
        };
        Market {
            account: Some(account),
            candidates: symbols.iter().map(candidate).collect(),
            candles: symbols.iter().map(|text| (symbol(text), candles())).collect(),
            quotes: symbols.iter().map(|text| (symbol(text), quote)).collect(),
        }
    }

    /// Performs the next effect as a driver would, and says what it was. Sends are left without an outcome.
    pub(super) fn poll(&mut self) -> Option<String> {
        let effect = self.core.poll(&self.moment)?;
        if let Effect::Record { at, records } = &effect {
            self.records.extend(records.iter().map(|record| (*at, record.clone())));
        }
        if let Effect::Expose(_) = &effect {
            self.core.handle(Event::Exposed(self.exposable), self.moment.now);
        }
        Some(describe(&effect))
    }

    pub(super) fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.poll()).collect()
    }

    pub(super) fn until_send(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(line) = self.poll() {
            told.push(line);
            if told.last().is_some_and(|line| line.starts_with("submit")) {
                break;
            }
        }
        told
    }

    pub(super) fn id(&self, text: &str, leg: Leg) -> ClientOrderId {
        let key = IntentKey {
            account: "PA3".parse().unwrap(),
            date: date(),
            strategy: "avwap".parse().unwrap(),
            symbol: symbol(text),
            leg,
            attempt: 1,
        };
        key.client_order_id()
    }

    pub(super) fn state(&self, text: &str, leg: Leg) -> OrderState {
        self.core.book().intent(&self.id(text, leg)).unwrap().state
    }

    pub(super) fn outcome(&mut self, text: &str, leg: Leg, outcome: SubmitOutcome) {
        self.core.handle(Event::Submitted { id: self.id(text, leg), outcome }, self.moment.now);
    }

    pub(super) fn lose(&mut self, text: &str, leg: Leg) {
        self.outcome(text, leg, SubmitOutcome::Unknown { why: "no answer".into() });
    }

    pub(super) fn answer(&mut self, text: &str, leg: Leg, answer: Result<Option<Box<OrderReport>>, String>) {
        self.core.handle(Event::Answer { id: self.id(text, leg), answer }, self.moment.now);
    }

    pub(super) fn accept(&mut self, text: &str, leg: Leg) {
        let request = self.core.book().intent(&self.id(text, leg)).unwrap().request.clone();
        let report = report(&request, self.moment.now);
        self.said.orders.push(report.clone());
        self.outcome(text, leg, SubmitOutcome::Accepted(Box::new(report)));
    }

    /// The order filled: it is no longer listed, its execution and position are.
    pub(super) fn fill(&mut self, text: &str, leg: Leg, shares: u32) {
        let id = self.id(text, leg);
        let at = self.said.orders.iter().position(|order| order.client_order_id == id).unwrap();
        let order = self.said.orders.remove(at);
        self.said.executions.push(Execution {
            id: format!("x{}", self.said.executions.len()),
            order_id: order.id.clone(),
            symbol: order.symbol,
            side: order.side,
            qty: Qty::shares(shares),
            price: price("50.47"),
            at: self.moment.now,
        });
        self.hold(text, shares);
    }

    /// An order of another hand.
    pub(super) fn by_hand(&self, text: &str, side: Side, shares: u32) -> OrderRequest {
        OrderRequest {
            client_order_id: format!("by-hand-{text}").parse().unwrap(),
            symbol: symbol(text),
            side,
            qty: Qty::shares(shares),
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Gtc,
            purpose: Purpose::Reduce,
        }
    }

    pub(super) fn hold(&mut self, text: &str, shares: u32) {
        let (symbol, qty) = (symbol(text), Qty::shares(shares));
        let (avg_entry_price, current_price) = (Some(price("50.47")), Some(price("50.47")));
        let position = PositionReport { symbol, qty, short: false, avg_entry_price, current_price };
        self.said.positions.insert(symbol, position);
    }
}

pub(super) fn report(request: &OrderRequest, now: Timestamp) -> OrderReport {
    OrderReport {
        id: format!("b-{}", request.client_order_id).parse().unwrap(),
        client_order_id: request.client_order_id.clone(),
        symbol: request.symbol,
        side: request.side,
        qty: request.qty,
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(request.time_in_force),
        status: OrderStatus::New,
        submitted_at: now,
        replaces: None,
    }
}

pub(super) fn describe(effect: &Effect) -> String {
    let order = |verb: &str, request: &OrderRequest| {
        let key = IntentKey::parse(&request.client_order_id).unwrap();
        format!("{verb} {} {}", key.symbol, key.leg)
    };
    match effect {
        Effect::Record { records, .. } => {
            format!("record {}", records.iter().map(words).collect::<Vec<_>>().join(", "))
        }
        Effect::Expose(exposure) => format!("expose {}", exposure.unknown_outcomes),
        Effect::Ask(id) => {
            let key = IntentKey::parse(id).unwrap();
            format!("ask {} {}", key.symbol, key.leg)
        }
        Effect::Submit(request) => order("submit", request.get()),
        Effect::Replace(replacement) => order("replace", &replacement.get().order),
        Effect::Cancel { client_order_id, .. } => format!("cancel {client_order_id}"),
        Effect::Alert { subject, .. } => format!("alert {}", subject.rsplit('/').next().unwrap()),
    }
}

pub(super) fn words(record: &Record) -> String {
    match record {
        Record::Intent(intent) => {
            let OrderRequest { side, kind, time_in_force, .. } = &intent.request;
            let sane = match intent.key.leg {
                Leg::Entry => *side == Side::Buy && *time_in_force == TimeInForce::Day,
                Leg::Stop | Leg::Trim1 | Leg::Trim2 => *side == Side::Sell && *kind != OrderKind::Market,
                Leg::Exit => *side == Side::Sell,
            };
            assert!(sane, "{intent:?}");
            format!("{} {}", intent.key.symbol, intent.key.leg)
        }
        Record::Change(change) => format!("{:?} -> {:?}", change.from, change.to),
        Record::Note { .. } => "note".to_owned(),
        Record::Execution(fill) => format!("fill {}", fill.id),
        Record::Split(split) => format!("split {}", split.id),
        Record::Refusal(refusal) => format!("refusal {}", refusal.reason),
    }
}
