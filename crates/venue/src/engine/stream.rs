//! What the trade_updates stream is told: one message for everything that happens to an order, in order.

use super::{
    Engine,
    order_text::OrderView,
    wire::{Decimal, Wire},
};
use crate::{
    update::{Update, UpdateKind},
    words::Status,
};

/// The most messages kept for the shell to take; beyond it the latest are lost, as a stream loses them.
const UPDATES_MAX: usize = 1_000_000;
/// A message takes about so many bytes.
const MESSAGE_BYTES: usize = 1_500;

impl Engine {
    /// Whether updates are kept for the stream; they are not until this is called. Those not taken are dropped when it
    /// is switched off.
    pub fn set_streaming(&mut self, on: bool) {
        self.streaming = on;
        if !on {
            self.updates.clear();
        }
    }

    /// The updates since the last call, oldest first.
    pub fn take_updates(&mut self) -> Vec<Update> {
        std::mem::take(&mut self.updates)
    }

    /// The whole message of an update: `{"stream":"trade_updates","data":{event, at, timestamp, order, ...}}`. A fill has
    /// `execution_id`, `price`, `qty` and `position_qty` besides; a short position's is negative.
    #[must_use]
    pub fn update_json(&self, update: &Update) -> String {
        let mut wire = Wire::new(MESSAGE_BYTES);
        wire.raw("{\"stream\":\"trade_updates\",\"data\":{\"event\":\"");
        wire.raw(update.kind.word(update.order.status == Status::Filled));
        wire.raw("\",\"at\":\"");
        let at = wire.instant(update.at);
        wire.raw("\",\"timestamp\":\"");
        wire.again(at);
        wire.raw("\"");
        if let UpdateKind::Trade { execution_id, price, qty, position_qty, short } = update.kind {
            wire.raw(",\"execution_id\":\"");
            wire.uuid(execution_id);
            for (name, decimal) in [
                ("\",\"price\":\"", Decimal::price(price)),
                ("\",\"qty\":\"", Decimal::qty(qty)),
                ("\",\"position_qty\":\"", Decimal::signed_qty(position_qty, short)),
            ] {
                wire.raw(name);
                wire.decimal(decimal);
            }
            wire.raw("\"");
        }
        wire.raw(",\"order\":");
        OrderView::new(&update.order).write(&mut wire);
        wire.raw("}}");
        wire.into_text()
    }

    /// How many times something became of an order so far ([`UpdateKind::is_outcome`]), whether anybody listens or not.
    #[must_use]
    pub fn outcomes(&self) -> u64 {
        self.outcomes
    }

    /// Keeps an update for the stream: the order as it is now.
    pub(super) fn tell(&mut self, at: usize, kind: UpdateKind) {
        self.outcomes += u64::from(kind.is_outcome());
        if self.streaming && self.updates.len() < UPDATES_MAX {
            self.updates.push(Update { at: self.now, kind, order: self.book.order(at).clone() });
        }
    }
}
