//! Profit and loss from executions, by average cost.

use std::collections::BTreeMap;

use market::{Qty, Symbol, Timestamp, Usd};

use crate::{order::Side, report::Execution};

/// A running position at average cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Lot {
    shares: Qty,
    cost: Usd,
}

/// Realized profit a symbol of the sells at or after `since`, against the average cost of everything bought before.
/// `executions` are oldest first and long only; a sell of more than was bought counts what was bought.
#[must_use]
pub fn realized(executions: &[Execution], since: Timestamp) -> BTreeMap<Symbol, Usd> {
    let mut lots: BTreeMap<Symbol, Lot> = BTreeMap::new();
    let mut realized = BTreeMap::new();
    for fill in executions {
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
        let of = |since| realized(&fills, Timestamp::from_unix_seconds(since)).values().copied().sum::<Usd>();
        assert_eq!(of(0), Usd::dollars(10 + 10));
        assert_eq!(of(120), Usd::dollars(10), "yesterday's profit is not today's");
    }

    #[test]
    fn what_was_never_bought_makes_no_profit() {
        assert_eq!(
            realized(&[fill(Side::Sell, 5, "12", 1)], Timestamp::from_unix_seconds(0)).values().copied().sum::<Usd>(),
            Usd::ZERO
        );
    }
}
