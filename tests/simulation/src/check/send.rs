//! Before a send, and at every record.

use market::{Bps, TimeDelta, Usd};
use trading::{
    order::{OrderKind, OrderRequest, Purpose, Replacement, Side},
    record::Record,
    state::OrderState,
};

use crate::{
    breach::{Breach, Invariant},
    venue::{Order, value},
    world::World,
};

/// What rounding may add up to, in 1/10,000 dollar.
const SLACK: i64 = 1_000;

impl World {
    pub(crate) fn check_send(&mut self, order: &OrderRequest, replacement: Option<&Replacement>) -> Result<(), Breach> {
        self.check_recorded(order)?;
        let id = &order.client_order_id;
        Breach::unless(self.check.sent.insert(id.clone()), Invariant::NeverResent, || id.to_string())?;
        self.check_attempt(order, replacement)?;
        let symbol = self.venue.paths.iter().position(|path| path.symbol == order.symbol).unwrap_or(0);
        match order.purpose {
            Purpose::Open => self.check_opening(order, symbol),
            Purpose::Reduce | Purpose::Protect | Purpose::Flatten => self.check_closing(order, symbol, replacement),
        }
    }

    fn check_recorded(&self, order: &OrderRequest) -> Result<(), Breach> {
        let id = &order.client_order_id;
        let intent = self.ledger.book().intent(id);
        Breach::unless(intent.is_some_and(|intent| intent.request == *order), Invariant::Recorded, || {
            format!("{id} is sent, and the ledger has {intent:?}")
        })?;
        let derived = intent.is_some_and(|intent| intent.key.client_order_id() == *id);
        Breach::unless(derived, Invariant::Derived, || format!("{id} of {:?}", intent.map(|intent| &intent.key)))
    }

    fn check_attempt(&self, order: &OrderRequest, replacement: Option<&Replacement>) -> Result<(), Breach> {
        let book = self.ledger.book();
        let Some(leg) = book.intent(&order.client_order_id).map(|intent| intent.key.leg) else { return Ok(()) };
        let replaced = replacement.map(|replacement| &replacement.replaced_id);
        let other = book
            .live_of(order.symbol)
            .find(|(id, intent)| intent.key.leg == leg && **id != order.client_order_id && Some(*id) != replaced);
        Breach::unless(other.is_none(), Invariant::OneAttempt, || {
            format!("{} is sent while {:?} is not durably dead", order.client_order_id, other.map(|(id, _)| id))
        })
    }

    fn check_opening(&mut self, order: &OrderRequest, symbol: usize) -> Result<(), Breach> {
        let now = self.clock();
        let id = &order.client_order_id;
        Breach::unless(self.kill.is_none(), Invariant::Killed, || format!("{id} at level {:?}", self.kill))?;
        let date = self.ledger.book().intent(id).map(|intent| intent.key.date);
        if let Some(date) = date {
            let before = self.check.entries.insert((order.symbol, date), id.clone());
            Breach::unless(before.is_none(), Invariant::OneEntry, || format!("{id} after {before:?}"))?;
        }
        let past = self.check.is_past(now);
        Breach::unless(!past, Invariant::Time, || format!("{id} at {now}, lived up to {}", self.check.high_water))?;
        let Some(process) = &self.process else { return Ok(()) };
        let cycle = &process.cycle;
        let may = cycle.may_open && process.ending.is_none();
        Breach::unless(may, Invariant::Authority, || format!("{id} without authority"))?;
        let skewed = cycle.skew.is_none_or(|skew| skew.abs() > self.setup.limits.clock_skew);
        Breach::unless(!skewed, Invariant::Time, || format!("{id} with clocks {:?} apart", cycle.skew))?;
        let disturbed = cycle.disturbed;
        self.check_window(order)?;
        self.check_throttle(order)?;
        if disturbed { Ok(()) } else { self.check_caps(order, symbol) }
    }

    fn check_window(&self, order: &OrderRequest) -> Result<(), Breach> {
        let cycle = self.process.as_ref().map(|process| &process.cycle);
        let inside = cycle.and_then(|cycle| Some((cycle.session?, cycle.managed_at?))).is_some_and(|(session, at)| {
            let first = session.open + self.setup.limits.entry_delay.max(TimeDelta::minutes(15));
            first <= at && at <= session.close - TimeDelta::minutes(30)
        });
        Breach::unless(inside, Invariant::Window, || order.client_order_id.to_string())
    }

    fn check_throttle(&mut self, order: &OrderRequest) -> Result<(), Breach> {
        let now = self.clock();
        let minute = now - TimeDelta::seconds(60);
        self.check.openings.retain(|at| *at > minute);
        self.check.openings.push_back(now);
        let (sent, limit) = (self.check.openings.len(), self.setup.limits.sends_per_minute);
        Breach::unless(sent as u64 <= u64::from(limit), Invariant::Caps, || {
            format!("{}: {sent} sends within a minute, limit {limit}", order.client_order_id)
        })
    }

