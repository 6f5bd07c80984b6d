//! The broker that accepts nothing: a dry run reads the real one and sends it no order.

use std::{collections::BTreeMap, time::Duration};

use market::{Candle, NyDate, Quote, Session, Symbol, Timestamp};
use trading::{
    control::Approved,
    order::{AccountId, BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    report::{AccountReport, Execution, MarketClock, OrderReport},
};

use crate::{
    Broker, CancelOutcome, Opens, OrderFilter, Orders, Positions, ReadError, RejectReason, Splits, SubmitOutcome,
    alpaca::Reckoning,
};

/// What [`Null`] says to every order and cancel.
pub const DRY_RUN: &str = "dry run";

/// Reads pass through to the broker inside; orders and cancels end here.
#[derive(Debug)]
pub struct Null<B> {
    reads: B,
}

impl<B: Broker> Null<B> {
    /// Wraps a broker; nothing that changes anything will reach it.
    pub fn new(reads: B) -> Self {
        Self { reads }
    }
}

impl<B: Broker> Broker for Null<B> {
    async fn account_number(&self) -> Result<AccountId, ReadError> {
        self.reads.account_number().await
    }

    async fn account(&self) -> Result<AccountReport, ReadError> {
        self.reads.account().await
    }

    async fn clock(&self) -> Result<MarketClock, ReadError> {
        self.reads.clock().await
    }

    async fn calendar(&self, first: NyDate, last: NyDate) -> Result<Vec<Session>, ReadError> {
        self.reads.calendar(first, last).await
    }

    async fn learn_assets(&self, symbols: &[Symbol]) -> Result<(), ReadError> {
        self.reads.learn_assets(symbols).await
    }

    fn opens(&self, symbol: Symbol) -> Opens {
        self.reads.opens(symbol)
    }

    fn held_back(&self) -> Option<Duration> {
        self.reads.held_back()
    }

    fn aside(&self) -> Self {
        Self { reads: self.reads.aside() }
    }

    fn reckoning(&self) -> Option<Reckoning> {
        self.reads.reckoning()
    }

    async fn submit(&self, _: &Approved<OrderRequest>) -> SubmitOutcome {
        SubmitOutcome::Rejected { reason: RejectReason::Other, message: DRY_RUN.to_owned() }
    }

    async fn replace(&self, _: &Approved<Replacement>) -> SubmitOutcome {
        SubmitOutcome::Rejected { reason: RejectReason::Other, message: DRY_RUN.to_owned() }
    }

    async fn cancel(&self, _: &BrokerOrderId) -> CancelOutcome {
        CancelOutcome::NotCancelable(DRY_RUN.to_owned())
    }

    async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError> {
        self.reads.order_by_client_id(id).await
    }

    async fn orders(&self, filter: OrderFilter) -> Result<Orders, ReadError> {
        self.reads.orders(filter).await
    }

    async fn positions(&self) -> Result<Positions, ReadError> {
        self.reads.positions().await
    }

    async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError> {
        self.reads.executions(after).await
    }

    async fn splits(&self, symbols: &[Symbol], first: NyDate, last: NyDate) -> Result<Splits, ReadError> {
        self.reads.splits(symbols, first, last).await
    }

    async fn candles(
        &self,
        symbols: &[Symbol],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Symbol, Vec<Candle>>, ReadError> {
        self.reads.candles(symbols, minutes, from, to).await
    }

    async fn quotes(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, ReadError> {
        self.reads.quotes(symbols).await
    }
}
