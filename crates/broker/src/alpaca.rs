//! Alpaca's REST interface: trading (`/v2/...`) and market data (`/v2/stocks/...`).
//!
//! A read is tried up to three times; a POST is sent once and never repeated, by us or by the HTTP library. Prices are
//! US dollars, instants RFC 3339. Source: Alpaca's OpenAPI documents of the trading and the market data interface.

mod base_url;
mod config;
mod decimal;
mod decode;
mod settle;
pub mod stream;
mod transport;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use market::{Candle, NyDate, Quote, Session, Symbol, TimeDelta, Timestamp};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trading::{
    control::Approved,
    order::{BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    report::{AccountReport, Execution, MarketClock, OrderReport},
};

use crate::{Broker, CancelOutcome, OrderFilter, Positions, ReadError, SubmitOutcome};
pub use base_url::{BaseUrl, BaseUrlError};
pub use config::{Config, ConfigError, Limits};
use transport::{Answer, Endpoint, Transport};

const ORDERS_PAGE: usize = 500;
const FILLS_PAGE: usize = 100;
const BARS_PAGE: usize = 10_000;
/// Keeps a URL below the 8 KiB that servers take.
const SYMBOLS_A_REQUEST: usize = 200;
/// More pages than any list of ours has; the end of a broker that pages in circles.
const PAGES_MAX: usize = 1_000;

/// Alpaca's REST interface for one account.
#[derive(Debug)]
pub struct Alpaca {
    transport: Transport,
    trading: BaseUrl,
    data: BaseUrl,
    feed: &'static str,
}

impl Alpaca {
    /// A client. Connects to nothing yet.
    ///
    /// # Errors
    /// When the configuration contradicts itself, a key holds what no header can, or TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let feed = config.feed_name()?;
        let transport = Transport::new(config)?;
        Ok(Self { transport, trading: config.trading_url.clone(), data: config.data_url.clone(), feed })
    }

