//! A new order takes the place of an open one; what is not asked for stays as it was.
//!
//! The quantity asked for is that of both together: the new order is for what the old one has not filled. Until the swap
//! the larger of the two reservations and claims holds. An old order that fills meanwhile rejects the new one.
//! Source: PatchOrderRequest of the OpenAPI document.

use market::{Price, Qty, Usd};

use super::{
    Engine, Response, event::Event, means::Means, order_text::OrderView, pending::Deed, refusal::Refusal, rules,
};
use crate::{
    order::{Order, Role, Size, Trail, Uuid},
    ticket::{Change, Ticket},
    update::UpdateKind,
    words::{OrderClass, OrderType, Status},
};

impl Engine {
    pub(super) fn patch_order(&mut self, id: &str, body: &str) -> Result<Response, Refusal> {
        let change = Change::parse(body)?;
        let at = self.find(id)?;
        let new = self.replace_at(at, &change)?;
        Ok(Response::text(200, OrderView::nested(&self.book, new).text()))
    }

    /// Replaces an order, as `PATCH /v2/orders/{id}` does with its body read. The id of the new order.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn replace(&mut self, id: Uuid, change: &Change) -> Result<Uuid, Refusal> {
        let at = self.book.place_of(id).ok_or_else(|| Refusal::no_order(&id.to_string()))?;
        self.replace_at(at, change).map(|new| self.book.order(new).id)
    }

    fn replace_at(&mut self, at: usize, change: &Change) -> Result<usize, Refusal> {
        let old = self.book.order(at);
        check_replaceable(old)?;
        check_members(old, change)?;
        let (total, filled) = (change.qty.unwrap_or(old.qty()), old.filled_qty);
        if total <= filled {
            return Err(Refusal::invalid("qty must be > filled_qty"));
        }
        let mut ticket = changed(old, change, total.minus_or_zero(filled))?;
        let class = old.class;
        rules::check(&ticket)?;
        let client_order_id = self.fresh_client_id(change.client_order_id.as_deref(), OrderClass::Simple)?;
        if change.time_in_force.is_some() {
            self.check_auction(ticket.time_in_force)?;
        }
        if change.stop_price.is_some() || change.trail.is_some() {
            self.check_stop(&ticket)?;
        }
        ticket.class = class;
        self.check_class_prices(at, &ticket)?;
        self.check_wash(&ticket, Some(at))?;
        let means = self.means_of_replacement(at, &ticket)?;
        Ok(self.place_replacement(at, &ticket, client_order_id, means))
    }

    /// The exits of a class keep the shares they have; anything else is reckoned anew.
    fn means_of_replacement(&mut self, at: usize, ticket: &Ticket) -> Result<Means, Refusal> {
        let old = self.book.order(at);
        if old.class == OrderClass::Simple || !old.intent.closes() {
            return self.means_of(ticket, Some(at));
        }
        Ok(Means { intent: old.intent, price: None, reserved: Usd::ZERO, claimed: old.claimed })
    }

    /// The prices of the class as they would be.
    fn check_class_prices(&self, at: usize, ticket: &Ticket) -> Result<(), Refusal> {
        if ticket.class == OrderClass::Simple {
            return Ok(());
        }
        let (mut profit, mut stop, mut entry, mut exits) = (None, None, None, ticket.side);
        for member in self.group_of(at).into_iter().chain([at]) {
            let order = self.book.order(member);
            let (limit, trigger) = match member == at {
                true => (ticket.limit_price, ticket.stop_price),
                false => (order.limit_price, order.stop_price),
            };
            match (order.role, order.class) {
                _ if !order.is_open() => {}
                (Role::TakeProfit(_), _) | (Role::Parent, OrderClass::Oco) => {
                    (profit, exits) = (limit, order.side);
                }
                (Role::StopLoss(_), _) => (stop, exits) = (trigger, order.side),
                (Role::Parent, OrderClass::Simple | OrderClass::Bracket | OrderClass::Oto) => {
                    entry = limit.or(trigger);
                }
            }
        }
        rules::check_geometry(exits, profit, stop, entry, None)
    }

    fn place_replacement(&mut self, at: usize, ticket: &Ticket, id: String, means: Means) -> usize {
        let mut new = self.draft(ticket, id, means);
        let old = self.book.order(at);
        new.replaces = Some(old.id);
        new.role = old.role;
        new.group = old.group;
        new.legs = old.legs.clone();
        new.triggered = old.triggered;
        if let (Some(trail), Some(mark)) = (new.trail, old.high_water_mark) {
            new.high_water_mark = Some(mark);
            new.stop_price = trail.stop(new.side, mark);
        }
        if new.status != Status::PendingNew && !new.doomed {
            let (place, new_id) = (self.book.orders().len(), new.id);
            self.hand_over(at, place, new_id);
            return self.place(new);
        }
        new.reserved = (new.reserved - old.reserved).max(Usd::ZERO);
        new.claimed = new.claimed.minus_or_zero(old.claimed);
        let (old_id, new_id, filled) = (old.id, new.id, old.filled_qty);
        self.book.order_mut(at).replaced_by = Some(new_id);
        self.book.set_status(at, Status::PendingReplace, self.now);
        self.events.push(Event::PendingReplace { at: self.now, order: old_id, by: new_id });
        self.tell(at, UpdateKind::PendingReplace);
        // A refusal needs no exchange that is closed or at once.
        let refused_now = new.doomed && (self.config.latency.is_zero() || new.status == Status::Accepted);
        let place = self.place(new);
        if refused_now {
            self.finish_replace(at, place, filled);
        } else {
            self.defer(Deed::Replace { old: at, new: place, filled });
        }
        place
    }

    /// The old order ends as replaced, and its place in its class is the new one's.
    pub(super) fn hand_over(&mut self, old: usize, new: usize, new_id: Uuid) {
        let order = self.book.order_mut(old);
        order.replaced_by = Some(new_id);
        let (old_id, role, legs) = (order.id, order.role, order.legs.clone());
        self.book.set_status(old, Status::Replaced, self.now);
        self.events.push(Event::Replaced { at: self.now, order: old_id, by: new_id });
        self.tell(old, UpdateKind::Replaced);
        match role {
            Role::Parent => legs.into_iter().for_each(|leg| {
                let leg = self.book.order_mut(leg);
                leg.role = match leg.role {
                    Role::TakeProfit(_) => Role::TakeProfit(new),
                    Role::StopLoss(_) => Role::StopLoss(new),
                    Role::Parent => Role::Parent,
                };
            }),
            Role::TakeProfit(parent) | Role::StopLoss(parent) => {
                for leg in &mut self.book.order_mut(parent).legs {
                    if *leg == old {
                        *leg = new;
                    }
                }
            }
        }
    }

    /// The swap at the exchange, or its refusal.
    pub(super) fn finish_replace(&mut self, old: usize, new: usize, filled: Qty) {
        let (before, after) = (self.book.order(old), self.book.order(new));
        let left = match before.class {
            OrderClass::Simple => after.qty().minus_or_zero(before.filled_qty.minus_or_zero(filled)),
            // An exit may have become smaller with the other exit's fill.
            OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto => before.remaining(),
        };
        if !before.is_open() || !after.is_open() || left.is_zero() || after.doomed {
            self.reject_replacement(old, new);
            return;
        }
        let claimed = if before.class == OrderClass::Simple && after.intent.closes() { left } else { before.claimed };
        let reserved = after.reserve_price.map_or(Usd::ZERO, |price| price.notional(left));
        let (new_id, mark, legs, role) = (after.id, before.high_water_mark, before.legs.clone(), before.role);
        self.hand_over(old, new, new_id);
        let order = self.book.order_mut(new);
        order.size = Size::Shares(left);
        order.legs = legs;
        order.role = role;
        if let (Some(trail), Some(mark)) = (order.trail, mark) {
            order.high_water_mark = Some(mark);
            order.stop_price = trail.stop(order.side, mark);
        }
        self.book.set_means(new, reserved, claimed.min(left));
        self.route_order(new);
    }

    fn reject_replacement(&mut self, old: usize, new: usize) {
        let now = self.now;
        let (old_id, new_id) = (self.book.order(old).id, self.book.order(new).id);
        if self.book.order(old).status == Status::PendingReplace {
            let partly = !self.book.order(old).filled_qty.is_zero();
            let status = if partly { Status::PartiallyFilled } else { Status::New };
            self.book.set_status(old, status, now);
        }
        self.book.order_mut(old).replaced_by = None;
        self.events.push(Event::ReplaceRejected { at: now, order: old_id, by: new_id });
        self.tell(old, UpdateKind::OrderReplaceRejected);
        if self.book.order(new).is_open() {
            self.book.set_status(new, Status::Rejected, now);
            self.tell(new, UpdateKind::Rejected);
        }
    }
}