    /// Positions at the price the core was told, at cost where they grew since; entries of ours, working, on their way or of
    /// unknown outcome, as filled at their limit; this one too.
    fn check_caps(&self, order: &OrderRequest, symbol: usize) -> Result<(), Breach> {
        let limits = &self.setup.limits;
        let mut taken = vec![0_i64; self.venue.paths.len()];
        let Some(process) = &self.process else { return Ok(()) };
        for (index, holding) in self.venue.holdings.iter().enumerate() {
            let (told, price) = process.cycle.told[index];
            let seen = told.min(holding.shares);
            let average = if holding.shares > 0 { (holding.cost / i128::from(holding.shares)) as i64 } else { 0 };
            taken[index] += notional(seen, price) + notional(holding.shares - seen, average);
        }
        for intent in self.ledger.book().live().map(|(_, intent)| intent).filter(|intent| intent.is_opening()) {
            let Some(index) = self.venue.paths.iter().position(|path| path.symbol == intent.request.symbol) else {
                continue;
            };
            let filled = self.venue.order(&intent.request.client_order_id).map_or(0, |order| order.filled);
            let over = self.venue.order(&intent.request.client_order_id).is_some_and(|order| order.state.is_over());
            let rest = if over { 0 } else { intent.request.qty.units() - filled };
            taken[index] += intent.request.price().map_or(0, |price| value(rest, price));
        }
        let id = &order.client_order_id;
        let within = |used: i64, limit: Usd, what: &str| {
            Breach::unless(used <= limit.units().saturating_add(SLACK), Invariant::Caps, || {
                format!("{id}: {what} {}, limit {limit}", Usd::from_units(used))
            })
        };
        within(taken[symbol], limits.symbol_notional, "symbol")?;
        within(taken.iter().sum(), limits.gross_notional, "gross")?;
        let positions = taken.iter().filter(|used| **used > 0).count();
        Breach::unless(positions as u64 <= u64::from(limits.positions), Invariant::Caps, || {
            format!("{id}: {positions} positions, limit {}", limits.positions)
        })?;
        let date = self.ledger.book().intent(id).map(|intent| intent.key.date);
        let today = date.map_or(0, |date| self.ledger.book().openings(date).len());
        Breach::unless(today as u64 <= u64::from(limits.orders_per_day), Invariant::Caps, || {
            format!("{id}: {today} orders today, limit {}", limits.orders_per_day)
        })?;
        let (equity, last) = process.cycle.equity.unwrap_or_default();
        let floor = last - part(last, limits.daily_loss);
        Breach::unless(equity > floor, Invariant::Caps, || format!("{id}: equity {equity} at or below {floor}"))?;
        let allowed = limits.allowlist.is_empty() || limits.allowlist.contains(&order.symbol);
        Breach::unless(allowed, Invariant::Caps, || format!("{id} is not on the list"))
    }

    fn check_closing(
        &mut self,
        order: &OrderRequest,
        symbol: usize,
        replacement: Option<&Replacement>,
    ) -> Result<(), Breach> {
        let id = &order.client_order_id;
        Breach::unless(order.side == Side::Sell, Invariant::NeverOversold, || format!("{id} buys"))?;
        let cycle = self.process.as_ref().map(|process| &process.cycle);
        // By the broker's id: after a split a successor lies there, under a client order id of the venue's.
        let replaced = replacement.and_then(|replacement| self.venue.order_at(&replacement.replaces));
        // What the core was told is what is true: then it offers no more than is free.
        if cycle.is_some_and(|cycle| cycle.version == self.venue.version && cycle.healthy && !cycle.disturbed) {
            let freed = replaced.filter(|order| order.binds()).map_or(0, Order::rest);
            let free = self.venue.holdings[symbol].shares - self.venue.spoken_for(symbol) + freed;
            Breach::unless(order.qty.units() <= free, Invariant::NeverOversold, || {
                format!("{id} offers {}, {free} are free, in 1e-9", order.qty)
            })?;
        }
        let OrderKind::Stop { stop } = order.kind else { return Ok(()) };
        // One wide quote is not the market: the broker's latest price counts as well.
        let (bid, latest) = cycle.map_or((0, 0), |cycle| (cycle.bids[symbol], cycle.told[symbol].1));
        // One that takes the place of a stop at the same price changes no risk.
        let stays = replaced.is_some_and(|order| order.limit() == Some(stop));
        Breach::unless(stays || bid == 0 || stop.units() < bid.max(latest), Invariant::BelowMarket, || {
            format!("{id} at {stop}, told were a bid of {} and {}", Usd::from_units(bid), Usd::from_units(latest))
        })?;
        let highest = self.check.highest[symbol];
        Breach::unless(highest.is_none_or(|highest| highest <= stop.units()), Invariant::NeverLowered, || {
            format!("{id} at {stop}, a stop lay at {}", Usd::from_units(highest.unwrap_or(0)))
        })
    }

    pub(crate) fn check_record(&mut self, record: &Record) -> Result<(), Breach> {
        let change = match record {
            Record::Change(change) => change,
            Record::Intent(_) | Record::Note { .. } | Record::Execution(_) | Record::Split(_) | Record::Refusal(_) => {
                return Ok(());
            }
        };
        if !change.to.is_dead() {
            return Ok(());
        }
        let there = self.venue.order(&change.id);
        let alive = there.is_some_and(|order| !order.state.is_over());
        // The order that is being replaced is over for us with the replacement's acceptance; the venue swaps in one step.
        let swapping = change.to == OrderState::Replaced;
        let can_live = self.venue.is_flying(&change.id) || (alive && !swapping);
        Breach::unless(!can_live, Invariant::NeverDeclaredDead, || {
            format!("{} is declared {:?}, the venue has {:?}", change.id, change.to, there.map(|order| order.state))
        })
    }
}

fn notional(shares: i64, price: i64) -> i64 {
    (i128::from(shares) * i128::from(price) / i128::from(crate::venue::SHARE)) as i64
}

fn part(amount: i64, bps: Bps) -> i64 {
    (i128::from(amount) * i128::from(bps.get()) / 10_000) as i64
}
