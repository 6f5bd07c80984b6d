//! The core: events in, effects out. Whoever drives it (a process, a simulation, a model checker) looks, feeds what it
//! saw, and performs the effects one by one, in order, feeding back what became of each.
//!
//! ```text
//! core.handle(event, now);
//! while let Some(effect) = core.poll(&moment) {
//!     if let Some(event) = perform(effect) { core.handle(event, now) }
//! }
//! ```
//!
//! A cycle is [`Event::Look`] (agree with the broker), [`Event::Protect`] (what the broker's word alone can decide) and
//! [`Event::Manage`] (what needs the market: trailing, trims, openings). [`Effect::Record`] is durable before anything
//! after it is performed; a driver that cannot record stops. What is held in memory beyond the book only paces and
//! dedupes: a crash loses none of what decides.

mod answer;
mod effect;
mod observe;
mod send;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use market::{Candle, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};

pub use effect::{Effect, Exposure, Moment};

use crate::{
    alert::Alerts,
    book::Book,
    control::{Authority, Kill},
    decide::{self, Action, Candidate, Coverage, Decision, View},
    limits::Limits,
    order::{BrokerOrderId, ClientOrderId, OrderRequest, Purpose},
    outcome::{CancelOutcome, SubmitOutcome},
    position::PositionState,
    reconcile::{self, Finding, Reported},
    record::Record,
    refusal::{Reason, Refusal},
    report::{AccountReport, OrderReport, PositionReport},
};
use effect::Step;

/// What the driver saw or did.
#[derive(Clone, Debug)]
pub enum Event {
    /// The broker's working orders, positions, executions since before [`Core::last_fill`], and splits in force.
    Look(Box<Reported>),
    /// The answer to [`Effect::Ask`]; `Err` when there was none.
    Answer {
        /// The intent asked about.
        id: ClientOrderId,
        /// The order, `None` when the broker knows none.
        answer: Result<Option<Box<OrderReport>>, String>,
    },
    /// What protection may look at besides.
    Protect(Box<Surroundings>),
    /// What the market does: for what is held and what may be opened.
    Manage(Box<Market>),
    /// What became of [`Effect::Submit`] or [`Effect::Replace`].
    Submitted {
        /// Its client order id.
        id: ClientOrderId,
        /// The outcome.
        outcome: SubmitOutcome,
    },
    /// What became of [`Effect::Cancel`].
    Canceled {
        /// The client order id of the order.
        id: ClientOrderId,
        /// The broker's.
        order: BrokerOrderId,
        /// The outcome.
        outcome: CancelOutcome,
    },
    /// Whether [`Effect::Expose`] was written.
    Exposed(bool),
    /// The clock was set by more than a little: how long ago a request left cannot be told by it any more.
    ClockSet,
}

/// What protection may look at besides the broker's books. All of it may be missing; none of it can stop protection.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// Today's session, when broker and calendar agree that there is one.
    pub session: Option<Session>,
    /// Today's session by our own calendar: protection goes by it, whatever the broker says of time.
    pub hours: Option<Session>,
    /// What the gates say.
    pub authority: Authority,
    /// The kill switch.
    pub kill: Option<Kill>,
    /// How far the broker's clock is from ours; `None` when it could not be read, and then nothing is opened.
    pub clock_skew: Option<TimeDelta>,
    /// How long the stream has been silent; `None` when none is used.
    pub stream_silent: Option<TimeDelta>,
    /// Quotes of positions without a stop.
    pub quotes: BTreeMap<Symbol, Quote>,
}

/// What the market does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Market {
    /// The account; `None` when it could not be read.
    pub account: Option<AccountReport>,
    /// Today's watchlist, best first.
    pub candidates: Vec<Candidate>,
    /// Complete ten-minute candles of today's session.
    pub candles: BTreeMap<Symbol, Vec<Candle>>,
    /// Latest quotes.
    pub quotes: BTreeMap<Symbol, Quote>,
}

/// State and queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    book: Book,
    limits: Limits,
    alerts: Alerts,
    /// The reason a symbol was last refused for: only news is recorded.
    refused: BTreeMap<Symbol, Reason>,
    findings: BTreeSet<(Symbol, Finding)>,
    misfits: BTreeMap<Symbol, Coverage>,
    positions: BTreeMap<Symbol, PositionState>,
    /// Whether anything was seen before: what is held at the first look did not appear, it was there.
    looked: bool,
    /// The last look that could read the executions.
    executions_read_at: Timestamp,
    hurrying_since: Option<Timestamp>,
    look: Option<Looking>,
    view: Option<View>,
    decisions: Vec<Decision>,
    queue: VecDeque<Step>,
}

/// A look whose questions are not all answered yet.
#[derive(Clone, Debug, PartialEq)]
struct Looking {
    said: Reported,
    at: Timestamp,
    asked: BTreeSet<ClientOrderId>,
    findings: BTreeSet<(Symbol, Finding)>,
    unseen: Unseen,
}

