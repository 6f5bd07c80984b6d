//! Orders of a class: exits begin to work when their entry is wholly filled, and one exit's fill is the other's end.
//!
//! A partial entry is not protected by its exits; when it is cancelled they go with it. A partial fill of one exit makes
//! the other smaller. The shares are claimed by the take-profit for both. Source: Alpaca's page on placing orders.

use market::{Qty, Usd};

use super::{Engine, cancel::Ending, event::Event};
use crate::{
    order::{Role, Size},
    update::UpdateKind,
    words::{OrderClass, Status},
};

impl Engine {
    /// The other orders of a class.
    pub(super) fn group_of(&self, at: usize) -> Vec<usize> {
        let order = self.book.order(at);
        if order.class == OrderClass::Simple {
            return Vec::new();
        }
        let parent = order.parent(at);
        let legs = self.book.order(parent).legs.iter().copied();
        std::iter::once(parent).chain(legs).filter(|other| *other != at).collect()
    }

    /// The exit that ends when this one is filled.
    pub(super) fn other_exit(&self, at: usize) -> Option<usize> {
        let order = self.book.order(at);
        let parent = order.parent(at);
        match (order.class, order.role) {
            (OrderClass::Simple, _) | (OrderClass::Bracket | OrderClass::Oto, Role::Parent) => None,
            (OrderClass::Oco, Role::Parent) => order.legs.first().copied(),
            (OrderClass::Oco, Role::TakeProfit(_) | Role::StopLoss(_)) => Some(parent),
            (OrderClass::Bracket | OrderClass::Oto, Role::TakeProfit(_) | Role::StopLoss(_)) => {
                self.book.order(parent).legs.iter().copied().find(|leg| *leg != at)
            }
        }
    }

    /// What a fill means for the other orders of the class.
    pub(super) fn after_fill(&mut self, at: usize, qty: Qty) {
        let order = self.book.order(at);
        let filled = order.status == Status::Filled;
        match (order.class, order.role) {
            (OrderClass::Simple, _) => {}
            (OrderClass::Bracket | OrderClass::Oto, Role::Parent) => {
                if filled {
                    self.wake_legs(at);
                }
            }
            (OrderClass::Oco, _) | (OrderClass::Bracket | OrderClass::Oto, Role::TakeProfit(_) | Role::StopLoss(_)) => {
                self.settle_other_exit(at, filled, qty);
            }
        }
    }

    fn wake_legs(&mut self, parent: usize) {
        for (number, leg) in self.book.order(parent).legs.clone().into_iter().enumerate() {
            if number == 0 && self.book.order(leg).status == Status::Held {
                let claim = self.book.order(leg).remaining();
                self.book.set_means(leg, Usd::ZERO, claim);
            }
            if self.book.order(leg).status == Status::Held {
                self.route_order(leg);
            }
        }
    }

    fn settle_other_exit(&mut self, at: usize, filled: bool, qty: Qty) {
        let Some(other) = self.other_exit(at).filter(|other| self.book.order(*other).is_open()) else { return };
        if filled || self.book.order(other).remaining() <= qty {
            self.end(other, Ending::Canceled);
            return;
        }
        let now = self.now;
        let order = self.book.order_mut(other);
        let left = order.qty().minus_or_zero(qty);
        order.size = Size::Shares(left);
        order.updated_at = now;
        let event = Event::Reduced { at: now, order: order.id, qty: left };
        self.book.fit_means(other);
        self.events.push(event);
        self.tell(other, UpdateKind::Restated);
    }
}
