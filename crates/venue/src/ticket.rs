//! An order as a client asks for it, and a change of one: read from a body, word by word.
//!
//! What is wrong with a single member is found here; rules between members are the engine's. Decimals come as strings or
//! as numbers. Source: CreateOrderRequest and PatchOrderRequest of Alpaca's OpenAPI document.

use std::{borrow::Cow, fmt};

use market::{DecimalError, Price, Qty, Symbol, Usd};
use serde::{Deserialize, Deserializer, de};

use crate::{
    order::{Size, Trail},
    words::{OrderClass, OrderType, Side, TimeInForce},
};

/// An order that is asked for. Every member is well-formed; whether they fit together is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub size: Size,
    /// What makes it trade.
    pub order_type: OrderType,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// The worst price.
    pub limit_price: Option<Price>,
    /// The trigger.
    pub stop_price: Option<Price>,
    /// The distance of a trailing stop.
    pub trail: Option<Trail>,
    /// Whether it works outside the session too.
    pub extended_hours: bool,
    /// Its class.
    pub class: OrderClass,
    /// The limit of the exit with a profit.
    pub take_profit: Option<Price>,
    /// The exit with a loss.
    pub stop_loss: Option<StopLoss>,
    /// The client's id; the venue makes one when there is none.
    pub client_order_id: Option<String>,
}

/// The exit with a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopLoss {
    /// The trigger.
    pub stop_price: Price,
    /// Makes it a stop limit.
    pub limit_price: Option<Price>,
}

/// What a replacement is to have otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Shares in all, those filled included.
    pub qty: Option<Qty>,
    /// How long it works.
    pub time_in_force: Option<TimeInForce>,
    /// The worst price.
    pub limit_price: Option<Price>,
    /// The trigger.
    pub stop_price: Option<Price>,
    /// Dollars or percent, as the order has it.
    pub trail: Option<Usd>,
    /// The client's id of the replacement.
    pub client_order_id: Option<String>,
}

/// Why a body is no ticket and no change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketError {
    /// No JSON object with members of the expected kind.
    Malformed(String),
    /// A member is missing or has no meaning.
    Member(String),
}

/// A string or a number, as text.
#[derive(Clone, Debug)]
struct Word<'a>(Cow<'a, str>);

#[derive(Deserialize)]
struct TicketBody<'a> {
    #[serde(borrow)]
    symbol: Option<Word<'a>>,
    #[serde(borrow)]
    qty: Option<Word<'a>>,
    #[serde(borrow)]
    notional: Option<Word<'a>>,
    #[serde(borrow)]
    side: Option<Word<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Word<'a>>,
    #[serde(borrow)]
    time_in_force: Option<Word<'a>>,
    #[serde(borrow)]
    limit_price: Option<Word<'a>>,
    #[serde(borrow)]
    stop_price: Option<Word<'a>>,
    #[serde(borrow)]
    trail_price: Option<Word<'a>>,
    #[serde(borrow)]
    trail_percent: Option<Word<'a>>,
    extended_hours: Option<bool>,
    #[serde(borrow)]
    order_class: Option<Word<'a>>,
    #[serde(borrow)]
    take_profit: Option<ExitBody<'a>>,
    #[serde(borrow)]
    stop_loss: Option<ExitBody<'a>>,
    #[serde(borrow)]
    client_order_id: Option<Word<'a>>,
}

#[derive(Deserialize)]
struct ExitBody<'a> {
    #[serde(borrow)]
    stop_price: Option<Word<'a>>,
    #[serde(borrow)]
    limit_price: Option<Word<'a>>,
}

#[derive(Deserialize)]
struct ChangeBody<'a> {
    #[serde(borrow)]
    qty: Option<Word<'a>>,
    #[serde(borrow)]
    time_in_force: Option<Word<'a>>,
    #[serde(borrow)]
    limit_price: Option<Word<'a>>,
    #[serde(borrow)]
    stop_price: Option<Word<'a>>,
    #[serde(borrow)]
    trail: Option<Word<'a>>,
    #[serde(borrow)]
    client_order_id: Option<Word<'a>>,
}

impl Ticket {
    /// Reads the body of `POST /v2/orders`. `symbol_of` knows a symbol, or an asset's id, by its text.
    ///
    /// # Errors
    /// When it is no such body.
    pub fn parse(body: &str, symbol_of: impl Fn(&str) -> Option<Symbol>) -> Result<Self, TicketError> {
        let body: TicketBody = serde_json::from_str(body).map_err(TicketError::malformed)?;
        let symbol = body.symbol.ok_or_else(|| TicketError::required("symbol"))?;
        let symbol = symbol_of(&symbol.0).ok_or_else(|| TicketError::no_asset(&symbol.0))?;
        let side = word("side", body.side, Side::parse)?;
        let order_type = word("order type", body.kind, OrderType::parse)?;
        let time_in_force = word("time_in_force", body.time_in_force, TimeInForce::parse)?;
        let class = match body.order_class {
            Some(text) if !text.0.is_empty() => word("order_class", Some(text), OrderClass::parse)?,
            _ => OrderClass::Simple,
        };
        let size = size(body.qty, body.notional)?;
        Ok(Self {
            symbol,
            side,
            size,
            order_type,
            time_in_force,
            limit_price: price("limit_price", body.limit_price)?,
            stop_price: price("stop_price", body.stop_price)?,
            trail: trail(body.trail_price, body.trail_percent)?,
            extended_hours: body.extended_hours.unwrap_or(false),
            class,
            take_profit: take_profit(body.take_profit)?,
            stop_loss: stop_loss(body.stop_loss)?,
            client_order_id: body.client_order_id.map(|text| text.0.into_owned()),
        })
    }
}

