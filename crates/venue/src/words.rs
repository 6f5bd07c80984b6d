//! Alpaca's words for orders, as the wire has them. The venue has its own, so that it can disagree with a client's.
//!
//! Source: Alpaca's OpenAPI document of the trading interface (OrderSide, OrderType, TimeInForce, OrderClass, OrderStatus).

use std::fmt;

use serde::{Serialize, Serializer};

/// An enum whose values are words of the wire: both ways through one table.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$value_doc])* $value,)+
        }
        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value),+];
            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
            /// The value of a word; `None` when there is none.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// Buy or sell.
    Side {
        /// Adds shares, or covers a short.
        Buy = "buy",
        /// Gives shares away, or opens a short.
        Sell = "sell",
    }
}

words! {
    /// What makes an order trade.
    OrderType {
        /// At the best price there is.
        Market = "market",
        /// At the limit or better.
        Limit = "limit",
        /// A market order once the stop is reached.
        Stop = "stop",
        /// A limit order once the stop is reached.
        StopLimit = "stop_limit",
        /// A stop that follows the best price at a distance.
        TrailingStop = "trailing_stop",
    }
}

words! {
    /// How long an order works.
    TimeInForce {
        /// Until the close of the session.
        Day = "day",
        /// Until cancelled; aged orders end after 90 days.
        Gtc = "gtc",
        /// In the opening auction only.
        Opg = "opg",
        /// In the closing auction only.
        Cls = "cls",
        /// What can be had at once; the rest is cancelled.
        Ioc = "ioc",
        /// All at once or nothing.
        Fok = "fok",
    }
}

words! {
    /// How orders belong together.
    OrderClass {
        /// One order.
        Simple = "simple",
        /// An entry and, after it, a take-profit and a stop-loss, one cancelling the other.
        Bracket = "bracket",
        /// A take-profit and a stop-loss for a position, one cancelling the other.
        Oco = "oco",
        /// An entry and, after it, one exit.
        Oto = "oto",
    }
}

words! {
    /// What an order does to the position.
    Intent {
        /// Buys shares to hold.
        BuyToOpen = "buy_to_open",
        /// Buys back what was sold short.
        BuyToClose = "buy_to_close",
        /// Sells what is not held.
        SellToOpen = "sell_to_open",
        /// Sells what is held.
        SellToClose = "sell_to_close",
    }
}

words! {
    /// Where an order stands.
    Status {
        /// Received, not routed yet.
        Accepted = "accepted",
        /// Received, about to be routed.
        PendingNew = "pending_new",
        /// Accepted for the opening auction or for bidding.
        AcceptedForBidding = "accepted_for_bidding",
        /// Working.
        New = "new",
        /// Working, some of it filled.
        PartiallyFilled = "partially_filled",
        /// Wholly filled.
        Filled = "filled",
        /// Done until tomorrow.
        DoneForDay = "done_for_day",
        /// Cancelled.
        Canceled = "canceled",
        /// Ended by its time in force.
        Expired = "expired",
        /// Another order took its place.
        Replaced = "replaced",
        /// A cancel is under way.
        PendingCancel = "pending_cancel",
        /// A replace is under way.
        PendingReplace = "pending_replace",
        /// Traded, not yet filled.
        Stopped = "stopped",
        /// Refused.
        Rejected = "rejected",
        /// Suspended.
        Suspended = "suspended",
        /// Done for the day, settlement being reckoned.
        Calculated = "calculated",
        /// A leg that waits for its parent.
        Held = "held",
        /// Under review.
        PendingReview = "pending_review",
    }
}

impl Status {
    /// Whether nothing more can happen to the order.
    #[must_use]
    pub fn is_final(self) -> bool {
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
            | Self::PendingReview => false,
        }
    }
}

impl Intent {
    /// Whether it makes a position smaller.
    #[must_use]
    pub fn closes(self) -> bool {
        match self {
            Self::BuyToClose | Self::SellToClose => true,
            Self::BuyToOpen | Self::SellToOpen => false,
        }
    }

    /// What an order of a side does that closes, or one that opens.
    #[must_use]
    pub fn of(side: Side, closes: bool) -> Self {
        match (side, closes) {
            (Side::Buy, false) => Self::BuyToOpen,
            (Side::Buy, true) => Self::BuyToClose,
            (Side::Sell, false) => Self::SellToOpen,
            (Side::Sell, true) => Self::SellToClose,
        }
    }
}

impl OrderType {
    /// Whether it carries a limit.
    #[must_use]
    pub fn has_limit(self) -> bool {
        match self {
            Self::Limit | Self::StopLimit => true,
            Self::Market | Self::Stop | Self::TrailingStop => false,
        }
    }

    /// Whether it carries a stop of its own.
    #[must_use]
    pub fn has_stop(self) -> bool {
        match self {
            Self::Stop | Self::StopLimit => true,
            Self::Market | Self::Limit | Self::TrailingStop => false,
        }
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}
