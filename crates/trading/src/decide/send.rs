//! Orders that reduce, protect or flatten: their ids, their pace, their approval. Nothing but sanity can refuse them.

use market::{Price, Qty, Symbol, TimeDelta, Timestamp};

use super::{Action, Decision, Desk, protection::alert};
use crate::{
    control::{self, Used},
    order::{Leg, OrderKind, OrderRequest, Purpose, Replacement, Side, TimeInForce},
    refusal::Refusal,
    report::OrderReport,
};

/// Attempts at one leg a day that are made at once; later ones wait, and a human is told. They never end.
const QUICK_ATTEMPTS: usize = 5;
/// The wait between later attempts.
const SLOW_ATTEMPT: TimeDelta = TimeDelta::seconds(60);

/// An order to sell.
pub(super) struct Sale {
    pub(super) symbol: Symbol,
    pub(super) leg: Leg,
    pub(super) qty: Qty,
    pub(super) kind: OrderKind,
    pub(super) purpose: Purpose,
}

/// Sends an order. False when it is not sent; a human knows why.
pub(super) fn submit(desk: &Desk<'_>, decision: &mut Decision, sale: &Sale) -> bool {
    let Sale { symbol, leg, qty, kind, purpose } = *sale;
    if !may_try(desk, decision, symbol, leg, "has NO protection") {
        return false;
    }
    let Some(key) = desk.book.next_key(desk.view.now.ny_date(), symbol, leg) else {
        let text = format!("its {leg} is alive by our book and not in the broker's list; the broker is being asked");
        alert(decision, symbol, "unlisted", &text);
        return false;
    };
    let time_in_force = if purpose == Purpose::Protect { TimeInForce::Gtc } else { TimeInForce::Day };
    let client_order_id = key.client_order_id();
    let order = OrderRequest { client_order_id, symbol, side: Side::Sell, qty, kind, time_in_force, purpose };
    match control::approve(order.clone(), &desk.facts(&order, Used::default())) {
        Ok(order) => decision.actions.push(Action::Submit { order: Box::new(order), key, trade: None }),
        Err(refusal) => return refused(decision, leg, refusal),
    }
    true
}

/// Puts another stop in the place of a working one, in one step at the broker: a refusal leaves the old one working.
/// False when it is not sent.
pub(super) fn replace(desk: &Desk<'_>, decision: &mut Decision, old: &OrderReport, qty: Qty, stop: Price) -> bool {
    let (symbol, leg) = (old.symbol, Leg::Stop);
    if !may_try(desk, decision, symbol, leg, "keeps a stop that does not fit") {
        return false;
    }
    // Another attempt at the leg is not dead: the look that shows what became of it comes first.
    let Some(key) = desk.book.replacement_key(desk.view.now.ny_date(), &old.client_order_id) else { return false };
    let order = OrderRequest {
        client_order_id: key.client_order_id(),
        symbol,
        side: Side::Sell,
        qty,
        kind: OrderKind::Stop { stop },
        time_in_force: TimeInForce::Gtc,
        purpose: Purpose::Protect,
    };
    let replacement = Replacement { replaces: old.id.clone(), replaced_id: old.client_order_id.clone(), order };
    match control::approve_replacement(replacement.clone(), &desk.replacement_facts(&replacement)) {
        Ok(replacement) => decision.actions.push(Action::Replace { replacement: Box::new(replacement), key }),
        Err(refusal) => return refused(decision, leg, refusal),
    }
    true
}

/// Whether less than a span has passed since an instant. Time that went back makes nothing wait.
pub(super) fn is_within(now: Timestamp, since: Timestamp, span: TimeDelta) -> bool {
    (TimeDelta::zero()..span).contains(&now.since(since))
}

fn may_try(desk: &Desk<'_>, decision: &mut Decision, symbol: Symbol, leg: Leg, what: &str) -> bool {
    let now = desk.view.now;
    let (attempts, last) = desk.book.attempts(now.ny_date(), symbol, leg);
    if attempts < QUICK_ATTEMPTS {
        return true;
    }
    let text = format!("{what}: {attempts} attempts at its {leg} failed today, one a minute follows");
    alert(decision, symbol, "attempts", &text);
    last.is_none_or(|last| !is_within(now, last, SLOW_ATTEMPT))
}

fn refused(decision: &mut Decision, leg: Leg, refusal: Refusal) -> bool {
    let text = format!("its {leg} was refused here ({}: {})", refusal.reason, refusal.detail);
    alert(decision, refusal.symbol, "refused", &text);
    decision.refusals.push(refusal);
    false
}
