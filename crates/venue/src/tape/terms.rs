//! The terms of a price: how many of today's shares one of then was, and what dividends took out of it.
//!
//! Splits of the market take effect at the open of their ex-date, splits by hand at once. The market's daily bars are in
//! the terms of their own day; a split by hand the market did not know of divides every bar and path after it.

use std::cmp::Ordering;

use market::{Price, Symbol, Timestamp};

use super::{Bar, Print, Tape, Trade};
use crate::{path::Spread, traded::ActionKind};

/// What adjusted bars leave out of the past.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Adjustment {
    pub(crate) splits: bool,
    pub(crate) dividends: bool,
}

/// A change of terms: prices before it times `price`, volumes times `volume`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    at: Timestamp,
    number: u64,
    price: f64,
    volume: f64,
}

impl Adjustment {
    /// Reads Alpaca's words, joined by commas; `None` when one is unknown.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.split(',').try_fold(Self::default(), |so_far, word| match word {
            // This market has no spin-offs.
            "raw" | "spin-off" => Some(so_far),
            "split" => Some(Self { splits: true, ..so_far }),
            "dividend" => Some(Self { dividends: true, ..so_far }),
            "all" => Some(Self { splits: true, dividends: true }),
            _ => None,
        })
    }
}

impl Tape {
    /// Splits of a symbol that have taken effect by then, with dividends when asked for.
    pub(super) fn steps(&self, symbol: Symbol, by: Timestamp, adjustment: Adjustment) -> Vec<Step> {
        let actions = self.market.actions.iter().filter(|action| action.symbol == symbol);
        let of_market = actions.filter_map(|action| {
            let at = action.ex_date.at_hm(9, 30);
            match action.kind {
                ActionKind::Split { new, old } if adjustment.splits => Some(Step::split(at, 0, new, old)),
                ActionKind::CashDividend { rate } if adjustment.dividends => {
                    let before = self.raw_close_before(symbol, action.ex_date)?;
                    let price = 1.0 - rate.to_f64() / before;
                    (price > 0.0).then_some(Step { at, number: 0, price, volume: 1.0 })
                }
                ActionKind::Split { .. } | ActionKind::CashDividend { .. } => None,
            }
        });
        let by_hand = self.by_hand.splits().iter().filter(|split| split.symbol == symbol && adjustment.splits);
        let by_hand = by_hand.map(|split| Step::split(split.at, split.number, split.new, split.old));
        of_market.chain(by_hand).filter(|step| step.at <= by).collect()
    }

    /// A tick as the path has it, after the splits by hand before it.
    pub(super) fn in_terms_of_the_path(&self, symbol: Symbol, print: Print) -> Print {
        match self.divided_by_hand(symbol, print.at) {
            Some(step) => step.of_print(print),
            None => print,
        }
    }

    /// The splits by hand before an instant as one.
    pub(super) fn divided_by_hand(&self, symbol: Symbol, before: Timestamp) -> Option<Step> {
        let splits = self.by_hand.splits().iter().filter(|split| split.symbol == symbol && split.at < before);
        together(splits.map(|split| Step::split(split.at, split.number, split.new, split.old)))
    }

    /// A trade as it would have been in the terms of a later instant.
    pub(super) fn in_terms_of(&self, symbol: Symbol, trade: Trade, later: Timestamp) -> Trade {
        if self.market.actions.is_empty() && self.by_hand.splits().is_empty() {
            return trade;
        }
        let steps = self.steps(symbol, later, Adjustment { splits: true, dividends: false });
        let since = steps.into_iter().filter(|step| (step.at, step.number) > (trade.print.at, trade.number));
        match together(since) {
            Some(step) => Trade { print: step.of_print(trade.print), ..trade },
            None => trade,
        }
    }
}

impl Step {
    fn split(at: Timestamp, number: u64, new: u32, old: u32) -> Self {
        let (new, old) = (f64::from(new.max(1)), f64::from(old.max(1)));
        Self { at, number, price: old / new, volume: new / old }
    }

    fn of_print(&self, print: Print) -> Print {
        let of_price = |price: Price| nearest(price.units() as f64 * self.price).unwrap_or(price);
        let (price, bid, ask) = (of_price(print.price), of_price(print.spread.bid), of_price(print.spread.ask));
        let volume = (print.volume as f64 * self.volume).round() as u64;
        Print { price, volume, spread: Spread { bid: bid.min(price), ask: ask.max(price) }, ..print }
    }

    /// A bar in other terms; its prices need not lie on the grid of order prices.
    pub(super) fn of_bar(&self, bar: Bar) -> Bar {
        let of_price = |units: i64| ((units as f64 * self.price).round() as i64).max(1);
        Bar {
            open: of_price(bar.open),
            high: of_price(bar.high),
            low: of_price(bar.low),
            close: of_price(bar.close),
            average: of_price(bar.average),
            volume: (bar.volume as f64 * self.volume).round() as u64,
            ..bar
        }
    }
}

/// The steps that come after the end of a bar, as one.
pub(super) fn since(steps: &[Step], end: Timestamp) -> Option<Step> {
    together(steps.iter().copied().filter(|step| step.at >= end))
}

fn together(steps: impl Iterator<Item = Step>) -> Option<Step> {
    steps.reduce(|one, other| Step { price: one.price * other.price, volume: one.volume * other.volume, ..one })
}

/// The order price nearest to a number of units.
fn nearest(units: f64) -> Option<Price> {
    let exact = Price::from_units((units.round() as i64).max(1)).ok()?;
    let (below, above) = (exact.floor_to_tick(), exact.ceil_to_tick());
    let to_below = exact.units() - below.units();
    match to_below.cmp(&(above.units() - exact.units())) {
        Ordering::Less | Ordering::Equal if below.units() > 0 => Some(below),
        Ordering::Less | Ordering::Equal | Ordering::Greater => Some(above),
    }
}
