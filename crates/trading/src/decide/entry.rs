//! Openings: candidates in order, each through its rules and the control table.

use std::collections::BTreeMap;

use market::{Price, Qty, Symbol, Usd};

use super::{Action, Candidate, Decision, Desk, value};
use crate::{
    confirm::{self, Confirmation},
    control::{self, Used},
    order::{Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    phase,
    refusal::{Reason, Refusal},
    sizing::{self, Room},
};

/// What of the caps is taken: positions, working orders and unknown outcomes, all reckoned as filled.
struct Taken {
    by_symbol: BTreeMap<Symbol, Usd>,
    orders_today: u32,
    pending: Usd,
}

/// Enters every candidate that confirmed and that the controls let pass.
pub(super) fn entries(desk: &Desk<'_>, decision: &mut Decision) {
    if !phase::is_open(desk.view.session.as_ref(), desk.view.now) {
        return;
    }
    let mut taken = Taken::of(desk);
    for candidate in &desk.view.candidates {
        let Some(confirmation) = confirmed(desk, candidate) else { continue };
        if desk.book.is_consumed(desk.view.now.ny_date(), candidate.symbol) {
            continue;
        }
        match enter(desk, candidate, confirmation, &taken) {
            Ok(action) => {
                if let Action::Submit { order, .. } = &action {
                    taken.add(order.get());
                }
                decision.actions.push(action);
            }
            Err(refusal) => decision.refusals.push(refusal),
        }
    }
}

/// A break and hold whose delay has passed.
fn confirmed(desk: &Desk<'_>, candidate: &Candidate) -> Option<Confirmation> {
    let candles = desk.view.candles.get(&candidate.symbol)?;
    let confirmation = confirm::break_and_hold(candles, candidate.entry_level)?;
    let delay = confirm::entry_delay(desk.view.now.ny_date(), candidate.symbol);
    (desk.view.now >= confirmation.at + delay).then_some(confirmation)
}

fn enter(desk: &Desk<'_>, candidate: &Candidate, confirmation: Confirmation, taken: &Taken) -> Result<Action, Refusal> {
    let refuse = |reason, detail: String| Refusal {
        at: desk.view.now,
        symbol: candidate.symbol,
        purpose: Purpose::Open,
        reason,
        detail,
    };
    let limit = entry_price(desk, candidate, confirmation).map_err(|(reason, detail)| refuse(reason, detail))?;
    let stop = candidate.stop_loss.floor_to_tick();
    let risk = limit.minus(stop);
    if risk <= Usd::ZERO || risk > desk.limits.risk_per_share {
        return Err(refuse(Reason::RiskTooWide, format!("{risk} a share between {limit} and {stop}")));
    }
    let used = taken.used(candidate.symbol);
    let shares = sizing::shares(desk.limits, &room(desk, used), limit, stop);
    // The caps speak for themselves: with no room left, one share is put before them so that they name the reason.
    let order = request(desk, candidate.symbol, limit, shares.max(1))
        .ok_or_else(|| refuse(Reason::ConsumedToday, "an earlier attempt is not over".into()))?;
    let (key, order) = order;
    let approved = control::approve(order.clone(), &desk.facts(&order, used))?;
    if shares == 0 {
        return Err(refuse(Reason::TooSmall, format!("risk and caps leave less than a share at {limit}")));
    }
    Ok(Action::Submit { order: Box::new(approved), key, protective_stop: Some(stop) })
}

/// The ask plus a bounded buffer, on a tick; refused when the market has left the setup behind.
fn entry_price(desk: &Desk<'_>, candidate: &Candidate, confirmation: Confirmation) -> Result<Price, (Reason, String)> {
    let age = desk.view.now.since(confirmation.at);
    if age > desk.limits.intent_life {
        return Err((Reason::IntentExpired, format!("confirmed {} s ago", age.num_seconds())));
    }
    let quote = desk.view.quotes.get(&candidate.symbol).ok_or((Reason::NoQuote, "none, or crossed".to_owned()))?;
    if quote.bid < candidate.entry_level {
        return Err((Reason::BelowLevel, format!("bid {} below {}", quote.bid, candidate.entry_level)));
    }
    let drift = desk.limits.price_drift;
    if confirmation.price.raised_by(drift).is_none_or(|ceiling| quote.ask > ceiling) {
        return Err((Reason::PriceDrift, format!("ask {}, confirmed at {}", quote.ask, confirmation.price)));
    }
    let limit = quote.ask.raised_by(desk.limits.entry_buffer).map(Price::ceil_to_tick);
    limit.ok_or((Reason::PriceCollar, format!("no limit above an ask of {}", quote.ask)))
}

fn request(
    desk: &Desk<'_>,
    symbol: Symbol,
    limit: Price,
    shares: u32,
) -> Option<(crate::order::IntentKey, OrderRequest)> {
    let key = desk.book.next_key(desk.view.now.ny_date(), symbol, Leg::Entry)?;
    let order = OrderRequest {
        client_order_id: key.client_order_id(),
        symbol,
        side: Side::Buy,
        qty: Qty::shares(shares),
        kind: OrderKind::Limit { limit },
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    };
    Some((key, order))
}

fn room(desk: &Desk<'_>, used: Used) -> Room {
    // Without an account there is no room, and the account control says why.
    let (equity, power) =
        desk.view.account.as_ref().map_or((Usd::ZERO, Usd::ZERO), |account| (account.equity, account.buying_power));
    Room {
        equity,
        gross: desk.limits.gross_notional - used.gross,
        symbol: desk.limits.symbol_notional - used.symbol,
        buying_power: power.fraction(desk.limits.buying_power) - used.pending,
    }
}

impl Taken {
    fn of(desk: &Desk<'_>) -> Self {
        let (mut by_symbol, mut pending) = (BTreeMap::new(), Usd::ZERO);
        for position in desk.view.positions.values() {
            *by_symbol.entry(position.symbol).or_insert(Usd::ZERO) += value(position);
        }
        let opening = desk.book.intents.values().filter(|i| i.request.purpose == Purpose::Open && !i.state.is_dead());
        for intent in opening {
            let rest = intent.request.qty.minus_or_zero(desk.book.filled(intent));
            let cost = intent.request.price().map_or(Usd::ZERO, |price| price.notional(rest));
            *by_symbol.entry(intent.request.symbol).or_insert(Usd::ZERO) += cost;
            if intent.state.is_unresolved() {
                pending += cost;
            }
        }
        let foreign = desk
            .view
            .working
            .iter()
            .filter(|order| order.side == Side::Buy && !desk.book.intents.contains_key(&order.client_order_id));
        for order in foreign {
            let price = match order.kind {
                Some(OrderKind::Limit { limit: price } | OrderKind::Stop { stop: price }) => Some(price),
                Some(OrderKind::Market) | None => desk.view.quotes.get(&order.symbol).map(|quote| quote.ask),
            };
            let rest = order.qty.minus_or_zero(order.filled_qty);
            *by_symbol.entry(order.symbol).or_insert(Usd::ZERO) +=
                price.map_or(Usd::ZERO, |price| price.notional(rest));
        }
        Self { by_symbol, orders_today: desk.book.openings_on(desk.view.now.ny_date()), pending }
    }

    fn used(&self, symbol: Symbol) -> Used {
        Used {
            orders_today: self.orders_today,
            positions: self.by_symbol.len() as u32,
            has_symbol: self.by_symbol.contains_key(&symbol),
            gross: self.by_symbol.values().copied().sum(),
            symbol: self.by_symbol.get(&symbol).copied().unwrap_or_default(),
            pending: self.pending,
        }
    }

    fn add(&mut self, order: &OrderRequest) {
        let cost = order.price().map_or(Usd::ZERO, |price| price.notional(order.qty));
        *self.by_symbol.entry(order.symbol).or_insert(Usd::ZERO) += cost;
        self.orders_today += 1;
        self.pending += cost;
    }
}
