//! Protection: every held share has a stop at the broker, or an alert says that it has none.

use market::{Price, Qty, Symbol, TimeDelta};

use super::{Action, Coverage, Decision, Desk, Sells};
use crate::{
    control::{self, Kill, Used},
    order::{Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    phase,
    reconcile::Finding,
    report::PositionReport,
};

/// Attempts at one leg a day that are made at once; later ones wait, and a human is told. They never end.
const QUICK_ATTEMPTS: usize = 5;
/// The wait between later attempts.
const SLOW_ATTEMPT: TimeDelta = TimeDelta::seconds(60);

/// Brings the protection of every position in line with its size.
pub(super) fn positions(desk: &Desk<'_>, decision: &mut Decision) {
    for (symbol, position) in desk.view.positions.iter().filter(|(symbol, _)| !desk.view.acted.contains(symbol)) {
        if position.short {
            alert(decision, *symbol, "short", "held short: close it by hand, this strategy is long only");
            continue;
        }
        let before = decision.actions.len();
        if desk.view.kill == Some(Kill::Flatten) {
            flatten(desk, decision, position, "kill switch, level flatten");
        } else {
            protect(desk, decision, position);
        }
        let stops = desk.sells(*symbol).stops.plus(sent(&decision.actions[before..]));
        note_misfit(desk, decision, position, stops);
    }
}

fn protect(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport) {
    let symbol = position.symbol;
    let own_buy = desk.working(symbol, Side::Buy).any(|order| desk.is_entry(order));
    let sells = desk.sells(symbol);
    if own_buy || !sells.unknown.is_zero() {
        // The withdrawal is under way, or the broker is being asked: a stop now would be refused, or be the second.
        return;
    }
    if sells.total().is_zero() {
        place_stop(desk, decision, position);
    } else if sells.stops != whole(position) && !sells.stops.is_zero() {
        resize(desk, decision, position, sells);
    }
}

fn place_stop(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport) {
    let symbol = position.symbol;
    let shares = whole(position);
    if shares.is_zero() {
        return alert(decision, symbol, "fraction", "less than one share is held, too little for a stop");
    }
    let Some(stop) = desk.book.trade(symbol).and_then(|trade| trade.plan).map(|plan| plan.stop) else {
        return alert(decision, symbol, "no-stop", "has NO stop: no filled entry of ours tells a price for it");
    };
    if !is_through(desk, symbol, stop) {
        return send(desk, decision, symbol, Leg::Stop, shares, OrderKind::Stop { stop }, Purpose::Protect);
    }
    // A split or a trade by hand makes the recorded price meaningless; selling on it would be a guess.
    let explained = !desk
        .view
        .findings
        .iter()
        .any(|(of, finding)| *of == symbol && matches!(finding, Finding::QuantityMismatch { .. }));
    if explained {
        flatten(desk, decision, position, "the market is through the stop");
    } else {
        let text = format!("has NO stop: the market is below {stop}, and its size is not what we bought; act by hand");
        alert(decision, symbol, "no-stop", &text);
    }
}

/// The market trades at or below the stop already, by a fresh quote: a stop order would be refused or fire at once.
fn is_through(desk: &Desk<'_>, symbol: Symbol, stop: Price) -> bool {
    let view = desk.view;
    let fresh = |at| view.now.since(at).abs() <= desk.limits.quote_age;
    phase::is_open(view.session.as_ref(), view.now)
        && view.quotes.get(&symbol).is_some_and(|quote| fresh(quote.at) && quote.bid <= stop)
}

/// Cancels stops of ours that do not fit, so that one that does can follow. A misfit is acted on when it stands twice.
fn resize(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, sells: Sells) {
    let symbol = position.symbol;
    let now = Coverage { held: whole(position), protected: sells.stops };
    if !sells.others.is_zero() || desk.view.misfits_before.get(&symbol) != Some(&now) {
        return;
    }
    for order in desk.working(symbol, Side::Sell) {
        if desk.book.intent(&order.client_order_id).is_some() {
            desk.cancel(decision, order, "the stop does not fit the position");
        }
    }
}

/// Sells everything at the market, once no other order holds the shares.
fn flatten(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, why: &str) {
    let symbol = position.symbol;
    let mut working = desk.view.working.iter().filter(|order| order.symbol == symbol).peekable();
    if desk.working(symbol, Side::Sell).any(|order| order.kind == Some(OrderKind::Market)) {
        return;
    }
    if working.peek().is_some() {
        working.for_each(|order| desk.cancel(decision, order, why));
    } else if desk.sells(symbol).unknown.is_zero() {
        alert(decision, symbol, "flatten", &format!("sold at the market: {why}"));
        send(desk, decision, symbol, Leg::Exit, position.qty, OrderKind::Market, Purpose::Flatten);
    }
}

fn send(
    desk: &Desk<'_>,
    decision: &mut Decision,
    symbol: Symbol,
    leg: Leg,
    qty: Qty,
    kind: OrderKind,
    purpose: Purpose,
) {
    let (now, date) = (desk.view.now, desk.view.now.ny_date());
    let (attempts, last) = desk.book.attempts(date, symbol, leg);
    if attempts >= QUICK_ATTEMPTS {
        let text = format!("has NO protection: {attempts} attempts at its {leg} failed today, one a minute follows");
        alert(decision, symbol, "attempts", &text);
        if last.is_some_and(|last| now.since(last) < SLOW_ATTEMPT) {
            return;
        }
    }
    let Some(key) = desk.book.next_key(date, symbol, leg) else {
        let text = format!("its {leg} is alive by our book and not in the broker's list; the broker is being asked");
        return alert(decision, symbol, "unlisted", &text);
    };
    let time_in_force = if purpose == Purpose::Protect { TimeInForce::Gtc } else { TimeInForce::Day };
    let client_order_id = key.client_order_id();
    let order = OrderRequest { client_order_id, symbol, side: Side::Sell, qty, kind, time_in_force, purpose };
    match control::approve(order.clone(), &desk.facts(&order, Used::default())) {
        Ok(order) => decision.actions.push(Action::Submit { order: Box::new(order), key, trade: None }),
        Err(refusal) => {
            let text = format!("its {leg} was refused here ({}: {})", refusal.reason, refusal.detail);
            alert(decision, symbol, "refused", &text);
            decision.refusals.push(refusal);
        }
    }
}

/// The part of a position a stop can protect: the broker takes stops for whole shares.
fn whole(position: &PositionReport) -> Qty {
    Qty::shares(u32::try_from(position.qty.whole_shares()).unwrap_or(u32::MAX))
}

/// Shares that the stops among these actions will protect.
fn sent(actions: &[Action]) -> Qty {
    actions.iter().fold(Qty::ZERO, |sum, action| match action {
        Action::Submit { order, .. } => sum.plus(order.get().qty),
        Action::Replace { replacement, .. } => sum.plus(replacement.get().order.qty),
        Action::Cancel { .. } | Action::Alert { .. } => sum,
    })
}

/// Invariant 9: a position whose stops do not cover it for two looks is told, whatever the cause.
fn note_misfit(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, stops: Qty) {
    let (symbol, held) = (position.symbol, whole(position));
    if stops == held {
        return;
    }
    decision.misfits.insert(symbol, Coverage { held, protected: stops });
    if stops < held && desk.view.misfits_before.get(&symbol).is_some_and(|before| before.protected < before.held) {
        alert(decision, symbol, "unprotected", &format!("{held} shares are held, stops protect {stops}"));
    }
}

fn alert(decision: &mut Decision, symbol: Symbol, subject: &str, text: &str) {
    let subject = format!("{symbol}/{subject}");
    decision.actions.push(Action::Alert { subject, text: format!("{symbol} {text}") });
}
