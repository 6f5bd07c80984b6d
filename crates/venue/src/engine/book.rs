//! The venue's books: every order ever received, every fill, what is held and the cash.
//!
//! What is asked often is kept, not counted: the open orders of a symbol, the shares they claim, the buying power they
//! reserve. Every change of a status goes through [`Book::set_status`], which keeps these right.

use std::collections::BTreeMap;

use market::{Price, Qty, Symbol, Timestamp, Usd};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub use super::holding::Holding;
use super::index::FixedMap;
use crate::{
    order::{Order, Size, Uuid},
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

/// What the book keeps of one symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// Places of its open orders, in the order they came.
    pub(super) open: Vec<usize>,
    /// Shares that open orders sell of a long position.
    sells: Qty,
    /// Shares that open orders buy back of a short position.
    buys: Qty,
}

/// Orders, fills, holdings, cash.
pub struct Book {
    orders: Vec<Order>,
    by_id: FixedMap<u128, usize>,
    by_client_id: FixedMap<Box<str>, usize>,
    fills: Vec<Fill>,
    holdings: BTreeMap<Symbol, Holding>,
    /// Every symbol that is traded, in alphabetical order, and its line at the same place.
    symbols: Vec<Symbol>,
    lines: Vec<Line>,
    line_of: FixedMap<Symbol, usize>,
    cash: Usd,
    cash_at_start: Usd,
    reserved: Usd,
    ids: ChaCha8Rng,
}

/// Cost a share, rounded to 1/10,000 dollar; `None` when that is no price.
#[must_use]
pub fn average(cost: Usd, qty: Qty) -> Option<Price> {
    let units = (i128::from(cost.units()) * 1_000_000_000 * 2 / i128::from(qty.units()).max(1) + 1) / 2;
    Price::from_units(i64::try_from(units).ok()?).ok()
}

/// Shares an amount buys, rounded down to 1e-9 share.
pub(super) fn shares_for(amount: Usd, price: Price) -> Qty {
    let units = i128::from(amount.units()) * 1_000_000_000 / i128::from(price.units());
    Qty::from_units(i64::try_from(units.max(0)).unwrap_or(i64::MAX)).unwrap_or(Qty::ZERO)
}

impl Book {
    /// `symbols` in alphabetical order, each once.
    pub(super) fn new(seed: u64, cash: Usd, symbols: Vec<Symbol>) -> Self {
        let line_of = symbols.iter().enumerate().map(|(line, symbol)| (*symbol, line)).collect();
        Self {
            orders: Vec::new(),
            by_id: FixedMap::default(),
            by_client_id: FixedMap::default(),
            fills: Vec::new(),
            holdings: BTreeMap::new(),
            lines: vec![Line::default(); symbols.len()],
            symbols,
            line_of,
            cash,
            cash_at_start: cash,
            reserved: Usd::ZERO,
            ids: seed::stream(seed, "ids"),
        }
    }

    /// Random in form, the same for the same seed.
    pub(super) fn new_uuid(&mut self) -> Uuid {
        Uuid::from_bits(self.ids.random())
    }

    /// Every order ever received, oldest first; a place is for ever.
    #[must_use]
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The order at a place.
    pub(super) fn order(&self, at: usize) -> &Order {
        &self.orders[at]
    }

    /// What is changed here must touch neither status nor claims nor reservations.
    pub(super) fn order_mut(&mut self, at: usize) -> &mut Order {
        &mut self.orders[at]
    }

    /// The place of the order of an id.
    pub(super) fn place_of(&self, id: Uuid) -> Option<usize> {
        self.by_id.get(&id.bits()).copied()
    }

    /// The place of the order of a client's id.
    pub(super) fn place_of_client_id(&self, id: &str) -> Option<usize> {
        self.by_client_id.get(id).copied()
    }

    /// Takes in an order whose reservation and claim are set, and says its place.
    pub(super) fn add(&mut self, order: Order) -> usize {
        let at = self.orders.len();
        self.by_id.insert(order.id.bits(), at);
        self.by_client_id.insert(order.client_order_id.as_str().into(), at);
        self.reserved += order.reserved;
        let line = self.line_mut(order.symbol);
        line.open.push(at);
        line.claim(order.side, Qty::ZERO, order.claimed);
        self.orders.push(order);
        at
    }

    /// Places of the open orders, oldest first.
    pub(super) fn open(&self) -> Vec<usize> {
        let mut open: Vec<usize> = self.lines.iter().flat_map(|line| &line.open).copied().collect();
        open.sort_unstable();
        open
    }

    /// Every symbol that is traded, in alphabetical order; the place of each is its line's.
    pub(super) fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    /// The line at a place.
    pub(super) fn line_at(&self, line: usize) -> &Line {
        &self.lines[line]
    }

    /// The line of a symbol; `None` when it is not traded here.
    pub(super) fn line(&self, symbol: Symbol) -> Option<&Line> {
        self.line_of.get(&symbol).map(|line| &self.lines[*line])
    }

