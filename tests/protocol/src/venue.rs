//! A tiny honest broker: orders by client order id, fills, positions. What a request becomes is decided when it arrives.
//!
//! It refuses a client order id it has seen before, even one whose order it refused; a sell of shares that are not held
//! and free; an order opposite a working one (a wash trade). A cancel and a replacement are accepted first and take
//! effect later, so that a fill can cross them. Until a replacement takes effect the new order cannot fill.

use std::collections::{BTreeMap, BTreeSet};

use market::{Price, Qty, Symbol, Timestamp};
use trading::{
    order::{BrokerOrderId, ClientOrderId, IntentKey, Leg, OrderKind, OrderRequest, Replacement, Side},
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
    report::{Execution, OrderReport, OrderStatus, PositionReport},
};

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Works.
    New,
    /// Works until its cancel takes effect.
    PendingCancel,
    /// Works until its replacement takes effect.
    PendingReplace,
    /// Waits to take the place of another.
    Held,
    /// Over.
    Filled,
    /// Over.
    Canceled,
    /// Over.
    Replaced,
    /// Over: what it was to replace was over first.
    Rejected,
}

impl Standing {
    /// Whether it may fill now.
    #[must_use]
    pub fn can_fill(self) -> bool {
        match self {
            Self::New | Self::PendingCancel | Self::PendingReplace => true,
            Self::Held | Self::Filled | Self::Canceled | Self::Replaced | Self::Rejected => false,
        }
    }

    /// Whether it may fill now or later.
    #[must_use]
    pub fn is_alive(self) -> bool {
        self.can_fill() || self == Self::Held
    }
}

/// An order.
#[derive(Clone, Debug)]
pub struct Order {
    /// As it was asked for.
    pub request: OrderRequest,
    /// Its part, by its id.
    pub leg: Option<Leg>,
    /// Shares filled, in units.
    pub filled: i64,
    /// Where it stands.
    pub standing: Standing,
    /// What it takes the place of.
    pub replaces: Option<ClientOrderId>,
    at: Timestamp,
}

/// The broker.
#[derive(Clone, Debug, Default)]
pub struct Venue {
    /// Every order it took, by client order id.
    pub orders: BTreeMap<ClientOrderId, Order>,
    /// Fills, oldest first.
    pub fills: Vec<Execution>,
    refused: BTreeSet<ClientOrderId>,
}

impl Venue {
    /// Shares held, in units.
    #[must_use]
    pub fn net(&self, symbol: Symbol) -> i64 {
        self.fills.iter().filter(|fill| fill.symbol == symbol).map(signed).sum()
    }

    /// Working orders, as a list shows them.
    #[must_use]
    pub fn working(&self) -> Vec<OrderReport> {
        self.orders.values().filter(|order| order.standing.is_alive()).map(Order::report).collect()
    }

    /// One order, whatever became of it.
    #[must_use]
    pub fn order(&self, id: &ClientOrderId) -> Option<OrderReport> {
        self.orders.get(id).map(Order::report)
    }

    /// Positions.
    #[must_use]
    pub fn positions(&self) -> BTreeMap<Symbol, PositionReport> {
        let symbols: BTreeSet<Symbol> = self.fills.iter().map(|fill| fill.symbol).collect();
        let held = symbols.into_iter().map(|symbol| (symbol, self.net(symbol))).filter(|(_, net)| *net != 0);
        held.map(|(symbol, net)| {
            let qty = Qty::from_units(net.abs()).expect("a few shares");
            (symbol, PositionReport { symbol, qty, short: net < 0, avg_entry_price: None, current_price: None })
        })
        .collect()
    }

    /// An order arrives.
    pub fn submit(&mut self, request: &OrderRequest, now: Timestamp) -> SubmitOutcome {
        if let Some(refusal) = self.refuse(request, None) {
            return refusal;
        }
        self.place(request, None, Standing::New, now)
    }

    /// A replacement arrives.
    pub fn replace(&mut self, replacement: &Replacement, now: Timestamp) -> SubmitOutcome {
        let Replacement { replaced_id, order, .. } = replacement;
        if let Some(refusal) = self.refuse(order, Some(replaced_id)) {
            return refusal;
        }
        let old = self.orders.get_mut(replaced_id).filter(|old| old.standing == Standing::New);
        let Some(old) = old else {
            self.refused.insert(order.client_order_id.clone());
            return rejected(RejectReason::Invalid, "cannot replace it now");
        };
        old.standing = Standing::PendingReplace;
        self.place(order, Some(replaced_id.clone()), Standing::Held, now)
    }

    /// A cancel arrives.
    pub fn cancel(&mut self, id: &BrokerOrderId) -> CancelOutcome {
        let Some(order) = self.orders.values_mut().find(|order| order.broker_id() == *id) else {
            return CancelOutcome::NotFound;
        };
        match order.standing {
            Standing::New | Standing::PendingCancel => {
                order.standing = Standing::PendingCancel;
                CancelOutcome::Accepted
            }
            Standing::PendingReplace
            | Standing::Held
            | Standing::Filled
            | Standing::Canceled
            | Standing::Replaced
            | Standing::Rejected => CancelOutcome::NotCancelable("not now".to_owned()),
        }
    }

