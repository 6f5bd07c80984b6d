//! What is done to the market by hand: a print, a halt, a split; at the venue's instant.
//!
//! Splits. Alpaca's pages say: prices of open limit orders that are good till cancelled are adjusted; orders of a class
//! are neither adjusted nor cancelled; trailing stops are cancelled or adjusted at its discretion. Here limits and stops
//! that stand alone are restated after a forward split (price times old/new, the rest times new/old), trailing stops
//! are cancelled, orders of a class stay as they are; after a reverse split every open order of the symbol is cancelled,
//! since none could be trusted to sell no more than is held.

use market::{Price, Qty, Symbol};
use thiserror::Error;

use super::{
    Engine,
    cancel::Ending,
    event::{Event, Terms},
    holding,
    matching::Auction,
    rules,
};
use crate::{
    order::Size,
    path::{self, Spread},
    tape::Print,
    update::UpdateKind,
    words::{OrderClass, OrderType},
};

/// The largest number of shares on either side of a split.
const RATIO_MAX: u32 = 10_000;

/// Why something cannot be done by hand.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ByHandError {
    /// The venue does not list it.
    #[error("{0} is not traded here")]
    NotTraded(Symbol),
    /// Nothing trades while it is halted.
    #[error("{0} is halted")]
    Halted(Symbol),
    /// Somebody pays more than somebody asks.
    #[error("bid {bid} is above ask {ask}")]
    Crossed {
        /// The bid.
        bid: Price,
        /// The ask.
        ask: Price,
    },
    /// The venue remembers no more splits.
    #[error("there were as many splits by hand as the venue takes")]
    TooMany,
    /// No split.
    #[error("a split of {new} for {old} is none: both must be 1 to {RATIO_MAX}")]
    Ratio {
        /// Shares after.
        new: u32,
        /// Shares before.
        old: u32,
    },
}

impl Engine {
    /// A trade and the quote round it, on top of the path; a quote that is not given is the price itself. Open orders meet
    /// it at once and take at most its volume; outside the session those for extended hours do, in their hours.
    ///
    /// # Errors
    /// When the symbol is unknown or halted, or the quote crossed.
    pub fn print(
        &mut self,
        symbol: Symbol,
        price: Price,
        bid: Option<Price>,
        ask: Option<Price>,
        volume: u64,
    ) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if self.tape.is_halted(symbol) {
            return Err(ByHandError::Halted(symbol));
        }
        let (bid, ask) = (bid.unwrap_or(price), ask.unwrap_or(price));
        if bid > ask {
            return Err(ByHandError::Crossed { bid, ask });
        }
        let print = Print { at: self.now, price, volume, spread: Spread { bid, ask } };
        self.tell_tape(symbol, print);
        self.log(Event::Printed { at: self.now, symbol, price, bid, ask, volume });
        self.meet(symbol, &print, path::shares(volume), Auction::None);
        Ok(())
    }

    /// Halts trading in a symbol, or lets it go on. Orders are taken while it stands still, and none is filled.
    ///
    /// # Errors
    /// When the symbol is unknown.
    pub fn halt(&mut self, symbol: Symbol, halted: bool) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if self.tell_halt(symbol, halted) {
            let at = self.now;
            self.log(if halted { Event::Halted { at, symbol } } else { Event::Resumed { at, symbol } });
        }
        Ok(())
    }

    /// Whether trading in a symbol stands still.
    #[must_use]
    pub fn is_halted(&self, symbol: Symbol) -> bool {
        self.tape.is_halted(symbol)
    }

    /// `new` shares for every `old` ones, now: holdings, open orders, and the prices to come.
    ///
    /// # Errors
    /// When the symbol is unknown or the ratio is none.
    pub fn split(&mut self, symbol: Symbol, new: u32, old: u32) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if !(1..=RATIO_MAX).contains(&new) || !(1..=RATIO_MAX).contains(&old) || new == old {
            return Err(ByHandError::Ratio { new, old });
        }
        if !self.tape.split(symbol, self.now, new, old) {
            return Err(ByHandError::TooMany);
        }
        self.split_books(symbol, new, old);
        Ok(())
    }

    fn check_traded(&self, symbol: Symbol) -> Result<(), ByHandError> {
        self.book.line(symbol).map(|_| ()).ok_or(ByHandError::NotTraded(symbol))
    }

    /// What a split does to holdings and orders.
    pub(super) fn split_books(&mut self, symbol: Symbol, new: u32, old: u32) {
        if self.book.line(symbol).is_none() || new == 0 || old == 0 {
            return;
        }
        self.log(Event::Split { at: self.now, symbol, new, old });
        let before = self.units_held(symbol);
        self.book.split_holding(symbol, new, old);
        self.enter_split(symbol, before);
        let open = self.book.line(symbol).map(|line| line.open.clone()).unwrap_or_default();
        for at in open {
            let order = self.book.order(at);
            if !order.is_open() {
                continue;
            }
            let stands_alone = order.class == OrderClass::Simple;
            match order.order_type {
                _ if new < old => self.end(at, Ending::Canceled),
                _ if !stands_alone => {}
                OrderType::TrailingStop => self.end(at, Ending::Canceled),
                OrderType::Market | OrderType::Limit | OrderType::Stop | OrderType::StopLimit => {
                    self.restate(at, new, old);
                }
            }
        }
    }

    fn restate(&mut self, at: usize, new: u32, old: u32) {
        let now = self.now;
        let order = self.book.order_mut(at);
        let adjusted = |price: Price| {
            let units = i128::from(price.units()) * i128::from(old) / i128::from(new);
            let exact = i64::try_from(units).ok().and_then(|units| Price::from_units(units).ok());
            exact.map(Price::floor_to_tick).filter(|price| price.units() > 0)
        };
        let (limit, stop) = (order.limit_price.map(adjusted), order.stop_price.map(adjusted));
        let rest = holding::scaled(order.remaining(), new, old);
        let rest = if rules::is_fractional(order.qty()) { rest } else { path::shares(rest.whole_shares()) };
        if limit == Some(None) || stop == Some(None) {
            self.end(at, Ending::Canceled);
            return;
        }
        order.limit_price = limit.flatten();
        order.stop_price = stop.flatten();
        order.updated_at = now;
        if let Size::Shares(_) = order.size {
            order.size = Size::Shares(order.filled_qty.plus(rest));
        }
        let event = Event::Restated { at: now, order: order.id, qty: order.qty(), terms: Terms::of(order) };
        self.scale_means(at, rest, old, new);
        self.log(event);
        self.tell(at, UpdateKind::Restated);
    }

    /// The order claims as many shares as it is for now, and reserves no more than before.
    fn scale_means(&mut self, at: usize, rest: Qty, old: u32, new: u32) {
        let order = self.book.order(at);
        let claimed = match (order.intent.closes(), order.size) {
            (false, _) => Qty::ZERO,
            (true, Size::Shares(_)) => rest,
            (true, Size::Notional(_)) => holding::scaled(order.claimed, new, old),
        };
        let reserved = order.reserved;
        let price = order.reserve_price.map(|price| {
            let units = i128::from(price.units()) * i128::from(old) / i128::from(new);
            i64::try_from(units).ok().and_then(|units| Price::from_units(units).ok()).unwrap_or(price)
        });
        self.book.order_mut(at).reserve_price = price;
        self.book.set_means(at, reserved, claimed);
        self.book.fit_means(at);
    }
}
