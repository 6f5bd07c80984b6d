//! Openings: candidates in order, each through its rules and the control table.
//!
//! What one step decides counts for the next candidate of the same step: positions, notional, buying power, rates.

use std::collections::BTreeMap;

use market::{Candle, NyDate, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};

use super::{Action, Candidate, Decision, Desk, Standing, value};
use crate::{
    book::{Intent, TradePlan},
    confirm::{self, Confirmation, Delays},
    control::{self, Facts, Used},
    order::{IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    phase,
    refusal::{Reason, Refusal},
    sizing::{self, Room, Setup},
};

/// Enters every candidate that confirmed and that the controls let pass.
pub(super) fn entries(desk: &Desk<'_>, decision: &mut Decision) {
    let view = desk.view;
    // Where only the clocks differ, the session may be missing because of it: the control says so.
    let skewed = view.clock_skew.is_none_or(|skew| skew.abs() > desk.limits.clock_skew);
    if !phase::is_open(view.session.as_ref(), view.now) && !skewed {
        return;
    }
    let mut step = Step::of(desk);
    for candidate in &view.candidates {
        if desk.book.is_consumed(step.date, candidate.symbol) {
            continue;
        }
        let Some(confirmed) = step.confirmed(candidate) else { continue };
        match step.enter(candidate, &confirmed) {
            Ok(action) => decision.actions.push(action),
            Err(refusal) => decision.refusals.push(refusal),
        }
    }
}

/// A confirmation, and the begin of the newest candle it was seen among.
struct Confirmed {
    confirmation: Confirmation,
    newest: Timestamp,
}

/// One decision about all candidates: what was reckoned once, and what is taken by now.
struct Step<'a> {
    desk: &'a Desk<'a>,
    date: NyDate,
    delays: Delays,
    /// Symbols that something is known of.
    standing: BTreeMap<Symbol, Standing>,
    by_symbol: BTreeMap<Symbol, Usd>,
    used: Used,
    /// Why nothing at all may be opened, once it was asked.
    shut: Option<Option<(Reason, String)>>,
}

impl<'a> Step<'a> {
    fn of(desk: &'a Desk<'a>) -> Self {
        let date = desk.view.now.ny_date();
        let openings = desk.book.openings(date);
        let within = |span: TimeDelta| {
            openings.iter().filter(|intent| desk.view.now.since(intent.recorded_at) < span).count() as u32
        };
        let used = Used {
            orders_today: openings.len() as u32,
            recent_second: within(TimeDelta::seconds(1)),
            recent_minute: within(TimeDelta::minutes(1)),
            reject_streak: desk.book.reject_streak(date),
            ..Used::default()
        };
        let delays = Delays::on(date);
        let standing = standing(desk);
        let mut step = Self { desk, date, delays, standing, by_symbol: BTreeMap::new(), used, shut: None };
        desk.view.positions.values().for_each(|position| step.take_priced(position.symbol, value(position)));
        desk.view.unseen.iter().for_each(|(symbol, cost)| {
            step.take(*symbol, *cost);
            step.used.pending += *cost;
        });
        let opening = desk.book.live().map(|(_, intent)| intent).filter(|intent| intent.is_opening());
        opening.for_each(|intent| step.take_live(intent));
        step.take_foreign();
        step
    }

    fn take(&mut self, symbol: Symbol, cost: Usd) {
        *self.by_symbol.entry(symbol).or_insert(Usd::ZERO) += cost;
        self.used.gross += cost;
        self.used.positions = self.by_symbol.len() as u32;
    }

    /// An exposure whose price is not known fills every cap.
    fn take_priced(&mut self, symbol: Symbol, cost: Option<Usd>) {
        self.take(symbol, cost.unwrap_or(Usd::ZERO));
        if cost.is_none() {
            self.used.unpriced = Some(symbol);
        }
    }

