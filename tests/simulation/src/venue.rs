//! The venue, written from what is known of Alpaca: orders, executions, positions and cash of one account, in memory.
//!
//! It shares nothing with the HTTP venue of the rehearsals but the facts. Shares in 1e-9, prices in 1/10,000 dollar. What it
//! holds is the truth that invariants are checked against; what it tells may be late or wrong, which is the world's doing.

mod matching;
mod request;
mod telling;

use std::collections::HashMap;

use market::{Price, Session, Timestamp};
use trading::{
    order::{BrokerOrderId, ClientOrderId, Leg, OrderKind, OrderRequest, Replacement, Side, TimeInForce},
    report::Execution,
    tape::Split,
};

use crate::{dice::Dice, prices::Path, scenario::Habits};

/// One share.
pub(crate) const SHARE: i64 = 1_000_000_000;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Received; works from the next open, or in a moment.
    Accepted,
    /// Works.
    New,
    /// Works until the cancel is done.
    PendingCancel,
    /// Works until it is replaced.
    PendingReplace,
    /// Waits until it has replaced another.
    Waiting,
    /// Over.
    Filled,
    /// Over.
    Canceled,
    /// Over.
    Expired,
    /// Over.
    Replaced,
    /// Over.
    Rejected,
}

/// An order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub id: BrokerOrderId,
    pub client: ClientOrderId,
    /// The leg and day, when it is one of ours.
    pub ours: Option<Mark>,
    /// Index of the symbol.
    pub symbol: usize,
    pub side: Side,
    pub qty: i64,
    pub filled: i64,
    /// Price times shares of what is filled, in 1e-13 dollar.
    pub cost: i128,
    pub kind: OrderKind,
    pub time_in_force: TimeInForce,
    pub state: State,
    pub received: Timestamp,
    /// When what is pending is done.
    pub due: Timestamp,
    /// A stop that was hit.
    pub triggered: bool,
    /// For an order that waits: the one it replaces.
    pub replaces: Option<usize>,
    /// A status that nobody knows is told instead of its own.
    pub odd: bool,
}

/// What makes an order ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub leg: Leg,
}

/// A fill as it will be told.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub told: Execution,
    /// Not told before.
    pub visible: Timestamp,
    pub symbol: usize,
}

/// What is held of a symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    pub shares: i64,
    /// What they cost, in 1e-13 dollar.
    pub cost: i128,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Submit(OrderRequest),
    Replace(Replacement),
    Cancel(BrokerOrderId),
}

/// A request that is late.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub arrives: Timestamp,
    pub request: Request,
    pub mark: Option<Mark>,
}

/// What happened at the venue since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Filled { order: usize, qty: i64, price: Price, crossing: bool, left: i64 },
    Ended { order: usize, state: State },
    Swapped { old: usize, new: usize },
    SwapRefused { new: usize },
    Landed { accepted: bool },
    Aged { order: usize },
    CarriedOn { order: usize },
    PaidInLieu { symbol: usize },
}

/// The venue.
#[derive(Debug)]
pub(crate) struct Venue {
    pub now: Timestamp,
    /// Today's session.
    pub session: Option<Session>,
    pub paths: Vec<Path>,
    pub holdings: Vec<Holding>,
    pub orders: Vec<Order>,
    /// Orders that can act, by index, oldest first.
    pub open: Vec<usize>,
    pub fills: Vec<Fill>,
    pub splits: Vec<Split>,
    pub flights: Vec<Flight>,
    /// In 1/10,000 dollar.
    pub cash: i64,
    /// Equity at the last close.
    pub last_equity: i64,
    pub habits: Habits,
    /// Rises with every change of orders or positions.
    pub version: u64,
    pub happened: Vec<Happening>,
    pub rules: Tricks,
    by_client: HashMap<ClientOrderId, usize>,
    dice: Dice,
}

/// Which of the venue's tricks are in the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tricks {
    pub partial: bool,
    pub slow: bool,
    pub late: bool,
}

