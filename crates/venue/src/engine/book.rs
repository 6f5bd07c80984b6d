//! The venue's books: every order ever received, every fill, what is held and the cash.

use std::collections::BTreeMap;

use market::{Price, Qty, Symbol, Timestamp, Usd};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    order::{Order, Uuid},
    seed,
    words::{Side, Status},
};

/// A fill with what its order had become by then.
#[derive(Clone, Debug)]
pub struct Fill {
    /// Identifies the execution.
    pub execution_id: Uuid,
    /// Place of the order in the book.
    pub order: usize,
    /// Shares.
    pub qty: Qty,
    /// Price a share.
    pub price: Price,
    /// When.
    pub at: Timestamp,
    /// Shares of the order filled so far.
    pub cum_qty: Qty,
    /// Shares of the order left.
    pub leaves_qty: Qty,
}

/// Shares held and what they cost.
#[derive(Clone, Copy, Debug)]
pub struct Holding {
    /// Shares.
    pub qty: Qty,
    /// What they cost.
    pub cost: Usd,
}

/// Orders, fills, holdings, cash.
pub struct Book {
    orders: Vec<Order>,
    by_id: BTreeMap<Uuid, usize>,
    by_client_id: BTreeMap<String, usize>,
    fills: Vec<Fill>,
    holdings: BTreeMap<Symbol, Holding>,
    cash: Usd,
    cash_at_start: Usd,
    ids: ChaCha8Rng,
}

/// Cost a share, rounded to 1/10,000 dollar; `None` when that is no price.
#[must_use]
pub fn average(cost: Usd, qty: Qty) -> Option<Price> {
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
    pub(crate) fn new_uuid(&mut self) -> Uuid {
        Uuid::from_bits(self.ids.random())
    }

    /// Every order ever received, oldest first; a place is for ever.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    pub(crate) fn order(&self, id: &str) -> Option<&Order> {
        self.by_id.get(&Uuid::parse(id)?).map(|at| &self.orders[*at])
    }

    pub(crate) fn order_mut(&mut self, at: usize) -> &mut Order {
        &mut self.orders[at]
    }

    pub(crate) fn position_of(&self, id: &str) -> Option<usize> {
        self.by_id.get(&Uuid::parse(id)?).copied()
    }

    pub(crate) fn by_client_id(&self, id: &str) -> Option<&Order> {
        self.by_client_id.get(id).map(|at| &self.orders[*at])
    }

    pub(crate) fn add(&mut self, order: Order) {
        let at = self.orders.len();
        self.by_id.insert(order.id, at);
        self.by_client_id.insert(order.client_order_id.clone(), at);
        self.orders.push(order);
    }

    /// Places of the open orders, oldest first.
    pub(crate) fn open(&self) -> Vec<usize> {
        (0..self.orders.len()).filter(|at| self.orders[*at].is_open()).collect()
    }

    /// Every fill, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// What is held, by symbol.
    #[must_use]
    pub fn holdings(&self) -> &BTreeMap<Symbol, Holding> {
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

    /// The cash.
    #[must_use]
    pub fn cash(&self) -> Usd {
        self.cash
    }

    /// The cash to begin with.
    #[must_use]
    pub fn cash_at_start(&self) -> Usd {
        self.cash_at_start
    }

    /// Books a fill: the order's state, the cash and the holding.
    pub(crate) fn fill(&mut self, at: usize, qty: Qty, price: Price, now: Timestamp) {
        let execution_id = self.new_uuid();
        let order = &mut self.orders[at];
        let notional = price.notional(qty);
        order.filled_qty = order.filled_qty.plus(qty);
        order.filled_cost += notional;
        order.updated_at = now;
        order.status = if order.remaining().is_zero() { Status::Filled } else { Status::PartiallyFilled };
        order.ended_at = order.status.is_final().then_some(now);
        let (cum_qty, leaves_qty) = (order.filled_qty, order.remaining());
        let (symbol, side) = (order.symbol, order.side);
        self.fills.push(Fill { execution_id, order: at, qty, price, at: now, cum_qty, leaves_qty });
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
