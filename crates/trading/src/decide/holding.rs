//! A position with everything its protection is decided by: what covers it, what was recorded of it, what the market does.
//!
//! The market may be missing: then there is no price, nothing moves, and the stop that stands is the stop that is wanted.

use market::{Price, Qty, Symbol, Timestamp};

use super::{
    Coverage, Desk,
    cover::{Cover, whole},
};
use crate::{
    order::{Leg, OrderKind},
    phase::{self, Phase},
    reconcile::Finding,
    report::{OrderReport, PositionReport},
    stops::{self, Desired, Situation, Trade},
    targets,
};

/// A long position.
pub(super) struct Holding<'a> {
    pub(super) desk: &'a Desk<'a>,
    pub(super) position: &'a PositionReport,
    pub(super) cover: Cover<'a>,
    /// Our executions make up what the broker holds. When they do not, a split or another hand was at work: prices that
    /// were recorded mean nothing then, so none is moved and nothing is sold on a guess.
    pub(super) explained: bool,
    pub(super) trade: Trade,
    pub(super) situation: Situation<'a>,
}

impl<'a> Holding<'a> {
    pub(super) fn of(desk: &'a Desk<'a>, position: &'a PositionReport) -> Self {
        let symbol = position.symbol;
        let differs = |finding: &Finding| matches!(finding, Finding::QuantityMismatch { .. });
        let agrees = !desk.view.findings.iter().any(|(of, finding)| *of == symbol && differs(finding));
        // Orders and positions are told sooner than executions: an entry of ours that is big enough explains it too.
        let explained =
            agrees || desk.book.entry_awaited(symbol).is_some_and(|entry| position.qty <= entry.request.qty);
        let cover = Cover::of(desk, symbol);
        let trade = trade(desk, position, &cover, explained);
        let situation = situation(desk, &trade, symbol, explained);
        Self { desk, position, cover, explained, trade, situation }
    }

    pub(super) fn symbol(&self) -> Symbol {
        self.position.symbol
    }

    /// The stop this position should have; `None` when nothing tells a price.
    pub(super) fn desired(&self) -> Option<Desired> {
        stops::desired(&self.trade, &self.situation, &self.desk.limits.stops)
    }

    /// Shares that stops of ours should protect.
    pub(super) fn wanted(&self) -> Qty {
        self.cover.wanted(self.position)
    }

    /// Held, and protected or being sold.
    pub(super) fn coverage(&self) -> Coverage {
        Coverage { held: whole(self.position.qty), protected: self.cover.protected() }
    }

    /// Whether the cover was the same at the last look: orders and positions are not read in one instant.
    pub(super) fn stands_twice(&self) -> bool {
        self.desk.view.misfits_before.get(&self.symbol()) == Some(&self.coverage())
    }

    /// The market trades at or below a stop already, by a fresh quote: an order there would be refused or fire at once.
    /// One wide quote is not the market: the broker's latest price says the same, or it stands for two looks.
    pub(super) fn is_through(&self, stop: Price) -> bool {
        let latest = self.position.current_price;
        fresh_bid(self.desk, self.symbol()).is_some_and(|bid| bid <= stop)
            && (latest.is_none_or(|latest| latest <= stop) || self.stands_twice())
    }

    /// A stop may be put there: by our own executions, or, for a size that they do not explain (a split, another hand),
    /// because every price that is known lies above it. A stop above the market sells at once.
    pub(super) fn may_stand_at(&self, stop: Price) -> bool {
        let bid = fresh_bid(self.desk, self.symbol());
        self.explained || bid.into_iter().chain(self.position.current_price).min().is_some_and(|lowest| lowest > stop)
    }
}

