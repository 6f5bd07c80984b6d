//! Three decisions a cycle: protect what is held and withdraw what may no longer open ([`protect`]), move stops and trim
//! where the market says so ([`manage`]), then open what every control lets pass ([`open`]).
//!
//! Pure and complete: the same book and view give the same actions in the same order. Protection looks at the broker
//! alone; nothing that only opening needs (clock, account, candles, watchlist) can stop it.

mod cover;
mod entry;
mod holding;
mod protection;
mod send;
mod stop;
mod trim;
mod withdrawal;

use std::collections::{BTreeMap, BTreeSet};

use market::{Bps, Candle, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use serde::Serialize;

use crate::{
    book::{Book, TradePlan},
    control::{Approved, Authority, Facts, Kill, Used},
    limits::Limits,
    order::{BrokerOrderId, ClientOrderId, IntentKey, OrderKind, OrderRequest, Purpose, Replacement, Side},
    reconcile::Finding,
    refusal::Refusal,
    report::{AccountReport, OrderReport, OrderStatus, PositionReport},
    state::OrderState,
};

/// A line of today's watchlist, as far as trading reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The symbol.
    pub symbol: Symbol,
    /// The level a break must hold.
    pub entry_level: Price,
    /// Where the position is wrong.
    pub stop_loss: Price,
    /// The stop below the last swing low of the daily bars; without one, `stop_loss` protects.
    pub structural_stop: Option<Price>,
    /// The first target.
    pub r1: Option<Price>,
    /// The second target.
    pub r2: Option<Price>,
    /// Mean daily volume of 20 sessions; nothing is opened without it.
    pub average_volume: Option<Qty>,
    /// How far the close lay from the level, for [`crate::limits::Sizing::ByDistance`].
    pub distance: Option<Bps>,
}

/// Shares held, and shares that stops at the broker protect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Held.
    pub held: Qty,
    /// Protected.
    pub protected: Qty,
}

/// What the broker and the market look like.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Today's session, when broker and calendar agree that there is one.
    pub session: Option<Session>,
    /// Today's session by our own calendar. What protects goes by it: a clock that cannot be read stops no stop.
    pub hours: Option<Session>,
    /// What the gates say.
    pub authority: Authority,
    /// The kill switch.
    pub kill: Option<Kill>,
    /// Positions at the broker.
    pub positions: BTreeMap<Symbol, PositionReport>,
    /// Orders at the broker that can still act, ours or not.
    pub working: Vec<OrderReport>,
    /// Disagreements with the broker.
    pub findings: BTreeSet<(Symbol, Finding)>,
    /// Positions whose stops did not fit at the last look. Orders and positions are not read in one instant, so only a
    /// misfit that stands twice is acted on and told.
    pub misfits_before: BTreeMap<Symbol, Coverage>,
    /// Symbols something was sent or cancelled for in this cycle already: what the view says of them is out of date.
    pub acted: BTreeSet<Symbol>,
    /// What filled and is in no position yet, by symbol, at what it may have cost: the positions are older.
    pub unseen: BTreeMap<Symbol, Usd>,
    /// How far the broker's clock is from ours ([`crate::agreement::skew`]); `None` when it could not be read.
    pub clock_skew: Option<TimeDelta>,
    /// How long the stream has been silent; `None` when none is used.
    pub stream_silent: Option<TimeDelta>,
    /// When the executions that the findings know of were read.
    pub executions_read_at: Timestamp,
    /// The latest instant ever seen: time before it has been lived through already.
    pub high_water: Timestamp,
    /// Latest quotes.
    pub quotes: BTreeMap<Symbol, Quote>,
    /// The account; needed to open.
    pub account: Option<AccountReport>,
    /// Today's watchlist, best first; needed to open.
    pub candidates: Vec<Candidate>,
    /// Complete ten-minute candles of today's session, by symbol; needed to open.
    pub candles: BTreeMap<Symbol, Vec<Candle>>,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Record the intent, then send it.
    Submit {
        /// The order, approved for its purpose.
        order: Box<Approved<OrderRequest>>,
        /// What makes it unique.
        #[serde(skip)]
        key: IntentKey,
        /// For an entry: how its position is managed.
        trade: Option<TradePlan>,
    },
    /// Record the intent, then put it in the place of a working order.
    Replace {
        /// The replacement, approved for its purpose.
        replacement: Box<Approved<Replacement>>,
        /// What makes it unique.
        #[serde(skip)]
        key: IntentKey,
    },
    /// Ask the broker to cancel. Nothing is recorded before: asking twice is harmless.
    Cancel {
        /// The broker's id.
        order: BrokerOrderId,
        /// Ours.
        client_order_id: ClientOrderId,
        /// The symbol.
        symbol: Symbol,
        /// Why.
        why: String,
    },
    /// Tell a human, once a subject.
    Alert {
        /// What it is about; the same subject is not repeated.
        subject: String,
        /// The message.
        text: String,
    },
}