fn check_replaceable(old: &Order) -> Result<(), Refusal> {
    if !matches!(old.status, Status::New | Status::PartiallyFilled) {
        return Err(Refusal::invalid(format!("cannot replace order in {} status", old.status)));
    }
    if matches!(old.size, Size::Notional(_)) {
        return Err(Refusal::invalid("notional orders cannot be replaced"));
    }
    if old.triggered && matches!(old.order_type, OrderType::Stop | OrderType::TrailingStop) {
        return Err(Refusal::invalid("cannot replace a stop order whose stop price was reached"));
    }
    Ok(())
}

/// Every member that is given must belong to the order, and one must be new.
fn check_members(old: &Order, change: &Change) -> Result<(), Refusal> {
    let kind = old.order_type;
    for (given, fits, name) in [
        (change.limit_price.is_some(), kind.has_limit(), "limit_price"),
        (change.stop_price.is_some(), kind.has_stop(), "stop_price"),
        (change.trail.is_some(), kind == OrderType::TrailingStop, "trail"),
    ] {
        if given && !fits {
            return Err(Refusal::invalid(format!("{kind} orders carry no {name}")));
        }
    }
    let qty = change.qty.filter(|qty| *qty != old.qty());
    let time = change.time_in_force.filter(|time| *time != old.time_in_force);
    if old.class != OrderClass::Simple && (qty.is_some() || time.is_some()) {
        return Err(Refusal::invalid("only limit_price and stop_price of complex orders can be replaced"));
    }
    if qty.is_some_and(|qty| rules::is_fractional(qty) || rules::is_fractional(old.qty())) {
        return Err(Refusal::invalid("qty of fractional orders cannot be replaced"));
    }
    let differs = |given: Option<Price>, kept: Option<Price>| given.is_some() && given != kept;
    let new_price = differs(change.limit_price, old.limit_price) || differs(change.stop_price, old.stop_price);
    if qty.is_none() && time.is_none() && !new_price && change.trail.is_none() {
        return Err(Refusal::invalid("order parameters are not changed"));
    }
    Ok(())
}

/// The new order's ticket, as one that stands alone.
fn changed(old: &Order, change: &Change, left: Qty) -> Result<Ticket, Refusal> {
    let trail = match (change.trail, old.trail) {
        (Some(amount), Some(Trail::Price(_))) => Some(Trail::Price(amount)),
        (Some(amount), Some(Trail::Percent(_))) => Some(Trail::percent(amount)?),
        (_, kept) => kept,
    };
    Ok(Ticket {
        symbol: old.symbol,
        side: old.side,
        size: Size::Shares(left),
        order_type: old.order_type,
        time_in_force: change.time_in_force.unwrap_or(old.time_in_force),
        limit_price: change.limit_price.or(old.limit_price),
        // A trailing stop's own stands where its mark is.
        stop_price: change.stop_price.or(old.stop_price).filter(|_| old.trail.is_none()),
        trail,
        extended_hours: old.extended_hours,
        class: OrderClass::Simple,
        take_profit: None,
        stop_loss: None,
        client_order_id: None,
    })
}
