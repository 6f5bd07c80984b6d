//! Protection: every held share has a stop at the broker, or an alert says that it has none.

use market::{Price, Qty, Symbol};

use super::{Action, Decision, Desk};
use crate::{
    control::{self, Authority, Kill, Used},
    order::{Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    phase::{self, Phase},
    report::{OrderReport, PositionReport},
};

/// Attempts at one leg a day; after that a human is told instead of the broker.
const ATTEMPTS: usize = 10;

/// Brings the protection of every position in line with its size.
pub(super) fn positions(desk: &Desk<'_>, decision: &mut Decision) {
    for (symbol, position) in &desk.view.positions {
        if position.short {
            alert(decision, *symbol, "short", "held short: close it by hand, this strategy is long only");
        } else if desk.view.kill == Some(Kill::Flatten) {
            flatten(desk, decision, position, "kill switch, level flatten");
        } else {
            protect(desk, decision, position);
        }
    }
}

/// Cancels entries that may no longer open anything: no authority, kill switch, or the last part of the session.
pub(super) fn withdraw_entries(desk: &Desk<'_>, decision: &mut Decision) {
    let view = desk.view;
    let in_window = view.session.is_some_and(|s| phase::in_entry_window(&s, view.now, desk.limits.entry_delay));
    let why = match (&view.authority, view.kill) {
        (_, Some(Kill::Cancel | Kill::Flatten)) => "kill switch".to_owned(),
        (Authority::ManageOnly(reason), _) => format!("no authority to open: {reason}"),
        (Authority::Open, _) if !in_window => "outside the entry window".to_owned(),
        (Authority::Open, None | Some(Kill::Entries)) => return,
    };
    let ours = view.working.iter().filter(|order| order.side == Side::Buy && is_entry(desk, order));
    for order in ours {
        cancel(desk, decision, order, &why);
    }
}

fn protect(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport) {
    let symbol = position.symbol;
    // A working buy would make the broker refuse the opposite stop as a wash trade, so the remainder goes first.
    let mut remainder = desk.working(symbol, Side::Buy).filter(|order| is_entry(desk, order)).peekable();
    if remainder.peek().is_some() {
        remainder.for_each(|order| cancel(desk, decision, order, "partly filled: the stop goes in before the rest"));
        return;
    }
    let held = Qty::shares(u32::try_from(position.qty.whole_shares()).unwrap_or(u32::MAX));
    let spoken_for = desk.spoken_for(symbol);
    let unresolved = desk.book.live(symbol).any(|(_, i)| i.state.is_unresolved() && i.request.side == Side::Sell);
    if unresolved {
        alert(
            decision,
            symbol,
            "stop-unknown",
            "the outcome of its stop or exit is unknown; the broker is being asked",
        );
    } else if spoken_for.is_zero() {
        place_stop(desk, decision, position, held);
    } else if spoken_for != held {
        resize(desk, decision, symbol, held, spoken_for);
    }
}

fn place_stop(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, held: Qty) {
    let symbol = position.symbol;
    if held.is_zero() {
        return alert(decision, symbol, "fraction", "less than one share is held, too little for a stop");
    }
    let Some(stop) = desk.book.protective_stop(symbol) else {
        return alert(decision, symbol, "no-stop", "has NO stop: no entry of ours is recorded, so no price is known");
    };
    if is_through(desk, symbol, stop) {
        return flatten(desk, decision, position, "the market is through the stop");
    }
    send(desk, decision, symbol, Leg::Stop, held, OrderKind::Stop { stop }, Purpose::Protect);
}

/// The market trades at or below the stop already: a stop order would be refused or fire at once.
fn is_through(desk: &Desk<'_>, symbol: Symbol, stop: Price) -> bool {
    let open = desk.view.session.is_some_and(|session| Phase::at(&session, desk.view.now) != Phase::Closed);
    open && desk.view.quotes.get(&symbol).is_some_and(|quote| quote.bid <= stop)
}

fn resize(desk: &Desk<'_>, decision: &mut Decision, symbol: Symbol, held: Qty, spoken_for: Qty) {
    let subject = "stop-size";
    alert(decision, symbol, subject, &format!("{held} shares are held, sell orders speak for {spoken_for}"));
    for order in desk.working(symbol, Side::Sell).filter(|order| is_ours(desk, order)) {
        cancel(desk, decision, order, "the stop does not fit the position");
    }
}

/// Sells everything at the market, once no other sell order holds the shares.
fn flatten(desk: &Desk<'_>, decision: &mut Decision, position: &PositionReport, why: &str) {
    let symbol = position.symbol;
    let working: Vec<&OrderReport> = desk.view.working.iter().filter(|order| order.symbol == symbol).collect();
    if working.iter().any(|order| order.side == Side::Sell && order.kind == Some(OrderKind::Market)) {
        return;
    }
    if !working.is_empty() {
        working.into_iter().for_each(|order| cancel(desk, decision, order, why));
        return;
    }
    if desk.spoken_for(symbol).is_zero() {
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
    let date = desk.view.now.ny_date();
    if desk.book.attempts(date, symbol, leg) >= ATTEMPTS {
        let text = format!("has NO protection: {ATTEMPTS} attempts at its {leg} failed today; act by hand");
        return alert(decision, symbol, "attempts", &text);
    }
    let Some(key) = desk.book.next_key(date, symbol, leg) else { return };
    let time_in_force = if purpose == Purpose::Protect { TimeInForce::Gtc } else { TimeInForce::Day };
    let client_order_id = key.client_order_id();
    let order = OrderRequest { client_order_id, symbol, side: Side::Sell, qty, kind, time_in_force, purpose };
    match control::approve(order.clone(), &desk.facts(&order, Used::default())) {
        Ok(order) => decision.actions.push(Action::Submit { order: Box::new(order), key, protective_stop: None }),
        Err(refusal) => {
            let text = format!("its {leg} was refused here ({}: {})", refusal.reason, refusal.detail);
            alert(decision, symbol, "refused", &text);
            decision.refusals.push(refusal);
        }
    }
}

fn cancel(desk: &Desk<'_>, decision: &mut Decision, order: &OrderReport, why: &str) {
    let asked = desk.book.intents.get(&order.client_order_id);
    if asked.is_some_and(|intent| intent.state == crate::state::OrderState::Canceling) {
        return;
    }
    decision.actions.push(Action::Cancel {
        order: order.id.clone(),
        client_order_id: order.client_order_id.clone(),
        symbol: order.symbol,
        why: why.to_owned(),
    });
}

fn is_ours(desk: &Desk<'_>, order: &OrderReport) -> bool {
    desk.book.intents.contains_key(&order.client_order_id)
}

fn is_entry(desk: &Desk<'_>, order: &OrderReport) -> bool {
    desk.book.intents.get(&order.client_order_id).is_some_and(|intent| intent.request.purpose == Purpose::Open)
}

fn alert(decision: &mut Decision, symbol: Symbol, subject: &str, text: &str) {
    let subject = format!("{symbol}/{subject}");
    decision.actions.push(Action::Alert { subject, text: format!("{symbol} {text}") });
}