    pub(super) fn line_mut(&mut self, symbol: Symbol) -> &mut Line {
        let line = self.line_of[&symbol];
        &mut self.lines[line]
    }

    /// Every fill, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// What is held or owed, by symbol.
    #[must_use]
    pub fn holdings(&self) -> &BTreeMap<Symbol, Holding> {
        &self.holdings
    }

    /// Shares that open orders have laid claim to: those that would make the position smaller.
    #[must_use]
    pub fn held_for_orders(&self, symbol: Symbol) -> Qty {
        let short = self.holdings.get(&symbol).is_some_and(|holding| holding.short);
        self.line(symbol).map_or(Qty::ZERO, |line| if short { line.buys } else { line.sells })
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

    /// Buying power that open orders have set aside.
    #[must_use]
    pub fn reserved(&self) -> Usd {
        self.reserved
    }

    /// Moves an order on. One that ends gives back what it reserved and claimed.
    pub(super) fn set_status(&mut self, at: usize, status: Status, now: Timestamp) {
        let order = &mut self.orders[at];
        order.status = status;
        order.updated_at = now;
        if !status.is_final() {
            return;
        }
        order.ended_at = Some(now);
        let symbol = order.symbol;
        self.set_means(at, Usd::ZERO, Qty::ZERO);
        let open = &mut self.line_mut(symbol).open;
        if let Some(place) = open.iter().position(|other| *other == at) {
            open.remove(place);
        }
    }

    /// What an order reserves and claims from now on.
    pub(super) fn set_means(&mut self, at: usize, reserved: Usd, claimed: Qty) {
        let order = &mut self.orders[at];
        self.reserved += reserved - order.reserved;
        let (symbol, side, before) = (order.symbol, order.side, order.claimed);
        order.reserved = reserved;
        order.claimed = claimed;
        if before != claimed {
            self.line_mut(symbol).claim(side, before, claimed);
        }
    }

    /// Makes reservation and claim fit what is left of an order.
    pub(super) fn fit_means(&mut self, at: usize) {
        let order = &self.orders[at];
        let left = order.remaining();
        let reserved = match (order.size, order.reserve_price) {
            (_, None) => Usd::ZERO,
            (Size::Shares(_), Some(price)) => price.notional(left).min(order.reserved),
            (Size::Notional(_), Some(_)) => order.unspent().min(order.reserved),
        };
        let claimed = match order.size {
            Size::Shares(_) => order.claimed.min(left),
            Size::Notional(_) => order.claimed,
        };
        self.set_means(at, reserved, claimed);
    }

    /// Books a fill: the order, the cash and the holding. `done`: nothing of the order is left.
    pub(super) fn fill(&mut self, at: usize, qty: Qty, price: Price, done: bool, now: Timestamp) -> Uuid {
        let execution_id = self.new_uuid();
        let notional = price.notional(qty);
        let order = &mut self.orders[at];
        order.filled_qty = order.filled_qty.plus(qty);
        order.filled_cost += notional;
        order.fills += 1;
        let left = match order.size {
            Size::Shares(_) => order.remaining(),
            Size::Notional(_) => shares_for(order.unspent(), price),
        };
        let (cum_qty, leaves_qty) = (order.filled_qty, if done { Qty::ZERO } else { left });
        let (symbol, side) = (order.symbol, order.side);
        let pending = matches!(order.status, Status::PendingCancel | Status::PendingReplace);
        let status = match (done, pending) {
            (true, _) => Status::Filled,
            (false, true) => order.status,
            (false, false) => Status::PartiallyFilled,
        };
        self.fills.push(Fill { execution_id, order: at, qty, price, at: now, cum_qty, leaves_qty });
        self.set_status(at, status, now);
        if !done {
            self.fit_means(at);
        }
        let holding = self.holdings.entry(symbol).or_insert(Holding::flat(side));
        holding.trade(side, qty, notional);
        if holding.qty.is_zero() {
            self.holdings.remove(&symbol);
        }
        self.cash = match side {
            Side::Buy => self.cash - notional,
            Side::Sell => self.cash + notional,
        };
        execution_id
    }

    /// Takes in cash that no trade brought.
    pub(super) fn receive(&mut self, amount: Usd) {
        self.cash += amount;
    }

    /// `new` shares for every `old` ones.
    pub(super) fn split_holding(&mut self, symbol: Symbol, new: u32, old: u32) {
        let Some(holding) = self.holdings.get_mut(&symbol) else { return };
        holding.split(new, old);
        if holding.qty.is_zero() {
            self.holdings.remove(&symbol);
        }
    }
}

impl Line {
    fn claim(&mut self, side: Side, before: Qty, after: Qty) {
        let claimed = match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        };
        *claimed = claimed.minus_or_zero(before).plus(after);
    }
}
