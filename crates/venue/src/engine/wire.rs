//! Writing JSON by hand: numbers, instants and ids go straight into the bytes of an answer, nothing is allocated between.
//!
//! Money and quantities are decimal strings; instants are RFC 3339 in UTC with as many groups of three decimals as they
//! need.

use market::{Price, Qty, Timestamp, Usd};

use crate::{order::Uuid, text};

const NANOS: i64 = 1_000_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// Units of a power of ten below one, written as a decimal string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    units: i128,
    digits: u32,
    least: u32,
}

/// The bytes of one JSON text.
pub(super) struct Wire(Vec<u8>);

impl Decimal {
    pub(super) fn new(units: i128, digits: u32, least: u32) -> Self {
        Self { units, digits, least }
    }

    pub(super) fn price(price: Price) -> Self {
        Self::new(i128::from(price.units()), 4, 2)
    }

    pub(super) fn usd(amount: Usd) -> Self {
        Self::new(i128::from(amount.units()), 4, 2)
    }

    pub(super) fn qty(qty: Qty) -> Self {
        Self::new(i128::from(qty.units()), 9, 0)
    }

    pub(super) fn signed_qty(qty: Qty, negative: bool) -> Self {
        Self::new(if negative { -i128::from(qty.units()) } else { i128::from(qty.units()) }, 9, 0)
    }

    /// As text, without quotes.
    pub(super) fn text(self) -> String {
        let mut wire = Wire::new(32);
        wire.decimal(self);
        wire.into_text()
    }
}

impl Wire {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.0).expect("only UTF-8 is written")
    }

    /// What needs no escaping: names, signs, the words of the wire.
    pub(super) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Visible ASCII, escaped.
    pub(super) fn visible(&mut self, text: &str) {
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.0.push(b'\\');
            }
            self.0.push(byte);
        }
    }

    pub(super) fn uuid(&mut self, id: Uuid) {
        self.0.extend_from_slice(&id.text());
    }

    /// A decimal without quotes.
    pub(super) fn decimal(&mut self, decimal: Decimal) {
        let Decimal { units, mut digits, least } = decimal;
        if units < 0 {
            self.0.push(b'-');
        }
        let scale = 10_u128.pow(digits);
        let magnitude = units.unsigned_abs();
        // Nearly every number fits 64 bits, whose division is several times as fast.
        let (whole, mut fraction) = match u64::try_from(magnitude) {
            Ok(small) => (u128::from(small / scale as u64), small % scale as u64),
            Err(_) => (magnitude / scale, (magnitude % scale) as u64),
        };
        self.whole(whole);
        if fraction == 0 {
            digits = least;
        }
        while digits > least && fraction.is_multiple_of(10) {
            fraction /= 10;
            digits -= 1;
        }
        if digits > 0 {
            self.0.push(b'.');
            self.padded(fraction, digits as usize);
        }
    }

    fn whole(&mut self, number: u128) {
        match u64::try_from(number) {
            Ok(small) => self.padded(small, small.checked_ilog10().map_or(1, |digits| digits as usize + 1)),
            Err(_) => self.raw(&number.to_string()),
        }
    }

    /// The last digits of a number.
    fn padded(&mut self, number: u64, width: usize) {
        let (start, mut rest) = (self.0.len(), number);
        self.0.resize(start + width, b'0');
        for byte in self.0[start..].iter_mut().rev() {
            *byte = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    /// An instant without quotes; where it was written, so that it can be written again.
    pub(super) fn instant(&mut self, at: Timestamp) -> std::ops::Range<usize> {
        let start = self.0.len();
        let nanos = at.unix_nanos();
        let (seconds, fraction) = (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS) as u64);
        let (days, of_day) = (seconds.div_euclid(SECONDS_A_DAY), seconds.rem_euclid(SECONDS_A_DAY) as u64);
        let (year, month, day) = text::civil(days);
        self.padded(year, 4);
        for (mark, number) in
            [(b'-', month), (b'-', day), (b'T', of_day / 3_600), (b':', of_day / 60 % 60), (b':', of_day % 60)]
        {
            self.0.push(mark);
            self.padded(number, 2);
        }
        if fraction > 0 {
            let (value, width) = match fraction {
                whole if whole.is_multiple_of(1_000_000) => (whole / 1_000_000, 3),
                whole if whole.is_multiple_of(1_000) => (whole / 1_000, 6),
                whole => (whole, 9),
            };
            self.0.push(b'.');
            self.padded(value, width);
        }
        self.0.push(b'Z');
        start..self.0.len()
    }

    /// What was written before, again.
    pub(super) fn again(&mut self, span: std::ops::Range<usize>) {
        self.0.extend_from_within(span);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_read_as_their_own_types_write_them() {
        for units in [1, 9, 10, 99, 100, 101, 10_000, 10_001, 123_456, 1_000_000, 99_999_999] {
            let (price, qty) = (Price::from_units(units).unwrap(), Qty::from_units(units * 1_000_003).unwrap());
            assert_eq!(Decimal::price(price).text(), price.to_string());
            assert_eq!(Decimal::qty(qty).text(), qty.to_string());
            assert_eq!(Decimal::usd(Usd::from_units(-units)).text(), Usd::from_units(-units).to_string());
        }
        assert_eq!(Decimal::qty(Qty::ZERO).text(), "0");
        assert_eq!(Decimal::usd(Usd::ZERO).text(), "0.00");
        assert_eq!(Decimal::signed_qty(Qty::shares(12), true).text(), "-12");
        assert_eq!(Decimal::new(i128::from(u64::MAX) * 1_000_000, 6, 0).text(), u64::MAX.to_string());
    }

    #[test]
    fn visible_text_reads_back() {
        let visible: String = (33_u8..127).map(char::from).collect();
        let mut wire = Wire::new(0);
        wire.raw("\"");
        wire.visible(&visible);
        wire.raw("\"");
        assert_eq!(serde_json::from_str::<String>(&wire.into_text()).unwrap(), visible);
    }

    proptest! {
        #[test]
        fn instants_read_as_their_own_type_writes_them(nanos in -2_000_000_000_000_000_000_i64..4_000_000_000_000_000_000, cut in 0_u32..10) {
            let step = 10_i64.pow(cut);
            let at = Timestamp::from_unix_nanos(nanos / step * step);
            let mut wire = Wire::new(0);
            let span = wire.instant(at);
            prop_assert_eq!(span, 0..at.to_string().len());
            prop_assert_eq!(wire.into_text(), at.to_string());
        }

        #[test]
        fn quantities_and_amounts_too(units in 0_i64..i64::MAX) {
            let (qty, amount) = (Qty::from_units(units).unwrap(), Usd::from_units(-units));
            prop_assert_eq!(Decimal::qty(qty).text(), qty.to_string());
            prop_assert_eq!(Decimal::usd(amount).text(), amount.to_string());
        }
    }
}
