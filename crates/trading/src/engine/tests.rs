//! What the core asks for, in which order, and what it makes of the answers.

use market::{Calendar, NyDate, Price, Qty, Usd};

mod adversary;
mod incidents;
mod look;
mod outcome;

use super::*;
use crate::{
    control::Kill,
    order::{IntentKey, OrderKind, OrderRequest, Side, TimeInForce},
    outcome::RejectReason,
    portfolio::PortfolioDecision,
    reconcile::ARRIVAL_LIMIT,
    report::{Execution, OrderStatus, PositionReport},
    state::OrderState,
};

#[test]
fn an_opening_is_exposed_then_recorded_then_sent() {
    let mut desk = Floor::new();
    let told = desk.confirm(&["AAPL"]);
    assert_eq!(told, ["expose 1", "record AAPL entry", "submit AAPL entry"]);
}

#[test]
fn what_became_of_a_send_is_recorded_before_the_next_one_goes_out() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    assert_eq!(desk.until_send(), ["expose 2", "record AAPL entry", "submit AAPL entry"]);
    desk.accept("AAPL", Leg::Entry);
    let told = desk.until_send();
    assert_eq!(told, ["record Recorded -> Working", "record MSFT entry", "submit MSFT entry"]);
}

#[test]
fn the_kill_switch_is_asked_last_and_what_was_recorded_is_withheld_on_the_record() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    assert_eq!(desk.poll(), Some("expose 2".into()));
    assert_eq!(desk.poll(), Some("record AAPL entry".into()));
    desk.moment.kill = Some(Kill::Entries);
    let told = desk.drain();
    let expect = ["record Recorded -> NeverArrived, note", "record refusal kill_switch", "record refusal kill_switch"];
    assert_eq!(told, expect, "the one that was recorded, then the one that was not");
    assert!(desk.core.book().live().next().is_none());
}

#[test]
fn what_else_stops_an_opening_at_the_last_moment() {
    type Spoil = fn(&mut Floor);
    let table: [(&str, Spoil); 4] = [
        ("no_quote", |desk| desk.moment.now = desk.moment.now + TimeDelta::seconds(6)),
        ("time_went_back", |desk| desk.moment.now = desk.moment.now - TimeDelta::milliseconds(1)),
        ("gate", |desk| desk.moment.ending = Some("SIGTERM".into())),
        ("kill_switch", |desk| desk.moment.kill = Some(Kill::Entries)),
    ];
    for (reason, spoil) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        assert_eq!(desk.poll(), Some("expose 1".into()));
        spoil(&mut desk);
        assert_eq!(desk.drain(), [format!("record refusal {reason}")]);
        assert!(desk.core.book().intents().next().is_none(), "{reason}: nothing was recorded, nothing is consumed");
    }
}

#[test]
fn nothing_stops_a_stop_at_the_last_moment() {
    let mut desk = Floor::holding();
    desk.look();
    desk.moment.kill = Some(Kill::Cancel);
    desk.moment.ending = Some("SIGTERM".into());
    desk.moment.now = desk.moment.now + TimeDelta::minutes(10);
    let told = desk.protect_with(Authority::ManageOnly("stale watchlist".into()));
    assert_eq!(
        told,
        ["expose 2", "record AAPL stop", "submit AAPL stop"],
        "the entry is not listed any more, and a stop goes out"
    );
}

#[test]
fn an_unknown_outcome_is_recorded_told_and_keeps_every_other_opening_back() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    let told = desk.drain();
    let expect = ["record note, Recorded -> Unknown", "alert unknown", "record refusal symbol_blocked"];
    assert_eq!(told, expect);
}

#[test]
fn a_taken_id_is_looked_up_never_declared_refused() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    let outcome =
        SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, message: "must be unique".into() };
    desk.outcome("AAPL", Leg::Entry, outcome);
    assert_eq!(desk.drain(), ["record note, Recorded -> Unknown"]);
}

