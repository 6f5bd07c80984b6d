//! A broker that is all lists, a wire that loses, repeats and turns round what is on it, and a consumer that may sleep.

use super::*;

/// How REST names the fills that the stream names `e0`, `e1`, ...
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    Alike,
    Apart,
}

struct Order {
    /// Filled before anybody asked.
    earlier: u32,
    /// And since.
    filled: u32,
    /// In milliseconds since the beginning.
    submitted: i64,
    status: &'static str,
    updated: i64,
}

struct Fill {
    order: usize,
    shares: u32,
    at: Timestamp,
}

pub(super) struct World {
    pub(super) account: Account,
    pub(super) began: Timestamp,
    /// Frames under way.
    pub(super) wire: VecDeque<Value>,
    pub(super) mute: bool,
    pub(super) rest_is_down: bool,
    pub(super) reads: bool,
    /// Executions that REST has not booked yet.
    pub(super) hidden: BTreeSet<String>,
    /// Orders that no list has.
    pub(super) unlisted: BTreeSet<usize>,
    /// Orders that cannot be looked up.
    pub(super) unreadable: BTreeSet<usize>,
    pub(super) reconnects: u32,
    pub(super) asked: u32,
    names: Names,
    connected: bool,
    millis: i64,
    orders: Vec<Order>,
    fills: Vec<Fill>,
    pub(super) asking: Option<Ask>,
    read: Vec<AccountEvent>,
}

impl World {
    pub(super) fn new(names: Names) -> Self {
        Self::bounded(names, 1_000, 1_000)
    }

    pub(super) fn bounded(names: Names, executions: usize, events: usize) -> Self {
        let day: NyDate = "2026-11-20".parse().unwrap();
        let began = day.at_hm(10, 0);
        let start = Start { since: began, known: Vec::new() };
        let order = |(earlier, submitted)| Order { earlier, filled: 0, submitted, status: "new", updated: submitted };
        // Two are older than what the consumer wants to know of, one of those in part filled before.
        let orders = [(0, 500), (0, 500), (0, 500), (0, -3_600_000), (5, -3_600_000)];
        Self {
            account: Account::bounded(start, Waits::default(), executions, events),
            began,
            wire: VecDeque::new(),
            mute: false,
            rest_is_down: false,
            reads: true,
            hidden: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            unreadable: BTreeSet::new(),
            reconnects: 0,
            asked: 0,
            names,
            connected: false,
            millis: 1_000,
            orders: orders.map(order).into(),
            fills: Vec::new(),
            asking: None,
            read: Vec::new(),
        }
    }

    pub(super) fn moment(&self) -> Moment {
        let now = self.began + TimeDelta::milliseconds(self.millis);
        let session = Calendar::nyse().session_on(now.ny_date()).unwrap();
        Moment { now, session, elapsed: Duration::from_millis(self.millis as u64) }
    }

    /// Fills shares of an order that still works.
    pub(super) fn fill(&mut self, order: usize, shares: u32) {
        if self.orders[order].status == "canceled" {
            return;
        }
        self.millis += 7;
        let number = self.fills.len();
        self.fills.push(Fill { order, shares, at: self.moment().now });
        self.orders[order].filled += shares;
        self.orders[order].status = "partially_filled";
        let mut message = self.message(order, "partial_fill");
        message["data"]["execution_id"] = json!(format!("e{number}"));
        message["data"]["qty"] = json!(shares.to_string());
        message["data"]["price"] = json!("10.00");
        self.send(message);
    }

    pub(super) fn cancel(&mut self, order: usize) {
        if self.orders[order].status != "canceled" {
            self.happen(order, "canceled", "canceled");
        }
    }

    pub(super) fn happen(&mut self, order: usize, event: &str, status: &'static str) {
        self.millis += 7;
        self.orders[order].status = status;
        let message = self.message(order, event);
        self.send(message);
    }

    /// The broker takes shares of a fill back.
    pub(super) fn bust(&mut self, order: usize, shares: u32) {
        self.orders[order].filled -= shares;
        self.happen(order, "trade_bust", "partially_filled");
    }

    fn message(&mut self, order: usize, event: &str) -> Value {
        self.orders[order].updated = self.millis;
        json!({"stream": "trade_updates", "data": {
            "event": event, "timestamp": self.moment().now.to_string(), "order": self.order(order),
        }})
    }

    fn order(&self, number: usize) -> Value {
        let Order { earlier, filled, submitted, status, updated } = &self.orders[number];
        let filled = earlier + filled;
        let at = |millis: i64| (self.began + TimeDelta::milliseconds(millis)).to_string();
        json!({
            "id": format!("order-{number}"), "client_order_id": format!("ours-{number}"), "symbol": "AAPL", "side": "buy",
            "qty": "1000", "filled_qty": filled.to_string(), "type": "limit", "time_in_force": "day",
            "limit_price": "10.00", "status": status, "created_at": at(*submitted), "submitted_at": at(*submitted),
            "updated_at": at(*updated),
        })
    }

