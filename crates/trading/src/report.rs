//! What a broker tells us, in neutral words: orders, executions, positions, the account.

use market::{Price, Qty, Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use crate::order::{AccountId, BrokerOrderId, ClientOrderId, OrderKind, Side, TimeInForce};

/// Where an order stands at the broker. Alpaca's eighteen statuses; one we do not know is kept as it came, and blocks
/// its symbol for opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Received, not yet routed.
    Accepted,
    /// Received, about to be routed.
    PendingNew,
    /// Accepted for the opening auction or for bidding.
    AcceptedForBidding,
    /// Working.
    New,
    /// Working, some of it filled.
    PartiallyFilled,
    /// Wholly filled.
    Filled,
    /// Done until tomorrow.
    DoneForDay,
    /// Cancelled.
    Canceled,
    /// Ended by its time in force.
    Expired,
    /// Replaced by another order.
    Replaced,
    /// A cancel is under way; it may still fill.
    PendingCancel,
    /// A replace is under way; it may still fill.
    PendingReplace,
    /// Traded, not yet filled.
    Stopped,
    /// Refused.
    Rejected,
    /// Suspended.
    Suspended,
    /// Done for the day, settlement being reckoned.
    Calculated,
    /// A leg that waits for its parent.
    Held,
    /// Under review.
    PendingReview,
    /// A status this release does not know.
    Unrecognised(String),
}

impl OrderStatus {
    /// Whether nothing more can happen to the order.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Expired | Self::Replaced | Self::Rejected => true,
            Self::Accepted
            | Self::PendingNew
            | Self::AcceptedForBidding
            | Self::New
            | Self::PartiallyFilled
            | Self::DoneForDay
            | Self::PendingCancel
            | Self::PendingReplace
            | Self::Stopped
            | Self::Suspended
            | Self::Calculated
            | Self::Held
            | Self::PendingReview
            | Self::Unrecognised(_) => false,
        }
    }
}

/// An order as the broker has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// The broker's id.
    pub id: BrokerOrderId,
    /// The id it was sent with; of any form when somebody else sent it.
    pub client_order_id: ClientOrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares ordered.
    pub qty: Qty,
    /// Shares filled so far.
    pub filled_qty: Qty,
    /// Average price of what is filled.
    pub filled_avg_price: Option<Price>,
    /// Type and prices; `None` for a type we do not send.
    pub kind: Option<OrderKind>,
    /// How long it works; `None` for one we do not send.
    pub time_in_force: Option<TimeInForce>,
    /// Where it stands.
    pub status: OrderStatus,
    /// When the broker received it.
    pub submitted_at: Timestamp,
    /// The order whose place it took, by the broker's id; `None` for one that took none's.
    pub replaces: Option<BrokerOrderId>,
}

/// One fill. A position is the sum of these, each counted once by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The broker's id of the fill.
    pub id: String,
    /// The order it belongs to.
    pub order_id: BrokerOrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares.
    pub qty: Qty,
    /// Price a share.
    pub price: Price,
    /// When it happened.
    pub at: Timestamp,
}

/// A position as the broker has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PositionReport {
    /// The symbol.
    pub symbol: Symbol,
    /// Shares held; for a short position the shares owed.
    pub qty: Qty,
    /// Whether the shares are owed.
    pub short: bool,
    /// Average cost a share; `None` for shares that cost nothing (a spin-off, an award).
    pub avg_entry_price: Option<Price>,
    /// The broker's latest price.
    pub current_price: Option<Price>,
}

/// Something that happens to the shares of a company and is no split that we can count: a merger, a spin-off, another
/// name, or what could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The symbol it happens to.
    pub symbol: Symbol,
    /// What it is, in words.
    pub what: String,
}

/// The account as the broker has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountReport {
    /// The account number.
    pub number: AccountId,
    /// Cash plus positions.
    pub equity: Usd,
    /// Equity at the previous close.
    pub last_equity: Usd,
    /// Settled and unsettled cash.
    pub cash: Usd,
    /// What may still be bought.
    pub buying_power: Usd,
    /// Whether the broker lets the account trade at all.
    pub trading_blocked: bool,
}

/// The broker's own idea of the time and the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketClock {
    /// The broker's time.
    pub now: Timestamp,
    /// Whether regular trading is under way.
    pub is_open: bool,
    /// The next opening.
    pub next_open: Timestamp,
    /// The next close.
    pub next_close: Timestamp,
}
