//! A busy year in a ledger, as a real day leaves it: what a rehearsed day records, times its sessions.

use std::path::Path;

use ledger::{Ledger, Priority, SeenOrder, StopChange, StopWhy};
use market::{Calendar, NyDate, Price, Qty, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    book::{Intent, TradePlan},
    order::{BrokerOrderId, ClientOrderId, IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    reconcile::Change,
    record::Record,
    refusal::{Reason, Refusal},
    report::{Execution, OrderReport, OrderStatus},
    state::OrderState,
};

/// Sessions of a year.
pub const SESSIONS: usize = 252;
/// Entries a day; each gets a stop, a trim and an end.
const ENTRIES: usize = 5;
/// How often each stop is replaced in a day: forty replacements.
const RAISES: u32 = 8;
/// Every entry fills in so many parts.
const PARTS: u32 = 3;
/// Refusals that are news, a day.
const REFUSALS: usize = 40;
/// Alerts, a day.
const ALERTS: usize = 3;

/// Writes the sessions before a day, the last of them flat at its end. A day's records go in few transactions: what lies
/// on the disk is the same, and a year is made in seconds.
pub fn make(path: &Path, account: &str, before: NyDate, sessions: usize) {
    let mut ledger = Ledger::open(path, &account.parse().expect("an account number")).expect("a new ledger");
    for (number, session) in sessions_before(before, sessions).into_iter().enumerate() {
        Day { account, session, number, ledger: &mut ledger }.write();
    }
}

fn sessions_before(mut date: NyDate, count: usize) -> Vec<Session> {
    let mut sessions = Vec::new();
    while sessions.len() < count {
        let session = Calendar::nyse().previous_session(date).expect("a known year");
        date = session.date;
        sessions.push(session);
    }
    sessions.reverse();
    sessions
}

struct Day<'a> {
    account: &'a str,
    session: Session,
    number: usize,
    ledger: &'a mut Ledger,
}