    /// What is not filled of an opening of ours, as if it were.
    fn take_live(&mut self, intent: &Intent) {
        let rest = intent.request.qty.minus_or_zero(self.desk.book.filled(intent));
        let cost = intent.request.price().map_or(Usd::ZERO, |price| price.notional(rest));
        self.take(intent.request.symbol, cost);
        if intent.state.is_unresolved() {
            self.used.pending += cost;
        }
    }

    /// Working buys of whoever else.
    fn take_foreign(&mut self) {
        let view = self.desk.view;
        let foreign = |id| self.desk.book.intent(id).is_none();
        let buys = view.working.iter().filter(|order| order.side == Side::Buy && foreign(&order.client_order_id));
        for order in buys {
            let price = match order.kind {
                Some(OrderKind::Limit { limit: price } | OrderKind::Stop { stop: price }) => Some(price),
                Some(OrderKind::Market) | None => view.quotes.get(&order.symbol).map(|quote| quote.ask),
            };
            let rest = order.qty.minus_or_zero(order.filled_qty);
            // An order for dollars has no shares to reckon with either.
            let price = price.filter(|_| !rest.is_zero());
            self.take_priced(order.symbol, price.map(|price| price.notional(rest)));
        }
    }

    /// An opening of this very step.
    fn take_decided(&mut self, order: &OrderRequest) {
        let cost = order.price().map_or(Usd::ZERO, |price| price.notional(order.qty));
        self.take(order.symbol, cost);
        self.used.orders_today += 1;
        self.used.recent_second += 1;
        self.used.recent_minute += 1;
        self.used.pending += cost;
        self.shut = None;
    }

    /// A break and hold of today whose delay has passed.
    fn confirmed(&self, candidate: &Candidate) -> Option<Confirmed> {
        let view = self.desk.view;
        let candles = view.candles.get(&candidate.symbol)?;
        if view.session.is_some_and(|session| !are_of(candles, &session)) {
            return None;
        }
        let confirmation = confirm::break_and_hold(candles, candidate.entry_level)?;
        let newest = candles.last()?.start;
        (view.now >= confirmation.at + self.delays.of(candidate.symbol)).then_some(Confirmed { confirmation, newest })
    }

    fn enter(&mut self, candidate: &Candidate, confirmed: &Confirmed) -> Result<Action, Refusal> {
        if let Some((reason, detail)) = self.why_shut(candidate) {
            return Err(self.refuse(candidate, reason, detail));
        }
        let facts = self.facts(candidate, Some(confirmed.newest));
        control::may_open(candidate.symbol, &facts)?;
        let (limit, stop) = self.prices(candidate, confirmed.confirmation, facts.quote)?;
        let setup = Setup { entry: limit, stop, distance: candidate.distance };
        let shares = sizing::shares(self.desk.limits, &self.room(candidate, facts.used), &setup);
        // The caps speak for themselves: with no room left, one share is put before them so that they name the reason.
        let (key, order) = self
            .request(candidate.symbol, limit, shares.max(1))
            .ok_or_else(|| self.refuse(candidate, Reason::ConsumedToday, "an earlier attempt is not over".into()))?;
        let id_used = self.desk.book.intent(&order.client_order_id).is_some();
        let approved = control::approve(order, &Facts { id_used, ..facts })?;
        if shares == 0 {
            let text = format!("the sizing rule leaves less than a share at {limit}");
            return Err(self.refuse(candidate, Reason::TooSmall, text));
        }
        self.take_decided(approved.get());
        let trade = TradePlan { stop, level: Some(candidate.entry_level), r1: candidate.r1, r2: candidate.r2 };
        Ok(Action::Submit { order: Box::new(approved), key, trade: Some(trade) })
    }

    /// Asked once, and again when an opening was decided: nothing else changes within a step.
    fn why_shut(&mut self, candidate: &Candidate) -> Option<(Reason, String)> {
        if let Some(known) = &self.shut {
            return known.clone();
        }
        let shut = control::why_shut(&self.facts(candidate, None));
        self.shut = Some(shut.clone());
        shut
    }

