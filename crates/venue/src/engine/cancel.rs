//! Taking orders back: one with all that belongs to it, or every open one.

use serde_json::{Value, json};

use super::{Engine, Response, event::Event, pending::Deed, refusal::Refusal};
use crate::{order::Uuid, update::UpdateKind, words::Status};

/// How an order ends that nothing more is filled of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Taken back, by the client or the venue.
    Canceled,
    /// Its time in force is over.
    Expired,
}

impl Engine {
    pub(super) fn delete_order(&mut self, id: &str) -> Result<Response, Refusal> {
        let at = self.find(id)?;
        self.cancel_at(at)?;
        Ok(Response::empty(204))
    }

    /// Takes an order back, as `DELETE /v2/orders/{id}` does.
    ///
    /// # Errors
    /// When there is none, or when it is past that.
    pub fn cancel(&mut self, id: Uuid) -> Result<(), Refusal> {
        let at = self.book.place_of(id).ok_or_else(|| Refusal::no_order(&id.to_string()))?;
        self.cancel_at(at)
    }

    /// The place of an order by its id's text.
    pub(super) fn find(&self, id: &str) -> Result<usize, Refusal> {
        Uuid::parse(id).and_then(|id| self.book.place_of(id)).ok_or_else(|| Refusal::no_order(id))
    }

    pub(super) fn delete_orders(&mut self) -> Response {
        let mut answers = Vec::new();
        for at in self.book.open() {
            let id = self.book.order(at).id;
            // An exit may have gone with its entry a moment ago.
            let gone = self.book.order(at).status == Status::Canceled;
            let status = if gone || self.cancel_at(at).is_ok() { 200 } else { 500 };
            answers.push(json!({"id": id, "status": status}));
        }
        Response::of(207, &Value::Array(answers))
    }

    fn cancel_at(&mut self, at: usize) -> Result<(), Refusal> {
        let order = self.book.order(at);
        let (id, status) = (order.id, order.status);
        if !order.is_open() || matches!(status, Status::PendingCancel | Status::PendingReplace) {
            return Err(Refusal::invalid(format!("order is already in \"{status}\" state")));
        }
        // What has not left for the exchange need not be fetched back.
        let at_exchange = self.trades_now(order.extended_hours) && status != Status::Accepted;
        if self.config.latency.is_zero() || !at_exchange {
            self.cancel_group(at);
            return Ok(());
        }
        self.book.set_status(at, Status::PendingCancel, self.now);
        self.events.push(Event::PendingCancel { at: self.now, order: id });
        self.tell(at, UpdateKind::PendingCancel);
        self.defer(Deed::Cancel(at));
        Ok(())
    }

    /// Cancels an order and every open one of its class.
    pub(super) fn cancel_group(&mut self, at: usize) {
        self.end(at, Ending::Canceled);
        for other in self.group_of(at) {
            if self.book.order(other).is_open() {
                self.end(other, Ending::Canceled);
            }
        }
    }

    /// An order ends without anything more being filled.
    pub(super) fn end(&mut self, at: usize, ending: Ending) {
        let (now, id) = (self.now, self.book.order(at).id);
        let (status, event, kind) = match ending {
            Ending::Expired => (Status::Expired, Event::Expired { at: now, order: id }, UpdateKind::Expired),
            Ending::Canceled => (Status::Canceled, Event::Canceled { at: now, order: id }, UpdateKind::Canceled),
        };
        self.book.set_status(at, status, now);
        self.events.push(event);
        self.tell(at, kind);
    }
}
