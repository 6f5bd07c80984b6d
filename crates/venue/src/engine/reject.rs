//! Orders the venue takes and then rejects, as an exchange does: chosen by hand, by the client's id or the next one.
//!
//! An order is rejected when it is routed; one that works already, at once. With the first order of a class its exits are
//! rejected; an exit goes alone and leaves its claim on the shares to the other one. A replacement that is rejected leaves
//! the order it was to replace as it was, unless it has taken its place while the market was closed.

use std::collections::BTreeSet;

use market::Usd;

use super::{ByHandError, Engine, event::Event};
use crate::{
    order::Role,
    update::UpdateKind,
    words::{OrderClass, Status},
};

/// At most so many rejections wait for their orders.
const WAITING_MAX: usize = 1_000;

/// Which order is to be rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject<'a> {
    /// The next one that is taken, a replacement too.
    Next,
    /// The one with that id of the client's, here or yet to come.
    ClientOrderId(&'a str),
}

/// Rejections of orders that have not come yet.
#[derive(Default)]
pub(super) struct Rejections {
    next: usize,
    of: BTreeSet<String>,
}

impl Rejections {
    /// Whether an order that is taken now is to be rejected, which uses that up.
    pub(super) fn meet(&mut self, client_order_id: &str) -> bool {
        if self.of.remove(client_order_id) {
            return true;
        }
        let met = self.next > 0;
        self.next -= usize::from(met);
        met
    }
}

impl Engine {
    /// Rejects an order after it was taken: see the head of this module.
    ///
    /// # Errors
    /// When the order is over or partly filled, or too many rejections wait for their orders.
    pub fn reject(&mut self, which: Reject<'_>) -> Result<(), ByHandError> {
        let known = match which {
            Reject::Next => None,
            Reject::ClientOrderId(id) => self.book.place_of_client_id(id),
        };
        let Some(at) = known else { return self.await_order(which) };
        let order = self.book.order(at);
        if !order.is_open() || !order.filled_qty.is_zero() {
            return Err(ByHandError::NotRejectable { id: order.client_order_id.clone(), status: order.status });
        }
        if order.routed {
            self.reject_order(at);
        } else {
            self.book.order_mut(at).doomed = true;
        }
        Ok(())
    }

    fn await_order(&mut self, which: Reject<'_>) -> Result<(), ByHandError> {
        if self.rejections.next + self.rejections.of.len() >= WAITING_MAX {
            return Err(ByHandError::TooManyRejections);
        }
        match which {
            Reject::Next => self.rejections.next += 1,
            Reject::ClientOrderId(id) => drop(self.rejections.of.insert(id.to_owned())),
        }
        Ok(())
    }

    /// Rejects an order, and with the first of its class the rest.
    pub(super) fn reject_order(&mut self, at: usize) {
        let order = self.book.order(at);
        let (class, role, claimed) = (order.class, order.role, order.claimed);
        self.end_rejected(at);
        match (class, role) {
            (OrderClass::Simple, _) => {}
            (OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto, Role::Parent) => {
                for other in self.group_of(at) {
                    if self.book.order(other).is_open() {
                        self.end_rejected(other);
                    }
                }
            }
            (OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto, Role::TakeProfit(_) | Role::StopLoss(_)) => {
                let other = self.other_exit(at).filter(|other| self.book.order(*other).is_open());
                if let Some(other) = other.filter(|_| !claimed.is_zero()) {
                    self.book.set_means(other, Usd::ZERO, claimed);
                }
            }
        }
    }

    fn end_rejected(&mut self, at: usize) {
        let (now, id) = (self.now, self.book.order(at).id);
        self.book.set_status(at, Status::Rejected, now);
        self.events.push(Event::Rejected { at: now, order: id });
        self.tell(at, UpdateKind::Rejected);
    }
}