#[test]
fn no_such_order_is_believed_only_when_none_can_be_on_its_way() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    // The request left long after it was recorded; the doubt begins when the answer failed to come.
    desk.pass(TimeDelta::seconds(25));
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    for (seconds, expect) in [(29, "Unknown"), (1, "NeverArrived")] {
        desk.pass(TimeDelta::seconds(seconds));
        assert_eq!(desk.look()[0], "ask AAPL entry");
        desk.answer("AAPL", Leg::Entry, Ok(None));
        desk.protect();
        assert_eq!(format!("{:?}", desk.state("AAPL", Leg::Entry)), expect, "after {seconds} s more");
    }
}

#[test]
fn an_answer_is_as_old_as_its_question() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(20));
    desk.look();
    // While this answer is under way, the request may still arrive.
    desk.pass(TimeDelta::seconds(10));
    desk.answer("AAPL", Leg::Entry, Ok(None));
    desk.protect();
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Unknown);
}

#[test]
fn a_process_that_starts_doubts_what_it_finds_unresolved() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.pass(TimeDelta::hours(1));
    desk.restart();
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Recorded, "it may have left a moment before the crash");
    desk.protect();
    desk.pass(ARRIVAL_LIMIT);
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::NeverArrived);
}

#[test]
fn a_clock_put_back_delays_no_answer_by_more_than_the_usual_wait() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(-TimeDelta::hours(1));
    for (seconds, expect) in [(0, OrderState::Unknown), (29, OrderState::Unknown), (1, OrderState::NeverArrived)] {
        desk.pass(TimeDelta::seconds(seconds));
        desk.look();
        desk.answer("AAPL", Leg::Entry, Ok(None));
        desk.protect();
        assert_eq!(desk.state("AAPL", Leg::Entry), expect, "after {seconds} s more");
    }
}

#[test]
fn without_the_exposure_view_nothing_opens_and_stops_go_out() {
    let mut desk = Floor::holding();
    desk.look();
    desk.exposable = false;
    assert_eq!(desk.protect(), ["expose 2", "record AAPL stop", "submit AAPL stop", "alert exposure"]);
    desk.accept("AAPL", Leg::Stop);
    desk.drain();
    let told = desk.manage(&["MSFT"]);
    assert!(told.iter().all(|line| !line.contains("MSFT")), "{told:?}");
    desk.exposable = true;
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    assert!(desk.manage(&["MSFT"]).contains(&"submit MSFT entry".to_owned()), "with it, the same is opened");
}

#[test]
fn a_question_without_an_answer_is_a_finding_told_when_it_lasts() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    let mut told = Vec::new();
    for _ in 0..3 {
        desk.pass(TimeDelta::seconds(2));
        desk.look();
        desk.answer("AAPL", Leg::Entry, Err("504".into()));
        told.push(desk.protect().iter().filter(|line| line.starts_with("alert")).count());
    }
    assert_eq!(told, [0, 1, 0], "one look may be unlucky, and twice is told once");
}

#[test]
fn a_cycle_that_was_given_up_leaves_its_records_and_none_of_its_sends() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    let told = desk.look();
    assert_eq!(told[0], "record Recorded -> Working", "{told:?}");
    assert!(!told.iter().any(|line| line.contains("MSFT")), "{told:?}");
}

#[test]
fn a_refused_cancel_changes_nothing_and_an_unknown_order_is_told() {
    let table = [
        (CancelOutcome::Accepted, "Canceling", 0),
        (CancelOutcome::NotCancelable("filled".into()), "Working", 0),
        (CancelOutcome::Unknown("504".into()), "Working", 0),
        (CancelOutcome::NotFound, "Working", 1),
    ];
    for (outcome, state, alerts) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        desk.until_send();
        desk.accept("AAPL", Leg::Entry);
        desk.drain();
        let (id, order) = (desk.id("AAPL", Leg::Entry), "b".parse().unwrap());
        desk.core.handle(Event::Canceled { id, order, outcome: outcome.clone() }, desk.moment.now);
        let told = desk.drain();
        assert_eq!(format!("{:?}", desk.state("AAPL", Leg::Entry)), state, "{outcome:?}");
        assert_eq!(told.iter().filter(|line| line.starts_with("alert")).count(), alerts, "{outcome:?}");
    }
}