    /// A cancel takes effect.
    pub fn end_cancel(&mut self, id: &ClientOrderId) {
        if let Some(order) = self.orders.get_mut(id) {
            order.standing = Standing::Canceled;
        }
    }

    /// A replacement takes effect, or finds its place gone.
    pub fn end_replace(&mut self, id: &ClientOrderId) {
        let old = self.orders.get(id).and_then(|new| new.replaces.clone());
        let Some(old) = old.and_then(|old| self.orders.get_mut(&old)) else { return };
        let swapped = old.standing == Standing::PendingReplace;
        if swapped {
            old.standing = Standing::Replaced;
        }
        if let Some(new) = self.orders.get_mut(id) {
            new.standing = if swapped { Standing::New } else { Standing::Rejected };
        }
    }

    /// An order fills, wholly or by one share.
    pub fn fill(&mut self, id: &ClientOrderId, whole: bool, price: Price, now: Timestamp) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let rest = order.request.qty.units() - order.filled;
        let units = if whole { rest } else { Qty::shares(1).units().min(rest) };
        order.filled += units;
        if units == rest {
            order.standing = Standing::Filled;
        }
        let fill = Execution {
            id: format!("{id}/{}", order.filled),
            order_id: order.broker_id(),
            symbol: order.request.symbol,
            side: order.request.side,
            qty: Qty::from_units(units).expect("a few shares"),
            price,
            at: now,
        };
        self.fills.push(fill);
    }

    fn refuse(&mut self, request: &OrderRequest, replaced: Option<&ClientOrderId>) -> Option<SubmitOutcome> {
        let id = &request.client_order_id;
        if self.orders.contains_key(id) || self.refused.contains(id) {
            return Some(rejected(RejectReason::DuplicateClientOrderId, "client order id must be unique"));
        }
        let others = || self.orders.values().filter(|order| order.standing.can_fill() && of(order, request.symbol));
        let conflicting = others().any(|order| order.request.side != request.side);
        let claimed = others().filter(|order| order.request.side == Side::Sell);
        let claimed = claimed.filter(|order| Some(&order.request.client_order_id) != replaced);
        let claimed: i64 = claimed.map(|order| order.request.qty.units() - order.filled).sum();
        let free = self.net(request.symbol) - claimed;
        let uncovered = request.side == Side::Sell && request.qty.units() > free;
        (conflicting || uncovered).then(|| {
            self.refused.insert(id.clone());
            rejected(RejectReason::InsufficientOrConflicting, if conflicting { "wash trade" } else { "no such shares" })
        })
    }

    fn place(
        &mut self,
        request: &OrderRequest,
        replaces: Option<ClientOrderId>,
        standing: Standing,
        now: Timestamp,
    ) -> SubmitOutcome {
        let id = request.client_order_id.clone();
        let leg = IntentKey::parse(&id).map(|key| key.leg);
        let order = Order { request: request.clone(), leg, filled: 0, standing, replaces, at: now };
        let report = order.report();
        self.orders.insert(id, order);
        SubmitOutcome::Accepted(Box::new(report))
    }

    /// Ids of orders it refused.
    pub(crate) fn refused(&self) -> impl Iterator<Item = &ClientOrderId> {
        self.refused.iter()
    }
}

impl Order {
    /// Derived from ours, so that it does not depend on the order of arrival.
    fn broker_id(&self) -> BrokerOrderId {
        format!("at-{}", self.request.client_order_id).parse().expect("a client order id with three letters more")
    }

    /// Whether it sells at the market, which fills at once.
    #[must_use]
    pub fn is_market(&self) -> bool {
        self.request.kind == OrderKind::Market
    }

    fn report(&self) -> OrderReport {
        let OrderRequest { client_order_id, symbol, side, qty, kind, time_in_force, .. } = self.request.clone();
        let status = match self.standing {
            Standing::New if self.filled > 0 => OrderStatus::PartiallyFilled,
            Standing::New => OrderStatus::New,
            Standing::PendingCancel => OrderStatus::PendingCancel,
            Standing::PendingReplace => OrderStatus::PendingReplace,
            Standing::Held => OrderStatus::PendingNew,
            Standing::Filled => OrderStatus::Filled,
            Standing::Canceled => OrderStatus::Canceled,
            Standing::Replaced => OrderStatus::Replaced,
            Standing::Rejected => OrderStatus::Rejected,
        };
        OrderReport {
            id: self.broker_id(),
            client_order_id,
            symbol,
            side,
            qty,
            filled_qty: Qty::from_units(self.filled).expect("a few shares"),
            filled_avg_price: None,
            kind: Some(kind),
            time_in_force: Some(time_in_force),
            status,
            submitted_at: self.at,
            replaces: None,
        }
    }
}

/// Shares of a fill, negative when sold.
#[must_use]
pub fn signed(fill: &Execution) -> i64 {
    match fill.side {
        Side::Buy => fill.qty.units(),
        Side::Sell => -fill.qty.units(),
    }
}

fn of(order: &Order, symbol: Symbol) -> bool {
    order.request.symbol == symbol
}

fn rejected(reason: RejectReason, message: &str) -> SubmitOutcome {
    SubmitOutcome::Rejected { reason, message: message.to_owned() }
}
