//! Protection: every held share has a stop at the broker, or an alert says that it has none.
//!
//! One authority a position: what it should have is worked out anew in each look, from the book, the broker's word and,
//! where there is one, the market ([`Holding`]); the difference to what it has is one step ([`trim`], [`stop`]).

use market::{Qty, Symbol, TimeDelta};

use super::{
    Action, Coverage, Decision, Desk,
    cover::{rest, whole},
    holding::Holding,
    send::{self, Sale},
    stop, trim,
};
use crate::{
    control::Kill,
    order::{Leg, OrderKind, Purpose, Side},
    report::{OrderReport, PositionReport},
};

/// How long the withdrawal of an exit may take before its shares count as bare.
const EXIT_GRACE: TimeDelta = TimeDelta::seconds(30);

/// Brings the protection of every position in line with its size, and with the market where it is known.
pub(super) fn positions(desk: &Desk<'_>, decision: &mut Decision) {
    for (symbol, position) in desk.view.positions.iter().filter(|(symbol, _)| !desk.view.acted.contains(symbol)) {
        if position.short {
            alert(decision, *symbol, "short", "held short: close it by hand, this strategy is long only");
            continue;
        }
        let before = decision.actions.len();
        let holding = Holding::of(desk, position);
        if desk.view.kill == Some(Kill::Flatten) {
            flatten(desk, decision, position, "kill switch, level flatten");
        } else {
            protect(&holding, decision);
        }
        let sent = sent(&decision.actions[before..]);
        note_misfit(&holding, decision, sent);
    }
    orphans(desk, decision);
}

/// Sells of ours of symbols that are not held long: a stop that arrived after its shares were sold by hand would open a
/// short position. Told when two looks show the same, and cancelled when our executions hold nothing either: a broker
/// whose list of positions is empty for a moment must not cost the stops.
fn orphans(desk: &Desk<'_>, decision: &mut Decision) {
    let ours = |order: &&OrderReport| order.side == Side::Sell && desk.book.intent(&order.client_order_id).is_some();
    for order in desk.view.working.iter().filter(ours).filter(|order| desk.held(order.symbol).is_zero()) {
        let symbol = order.symbol;
        if desk.view.acted.contains(&symbol) {
            continue;
        }
        let orphan = Coverage { held: Qty::ZERO, protected: desk.sells(symbol).total() };
        decision.misfits.insert(symbol, orphan);
        if desk.view.misfits_before.get(&symbol) == Some(&orphan) {
            let text = format!("is not held, and an order to sell {} works: it would go short", rest(order));
            alert(decision, symbol, "orphan", &text);
            if desk.book.held(symbol).is_none_or(|held| held.net <= 0) {
                desk.cancel(decision, order, "nothing is held that it could sell");
            }
        }
    }
}

fn protect(holding: &Holding<'_>, decision: &mut Decision) {
    let desk = holding.desk;
    let own_buy = desk.working(holding.symbol(), Side::Buy).any(|order| desk.is_entry(order));
    if own_buy || !holding.cover.unknown.is_zero() {
        // The withdrawal is under way, or the broker is being asked: a stop now would be refused, or be the second.
        return;
    }
    if !trim::step(holding, decision) {
        stop::step(holding, decision);
    }
}

/// Sells everything at the market, once no other order holds the shares.
pub(super) fn flatten(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, why: &str) {
    let symbol = position.symbol;
    let mut working = desk.view.working.iter().filter(|order| order.symbol == symbol).peekable();
    let going = desk.working(symbol, Side::Sell).filter(|order| order.kind == Some(OrderKind::Market));
    if going.fold(Qty::ZERO, |sum, order| sum.plus(rest(order))) >= position.qty {
        return;
    }
    let unknown = !desk.sells(symbol).unknown.is_zero();
    if working.peek().is_some() {
        // While an outcome is unknown no exit can follow, so the stop is not let go of either.
        let may_go = |order: &&OrderReport| order.side == Side::Buy || !unknown;
        working.filter(may_go).for_each(|order| desk.cancel(decision, order, why));
    } else if !unknown {
        alert(decision, symbol, "flatten", &format!("sold at the market: {why}"));
        let (qty, kind) = (position.qty, OrderKind::Market);
        send::submit(desk, decision, &Sale { symbol, leg: Leg::Exit, qty, kind, purpose: Purpose::Flatten });
    }
}

/// Shares that orders among these actions will protect or sell. A replacement counts when the broker shows it.
fn sent(actions: &[Action]) -> Qty {
    actions.iter().fold(Qty::ZERO, |sum, action| match action {
        Action::Submit { order, .. } => sum.plus(order.get().qty),
        Action::Replace { .. } | Action::Cancel { .. } | Action::Alert { .. } => sum,
    })
}

/// Invariant 9: a position whose stops do not cover it for two looks is told, whatever the cause.
fn note_misfit(holding: &Holding<'_>, decision: &mut Decision, sent: Qty) {
    let (symbol, Coverage { held, protected }) = (holding.symbol(), holding.coverage());
    let protected = protected.plus(whole(sent));
    let stuck = stuck(holding);
    if protected == held && stuck.is_zero() {
        return;
    }
    decision.misfits.insert(symbol, Coverage { held, protected });
    let before = holding.desk.view.misfits_before.get(&symbol);
    let was_bare = before.is_some_and(|before| before.protected < before.held);
    if protected < held && was_bare || !stuck.is_zero() && before.is_some() {
        let protected = protected.minus_or_zero(stuck);
        alert(decision, symbol, "unprotected", &format!("{held} shares are held, stops protect {protected}"));
    }
}

/// Shares that exits of ours have been selling for too long: neither sold, nor under a stop.
fn stuck(holding: &Holding<'_>) -> Qty {
    let (now, patience) = (holding.desk.view.now, holding.desk.limits.stops.trim_patience + EXIT_GRACE);
    let is_old = |order: &&&OrderReport| !send::is_within(now, order.submitted_at, patience);
    holding.cover.exits.iter().filter(is_old).fold(Qty::ZERO, |sum, order| sum.plus(whole(rest(order))))
}

pub(super) fn alert(decision: &mut Decision, symbol: Symbol, subject: &str, text: &str) {
    let subject = format!("{symbol}/{subject}");
    decision.actions.push(Action::Alert { subject, text: format!("{symbol} {text}") });
}