    /// A fill is on the wire again, the order as it is now.
    pub(super) fn resend(&mut self, name: &str) {
        let Execution { qty, at, .. } = self.execution(name);
        let order = self.fills[name.trim_start_matches('e').parse::<usize>().unwrap()].order;
        let mut message = self.message(order, "partial_fill");
        message["data"]["timestamp"] = json!(at.to_string());
        message["data"]["execution_id"] = json!(name);
        message["data"]["qty"] = json!(qty.to_string());
        message["data"]["price"] = json!("10.00");
        self.send(message);
    }

    /// The newest execution is booked late.
    pub(super) fn lag(&mut self) {
        self.hidden = self.fills.len().checked_sub(1).map(|last| format!("e{last}")).into_iter().collect();
    }

    /// Nothing is sent to who is not connected, or by a mute stream.
    fn send(&mut self, message: Value) {
        if self.connected && !self.mute {
            self.wire.push_back(message);
        }
    }

    pub(super) fn deliver(&mut self) {
        if let Some(message) = self.wire.pop_front() {
            let at = self.moment();
            self.account.message(message, at);
        }
        self.consume();
    }

    pub(super) fn deliver_all(&mut self) {
        while !self.wire.is_empty() {
            self.deliver();
        }
    }

    pub(super) fn postpone(&mut self) {
        if let Some(message) = self.wire.pop_front() {
            self.wire.push_back(message);
        }
    }

    pub(super) fn duplicate(&mut self) {
        if let Some(message) = self.wire.front().cloned() {
            self.wire.push_back(message);
        }
    }

