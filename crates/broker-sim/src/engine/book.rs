//! The venue's books: every order ever received, every fill, what is held and the cash.

use std::collections::BTreeMap;

use broker::{
    order::{BrokerOrderId, ClientOrderId, OrderKind, Side, TimeInForce},
    report::{Execution, OrderReport, OrderStatus},
};
use market::{Price, Qty, Symbol, Timestamp, Usd};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::seed;

/// An order as the venue keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: BrokerOrderId,
    pub(crate) client_order_id: ClientOrderId,
    pub(crate) symbol: Symbol,
    pub(crate) side: Side,
    pub(crate) qty: Qty,
    pub(crate) kind: OrderKind,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) status: OrderStatus,
    pub(crate) submitted_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) filled_qty: Qty,
    pub(crate) filled_cost: Usd,
    /// A stop whose price was reached: it works as a market order from the next tick on.
    pub(crate) triggered: bool,
    pub(crate) replaces: Option<BrokerOrderId>,
    pub(crate) replaced_by: Option<BrokerOrderId>,
}

/// A fill with what its order had become by then.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub(crate) execution: Execution,
    pub(crate) cum_qty: Qty,
    pub(crate) leaves_qty: Qty,
}

/// Shares held and what they cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holding {
    pub(crate) qty: Qty,
    pub(crate) cost: Usd,
}

/// Orders, fills, holdings, cash.
pub(crate) struct Book {
    orders: Vec<Order>,
    by_id: BTreeMap<BrokerOrderId, usize>,
    by_client_id: BTreeMap<ClientOrderId, usize>,
    fills: Vec<Fill>,
    holdings: BTreeMap<Symbol, Holding>,
    cash: Usd,
    cash_at_start: Usd,
    ids: ChaCha8Rng,
}

impl Order {
    pub(crate) fn is_open(&self) -> bool {
        !self.status.is_final()
    }

    pub(crate) fn remaining(&self) -> Qty {
        self.qty.minus_or_zero(self.filled_qty)
    }

    pub(crate) fn limit(&self) -> Option<Price> {
        match self.kind {
            OrderKind::Limit { limit } => Some(limit),
            OrderKind::Market | OrderKind::Stop { .. } => None,
        }
    }

    pub(crate) fn stop(&self) -> Option<Price> {
        match self.kind {
            OrderKind::Stop { stop } => Some(stop),
            OrderKind::Market | OrderKind::Limit { .. } => None,
        }
    }

    pub(crate) fn report(&self) -> OrderReport {
        OrderReport {
            id: self.id.clone(),
            client_order_id: self.client_order_id.clone(),
            symbol: self.symbol,
            side: self.side,
            qty: self.qty,
            filled_qty: self.filled_qty,
            filled_avg_price: average(self.filled_cost, self.filled_qty),
            kind: Some(self.kind),
            time_in_force: Some(self.time_in_force),
            status: self.status.clone(),
            submitted_at: self.submitted_at,
        }
    }
}

/// Cost a share, rounded to 1/10,000 dollar.
pub(crate) fn average(cost: Usd, qty: Qty) -> Option<Price> {
    let units = (i128::from(cost.units()) * 1_000_000_000 * 2 / i128::from(qty.units()).max(1) + 1) / 2;
    Price::from_units(i64::try_from(units).ok()?).ok()
}

impl Book {
    pub(crate) fn new(seed: u64, cash: Usd) -> Self {
        Self {
            orders: Vec::new(),
            by_id: BTreeMap::new(),
            by_client_id: BTreeMap::new(),
            fills: Vec::new(),
            holdings: BTreeMap::new(),
            cash,
            cash_at_start: cash,
            ids: seed::stream(seed, "ids"),
        }
    }