/// Fills that the look's positions cannot show, by symbol.
type Unseen = BTreeMap<Symbol, Fresh>;

/// What filled and was not seen as a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fresh {
    /// What was bought may have cost.
    cost: Usd,
    /// Something was sold: the position that was read may be gone.
    sold: bool,
}

impl Fresh {
    /// What filled of an order, with the position that was read before it was known to be over.
    fn of(request: &OrderRequest, filled: Qty, position: Option<&PositionReport>) -> Option<Self> {
        if request.purpose != Purpose::Open {
            return position.map(|_| Self { cost: Usd::ZERO, sold: true });
        }
        let seen = position.map_or(Qty::ZERO, |position| position.qty);
        let missing = filled.minus_or_zero(seen);
        let cost = request.price().map_or(Usd::ZERO, |price| price.notional(missing));
        (!missing.is_zero()).then_some(Self { cost, sold: false })
    }
}

impl Core {
    /// A core that goes on from what was recorded.
    #[must_use]
    pub fn new(mut book: Book, limits: Limits, now: Timestamp) -> Self {
        book.saw(now);
        book.doubt(now);
        Self {
            book,
            limits,
            alerts: Alerts::default(),
            refused: BTreeMap::new(),
            findings: BTreeSet::new(),
            misfits: BTreeMap::new(),
            positions: BTreeMap::new(),
            looked: false,
            executions_read_at: Timestamp::from_unix_seconds(0),
            hurrying_since: None,
            look: None,
            view: None,
            decisions: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// What was recorded.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The view of this cycle, once there is one.
    #[must_use]
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// What was decided in this cycle.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// Disagreements with the broker at the last look.
    #[must_use]
    pub fn findings(&self) -> &BTreeSet<(Symbol, Finding)> {
        &self.findings
    }

    /// Where each symbol stands.
    #[must_use]
    pub fn positions(&self) -> &BTreeMap<Symbol, PositionState> {
        &self.positions
    }

    /// Since when something has been under way at the broker.
    #[must_use]
    pub fn hurrying_since(&self) -> Option<Timestamp> {
        self.hurrying_since
    }

    /// Nothing is held, works or is unknown, nothing was sent since the look, and broker and book agree on all that.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        let sent = self.decisions.iter().flat_map(|decision| &decision.actions).any(Action::is_send);
        !sent
            && self.book.live().next().is_none()
            && self.view.as_ref().is_some_and(|view| {
                view.positions.is_empty()
                    && view.working.is_empty()
                    && view.unseen.is_empty()
                    && view.findings.is_empty()
            })
    }

    /// Takes an event in. Effects come from [`Core::poll`].
    pub fn handle(&mut self, event: Event, now: Timestamp) {
        self.book.saw(now);
        self.book.doubt_again(now);
        match event {
            Event::Look(said) => self.look(*said, now),
            Event::Answer { id, answer } => self.answer(&id, answer.map(|answer| answer.map(|order| *order)), now),
            Event::Protect(surroundings) => self.protect(*surroundings, now),
            Event::Manage(market) => self.manage(*market, now),
            Event::Submitted { id, outcome } => self.submitted(&id, outcome, now),
            Event::Canceled { id, order, outcome } => self.canceled(&id, &order, outcome, now),
            Event::Exposed(written) => self.exposed(written),
            Event::ClockSet => self.book.doubt(now),
        }
    }

    /// Ends the cycle: whether something is under way that must be looked at soon.
    pub fn end_cycle(&mut self, now: Timestamp) -> bool {
        let decisions: Vec<&Decision> = self.decisions.iter().collect();
        let under_way = self.view.as_ref().is_none_or(|view| decide::is_under_way(&self.book, view, &decisions));
        self.hurrying_since = under_way.then(|| self.hurrying_since.unwrap_or(now));
        under_way
    }

    fn look(&mut self, mut said: Reported, now: Timestamp) {
        reconcile::carry_on(&self.book, &mut said);
        // A cycle that was given up leaves what it decided behind, but never what it had to write down.
        self.queue.retain(Step::is_record);
        self.view = None;
        self.decisions.clear();
        if !said.executions_unread {
            self.executions_read_at = now;
        }
        let plan = reconcile::plan(&self.book, &said);
        let records = plan.splits.into_iter().map(Record::Split);
        let records = records.chain(plan.executions.into_iter().map(Record::Execution));
        let records: Vec<Record> = records.chain(plan.changes.into_iter().map(Record::Change)).collect();
        self.record(records, now);
        let asked = plan.questions.iter().cloned().collect();
        self.queue.extend(plan.questions.into_iter().map(|id| Step::Effect(Effect::Ask(id))));
        let unseen = self.unheard(&said.positions);
        self.look = Some(Looking { said, at: now, asked, findings: plan.findings, unseen });
    }

    /// What the broker alone decides: stops, exits, withdrawals.
    fn protect(&mut self, around: Surroundings, now: Timestamp) {
        let Some(look) = self.look.take() else { return };
        let view = self.agreed(look, around, now);
        let decision = decide::protect(&self.book, &view, &self.limits);
        self.misfits.clone_from(&decision.misfits);
        self.forget_what_is_whole(&view, &decision);
        self.expose(&view, &decision);
        self.queue_decision(&decision);
        let acted = decision.symbols().into_iter().chain(view.acted.iter().copied()).collect();
        self.view = Some(View { acted, ..view });
        self.decisions.push(decision);
    }

    /// What needs the market, for what protection left alone: trailing, trims, openings.
    fn manage(&mut self, market: Market, now: Timestamp) {
        let Some(mut view) = self.view.take() else { return };
        let Market { account, candidates, candles, mut quotes } = market;
        // What protection was told a moment ago is not forgotten because a newer quote is missing.
        for (symbol, quote) in std::mem::take(&mut view.quotes) {
            let newest = quotes.entry(symbol).or_insert(quote);
            *newest = if newest.at < quote.at { quote } else { *newest };
        }
        let high_water = self.book.high_water().unwrap_or(now);
        view = View { now, high_water, account, candidates, candles, quotes, ..view };
        let mut decision = decide::manage(&self.book, &view, &self.limits);
        let opening = decide::open(&self.book, &view, &self.limits);
        decision.actions.extend(opening.actions);
        decision.refusals.extend(opening.refusals);
        if decision.actions.iter().any(Action::is_send) {
            self.expose(&view, &decision);
        }
        self.queue_decision(&decision);
        self.view = Some(view);
        self.decisions.push(decision);
    }

    fn queue_decision(&mut self, decision: &Decision) {
        for action in &decision.actions {
            self.queue.push_back(Step::from_action(action));
        }
        let steps: Vec<Step> = self.news(&decision.refusals).collect();
        self.queue.extend(steps);
    }

    /// Refusals whose reason is news for their symbol, so that a day of cycles is not a day of rows.
    fn news(&mut self, refusals: &[Refusal]) -> impl Iterator<Item = Step> + use<> {
        let mut news = Vec::new();
        for refusal in refusals {
            if self.refused.insert(refusal.symbol, refusal.reason) != Some(refusal.reason) {
                news.push(Step::Record(refusal.at, vec![Record::Refusal(refusal.clone())]));
            }
        }
        news.into_iter()
    }

    fn expose(&mut self, view: &View, decision: &Decision) {
        let sends = decision.actions.iter().filter(|action| action.is_send()).count();
        let listed = |id: &ClientOrderId| view.working.iter().any(|order| order.client_order_id == *id);
        let unlisted = self.book.live().filter(|(id, _)| !listed(id)).count() + view.unseen.len();
        let exposure = Exposure {
            at: view.now,
            positions: view.positions.values().map(|held| (held.symbol, held.qty)).collect(),
            working_orders: view.working.len() as u32,
            unknown_outcomes: (sends + unlisted) as u32,
        };
        self.queue.push_back(Step::Effect(Effect::Expose(exposure)));
    }

    /// Without the view that the gate reads, a crash could look flat: nothing is opened, what protects goes on.
    fn exposed(&mut self, written: bool) {
        if !written {
            self.queue.retain(|step| !step.is_opening());
            let text = "the exposure view cannot be written, nothing is opened".to_owned();
            self.queue.push_back(Step::Alert("exposure".to_owned(), text));
        }
    }

    /// Believes records and puts them before everything that is still to be done.
    fn record_first(&mut self, records: Vec<Record>, now: Timestamp) {
        if !records.is_empty() {
            records.iter().for_each(|record| self.book.apply(record, now));
            self.queue.push_front(Step::Record(now, records));
        }
    }

    /// Believes records and queues them.
    fn record(&mut self, records: Vec<Record>, now: Timestamp) {
        if !records.is_empty() {
            records.iter().for_each(|record| self.book.apply(record, now));
            self.queue.push_back(Step::Record(now, records));
        }
    }
}

impl Decision {
    /// Subjects of its alerts.
    fn alerts(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().filter_map(|action| match action {
            Action::Alert { subject, .. } => Some(subject.as_str()),
            Action::Submit { .. } | Action::Replace { .. } | Action::Cancel { .. } => None,
        })
    }

    /// Symbols something is sent or cancelled for.
    fn symbols(&self) -> BTreeSet<Symbol> {
        let symbol = |action: &Action| match action {
            Action::Submit { order, .. } => Some(order.get().symbol),
            Action::Replace { replacement, .. } => Some(replacement.get().order.symbol),
            Action::Cancel { symbol, .. } => Some(*symbol),
            Action::Alert { .. } => None,
        };
        self.actions.iter().filter_map(symbol).collect()
    }
}

#[cfg(test)]
mod tests;
