//! An order as the wire has it: every member present, in an order of Alpaca's examples, straight into text.

use std::ops::Range;

use super::{
    book::Book,
    render,
    wire::{Decimal, Wire},
};
use crate::{
    order::{Order, Role, Size, Trail, Uuid},
    words::{OrderClass, Status},
};

/// An order takes about so many bytes.
const BYTES: usize = 1_200;

/// An order to be written. Its exits are `null` unless they are given.
pub(super) struct OrderView<'a> {
    order: &'a Order,
    legs: Option<(&'a Book, &'a [usize])>,
}

/// Many orders.
pub(super) struct OrderList<'a>(pub(super) Vec<OrderView<'a>>);

impl<'a> OrderView<'a> {
    /// The order alone: `legs` is null.
    pub(super) fn new(order: &'a Order) -> Self {
        Self { order, legs: None }
    }

    /// The order at a place of the book with its exits inside, when it has any.
    pub(super) fn nested(book: &'a Book, at: usize) -> Self {
        let order = book.order(at);
        Self { order, legs: (!order.legs.is_empty()).then_some((book, order.legs.as_slice())) }
    }

    /// As text.
    pub(super) fn text(&self) -> String {
        let mut wire = Wire::new(BYTES * (1 + self.legs.map_or(0, |(_, legs)| legs.len())));
        self.write(&mut wire);
        wire.into_text()
    }

    /// Writes it to the end of what is there.
    pub(super) fn write(&self, wire: &mut Wire) {
        let order = self.order;
        wire.raw("{\"id\":\"");
        wire.uuid(order.id);
        wire.raw("\",\"client_order_id\":\"");
        wire.visible(&order.client_order_id);
        wire.raw("\"");
        times(wire, order);
        ids(wire, order);
        amounts(wire, order);
        wire.raw(",\"legs\":");
        self.write_legs(wire);
        if let Some(group) = order.group {
            wire.raw(",\"group_id\":\"");
            wire.uuid(group);
            word(wire, "\",\"group_role\":\"", role_word(order));
        }
        trail(wire, order);
        wire.raw(",\"subtag\":null,\"source\":null}");
    }

    fn write_legs(&self, wire: &mut Wire) {
        let Some((book, legs)) = self.legs else {
            wire.raw("null");
            return;
        };
        for (number, leg) in legs.iter().enumerate() {
            wire.raw(if number == 0 { "[" } else { "," });
            Self::new(book.order(*leg)).write(wire);
        }
        wire.raw("]");
    }
}

impl OrderList<'_> {
    /// As text.
    pub(super) fn text(&self) -> String {
        let mut wire = Wire::new(BYTES * self.0.len() + 2);
        wire.raw("[");
        for (number, view) in self.0.iter().enumerate() {
            if number > 0 {
                wire.raw(",");
            }
            view.write(&mut wire);
        }
        wire.raw("]");
        wire.into_text()
    }
}

fn times(wire: &mut Wire, order: &Order) {
    wire.raw(",\"created_at\":\"");
    let submitted = wire.instant(order.submitted_at);
    wire.raw("\",\"submitted_at\":\"");
    wire.again(submitted.clone());
    wire.raw("\",\"updated_at\":\"");
    let updated = if order.updated_at == order.submitted_at {
        wire.again(submitted.clone());
        submitted
    } else {
        wire.instant(order.updated_at)
    };
    wire.raw("\"");
    for (name, status) in [
        (",\"filled_at\":", Status::Filled),
        (",\"expired_at\":", Status::Expired),
        (",\"canceled_at\":", Status::Canceled),
        (",\"failed_at\":", Status::Rejected),
        (",\"replaced_at\":", Status::Replaced),
    ] {
        wire.raw(name);
        ended(wire, order, status, &updated);
    }
    if let Some(ends) = order.expires_at {
        wire.raw(",\"expires_at\":\"");
        wire.instant(ends);
        wire.raw("\"");
    }
}

