//! A trail only rises. Prices in US dollars.

use market::Price;

use crate::stops::Rules;

/// Whether moving a stop up is worth a replace at the broker: at least a tick and at least the least raise.
#[must_use]
pub fn is_worth(from: Price, to: Price, rules: &Rules) -> bool {
    let by_part = from.raised_by(rules.min_raise);
    to.units() - from.units() >= to.tick() && by_part.is_some_and(|least| to >= least)
}

/// The trail behind the second target: `high water - 0.5 * (R2 - level)`, rounded down to 1/10,000 dollar; `None` when
/// the target is not above the level.
#[must_use]
pub fn below_high_water(high_water: Price, r2: Price, level: Price) -> Option<Price> {
    let way = r2.minus(level).units();
    let half = (way + 1) / 2;
    (way > 0).then(|| Price::from_units(high_water.units() - half).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn a_raise_must_be_worth_a_replace() {
        // from, to; ten basis points
        let table = [
            ("100", "100.09", false),
            ("100", "100.10", true),
            ("100", "99", false),
            ("2", "2.00", false),
            ("2", "2.01", true),
            ("5", "5.005", false),
            ("0.50", "0.5004", false),
            ("0.50", "0.5005", true),
        ];
        for (from, to, expect) in table {
            assert_eq!(is_worth(price(from), price(to), &Rules::default()), expect, "{from} to {to}");
        }
    }

    #[test]
    fn half_the_way_below_the_high_water() {
        assert_eq!(below_high_water(price("110"), price("108"), price("100")), Some(price("106")));
        assert_eq!(below_high_water(price("110"), price("100.0001"), price("100")), Some(price("109.9999")));
        assert_eq!(below_high_water(price("110"), price("100"), price("100")), None);
        assert_eq!(below_high_water(price("1"), price("108"), price("100")), None);
    }
}
