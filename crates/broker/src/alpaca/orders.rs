//! Orders as the broker has them: in the words the core speaks, or with everything the broker says of them.

use std::collections::BTreeSet;

use market::{Price, Symbol, TimeDelta, Timestamp, Usd};
use serde::de::DeserializeOwned;
use serde_json::Value;
use trading::{
    order::{BrokerOrderId, ClientOrderId, Side},
    report::OrderReport,
};

use super::{
    Alpaca,
    decimal::Decimal,
    decode::{self, Rows},
    endpoint::{Get, side_word},
    governor::Class,
    ticket::{Kind, Lifetime, Trail},
    wire,
};
use crate::{OrderFilter, Orders, ReadError};

/// The most the broker gives at once.
const PAGE: usize = 500;
/// Ten thousand orders: no account of ours has as many.
const ORDER_PAGES_MAX: usize = 20;

/// Which orders to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderQuery {
    /// In which state.
    pub listed: Listed,
    /// Only those submitted after the instant.
    pub after: Option<Timestamp>,
    /// Only those submitted before the instant.
    pub until: Option<Timestamp>,
    /// Only those in one of the symbols; none means all.
    pub symbols: Vec<Symbol>,
    /// Only those of the side.
    pub side: Option<Side>,
    /// Exits below the order they belong to, instead of beside it.
    pub nested: bool,
}

/// Orders by what they can still do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listed {
    /// Those that can still do something.
    #[default]
    Open,
    /// Those that cannot.
    Closed,
    /// Both.
    All,
}

/// An order with everything the broker says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailedOrder {
    /// The order in the core's words.
    pub report: OrderReport,
    /// Type and prices; `None` for a type without a word here.
    pub kind: Option<Kind>,
    /// How long it works; `None` for one without a word here.
    pub lifetime: Option<Lifetime>,
    /// The broker's word for its class; empty for a simple one.
    pub class: String,
    /// Dollars ordered, instead of shares.
    pub notional: Option<Usd>,
    /// Whether it may fill outside the session.
    pub extended_hours: bool,
    /// When the broker will end it.
    pub expires_at: Option<Timestamp>,
    /// When the broker last changed it.
    pub updated_at: Option<Timestamp>,
    /// The best price a trailing stop has seen.
    pub high_water_mark: Option<Price>,
    /// The order it took the place of.
    pub replaces: Option<BrokerOrderId>,
    /// The order that took its place.
    pub replaced_by: Option<BrokerOrderId>,
    /// What the orders of a group share.
    pub group_id: Option<String>,
    /// `entry`, `take_profit` or `stop_loss` in its group.
    pub group_role: Option<String>,
    /// The exits below it, when listed so.
    pub legs: Vec<DetailedOrder>,
}

struct Page<T> {
    orders: Rows<T>,
    is_full: bool,
    last: Option<Timestamp>,
}

impl Alpaca {
    /// Orders in the core's words, oldest first.
    ///
    /// # Errors
    /// When a page cannot be read, or the list does not end.
    pub async fn orders(&self, filter: OrderFilter) -> Result<Orders, ReadError> {
        let query = match filter {
            OrderFilter::Open => OrderQuery::default(),
            OrderFilter::SubmittedAfter(instant) => {
                OrderQuery { listed: Listed::All, after: Some(instant), ..OrderQuery::default() }
            }
        };
        let Rows { read, unreadable } = self.order_pages(&query, decode::order, |order| &order.id).await?;
        Ok(Orders { listed: read, unreadable })
    }

    /// Orders with everything the broker says of them, oldest first. One that cannot be read is left out and logged.
    ///
    /// # Errors
    /// As [`Alpaca::orders`].
    pub async fn detailed_orders(&self, query: &OrderQuery) -> Result<Vec<DetailedOrder>, ReadError> {
        Ok(self.order_pages(query, detailed, |order| &order.report.id).await?.read)
    }

    /// The order of that id with its exits; `None` when the broker knows none.
    ///
    /// # Errors
    /// When there is no answer, or not one that is understood.
    pub async fn order(&self, id: &BrokerOrderId) -> Result<Option<DetailedOrder>, ReadError> {
        let path = ["v2", "orders", id.as_str()];
        let get = Get::trading(Class::Protection, &path).with("nested", "true");
        let Some((order, endpoint)) = self.find(get).await? else { return Ok(None) };
        let order = detailed(order).map_err(|why| endpoint.undecodable(why))?;
        if order.report.id != *id {
            return Err(endpoint.undecodable(format!("the answer is about order {}", order.report.id)));
        }
        Ok(Some(order))
    }

    /// The order that was sent with this id of ours; `None` when the broker never received one.
    ///
    /// # Errors
    /// As [`Alpaca::order`].
    pub async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError> {
        let path = ["v2", "orders:by_client_order_id"];
        let get = Get::trading(Class::Protection, &path).with("client_order_id", id.to_string());
        let Some((order, endpoint)) = self.find::<wire::Order>(get).await? else { return Ok(None) };
        let report = decode::order(order).map_err(|why| endpoint.undecodable(why))?;
        if report.client_order_id != *id {
            return Err(endpoint.undecodable(format!("the answer is about order {}", report.client_order_id)));
        }
        Ok(Some(report))
    }

