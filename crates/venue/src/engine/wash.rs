//! Orders of one account that might trade with each other are refused; Alpaca's table of cases.
//!
//! Two orders with limits can meet only when the limits cross; anything else can always. Orders of a class and trailing
//! stops are exempt. Source: Alpaca's page on user protection.

use super::{Engine, refusal::Refusal};
use crate::{
    order::Order,
    ticket::Ticket,
    words::{OrderClass, OrderType, Side},
};

impl Engine {
    /// Refuses an order that might trade with one of our own on the other side.
    pub(super) fn check_wash(&self, ticket: &Ticket, replaced: Option<usize>) -> Result<(), Refusal> {
        if ticket.class != OrderClass::Simple || ticket.order_type == OrderType::TrailingStop {
            return Ok(());
        }
        let open = self.book.line(ticket.symbol).map(|line| line.open.as_slice()).unwrap_or_default();
        let others = open.iter().filter(|at| Some(**at) != replaced).map(|at| self.book.order(*at));
        let mut meeting = others.filter(|order| order.side != ticket.side && may_meet(order, ticket));
        let Some(order) = meeting.next() else { return Ok(()) };
        let reason = match order.order_type {
            OrderType::Limit | OrderType::StopLimit => "opposite side limit order exists",
            OrderType::Market | OrderType::Stop | OrderType::TrailingStop => "opposite side market/stop order exists",
        };
        Err(Refusal::wash_trade(order.id, reason))
    }
}

fn may_meet(order: &Order, ticket: &Ticket) -> bool {
    if order.class != OrderClass::Simple || order.order_type == OrderType::TrailingStop {
        return false;
    }
    match (order.limit_price, ticket.limit_price, ticket.side) {
        (Some(theirs), Some(ours), Side::Buy) => ours >= theirs,
        (Some(theirs), Some(ours), Side::Sell) => ours <= theirs,
        (None, _, _) | (_, None, _) => true,
    }
}
