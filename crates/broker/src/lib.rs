//! The broker, in neutral words: one trait, and outcomes that never guess.
//!
//! Reads answer or fail ([`ReadError`]); orders answer [`SubmitOutcome`], where "we do not know" is a value of its own:
//! an unknown outcome is looked up by client order id, never resent and never declared rejected.

pub mod alpaca;
pub mod null;
mod read_error;

use std::{collections::BTreeMap, time::Duration};

use market::{Candle, NyDate, Quote, Session, Symbol, Timestamp};
use trading::{
    control::Approved,
    order::{AccountId, BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    report::{AccountReport, Execution, MarketClock, Notice, OrderReport, PositionReport},
    tape::Split,
};

pub use read_error::ReadError;
pub use trading::outcome::{CancelOutcome, RejectReason, SubmitOutcome};
/// The words the trait speaks, so that who implements or simulates a broker needs no second crate for them.
pub use trading::{order, report};

/// Which orders to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderFilter {
    /// Those that can still do something.
    Open,
    /// All submitted after the instant, in whatever state.
    SubmittedAfter(Timestamp),
}

/// What the account holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// Those we can read.
    pub held: Vec<PositionReport>,
    /// Names of those we have words for and cannot read: nothing may be opened beside shares that nobody counts, and
    /// nothing else may wait for them.
    pub unreadable: Vec<String>,
}

impl Positions {
    /// All of them.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn whole(self) -> Result<Vec<PositionReport>, ReadError> {
        whole("positions", self.held, &self.unreadable)
    }
}

/// Orders, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Those we can read.
    pub listed: Vec<OrderReport>,
    /// Client order ids, or symbols or ids where there is none, of those we have words for and cannot read: such an order
    /// may buy what no cap counts, or sell what we hold.
    pub unreadable: Vec<String>,
}

impl Orders {
    /// All of them.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn whole(self) -> Result<Vec<OrderReport>, ReadError> {
        whole("orders", self.listed, &self.unreadable)
    }
}

fn whole<T>(what: &str, read: Vec<T>, unreadable: &[String]) -> Result<Vec<T>, ReadError> {
    if unreadable.is_empty() {
        return Ok(read);
    }
    let why = format!("cannot be read: {}", unreadable.join(", "));
    Err(ReadError { endpoint: what.to_owned(), why, request_id: None, forbidden: false })
}

/// What happened to the shares of some symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Splits {
    /// Splits in force, oldest first.
    pub read: Vec<Split>,
    /// What is no split that can be counted: a human must look at it.
    pub notices: Vec<Notice>,
    /// Symbols, or else ids, of what could not be read: an unseen split is a position that looks wrong.
    pub unreadable: Vec<String>,
}

/// Whether a symbol may be opened, as far as the broker has told us what it trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// The broker trades it.
    Yes,
    /// It does not, or knows no such symbol; says which.
    No(String),
    /// Nobody has asked yet, or the broker did not answer: [`Broker::learn_assets`] asks.
    NotKnown,
}

/// A venue that holds an account. Every list is complete: paging is the implementation's business.
#[expect(async_fn_in_trait, reason = "programs run on one thread; no future needs to be Send")]
pub trait Broker {
    /// The number of the account, whatever else is odd in it: what protection has to know before its first order.
    async fn account_number(&self) -> Result<AccountId, ReadError>;
    /// The account.
    async fn account(&self) -> Result<AccountReport, ReadError>;
    /// The broker's clock.
    async fn clock(&self) -> Result<MarketClock, ReadError>;
    /// The broker's idea of the sessions from `first` to `last`, both included.
    async fn calendar(&self, first: NyDate, last: NyDate) -> Result<Vec<Session>, ReadError>;
    /// Learns of each symbol whether the broker trades it, by a read for each that is not remembered. What could not be
    /// traded is asked about again after a while. Openings are sent by what is remembered: learn first.
    async fn learn_assets(&self, symbols: &[Symbol]) -> Result<(), ReadError>;
    /// Whether a symbol may be opened, from memory only.
    fn opens(&self, symbol: Symbol) -> Opens;
    /// How long an opening would be held back by our reckoning of the broker's rate limit; `None`: it would go at once.
    fn held_back(&self) -> Option<Duration>;
    /// The same broker for reads that nothing which protects waits for: they keep to the rate limit and share its reckoning.
    #[must_use]
    fn aside(&self) -> Self
    where
        Self: Sized;
    /// The reckoning of the rate limit, for another client of the account; `None` when there is none.
    fn reckoning(&self) -> Option<alpaca::Reckoning> {
        None
    }
    /// Sends an order, once. An opening is preceded by no read: without agreement on the account, or of a symbol that was
    /// not learned, it is retryable.
    async fn submit(&self, order: &Approved<OrderRequest>) -> SubmitOutcome;
    /// Puts an order in the place of another, once: the broker swaps them in one step, or keeps the old one.
    async fn replace(&self, replacement: &Approved<Replacement>) -> SubmitOutcome;
    /// Asks for a cancel; the order may still fill before it takes effect.
    async fn cancel(&self, id: &BrokerOrderId) -> CancelOutcome;
    /// The order sent with this client order id; `None` when the broker never received one.
    async fn order_by_client_id(&self, id: &ClientOrderId) -> Result<Option<OrderReport>, ReadError>;
    /// Orders, oldest first.
    async fn orders(&self, filter: OrderFilter) -> Result<Orders, ReadError>;
    /// Open positions.
    async fn positions(&self) -> Result<Positions, ReadError>;
    /// Fills after an instant, oldest first. One that cannot be read is left out and logged: the position it belongs to
    /// shows that it is missing.
    async fn executions(&self, after: Timestamp) -> Result<Vec<Execution>, ReadError>;
    /// Splits of some symbols that took effect from `first` to `last`, both included, and what else happens to them.
    async fn splits(&self, symbols: &[Symbol], first: NyDate, last: NyDate) -> Result<Splits, ReadError>;
    /// Candles of `minutes` minutes that begin in `[from, to)`, by symbol, oldest first. A symbol without trades is absent.
    async fn candles(
        &self,
        symbols: &[Symbol],
        minutes: u32,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Symbol, Vec<Candle>>, ReadError>;
    /// The latest quote of each symbol; one without a usable quote is absent.
    async fn quotes(&self, symbols: &[Symbol]) -> Result<BTreeMap<Symbol, Quote>, ReadError>;
}
