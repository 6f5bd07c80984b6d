//! What happened, in order: the record two runs of the same seed must share byte for byte.

use broker::order::{BrokerOrderId, Side};
use market::{Price, Qty, Symbol, Timestamp};
use serde::Serialize;

/// One entry of the event log.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// A symbol whose bar makes no price path.
    Unlisted { at: Timestamp, symbol: Symbol, why: String },
    /// A request about an order was refused.
    Refused { at: Timestamp, status: u16, message: String },
    /// An order was received.
    Received { at: Timestamp, order: BrokerOrderId, symbol: Symbol, side: Side, qty: Qty, terms: String },
    /// It began to work.
    Working { at: Timestamp, order: BrokerOrderId },
    /// A stop's price was reached.
    Triggered { at: Timestamp, order: BrokerOrderId, last: Price },
    /// Shares changed hands.
    Filled { at: Timestamp, order: BrokerOrderId, qty: Qty, price: Price },
    /// The client took it back.
    Canceled { at: Timestamp, order: BrokerOrderId },
    /// Its time in force ended.
    Expired { at: Timestamp, order: BrokerOrderId },
    /// Another order took its place.
    Replaced { at: Timestamp, order: BrokerOrderId, by: BrokerOrderId },
}
