//! What the trade_updates stream tells about an order: the event and the order as it was then.

use market::{Price, Qty, Timestamp};

use crate::order::{Order, Uuid};

/// One message of the stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: UpdateKind,
    /// The order after it.
    pub order: Order,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateKind {
    /// Received outside the session, or before it is routed.
    Accepted,
    /// About to be routed.
    PendingNew,
    /// It works.
    New,
    /// A leg waits for its parent.
    Held,
    /// Shares changed hands; `fill` when nothing is left, else `partial_fill`.
    Trade {
        /// Identifies the execution for ever; the activity of this fill ends in it.
        execution_id: Uuid,
        /// Price a share.
        price: Price,
        /// Shares.
        qty: Qty,
        /// Shares of the position after it.
        position_qty: Qty,
        /// Whether they are owed.
        short: bool,
    },
    /// Taken back.
    Canceled,
    /// Its time in force ended.
    Expired,
    /// Done until tomorrow.
    DoneForDay,
    /// Another order took its place.
    Replaced,
    /// Refused after it was accepted.
    Rejected,
    /// The venue changed its terms: a split.
    Restated,
    /// A cancel is under way.
    PendingCancel,
    /// A replace is under way.
    PendingReplace,
    /// A replace was refused.
    OrderReplaceRejected,
    /// A cancel was refused.
    OrderCancelRejected,
}

impl UpdateKind {
    /// Whether something became of the order, beyond its being on its way in or out: a fill, an end, a refused change.
    #[must_use]
    pub fn is_outcome(self) -> bool {
        match self {
            Self::Trade { .. }
            | Self::Canceled
            | Self::Expired
            | Self::DoneForDay
            | Self::Replaced
            | Self::Rejected
            | Self::Restated
            | Self::OrderReplaceRejected
            | Self::OrderCancelRejected => true,
            Self::Accepted | Self::PendingNew | Self::New | Self::Held | Self::PendingCancel | Self::PendingReplace => {
                false
            }
        }
    }

    /// The word on the wire; `filled`: whether nothing of the order is left.
    #[must_use]
    pub fn word(self, filled: bool) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::PendingNew => "pending_new",
            Self::New => "new",
            Self::Held => "held",
            Self::Trade { .. } if filled => "fill",
            Self::Trade { .. } => "partial_fill",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::DoneForDay => "done_for_day",
            Self::Replaced => "replaced",
            Self::Rejected => "rejected",
            Self::Restated => "restated",
            Self::PendingCancel => "pending_cancel",
            Self::PendingReplace => "pending_replace",
            Self::OrderReplaceRejected => "order_replace_rejected",
            Self::OrderCancelRejected => "order_cancel_rejected",
        }
    }
}
