//! What the trade_updates stream is told: one message for everything that happens to an order, in order.

use serde::Serialize;

use super::{Engine, render};
use crate::{
    order::Uuid,
    update::{Update, UpdateKind},
    words::Status,
};

/// The most messages kept for the shell to take; beyond it the latest are lost, as a stream loses them.
const UPDATES_MAX: usize = 1_000_000;

#[derive(Serialize)]
struct Message<'a> {
    stream: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    event: &'static str,
    at: render::Instant,
    timestamp: render::Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<render::Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qty: Option<render::Decimal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position_qty: Option<render::Decimal>,
    order: render::OrderView<'a>,
}

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
        let (execution_id, price, qty, position_qty) = match update.kind {
            UpdateKind::Trade { execution_id, price, qty, position_qty, short } => (
                Some(execution_id),
                Some(render::Decimal::price(price)),
                Some(render::Decimal::qty(qty)),
                Some(render::Decimal::signed_qty(position_qty, short)),
            ),
            UpdateKind::Accepted
            | UpdateKind::PendingNew
            | UpdateKind::New
            | UpdateKind::Held
            | UpdateKind::Canceled
            | UpdateKind::Expired
            | UpdateKind::DoneForDay
            | UpdateKind::Replaced
            | UpdateKind::Rejected
            | UpdateKind::Restated
            | UpdateKind::PendingCancel
            | UpdateKind::PendingReplace
            | UpdateKind::OrderReplaceRejected
            | UpdateKind::OrderCancelRejected => (None, None, None, None),
        };
        let data = Data {
            event: update.kind.word(update.order.status == Status::Filled),
            at: render::Instant(update.at),
            timestamp: render::Instant(update.at),
            execution_id,
            price,
            qty,
            position_qty,
            order: render::OrderView::new(&update.order),
        };
        serde_json::to_string(&Message { stream: "trade_updates", data }).expect("updates hold only text and numbers")
    }

    /// Keeps an update for the stream: the order as it is now.
    pub(super) fn tell(&mut self, at: usize, kind: UpdateKind) {
        if self.streaming && self.updates.len() < UPDATES_MAX {
            self.updates.push(Update { at: self.now, kind, order: self.book.order(at).clone() });
        }
    }
}
