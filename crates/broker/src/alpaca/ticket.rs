//! An order in all the forms the broker takes, and a change to one that works.
//!
//! A form the broker has no word for cannot be written down: shares or dollars, a trail by price or by percent, exits of
//! the class that has them. What a form may not be combined with is [`super::validate`]'s business. Source: the schemas
//! CreateOrderRequest and PatchOrderRequest of the trading interface.

mod wire;

use market::{Bps, Price, Qty, Symbol, Usd};
use trading::order::{ClientOrderId, OrderKind, OrderRequest, Purpose, Side, TimeInForce};

pub(super) use wire::{ChangeBody, TicketBody};

/// An order of any form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The id it is looked up by; its type keeps it within the broker's 128 characters.
    pub client_order_id: ClientOrderId,
    /// Why it is made: an opening that breaks a rule is refused here, everything else is sent all the same.
    pub purpose: Purpose,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub amount: Amount,
    /// Type and prices.
    pub kind: Kind,
    /// How long it works.
    pub lifetime: Lifetime,
    /// Whether it may fill before the open and after the close.
    pub extended_hours: bool,
    /// The orders that come with it.
    pub class: Class,
}

/// How much to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Shares, or fractions of them.
    Shares(Qty),
    /// As many shares as so many dollars buy.
    Dollars(Usd),
}

/// Type and prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At the best price there is.
    Market,
    /// At the limit or better.
    Limit {
        /// Worst price accepted.
        limit: Price,
    },
    /// A market order once the price trades at or through the stop.
    Stop {
        /// The trigger.
        stop: Price,
    },
    /// A limit order once the price trades at or through the stop.
    StopLimit {
        /// The trigger.
        stop: Price,
        /// Worst price accepted.
        limit: Price,
    },
    /// A stop that follows the price at a distance.
    TrailingStop {
        /// The distance.
        trail: Trail,
    },
}

/// The distance of a trailing stop from the best price seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trail {
    /// Dollars a share.
    Price(Price),
    /// A part of the price.
    Percent(Bps),
}

/// How long an order works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the close of the session.
    Day,
    /// Until cancelled, or until the broker ends it ([`trading::expiry::ends_on`]).
    Gtc,
    /// In the opening auction only.
    Opg,
    /// In the closing auction only.
    Cls,
    /// What fills at once; the rest is cancelled.
    Ioc,
    /// Wholly at once, or not at all.
    Fok,
}

/// The orders that come with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// None.
    Simple,
    /// Both exits, held until the entry is completely filled: a partial entry is unprotected.
    Bracket {
        /// The limit at which the profit is taken.
        take_profit: Price,
        /// The stop.
        stop_loss: StopLoss,
    },
    /// Both exits of a position, of which the order itself is the limit that takes the profit.
    Oco {
        /// The stop.
        stop_loss: StopLoss,
    },
    /// One exit, held until the entry is completely filled.
    Oto(Exit),
}

/// The one exit of a one-triggers-other order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A limit.
    TakeProfit(Price),
    /// A stop.
    StopLoss(StopLoss),
}

/// A stop that comes with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLoss {
    /// The trigger.
    pub stop: Price,
    /// With one, a limit order is sent at the trigger; else a market order.
    pub limit: Option<Price>,
}

/// What a replacement changes; `None` stays as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The id of the order that takes the old one's place.
    pub client_order_id: ClientOrderId,
    /// Why the order is made, as in [`Ticket::purpose`].
    pub purpose: Purpose,
    /// Shares; whole ones only.
    pub qty: Option<Qty>,
    /// How long it works.
    pub lifetime: Option<Lifetime>,
    /// The limit.
    pub limit: Option<Price>,
    /// The trigger.
    pub stop: Option<Price>,
    /// The distance; of the kind the order has.
    pub trail: Option<Trail>,
}

impl Kind {
    /// The limit, when it has one.
    #[must_use]
    pub fn limit(&self) -> Option<Price> {
        match *self {
            Self::Limit { limit } | Self::StopLimit { limit, .. } => Some(limit),
            Self::Market | Self::Stop { .. } | Self::TrailingStop { .. } => None,
        }
    }

    /// The trigger, when it has a fixed one.
    #[must_use]
    pub fn stop(&self) -> Option<Price> {
        match *self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            Self::Market | Self::Limit { .. } | Self::TrailingStop { .. } => None,
        }
    }
}

impl From<OrderKind> for Kind {
    fn from(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Market => Self::Market,
            OrderKind::Limit { limit } => Self::Limit { limit },
            OrderKind::Stop { stop } => Self::Stop { stop },
        }
    }
}

impl From<TimeInForce> for Lifetime {
    fn from(time_in_force: TimeInForce) -> Self {
        match time_in_force {
            TimeInForce::Day => Self::Day,
            TimeInForce::Gtc => Self::Gtc,
        }
    }
}

impl From<&OrderRequest> for Ticket {
    fn from(order: &OrderRequest) -> Self {
        Self {
            client_order_id: order.client_order_id.clone(),
            purpose: order.purpose,
            symbol: order.symbol,
            side: order.side,
            amount: Amount::Shares(order.qty),
            kind: order.kind.into(),
            lifetime: order.time_in_force.into(),
            extended_hours: false,
            class: Class::Simple,
        }
    }
}

impl From<&OrderRequest> for Change {
    fn from(order: &OrderRequest) -> Self {
        let kind = Kind::from(order.kind);
        Self {
            client_order_id: order.client_order_id.clone(),
            purpose: order.purpose,
            qty: Some(order.qty),
            lifetime: Some(order.time_in_force.into()),
            limit: kind.limit(),
            stop: kind.stop(),
            trail: None,
        }
    }
}