    async fn order_pages<W: DeserializeOwned, T>(
        &self,
        query: &OrderQuery,
        decode: fn(W) -> Result<T, String>,
        id: impl Fn(&T) -> &BrokerOrderId,
    ) -> Result<Rows<T>, ReadError> {
        let get = listing(query);
        let (mut after, mut seen, mut all) = (query.after, BTreeSet::new(), Rows::none());
        let mut pages = self.pages(ORDER_PAGES_MAX);
        loop {
            let page = self.order_page(pages.next(&get)?.with_some("after", after), decode).await?;
            let before = all.read.len();
            all.read.extend(page.orders.read.into_iter().filter(|order| seen.insert(id(order).clone())));
            for name in page.orders.unreadable {
                if !all.unreadable.contains(&name) {
                    all.unreadable.push(name);
                }
            }
            if !page.is_full {
                return Ok(all);
            }
            // Orders without an instant on a full page: nobody can ask for those after them.
            let Some(last) = page.last else { return Err(get.endpoint().stuck()) };
            // `after` is exclusive and instants may repeat: overlap by the last instant, and count each order once.
            let next = last - TimeDelta::nanoseconds(1);
            if all.read.len() == before && after >= Some(next) {
                return Err(get.endpoint().stuck());
            }
            after = Some(next);
        }
    }

    /// One page; instruments we have no words for are left out.
    async fn order_page<W: DeserializeOwned, T>(
        &self,
        get: Get<'_>,
        decode: fn(W) -> Result<T, String>,
    ) -> Result<Page<T>, ReadError> {
        let (rows, _): (Vec<Value>, _) = self.get(get).await?;
        let last = rows.iter().rev().find_map(decode::submitted_at);
        let is_full = rows.len() >= PAGE;
        Ok(Page { orders: decode::rows("orders", rows, decode), is_full, last })
    }
}

fn listing(query: &OrderQuery) -> Get<'static> {
    let status = match query.listed {
        Listed::Open => "open",
        Listed::Closed => "closed",
        Listed::All => "all",
    };
    let symbols = (!query.symbols.is_empty()).then(|| super::comma_separated(&query.symbols));
    Get::trading(Class::Protection, &["v2", "orders"])
        .with("status", status)
        .with("limit", PAGE.to_string())
        .with("direction", "asc")
        .with("nested", query.nested.to_string())
        .with_some("until", query.until)
        .with_some("symbols", symbols)
        .with_some("side", query.side.map(side_word))
}

/// # Errors
/// What could not be understood. A leg that cannot be read is left out and logged: it must not hide its order.
pub(super) fn detailed(row: Value) -> Result<DetailedOrder, String> {
    let mut details: wire::Details = serde_json::from_value(row.clone()).map_err(|error| error.to_string())?;
    let order: wire::Order = serde_json::from_value(row).map_err(|error| error.to_string())?;
    let legs = decode::rows("legs", details.legs.take().unwrap_or_default(), detailed).read;
    let instant = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    let id = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok());
    Ok(DetailedOrder {
        kind: kind(&details),
        lifetime: lifetime(&details.time_in_force),
        class: details.order_class.take().filter(|class| class != "simple").unwrap_or_default(),
        notional: details.notional.as_ref().and_then(|notional| notional.usd().ok()),
        extended_hours: details.extended_hours.unwrap_or(false),
        expires_at: instant(&details.expires_at),
        updated_at: instant(&details.updated_at),
        high_water_mark: details.hwm.as_ref().and_then(|price| price.price().ok()),
        replaces: id(&details.replaces),
        replaced_by: id(&details.replaced_by),
        group_id: details.group_id.take(),
        group_role: details.group_role.take(),
        legs,
        report: decode::order(order)?,
    })
}

fn kind(order: &wire::Details) -> Option<Kind> {
    let price = |decimal: &Option<Decimal>| decimal.as_ref()?.price().ok();
    match order.kind.as_str() {
        "market" => Some(Kind::Market),
        "limit" => Some(Kind::Limit { limit: price(&order.limit_price)? }),
        "stop" => Some(Kind::Stop { stop: price(&order.stop_price)? }),
        "stop_limit" => Some(Kind::StopLimit { stop: price(&order.stop_price)?, limit: price(&order.limit_price)? }),
        "trailing_stop" => {
            let by_price = price(&order.trail_price).map(Trail::Price);
            let by_percent = || order.trail_percent.as_ref()?.bps().map(Trail::Percent);
            Some(Kind::TrailingStop { trail: by_price.or_else(by_percent)? })
        }
        _ => None,
    }
}

fn lifetime(word: &str) -> Option<Lifetime> {
    match word {
        "day" => Some(Lifetime::Day),
        "gtc" => Some(Lifetime::Gtc),
        "opg" => Some(Lifetime::Opg),
        "cls" => Some(Lifetime::Cls),
        "ioc" => Some(Lifetime::Ioc),
        "fok" => Some(Lifetime::Fok),
        _ => None,
    }
}
