//! Prices, quantities and amounts: fixed-point, checked at the door, written as strings the way Alpaca writes them.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Bps, fixed, fixed::DecimalError};

const PRICE_DIGITS: u32 = 4;
const QTY_DIGITS: u32 = 9;
const PRICE_SCALE: i64 = 10_000;
const QTY_SCALE: i64 = 1_000_000_000;
const PRICE_MAX: i64 = 10_000_000 * PRICE_SCALE;

/// A price a share in US dollars: positive, at most 10 million, kept to 1/10,000 dollar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

/// A number of shares: zero or more, kept to 1e-9 share (the broker's finest fraction).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Qty(i64);

/// An amount of US dollars, signed, kept to 1/10,000 dollar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(i64);

impl Price {
    /// From units of 1/10,000 dollar.
    ///
    /// # Errors
    /// When zero, negative or above 10 million dollars.
    pub fn from_units(units: i64) -> Result<Self, DecimalError> {
        if (1..=PRICE_MAX).contains(&units) {
            return Ok(Self(units));
        }
        Err(DecimalError::OutOfRange {
            text: Usd(units).to_string(),
            expected: "a price above 0 and at most 10,000,000",
        })
    }

    /// From a whole number of cents.
    ///
    /// # Errors
    /// As [`Price::from_units`].
    pub fn from_cents(cents: i64) -> Result<Self, DecimalError> {
        Self::from_units(cents.saturating_mul(100))
    }

    /// Rounds an `f64` half to even at the fourth decimal.
    ///
    /// # Errors
    /// When not finite, not positive, or above 10 million dollars.
    pub fn from_f64_rounded(value: f64) -> Result<Self, DecimalError> {
        let units = fixed::round(value, PRICE_DIGITS)
            .ok_or_else(|| DecimalError::OutOfRange { text: value.to_string(), expected: "a finite price" })?;
        Self::from_units(units)
    }

    /// In units of 1/10,000 dollar.
    #[must_use]
    pub fn units(self) -> i64 {
        self.0
    }

    /// For indicators only; never for arithmetic on money.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / PRICE_SCALE as f64
    }

    /// The smallest step of an order price: a cent from one dollar up, 1/10,000 dollar below
    /// (Regulation NMS rule 612; the broker refuses finer).
    #[must_use]
    pub fn tick(self) -> i64 {
        if self.0 >= PRICE_SCALE { 100 } else { 1 }
    }

    /// Whether an order may carry this price.
    #[must_use]
    pub fn is_on_tick(self) -> bool {
        self.0 % self.tick() == 0
    }

    /// The nearest order price at or below.
    #[must_use]
    pub fn floor_to_tick(self) -> Self {
        Self(self.0 - self.0 % self.tick())
    }

    /// The nearest order price at or above.
    #[must_use]
    pub fn ceil_to_tick(self) -> Self {
        let tick = self.tick();
        Self((self.0 + tick - 1) / tick * tick)
    }

    /// This price plus an amount; `None` when the result is no price.
    #[must_use]
    pub fn checked_add(self, amount: Usd) -> Option<Self> {
        Self::from_units(self.0.checked_add(amount.0)?).ok()
    }

    /// This price moved up by basis points, rounded half to even; `None` when the result is no price.
    #[must_use]
    pub fn raised_by(self, bps: Bps) -> Option<Self> {
        self.moved(10_000 + i128::from(bps.get()))
    }

    /// This price moved down by basis points, rounded half to even; `None` when the result is no price.
    #[must_use]
    pub fn lowered_by(self, bps: Bps) -> Option<Self> {
        self.moved(10_000 - i128::from(bps.get()))
    }

    fn moved(self, per_ten_thousand: i128) -> Option<Self> {
        let units = fixed::divide_half_even(i128::from(self.0) * per_ten_thousand, 10_000);
        Self::from_units(i64::try_from(units).ok()?).ok()
    }

    /// Price times quantity, rounded half to even; saturates at the ends of [`Usd`].
    #[must_use]
    pub fn notional(self, qty: Qty) -> Usd {
        let units = fixed::divide_half_even(i128::from(self.0) * i128::from(qty.0), i128::from(QTY_SCALE));
        Usd(i64::try_from(units).unwrap_or(i64::MAX))
    }

    /// The signed difference `self - other`, a share.
    #[must_use]
    pub fn minus(self, other: Self) -> Usd {
        Usd(self.0 - other.0)
    }
}

impl Qty {
    /// No shares.
    pub const ZERO: Self = Self(0);

    /// A whole number of shares.
    #[must_use]
    pub fn shares(count: u32) -> Self {
        Self(i64::from(count) * QTY_SCALE)
    }

    /// From units of 1e-9 share.
    ///
    /// # Errors
    /// When negative.
    pub fn from_units(units: i64) -> Result<Self, DecimalError> {
        if units >= 0 {
            return Ok(Self(units));
        }
        Err(DecimalError::OutOfRange { text: units.to_string(), expected: "a quantity of zero or more" })
    }

    /// In units of 1e-9 share.
    #[must_use]
    pub fn units(self) -> i64 {
        self.0
    }

