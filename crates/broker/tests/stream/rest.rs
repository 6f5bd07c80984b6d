//! A broker whose REST interface is lists: what it tells fills the holes of a stream.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use broker::{
    Broker, CancelOutcome, Opens, OrderFilter, Orders, Positions, ReadError, RejectReason, Splits, SubmitOutcome,
    order::{AccountId, BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    report::{AccountReport, Execution, MarketClock, OrderReport},
};
use market::{Candle, NyDate, Price, Qty, Quote, Session, Symbol, Timestamp};
use trading::control::Approved;

#[derive(Clone, Default)]
pub(crate) struct Lists(Arc<Mutex<Told>>);

#[derive(Default)]
pub(crate) struct Told {
    pub executions: Vec<Execution>,
    pub orders: Vec<OrderReport>,
    pub candles: Vec<Candle>,
    pub symbol: Option<Symbol>,
    /// Orders are on no list.
    pub unlisted: bool,
    /// And cannot be looked up.
    pub unreadable: bool,
    /// Orders looked up so far.
    pub lookups: u32,
}

impl Lists {
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Told) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }
}

/// A fill as REST names it.
pub(crate) fn execution(name: &str, shares: u32, at: Timestamp) -> Execution {
    Execution {
        id: format!("20261120100000000::{name}"),
        order_id: "order-1".parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        side: broker::order::Side::Buy,
        qty: Qty::shares(shares),
        price: Price::from_cents(10_000).unwrap(),
        at,
    }
}

fn none(what: &str) -> ReadError {
    ReadError { endpoint: what.to_owned(), why: "not of this test".to_owned(), request_id: None, forbidden: false }
}

fn rejected() -> SubmitOutcome {
    SubmitOutcome::Rejected { reason: RejectReason::Other, message: "not of this test".to_owned() }
}

impl Broker for Lists {
    async fn account_number(&self) -> Result<AccountId, ReadError> {
        Err(none("account"))
    }

    async fn account(&self) -> Result<AccountReport, ReadError> {
        Err(none("account"))
    }

    async fn clock(&self) -> Result<MarketClock, ReadError> {
        Err(none("clock"))
    }

    async fn calendar(&self, _: NyDate, _: NyDate) -> Result<Vec<Session>, ReadError> {
        Err(none("calendar"))
    }

    async fn learn_assets(&self, _: &[Symbol]) -> Result<(), ReadError> {
        Err(none("assets"))
    }

    fn opens(&self, _: Symbol) -> Opens {
        Opens::NotKnown
    }

    fn held_back(&self) -> Option<Duration> {
        None
    }

    fn aside(&self) -> Self {
        self.clone()
    }

    async fn submit(&self, _: &Approved<OrderRequest>) -> SubmitOutcome {
        rejected()
    }

    async fn replace(&self, _: &Approved<Replacement>) -> SubmitOutcome {
        rejected()
    }

    async fn cancel(&self, _: &BrokerOrderId) -> CancelOutcome {
        CancelOutcome::NotFound
    }

    async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError> {
        let mut told = self.0.lock().unwrap();
        told.lookups += 1;
        if told.unreadable {
            return Err(none("order"));
        }
        Ok(told.orders.iter().find(|order| order.client_order_id == *id).cloned())
    }

    async fn orders(&self, _: OrderFilter) -> Result<Orders, ReadError> {
        let told = self.0.lock().unwrap();
        let listed = if told.unlisted { Vec::new() } else { told.orders.clone() };
        Ok(Orders { listed, unreadable: Vec::new() })
    }

    async fn positions(&self) -> Result<Positions, ReadError> {
        Err(none("positions"))
    }

    async fn splits(&self, _: &[Symbol], _: NyDate, _: NyDate) -> Result<Splits, ReadError> {
        Err(none("splits"))
    }

    async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError> {
        let told = self.0.lock().unwrap();
        Ok(told.executions.iter().filter(|execution| execution.at > after).cloned().collect())
    }

    async fn candles(
        &self,
        _: &[Symbol],
        _: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Symbol, Vec<Candle>>, ReadError> {
        let told = self.0.lock().unwrap();
        let candles = told.candles.iter().filter(|candle| from <= candle.start && candle.start < to).copied().collect();
        Ok(told.symbol.map(|symbol| (symbol, candles)).into_iter().collect())
    }

    async fn quotes(&self, _: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, ReadError> {
        Err(none("quotes"))
    }
}
