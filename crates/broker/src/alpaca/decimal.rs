//! Decimals as the broker writes them: text or numbers, sometimes with more digits than we keep.

use market::{Bps, Price, Qty, Usd};
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

const KEPT: usize = 4;

/// The text of a decimal; a JSON number is read by its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal(String);

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Number(number) => Ok(Self(number.to_string())),
            other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                Err(D::Error::custom(format!("{other} is no decimal")))
            }
        }
    }
}

impl Decimal {
    /// A price, rounded once, half to even, at the fourth decimal: averages have more.
    pub(super) fn price(&self) -> Result<Price, String> {
        let units = self.units().ok_or_else(|| self.unreadable())?;
        Price::from_units(units).map_err(|error| error.to_string())
    }

    /// An amount, rounded like a price.
    pub(super) fn usd(&self) -> Result<Usd, String> {
        self.units().map(Usd::from_units).ok_or_else(|| self.unreadable())
    }

    /// A quantity, exactly; the sign says only which side a position is on and is dropped.
    pub(super) fn qty(&self) -> Result<Qty, String> {
        self.0.trim_start_matches('-').parse().map_err(|error: market::DecimalError| error.to_string())
    }

    /// Hundredths of a percent, of a number of percent; `None` when it is no whole number of them up to 10,000.
    pub(super) fn bps(&self) -> Option<Bps> {
        let units = u32::try_from(self.units()?).ok()?;
        if units % 100 == 0 { Bps::new(units / 100).ok() } else { None }
    }

    pub(super) fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    fn unreadable(&self) -> String {
        format!("{:?} is no decimal", self.0.chars().take(40).collect::<String>())
    }

    /// In units of 1/10,000, without passing through a float.
    fn units(&self) -> Option<i64> {
        let (negative, unsigned) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.0.as_str()),
        };
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let kept: String = fraction.chars().chain(std::iter::repeat('0')).take(KEPT).collect();
        let rest = fraction.get(KEPT..).unwrap_or_default().trim_end_matches('0');
        let floor = whole.parse::<i64>().ok()?.checked_mul(10_000)?.checked_add(kept.parse().ok()?)?;
        let up = match rest.as_bytes() {
            [] | [b'0'..=b'4', ..] => false,
            // Exactly half goes to the even neighbour.
            [b'5'] => floor % 2 == 1,
            [_, ..] => true,
        };
        let magnitude = floor.checked_add(i64::from(up))?;
        Some(if negative { -magnitude } else { magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(json: &str) -> Decimal {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn prices_round_half_to_even_at_the_fourth_decimal() {
        for (text, expect) in [
            ("\"174.78\"", "174.78"),
            ("\"100.0\"", "100.00"),
            ("174.78", "174.78"),
            ("150", "150.00"),
            ("\"12.34565\"", "12.3456"),
            ("\"12.34575\"", "12.3458"),
            ("\"12.3456500001\"", "12.3457"),
            ("\"12.34564999\"", "12.3456"),
            ("\"0.99995\"", "1.00"),
            ("\"12.345650\"", "12.3456"),
        ] {
            assert_eq!(decimal(text).price().unwrap().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn amounts_keep_their_sign_and_quantities_are_exact() {
        assert_eq!(decimal("\"122011.09751111286868\"").usd().unwrap().to_string(), "122011.0975");
        assert_eq!(decimal("\"-0.98\"").usd().unwrap().to_string(), "-0.98");
        assert_eq!(decimal("\"-5\"").qty().unwrap(), Qty::shares(5));
        assert_eq!(decimal("\"0.123456789\"").qty().unwrap().to_string(), "0.123456789");
        assert!(decimal("\"0.1234567891\"").qty().is_err(), "a quantity is never rounded");
    }

    #[test]
    fn percents_are_whole_basis_points_or_nothing() {
        for (text, expect) in [("1.5", Some(150)), ("0.01", Some(1)), ("100", Some(10_000)), ("0.005", None)] {
            assert_eq!(decimal(&format!("\"{text}\"")).bps().map(Bps::get), expect, "{text}");
        }
        assert!(decimal("\"101\"").bps().is_none() && decimal("\"-1\"").bps().is_none());
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in ["\"\"", "\"1e3\"", "\"1,5\"", "\"NaN\"", "\".5\"", "\"--1\"", "\"99999999999999999999\""] {
            assert!(decimal(text).usd().is_err(), "{text}");
        }
        assert!(decimal("\"0\"").price().is_err() && decimal("\"-1\"").price().is_err());
        assert!(serde_json::from_str::<Decimal>("null").is_err());
    }
}
