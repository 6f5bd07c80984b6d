//! What the market does by hand: prints, halts, splits, rejections of orders.

use ::venue::engine;
use axum::extract::{Request as HttpRequest, State};
use market::{Price, Symbol};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{Answer, Refused, body, time::told};
use crate::http::Shell;

/// The shares of a print when nobody says: enough for the orders of a test.
const VOLUME: u64 = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    symbol: Symbol,
    #[serde(deserialize_with = "price")]
    price: Price,
    #[serde(default, deserialize_with = "maybe_price")]
    bid: Option<Price>,
    #[serde(default, deserialize_with = "maybe_price")]
    ask: Option<Price>,
    volume: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Halt {
    symbol: Symbol,
    halted: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Split {
    symbol: Symbol,
    numerator: u32,
    denominator: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reject {
    client_order_id: Option<String>,
    #[serde(default)]
    next: bool,
}

/// A trade at the venue's instant; open orders have met it when this answers.
pub(super) async fn tick(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Tick { symbol, price, bid, ask, volume } = body(request).await?;
    let volume = volume.unwrap_or(VOLUME);
    let done = shell.venue.with_engine(|engine, _| engine.print(symbol, price, bid, ask, volume));
    done.map_err(|error| Refused(422, error.to_string()))?;
    Ok(told(&shell))
}

pub(super) async fn halt(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Halt { symbol, halted } = body(request).await?;
    let done = shell.venue.with_engine(|engine, _| engine.halt(symbol, halted));
    done.map_err(|error| Refused(422, error.to_string()))?;
    Ok(told(&shell))
}

/// So many new shares, the numerator, for so many old ones.
pub(super) async fn split(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Split { symbol, numerator, denominator } = body(request).await?;
    let done = shell.venue.with_engine(|engine, _| engine.split(symbol, numerator, denominator));
    done.map_err(|error| Refused(422, error.to_string()))?;
    Ok(told(&shell))
}

/// Either the order of an id, or the next one.
pub(super) async fn reject(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Reject { client_order_id, next } = body(request).await?;
    let which = match (&client_order_id, next) {
        (Some(id), false) => engine::Reject::ClientOrderId(id),
        (None, true) => engine::Reject::Next,
        (Some(_), true) | (None, false) => return Err(Refused(422, "either client_order_id or next".to_owned())),
    };
    let done = shell.venue.with_engine(|engine, _| engine.reject(which));
    done.map_err(|error| Refused(422, error.to_string()))?;
    Ok(told(&shell))
}

/// A decimal, as text or as a number.
fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().map_err(de::Error::custom)
}

fn maybe_price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Price>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        Some(value) => price(value).map(Some).map_err(de::Error::custom),
        None => Ok(None),
    }
}
