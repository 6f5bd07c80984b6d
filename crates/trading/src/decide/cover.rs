//! What speaks for the shares of a position at the broker: stops, exits, orders of other hands, sends in doubt. Shares.

use market::{Qty, Symbol};

use super::{Desk, Sells};
use crate::{
    order::{OrderKind, Side},
    report::{OrderReport, OrderStatus, PositionReport},
};

/// Sell orders of a symbol, by whose they are and what they do.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover<'a> {
    /// Stops of ours.
    pub(super) stops: Vec<&'a OrderReport>,
    /// Exits of ours: trims, and orders that close.
    pub(super) exits: Vec<&'a OrderReport>,
    /// Shares that stops of other hands protect. They are cover, and never touched.
    pub(super) foreign_stops: Qty,
    /// Shares that other orders of other hands hold.
    pub(super) foreign_holds: Qty,
    /// Shares of sends whose outcome is unknown.
    pub(super) unknown: Qty,
}

impl<'a> Cover<'a> {
    pub(super) fn of(desk: &Desk<'a>, symbol: Symbol) -> Self {
        let Sells { unknown, .. } = desk.sells(symbol);
        let mut cover = Self { unknown, ..Self::default() };
        for order in desk.view.working.iter().filter(|order| order.symbol == symbol && order.side == Side::Sell) {
            let ours = desk.book.intent(&order.client_order_id).is_some();
            match (ours, order.kind) {
                (true, Some(OrderKind::Stop { .. })) => cover.stops.push(order),
                (true, Some(OrderKind::Market | OrderKind::Limit { .. }) | None) => cover.exits.push(order),
                (false, Some(OrderKind::Stop { .. })) => cover.foreign_stops = cover.foreign_stops.plus(rest(order)),
                (false, Some(OrderKind::Market | OrderKind::Limit { .. }) | None) => {
                    cover.foreign_holds = cover.foreign_holds.plus(rest(order));
                }
            }
        }
        cover
    }

    /// Whether nothing sells or protects any share.
    pub(super) fn is_none(&self) -> bool {
        self.spoken_for().plus(self.unknown).is_zero()
    }

    /// Whether orders of other hands are among it.
    pub(super) fn is_shared(&self) -> bool {
        !self.foreign_stops.plus(self.foreign_holds).is_zero()
    }

    /// Shares of our stops.
    pub(super) fn stopped(&self) -> Qty {
        sum(&self.stops)
    }

    /// Shares that working orders hold.
    pub(super) fn spoken_for(&self) -> Qty {
        self.protected().plus(self.foreign_holds)
    }

    /// Shares that a stop protects, or that an exit of ours is selling.
    pub(super) fn protected(&self) -> Qty {
        self.stopped().plus(sum(&self.exits)).plus(self.foreign_stops)
    }

    /// Shares that stops of ours should protect: the whole ones held, less what our exits sell and others protect.
    pub(super) fn wanted(&self, position: &PositionReport) -> Qty {
        whole(position.qty.minus_or_zero(sum(&self.exits)).minus_or_zero(self.foreign_stops))
    }

    /// Whole shares that no order holds.
    pub(super) fn free(&self, position: &PositionReport) -> Qty {
        whole(position.qty.minus_or_zero(self.spoken_for()).minus_or_zero(self.unknown))
    }
}

/// What of an order can still fill.
pub(super) fn rest(order: &OrderReport) -> Qty {
    order.qty.minus_or_zero(order.filled_qty)
}

/// The part a stop can protect: the broker takes stops for whole shares.
pub(super) fn whole(qty: Qty) -> Qty {
    Qty::shares(u32::try_from(qty.whole_shares()).unwrap_or(u32::MAX))
}

/// Whether the broker lets the order be replaced. It refuses that in passing states, and an order that fills is past it.
pub(super) fn is_replaceable(order: &OrderReport) -> bool {
    match order.status {
        OrderStatus::New | OrderStatus::DoneForDay => order.filled_qty.is_zero(),
        OrderStatus::Accepted
        | OrderStatus::PendingNew
        | OrderStatus::AcceptedForBidding
        | OrderStatus::PartiallyFilled
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Replaced
        | OrderStatus::PendingCancel
        | OrderStatus::PendingReplace
        | OrderStatus::Stopped
        | OrderStatus::Rejected
        | OrderStatus::Suspended
        | OrderStatus::Calculated
        | OrderStatus::Held
        | OrderStatus::PendingReview
        | OrderStatus::Unrecognised(_) => false,
    }
}

fn sum(orders: &[&OrderReport]) -> Qty {
    orders.iter().fold(Qty::ZERO, |sum, order| sum.plus(rest(order)))
}
