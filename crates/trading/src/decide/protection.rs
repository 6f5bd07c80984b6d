//! Protection: every held share has a stop at the broker, or an alert says that it has none.
//!
//! One authority a position: what it should have is worked out anew in each look, from the book, the broker's word and,
//! where there is one, the market ([`Holding`]); the difference to what it has is one step ([`trim`], [`stop`]).

use market::{Qty, Symbol};

use super::{
    Action, Coverage, Decision, Desk,
    cover::whole,
    holding::Holding,
    send::{self, Sale},
    stop, trim,
};
use crate::{
    control::Kill,
    order::{Leg, OrderKind, Purpose, Side},
    report::{OrderReport, PositionReport},
};

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
    if desk.working(symbol, Side::Sell).any(|order| order.kind == Some(OrderKind::Market)) {
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
    if protected == held {
        return;
    }
    decision.misfits.insert(symbol, Coverage { held, protected });
    let before = holding.desk.view.misfits_before.get(&symbol);
    if protected < held && before.is_some_and(|before| before.protected < before.held) {
        alert(decision, symbol, "unprotected", &format!("{held} shares are held, stops protect {protected}"));
    }
}

pub(super) fn alert(decision: &mut Decision, symbol: Symbol, subject: &str, text: &str) {
    let subject = format!("{symbol}/{subject}");
    decision.actions.push(Action::Alert { subject, text: format!("{symbol} {text}") });
}
