//! An order as the venue keeps it, of any type and class. Prices in 1/10,000 dollar, quantities in 1e-9 share.

use std::fmt;

use market::{Price, Qty, Symbol, Timestamp, Usd};
use serde::{Serialize, Serializer};

use crate::words::{Intent, OrderClass, OrderType, Side, Status, TimeInForce};

/// A random identifier in the form of a UUID (version 4), the same for the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

/// How far a trailing stop keeps from the best price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trail {
    /// An amount of dollars, in 1/10,000.
    Price(Usd),
    /// Hundredths of a percent.
    Percent(u32),
}

/// How much an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// So many shares.
    Shares(Qty),
    /// Shares for so much money; how many is known when it fills.
    Notional(Usd),
}

/// The part an order plays in its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It stands alone, or it is the first of its class.
    Parent,
    /// The exit with a profit of the order at that place of the book.
    TakeProfit(usize),
    /// The exit with a loss of the order at that place of the book.
    StopLoss(usize),
}

/// An order: what was asked for, and from `status` on what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The venue's id.
    pub id: Uuid,
    /// The client's id.
    pub client_order_id: String,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub size: Size,
    /// What makes it trade.
    pub order_type: OrderType,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// The worst price of a limit or a stop limit.
    pub limit_price: Option<Price>,
    /// The trigger of a stop or a stop limit; where a trailing stop stands now.
    pub stop_price: Option<Price>,
    /// The distance of a trailing stop.
    pub trail: Option<Trail>,
    /// The best price since a trailing stop was sent.
    pub high_water_mark: Option<Price>,
    /// Whether it works outside the session too.
    pub extended_hours: bool,
    /// How it belongs to others.
    pub class: OrderClass,
    /// Its part there.
    pub role: Role,
    /// Places of its exits in the book.
    pub legs: Vec<usize>,
    /// What all orders of its class share, those that took a place among them; `None` when it stands alone.
    pub group: Option<Uuid>,
    /// What it does to the position.
    pub intent: Intent,
    /// When it was received.
    pub submitted_at: Timestamp,
    /// When it ends, if it is good till cancelled.
    pub expires_at: Option<Timestamp>,
    /// The order it took the place of.
    pub replaces: Option<Uuid>,
    /// Where it stands.
    pub status: Status,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it reached its final status.
    pub ended_at: Option<Timestamp>,
    /// The order that took its place.
    pub replaced_by: Option<Uuid>,
    /// Shares filled.
    pub filled_qty: Qty,
    /// What they cost or brought.
    pub filled_cost: Usd,
    /// How many times it was filled.
    pub fills: u32,
    /// A stop whose price was reached.
    pub triggered: bool,
    /// Whether it has reached the exchange.
    pub routed: bool,
    /// Whether it is rejected when it is routed.
    pub(crate) doomed: bool,
    /// What a share is reckoned at when buying power is set aside; `None` when it needs none.
    pub(crate) reserve_price: Option<Price>,
    /// Buying power set aside.
    pub(crate) reserved: Usd,
    /// Shares of the position it has laid claim to.
    pub(crate) claimed: Qty,
}

impl Uuid {
    /// From 128 random bits; version and variant are set.
    #[must_use]
    pub fn from_bits(bits: u128) -> Self {
        Self(bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62))
    }

    /// Reads the 36 characters back; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return None;
        }
        let mut bits = 0_u128;
        for (place, byte) in bytes.iter().enumerate() {
            match (place, byte) {
                (8 | 13 | 18 | 23, b'-') => {}
                (8 | 13 | 18 | 23, _) => return None,
                (_, digit) => bits = bits << 4 | u128::from(char::from(*digit).to_digit(16)?),
            }
        }
        Some(Self(bits))
    }

    /// The 128 bits.
    #[must_use]
    pub fn bits(self) -> u128 {
        self.0
    }

    /// Writes the 36 characters.
    #[must_use]
    pub fn text(self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let mut text = [b'-'; 36];
        for (place, byte) in PLACES.into_iter().zip(self.0.to_be_bytes()) {
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 0xf)];
        }
        text
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(str::from_utf8(&self.text()).expect("digits and dashes are UTF-8"))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.text()).expect("digits and dashes are UTF-8"))
    }
}

impl Order {
    /// Whether something can still happen to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.status.is_final()
    }

    /// Money of an order for money that is not spent yet.
    #[must_use]
    pub fn unspent(&self) -> Usd {
        match self.size {
            Size::Shares(_) => Usd::ZERO,
            Size::Notional(amount) => (amount - self.filled_cost).max(Usd::ZERO),
        }
    }

    /// Shares ordered; of an order for money those filled so far.
    #[must_use]
    pub fn qty(&self) -> Qty {
        match self.size {
            Size::Shares(qty) => qty,
            Size::Notional(_) => self.filled_qty,
        }
    }

    /// Whether prints can fill it: it has reached the exchange and nothing final has happened.
    #[must_use]
    pub fn is_working(&self) -> bool {
        match self.status {
            Status::New | Status::PartiallyFilled | Status::PendingCancel | Status::PendingReplace => self.routed,
            Status::Accepted
            | Status::PendingNew
            | Status::AcceptedForBidding
            | Status::Filled
            | Status::DoneForDay
            | Status::Canceled
            | Status::Expired
            | Status::Replaced
            | Status::Stopped
            | Status::Rejected
            | Status::Suspended
            | Status::Calculated
            | Status::Held
            | Status::PendingReview => false,
        }
    }

    /// The order at whose place its class begins; itself when it is the first.
    #[must_use]
    pub fn parent(&self, at: usize) -> usize {
        match self.role {
            Role::Parent => at,
            Role::TakeProfit(parent) | Role::StopLoss(parent) => parent,
        }
    }

    /// Shares not yet filled; zero for an order for money.
    #[must_use]
    pub fn remaining(&self) -> Qty {
        self.qty().minus_or_zero(self.filled_qty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_and_is_of_version_4() {
        for bits in [0, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = Uuid::from_bits(bits);
            let text = id.to_string();
            assert_eq!(Uuid::parse(&text), Some(id), "{text}");
            assert_eq!((&text[14..15], text.len()), ("4", 36));
            assert!("89ab".contains(&text[19..20]), "{text}");
        }
        for text in ["", "0", "00000000-0000-4000-8000-00000000000g", "000000000000-4000-8000-0000000000000000"] {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
    }
}
