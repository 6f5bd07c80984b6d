//! Agreeing with the broker: a plan from what it says and what we believe. The broker is the truth.
//!
//! The plan changes nothing itself. The shell records its changes, asks about its questions, and shows its findings.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use market::{Qty, Symbol, TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    book::{Book, Intent, signed},
    order::{BrokerOrderId, ClientOrderId, IntentKey},
    report::{Execution, Notice, OrderReport, OrderStatus, PositionReport},
    state::{OrderEvent, OrderState, transition},
    tape::{Split, Tape},
};

/// How long after an intent was recorded the broker's "no such order" is believed: far beyond the time limit of a
/// request, so that none of ours can still be on its way.
pub const ARRIVAL_LIMIT: TimeDelta = TimeDelta::seconds(30);

/// Executions are read from so long before the last known one: a late report still counts, and counts once.
const OVERLAP: TimeDelta = TimeDelta::hours(1);
/// With none known, from so long ago: an order can have filled on a day on which no process ran.
const FIRST_READ: TimeDelta = TimeDelta::days(120);

/// From when on the broker's executions are to be read. Unknown ones are later than the last known one, or late.
#[must_use]
pub fn executions_from(book: &Book, now: Timestamp) -> Timestamp {
    book.last_fill().map_or(now - FIRST_READ, |last| last - OVERLAP)
}

/// What the broker says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Orders that can still act, and every answer to a question about one of ours.
    pub orders: Vec<OrderReport>,
    /// Executions since before the last one we have.
    pub executions: Vec<Execution>,
    /// Positions.
    pub positions: BTreeMap<Symbol, PositionReport>,
    /// Splits that are in force.
    pub splits: Vec<Split>,
    /// What else happens to shares that are held or ordered.
    pub notices: Vec<Notice>,
    /// The list of executions could not be read: that there are none here says nothing. Protection goes on without it.
    pub executions_unread: bool,
}

/// A change to one of our intents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub id: ClientOrderId,
    /// From.
    pub from: OrderState,
    /// To.
    pub to: OrderState,
    /// The broker's id, when it is news.
    pub broker_id: Option<BrokerOrderId>,
}

/// A disagreement. It blocks its symbol for opening for as long as it lasts, and a human is told once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The broker has a working order that is not ours.
    ForeignOrder {
        /// Its id at the broker.
        order: BrokerOrderId,
    },
    /// Our executions and the broker's position differ.
    QuantityMismatch {
        /// Net of our executions, in 1e-9 share.
        ours: i64,
        /// The broker's position, in 1e-9 share.
        theirs: i64,
    },
    /// The broker holds the symbol short; this strategy is long only.
    Short,
    /// An outcome is not known yet.
    Unresolved {
        /// The intent.
        intent: ClientOrderId,
    },
    /// A status this release does not know.
    UnrecognisedStatus {
        /// Its id at the broker.
        order: BrokerOrderId,
        /// The status as it came.
        status: String,
    },
    /// Something happens to the shares that no split tells: what is held of it is for a human to look at.
    CorporateAction {
        /// What.
        what: String,
    },
    /// The broker contradicts itself about an order of ours.
    Contradiction {
        /// The intent.
        intent: ClientOrderId,
        /// What was said.
        said: String,
    },
}

/// What to record, ask and show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Executions not yet in the book.
    pub executions: Vec<Execution>,
    /// Splits not yet in the book, of what was ever traded.
    pub splits: Vec<Split>,
    /// Changes of state.
    pub changes: Vec<Change>,
    /// Intents to ask the broker about, by client order id.
    pub questions: Vec<ClientOrderId>,
    /// Disagreements, by symbol.
    pub findings: BTreeSet<(Symbol, Finding)>,
}

