//! A page of bars, from its bytes straight into prices: what a whole market's history consists of.

use std::{borrow::Cow, collections::BTreeMap};

use market::{Price, Qty, Symbol};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use super::{Bar, scan};
use crate::alpaca::{censor::printable, instant::Instant};

/// More than any day has, and less than a quantity can hold.
const SHARES_MAX: f64 = 9e9;

/// Bars by symbol, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The bars.
    pub bars: BTreeMap<Symbol, Vec<Bar>>,
    /// What to ask the next page with; `None` on the last.
    pub next: Option<String>,
}

/// Why bytes are no page of bars.
#[derive(Debug, Error)]
pub enum PageError {
    /// Not the JSON it should be.
    #[error("the answer is not understood: {0}")]
    Json(#[from] serde_json::Error),
    /// A bar that is none.
    #[error("bar of {symbol} at {start}: {why}")]
    Bar {
        /// The symbol as given.
        symbol: String,
        /// When it begins.
        start: market::Timestamp,
        /// What is wrong.
        why: String,
    },
    /// A symbol that is none.
    #[error("{0}")]
    Symbol(#[from] market::SymbolError),
}

#[derive(Deserialize)]
struct PageBody<'a> {
    /// Null when there are none; an answer without the member is about something else.
    #[serde(borrow, deserialize_with = "Deserialize::deserialize")]
    bars: Option<BTreeMap<Cow<'a, str>, Vec<BarBody>>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// The same, with rows of any form.
#[derive(Deserialize)]
struct LooseBody<'a> {
    #[serde(borrow, deserialize_with = "Deserialize::deserialize")]
    bars: Option<BTreeMap<Cow<'a, str>, Value>>,
    #[serde(default)]
    next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::alpaca) struct BarBody {
    t: Instant,
    o: f64,
    h: f64,
    l: f64,
    c: f64,
    v: f64,
    #[serde(default)]
    n: u64,
    #[serde(default)]
    vw: Option<f64>,
}

/// Reads a page: ten thousand bars within some milliseconds.
///
/// # Errors
/// When it is not JSON of the form, or one of its bars has no price or a high and low that do not enclose the others.
pub fn decode_page(body: &[u8]) -> Result<Page, PageError> {
    match scan::page(body) {
        Some(page) => Ok(page),
        None => decode_any(body),
    }
}

/// The general way: whatever JSON of the form there is, and what is wrong with what is none.
fn decode_any(body: &[u8]) -> Result<Page, PageError> {
    let body: PageBody<'_> = serde_json::from_slice(body)?;
    let mut bars = BTreeMap::new();
    for (name, rows) in body.bars.unwrap_or_default() {
        let symbol = Symbol::new(&name)?;
        bars.insert(symbol, all(&name, &rows)?);
    }
    Ok(Page { bars, next: body.next_page_token.filter(|token| !token.is_empty()) })
}

/// As [`decode_page`], except that a bar that is none takes only its own symbol with it.
pub(super) fn decode_usable(body: &[u8]) -> Result<(Page, Vec<Symbol>), PageError> {
    if let Some(page) = scan::page(body) {
        return Ok((page, Vec::new()));
    }
    let body: LooseBody<'_> = serde_json::from_slice(body)?;
    let (mut bars, mut spoilt) = (BTreeMap::new(), Vec::new());
    for (name, rows) in body.bars.unwrap_or_default() {
        let symbol = Symbol::new(&name)?;
        match serde_json::from_value(rows).map_err(PageError::Json).and_then(|rows: Vec<BarBody>| all(&name, &rows)) {
            Ok(rows) => drop(bars.insert(symbol, rows)),
            Err(why) => {
                tracing::warn!(%symbol, "left out of the broker's bars: {}", printable(&why.to_string()));
                spoilt.push(symbol);
            }
        }
    }
    Ok((Page { bars, next: body.next_page_token.filter(|token| !token.is_empty()) }, spoilt))
}

fn all(symbol: &str, rows: &[BarBody]) -> Result<Vec<Bar>, PageError> {
    let wrong = |start, why| PageError::Bar { symbol: symbol.to_owned(), start, why };
    rows.iter().map(|row| bar(row).map_err(|why| wrong(row.t.0, why))).collect()
}

pub(in crate::alpaca) fn bar(row: &BarBody) -> Result<Bar, String> {
    let price = |value| Price::from_f64_rounded(value).map_err(|error| error.to_string());
    let (open, high, low, close) = (price(row.o)?, price(row.h)?, price(row.l)?, price(row.c)?);
    // The mean of an empty or tiny bar may be zero.
    let vwap = row.vw.and_then(|value| Price::from_f64_rounded(value).ok());
    let bar = Bar { start: row.t.0, open, high, low, close, volume: volume(row.v)?, trades: row.n, vwap };
    enclosing(&bar)?;
    Ok(bar)
}

/// Whole shares: a float holds them exactly, fractions of a share only nearly.
pub(super) fn volume(count: f64) -> Result<Qty, String> {
    shares(count.round())
}

/// Shares of a number of them. A cast alone would make the greatest quantity of whatever is too much.
pub(in crate::alpaca) fn shares(count: f64) -> Result<Qty, String> {
    if !(0.0..=SHARES_MAX).contains(&count) {
        return Err(format!("{count} shares are out of range"));
    }
    Qty::from_units((count * 1e9).round() as i64).map_err(|error| error.to_string())
}

pub(super) fn enclosing(bar: &Bar) -> Result<(), String> {
    if bar.low <= bar.open.min(bar.close) && bar.open.max(bar.close) <= bar.high {
        return Ok(());
    }
    Err("high and low do not enclose open and close".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bar: &str) -> Result<Page, PageError> {
        decode_page(format!(r#"{{"bars":{{"AAPL":[{bar}]}},"next_page_token":""}}"#).as_bytes())
    }

    #[test]
    fn a_bar_is_read_to_the_last_digit() {
        let page = read(
            r#"{"t":"2022-01-03T09:00:00Z","o":178.26,"h":178.26,"l":178.21,"c":178.21,"v":1118,"n":65,"vw":178.235733}"#,
        )
        .unwrap();
        let bar = page.bars[&"AAPL".parse().unwrap()][0];
        let printed = format!("{bar:?}");
        let expect = "Bar { start: 2022-01-03T09:00:00Z, open: 178.26, high: 178.26, low: 178.21, close: 178.21, \
            volume: 1118, trades: 65, vwap: Some(178.2357) }";
        assert_eq!((printed.as_str(), page.next), (expect, None));
    }

    #[test]
    fn what_is_no_bar_is_an_error_that_says_which() {
        let bar = |o: &str, l: &str, v: &str| {
            format!(r#"{{"t":"2022-01-03T09:00:00Z","o":{o},"h":9,"l":{l},"c":5,"v":{v}}}"#)
        };
        assert!(read(&bar("5", "5", "1")).is_ok());
        for (row, expect) in [
            (bar("10", "5", "1"), "bar of AAPL at 2022-01-03T09:00:00Z: high and low do not enclose open and close"),
            (bar("5", "6", "1"), "bar of AAPL at 2022-01-03T09:00:00Z: high and low do not enclose open and close"),
            (bar("0", "5", "1"), "bar of AAPL at 2022-01-03T09:00:00Z: 0.00 is out of range"),
            (bar("5", "5", "-1"), "bar of AAPL at 2022-01-03T09:00:00Z: -1 shares are out of range"),
            (bar("5", "5", "10000000000"), "bar of AAPL at 2022-01-03T09:00:00Z: 10000000000 shares are out of"),
            (bar("5", "5", "1e300"), "bar of AAPL at 2022-01-03T09:00:00Z: 1"),
            (bar("null", "5", "1"), "the answer is not understood: "),
            (bar("\"5\"", "5", "1"), "the answer is not understood: "),
            (bar("1e400", "5", "1"), "the answer is not understood: "),
        ] {
            let error = read(&row).unwrap_err().to_string();
            assert!(error.starts_with(expect), "{row}: {error}");
        }
        assert!(decode_page(b"{\"bars\":{\"A A\":[]}}").is_err() && decode_page(b"{}").is_err());
        assert_eq!(decode_page(b"{\"bars\":null,\"next_page_token\":\"n\"}").unwrap().next.as_deref(), Some("n"));
    }

    /// Pages as they may come: other orders of members, white space, more decimals, other words; and spoilt ones.
    fn page_text() -> impl Strategy<Value = Vec<u8>> {
        let number = prop_oneof![
            (1_u32..2_000_000, 0_u32..7)
                .prop_map(|(units, decimals)| { format!("{}", f64::from(units) / 10_f64.powi(decimals as i32)) }),
            "[0-9]{1,6}\\.[0-9]{1,9}",
            Just("0".to_owned()),
            Just("1e2".to_owned()),
            Just("null".to_owned()),
        ];
        let bar = (number.clone(), number, 0_u64..20_000_000_000, 0_i64..4_000_000_000, any::<bool>()).prop_map(
            |(price, mean, volume, seconds, spaced)| {
                let start = market::Timestamp::from_unix_seconds(seconds);
                let space = if spaced { " " } else { "" };
                format!(
                    r#"{{"t":"{start}",{space}"vw":{mean},"o":{price},"h":{price},"l":{price},"c":{price}{space},"v":{volume}}}"#
                )
            },
        );
        let bars = proptest::collection::vec(bar, 0..4);
        let spoil = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
        (bars, spoil).prop_map(|(bars, spoil)| {
            let text = format!(r#"{{"bars":{{"AAPL":[{}]}},"next_page_token":null}}"#, bars.join(","));
            let mut bytes = text.into_bytes();
            for (at, byte) in spoil {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_quick_way_says_what_the_general_way_says_or_nothing(bytes in page_text()) {
            if let Some(page) = scan::page(&bytes) {
                prop_assert_eq!(page, decode_any(&bytes).unwrap());
            }
            if let Ok(page) = decode_page(&bytes) {
                prop_assert_eq!((page, Vec::new()), decode_usable(&bytes).unwrap());
            }
        }
    }

    #[test]
    fn the_usual_form_goes_the_quick_way() {
        let bar = r#"{"t":"2022-01-03T09:00:00Z","o":1.5,"h":2,"l":1.0625,"c":1.9,"v":7,"n":4,"vw":1.512345}"#;
        let body = format!(r#"{{"bars":{{"AAPL":[{bar},{bar}],"BRK.B":[]}},"next_page_token":"n"}}"#);
        let page = scan::page(body.as_bytes()).unwrap();
        assert_eq!(
            (page.bars.len(), page.bars[&"AAPL".parse().unwrap()].len(), page.next.as_deref()),
            (2, 2, Some("n"))
        );
        for cut in 0..body.len() {
            assert!(scan::page(&body.as_bytes()[..cut]).is_none(), "{cut}");
        }
    }
}
