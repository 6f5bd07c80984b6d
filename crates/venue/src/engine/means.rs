//! What the account can afford: buying power and the shares that are free, whether it may sell short.
//!
//! An order that opens reserves buying power at a price fixed when it is sent: its limit; for a stop the higher of stop
//! and market; for a market order the quote; for a short sale at least 3 % above the ask. One that closes lays claim to
//! shares of the position. Both are kept as sums, so that an order costs the same however many are open.
//! Source: Alpaca's page on placing orders.

use market::{Price, Qty, Symbol, Usd};

use super::{Engine, account::Values, book::shares_for, refusal::Refusal, rules};
use crate::{
    order::{Order, Size, Uuid},
    ticket::Ticket,
    words::{Intent, Side},
};

/// A short sale is reckoned at so many percent of the ask.
const SHORT_PERCENT: i64 = 103;

/// What an order takes of the account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    pub(super) intent: Intent,
    /// What a share is reckoned at; `None` when it needs no buying power.
    pub(super) price: Option<Price>,
    pub(super) reserved: Usd,
    pub(super) claimed: Qty,
}

impl Engine {
    /// What may be spent: equity times the multiplier, less every position at its market value and what open orders have
    /// set aside. Of a cash account without short positions that is the cash that is not set aside.
    pub fn buying_power(&mut self) -> Usd {
        (self.spendable() - self.book.reserved()).max(Usd::ZERO)
    }

    fn spendable(&mut self) -> Usd {
        let cash = self.book.cash();
        let multiplier = i64::from(self.multiplier());
        let Values { long, short } = self.exposure();
        let equity = cash + long - short;
        let times = Usd::from_units(equity.units().saturating_mul(multiplier));
        times - long - short
    }

    /// Market values of long and of short positions. Nobody needs them for a cash account that owes no shares.
    fn exposure(&mut self) -> Values {
        if self.multiplier() <= 1 && self.book.holdings().values().all(|held| !held.short) {
            return Values::default();
        }
        self.values()
    }

    /// What an order takes; `replaced`: the order whose place it is to take, whose means are free for it.
    pub(super) fn means_of(&mut self, ticket: &Ticket, replaced: Option<usize>) -> Result<Means, Refusal> {
        let symbol = ticket.symbol;
        let held = self.book.holdings().get(&symbol).copied().filter(|held| held.short == (ticket.side == Side::Buy));
        match held {
            Some(held) => self.closing(ticket, held.qty, replaced),
            None => self.opening(ticket, replaced),
        }
    }

    fn closing(&mut self, ticket: &Ticket, held: Qty, replaced: Option<usize>) -> Result<Means, Refusal> {
        let symbol = ticket.symbol;
        let given_back = replaced.map_or(Qty::ZERO, |at| self.book.order(at).claimed);
        let claimed = self.book.held_for_orders(symbol).minus_or_zero(given_back);
        let wanted = self.shares_of(ticket)?;
        if wanted > held.minus_or_zero(claimed) {
            let related = self.claimants(symbol, ticket.side, replaced);
            return Err(Refusal::shares(symbol, wanted, held, claimed, &related));
        }
        Ok(Means { intent: Intent::of(ticket.side, true), price: None, reserved: Usd::ZERO, claimed: wanted })
    }

    /// Shares of an order; of one for money what it is worth at the quote.
    fn shares_of(&mut self, ticket: &Ticket) -> Result<Qty, Refusal> {
        match ticket.size {
            Size::Shares(qty) => Ok(qty),
            Size::Notional(amount) => Ok(shares_for(amount, self.far_side(ticket.symbol, ticket.side)?)),
        }
    }

    fn claimants(&self, symbol: Symbol, side: Side, replaced: Option<usize>) -> Vec<Uuid> {
        let open = self.book.line(symbol).map(|line| line.open.as_slice()).unwrap_or_default();
        let claiming = open.iter().filter(|at| Some(**at) != replaced).map(|at| self.book.order(*at));
        claiming.filter(|order| order.side == side && !order.claimed.is_zero()).map(|order| order.id).collect()
    }