/// Compares the book with what the broker says.
#[must_use]
pub fn plan(book: &Book, said: &Reported) -> Plan {
    // One list may tell the same execution twice.
    let mut heard = BTreeSet::new();
    let news = said.executions.iter().filter(|fill| !book.has_execution(&fill.id));
    let executions: Vec<Execution> = news.filter(|fill| heard.insert(fill.id.as_str())).cloned().collect();
    // What was first traded while no process ran may have been split since.
    let traded = |of: Symbol| book.tapes().contains_key(&of) || executions.iter().any(|fill| fill.symbol == of);
    let splits = new_splits(book, said, traded);
    let mut plan = Plan { executions, splits, ..Plan::default() };
    let mut mentioned = BTreeSet::new();
    for order in &said.orders {
        mentioned.insert(&order.client_order_id);
        match book.intent(&order.client_order_id) {
            Some(intent) => agree(&mut plan, intent, order),
            None => foreign(&mut plan, book, order),
        }
    }
    let live = book.live().map(|(id, _)| id);
    let given_up = plan.executions.iter().filter_map(|fill| book.given_up_for(fill));
    let questions: BTreeSet<&ClientOrderId> = live.chain(given_up).filter(|id| !mentioned.contains(id)).collect();
    plan.questions = questions.into_iter().cloned().collect();
    let notices = said.notices.iter().map(|Notice { symbol, what }| (*symbol, what.clone()));
    plan.findings.extend(notices.map(|(symbol, what)| (symbol, Finding::CorporateAction { what })));
    compare_positions(&mut plan, book, said);
    plan
}

/// Gives an order that the broker put in the place of one of ours the id of ours: it is that order now, and stays managed.
/// A broker does so for a split, and a human who moves a stop at the broker. An id of our own form is no such order: it is
/// one of ours that a lost ledger has forgotten.
pub fn carry_on(book: &Book, said: &mut Reported) {
    for order in &mut said.orders {
        if book.intent(&order.client_order_id).is_some() || IntentKey::parse(&order.client_order_id).is_some() {
            continue;
        }
        let ours = book.carried_by(&order.id).or_else(|| book.carried_by(order.replaces.as_ref()?));
        let ours = ours.filter(|intent| (intent.request.symbol, intent.request.side) == (order.symbol, order.side));
        if let Some(intent) = ours {
            order.client_order_id.clone_from(&intent.request.client_order_id);
        }
    }
}

fn new_splits(book: &Book, said: &Reported, traded: impl Fn(Symbol) -> bool) -> Vec<Split> {
    let mut news: Vec<Split> = Vec::new();
    for split in said.splits.iter().filter(|split| !book.has_split(&split.id) && traded(split.symbol)) {
        let known = book.tapes().get(&split.symbol).is_some_and(|tape| tape.has_like(split));
        let told = news.iter().any(|other| other.symbol == split.symbol && other.is_like(split));
        if !known && !told {
            news.push(split.clone());
        }
    }
    news
}

/// What the answer to a question changes. `None` from the broker is believed only when no request can be on its way.
///
/// # Errors
/// A [`Finding`] when the answer contradicts what the broker said before.
pub fn answered(intent: &Intent, answer: Option<&OrderReport>, now: Timestamp) -> Result<Option<Change>, Finding> {
    let event = match answer {
        Some(order) => OrderEvent::Reported(order.status.clone()),
        None if now.since(intent.in_doubt_since()) < ARRIVAL_LIMIT => return Ok(None),
        None => OrderEvent::NotFound,
    };
    // Asked by our id, the broker tells of the order it knew first, also when another has long taken its place.
    let was_carried_on = |order: &&OrderReport| intent.broker_id.is_some() && order.status == OrderStatus::Replaced;
    change(intent, &event, answer.filter(|order| !was_carried_on(order)).map(|order| &order.id))
}

/// One transition as a change; `None` when nothing is new.
///
/// # Errors
/// A [`Finding`] when the table does not know the pair.
pub fn change(
    intent: &Intent,
    event: &OrderEvent,
    broker_id: Option<&BrokerOrderId>,
) -> Result<Option<Change>, Finding> {
    let id = intent.request.client_order_id.clone();
    let to = transition(intent.state, event)
        .map_err(|surprise| Finding::Contradiction { intent: id.clone(), said: surprise.to_string() })?;
    let broker_id = broker_id.filter(|id| intent.broker_id.as_ref() != Some(id)).cloned();
    if to == intent.state && broker_id.is_none() {
        return Ok(None);
    }
    Ok(Some(Change { id, from: intent.state, to, broker_id }))
}