/// What to do, and what was not done and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// In order.
    pub actions: Vec<Action>,
    /// Orders that a control refused.
    pub refusals: Vec<Refusal>,
    /// Positions whose stops do not fit, for the next look.
    pub misfits: BTreeMap<Symbol, Coverage>,
}

/// Decides what protects: stops, exits, cancels, alerts.
#[must_use]
pub fn protect(book: &Book, view: &View, limits: &Limits) -> Decision {
    let desk = Desk { book, view, limits };
    let mut decision = Decision::default();
    withdrawal::entries(&desk, &mut decision);
    protection::positions(&desk, &mut decision);
    decision
}

/// Decides what needs the market: the same desired protection, now with prices, for what was left alone so far.
#[must_use]
pub fn manage(book: &Book, view: &View, limits: &Limits) -> Decision {
    let mut decision = Decision::default();
    protection::positions(&Desk { book, view, limits }, &mut decision);
    decision
}

/// Decides what opens.
#[must_use]
pub fn open(book: &Book, view: &View, limits: &Limits) -> Decision {
    let mut decision = Decision::default();
    entry::entries(&Desk { book, view, limits }, &mut decision);
    decision
}

impl Action {
    /// Whether it sends an opening order.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        match self {
            Self::Submit { order, .. } => order.get().purpose == Purpose::Open,
            Self::Replace { .. } | Self::Cancel { .. } | Self::Alert { .. } => false,
        }
    }

    /// Whether it sends an order.
    #[must_use]
    pub fn is_send(&self) -> bool {
        match self {
            Self::Submit { .. } | Self::Replace { .. } => true,
            Self::Cancel { .. } | Self::Alert { .. } => false,
        }
    }
}

/// How a symbol stands, by book and view.
#[derive(Clone, Debug, Default)]
struct Standing {
    /// Whether it was entered, or tried, today.
    consumed_today: bool,
    /// Why it is blocked for opening.
    blocked: Option<String>,
    /// Shares that sell orders speak for.
    held_for_orders: Qty,
    /// The begin of its newest complete candle; only openings look at it.
    newest_candle: Option<Timestamp>,
}

/// Book, view and limits, with the questions all parts ask of them.
struct Desk<'a> {
    book: &'a Book,
    view: &'a View,
    limits: &'a Limits,
}

/// Sell orders of a symbol at the broker, by what they do.
#[derive(Clone, Copy, Debug, Default)]
struct Sells {
    /// Shares that stop orders protect.
    stops: Qty,
    /// Shares that other sell orders speak for.
    others: Qty,
    /// Shares of sends whose outcome is unknown.
    unknown: Qty,
}

impl Sells {
    fn total(self) -> Qty {
        self.stops.plus(self.others).plus(self.unknown)
    }
}