impl State {
    /// Nothing more can happen.
    pub fn is_over(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Expired | Self::Replaced | Self::Rejected => true,
            Self::Accepted | Self::New | Self::PendingCancel | Self::PendingReplace | Self::Waiting => false,
        }
    }

    /// It can trade.
    pub fn trades(self) -> bool {
        match self {
            Self::New | Self::PendingCancel | Self::PendingReplace => true,
            Self::Accepted
            | Self::Waiting
            | Self::Filled
            | Self::Canceled
            | Self::Expired
            | Self::Replaced
            | Self::Rejected => false,
        }
    }
}

impl Order {
    /// Shares not yet filled.
    pub fn rest(&self) -> i64 {
        self.qty - self.filled
    }

    /// Whether it speaks for its shares: one that waits to replace another does not yet.
    pub fn binds(&self) -> bool {
        !self.state.is_over() && self.state != State::Waiting
    }

    /// Price a share its notional is reckoned with.
    pub fn limit(&self) -> Option<Price> {
        match self.kind {
            OrderKind::Market => None,
            OrderKind::Limit { limit } => Some(limit),
            OrderKind::Stop { stop } => Some(stop),
        }
    }

    /// A sell stop.
    pub fn is_stop(&self) -> bool {
        self.side == Side::Sell && matches!(self.kind, OrderKind::Stop { .. })
    }

    /// A sell at the market, on its way out.
    pub fn is_exit(&self) -> bool {
        self.side == Side::Sell && self.kind == OrderKind::Market
    }
}

impl Venue {
    /// A venue with cash and no orders.
    pub fn new(paths: Vec<Path>, cash: i64, habits: Habits, rules: Tricks, now: Timestamp, dice: Dice) -> Self {
        let holdings = vec![Holding::default(); paths.len()];
        Self {
            now,
            session: None,
            paths,
            holdings,
            orders: Vec::new(),
            open: Vec::new(),
            fills: Vec::new(),
            splits: Vec::new(),
            flights: Vec::new(),
            cash,
            last_equity: cash,
            habits,
            version: 0,
            happened: Vec::new(),
            rules,
            by_client: HashMap::new(),
            dice,
        }
    }

    /// The session is under way.
    pub fn is_open(&self) -> bool {
        self.session.is_some_and(|session| session.contains(self.now))
    }

    /// Shares that sell orders of a symbol speak for.
    pub fn spoken_for(&self, symbol: usize) -> i64 {
        self.binding(symbol, Side::Sell).map(Order::rest).sum()
    }

    /// Orders of a symbol that speak for shares or cash.
    pub fn binding(&self, symbol: usize, side: Side) -> impl Iterator<Item = &Order> {
        let orders = self.open.iter().map(|index| &self.orders[*index]);
        orders.filter(move |order| order.symbol == symbol && order.side == side && order.binds())
    }

    /// The order of a client order id.
    pub fn order(&self, client: &ClientOrderId) -> Option<&Order> {
        self.by_client.get(client).map(|index| &self.orders[*index])
    }

    /// The order of the broker's own id.
    pub fn order_at(&self, id: &BrokerOrderId) -> Option<&Order> {
        self.position(id).map(|index| &self.orders[index])
    }

    /// Whether a request of this id is still on its way.
    pub fn is_flying(&self, client: &ClientOrderId) -> bool {
        self.flights.iter().any(|flight| match &flight.request {
            Request::Submit(order) => order.client_order_id == *client,
            Request::Replace(replacement) => replacement.order.client_order_id == *client,
            Request::Cancel(_) => false,
        })
    }

    /// Cash and positions, in 1/10,000 dollar.
    pub fn equity(&self) -> i64 {
        let held = self.holdings.iter().zip(&self.paths);
        self.cash + held.map(|(held, path)| value(held.shares, path.last())).sum::<i64>()
    }
}

/// Shares times a price, in 1/10,000 dollar.
pub(crate) fn value(shares: i64, price: Price) -> i64 {
    (i128::from(shares) * i128::from(price.units()) / i128::from(SHARE)) as i64
}