fn agree(plan: &mut Plan, intent: &Intent, order: &OrderReport) {
    if let OrderStatus::Unrecognised(status) = &order.status {
        let finding = Finding::UnrecognisedStatus { order: order.id.clone(), status: status.clone() };
        plan.findings.insert((order.symbol, finding));
    }
    let carries_on = order.replaces.is_some() && intent.broker_id == order.replaces;
    let status = order.status.clone();
    let event = if carries_on { OrderEvent::CarriedOn(status) } else { OrderEvent::Reported(status) };
    match change(intent, &event, Some(&order.id)) {
        Ok(change) => plan.changes.extend(change),
        Err(finding) => {
            plan.findings.insert((order.symbol, finding));
        }
    }
}

fn foreign(plan: &mut Plan, book: &Book, order: &OrderReport) {
    // An id of our own form that the ledger never recorded: a lost or older ledger. Managed as foreign, never resent.
    let ours = IntentKey::parse(&order.client_order_id)
        .is_some_and(|key| key.account == book.account && key.strategy == book.strategy);
    if !order.status.is_final() || (ours && !order.filled_qty.is_zero()) {
        plan.findings.insert((order.symbol, Finding::ForeignOrder { order: order.id.clone() }));
    }
}

fn compare_positions(plan: &mut Plan, book: &Book, said: &Reported) {
    let mut net = net_after(book, plan);
    for (symbol, position) in &said.positions {
        if position.short {
            plan.findings.insert((*symbol, Finding::Short));
        }
        net.entry(*symbol).or_default();
    }
    for (symbol, ours) in net {
        let theirs = said.positions.get(&symbol).map_or(0, |position| {
            let units = position.qty.units();
            if position.short { -units } else { units }
        });
        let Net { units: ours, in_lieu } = ours;
        // What a split left of less than a share may have become cash.
        if ours != theirs && ours - in_lieu != theirs {
            plan.findings.insert((symbol, Finding::QuantityMismatch { ours, theirs }));
        }
    }
}

/// What is held of a symbol by our executions, in 1e-9 share.
#[derive(Clone, Copy, Debug, Default)]
struct Net {
    units: i64,
    /// Of them, what the broker may have paid cash for.
    in_lieu: i64,
}

impl Net {
    fn of(tape: &Tape) -> Self {
        let held = tape.held();
        Self { units: held.net, in_lieu: held.in_lieu }
    }
}

/// Net shares by symbol once the plan's news is believed.
fn net_after(book: &Book, plan: &Plan) -> BTreeMap<Symbol, Net> {
    let mut net: BTreeMap<Symbol, Net> = book.tapes().iter().map(|(symbol, tape)| (*symbol, Net::of(tape))).collect();
    let touched: BTreeSet<Symbol> = plan.splits.iter().map(|split| split.symbol).collect();
    for symbol in &touched {
        // A split scales what came before it, so the order of time matters; the tape knows it.
        let mut tape = book.tapes().get(symbol).cloned().unwrap_or_default();
        plan.executions.iter().filter(|fill| fill.symbol == *symbol).for_each(|fill| tape.count(fill.clone()));
        plan.splits.iter().filter(|split| split.symbol == *symbol).for_each(|split| tape.split(split.clone()));
        net.insert(*symbol, Net::of(&tape));
    }
    for fill in plan.executions.iter().filter(|fill| !touched.contains(&fill.symbol)) {
        let sum = net.entry(fill.symbol).or_default();
        sum.units = sum.units.saturating_add(signed(fill));
    }
    net
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shares = |units: &i64| {
            let sign = if *units < 0 { "-" } else { "" };
            let qty = Qty::from_units(units.saturating_abs()).unwrap_or_default();
            format!("{sign}{qty}")
        };
        match self {
            Self::ForeignOrder { order } => write!(f, "a working order that is not ours: {order}"),
            Self::QuantityMismatch { ours, theirs } => {
                write!(f, "our executions make {} shares, the broker holds {}", shares(ours), shares(theirs))
            }
            Self::Short => f.write_str("held short, which this strategy never does"),
            Self::Unresolved { intent } => write!(f, "outcome unknown: {intent}"),
            Self::UnrecognisedStatus { order, status } => write!(f, "order {order} has the unknown status {status:?}"),
            Self::CorporateAction { what } => write!(f, "{what}: nothing is opened in it, look at it"),
            Self::Contradiction { intent, said } => write!(f, "{intent}: {said}"),
        }
    }
}

#[cfg(test)]
mod tests;