impl Desk<'_> {
    fn held(&self, symbol: Symbol) -> Qty {
        self.view.positions.get(&symbol).filter(|position| !position.short).map_or(Qty::ZERO, |position| position.qty)
    }

    fn working(&self, symbol: Symbol, side: Side) -> impl Iterator<Item = &OrderReport> {
        self.view.working.iter().filter(move |order| order.symbol == symbol && order.side == side)
    }

    fn sells(&self, symbol: Symbol) -> Sells {
        let mut sells = Sells::default();
        for order in self.working(symbol, Side::Sell) {
            let rest = order.qty.minus_or_zero(order.filled_qty);
            match order.kind {
                Some(OrderKind::Stop { .. }) => sells.stops = sells.stops.plus(rest),
                Some(OrderKind::Market | OrderKind::Limit { .. }) | None => sells.others = sells.others.plus(rest),
            }
        }
        let listed = |id: &ClientOrderId| self.view.working.iter().any(|order| order.client_order_id == *id);
        for (id, intent) in self.book.live_of(symbol) {
            if intent.state.is_unresolved() && intent.request.side == Side::Sell && !listed(id) {
                sells.unknown = sells.unknown.plus(intent.request.qty);
            }
        }
        sells
    }

    /// An opening order of ours, by the book or, when the book was lost, by the form of its id.
    fn is_entry(&self, order: &OrderReport) -> bool {
        order.side == Side::Buy
            && match self.book.intent(&order.client_order_id) {
                Some(intent) => intent.request.purpose == Purpose::Open,
                None => IntentKey::parse(&order.client_order_id)
                    .is_some_and(|key| key.account == self.book.account && key.strategy == self.book.strategy),
            }
    }

    /// An order of ours that takes a part of a position off: while it works, its shares have no stop.
    fn is_trim(&self, order: &OrderReport) -> bool {
        let intent = self.book.intent(&order.client_order_id);
        intent.is_some_and(|intent| intent.request.purpose == Purpose::Reduce)
    }

    fn blocked(&self, symbol: Symbol) -> Option<String> {
        let unresolved = self.book.live_of(symbol).find(|(_, intent)| intent.state.is_unresolved());
        let finding = self.view.findings.iter().find(|(of, _)| *of == symbol).map(|(_, finding)| finding.to_string());
        unresolved.map(|(id, _)| format!("outcome unknown: {id}")).or(finding)
    }

    /// What the controls may look at for an order that closes, or for any single one.
    fn facts(&self, order: &OrderRequest, used: Used) -> Facts<'_> {
        let symbol = order.symbol;
        let standing = Standing {
            consumed_today: self.book.is_consumed(self.view.now.ny_date(), symbol),
            blocked: self.blocked(symbol),
            held_for_orders: self.sells(symbol).total(),
            newest_candle: None,
        };
        let id_used = self.book.intent(&order.client_order_id).is_some();
        Facts { id_used, ..self.situation(symbol, standing, used) }
    }

    /// The same for an order that takes the place of a working one, whose shares become free in the same step.
    fn replacement_facts(&self, replacement: &Replacement) -> Facts<'_> {
        let replaced = self.view.working.iter().find(|order| order.id == replacement.replaces);
        let replaced = replaced.map(|order| order.qty.minus_or_zero(order.filled_qty));
        Facts { replaced, ..self.facts(&replacement.order, Used::default()) }
    }

    /// The same before there is an order.
    fn situation(&self, symbol: Symbol, standing: Standing, used: Used) -> Facts<'_> {
        let view = self.view;
        Facts {
            now: view.now,
            high_water: view.high_water,
            clock_skew: view.clock_skew,
            session: view.session,
            authority: &view.authority,
            kill: view.kill,
            account: view.account.as_ref(),
            limits: self.limits,
            quote: view.quotes.get(&symbol).copied(),
            newest_candle: standing.newest_candle,
            average_volume: None,
            used,
            consumed_today: standing.consumed_today,
            blocked: standing.blocked,
            mismatch: self.mismatch(),
            stream_silent: view.stream_silent,
            executions_read_at: view.executions_read_at,
            held: self.held(symbol),
            held_for_orders: standing.held_for_orders,
            replaced: None,
            id_used: false,
        }
    }

    /// A symbol whose position is not what our executions make it.
    fn mismatch(&self) -> Option<Symbol> {
        let differs = |finding: &Finding| matches!(finding, Finding::QuantityMismatch { .. });
        self.view.findings.iter().find(|(_, finding)| differs(finding)).map(|(symbol, _)| *symbol)
    }

    /// Asks for a cancel, unless the broker works on one already.
    fn cancel(&self, decision: &mut Decision, order: &OrderReport, why: &str) {
        let asked =
            decision.actions.iter().any(|action| matches!(action, Action::Cancel { order: id, .. } if *id == order.id));
        if asked || order.status == OrderStatus::PendingCancel {
            return;
        }
        decision.actions.push(Action::Cancel {
            order: order.id.clone(),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol,
            why: why.to_owned(),
        });
    }
}

/// Whether something is under way whose next step must not wait for the usual pace: an order sent or being cancelled, an
/// outcome asked about, an entry or a trim of ours that may fill, a cover that has to be looked at twice.
#[must_use]
pub fn is_under_way(book: &Book, view: &View, decisions: &[&Decision]) -> bool {
    let desk = Desk { book, view, limits: &Limits::default() };
    let acted = decisions.iter().flat_map(|decision| &decision.actions).any(|action| match action {
        Action::Submit { .. } | Action::Replace { .. } | Action::Cancel { .. } => true,
        Action::Alert { .. } => false,
    });
    let pending = book.live().any(|(_, i)| i.state.is_unresolved() || i.state == OrderState::Canceling);
    let misfits = decisions.iter().flat_map(|decision| &decision.misfits);
    let is_news = |(symbol, misfit): (&Symbol, &Coverage)| view.misfits_before.get(symbol) != Some(misfit);
    let unsettled = misfits.into_iter().any(is_news);
    let unseen = !view.unseen.is_empty();
    let may_fill = |order: &OrderReport| desk.is_entry(order) || desk.is_trim(order);
    acted || pending || unsettled || unseen || view.working.iter().any(may_fill)
}

/// The notional of a position at its latest price, or its cost; `None` when neither is known.
fn value(position: &PositionReport) -> Option<Usd> {
    let price = position.current_price.or(position.avg_entry_price);
    price.map(|price| price.notional(position.qty))
}

#[cfg(test)]
mod tests;
