//! The protective stop of a position, brought to where it belongs: one order, whole shares, good till cancelled.
//!
//! No stop: one goes out at once. One that differs: it is replaced in place, never cancelled first. Several: the ones that
//! are too many go while the rest still covers. Stops of other hands are cover and are left alone.

use market::{Price, Qty, TimeDelta};

use super::{
    Decision,
    cover::{is_replaceable, rest},
    holding::{Holding, shown_price, standing_price},
    protection::{alert, flatten},
    send::{self, Sale},
};
use crate::{
    expiry,
    order::{Leg, OrderKind, Purpose, TimeInForce},
    phase::Phase,
    report::OrderReport,
};

/// Between two renewals of one stop.
const RENEWAL_PACE: TimeDelta = TimeDelta::hours(1);
/// The same when the last did not renew it.
const RENEWAL_IN_VAIN_PACE: TimeDelta = TimeDelta::hours(24);
/// So long before it was sent no replacement can have been received.
const RENEWAL_IN_VAIN: TimeDelta = TimeDelta::hours(24);
/// From so many days before its end on, a stop is renewed whatever explains what is held.
const LAST_DAYS: u32 = 1;

/// Makes the next step.
pub(super) fn step(holding: &Holding<'_>, decision: &mut Decision) {
    match holding.cover.stops.as_slice() {
        [] => place(holding, decision),
        [stop] => fit(holding, decision, stop),
        _ => thin_out(holding, decision),
    }
}

fn place(holding: &Holding<'_>, decision: &mut Decision) {
    let (symbol, cover) = (holding.symbol(), &holding.cover);
    let qty = holding.wanted().min(cover.free(holding.position));
    if qty.is_zero() {
        if cover.is_none() {
            alert(decision, symbol, "fraction", "less than one share is held, too little for a stop");
        }
        return;
    }
    // Beside other orders a missing part may be only what two reads of the broker differ by.
    if !cover.is_none() && !holding.stands_twice() {
        return;
    }
    let Some(desired) = holding.desired() else {
        return alert(decision, symbol, "no-stop", "has NO stop: no filled entry of ours tells a price for it");
    };
    let stop = desired.price;
    if holding.may_stand_at(stop) && !holding.is_through(stop) {
        let kind = OrderKind::Stop { stop };
        send::submit(holding.desk, decision, &Sale { symbol, leg: Leg::Stop, qty, kind, purpose: Purpose::Protect });
    } else if holding.explained && cover.is_none() {
        flatten(holding.desk, decision, holding.position, "the market is through the stop");
    } else {
        // A split, a trade or an order by hand: selling on the recorded price would be a guess.
        let text = format!("has NO stop: {stop} may be above the market, and not all of it is ours; act by hand");
        alert(decision, symbol, "no-stop", &text);
    }
}

fn fit(holding: &Holding<'_>, decision: &mut Decision, stop: &OrderReport) {
    let (wanted, kept) = (holding.wanted(), rest(stop));
    // What was sent while the market is closed cannot be changed again before the open: then both steps are one.
    let one_step = kept > wanted || holding.situation.phase == Phase::Closed;
    if kept != wanted && one_step && !holding.stands_twice() {
        return;
    }
    if wanted.is_zero() {
        return holding.desk.cancel(decision, stop, "other orders speak for every share");
    }
    let grown = wanted.min(kept.plus(holding.cover.free(holding.position)));
    let shown = shown_price(stop);
    let price = holding.desired().map(|desired| desired.price).or(shown.map(Price::floor_to_tick));
    let may_grow = price.is_some_and(|price| holding.may_stand_at(price));
    let qty = if kept != wanted && holding.stands_twice() && (kept > wanted || may_grow) { grown } else { kept };
    let fits = qty == kept && price == shown && stop.time_in_force == Some(TimeInForce::Gtc);
    tell_renewed_in_vain(holding, decision, stop);
    if (fits && !is_ageing(holding, stop)) || !is_replaceable(stop) {
        return;
    }
    let price = if fits { shown.and_then(|shown| a_tick_up(holding, shown)) } else { price };
    if let Some(price) = price {
        send::replace(holding.desk, decision, stop, qty, price);
    }
}

