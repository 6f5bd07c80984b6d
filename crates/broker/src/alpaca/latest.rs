//! The newest there is of each symbol: quote, trade, minute bar, or all of them with the day's bars.
//!
//! A symbol whose row cannot be used is absent; one strange row hides no other.

use std::collections::BTreeMap;

use market::{Price, Qty, Quote, Symbol, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Alpaca, SYMBOLS_A_REQUEST,
    bars::{Bar, BarBody, bar, shares},
    comma_separated,
    endpoint::Get,
    governor::Class,
};
use crate::ReadError;

/// A trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// When.
    pub at: Timestamp,
    /// Price a share.
    pub price: Price,
    /// Shares.
    pub size: Qty,
    /// The exchange's letter.
    pub exchange: String,
    /// The exchange's number of it.
    pub id: Option<u64>,
    /// The tape's letters of its conditions.
    pub conditions: Vec<String>,
}

/// A best bid and offer with their sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SizedQuote {
    /// The prices.
    pub quote: Quote,
    /// Shares wanted at the bid.
    pub bid_size: Qty,
    /// Shares offered at the ask.
    pub ask_size: Qty,
}

/// The newest of everything; what is missing or cannot be used is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The latest trade.
    pub trade: Option<Trade>,
    /// The latest quote.
    pub quote: Option<SizedQuote>,
    /// The latest minute.
    pub minute: Option<Bar>,
    /// The day so far.
    pub day: Option<Bar>,
    /// The session before.
    pub previous_day: Option<Bar>,
}

#[derive(Deserialize)]
struct TradeBody {
    t: Timestamp,
    p: f64,
    #[serde(default)]
    s: f64,
    #[serde(default)]
    x: String,
    #[serde(default)]
    i: Option<u64>,
    #[serde(default)]
    c: Option<Vec<String>>,
}

/// A price of 0 means that nobody is on that side.
#[derive(Deserialize)]
struct QuoteBody {
    t: Timestamp,
    bp: f64,
    ap: f64,
    #[serde(default)]
    bs: f64,
    #[serde(default, rename = "as")]
    ask_size: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SnapshotBody {
    #[serde(default)]
    latest_trade: Value,
    #[serde(default)]
    latest_quote: Value,
    #[serde(default)]
    minute_bar: Value,
    #[serde(default)]
    daily_bar: Value,
    #[serde(default)]
    prev_daily_bar: Value,
}

impl Alpaca {
    /// The latest quote of each symbol; one-sided and crossed quotes are none. Read as what protection needs: a position
    /// without its stop is judged by it.
    ///
    /// # Errors
    /// When there is no answer, or not one that is understood.
    pub async fn latest_quotes(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, SizedQuote>, ReadError> {
        self.latest(Class::Protection, &["v2", "stocks", "quotes", "latest"], Some("quotes"), symbols, quote).await
    }

    /// The latest trade of each symbol.
    ///
    /// # Errors
    /// As [`Alpaca::latest_quotes`].
    pub async fn latest_trades(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Trade>, ReadError> {
        self.latest(Class::Ordinary, &["v2", "stocks", "trades", "latest"], Some("trades"), symbols, trade).await
    }

    /// The latest minute bar of each symbol.
    ///
    /// # Errors
    /// As [`Alpaca::latest_quotes`].
    pub async fn latest_bars(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Bar>, ReadError> {
        self.latest(Class::Ordinary, &["v2", "stocks", "bars", "latest"], Some("bars"), symbols, read_bar).await
    }

    /// The newest of everything for each symbol.
    ///
    /// # Errors
    /// As [`Alpaca::latest_quotes`].
    pub async fn snapshots(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Snapshot>, ReadError> {
        self.latest(Class::Ordinary, &["v2", "stocks", "snapshots"], None, symbols, snapshot).await
    }

    async fn latest<T>(
        &self,
        class: Class,
        path: &[&str],
        member: Option<&str>,
        symbols: &[Symbol],
        read: fn(Value) -> Option<T>,
    ) -> Result<BTreeMap<Symbol, T>, ReadError> {
        let mut all = BTreeMap::new();
        for symbols in symbols.chunks(SYMBOLS_A_REQUEST) {
            let get = Get::data(class, path).with("symbols", comma_separated(symbols)).with("feed", self.feed);
            let (body, endpoint): (Value, _) = self.get(get).await?;
            all.extend(rows(body, member, read).map_err(|why| endpoint.undecodable(why))?);
        }
        Ok(all)
    }
}

/// The rows of an answer by symbol, below a member of that name or, as snapshots are, at the top.
///
/// # Errors
/// When there are no rows by symbol.
pub(super) fn rows<T>(
    mut body: Value,
    member: Option<&str>,
    read: fn(Value) -> Option<T>,
) -> Result<BTreeMap<Symbol, T>, String> {
    let rows = match member {
        Some(member) => body.get_mut(member).map(Value::take),
        None => Some(body),
    };
    let rows = match rows {
        Some(Value::Object(rows)) => rows,
        Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(_) | None => return Err("the answer has no rows by symbol".to_owned()),
    };
    let usable = rows.into_iter().filter_map(|(name, row)| Some((Symbol::new(&name).ok()?, read(row)?)));
    Ok(usable.collect())
}

pub(super) fn quote(row: Value) -> Option<SizedQuote> {
    let body: QuoteBody = parse(row)?;
    let (bid, ask) = (Price::from_f64_rounded(body.bp).ok()?, Price::from_f64_rounded(body.ap).ok()?);
    Some(SizedQuote {
        quote: Quote::new(body.t, bid, ask)?,
        bid_size: shares(body.bs).ok()?,
        ask_size: shares(body.ask_size).ok()?,
    })
}

pub(super) fn trade(row: Value) -> Option<Trade> {
    let body: TradeBody = parse(row)?;
    Some(Trade {
        at: body.t,
        price: Price::from_f64_rounded(body.p).ok()?,
        size: shares(body.s).ok()?,
        exchange: body.x,
        id: body.i,
        conditions: body.c.unwrap_or_default(),
    })
}

pub(super) fn read_bar(row: Value) -> Option<Bar> {
    bar(&parse::<BarBody>(row)?).ok()
}

pub(super) fn snapshot(row: Value) -> Option<Snapshot> {
    let body: SnapshotBody = parse(row)?;
    Some(Snapshot {
        trade: trade(body.latest_trade),
        quote: quote(body.latest_quote),
        minute: read_bar(body.minute_bar),
        day: read_bar(body.daily_bar),
        previous_day: read_bar(body.prev_daily_bar),
    })
}

fn parse<T: DeserializeOwned>(row: Value) -> Option<T> {
    serde_json::from_value(row).ok()
}