impl Change {
    /// Reads the body of `PATCH /v2/orders/{id}`.
    ///
    /// # Errors
    /// When it is no such body.
    pub fn parse(body: &str) -> Result<Self, TicketError> {
        let body: ChangeBody = serde_json::from_str(body).map_err(TicketError::malformed)?;
        let time_in_force = body.time_in_force.map(|text| word("time_in_force", Some(text), TimeInForce::parse));
        Ok(Self {
            qty: body.qty.map(|text| quantity(&text)).transpose()?,
            time_in_force: time_in_force.transpose()?,
            limit_price: price("limit_price", body.limit_price)?,
            stop_price: price("stop_price", body.stop_price)?,
            trail: body.trail.map(|text| amount("trail", &text)).transpose()?,
            client_order_id: body.client_order_id.map(|text| text.0.into_owned()),
        })
    }
}

impl TicketError {
    #[expect(clippy::needless_pass_by_value, reason = "it is mapped over results")]
    fn malformed(error: serde_json::Error) -> Self {
        Self::Malformed(format!("request body format is invalid: {error}"))
    }

    fn required(name: &str) -> Self {
        Self::Member(format!("{name} is required"))
    }

    fn no_asset(text: &str) -> Self {
        Self::Member(format!("asset \"{}\" not found", text.chars().take(60).collect::<String>()))
    }
}

fn word<T>(name: &str, text: Option<Word>, parse: impl Fn(&str) -> Option<T>) -> Result<T, TicketError> {
    let text = text.ok_or_else(|| TicketError::required(name))?;
    let refused = || TicketError::Member(format!("invalid {name} {}", text.0.chars().take(60).collect::<String>()));
    parse(&text.0).ok_or_else(refused)
}

fn size(qty: Option<Word>, notional: Option<Word>) -> Result<Size, TicketError> {
    match (qty, notional) {
        (Some(qty), None) => Ok(Size::Shares(quantity(&qty)?)),
        (None, Some(notional)) => Ok(Size::Notional(amount("notional", &notional)?)),
        (Some(_), Some(_)) => Err(TicketError::Member("only one of qty or notional is accepted".to_owned())),
        (None, None) => Err(TicketError::required("qty or notional")),
    }
}

fn quantity(text: &Word) -> Result<Qty, TicketError> {
    match text.0.parse::<Qty>() {
        Ok(qty) if !qty.is_zero() => Ok(qty),
        _ => Err(TicketError::Member("qty must be > 0".to_owned())),
    }
}

fn amount(name: &str, text: &Word) -> Result<Usd, TicketError> {
    match text.0.parse::<Usd>() {
        Ok(amount) if amount > Usd::ZERO => Ok(amount),
        _ => Err(TicketError::Member(format!("{name} must be > 0 and have at most 4 decimals"))),
    }
}

fn price(name: &str, text: Option<Word>) -> Result<Option<Price>, TicketError> {
    let Some(text) = text else { return Ok(None) };
    let sub_penny = || {
        let text = text.0.chars().take(40).collect::<String>();
        TicketError::Member(format!(
            "invalid {name} {text}. sub-penny increment does not fulfill minimum pricing criteria"
        ))
    };
    match text.0.parse::<Price>() {
        Ok(price) if price.is_on_tick() => Ok(Some(price)),
        Ok(_) | Err(DecimalError::TooPrecise { .. }) => Err(sub_penny()),
        Err(_) => Err(TicketError::Member(format!("{name} must be > 0"))),
    }
}

fn trail(dollars: Option<Word>, percent: Option<Word>) -> Result<Option<Trail>, TicketError> {
    match (dollars, percent) {
        (Some(dollars), None) => Ok(Some(Trail::Price(amount("trail_price", &dollars)?))),
        (None, Some(percent)) => Ok(Some(Trail::percent(amount("trail_percent", &percent)?)?)),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(TicketError::Member("only one of trail_price or trail_percent is accepted".to_owned()))
        }
    }
}

impl Trail {
    /// From a percentage with at most two decimals.
    ///
    /// # Errors
    /// When it is not above 0 and below 100.
    pub fn percent(percent: Usd) -> Result<Self, TicketError> {
        let (hundredths, finer) = (percent.units() / 100, percent.units() % 100);
        match u32::try_from(hundredths) {
            Ok(hundredths @ 1..=9_999) if finer == 0 => Ok(Self::Percent(hundredths)),
            _ => Err(TicketError::Member("trail_percent must be above 0 and below 100, with 2 decimals".to_owned())),
        }
    }
}

fn take_profit(body: Option<ExitBody>) -> Result<Option<Price>, TicketError> {
    let Some(body) = body else { return Ok(None) };
    let limit = price("take_profit.limit_price", body.limit_price)?;
    limit.map(Some).ok_or_else(|| TicketError::required("take_profit.limit_price"))
}

fn stop_loss(body: Option<ExitBody>) -> Result<Option<StopLoss>, TicketError> {
    let Some(body) = body else { return Ok(None) };
    let stop = price("stop_loss.stop_price", body.stop_price)?;
    let stop_price = stop.ok_or_else(|| TicketError::required("stop_loss.stop_price"))?;
    Ok(Some(StopLoss { stop_price, limit_price: price("stop_loss.limit_price", body.limit_price)? }))
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Word<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }
            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Borrowed(text)))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(value.to_string())))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(value.to_string())))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Word(Cow::Owned(value.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
