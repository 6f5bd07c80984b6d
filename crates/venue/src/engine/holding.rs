//! What is held or owed of a symbol, and what trades and splits do to it. Costs in 1/10,000 dollar, quantities in 1e-9 share.

use market::{Qty, Usd};

use crate::words::Side;

/// Shares held, or owed after a short sale, and what they cost or brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Shares, held or owed.
    pub qty: Qty,
    /// What they cost; of a short position what they brought.
    pub cost: Usd,
    /// Whether they are owed.
    pub short: bool,
}

impl Holding {
    /// Nothing, about to be traded on a side.
    pub(super) fn flat(side: Side) -> Self {
        Self { qty: Qty::ZERO, cost: Usd::ZERO, short: side == Side::Sell }
    }

    /// Takes in a trade. One that turns the position round closes it first; what is left opens the other way.
    pub(super) fn trade(&mut self, side: Side, qty: Qty, notional: Usd) {
        let adds = self.short == (side == Side::Sell);
        if adds {
            self.qty = self.qty.plus(qty);
            self.cost += notional;
            return;
        }
        let closed = qty.min(self.qty);
        self.cost -= share_of(self.cost, closed, self.qty);
        self.qty = self.qty.minus_or_zero(closed);
        let opened = qty.minus_or_zero(closed);
        if !opened.is_zero() {
            *self = Self { qty: opened, cost: share_of(notional, opened, qty), short: side == Side::Sell };
        }
    }

    /// `new` shares for every `old` ones; the cost stays. What is below 1e-9 share is lost.
    pub(super) fn split(&mut self, new: u32, old: u32) {
        self.qty = scaled(self.qty, new, old);
    }
}

/// A quantity times a ratio, rounded down to 1e-9 share; saturates.
pub(super) fn scaled(qty: Qty, new: u32, old: u32) -> Qty {
    let units = i128::from(qty.units()) * i128::from(new) / i128::from(old.max(1));
    Qty::from_units(i64::try_from(units).unwrap_or(i64::MAX)).unwrap_or(Qty::ZERO)
}

/// The part of an amount that goes with a part of the shares, rounded toward zero.
fn share_of(amount: Usd, part: Qty, whole: Qty) -> Usd {
    let units = i128::from(amount.units()) * i128::from(part.units()) / i128::from(whole.units()).max(1);
    Usd::from_units(i64::try_from(units).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_add_close_and_turn_round() {
        let (shares, dollars) = (Qty::shares, Usd::dollars);
        for (trades, expect) in [
            (vec![(Side::Buy, 10, 100), (Side::Buy, 10, 300)], (20, 400, false)),
            (vec![(Side::Buy, 10, 100), (Side::Sell, 4, 80)], (6, 60, false)),
            (vec![(Side::Sell, 10, 100)], (10, 100, true)),
            (vec![(Side::Sell, 10, 100), (Side::Buy, 5, 40)], (5, 50, true)),
            (vec![(Side::Buy, 10, 100), (Side::Sell, 15, 300)], (5, 100, true)),
        ] {
            let mut holding = Holding::flat(trades[0].0);
            for (side, qty, amount) in &trades {
                holding.trade(*side, shares(*qty), dollars(*amount));
            }
            let (qty, cost, short) = expect;
            assert_eq!(holding, Holding { qty: shares(qty), cost: dollars(cost), short }, "{trades:?}");
        }
    }
}