#[test]
fn an_answer_nobody_asked_for_changes_nothing() {
    let mut desk = Floor::new();
    desk.look();
    let stray: ClientOrderId = "pc_PA3_20261120_avwap_ZZZ_entry_1".parse().unwrap();
    let before = desk.core.clone();
    desk.core.handle(Event::Answer { id: stray.clone(), answer: Ok(None) }, desk.moment.now);
    desk.core.handle(
        Event::Submitted { id: stray.clone(), outcome: SubmitOutcome::Unknown { why: "?".into() } },
        desk.moment.now,
    );
    let order = "b".parse().unwrap();
    desk.core.handle(Event::Canceled { id: stray, order, outcome: CancelOutcome::Accepted }, desk.moment.now);
    assert_eq!(desk.core, before);
}

#[test]
fn time_that_went_back_opens_nothing() {
    let mut desk = Floor::new();
    desk.pass(TimeDelta::hours(1));
    desk.look();
    desk.protect();
    desk.pass(-TimeDelta::hours(1));
    assert_eq!(desk.confirm(&["AAPL"])[0], "record refusal time_went_back");
}

#[test]
fn shares_that_appear_are_told_once_and_an_entry_that_fills_is_no_surprise() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    desk.hold("ZZZ", 5);
    desk.look();
    let told = desk.protect();
    assert!(told.contains(&"alert Appeared".to_owned()), "{told:?}");

    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.fill("AAPL", Leg::Entry, 19);
    desk.look();
    let told = desk.protect();
    assert!(!told.iter().any(|line| line.starts_with("alert")), "{told:?}");
    assert_eq!(desk.core.positions()[&symbol("AAPL")], PositionState::Open);
}

#[test]
fn an_entry_is_under_way_until_it_is_over() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    assert!(!desk.core.end_cycle(desk.moment.now) && desk.core.is_flat());
    desk.begin(&["AAPL"]);
    desk.until_send();
    let sent = desk.moment.now;
    assert!(desk.core.end_cycle(sent));
    desk.accept("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    desk.protect();
    assert!(desk.core.end_cycle(desk.moment.now) && !desk.core.is_flat());
    assert_eq!(desk.core.hurrying_since(), Some(sent), "since it began, not since it was last seen");
}

#[test]
fn a_cycle_is_on_the_record_when_something_about_it_is_material() {
    let mut desk = Floor::new();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_none(), "nothing was seen yet");
    desk.look();
    desk.protect();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_some_and(|record| record.market_open), "the market is open");

    desk.pass(TimeDelta::hours(8));
    desk.look();
    desk.protect();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_none(), "closed, flat, and nothing decided");
    assert!(PortfolioDecision::of(&desk.core, &["504".into()]).is_some());

    let mut desk = Floor::holding();
    desk.pass(TimeDelta::hours(8));
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    let record = PortfolioDecision::of(&desk.core, &[]).unwrap();
    assert_eq!(
        (record.market_open, record.positions[&symbol("AAPL")], record.actions.len()),
        (false, Qty::shares(19), 1)
    );
    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["states"]["AAPL"], "OPEN");
}

// The floor: a core, a moment, and what the broker would say.

struct Floor {
    core: Core,
    moment: Moment,
    said: Reported,
    records: Vec<(Timestamp, Record)>,
    exposable: bool,
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn date() -> NyDate {
    "2026-11-20".parse().unwrap()
}

impl Floor {
    fn new() -> Self {
        let now = date().at_hm(11, 5);
        let book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
        Self {
            core: Core::new(book, Limits::default(), now),
            moment: Moment { now, kill: None, ending: None },
            said: Reported::default(),
            records: Vec::new(),
            exposable: true,
        }
    }

