//! What the venue really holds, in neutral words: the reference every claim of a client is compared with.

use broker::report::{AccountReport, Execution, OrderReport, PositionReport};
use market::Timestamp;
use serde::Serialize;

/// A copy of the venue's books at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The venue's time.
    pub now: Timestamp,
    /// The account.
    pub account: AccountReport,
    /// Open positions, by symbol.
    pub positions: Vec<PositionReport>,
    /// Every order ever received, oldest first.
    pub orders: Vec<OrderReport>,
    /// Every fill, oldest first.
    pub fills: Vec<Execution>,
}
