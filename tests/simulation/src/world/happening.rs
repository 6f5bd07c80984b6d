//! Happenings: what the operator, strangers, the exchange and the clock do, unasked.

use market::{Price, Qty, TimeDelta};
use trading::{
    control::Kill,
    engine::Event,
    order::{OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    outcome::SubmitOutcome,
};

use super::{World, driver::LAST_CYCLES, say};
use crate::{
    fault::Fault,
    tally::Count,
    venue::{Happening, SHARE, State},
};

impl World {
    /// Now and then something happens; that was the step.
    pub(super) fn happen(&mut self) -> bool {
        let what = self.operator_dice.below(8_000);
        let fault = match what {
            0..=46 => Fault::Kill,
            47..=152 => Fault::Gate,
            153..=186 => Fault::Clock,
            187..=200 => Fault::Manual,
            201..=208 => Fault::Foreign,
            209..=214 => Fault::Stop,
            215..=230 => Fault::Halt,
            231..=238 => Fault::Gap,
            239..=246 => Fault::Status,
            _ => return false,
        };
        // Drawn before it is asked whether the kind is in the run: what is taken away changes nothing else.
        let (symbol, way, part) = (
            self.operator_dice.below(self.venue.paths.len() as u64) as usize,
            self.operator_dice.below(12),
            self.operator_dice.between(1, 3_600),
        );
        if !self.faults.has(fault) {
            return false;
        }
        match what {
            0..=2 => self.latch(way),
            3..=46 => self.clear(),
            47..=52 => self.lose_gate(),
            53..=152 => self.gate_open = true,
            153..=158 => self.jump(way, part),
            159..=186 => {
                self.move_clock(TimeDelta::zero());
            }
            187..=200 => self.by_hand(symbol, way, part),
            201..=208 => self.stranger(symbol, part),
            209..=214 => self.ask_to_end(),
            215..=230 => self.halt(symbol, part),
            231..=238 => self.shock(symbol, way),
            _ => self.oddity(),
        }
        true
    }

    fn latch(&mut self, way: u64) {
        let (level, count) = match way {
            0..=4 => (Kill::Entries, Count::KillEntries),
            5..=8 => (Kill::Cancel, Count::KillCancel),
            _ => (Kill::Flatten, Count::KillFlatten),
        };
        self.kill = self.kill.max(Some(level));
        self.tally.add(count);
        self.check.killed();
        say!(self, "KILL {level:?}");
    }

    fn clear(&mut self) {
        self.kill = None;
        self.check.killed();
        say!(self, "kill switch clear");
    }

    fn lose_gate(&mut self) {
        self.gate_open = false;
        self.tally.add(Count::GateLost);
        say!(self, "the gate closes");
    }

    fn jump(&mut self, way: u64, part: i64) {
        let span = match way {
            0..=3 => TimeDelta::seconds(part),
            4..=5 => TimeDelta::milliseconds(part),
            6..=9 => -TimeDelta::seconds(part),
            _ => -TimeDelta::milliseconds(part),
        };
        self.move_clock(span);
        self.tally.add(if way < 6 { Count::ClockForward } else { Count::ClockBack });
    }

    /// A jump forward makes a request look older than it is: the driver, whose steady clock shows it, says so.
    fn move_clock(&mut self, offset: TimeDelta) {
        let forward = offset > self.offset;
        self.offset = offset;
        say!(self, "our clock is {} ms off", offset.num_milliseconds());
        let now = self.clock();
        if let Some(process) = self.process.as_mut().filter(|_| forward) {
            process.core.handle(Event::ClockSet, now);
        }
    }

    fn ask_to_end(&mut self) {
        if let Some(process) = self.process.as_mut().filter(|process| process.ending.is_none()) {
            process.ending = Some(LAST_CYCLES);
            say!(self, "SIGTERM");
        }
    }

    fn halt(&mut self, symbol: usize, part: i64) {
        if self.venue.is_open() {
            self.tally.add(Count::Halts);
            self.venue.paths[symbol].halted_until = Some(self.venue.now + TimeDelta::seconds(300 + part));
            say!(self, "{} halted for {} s", self.venue.paths[symbol].symbol, 300 + part);
        }
    }

    fn shock(&mut self, symbol: usize, way: u64) {
        if self.venue.is_open() {
            let part = [-0.12, -0.06, -0.03, 0.03, 0.05][way as usize % 5];
            self.venue.paths[symbol].jump(part);
            say!(self, "{} jumps to {}", self.venue.paths[symbol].symbol, self.venue.paths[symbol].last());
        }
    }

    /// An order of ours is told with a status nobody knows, until it is told so no more.
    fn oddity(&mut self) {
        if let Some(index) = self.venue.open.last().copied() {
            let order = &mut self.venue.orders[index];
            order.odd = !order.odd;
            self.disturb();
        }
    }

    fn disturb(&mut self) {
        if let Some(process) = &mut self.process {
            process.cycle.disturbed = true;
            process.cycle.healthy = false;
        }
    }

    /// The operator buys, sells, cancels and places a stop, by hand.
    fn by_hand(&mut self, symbol: usize, way: u64, part: i64) {
        self.disturb();
        self.tally.add(Count::Manual);
        let held = self.venue.holdings[symbol].shares / SHARE;
        say!(self, "BY HAND {} way {way}", self.venue.paths[symbol].symbol);
        match way {
            0..=2 => self.place(symbol, Side::Buy, 1 + part % 20, OrderKind::Market),
            3..=6 => self.cancel_sells(symbol),
            7..=8 => {
                self.cancel_sells(symbol);
                self.place(symbol, Side::Sell, held.min(1 + part % 20), OrderKind::Market);
            }
            9 => {
                self.cancel_sells(symbol);
                self.place(symbol, Side::Sell, held, OrderKind::Market);
            }
            _ => {
                self.cancel_sells(symbol);
                let stop = Price::from_units(self.venue.paths[symbol].last().units() * 97 / 100);
                let stop = stop.map_or(self.venue.paths[symbol].bid(), Price::floor_to_tick);
                self.place(symbol, Side::Sell, held, OrderKind::Stop { stop });
            }
        }
    }

    /// Somebody else's buy works in the account.
    fn stranger(&mut self, symbol: usize, part: i64) {
        self.disturb();
        self.tally.add(Count::Foreign);
        let limit = Price::from_units(self.venue.paths[symbol].last().units() * (10_000 - part % 300) / 10_000);
        let limit = limit.map_or(self.venue.paths[symbol].bid(), Price::floor_to_tick);
        self.place(symbol, Side::Buy, 1 + part % 7, OrderKind::Limit { limit });
    }

    fn cancel_sells(&mut self, symbol: usize) {
        let ids: Vec<_> = self.venue.binding(symbol, Side::Sell).map(|order| order.id.clone()).collect();
        for id in ids {
            self.venue.cancel(&id);
        }
    }

    fn place(&mut self, symbol: usize, side: Side, shares: i64, kind: OrderKind) {
        self.by_hand += 1;
        let order = OrderRequest {
            client_order_id: format!("hand-{}", self.by_hand).parse().expect("visible ASCII"),
            symbol: self.venue.paths[symbol].symbol,
            side,
            qty: Qty::shares(shares.max(0) as u32),
            kind,
            time_in_force: TimeInForce::Day,
            purpose: if side == Side::Buy { Purpose::Open } else { Purpose::Reduce },
        };
        let outcome = self.venue.submit(&order, None);
        let taken = matches!(outcome, SubmitOutcome::Accepted(_));
        say!(self, "  by hand: {side} {shares} {kind}, taken {taken}");
    }

    /// Counts what happened at the venue since the last step.
    pub(super) fn settle_accounts(&mut self) {
        let mut happened = std::mem::take(&mut self.venue.happened);
        happened.drain(..).for_each(|happening| self.count_happening(happening));
        // The room is kept: this runs after every step.
        self.venue.happened = happened;
    }

    fn count_happening(&mut self, happening: Happening) {
        match happening {
            Happening::Filled { order, qty, price, crossing, left } => {
                let order = &self.venue.orders[order];
                let (symbol, ours, side, filled) = (order.symbol, order.ours.is_some(), order.side, order.filled);
                let hit = (order.is_stop() && ours).then(|| order.limit()).flatten();
                let whole = filled == order.qty;
                say!(self, "FILL {} {} {} at {price}", order.client, order.side, qty as f64 / SHARE as f64);
                if crossing {
                    self.tally.add(Count::Crossings);
                }
                if let Some(stop) = hit {
                    self.tally.add(Count::StopsHit);
                    if price.units() * 100 <= stop.units() * 99 {
                        self.tally.add(Count::StopsGapped);
                    }
                }
                if ours && side == Side::Buy {
                    self.tally.add(Count::EntryFills);
                    if !whole {
                        self.tally.add(Count::PartialEntries);
                    }
                }
                if left == 0 {
                    self.check.flat(symbol);
                }
                if self.venue.fills.last().is_some_and(|fill| fill.visible > self.venue.now) {
                    self.tally.add(Count::LateReports);
                }
            }
            Happening::Ended { order, state } => {
                let order = &self.venue.orders[order];
                say!(self, "{} {} is {state:?}", order.client, order.id);
                let entry = order.ours.is_some() && order.side == Side::Buy;
                match state {
                    State::Expired => self.tally.add(Count::Expired),
                    State::Canceled if entry => self.tally.add(Count::EntriesCanceled),
                    State::Accepted
                    | State::New
                    | State::PendingCancel
                    | State::PendingReplace
                    | State::Waiting
                    | State::Filled
                    | State::Canceled
                    | State::Replaced
                    | State::Rejected => {}
                }
            }
            Happening::Swapped { old, new } => {
                if self.venue.orders[new].limit() > self.venue.orders[old].limit() {
                    self.tally.add(Count::Raises);
                }
            }
            Happening::SwapRefused { .. } => self.tally.add(Count::ReplacementsRefused),
            Happening::Landed { accepted } => say!(self, "a late request lands, accepted {accepted}"),
            Happening::Aged { .. } => self.tally.add(Count::Aged),
            Happening::CarriedOn { order } => {
                self.tally.add(Count::CarriedOn);
                say!(self, "{} has the place of another", self.venue.orders[order].client);
            }
            Happening::PaidInLieu { symbol } => {
                self.tally.add(Count::PaidInLieu);
                say!(self, "cash for a part of a share of {}", self.venue.paths[symbol].symbol);
            }
        }
    }
}
