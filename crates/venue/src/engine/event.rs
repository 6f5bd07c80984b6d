//! What happened, in order: the record two runs of the same seed must share byte for byte.

use market::{Price, Qty, Symbol, Timestamp, Usd};
use serde::{Serialize, Serializer};

use crate::{
    order::{Order, Size, Trail, Uuid},
    words::{OrderClass, OrderType, Side, TimeInForce},
};

/// Entries of the log for every order the venue may take; what comes after that is not written down.
const EVENTS_AN_ORDER: usize = 64;

/// One entry of the event log.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event {
    /// A symbol whose bar makes no price path.
    Unlisted { at: Timestamp, symbol: Symbol, why: String },
    /// A request about an order was refused.
    Refused { at: Timestamp, status: u16, message: String },
    /// An order was received.
    Received {
        at: Timestamp,
        order: Uuid,
        symbol: Symbol,
        side: Side,
        #[serde(serialize_with = "size")]
        qty: Size,
        terms: Terms,
        time_in_force: TimeInForce,
        #[serde(skip_serializing_if = "is_simple")]
        class: OrderClass,
    },
    /// It began to work.
    Working { at: Timestamp, order: Uuid },
    /// A stop's price was reached.
    Triggered { at: Timestamp, order: Uuid, last: Price },
    /// Shares changed hands.
    Filled { at: Timestamp, order: Uuid, qty: Qty, price: Price },
    /// A cancel is under way.
    PendingCancel { at: Timestamp, order: Uuid },
    /// The client took it back, or the venue did.
    Canceled { at: Timestamp, order: Uuid },
    /// A cancel came too late.
    CancelRejected { at: Timestamp, order: Uuid },
    /// Its time in force ended.
    Expired { at: Timestamp, order: Uuid },
    /// A replace is under way.
    PendingReplace { at: Timestamp, order: Uuid, by: Uuid },
    /// The exchange would not have it.
    Rejected { at: Timestamp, order: Uuid },
    /// Another order took its place.
    Replaced { at: Timestamp, order: Uuid, by: Uuid },
    /// A replace came too late; the order that should have taken the place is rejected.
    ReplaceRejected { at: Timestamp, order: Uuid, by: Uuid },
    /// What is left of it became less: the other exit was filled in part.
    Reduced { at: Timestamp, order: Uuid, qty: Qty },
    /// A split changed its terms.
    Restated { at: Timestamp, order: Uuid, qty: Qty, terms: Terms },
    /// A trade and a quote by hand.
    Printed { at: Timestamp, symbol: Symbol, price: Price, bid: Price, ask: Price, volume: u64 },
    /// Trading in a symbol stood still.
    Halted { at: Timestamp, symbol: Symbol },
    /// Trading went on.
    Resumed { at: Timestamp, symbol: Symbol },
    /// A dividend was paid on what is held.
    Dividend { at: Timestamp, symbol: Symbol, rate: Usd, amount: Usd },
    /// Every `old` shares became `new` ones.
    Split { at: Timestamp, symbol: Symbol, new: u32, old: u32 },
}

/// Type and prices of an order as they were; written as text: `stop_limit 10.00 9.90`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    order_type: OrderType,
    stop: Option<Price>,
    limit: Option<Price>,
    trail: Option<Trail>,
}

/// Everything that happened, bounded.
pub(super) struct Log {
    events: Vec<Event>,
    most: usize,
}

impl Log {
    pub(super) fn new(orders_max: usize) -> Self {
        Self { events: Vec::new(), most: orders_max.saturating_mul(EVENTS_AN_ORDER) }
    }

    pub(super) fn push(&mut self, event: Event) {
        if self.events.len() < self.most {
            self.events.push(event);
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Those after the first so many, one JSON object a line.
    pub(super) fn text_after(&self, seen: usize) -> String {
        let mut log = String::new();
        for event in self.events.iter().skip(seen) {
            log.push_str(&serde_json::to_string(event).expect("events hold only text and numbers"));
            log.push('\n');
        }
        log
    }
}

impl Terms {
    pub(super) fn of(order: &Order) -> Self {
        // Where a trailing stop stands moves on; the distance is what was asked for.
        let stop = order.stop_price.filter(|_| order.order_type != OrderType::TrailingStop);
        Self { order_type: order.order_type, stop, limit: order.limit_price, trail: order.trail }
    }
}

impl Serialize for Terms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = self.order_type.to_string();
        for price in self.stop.into_iter().chain(self.limit) {
            text.push_str(&format!(" {price}"));
        }
        match self.trail {
            Some(Trail::Price(amount)) => text.push_str(&format!(" {amount}")),
            Some(Trail::Percent(hundredths)) => {
                text.push_str(&format!(" {}.{:02}%", hundredths / 100, hundredths % 100))
            }
            None => {}
        }
        serializer.serialize_str(&text)
    }
}

fn size<S: Serializer>(size: &Size, serializer: S) -> Result<S::Ok, S::Error> {
    match size {
        Size::Shares(qty) => serializer.collect_str(qty),
        Size::Notional(amount) => serializer.collect_str(&format_args!("${amount}")),
    }
}

fn is_simple(class: &OrderClass) -> bool {
    *class == OrderClass::Simple
}
