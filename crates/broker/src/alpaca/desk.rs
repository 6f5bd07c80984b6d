//! Orders by hand: of any form, outside the controls.
//!
//! What a program decides goes through the controls and [`crate::Broker::submit`], which takes nothing they have not
//! approved. What is here is for a person who knows better, and for tests: no program of the trading system may use it
//! (`tests/layers.rs` looks). Agreement on the account, the broker's rules for openings and the rate limit hold here too.

use std::time::Duration;

use market::{Bps, Qty, Symbol};
use serde::Deserialize;
use serde_json::Value;
use trading::{
    order::{BrokerOrderId, Purpose},
    report::OrderReport,
};

use super::{
    Alpaca,
    answer::{Answer, Silence},
    decode,
    governor::Class,
    settle::{self, Stopped},
    ticket::{Change, Ticket},
    transport::Send,
    validate::Around,
    wire,
};
use crate::{CancelOutcome, OrderFilter, Orders, ReadError, RejectReason, SubmitOutcome};

/// Orders by hand; made by [`Alpaca::by_hand`].
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    alpaca: &'a Alpaca,
}

/// How much of a position to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All of it.
    All,
    /// So many shares.
    Shares(Qty),
    /// A part of it.
    Percent(Bps),
}

/// What became of a request about everything at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swept<T> {
    /// The broker has done what it could, each with a status of its own.
    Each(Vec<T>),
    /// The broker refused, and did nothing.
    Rejected {
        /// Which kind of refusal.
        reason: RejectReason,
        /// The broker's own words.
        message: String,
    },
    /// The broker certainly did nothing.
    Retryable {
        /// Not before so long, when the broker said so.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// Nobody here can tell: look at orders and positions.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// One order of a cancel of all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Cancelled {
    /// The order.
    pub id: BrokerOrderId,
    /// The HTTP status: 200 when its cancel is under way.
    pub status: u16,
}

/// One position of a close of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The symbol, of whatever instrument.
    pub symbol: String,
    /// The HTTP status: 200 when an order to close it was made.
    pub status: u16,
    /// That order, when it can be read.
    pub order: Option<OrderReport>,
}

#[derive(Deserialize)]
pub(super) struct ClosedBody {
    symbol: String,
    status: u16,
    #[serde(default)]
    body: Option<Value>,
}

impl Alpaca {
    /// Orders by hand, outside the controls.
    #[must_use]
    pub fn by_hand(&self) -> ByHand<'_> {
        ByHand { alpaca: self }
    }
}

impl ByHand<'_> {
    /// Sends a ticket, once. An opening is compared with the orders that work first.
    pub async fn submit(&self, ticket: &Ticket) -> SubmitOutcome {
        if ticket.purpose != Purpose::Open {
            return self.alpaca.place(ticket, Around::default()).await;
        }
        match self.prepare(ticket.symbol).await {
            Ok(working) => self.alpaca.place(ticket, Around { working: &working, ..Around::default() }).await,
            Err(stopped) => stopped.into(),
        }
    }

    /// What an opening takes for granted: agreement on the account, the asset, and which orders work.
    async fn prepare(&self, symbol: Symbol) -> Result<Vec<OrderReport>, Stopped> {
        let not_sent = |error: ReadError| Stopped::Retryable { after: None, why: format!("not sent: {error}") };
        self.alpaca.agree().await?;
        self.alpaca.learn_assets(&[symbol]).await.map_err(not_sent)?;
        self.alpaca.orders(OrderFilter::Open).await.and_then(Orders::whole).map_err(not_sent)
    }

    /// Changes an order that works, once: the broker puts another in its place, with an id of its own.
    pub async fn replace(&self, id: &BrokerOrderId, change: &Change) -> SubmitOutcome {
        self.alpaca.change(id, change).await
    }

    /// Asks for a cancel; the order may still fill before it takes effect.
    pub async fn cancel(&self, id: &BrokerOrderId) -> CancelOutcome {
        crate::Broker::cancel(self.alpaca, id).await
    }

    /// Asks for a cancel of every order there is.
    pub async fn cancel_all(&self) -> Swept<Cancelled> {
        swept(self.delete(&["v2", "orders"], &[]).await, |answer| answer.parse())
    }

    /// Closes a position, or a part of it, at the market.
    pub async fn close(&self, symbol: Symbol, portion: Portion) -> SubmitOutcome {
        let query = match portion {
            Portion::All => Vec::new(),
            Portion::Shares(qty) => vec![("qty", qty.to_string())],
            Portion::Percent(part) => vec![("percentage", format!("{}.{:02}", part.get() / 100, part.get() % 100))],
        };
        let outcome = self.delete(&["v2", "positions", symbol.as_str()], &query).await;
        let closed = outcome.and_then(|outcome| settle::settle(outcome, |answer| closing(symbol, answer)));
        closed.map_or_else(SubmitOutcome::from, |report| SubmitOutcome::Accepted(Box::new(report)))
    }

    /// Closes every position at the market, after a cancel of every order when asked for: shares that an order speaks for
    /// cannot be sold.
    pub async fn close_all(&self, cancel_orders: bool) -> Swept<Closed> {
        let query = if cancel_orders { vec![("cancel_orders", "true".to_owned())] } else { Vec::new() };
        swept(self.delete(&["v2", "positions"], &query).await, |answer| {
            let rows: Vec<ClosedBody> = answer.parse()?;
            Ok(rows.into_iter().map(closed).collect())
        })
    }

    async fn delete(
        &self,
        path: &[&str],
        query: &[(&'static str, String)],
    ) -> Result<Result<Answer, Silence>, Stopped> {
        self.alpaca.agree().await?;
        let url = self.alpaca.trading.join(path);
        Ok(self.alpaca.transport.send(Class::Protection, url, Send::<()>::Delete, query).await)
    }
}

/// The order's id is the broker's own, so only its symbol says that it is the one.
fn closing(symbol: Symbol, answer: &Answer) -> Result<OrderReport, String> {
    let report = decode::order(answer.parse::<wire::Order>()?)?;
    if report.symbol == symbol { Ok(report) } else { Err(format!("the answer is about {}", report.symbol)) }
}

pub(super) fn closed(body: ClosedBody) -> Closed {
    let order = body.body.and_then(|body| serde_json::from_value(body).ok());
    Closed { symbol: body.symbol, status: body.status, order: order.and_then(|order| decode::order(order).ok()) }
}

fn swept<T>(
    outcome: Result<Result<Answer, Silence>, Stopped>,
    read: impl FnOnce(&Answer) -> Result<Vec<T>, String>,
) -> Swept<T> {
    match outcome.and_then(|outcome| settle::settle(outcome, read)) {
        Ok(each) => Swept::Each(each),
        Err(Stopped::Rejected { reason, message }) => Swept::Rejected { reason, message },
        Err(Stopped::Retryable { after, why }) => Swept::Retryable { after, why },
        Err(Stopped::Unknown { why }) => Swept::Unknown { why },
    }
}
