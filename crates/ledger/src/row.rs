//! Rows and values of ours, both ways.

use market::{Price, Timestamp};
use rusqlite::Row;
use serde::{Serialize, de::DeserializeOwned};
use trading::{
    book::{Intent, TradePlan},
    order::{IntentKey, Leg},
    report::Execution,
    state::OrderState,
    tape::Split,
};

/// A value that serde writes as one string (`"working"`), without the quotes.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(crate) fn unword<T: DeserializeOwned>(text: String) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(|error| error.to_string())
}

pub(crate) fn parse<T: std::str::FromStr<Err: ToString>>(text: String) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

/// A row with the names of its columns, read once a query: SQLite is asked for a name letter by letter, and a book has
/// thousands of rows.
pub(crate) struct Columns<'a> {
    pub row: &'a Row<'a>,
    pub names: &'a [String],
}

impl Columns<'_> {
    fn place(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }
}

/// A column that a schema this reader may open does not have yet.
fn get_later(row: &Columns<'_>, column: &str) -> Result<Option<String>, String> {
    if row.place(column).is_some() { get(row, column) } else { Ok(None) }
}

pub(crate) fn get<T: rusqlite::types::FromSql>(row: &Columns<'_>, column: &str) -> Result<T, String> {
    let place = row.place(column).ok_or_else(|| format!("no column {column}"))?;
    row.row.get(place).map_err(|error| error.to_string())
}

/// Reads a row of `intents`; the key columns must agree with the id.
pub(crate) fn intent(row: &Columns<'_>) -> Result<Intent, String> {
    let key = IntentKey {
        account: parse(get(row, "account")?)?,
        date: parse(get(row, "date")?)?,
        strategy: parse(get(row, "strategy")?)?,
        symbol: parse(get(row, "symbol")?)?,
        leg: parse::<Leg>(get(row, "leg")?)?,
        attempt: get(row, "attempt")?,
    };
    let request: trading::order::OrderRequest =
        serde_json::from_str(&get::<String>(row, "request")?).map_err(|error| error.to_string())?;
    if key.client_order_id() != request.client_order_id || request.symbol != key.symbol {
        return Err(format!("{} and its key columns disagree", request.client_order_id));
    }
    Ok(Intent {
        key,
        request,
        state: unword::<OrderState>(get(row, "state")?)?,
        recorded_at: Timestamp::from_unix_nanos(get(row, "recorded_at")?),
        broker_id: get::<Option<String>>(row, "broker_id")?.map(parse).transpose()?,
        doubted_since: None,
        replaces: get_later(row, "replaces")?.map(parse).transpose()?,
        trade: trade(row)?,
        note: get(row, "note")?,
    })
}

/// The plan of an entry; one of schema 1 knew its stop only.
fn trade(row: &Columns<'_>) -> Result<Option<TradePlan>, String> {
    if let Some(json) = get_later(row, "trade")? {
        return serde_json::from_str(&json).map(Some).map_err(|error| error.to_string());
    }
    let stop = get::<Option<String>>(row, "protective_stop")?.map(parse::<Price>).transpose()?;
    Ok(stop.map(TradePlan::stop_only))
}

/// Reads a row of `splits`.
pub(crate) fn split(row: &Columns<'_>) -> Result<Split, String> {
    Ok(Split {
        id: get(row, "id")?,
        symbol: parse(get(row, "symbol")?)?,
        effective: Timestamp::from_unix_nanos(get(row, "effective")?),
        new: get(row, "new")?,
        old: get(row, "old")?,
    })
}

/// Reads a row of `executions`.
pub(crate) fn execution(row: &Columns<'_>) -> Result<Execution, String> {
    Ok(Execution {
        id: get(row, "id")?,
        order_id: parse(get(row, "order_id")?)?,
        symbol: parse(get(row, "symbol")?)?,
        side: unword(get(row, "side")?)?,
        qty: parse(get(row, "qty")?)?,
        price: parse(get(row, "price")?)?,
        at: Timestamp::from_unix_nanos(get(row, "at")?),
    })
}