fn ended(wire: &mut Wire, order: &Order, status: Status, updated: &Range<usize>) {
    let Some(at) = order.ended_at.filter(|_| order.status == status) else {
        wire.raw("null");
        return;
    };
    wire.raw("\"");
    if at == order.updated_at {
        wire.again(updated.clone());
    } else {
        wire.instant(at);
    }
    wire.raw("\"");
}

fn ids(wire: &mut Wire, order: &Order) {
    maybe_id(wire, ",\"replaced_by\":", order.replaced_by);
    maybe_id(wire, ",\"replaces\":", order.replaces);
    wire.raw(",\"asset_id\":\"");
    let asset = render::asset_id_bytes(order.symbol.as_str());
    wire.raw(str::from_utf8(&asset).expect("digits and dashes are UTF-8"));
    word(wire, "\",\"symbol\":\"", order.symbol.as_str());
    wire.raw(",\"asset_class\":\"us_equity\"");
    word(wire, ",\"order_class\":\"", class_word(order.class));
    word(wire, ",\"order_type\":\"", order.order_type.as_str());
    word(wire, ",\"type\":\"", order.order_type.as_str());
    word(wire, ",\"side\":\"", order.side.as_str());
    word(wire, ",\"position_intent\":\"", order.intent.as_str());
    word(wire, ",\"time_in_force\":\"", order.time_in_force.as_str());
    word(wire, ",\"status\":\"", order.status.as_str());
    wire.raw(if order.extended_hours { ",\"extended_hours\":true" } else { ",\"extended_hours\":false" });
}

fn amounts(wire: &mut Wire, order: &Order) {
    let (qty, notional) = match order.size {
        Size::Shares(qty) => (Some(Decimal::qty(qty)), None),
        Size::Notional(amount) => (None, Some(Decimal::usd(amount))),
    };
    maybe(wire, ",\"notional\":", notional);
    maybe(wire, ",\"qty\":", qty);
    maybe(wire, ",\"filled_qty\":", Some(Decimal::qty(order.filled_qty)));
    maybe(wire, ",\"filled_avg_price\":", render::average_decimal(order.filled_cost, order.filled_qty));
    maybe(wire, ",\"limit_price\":", order.limit_price.map(Decimal::price));
    maybe(wire, ",\"stop_price\":", order.stop_price.map(Decimal::price));
}

fn trail(wire: &mut Wire, order: &Order) {
    let (price, percent) = match order.trail {
        Some(Trail::Price(amount)) => (Some(Decimal::usd(amount)), None),
        Some(Trail::Percent(hundredths)) => (None, Some(Decimal::new(i128::from(hundredths), 2, 0))),
        None => (None, None),
    };
    maybe(wire, ",\"trail_percent\":", percent);
    maybe(wire, ",\"trail_price\":", price);
    maybe(wire, ",\"hwm\":", order.high_water_mark.map(Decimal::price));
}

/// A name up to the opening quote, and a word.
fn word(wire: &mut Wire, name: &str, word: &str) {
    wire.raw(name);
    wire.raw(word);
    wire.raw("\"");
}

/// A name up to the colon, and a decimal or null.
fn maybe(wire: &mut Wire, name: &str, decimal: Option<Decimal>) {
    wire.raw(name);
    match decimal {
        Some(decimal) => {
            wire.raw("\"");
            wire.decimal(decimal);
            wire.raw("\"");
        }
        None => wire.raw("null"),
    }
}

fn maybe_id(wire: &mut Wire, name: &str, id: Option<Uuid>) {
    wire.raw(name);
    match id {
        Some(id) => {
            wire.raw("\"");
            wire.uuid(id);
            wire.raw("\"");
        }
        None => wire.raw("null"),
    }
}

/// Alpaca writes the class of an order that stands alone as nothing.
fn class_word(class: OrderClass) -> &'static str {
    match class {
        OrderClass::Simple => "",
        OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto => class.as_str(),
    }
}

fn role_word(order: &Order) -> &'static str {
    match (order.role, order.class) {
        (Role::Parent, OrderClass::Oco) | (Role::TakeProfit(_), _) => "take_profit",
        (Role::Parent, OrderClass::Simple | OrderClass::Bracket | OrderClass::Oto) => "entry",
        (Role::StopLoss(_), _) => "stop_loss",
    }
}