    /// Random in form, the same for the same seed.
    pub(crate) fn new_uuid(&mut self) -> String {
        let bits: u128 = self.ids.random();
        let hex = format!("{bits:032x}");
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    pub(crate) fn orders(&self) -> &[Order] {
        &self.orders
    }

    pub(crate) fn order(&self, id: &str) -> Option<&Order> {
        self.by_id.get(&id.parse().ok()?).map(|at| &self.orders[*at])
    }

    pub(crate) fn order_mut(&mut self, at: usize) -> &mut Order {
        &mut self.orders[at]
    }

    pub(crate) fn position_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(&id.parse().ok()?).copied()
    }

    pub(crate) fn by_client_id(&self, id: &str) -> Option<&Order> {
        self.by_client_id.get(&id.parse().ok()?).map(|at| &self.orders[*at])
    }

    pub(crate) fn add(&mut self, order: Order) {
        let at = self.orders.len();
        self.by_id.insert(order.id.clone(), at);
        self.by_client_id.insert(order.client_order_id.clone(), at);
        self.orders.push(order);
    }

    /// Places of the open orders, oldest first.
    pub(crate) fn open(&self) -> Vec<usize> {
        (0..self.orders.len()).filter(|at| self.orders[*at].is_open()).collect()
    }

    pub(crate) fn fills(&self) -> &[Fill] {
        &self.fills
    }

    pub(crate) fn holdings(&self) -> &BTreeMap<Symbol, Holding> {
        &self.holdings
    }

    pub(crate) fn held(&self, symbol: Symbol) -> Qty {
        self.holdings.get(&symbol).map_or(Qty::ZERO, |holding| holding.qty)
    }

    /// Shares that open sell orders have laid claim to.
    pub(crate) fn held_for_orders(&self, symbol: Symbol) -> Qty {
        self.orders
            .iter()
            .filter(|order| order.is_open() && order.symbol == symbol && order.side == Side::Sell)
            .fold(Qty::ZERO, |sum, order| sum.plus(order.remaining()))
    }

    pub(crate) fn cash(&self) -> Usd {
        self.cash
    }

    pub(crate) fn cash_at_start(&self) -> Usd {
        self.cash_at_start
    }

    /// Books a fill: the order's state, the cash and the holding.
    pub(crate) fn fill(&mut self, at: usize, qty: Qty, price: Price, now: Timestamp) {
        let id = format!("{}::{}", now.to_string().replace(['-', 'T', ':', '.', 'Z'], ""), self.new_uuid());
        let order = &mut self.orders[at];
        let notional = price.notional(qty);
        order.filled_qty = order.filled_qty.plus(qty);
        order.filled_cost += notional;
        order.updated_at = now;
        order.status = if order.remaining().is_zero() { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        let execution =
            Execution { id, order_id: order.id.clone(), symbol: order.symbol, side: order.side, qty, price, at: now };
        let fill = Fill { execution, cum_qty: order.filled_qty, leaves_qty: order.remaining() };
        let (symbol, side) = (order.symbol, order.side);
        self.fills.push(fill);
        match side {
            Side::Buy => self.take_in(symbol, qty, notional),
            Side::Sell => self.give_away(symbol, qty, notional),
        }
    }

    fn take_in(&mut self, symbol: Symbol, qty: Qty, notional: Usd) {
        let holding = self.holdings.entry(symbol).or_insert(Holding { qty: Qty::ZERO, cost: Usd::ZERO });
        holding.qty = holding.qty.plus(qty);
        holding.cost += notional;
        self.cash -= notional;
    }

    fn give_away(&mut self, symbol: Symbol, qty: Qty, notional: Usd) {
        self.cash += notional;
        let Some(holding) = self.holdings.get_mut(&symbol) else { return };
        let sold = i128::from(holding.cost.units()) * i128::from(qty.units()) / i128::from(holding.qty.units()).max(1);
        holding.cost -= Usd::from_units(i64::try_from(sold).unwrap_or(i64::MAX));
        holding.qty = holding.qty.minus_or_zero(qty);
        if holding.qty.is_zero() {
            self.holdings.remove(&symbol);
        }
    }
}