impl Day<'_> {
    fn write(mut self) {
        let open = self.session.open;
        self.ledger.record_event(open, "start", "execution", "mode PAPER").expect("room");
        for slot in 0..ENTRIES {
            self.trade(slot);
        }
        let refusals: Vec<Record> = (0..REFUSALS).map(|number| Record::Refusal(self.refusal(number))).collect();
        self.ledger.record(open, &refusals).expect("room");
        for number in 0..ALERTS {
            let (at, subject) = (open + TimeDelta::hours(number as i64), format!("SYM{number}/no-stop"));
            self.ledger
                .enqueue(at, Priority::Err, &subject, "a position without a stop since two looks")
                .expect("room");
        }
        for alert in self.ledger.undelivered(100).expect("read") {
            self.ledger.mark_delivered(&alert, self.session.close).expect("room");
        }
        let text = "SIGTERM: ending; 0 protective stops stay at the broker";
        self.ledger.record_event(self.session.close, "stop", "execution", text).expect("room");
    }

    /// One trade: entry, fills, its stop and the stop's replacements, a trim, the stop at work.
    fn trade(&mut self, slot: usize) {
        let symbol = Symbol::new(&format!("S{}", letters(self.number * ENTRIES + slot))).expect("a ticker");
        let at = |minutes: i64| self.session.open + TimeDelta::minutes(20 + minutes);
        let (mut records, mut orders, mut stops) = (Vec::new(), Vec::new(), Vec::new());
        let entry = self.intent(symbol, Leg::Entry, 1, at(0), None);
        self.life(&mut records, &entry, &[OrderState::Working, OrderState::Filled]);
        for part in 0..PARTS {
            records.push(Record::Execution(self.fill(&entry, part, Side::Buy, at(1))));
        }
        orders.push(self.seen(&entry, OrderStatus::Filled, at(1)));
        let mut before: Option<ClientOrderId> = None;
        for attempt in 1..=RAISES + 1 {
            let when = at(2 + 40 * i64::from(attempt));
            let stop = self.intent(symbol, Leg::Stop, attempt, when, before.clone());
            let is_last = attempt > RAISES;
            let end = if is_last { OrderState::Filled } else { OrderState::Replaced };
            self.life(&mut records, &stop, &[OrderState::Working, end]);
            let status = if is_last { OrderStatus::Filled } else { OrderStatus::Replaced };
            orders.push(self.seen(&stop, status, when));
            let why = if attempt == 1 { StopWhy::Placed } else { StopWhy::Raised };
            stops.push(stop_change(&stop, why, when));
            if is_last {
                records.push(Record::Execution(self.fill(&stop, 0, Side::Sell, at(360))));
                stops.push(stop_change(&stop, StopWhy::Gone, at(361)));
            }
            before = Some(stop.request.client_order_id);
        }
        let trim = self.intent(symbol, Leg::Trim1, 1, at(100), None);
        self.life(&mut records, &trim, &[OrderState::Working, OrderState::Filled]);
        records.push(Record::Execution(self.fill(&trim, 0, Side::Sell, at(101))));
        orders.push(self.seen(&trim, OrderStatus::Filled, at(101)));
        self.ledger.record(at(361), &records).expect("room");
        self.ledger.note_seen(&orders, &stops).expect("room");
    }

    fn life(&self, records: &mut Vec<Record>, intent: &Intent, states: &[OrderState]) {
        records.push(Record::Intent(Box::new(intent.clone())));
        let mut from = intent.state;
        for to in states {
            let (id, broker_id) = (intent.request.client_order_id.clone(), Some(broker_id(intent)));
            records.push(Record::Change(Change { id, from, to: *to, broker_id }));
            from = *to;
        }
    }

    fn intent(&self, symbol: Symbol, leg: Leg, attempt: u32, at: Timestamp, before: Option<ClientOrderId>) -> Intent {
        let key = IntentKey {
            account: self.account.parse().expect("an account number"),
            date: self.session.date,
            strategy: "avwap".parse().expect("a strategy"),
            symbol,
            leg,
            attempt,
        };
        let is_entry = leg == Leg::Entry;
        let price = price(if is_entry { "50.53" } else { "48.12" });
        let request = OrderRequest {
            client_order_id: key.client_order_id(),
            symbol,
            side: if is_entry { Side::Buy } else { Side::Sell },
            qty: Qty::shares(if is_entry {
                18
            } else if leg == Leg::Stop {
                12
            } else {
                6
            }),
            kind: if is_entry { OrderKind::Limit { limit: price } } else { OrderKind::Stop { stop: price } },
            time_in_force: if is_entry { TimeInForce::Day } else { TimeInForce::Gtc },
            purpose: if is_entry { Purpose::Open } else { Purpose::Protect },
        };
        let targets = (Some(crate::year::price("50.00")), Some(crate::year::price("52.40")));
        let plan = TradePlan { stop: crate::year::price("48.12"), level: targets.0, r1: targets.1, r2: targets.1 };
        Intent {
            key,
            request,
            state: OrderState::Recorded,
            recorded_at: at,
            doubted_since: None,
            broker_id: None,
            replaces: before,
            trade: is_entry.then_some(plan),
            note: String::new(),
        }
    }

    fn fill(&self, intent: &Intent, part: u32, side: Side, at: Timestamp) -> Execution {
        let parts = if side == Side::Buy { PARTS } else { 1 };
        let qty = Qty::from_units(intent.request.qty.units() / i64::from(parts)).expect("whole shares");
        // As long as Alpaca's activity ids.
        let id = format!("{}::{}", self.session.date.to_string().replace('-', ""), uuid(intent, part));
        Execution { id, order_id: broker_id(intent), symbol: intent.key.symbol, side, qty, price: price("50.47"), at }
    }

    fn refusal(&self, number: usize) -> Refusal {
        let (at, symbol) =
            (self.session.open + TimeDelta::minutes(number as i64), Symbol::new(&format!("R{}", letters(number))));
        let detail = "3.41 a share at risk between 52.12 and 48.71, at most 3.00".to_owned();
        let symbol = symbol.expect("a ticker");
        Refusal { at, symbol, purpose: Purpose::Open, reason: Reason::RiskTooWide, detail }
    }

    fn seen(&self, intent: &Intent, status: OrderStatus, at: Timestamp) -> SeenOrder {
        let OrderRequest { client_order_id, symbol, side, qty, kind, time_in_force, .. } = intent.request.clone();
        let order = OrderReport {
            id: broker_id(intent),
            client_order_id,
            symbol,
            side,
            qty,
            filled_qty: if status == OrderStatus::Filled { qty } else { Qty::ZERO },
            filled_avg_price: (status == OrderStatus::Filled).then(|| price("50.47")),
            kind: Some(kind),
            time_in_force: Some(time_in_force),
            status,
            submitted_at: intent.recorded_at,
            replaces: None,
        };
        SeenOrder { order, listed: false, first_seen: intent.recorded_at, last_seen: at }
    }
}

fn stop_change(stop: &Intent, why: StopWhy, at: Timestamp) -> StopChange {
    let OrderRequest { client_order_id, symbol, qty, .. } = stop.request.clone();
    StopChange { at, symbol, client_order_id, stop: price("48.12"), qty, why }
}

fn broker_id(intent: &Intent) -> BrokerOrderId {
    uuid(intent, 0).parse().expect("visible ASCII")
}

/// As long as the broker's ids, and the same for the same intent.
fn uuid(intent: &Intent, part: u32) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    (&intent.key, part).hash(&mut hasher);
    let hash = hasher.finish();
    let (a, b) = (hash >> 32, hash & 0xffff);
    format!("{a:08x}-{b:04x}-4{:03x}-9{:03x}-{:012x}", a & 0xfff, b & 0xfff, hash & 0xffff_ffff_ffff)
}

/// A ticker of up to three letters, of some six hundred.
fn letters(number: usize) -> String {
    let letter = |number: usize| char::from(b'A' + (number % 26) as u8);
    [letter(number), letter(number / 26)].iter().collect()
}

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}