    /// Sends what has been approved, once.
    async fn send(&self, order: &OrderRequest) -> SubmitOutcome {
        let url = self.trading.join(&["v2", "orders"]);
        settle::submit(order, self.transport.send_order(url, &wire::NewOrder::from(order)).await)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        base: &BaseUrl,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<(T, Endpoint), ReadError> {
        let (answer, endpoint) = self.answer(base, path, query).await?;
        let parsed = answer.parse().map_err(|why| endpoint.error(&answer, why))?;
        Ok((parsed, endpoint.answered(&answer)))
    }

    /// An answer whose status is a success; everything else is an error.
    async fn answer(
        &self,
        base: &BaseUrl,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<(Answer, Endpoint), ReadError> {
        let endpoint = Endpoint::new(Method::GET, path);
        let answer = self.transport.read(base.join(path), query).await.map_err(|why| endpoint.silence(why))?;
        if answer.is_success() { Ok((answer, endpoint)) } else { Err(endpoint.refused(&answer)) }
    }

    /// One page of orders; those we have no words for are left out.
    async fn orders_page(&self, query: &[(&str, String)]) -> Result<(Vec<OrderReport>, OrdersPage), ReadError> {
        let (rows, _): (Vec<Value>, _) = self.read(&self.trading, &["v2", "orders"], query).await?;
        let last = rows.iter().rev().find_map(decode::submitted_at);
        let page = OrdersPage { full: rows.len() >= ORDERS_PAGE, last };
        Ok((decode::rows("orders", rows, decode::order).read, page))
    }
}

struct OrdersPage {
    full: bool,
    last: Option<Timestamp>,
}

impl Broker for Alpaca {
    async fn account(&self) -> Result<AccountReport, ReadError> {
        let (account, endpoint) = self.read(&self.trading, &["v2", "account"], &[]).await?;
        decode::account(account).map_err(|why| endpoint.undecodable(why))
    }

    async fn clock(&self) -> Result<MarketClock, ReadError> {
        let (clock, _): (wire::Clock, _) = self.read(&self.trading, &["v2", "clock"], &[]).await?;
        Ok(decode::clock(&clock))
    }

    async fn calendar(&self, first: NyDate, last: NyDate) -> Result<Vec<Session>, ReadError> {
        let query = [("start", first.to_string()), ("end", last.to_string())];
        let (days, endpoint): (Vec<wire::CalendarDay>, _) =
            self.read(&self.trading, &["v2", "calendar"], &query).await?;
        let sessions = days.iter().map(decode::session).collect::<Result<Vec<_>, _>>();
        let mut sessions = sessions.map_err(|why| endpoint.undecodable(why))?;
        sessions.retain(|session| first <= session.date && session.date <= last);
        Ok(sessions)
    }

    async fn submit(&self, order: &Approved<OrderRequest>) -> SubmitOutcome {
        self.send(order.get()).await
    }

    async fn replace(&self, replacement: &Approved<Replacement>) -> SubmitOutcome {
        let Replacement { replaces, order, .. } = replacement.get();
        let url = self.trading.join(&["v2", "orders", replaces.as_str()]);
        settle::submit(order, self.transport.replace_order(url, &wire::Replace::from(order)).await)
    }

    async fn cancel(&self, id: &BrokerOrderId) -> CancelOutcome {
        let url = self.trading.join(&["v2", "orders", id.as_str()]);
        settle::cancel(self.transport.cancel_order(url).await)
    }

    async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError> {
        let path = ["v2", "orders:by_client_order_id"];
        let endpoint = Endpoint::new(Method::GET, &path);
        let query = [("client_order_id", id.to_string())];
        let answer =
            self.transport.read(self.trading.join(&path), &query).await.map_err(|why| endpoint.silence(why))?;
        // Only the broker's own "not found" means that the order does not exist; a gateway's 404 means nothing.
        if answer.status == 404 && answer.refusal().code == Some(settle::NOT_FOUND) {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(endpoint.refused(&answer));
        }
        let order: wire::Order = answer.parse().map_err(|why| endpoint.error(&answer, why))?;
        let report = decode::order(order).map_err(|why| endpoint.error(&answer, why))?;
        if report.client_order_id != *id {
            return Err(endpoint.error(&answer, format!("the answer is about order {}", report.client_order_id)));
        }
        Ok(Some(report))
    }

    async fn orders(&self, filter: OrderFilter) -> Result<Vec<OrderReport>, ReadError> {
        let (status, mut after) = match filter {
            OrderFilter::Open => ("open", None),
            OrderFilter::SubmittedAfter(instant) => ("all", Some(instant)),
        };
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut query = vec![
                ("status", status.to_owned()),
                ("limit", ORDERS_PAGE.to_string()),
                ("direction", "asc".to_owned()),
                ("nested", "false".to_owned()),
            ];
            query.extend(after.map(|after| ("after", after.to_string())));
            let (orders, page) = self.orders_page(&query).await?;
            let before = all.len();
            all.extend(orders.into_iter().filter(|order| seen.insert(order.id.clone())));
            let Some(last) = page.last.filter(|_| page.full) else { return Ok(all) };
            // `after` is exclusive and instants may repeat: overlap by the last instant, and count each order once.
            let next = last - TimeDelta::nanoseconds(1);
            if all.len() == before && after >= Some(next) {
                break;
            }
            after = Some(next);
        }
        Err(Endpoint::new(Method::GET, &["v2", "orders"]).stuck())
    }

    async fn positions(&self) -> Result<Positions, ReadError> {
        let (rows, _) = self.read(&self.trading, &["v2", "positions"], &[]).await?;
        let decode::Rows { read, unreadable } = decode::rows("positions", rows, decode::position);
        Ok(Positions { held: read, unreadable })
    }

    async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError> {
        let path = ["v2", "account", "activities", "FILL"];
        // The parameter has whole seconds; what it lets through too much is taken out below.
        let whole_second = Timestamp::from_unix_seconds(after.unix_seconds());
        let mut token: Option<String> = None;
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut query = vec![
                ("after", whole_second.to_string()),
                ("direction", "asc".to_owned()),
                ("page_size", FILLS_PAGE.to_string()),
            ];
            query.extend(token.iter().map(|token| ("page_token", token.clone())));
            let (page, _): (Vec<Value>, _) = self.read(&self.trading, &path, &query).await?;
            let last = page.last().and_then(decode::id);
            let full = page.len() >= FILLS_PAGE;
            let fills = decode::rows("executions", page, decode::execution).read;
            all.extend(fills.into_iter().filter(|fill| fill.at > after));
            if !full {
                return Ok(all);
            }
            if last == token {
                break;
            }
            token = last;
        }
        Err(Endpoint::new(Method::GET, &path).stuck())
    }

    async fn candles(
        &self,
        symbols: &[Symbol],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Symbol, Vec<Candle>>, ReadError> {
        let path = ["v2", "stocks", "bars"];
        let mut candles: BTreeMap<Symbol, Vec<Candle>> = BTreeMap::new();
        for symbols in symbols.chunks(SYMBOLS_A_REQUEST) {
            let mut token: Option<String> = None;
            for pages in 0.. {
                if pages == PAGES_MAX {
                    return Err(Endpoint::new(Method::GET, &path).stuck());
                }
                let mut query = vec![
                    ("symbols", list(symbols)),
                    ("timeframe", format!("{minutes}Min")),
                    ("start", from.to_string()),
                    ("end", to.to_string()),
                    ("limit", BARS_PAGE.to_string()),
                    ("adjustment", "raw".to_owned()),
                    ("feed", self.feed.to_owned()),
                ];
                query.extend(token.take().map(|token| ("page_token", token)));
                let (page, endpoint): (wire::Bars, _) = self.read(&self.data, &path, &query).await?;
                decode::candles(page.bars, from, to, &mut candles).map_err(|why| endpoint.undecodable(why))?;
                token = page.next_page_token.filter(|token| !token.is_empty());
                if token.is_none() {
                    break;
                }
            }
        }
        Ok(candles)
    }

    async fn quotes(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, ReadError> {
        let mut quotes = BTreeMap::new();
        for symbols in symbols.chunks(SYMBOLS_A_REQUEST) {
            let query = [("symbols", list(symbols)), ("feed", self.feed.to_owned())];
            let (latest, _): (wire::Quotes, _) =
                self.read(&self.data, &["v2", "stocks", "quotes", "latest"], &query).await?;
            quotes.extend(decode::quotes(&latest));
        }
        Ok(quotes)
    }
}

fn list(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod canned;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod tests;
