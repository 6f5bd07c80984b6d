//! Profit and loss from executions, by average cost.

use std::collections::BTreeMap;

use market::{Qty, Symbol, Timestamp, Usd};

use crate::{order::Side, report::Execution, tape::Split};

/// One share in 1e-9.
const SHARE: i64 = 1_000_000_000;

/// A running position at average cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lot {
    shares: Qty,
    cost: Usd,
}

/// Realized profit a symbol of the sells at or after `since`, against the average cost of everything bought before.
/// `executions` and `splits` are oldest first, and executions long only; a sell of more than was bought counts what was
/// bought. Cash for what a split left of less than a share is no execution and counts for nothing.
#[must_use]
pub fn realized(executions: &[Execution], splits: &[Split], since: Timestamp) -> BTreeMap<Symbol, Usd> {
    let mut lots: BTreeMap<Symbol, Lot> = BTreeMap::new();
    let mut realized = BTreeMap::new();
    let mut splits = splits.iter().peekable();
    for fill in executions {
        while let Some(split) = splits.next_if(|split| split.effective < fill.at) {
            lots.entry(split.symbol).or_default().split(split);
        }
        let lot = lots.entry(fill.symbol).or_default();
        match fill.side {
            Side::Buy => {
                lot.shares = lot.shares.plus(fill.qty);
                lot.cost += fill.price.notional(fill.qty);
            }
            Side::Sell => {
                let sold = fill.qty.min(lot.shares);
                let cost = part(lot.cost, sold, lot.shares);
                lot.shares = lot.shares.minus_or_zero(sold);
                lot.cost -= cost;
                if fill.at >= since {
                    *realized.entry(fill.symbol).or_insert(Usd::ZERO) += fill.price.notional(sold) - cost;
                }
            }
        }
    }
    realized
}

impl Lot {
    /// The same cost for more or fewer shares. With less than one share left there is nothing to sell any more.
    fn split(&mut self, split: &Split) {
        let units = i128::from(self.shares.units()) * i128::from(split.new) / i128::from(split.old.max(1));
        let shares = i64::try_from(units).ok().and_then(|units| Qty::from_units(units).ok());
        match shares.filter(|shares| shares.units() >= SHARE) {
            Some(shares) => self.shares = shares,
            None => *self = Self::default(),
        }
    }
}

/// `amount * part / whole`, rounded toward zero.
fn part(amount: Usd, part: Qty, whole: Qty) -> Usd {
    if whole.is_zero() {
        return Usd::ZERO;
    }
    let units = i128::from(amount.units()) * i128::from(part.units()) / i128::from(whole.units());
    Usd::from_units(i64::try_from(units).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(side: Side, shares: u32, price: &str, minute: i64) -> Execution {
        Execution {
            id: format!("f{minute}"),
            order_id: "b".parse().unwrap(),
            symbol: Symbol::new("A").unwrap(),
            side,
            qty: Qty::shares(shares),
            price: price.parse().unwrap(),
            at: Timestamp::from_unix_seconds(minute * 60),
        }
    }

    #[test]
    fn average_cost_and_the_days_part_of_it() {
        let fills = [
            fill(Side::Buy, 10, "10", 0),
            fill(Side::Sell, 5, "12", 1),
            fill(Side::Buy, 5, "14", 2),
            fill(Side::Sell, 10, "13", 3),
        ];
        let of = |since| realized(&fills, &[], Timestamp::from_unix_seconds(since)).values().copied().sum::<Usd>();
        assert_eq!(of(0), Usd::dollars(10 + 10));
        assert_eq!(of(120), Usd::dollars(10), "yesterday's profit is not today's");
    }

    #[test]
    fn what_was_never_bought_makes_no_profit() {
        assert_eq!(
            realized(&[fill(Side::Sell, 5, "12", 1)], &[], Timestamp::from_unix_seconds(0))
                .values()
                .copied()
                .sum::<Usd>(),
            Usd::ZERO
        );
    }

    #[test]
    fn what_was_bought_is_split_with_the_shares() {
        let split = |new, old| Split {
            id: "s1".into(),
            symbol: Symbol::new("A").unwrap(),
            effective: Timestamp::from_unix_seconds(60),
            new,
            old,
        };
        // Bought, split in between, bought again, sold at 30.
        for (new, old, sold, expect) in [(2, 1, 30, 20 * 25 + 10 * 5), (1, 2, 15, 5 * 10 + 10 * 5), (1, 20, 10, 10 * 5)]
        {
            let (first, again) = (fill(Side::Buy, 10, "10", 0), fill(Side::Buy, 10, "25", 2));
            let fills = [first, again, fill(Side::Sell, sold, "30", 3)];
            let made = realized(&fills, &[split(new, old)], Timestamp::from_unix_seconds(0));
            assert_eq!(made.values().copied().sum::<Usd>(), Usd::dollars(expect), "{new}:{old}");
        }
        let made = realized(
            &[fill(Side::Buy, 10, "10", 2), fill(Side::Sell, 10, "12", 3)],
            &[split(2, 1)],
            Timestamp::from_unix_seconds(0),
        );
        assert_eq!(made.values().copied().sum::<Usd>(), Usd::dollars(20), "a split of before it was bought");
    }
}
