//! Fixed-point decimals: reading and writing them without ever passing through `f64`.

use std::fmt;

use thiserror::Error;

/// Why a text or number is not the decimal it should be.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum DecimalError {
    /// Not digits with at most one point. A decimal comma is refused, never guessed at.
    #[error("{0:?} is not a decimal number")]
    NotDecimal(String),
    /// More digits behind the point than the type keeps.
    #[error("{text:?} has more than {digits} decimals")]
    TooPrecise {
        /// The text as given.
        text: String,
        /// How many decimals the type keeps.
        digits: u32,
    },
    /// Too large, or below what the type allows.
    #[error("{text} is out of range: {expected}")]
    OutOfRange {
        /// The value as given.
        text: String,
        /// What the type allows.
        expected: &'static str,
    },
}

/// Reads `[-]digits[.digits]` into units of `10^-digits`.
pub(crate) fn parse(text: &str, digits: u32) -> Result<i64, DecimalError> {
    let not_decimal = || DecimalError::NotDecimal(text.chars().take(40).collect());
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || unsigned.ends_with('.') || !all_digits(whole) || !all_digits(fraction) {
        return Err(not_decimal());
    }
    let kept = fraction.trim_end_matches('0');
    if kept.len() > digits as usize {
        return Err(DecimalError::TooPrecise { text: text.to_owned(), digits });
    }
    let too_large = || DecimalError::OutOfRange { text: text.chars().take(40).collect(), expected: "fewer digits" };
    let whole: i64 = whole.parse().map_err(|_| too_large())?;
    let padded = format!("{kept:0<width$}", width = digits as usize);
    let fraction: i64 = if padded.is_empty() { 0 } else { padded.parse().map_err(|_| too_large())? };
    let scale = 10_i64.pow(digits);
    let magnitude = whole.checked_mul(scale).and_then(|units| units.checked_add(fraction)).ok_or_else(too_large)?;
    Ok(if negative { -magnitude } else { magnitude })
}

/// Rounds an `f64` half to even into units of `10^-digits`; `None` when it is not finite or does not fit.
pub(crate) fn round(value: f64, digits: u32) -> Option<i64> {
    let scaled = (value * 10_f64.powi(digits as i32)).round_ties_even();
    // 2^53: beyond it an f64 no longer holds every integer, so the value was not a price or an amount to begin with.
    (scaled.is_finite() && scaled.abs() < 9_007_199_254_740_992.0).then_some(scaled as i64)
}

/// Writes units of `10^-digits` with at least `least` decimals and no further trailing zeros.
pub(crate) fn write(f: &mut fmt::Formatter<'_>, units: i64, digits: u32, least: usize) -> fmt::Result {
    let scale = 10_u64.pow(digits);
    let magnitude = units.unsigned_abs();
    let mut fraction = format!("{:0width$}", magnitude % scale, width = digits as usize);
    while fraction.len() > least && fraction.ends_with('0') {
        fraction.pop();
    }
    let sign = if units < 0 { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    f.pad(&format!("{sign}{}{point}{fraction}", magnitude / scale))
}

/// `numerator / denominator`, rounded half to even.
pub(crate) fn divide_half_even(numerator: i128, denominator: i128) -> i128 {
    let (quotient, remainder) = (numerator.div_euclid(denominator), numerator.rem_euclid(denominator));
    match (remainder * 2).cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient.rem_euclid(2),
    }
}