/// The broker refuses a replacement that changes nothing, so a stop that is renewed rises by a tick; not into the market,
/// and not blindly while there is one.
fn a_tick_up(holding: &Holding<'_>, shown: Price) -> Option<Price> {
    let raised = Price::from_units(shown.units() + shown.tick()).ok()?;
    let is_safe = match holding.situation.price {
        Some(bid) => bid > raised,
        None => holding.situation.phase == Phase::Closed,
    };
    is_safe.then_some(raised)
}

/// The broker ends it soon, and by then it is put in its own place, which makes it an order of today. Once an hour at most:
/// a clock that is months ahead makes every stop look old. While nothing explains what is held, which may be a split that
/// is not booked yet, it waits for as long as it can: sent again in old shares, it would be read as one in new shares.
fn is_ageing(holding: &Holding<'_>, stop: &OrderReport) -> bool {
    let (desk, now) = (holding.desk, holding.desk.view.now);
    let within = if holding.explained { desk.limits.stops.renew_within_days } else { LAST_DAYS };
    if !expiry::is_near(stop.submitted_at, now, within) {
        return false;
    }
    let (_, last) = desk.book.attempts(now.ny_date(), holding.symbol(), Leg::Stop);
    let pace = if renewed_in_vain(holding, stop) { RENEWAL_IN_VAIN_PACE } else { RENEWAL_PACE };
    last.is_none_or(|last| !send::is_within(now, last, pace))
}

/// It was put in the place of another days after the broker says that it received it: the broker keeps the old order's
/// life. Then it is left to end, which it does after a close, and the look that misses it places the next one.
fn renewed_in_vain(holding: &Holding<'_>, stop: &OrderReport) -> bool {
    let intent = holding.desk.book.intent(&stop.client_order_id).filter(|intent| intent.replaces.is_some());
    intent.is_some_and(|intent| intent.recorded_at.since(stop.submitted_at) >= RENEWAL_IN_VAIN)
}

/// A stop that ends whatever is done is told.
fn tell_renewed_in_vain(holding: &Holding<'_>, decision: &mut Decision, stop: &OrderReport) {
    let (now, rules) = (holding.desk.view.now, &holding.desk.limits.stops);
    if expiry::is_near(stop.submitted_at, now, rules.renew_within_days) && renewed_in_vain(holding, stop) {
        let day = expiry::ends_on(stop.submitted_at.ny_date());
        let text = format!("has a stop that the broker ends on {day}; replacing it did not renew it");
        alert(decision, holding.symbol(), "renewal", &text);
    }
}

/// Cancels stops while the rest still covers, the worst fitting first. What is left is brought into line afterwards.
fn thin_out(holding: &Holding<'_>, decision: &mut Decision) {
    let wanted = holding.wanted();
    let mut covered = holding.cover.stopped();
    if covered == wanted || !holding.stands_twice() {
        return;
    }
    let mut stops = holding.cover.stops.clone();
    let merit = |order: &OrderReport| {
        let price = standing_price(holding.desk, order, holding.explained);
        (rest(order) == wanted, rest(order).min(wanted), price, order.id.clone())
    };
    stops.sort_by_key(|order| merit(order));
    for order in stops {
        let left = covered.minus_or_zero(rest(order));
        if covered > wanted && left >= wanted.max(Qty::shares(1)) {
            holding.desk.cancel(decision, order, "more stops than shares");
            covered = left;
        }
    }
    if covered != wanted {
        let text = format!("has several stops of {covered} shares in all, {wanted} are to be protected");
        alert(decision, holding.symbol(), "several-stops", &text);
    }
}