    fn opening(&mut self, ticket: &Ticket, replaced: Option<usize>) -> Result<Means, Refusal> {
        if self.configurations.suspend_trade {
            return Err(Refusal::not_allowed("new orders are suspended by the account's configuration"));
        }
        if ticket.side == Side::Sell {
            self.check_short(ticket)?;
        }
        self.check_opposite_opening(ticket)?;
        let price = self.price_to_reserve(ticket)?;
        let cost = match ticket.size {
            Size::Shares(qty) => price.notional(qty),
            Size::Notional(amount) => amount,
        };
        let given_back = replaced.map_or(Usd::ZERO, |at| self.book.order(at).reserved);
        let available = (self.spendable() - self.book.reserved() + given_back).max(Usd::ZERO);
        if cost > available {
            return Err(Refusal::buying_power(available, cost));
        }
        let intent = Intent::of(ticket.side, false);
        Ok(Means { intent, price: Some(price), reserved: cost, claimed: Qty::ZERO })
    }

    fn check_short(&self, ticket: &Ticket) -> Result<(), Refusal> {
        let symbol = ticket.symbol;
        if !self.may_short() {
            return Err(Refusal::shares(symbol, ticket.whole(), Qty::ZERO, Qty::ZERO, &[]));
        }
        if self.tape.market().traits.get(&symbol).is_some_and(|traits| !traits.shortable) {
            return Err(Refusal::not_allowed(format!("asset \"{symbol}\" cannot be sold short")));
        }
        if rules::wants_fractions(ticket) {
            return Err(Refusal::invalid("fractional orders cannot be sold short"));
        }
        Ok(())
    }

    /// A position is opened in one direction at a time.
    fn check_opposite_opening(&self, ticket: &Ticket) -> Result<(), Refusal> {
        let open = self.book.line(ticket.symbol).map(|line| line.open.as_slice()).unwrap_or_default();
        let mut others = open.iter().map(|at| self.book.order(*at));
        let opposite = |order: &Order| order.side != ticket.side && !order.intent.closes();
        if !others.any(opposite) {
            return Ok(());
        }
        Err(Refusal::not_allowed(match ticket.side {
            Side::Sell => "cannot open a short sell while a long buy order is open",
            Side::Buy => "cannot open a long buy while a short sell order is open",
        }))
    }

    fn price_to_reserve(&mut self, ticket: &Ticket) -> Result<Price, Refusal> {
        let symbol = ticket.symbol;
        Ok(match (ticket.side, ticket.limit_price, ticket.stop_price) {
            (Side::Buy, Some(limit), _) => limit,
            (Side::Buy, None, Some(stop)) => stop.max(self.last_price(symbol).unwrap_or(stop)),
            (Side::Buy, None, None) => self.far_side(symbol, Side::Buy)?,
            (Side::Sell, limit, _) => {
                let ask = self.far_side(symbol, Side::Buy)?;
                let above = Price::from_units(ask.units() / 100 * SHORT_PERCENT).unwrap_or(ask);
                limit.map_or(above, |limit| limit.max(above))
            }
        })
    }

    /// What an order of a side would trade at now: the quote in session, else the latest price, else the one the symbol is
    /// going to open at. One that never traded and is halted has none.
    pub(super) fn far_side(&mut self, symbol: Symbol, side: Side) -> Result<Price, Refusal> {
        if self.is_open()
            && let Some(print) = self.tape.latest(symbol, self.now)
        {
            return Ok(match side {
                Side::Buy => print.spread.ask,
                Side::Sell => print.spread.bid,
            });
        }
        let opening = |engine: &mut Self| {
            let mut days = 0..engine.tape.market().days.len();
            days.find_map(|day| engine.tape.tick(day, 0, symbol)).map(|print| print.price)
        };
        let known = self.last_price(symbol).or_else(|| opening(self));
        known.ok_or_else(|| Refusal::invalid(format!("no available quote for {symbol}")))
    }
}

impl Ticket {
    /// Shares asked for; zero for an order for money.
    pub(super) fn whole(&self) -> Qty {
        match self.size {
            Size::Shares(qty) => qty,
            Size::Notional(_) => Qty::ZERO,
        }
    }
}
