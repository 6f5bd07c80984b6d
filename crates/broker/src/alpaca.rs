//! Alpaca's REST interface: trading (`/v2/...`) and market data (`/v2/stocks/...`).
//!
//! A read is tried up to three times; a POST is sent once and never repeated, by us or by the HTTP library. Prices are
//! US dollars, instants RFC 3339. What reduces or protects a position is never held back by our own reckoning, neither by
//! the rate limit ([`governor`]) nor by the broker's rules ([`validate`]). Source: Alpaca's OpenAPI documents of the
//! trading and the market data interface.

pub mod account;
pub mod activities;
pub mod agreement;
mod answer;
pub mod assets;
pub mod bars;
mod base_url;
mod censor;
mod config;
pub mod corporate_actions;
pub mod credentials;
mod decimal;
mod decode;
pub mod desk;
mod endpoint;
pub mod governor;
mod instant;
pub mod latest;
pub mod orders;
mod positions;
mod reckoning;
mod sending;
mod settle;
pub mod stream;
pub mod ticket;
mod transport;
pub mod validate;
mod wire;

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use market::{Candle, NyDate, Quote, Session, Symbol, Timestamp};
use trading::{
    control::Approved,
    order::{AccountId, BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    report::{AccountReport, Execution, MarketClock, OrderReport},
};

use crate::{Broker, CancelOutcome, Opens, OrderFilter, Orders, Positions, ReadError, Splits, SubmitOutcome};
pub use agreement::{Environment, Expected, data_address};
pub use base_url::{BaseUrl, BaseUrlError};
pub use config::{Config, ConfigError, Limits, ORDER_TIME_MAX};
pub use credentials::Keys;
pub use reckoning::Reckoning;

use agreement::Agreement;
use assets::Learned;
use bars::{Adjustment, BarsQuery, Timeframe};
use endpoint::Host;
use governor::Class;
use transport::{Send, Transport};
use validate::Around;

/// Keeps a URL below the 8 KiB that servers take.
const SYMBOLS_A_REQUEST: usize = 200;

/// Alpaca's REST interface for one account.
#[derive(Debug)]
pub struct Alpaca {
    transport: Transport,
    trading: BaseUrl,
    data: BaseUrl,
    feed: &'static str,
    agreement: Agreement,
    assets: Mutex<BTreeMap<Symbol, Learned>>,
}

impl Alpaca {
    /// A client. Connects to nothing yet.
    ///
    /// # Errors
    /// When the configuration contradicts itself, a key holds what no header can, or TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        Self::over(config, Transport::new)
    }

    fn over(
        config: &Config,
        transport: impl FnOnce(&Config) -> Result<Transport, ConfigError>,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            feed: config.feed_name()?,
            transport: transport(config)?,
            trading: config.trading_url.clone(),
            data: config.data_url.clone(),
            agreement: Agreement::on(config.expected.clone()),
            assets: Mutex::new(BTreeMap::new()),
        })
    }

    /// The same account for reads that nothing which protects waits for: they keep to the rate limit, and both know of all
    /// that was sent and told.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self {
            transport: self.transport.aside(),
            trading: self.trading.clone(),
            data: self.data.clone(),
            feed: self.feed,
            // Without an account to agree on it sends no order.
            agreement: Agreement::on(None),
            assets: Mutex::new(BTreeMap::new()),
        }
    }

    fn base(&self, host: Host) -> &BaseUrl {
        match host {
            Host::Trading => &self.trading,
            Host::Data => &self.data,
        }
    }
}

/// Each read is the inherent method of the same name.
impl Broker for Alpaca {
    async fn account_number(&self) -> Result<AccountId, ReadError> {
        Self::account_number(self).await
    }

    async fn account(&self) -> Result<AccountReport, ReadError> {
        Self::account(self).await
    }

    async fn clock(&self) -> Result<MarketClock, ReadError> {
        Self::clock(self).await
    }

    async fn calendar(&self, first: NyDate, last: NyDate) -> Result<Vec<Session>, ReadError> {
        Self::calendar(self, first, last).await
    }

    async fn learn_assets(&self, symbols: &[Symbol]) -> Result<(), ReadError> {
        Self::learn_assets(self, symbols).await
    }

    fn opens(&self, symbol: Symbol) -> Opens {
        Self::opens(self, symbol)
    }

    fn held_back(&self) -> Option<Duration> {
        self.transport.reckoning().held_back()
    }

    fn aside(&self) -> Self {
        Self::aside(self)
    }

    fn reckoning(&self) -> Option<Reckoning> {
        Some(self.transport.reckoning().clone())
    }

    async fn submit(&self, order: &Approved<OrderRequest>) -> SubmitOutcome {
        self.place(&order.get().into(), Around::default()).await
    }

    async fn replace(&self, replacement: &Approved<Replacement>) -> SubmitOutcome {
        let Replacement { replaces, order, .. } = replacement.get();
        self.change(replaces, &order.into()).await
    }

    async fn cancel(&self, id: &BrokerOrderId) -> CancelOutcome {
        if let Err(stopped) = self.agree().await {
            return stopped.into();
        }
        let url = self.trading.join(&["v2", "orders", id.as_str()]);
        settle::cancel(self.transport.send(Class::Protection, url, Send::<()>::Delete, &[]).await)
    }

    async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError> {
        Self::order_by_client_id(self, id).await
    }

    async fn orders(&self, filter: OrderFilter) -> Result<Orders, ReadError> {
        Self::orders(self, filter).await
    }

    async fn positions(&self) -> Result<Positions, ReadError> {
        Self::positions(self).await
    }

    async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError> {
        Self::executions(self, after).await
    }

    async fn splits(&self, symbols: &[Symbol], first: NyDate, last: NyDate) -> Result<Splits, ReadError> {
        Self::splits(self, symbols, first, last).await
    }

    async fn candles(
        &self,
        symbols: &[Symbol],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Symbol, Vec<Candle>>, ReadError> {
        let timeframe = Timeframe::Minutes(minutes);
        let bars = self.usable_bars(BarsQuery { symbols, timeframe, from, to, adjustment: Adjustment::Raw }).await?;
        let candles = |(symbol, bars): (Symbol, Vec<bars::Bar>)| (symbol, bars.into_iter().map(Candle::from).collect());
        Ok(bars.into_iter().map(candles).collect())
    }

    async fn quotes(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, ReadError> {
        let latest = self.latest_quotes(symbols).await?;
        Ok(latest.into_iter().map(|(symbol, sized)| (symbol, sized.quote)).collect())
    }
}

fn comma_separated(symbols: &[Symbol]) -> String {
    symbols.iter().map(Symbol::as_str).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod canned;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod tests;