    /// The limit, and the stop the position will have.
    fn prices(
        &self,
        candidate: &Candidate,
        confirmation: Confirmation,
        quote: Option<Quote>,
    ) -> Result<(Price, Price), Refusal> {
        let limit = entry_price(self.desk, candidate, confirmation, quote);
        let limit = limit.map_err(|(reason, detail)| self.refuse(candidate, reason, detail))?;
        let stop = candidate.structural_stop.unwrap_or(candidate.stop_loss).floor_to_tick();
        let risk = limit.minus(stop);
        if risk <= Usd::ZERO || risk > self.desk.limits.risk_per_share {
            let text = format!("{risk} a share between {limit} and {stop}");
            return Err(self.refuse(candidate, Reason::RiskTooWide, text));
        }
        Ok((limit, stop))
    }

    fn facts(&self, candidate: &Candidate, newest_candle: Option<Timestamp>) -> Facts<'a> {
        let symbol = candidate.symbol;
        let taken = self.by_symbol.get(&symbol);
        let used = Used { has_symbol: taken.is_some(), symbol: taken.copied().unwrap_or_default(), ..self.used };
        let standing = Standing { newest_candle, ..self.standing.get(&symbol).cloned().unwrap_or_default() };
        Facts { average_volume: candidate.average_volume, ..self.desk.situation(symbol, standing, used) }
    }

    fn room(&self, candidate: &Candidate, used: Used) -> Room {
        let limits = self.desk.limits;
        // Without an account there is no room, and the account control says why.
        let account = self.desk.view.account.as_ref();
        let (equity, power) = account.map_or((Usd::ZERO, Usd::ZERO), |account| (account.equity, account.buying_power));
        Room {
            equity,
            gross: limits.gross_notional - used.gross,
            symbol: limits.symbol_notional - used.symbol,
            buying_power: power.fraction(limits.buying_power) - used.pending,
            average_volume: candidate.average_volume,
        }
    }

    fn request(&self, symbol: Symbol, limit: Price, shares: u32) -> Option<(IntentKey, OrderRequest)> {
        let key = self.desk.book.next_key(self.date, symbol, Leg::Entry)?;
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

    fn refuse(&self, candidate: &Candidate, reason: Reason, detail: String) -> Refusal {
        Refusal { at: self.desk.view.now, symbol: candidate.symbol, purpose: Purpose::Open, reason, detail }
    }
}

/// How every symbol stands that an order, a live intent or a finding is of.
fn standing(desk: &Desk<'_>) -> BTreeMap<Symbol, Standing> {
    let live = desk.book.live().map(|(_, intent)| intent.request.symbol);
    let working = desk.view.working.iter().map(|order| order.symbol);
    let found = desk.view.findings.iter().map(|(symbol, _)| *symbol);
    let stand = |symbol| {
        let (blocked, held_for_orders) = (desk.blocked(symbol), desk.sells(symbol).total());
        (symbol, Standing { blocked, held_for_orders, ..Standing::default() })
    };
    let symbols: std::collections::BTreeSet<Symbol> = live.chain(working).chain(found).collect();
    symbols.into_iter().map(stand).collect()
}

/// Candles before the open or beyond the close are of no session, and say nothing about today's.
fn are_of(candles: &[Candle], session: &Session) -> bool {
    candles.first().is_some_and(|first| first.start >= session.open)
        && candles.last().is_some_and(|last| last.start < session.close)
}

/// The ask plus a bounded buffer, on a tick; refused when the market has left the setup behind.
fn entry_price(
    desk: &Desk<'_>,
    candidate: &Candidate,
    confirmation: Confirmation,
    quote: Option<Quote>,
) -> Result<Price, (Reason, String)> {
    let age = desk.view.now.since(confirmation.at);
    if age > desk.limits.intent_life {
        return Err((Reason::IntentExpired, format!("confirmed {} s ago", age.num_seconds())));
    }
    let quote = quote.ok_or((Reason::NoQuote, "none, or crossed".to_owned()))?;
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
