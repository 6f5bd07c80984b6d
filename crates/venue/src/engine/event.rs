//! What happened, in order: the record two runs of the same seed must share byte for byte.

use market::{Price, Qty, Symbol, Timestamp};
use serde::Serialize;

use crate::{order::Uuid, words::Side};

/// One entry of the event log.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// A symbol whose bar makes no price path.
    Unlisted { at: Timestamp, symbol: Symbol, why: String },
    /// A request about an order was refused.
    Refused { at: Timestamp, status: u16, message: String },
    /// An order was received.
    Received { at: Timestamp, order: Uuid, symbol: Symbol, side: Side, qty: Qty, terms: String },
    /// It began to work.
    Working { at: Timestamp, order: Uuid },
    /// A stop's price was reached.
    Triggered { at: Timestamp, order: Uuid, last: Price },
    /// Shares changed hands.
    Filled { at: Timestamp, order: Uuid, qty: Qty, price: Price },
    /// The client took it back.
    Canceled { at: Timestamp, order: Uuid },
    /// Its time in force ended.
    Expired { at: Timestamp, order: Uuid },
    /// Another order took its place.
    Replaced { at: Timestamp, order: Uuid, by: Uuid },
}