/// The price a stop of ours has in today's shares. One that was sent before a split and that the broker left as it was
/// is read in the old shares; one that the broker adjusted is believed.
pub(super) fn standing_price(desk: &Desk<'_>, order: &OrderReport, explained: bool) -> Option<Price> {
    let shown = shown_price(order)?;
    let intent = desk.book.intent(&order.client_order_id);
    let untouched = intent.filter(|intent| explained && intent.request.price() == Some(shown));
    // By the broker's clock, which splits go by: ours may have stood before the split when the order was recorded after it.
    // A price the broker made itself may lie between two ticks, and no order of ours may.
    let price = untouched.map_or(shown, |_| adjusted(desk, order.symbol, shown, order.submitted_at));
    Some(price.floor_to_tick())
}

/// The stop price the broker shows.
pub(super) fn shown_price(order: &OrderReport) -> Option<Price> {
    match order.kind? {
        OrderKind::Stop { stop } => Some(stop),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    }
}

fn adjusted(desk: &Desk<'_>, symbol: Symbol, price: Price, at: Timestamp) -> Price {
    desk.book.tapes().get(&symbol).map_or(price, |tape| tape.adjusted(price, at)).floor_to_tick()
}

fn trade(desk: &Desk<'_>, position: &PositionReport, cover: &Cover<'_>, explained: bool) -> Trade {
    let symbol = position.symbol;
    let recorded = desk.book.trade(symbol);
    let plan = recorded.as_ref().and_then(|trade| trade.plan);
    let opened_at = recorded.as_ref().map_or(desk.view.now, |trade| trade.opened_at);
    // A trim that works and has sold nothing yet was not made: it may still die.
    let unsold = |leg| {
        let mut live = desk.book.live_of(symbol).map(|(_, intent)| intent);
        live.any(|intent| intent.key.leg == leg && desk.book.filled(intent).is_zero())
    };
    let trimmed = |leg| recorded.as_ref().is_some_and(|trade| trade.trims.contains(&leg)) && !unsold(leg);
    let at_broker = cover.stops.iter().filter_map(|order| standing_price(desk, order, explained)).max();
    let last = || {
        let intent = recorded.as_ref().and_then(|trade| desk.book.latest(symbol, Leg::Stop, trade.opened_at))?;
        Some(adjusted(desk, symbol, intent.request.price()?, intent.recorded_at))
    };
    Trade {
        initial_stop: plan.map(|plan| plan.stop),
        in_force: at_broker.or_else(last),
        average_entry: recorded.as_ref().and_then(|trade| trade.average_entry).or(position.avg_entry_price),
        level: plan.and_then(|plan| plan.level),
        r1: plan.and_then(|plan| plan.r1),
        r2: plan.and_then(|plan| plan.r2),
        trimmed_first: trimmed(Leg::Trim1),
        trimmed_second: trimmed(Leg::Trim2),
        shares: position.qty.whole_shares(),
        opened_at,
    }
}

fn situation<'a>(desk: &'a Desk<'a>, trade: &Trade, symbol: Symbol, explained: bool) -> Situation<'a> {
    let view = desk.view;
    let price = fresh_bid(desk, symbol).filter(|_| explained);
    let candles = view.candles.get(&symbol).map_or(&[][..], Vec::as_slice);
    let candidate = view.candidates.iter().find(|candidate| candidate.symbol == symbol);
    let unarmed = Situation {
        now: view.now,
        phase: view.hours.map_or(Phase::Closed, |session| Phase::at(&session, view.now)),
        price,
        candles,
        structural: candidate.and_then(|candidate| candidate.structural_stop),
        high_water: stops::high_water(trade.opened_at, candles, price),
        exits_armed: false,
    };
    Situation { exits_armed: targets::is_armed(trade, &unarmed, desk.limits.exit_arming), ..unarmed }
}

/// The bid of a fresh quote while the market is open by our own calendar: a market that is through a stop must be left
/// even while broker and calendar disagree about the time.
fn fresh_bid(desk: &Desk<'_>, symbol: Symbol) -> Option<Price> {
    let view = desk.view;
    let quote = view.quotes.get(&symbol).filter(|quote| view.now.since(quote.at).abs() <= desk.limits.quote_age)?;
    phase::is_open(view.hours.as_ref(), view.now).then_some(quote.bid)
}
