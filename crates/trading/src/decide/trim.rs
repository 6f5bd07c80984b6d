//! Trims, a step a look: the stop lets go of the shares, then the order that sells them goes out.
//!
//! Nothing is remembered between the steps: a stop that is smaller than the position by just the trim says that one was
//! begun. Whatever goes wrong, the stop grows back: the misfit is acted on when it stands twice.

use market::{Qty, Timestamp};

use super::{
    Decision,
    cover::{is_replaceable, rest},
    holding::Holding,
    send::{self, Sale},
};
use crate::{
    control,
    order::{Leg, OrderKind, Purpose},
    report::OrderReport,
    targets::{self, Trim},
};

/// Makes the next step of a trim. True when the stop is to be left alone in this look.
pub(super) fn step(holding: &Holding<'_>, decision: &mut Decision) -> bool {
    withdraw(holding, decision);
    let Some((stop, trim, begun)) = wanted(holding) else { return false };
    if begun {
        let quote = holding.desk.view.quotes.get(&holding.symbol());
        let Some(limit) = quote.and_then(|quote| control::exit_price(quote, holding.desk.limits)) else { return false };
        let kind = OrderKind::Limit { limit };
        let sale = Sale { symbol: holding.symbol(), leg: trim.leg, qty: trim.qty, kind, purpose: Purpose::Reduce };
        send::submit(holding.desk, decision, &sale)
    } else {
        let Some(desired) = holding.desired() else { return false };
        let qty = rest(stop).minus_or_zero(trim.qty);
        send::replace(holding.desk, decision, stop, qty, desired.price)
    }
}

/// The trim to make, the one stop that holds its shares, and whether that stop has let go of them. Orders of other hands
/// and sizes that nothing explains leave the position whole.
fn wanted<'a>(holding: &Holding<'a>) -> Option<(&'a OrderReport, Trim, bool)> {
    let cover = &holding.cover;
    let [stop] = cover.stops.as_slice() else { return None };
    if !holding.explained || !cover.exits.is_empty() || cover.is_shared() || !is_replaceable(stop) {
        return None;
    }
    let of = |begun| targets::trim(&holding.trade, &holding.situation, &holding.desk.limits.stops, begun);
    let (held, kept) = (holding.wanted(), rest(stop));
    let has_let_go = |trim: &Trim| kept.plus(trim.qty) == held;
    let (trim, begun) = match of(true).filter(has_let_go) {
        Some(trim) => (trim, true),
        None => (of(false).filter(|_| kept == held)?, false),
    };
    may_try(holding, trim.leg).then_some((*stop, trim, begun))
}

/// A few attempts a day, and not one right after the other.
fn may_try(holding: &Holding<'_>, leg: Leg) -> bool {
    let (desk, rules, symbol) = (holding.desk, &holding.desk.limits.stops, holding.symbol());
    let date = desk.view.now.ny_date();
    let (_, last) = desk.book.attempts(date, symbol, leg);
    let rested = last.is_none_or(|last| !send::is_within(desk.view.now, last, rules.trim_patience));
    rested && desk.book.next_key(date, symbol, leg).is_some_and(|key| key.attempt <= rules.trim_attempts)
}

/// Withdraws a trim that does not fill: while it works, its shares have no stop.
fn withdraw(holding: &Holding<'_>, decision: &mut Decision) {
    let (desk, patience) = (holding.desk, holding.desk.limits.stops.trim_patience);
    let is_stale = |since: Timestamp| !send::is_within(desk.view.now, since, patience);
    for order in &holding.cover.exits {
        if desk.is_trim(order) && rest(order) > Qty::ZERO && is_stale(order.submitted_at) {
            desk.cancel(decision, order, "the trim does not fill, and its shares have no stop");
        }
    }
}
