//! What takes the latency to reach the exchange: a new order, a cancel, a replace. First in, first out.

use market::{Qty, Timestamp};

use super::{Engine, event::Event};
use crate::{update::UpdateKind, words::Status};

/// Something that has been asked for and has not happened yet. Orders by their places in the book.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// The order reaches the exchange.
    Route(usize),
    /// The order is taken back, and what belongs to it.
    Cancel(usize),
    /// One order takes the place of another.
    Replace {
        old: usize,
        new: usize,
        /// What the old one had filled when this was asked for.
        filled: Qty,
    },
}

impl Engine {
    /// Lets something happen after the latency.
    pub(super) fn defer(&mut self, deed: Deed) {
        self.pending.push_back((self.now + self.config.latency, deed));
    }

    /// When the next of these happens.
    pub(super) fn next_deed(&self) -> Option<Timestamp> {
        self.pending.front().map(|(at, _)| *at)
    }

    /// Does what is due first.
    pub(super) fn do_next_deed(&mut self) {
        match self.pending.pop_front().map(|(_, deed)| deed) {
            Some(Deed::Route(at)) => self.route_order(at),
            Some(Deed::Cancel(at)) => self.finish_cancel(at),
            Some(Deed::Replace { old, new, filled }) => self.finish_replace(old, new, filled),
            None => {}
        }
    }

    /// The order reaches the exchange. One that is being cancelled does too, until the cancel catches up with it.
    pub(super) fn route_order(&mut self, at: usize) {
        let now = self.now;
        let order = self.book.order_mut(at);
        if !order.is_open() {
            return;
        }
        if order.doomed {
            self.reject_order(at);
            return;
        }
        order.routed = true;
        if !matches!(order.status, Status::Accepted | Status::PendingNew | Status::Held) {
            return;
        }
        let id = order.id;
        self.book.set_status(at, Status::New, now);
        self.events.push(Event::Working { at: now, order: id });
        self.tell(at, UpdateKind::New);
    }

    fn finish_cancel(&mut self, at: usize) {
        let order = self.book.order(at);
        if order.is_open() {
            self.cancel_group(at);
            return;
        }
        let event = Event::CancelRejected { at: self.now, order: order.id };
        self.events.push(event);
        self.tell(at, UpdateKind::OrderCancelRejected);
    }
}
