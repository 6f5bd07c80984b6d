//! The market data interface: which path is answered by what.
//!
//! Nothing of the future leaks: a minute bar is told when it ends, a daily bar at the close.

use serde_json::Value;

use super::{
    Engine, Response,
    latest::Latest,
    query::{Asked, Query},
    refusal::Refusal,
};

impl Engine {
    /// `rest` is the path after `/v2/stocks`.
    pub(super) fn stocks(&mut self, rest: &[&str], query: &Query) -> Result<Response, Refusal> {
        match rest {
            ["bars"] => self.bars(query, None),
            ["trades"] => self.trades(query, None),
            ["quotes"] => self.quotes(query, None),
            ["snapshots"] => self.snapshots(query),
            ["bars", "latest"] => self.latest_of_many(Latest::Bars, query),
            ["trades", "latest"] => self.latest_of_many(Latest::Trades, query),
            ["quotes", "latest"] => self.latest_of_many(Latest::Quotes, query),
            ["meta", "exchanges"] => Ok(table(EXCHANGES)),
            ["meta", "conditions", kind] => conditions(kind, query),
            [symbol, "bars"] => self.bars(query, Some(symbol)),
            [symbol, "trades"] => self.trades(query, Some(symbol)),
            [symbol, "quotes"] => self.quotes(query, Some(symbol)),
            [symbol, "snapshot"] => self.snapshot(symbol, query),
            [symbol, "bars", "latest"] => self.latest_of_one(Latest::Bars, symbol, query),
            [symbol, "trades", "latest"] => self.latest_of_one(Latest::Trades, symbol, query),
            [symbol, "quotes", "latest"] => self.latest_of_one(Latest::Quotes, symbol, query),
            _ => Err(Refusal::no_endpoint()),
        }
    }
}

/// Letters of exchanges that occur in trades and quotes.
const EXCHANGES: &[(&str, &str)] = &[
    ("A", "NYSE American (AMEX)"),
    ("N", "New York Stock Exchange"),
    ("P", "NYSE Arca"),
    ("Q", "NASDAQ OMX"),
    ("Z", "Cboe BZ"),
];

fn conditions(kind: &str, query: &Query) -> Result<Response, Refusal> {
    let asked = Asked::data(query, &["tape"])?;
    asked.required("tape")?;
    asked.one_of("tape", &["A", "B", "C"])?;
    match kind {
        "trade" => Ok(table(&[("@", "Regular Sale")])),
        "quote" => Ok(table(&[("R", "Regular Market Maker Open")])),
        _ => Err(asked.refuse(format!("invalid ticktype: {kind}"))),
    }
}

fn table(rows: &[(&str, &str)]) -> Response {
    Response::ok(rows.iter().map(|(code, words)| ((*code).to_owned(), Value::from(*words))).collect())
}
