//! One decision: protect what is held, cancel what may no longer open, then open what every control lets pass.
//!
//! Pure and complete: the same book and view give the same actions in the same order.

mod entry;
mod protect;

use std::collections::{BTreeMap, BTreeSet};

use market::{Candle, Price, Qty, Quote, Session, Symbol, Timestamp};
use serde::Serialize;

use crate::{
    book::Book,
    control::{Approved, Authority, Facts, Kill, Used},
    limits::Limits,
    order::{BrokerOrderId, ClientOrderId, IntentKey, OrderRequest, Side},
    reconcile::Finding,
    refusal::Refusal,
    report::{AccountReport, OrderReport, PositionReport},
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
}

/// What the market and the broker look like, gathered once a cycle.
#[derive(Clone, Debug)]
pub struct View {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Today's session, when broker and calendar agree that there is one.
    pub session: Option<Session>,
    /// What the gates say.
    pub authority: Authority,
    /// The kill switch.
    pub kill: Option<Kill>,
    /// The account.
    pub account: AccountReport,
    /// Positions at the broker.
    pub positions: BTreeMap<Symbol, PositionReport>,
    /// Orders at the broker that can still act, ours or not.
    pub working: Vec<OrderReport>,
    /// Disagreements with the broker.
    pub findings: BTreeSet<(Symbol, Finding)>,
    /// Today's watchlist, best first.
    pub candidates: Vec<Candidate>,
    /// Complete ten-minute candles of this session, by symbol.
    pub candles: BTreeMap<Symbol, Vec<Candle>>,
    /// Latest quotes.
    pub quotes: BTreeMap<Symbol, Quote>,
}

/// Something to do. The shell records it durably before it does it.
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
        /// For an entry: the protective stop its position gets.
        protective_stop: Option<Price>,
    },
    /// Ask the broker to cancel.
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
    /// In order: protection first.
    pub actions: Vec<Action>,
    /// Openings that a control refused.
    pub refusals: Vec<Refusal>,
}

/// Decides one cycle.
#[must_use]
pub fn decide(book: &Book, view: &View, limits: &Limits) -> Decision {
    let desk = Desk { book, view, limits };
    let mut decision = Decision::default();
    protect::positions(&desk, &mut decision);
    protect::withdraw_entries(&desk, &mut decision);
    entry::entries(&desk, &mut decision);
    decision
}

/// Book, view and limits, with the questions both halves ask of them.
struct Desk<'a> {
    book: &'a Book,
    view: &'a View,
    limits: &'a Limits,
}

impl Desk<'_> {
    fn held(&self, symbol: Symbol) -> Qty {
        self.view.positions.get(&symbol).filter(|position| !position.short).map_or(Qty::ZERO, |position| position.qty)
    }

    fn working(&self, symbol: Symbol, side: Side) -> impl Iterator<Item = &OrderReport> {
        self.view.working.iter().filter(move |order| order.symbol == symbol && order.side == side)
    }

    /// Shares that working sell orders speak for, plus sends of ours whose outcome is unknown.
    fn spoken_for(&self, symbol: Symbol) -> Qty {
        let working = self.working(symbol, Side::Sell).map(|order| order.qty.minus_or_zero(order.filled_qty));
        let unresolved = self
            .book
            .live(symbol)
            .filter(|(_, intent)| intent.state.is_unresolved() && intent.request.side == Side::Sell)
            .map(|(_, intent)| intent.request.qty);
        working.chain(unresolved).fold(Qty::ZERO, Qty::plus)
    }

    fn blocked(&self, symbol: Symbol) -> Option<String> {
        let unresolved = self.book.live(symbol).find(|(_, intent)| intent.state.is_unresolved());
        let finding = self.view.findings.iter().find(|(of, _)| *of == symbol).map(|(_, finding)| finding.to_string());
        unresolved.map(|(id, _)| format!("outcome unknown: {id}")).or(finding)
    }

    fn facts(&self, order: &OrderRequest, used: Used) -> Facts<'_> {
        let symbol = order.symbol;
        let date = self.view.now.ny_date();
        Facts {
            now: self.view.now,
            session: self.view.session,
            authority: &self.view.authority,
            kill: self.view.kill,
            account: &self.view.account,
            limits: self.limits,
            quote: self.view.quotes.get(&symbol).copied(),
            used,
            consumed_today: self.book.is_consumed(date, symbol),
            blocked: self.blocked(symbol),
            reject_streak: self.book.reject_streak(date),
            held: self.held(symbol),
            held_for_orders: self.spoken_for(symbol),
            id_used: self.book.intents.contains_key(&order.client_order_id),
        }
    }
}

#[cfg(test)]
mod tests;