    /// An entry that filled, its fill not looked at yet.
    fn holding() -> Self {
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
    fn protected() -> Self {
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

    fn pass(&mut self, span: TimeDelta) {
        self.moment.now = self.moment.now + span;
    }

    fn restart(&mut self) {
        let book = Book::replay("PA3".parse().unwrap(), "avwap".parse().unwrap(), &self.records);
        self.core = Core::new(book, Limits::default(), self.moment.now);
    }

    /// A whole cycle up to the market in which these confirmed, not drained.
    fn begin(&mut self, symbols: &[&str]) {
        self.look();
        self.protect();
        self.core.handle(Event::Manage(Box::new(self.market(symbols))), self.moment.now);
    }

    fn confirm(&mut self, symbols: &[&str]) -> Vec<String> {
        self.begin(symbols);
        self.drain()
    }

    fn look(&mut self) -> Vec<String> {
        self.core.handle(Event::Look(Box::new(self.said.clone())), self.moment.now);
        self.drain()
    }

    fn protect(&mut self) -> Vec<String> {
        self.protect_with(Authority::Open)
    }

    fn protect_with(&mut self, authority: Authority) -> Vec<String> {
        self.protect_at(authority, None)
    }

    fn protect_at(&mut self, authority: Authority, kill: Option<Kill>) -> Vec<String> {
        let session = Calendar::nyse().session_on(date()).unwrap();
        let around = Surroundings {
            session,
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

    fn manage(&mut self, symbols: &[&str]) -> Vec<String> {
        self.core.handle(Event::Manage(Box::new(self.market(symbols))), self.moment.now);
        self.drain()
    }

    fn market(&self, symbols: &[&str]) -> Market {
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
    fn poll(&mut self) -> Option<String> {
        let effect = self.core.poll(&self.moment)?;
        if let Effect::Record { at, records } = &effect {
            self.records.extend(records.iter().map(|record| (*at, record.clone())));
        }
        if let Effect::Expose(_) = &effect {
            self.core.handle(Event::Exposed(self.exposable), self.moment.now);
        }
        Some(describe(&effect))
    }

    fn drain(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.poll()).collect()
    }

    fn until_send(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(line) = self.poll() {
            told.push(line);
            if told.last().is_some_and(|line| line.starts_with("submit")) {
                break;
            }
        }
        told
    }

    fn id(&self, text: &str, leg: Leg) -> ClientOrderId {
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

    fn state(&self, text: &str, leg: Leg) -> OrderState {
        self.core.book().intent(&self.id(text, leg)).unwrap().state
    }

    fn outcome(&mut self, text: &str, leg: Leg, outcome: SubmitOutcome) {
        self.core.handle(Event::Submitted { id: self.id(text, leg), outcome }, self.moment.now);
    }

    fn lose(&mut self, text: &str, leg: Leg) {
        self.outcome(text, leg, SubmitOutcome::Unknown { why: "no answer".into() });
    }

    fn answer(&mut self, text: &str, leg: Leg, answer: Result<Option<Box<OrderReport>>, String>) {
        self.core.handle(Event::Answer { id: self.id(text, leg), answer }, self.moment.now);
    }

    fn accept(&mut self, text: &str, leg: Leg) {
        let request = self.core.book().intent(&self.id(text, leg)).unwrap().request.clone();
        let report = report(&request, self.moment.now);
        self.said.orders.push(report.clone());
        self.outcome(text, leg, SubmitOutcome::Accepted(Box::new(report)));
    }

    /// The order filled: it is no longer listed, its execution and position are.
    fn fill(&mut self, text: &str, leg: Leg, shares: u32) {
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
    fn by_hand(&self, text: &str, side: Side, shares: u32) -> OrderRequest {
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

    fn hold(&mut self, text: &str, shares: u32) {
        let (symbol, qty) = (symbol(text), Qty::shares(shares));
        let (avg_entry_price, current_price) = (Some(price("50.47")), Some(price("50.47")));
        let position = PositionReport { symbol, qty, short: false, avg_entry_price, current_price };
        self.said.positions.insert(symbol, position);
    }
}

fn report(request: &OrderRequest, now: Timestamp) -> OrderReport {
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
    }
}

fn describe(effect: &Effect) -> String {
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

fn words(record: &Record) -> String {
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