    pub(super) fn cut(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.wire.clear();
            let at = self.moment();
            self.account.lost(Lost { why: "cut".to_owned(), again: Again::Soon }, at);
        }
    }

    pub(super) fn connect(&mut self) {
        if !std::mem::replace(&mut self.connected, true) {
            let at = self.moment();
            self.account.live(at);
        }
    }

    /// A second at a time: pongs, REST, the consumer; a stream found mute connects again.
    pub(super) fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.millis += 1_000;
            let at = self.moment();
            if let Some(ask) = self.asking.take() {
                let answer = self.answer(&ask);
                self.account.answered(answer, at);
            }
            if self.connected && self.account.look(at).is_some() {
                self.reconnects += 1;
                self.cut();
                self.connect();
            }
            if self.asking.is_none() {
                self.asking = self.account.ask(at);
                self.asked += u32::from(self.asking.is_some());
            }
            self.consume();
        }
    }

    pub(super) fn settle(&mut self) {
        self.run(70);
    }

    /// Everything works again, and all of it has time to be told.
    pub(super) fn heal(&mut self) {
        (self.mute, self.rest_is_down, self.reads) = (false, false, true);
        self.hidden.clear();
        self.connect();
        self.run(1);
        self.deliver_all();
        self.run(200);
    }

    pub(super) fn read_all(&mut self) {
        self.consume();
    }

    fn consume(&mut self) {
        while self.reads
            && let Some(event) = self.account.next()
        {
            self.read.push(event);
        }
    }

    /// As the follower asks: executions, orders submitted since, and those that were open.
    pub(super) fn answer(&self, ask: &Ask) -> Result<Answer, ReadError> {
        if self.rest_is_down {
            let endpoint = "executions".to_owned();
            return Err(ReadError { endpoint, why: "down".to_owned(), request_id: None, forbidden: false });
        }
        let executions = (0..self.fills.len()).map(|number| format!("e{number}"));
        let executions = executions.filter(|name| !self.hidden.contains(name)).map(|name| self.execution(&name));
        let orders = (0..self.orders.len()).filter(|number| !self.unlisted.contains(number)).map(|number| {
            let mut message = trade_updates::tests::message("new", "new", 0);
            message["data"]["order"] = self.order(number);
            trade_updates::decode(message).unwrap().order
        });
        Ok(Answer {
            executions: executions.filter(|execution| execution.at > ask.after).collect(),
            orders: orders.collect(),
            unread: self.unreadable.iter().map(|number| format!("order-{number}").parse().unwrap()).collect(),
            last: None,
        })
    }

    /// A fill as REST has it.
    pub(super) fn execution(&self, name: &str) -> Execution {
        let number: usize = name.trim_start_matches('e').parse().unwrap();
        let Fill { order, shares, at } = &self.fills[number];
        let id = match self.names {
            Names::Alike => format!("20261120100000000::{name}"),
            Names::Apart => format!("20261120100000000::other-{name}"),
        };
        Execution {
            id,
            order_id: format!("order-{order}").parse().unwrap(),
            symbol: "AAPL".parse().unwrap(),
            side: trading::order::Side::Buy,
            qty: Qty::shares(*shares),
            price: Price::from_cents(1_000).unwrap(),
            at: *at,
        }
    }

    /// Shares filled ever.
    pub(super) fn filled(&self, order: usize) -> u64 {
        u64::from(self.orders[order].earlier + self.orders[order].filled)
    }

    /// Shares filled since the beginning.
    pub(super) fn to_tell(&self, order: usize) -> u64 {
        u64::from(self.orders[order].filled)
    }

    pub(super) fn true_executions(&self) -> BTreeSet<String> {
        self.fills.iter().enumerate().map(|(number, fill)| format!("e{number} {}", fill.shares)).collect()
    }

    /// Executions told, in order.
    pub(super) fn told(&self) -> Vec<String> {
        self.executions().map(|(key, execution)| format!("{key} {}", execution.qty)).collect()
    }

    /// Their ids.
    pub(super) fn ids(&self) -> Vec<String> {
        self.executions().map(|(_, execution)| execution.id.clone()).collect()
    }

    pub(super) fn last_gap(&self) -> Gap {
        let gap = |event: &AccountEvent| if let AccountEvent::Gap(gap) = event { Some(*gap) } else { None };
        self.read.iter().rev().find_map(gap).unwrap()
    }

    pub(super) fn told_set(&self) -> BTreeSet<String> {
        self.told().into_iter().collect()
    }

    fn executions(&self) -> impl Iterator<Item = (&ExecutionKey, &Execution)> {
        self.read.iter().filter_map(|event| match event {
            AccountEvent::Execution { key, execution } => Some((key, execution)),
            AccountEvent::Live { .. }
            | AccountEvent::Order { .. }
            | AccountEvent::Disagreement { .. }
            | AccountEvent::Gap(_)
            | AccountEvent::Silent { .. }
            | AccountEvent::Lost(_)
            | AccountEvent::Unreadable(_) => None,
        })
    }

    pub(super) fn shares_told(&self, order: usize) -> u64 {
        let name = format!("order-{order}");
        let fills = self.executions().map(|(_, fill)| fill).filter(|fill| fill.order_id.as_str() == name);
        fills.map(|fill| fill.qty.whole_shares()).sum()
    }

    fn reports(&self, order: usize) -> impl Iterator<Item = &OrderReport> {
        let name = format!("order-{order}");
        self.read.iter().filter_map(move |event| match event {
            AccountEvent::Order { report, .. } if report.id.as_str() == name => Some(report.as_ref()),
            AccountEvent::Order { .. }
            | AccountEvent::Execution { .. }
            | AccountEvent::Live { .. }
            | AccountEvent::Disagreement { .. }
            | AccountEvent::Gap(_)
            | AccountEvent::Silent { .. }
            | AccountEvent::Lost(_)
            | AccountEvent::Unreadable(_) => None,
        })
    }

    /// Filled shares of an order's reports, in order, those of nothing left out.
    pub(super) fn filled_told(&self, order: usize) -> Vec<u64> {
        self.reports(order).map(|report| report.filled_qty.whole_shares()).filter(|filled| *filled > 0).collect()
    }

    pub(super) fn statuses_told(&self, order: usize) -> Vec<String> {
        self.reports(order).map(|report| format!("{:?}", report.status)).collect()
    }

    pub(super) fn disputed(&self) -> BTreeSet<String> {
        self.names("disagreement").into_iter().collect()
    }

    pub(super) fn gaps(&self) -> Vec<bool> {
        self.names("gap").into_iter().map(|filled| filled == "true").collect()
    }

    /// How many events begin with a text.
    pub(super) fn events_of(&self, text: &str) -> usize {
        self.read.iter().map(short).filter(|(kind, name)| format!("{kind} {name}").starts_with(text)).count()
    }

    fn names(&self, wanted: &str) -> Vec<String> {
        self.read.iter().map(short).filter(|(kind, _)| *kind == wanted).map(|(_, name)| name).collect()
    }
}

fn short(event: &AccountEvent) -> (&'static str, String) {
    match event {
        AccountEvent::Live { .. } => ("live", String::new()),
        AccountEvent::Execution { key, .. } => ("execution", key.to_string()),
        AccountEvent::Order { report, .. } => ("order", report.id.to_string()),
        AccountEvent::Disagreement { order, .. } => ("disagreement", order.to_string()),
        AccountEvent::Gap(gap) => ("gap", gap.filled.to_string()),
        AccountEvent::Silent { .. } => ("silent", String::new()),
        AccountEvent::Lost(_) => ("lost", String::new()),
        AccountEvent::Unreadable(unreadable) => {
            ("unreadable", unreadable.symbol.map(|symbol| symbol.to_string()).unwrap_or_default())
        }
    }
}
