//! The quick way through a page of bars in the form the broker writes: one pass, no copies, prices never as floats unless
//! they have more decimals than we keep.
//!
//! Whatever is not of that form (an escape, an exponent, a member it does not know, a bar that is none) gives `None`, and
//! the page is read the general way, which also says what is wrong. The two never differ about a page both can read.

use std::{collections::BTreeMap, str};

use market::{Price, Qty, Symbol, Timestamp};

use super::{
    Bar,
    page::{Page, enclosing, volume},
};
use crate::alpaca::instant::usual_form;

/// A mantissa of so many digits is exact in a float, and so is the power of ten it is divided by.
const DIGITS_MAX: usize = 15;
const KEPT: usize = 4;
/// `"YYYY-MM-DDTHH:MM:SSZ"`.
const USUAL: usize = 22;
const SCALE: [u64; KEPT + 1] = [10_000, 1_000, 100, 10, 1];
const POWERS: [f64; DIGITS_MAX + 1] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// Reads a page; `None` when it is not of the usual form.
pub(super) fn page(bytes: &[u8]) -> Option<Page> {
    let mut scanner = Scanner { bytes, at: 0 };
    let mut bars = None;
    let mut next = None;
    scanner.object(|scanner, name| match name {
        b"bars" if bars.is_none() => {
            bars = Some(scanner.symbols()?);
            Some(())
        }
        b"next_page_token" if next.is_none() => {
            next = Some(if scanner.null() { None } else { Some(str::from_utf8(scanner.text()?).ok()?.to_owned()) });
            Some(())
        }
        _ => None,
    })?;
    scanner.space();
    let is_whole = scanner.at == bytes.len();
    is_whole.then_some(Page { bars: bars?, next: next.flatten().filter(|token| !token.is_empty()) })
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A number without exponent: `mantissa / 10^decimals`.
#[derive(Clone, Copy)]
struct Number {
    mantissa: u64,
    decimals: usize,
}

impl Number {
    /// The very float that the text stands for: both parts are exact, so their quotient is rounded once.
    fn float(self) -> f64 {
        self.mantissa as f64 / POWERS[self.decimals]
    }

    /// Whole shares up to four billion are exact either way; the rest goes the way of floats.
    fn shares(self) -> Option<Qty> {
        match u32::try_from(self.mantissa) {
            Ok(shares) if self.decimals == 0 => Some(Qty::shares(shares)),
            Ok(_) | Err(_) => volume(self.float()).ok(),
        }
    }

    fn price(self) -> Option<Price> {
        match SCALE.get(self.decimals) {
            Some(scale) => Price::from_units(i64::try_from(self.mantissa.checked_mul(*scale)?).ok()?).ok(),
            None => Price::from_f64_rounded(self.float()).ok(),
        }
    }
}

impl<'a> Scanner<'a> {
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
    }

    /// Takes the next byte that is no white space, if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.take(byte).then_some(())
    }

    fn null(&mut self) -> bool {
        self.space();
        let is_next = self.bytes[self.at..].starts_with(b"null");
        self.at += if is_next { 4 } else { 0 };
        is_next
    }

    /// A text without escapes.
    fn text(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
        self.at += length + 1;
        (rest[length] == b'"').then(|| &rest[..length])
    }

    /// The name of a member with its colon; of one letter, nearly always.
    fn name(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        if let [b'"', b'a'..=b'z', b'"', b':', ..] = rest {
            self.at += 4;
            return Some(&rest[1..2]);
        }
        let name = self.text()?;
        self.expect(b':')?;
        Some(name)
    }

    fn instant(&mut self) -> Option<Timestamp> {
        let usual = self.bytes.get(self.at..self.at + USUAL).and_then(|text| match text {
            [b'"', text @ .., b'"'] => usual_form(text),
            _ => None,
        });
        if usual.is_some() {
            self.at += USUAL;
            return usual;
        }
        str::from_utf8(self.text()?).ok()?.parse().ok()
    }

    fn number(&mut self) -> Option<Number> {
        self.space();
        let (begin, mut mantissa) = (self.at, 0_u64);
        let mut digits = |scanner: &mut Self| {
            let begin = scanner.at;
            while let Some(digit @ b'0'..=b'9') = scanner.bytes.get(scanner.at) {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
                scanner.at += 1;
            }
            scanner.at - begin
        };
        let whole = digits(self);
        let has_leading_zero = whole > 1 && self.bytes[begin] == b'0';
        let decimals = if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            Some(digits(self)).filter(|count| *count > 0)?
        } else {
            0
        };
        let ends = !matches!(self.bytes.get(self.at), Some(b'e' | b'E'));
        (whole > 0 && whole + decimals <= DIGITS_MAX && !has_leading_zero && ends)
            .then_some(Number { mantissa, decimals })
    }

    /// An object, member by member.
    fn object(&mut self, mut member: impl FnMut(&mut Self, &'a [u8]) -> Option<()>) -> Option<()> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Some(());
        }
        loop {
            let name = self.name()?;
            member(self, name)?;
            if !self.take(b',') {
                return self.expect(b'}');
            }
        }
    }

    fn symbols(&mut self) -> Option<BTreeMap<Symbol, Vec<Bar>>> {
        let mut bars = BTreeMap::new();
        if self.null() {
            return Some(bars);
        }
        self.object(|scanner, name| {
            let symbol = Symbol::new(str::from_utf8(name).ok()?).ok()?;
            bars.insert(symbol, scanner.rows()?).is_none().then_some(())
        })?;
        Some(bars)
    }

    fn rows(&mut self) -> Option<Vec<Bar>> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Some(Vec::new());
        }
        let mut rows = Vec::new();
        loop {
            rows.push(self.bar()?);
            if !self.take(b',') {
                self.expect(b']')?;
                return Some(rows);
            }
        }
    }

    fn bar(&mut self) -> Option<Bar> {
        let mut start: Option<Timestamp> = None;
        let [mut open, mut high, mut low, mut close]: [Option<Price>; 4] = [None; 4];
        let (mut shares, mut trades, mut vwap) = (None, None, None);
        self.object(|scanner, name| match name {
            b"t" if start.is_none() => {
                start = Some(scanner.instant()?);
                Some(())
            }
            b"o" => scanner.price(&mut open),
            b"h" => scanner.price(&mut high),
            b"l" => scanner.price(&mut low),
            b"c" => scanner.price(&mut close),
            b"v" if shares.is_none() => {
                shares = Some(scanner.number()?.shares()?);
                Some(())
            }
            b"n" if trades.is_none() => {
                let count = scanner.number()?;
                trades = Some(count.mantissa);
                (count.decimals == 0).then_some(())
            }
            b"vw" if vwap.is_none() => {
                // The mean of an empty or tiny bar may be zero.
                vwap = Some(if scanner.null() { None } else { scanner.number()?.price() });
                Some(())
            }
            _ => None,
        })?;
        let (start, volume) = (start?, shares?);
        let (trades, vwap) = (trades.unwrap_or(0), vwap.flatten());
        let bar = Bar { start, open: open?, high: high?, low: low?, close: close?, volume, trades, vwap };
        enclosing(&bar).ok()?;
        Some(bar)
    }

    /// A price that has not been said before.
    fn price(&mut self, into: &mut Option<Price>) -> Option<()> {
        if into.is_some() {
            return None;
        }
        *into = Some(self.number()?.price()?);
        Some(())
    }
}