    /// The whole shares in it.
    #[must_use]
    pub fn whole_shares(self) -> u64 {
        (self.0 / QTY_SCALE) as u64
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum; saturates at 9.2 billion shares.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, never below zero.
    #[must_use]
    pub fn minus_or_zero(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }

    /// For statistics only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / QTY_SCALE as f64
    }
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A whole number of dollars; saturates.
    #[must_use]
    pub fn dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(PRICE_SCALE))
    }

    /// A whole number of cents; saturates.
    #[must_use]
    pub fn cents(cents: i64) -> Self {
        Self(cents.saturating_mul(100))
    }

    /// From units of 1/10,000 dollar.
    #[must_use]
    pub fn from_units(units: i64) -> Self {
        Self(units)
    }

    /// In units of 1/10,000 dollar.
    #[must_use]
    pub fn units(self) -> i64 {
        self.0
    }

    /// Rounds an `f64` half to even at the fourth decimal.
    ///
    /// # Errors
    /// When not finite or too large.
    pub fn from_f64_rounded(value: f64) -> Result<Self, DecimalError> {
        fixed::round(value, PRICE_DIGITS)
            .map(Self)
            .ok_or_else(|| DecimalError::OutOfRange { text: value.to_string(), expected: "a finite amount" })
    }

    /// A share of the amount in basis points, rounded toward zero: a budget is never rounded up.
    #[must_use]
    pub fn fraction(self, bps: Bps) -> Self {
        Self((i128::from(self.0) * i128::from(bps.get()) / 10_000) as i64)
    }

    /// Whole shares this amount buys at a cost a share; zero when the cost is not positive.
    #[must_use]
    pub fn whole_shares_at(self, cost_a_share: Usd) -> u32 {
        if cost_a_share.0 <= 0 || self.0 <= 0 {
            return 0;
        }
        u32::try_from(self.0 / cost_a_share.0).unwrap_or(u32::MAX)
    }

    /// For statistics and display only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / PRICE_SCALE as f64
    }
}

impl From<Price> for Usd {
    fn from(price: Price) -> Self {
        Self(price.0)
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}
impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}
impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}
impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// Text, `Debug` and serde (as a string; numbers are read too) for one fixed-point type.
macro_rules! decimal {
    ($name:ident, $digits:expr, $least:expr, $from_units:expr) => {
        impl FromStr for $name {
            type Err = DecimalError;
            fn from_str(text: &str) -> Result<Self, DecimalError> {
                $from_units(fixed::parse(text, $digits)?)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fixed::write(f, self.0, $digits, $least)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a decimal ", stringify!($name), ", as a string or a number"))
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<$name, E> {
                        let units = fixed::round(value, $digits).ok_or_else(|| E::custom("not a finite decimal"))?;
                        $from_units(units).map_err(E::custom)
                    }
                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$name, E> {
                        value.to_string().parse().map_err(E::custom)
                    }
                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        value.to_string().parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
    };
}

decimal!(Price, PRICE_DIGITS, 2, Price::from_units);
decimal!(Qty, QTY_DIGITS, 0, Qty::from_units);
decimal!(Usd, PRICE_DIGITS, 2, |units| Ok::<_, DecimalError>(Usd(units)));

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn decimals_are_read_exactly_or_refused() {
        assert_eq!(price("103.23").units(), 1_032_300);
        assert_eq!(price("0.7057").to_string(), "0.7057");
        assert_eq!(price("5").to_string(), "5.00");
        for text in ["", ".", "1.", ".5", "1,5", "1e3", "NaN", "inf", "-1", "0", "0.00001", "10000000.01", "+1", " 1"] {
            assert!(text.parse::<Price>().is_err(), "{text:?} is no price");
        }
        assert_eq!("-0.5".parse::<Usd>().unwrap().to_string(), "-0.50");
        assert!("-1".parse::<Qty>().is_err());
        assert_eq!("0.000000001".parse::<Qty>().unwrap().to_string(), "0.000000001");
        assert_eq!(Qty::shares(12).to_string(), "12");
    }

    #[test]
    fn floats_round_half_to_even_once() {
        // 1/32 and 3/32 are exact in binary, so these are true ties at the fourth decimal.
        assert_eq!(Price::from_f64_rounded(0.03125).unwrap().units(), 312);
        assert_eq!(Price::from_f64_rounded(0.09375).unwrap().units(), 938);
        assert_eq!(Price::from_f64_rounded(39.961).unwrap(), price("39.961"));
        for bad in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e300] {
            assert!(Price::from_f64_rounded(bad).is_err(), "{bad} is no price");
        }
    }

    #[test]
    fn ticks_follow_the_sub_penny_rule() {
        assert_eq!(price("10.019").floor_to_tick(), price("10.01"));
        assert_eq!(price("10.011").ceil_to_tick(), price("10.02"));
        assert_eq!(price("0.5678").floor_to_tick(), price("0.5678"));
        assert!(!price("1.005").is_on_tick());
    }

    #[test]
    fn json_is_a_string_and_numbers_are_read() {
        assert_eq!(serde_json::to_string(&price("12.5")).unwrap(), "\"12.50\"");
        assert_eq!(serde_json::from_str::<Price>("12.5").unwrap(), price("12.5"));
        assert_eq!(serde_json::from_str::<Qty>("\"3\"").unwrap(), Qty::shares(3));
        assert!(serde_json::from_str::<Price>("null").is_err());
    }

    proptest! {
        #[test]
        fn text_round_trips(units in 1..PRICE_MAX) {
            let price = Price::from_units(units).unwrap();
            prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
        }

        #[test]
        fn a_budget_is_never_overspent(budget in 0_i64..10_000_000, cost in 1_i64..1_000_000) {
            let (budget, cost) = (Usd::from_units(budget), Usd::from_units(cost));
            let shares = budget.whole_shares_at(cost);
            prop_assert!(Price::from_units(cost.units()).unwrap().notional(Qty::shares(shares)) <= budget);
        }
    }
}
