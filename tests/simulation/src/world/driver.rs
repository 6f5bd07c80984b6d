//! The driver, as the shell is one: look, protect, manage, wait; each event fed, each effect performed, one a step.

use std::collections::BTreeMap;

use market::{Quote, Symbol, TimeDelta, Timestamp};
use trading::{
    agreement,
    control::Authority,
    engine::{Core, Event, Market, Moment, Surroundings},
    order::{OrderKind, Side},
    phase,
    reconcile::{self, Reported},
    report::{MarketClock, OrderReport},
};

use super::{Cycle, Process, Stage, World, say};
use crate::{breach::Breach, fault::Fault, tally::Count};

/// Cycles of a process that was asked to end.
pub(super) const LAST_CYCLES: u32 = 40;

impl World {
    /// A process that is down: time passes, or it starts.
    pub(super) fn start(&mut self) {
        if self.venue.now < self.starts_at {
            let left = self.starts_at.since(self.venue.now);
            return self.pass(left.min(TimeDelta::hours(6)));
        }
        let core = Core::new(self.ledger.book().clone(), self.setup.limits.clone(), self.clock());
        self.tally.add(Count::Starts);
        if self.venue.holdings.iter().any(|held| held.shares != 0) {
            self.tally.add(Count::StartsHolding);
        }
        say!(self, "START");
        self.check.started(self.clock());
        self.process = Some(Process {
            core,
            stage: Stage::Look,
            answer: None,
            polling: false,
            ending: None,
            cycle: Cycle::default(),
            last_orders: Vec::new(),
        });
    }

    /// One step of the process.
    pub(super) fn drive(&mut self) -> Result<(), Breach> {
        if self.process_dice.chance(8) && self.faults.has(Fault::Crash) {
            self.crash(Count::CrashElsewhere);
            return Ok(());
        }
        let now = self.clock();
        let Some(process) = &mut self.process else { return Ok(()) };
        if let Some(event) = process.answer.take() {
            self.check.saw(now);
            process.core.handle(event, now);
            return Ok(());
        }
        if process.polling {
            let no_openings = process.ending.map(|_| "SIGTERM".to_owned());
            self.check.saw(now);
            match process.core.poll(&Moment { now, kill: self.kill, no_openings }) {
                Some(effect) => return self.perform(effect),
                None => process.polling = false,
            }
        }
        match process.stage {
            Stage::Waiting(until) => {
                if self.venue.now >= until {
                    process.stage = Stage::Look;
                } else {
                    // A wait is made of a few steps, so that things happen within it.
                    let left = until.since(self.venue.now);
                    let part = left.min(TimeDelta::minutes(10).max(left / 2));
                    self.pass(part);
                }
            }
            Stage::Look => self.look(),
            Stage::Protect => self.protect(),
            Stage::Manage => self.manage(),
            Stage::End => return self.end_cycle(),
        }
        Ok(())
    }

    fn feed(&mut self, event: Event, now: Timestamp, then: Stage) {
        self.check.saw(now);
        if let Some(process) = &mut self.process {
            process.core.handle(event, now);
            process.polling = true;
            process.stage = then;
        }
    }

    /// Orders, positions and executions, one after the other: the market does not stand still in between.
    fn look(&mut self) {
        let now = self.clock();
        let symbols = self.venue.paths.len();
        let mut cycle = Cycle { healthy: true, ..Cycle::default() };
        (cycle.told, cycle.bids) = (vec![(0, 0); symbols], vec![0; symbols]);
        if self.strikes(Fault::Read, 150) {
            self.tally.add(Count::FailedLooks);
            say!(self, "the look fails");
            return self.wait(self.setup.pace.tight);
        }
        cycle.version = self.venue.version;
        let orders = self.orders(&mut cycle);
        self.latency();
        let positions = self.venue.positions();
        for (symbol, path) in self.venue.paths.iter().enumerate() {
            cycle.told[symbol] = (self.venue.holdings[symbol].shares, path.last().units());
        }
        self.latency();
        let after = self.process.as_ref().map_or(now, |process| reconcile::executions_from(process.core.book(), now));
        cycle.read_at = Some(self.venue.now);
        let mut executions = self.venue.executions(after);
        if self.strikes(Fault::Shuffled, 300) && !executions.is_empty() {
            let twice = executions.clone();
            executions.extend(twice);
            executions.reverse();
        }
        let told = |(_, announced): &(&_, &Timestamp)| **announced <= self.venue.now;
        let splits = self.venue.splits.iter().zip(&self.announced).filter(told).map(|(split, _)| split).cloned();
        let said = Reported { orders, executions, positions, splits: splits.collect(), ..Reported::default() };
        say!(
            self,
            "LOOK {} orders, {} positions, {} executions",
            said.orders.len(),
            said.positions.len(),
            said.executions.len()
        );
        if let Some(process) = &mut self.process {
            process.cycle = cycle;
        }
        self.feed(Event::Look(Box::new(said)), now, Stage::Protect);
    }

    fn orders(&mut self, cycle: &mut Cycle) -> Vec<OrderReport> {
        let mut orders = self.venue.working();
        if self.strikes(Fault::Missing, 200) {
            let recent = self.venue.now - TimeDelta::seconds(10);
            let before = orders.len();
            orders.retain(|order| order.submitted_at < recent);
            cycle.healthy &= orders.len() == before;
        }
        let stale = self.strikes(Fault::Stale, 100);
        let Some(process) = &mut self.process else { return orders };
        if stale {
            cycle.healthy = false;
            return std::mem::replace(&mut process.last_orders, orders);
        }
        process.last_orders.clone_from(&orders);
        orders
    }

    fn protect(&mut self) {
        self.latency();
        let now = self.clock();
        let unreadable = self.strikes(Fault::Skew, 150);
        let wrong = self.strikes(Fault::Skew, 100);
        let (session, skew) = self.agree(now, unreadable, wrong);
        let ending = self.process.as_ref().is_some_and(|process| process.ending.is_some());
        let may_open = self.gate_open && !ending;
        let authority = if may_open { Authority::Open } else { Authority::ManageOnly("the gate says no".to_owned()) };
        let silent = self.strikes(Fault::Stream, 200).then(|| self.process_dice.seconds(5, 400));
        let bare = self.bare();
        let hours = self.calendar.session_on(now.ny_date()).ok().flatten();
        let quotes = if phase::is_open(hours.as_ref(), now) { self.quotes(&bare) } else { BTreeMap::new() };
        say!(self, "PROTECT session {} authority {authority:?}", session.is_some());
        if let Some(process) = &mut self.process {
            (process.cycle.session, process.cycle.hours) = (session, hours);
            process.cycle.may_open = may_open;
            process.cycle.skew = skew;
        }
        let kill = self.kill;
        let around = Surroundings { session, hours, authority, kill, clock_skew: skew, stream_silent: silent, quotes };
        self.feed(Event::Protect(Box::new(around)), now, Stage::Manage);
    }

    /// The session both calendars know, and how far the clocks are apart.
    fn agree(&mut self, now: Timestamp, unreadable: bool, wrong: bool) -> (Option<market::Session>, Option<TimeDelta>) {
        if unreadable {
            return (None, None);
        }
        let venue = self.venue.now;
        let listed = Some(self.next).filter(|session| session.date == now.ny_date());
        let clock = MarketClock {
            now: venue,
            is_open: self.next.contains(venue) != wrong,
            next_open: self.next.open,
            next_close: self.next.close,
        };
        let skew = agreement::skew(now, now, venue);
        let session = agreement::session(&self.setup.limits, self.calendar, (now, now), &clock, listed);
        (session.ok().flatten(), Some(skew))
    }

    fn manage(&mut self) {
        let now = self.clock();
        let session = self.process.as_ref().and_then(|process| process.cycle.hours);
        let Some(session) = session.filter(|session| phase::is_open(Some(session), now)) else {
            if let Some(process) = &mut self.process {
                process.stage = Stage::End;
            }
            return;
        };
        self.latency();
        let now = self.clock();
        let account = (!self.strikes(Fault::Read, 100)).then(|| self.venue.account());
        let in_window = phase::in_entry_window(&session, now, self.setup.limits.entry_delay);
        let candidates = if in_window { self.candidates.clone() } else { Vec::new() };
        let blind = self.strikes(Fault::Read, 100);
        let paths = self.venue.paths.iter().filter(|_| !blind);
        let candles = paths.map(|path| (path.symbol, path.candles().to_vec())).collect();
        let all: Vec<usize> = (0..self.venue.paths.len()).collect();
        let quotes = self.quotes(&all);
        say!(self, "MANAGE");
        if let Some(process) = &mut self.process {
            let money = account.as_ref().map(|account| (account.equity.units(), account.last_equity.units()));
            process.cycle.equity = money;
            process.cycle.managed_at = Some(now);
        }
        self.feed(Event::Manage(Box::new(Market { account, candidates, candles, quotes })), now, Stage::End);
    }

    /// Positions without a stop.
    fn bare(&self) -> Vec<usize> {
        let has_stop = |symbol: usize| {
            self.venue.binding(symbol, Side::Sell).any(|order| matches!(order.kind, OrderKind::Stop { .. }))
        };
        let held = self.venue.holdings.iter().enumerate().filter(|(_, held)| held.shares != 0);
        held.map(|(symbol, _)| symbol).filter(|symbol| !has_stop(*symbol)).collect()
    }

    /// Quotes as the data host tells them, which is not always what the market does.
    fn quotes(&mut self, of: &[usize]) -> BTreeMap<Symbol, Quote> {
        if self.strikes(Fault::Quotes, 100) {
            return BTreeMap::new();
        }
        let mut quotes = BTreeMap::new();
        for &symbol in of {
            let way = if self.faults.has(Fault::Quotes) { self.venue_dice.below(100) } else { 99 };
            let now = self.venue.now;
            let at = match way {
                // None, or crossed.
                0 => continue,
                1 => now - TimeDelta::seconds(90),
                2 => now + TimeDelta::seconds(30),
                _ if self.venue.paths[symbol].is_halted(now) => self.venue.paths[symbol].traded_at,
                _ => now - TimeDelta::milliseconds(200),
            };
            let Some(quote) = self.venue.paths[symbol].quote(at) else { continue };
            let fresh = self.clock().since(at).abs() <= self.setup.limits.quote_age;
            if let Some(process) = &mut self.process {
                process.cycle.bids[symbol] = if fresh { quote.bid.units() } else { 0 };
            }
            quotes.insert(self.venue.paths[symbol].symbol, quote);
        }
        quotes
    }

    fn end_cycle(&mut self) -> Result<(), Breach> {
        let now = self.clock();
        self.check.saw(now);
        let Some(process) = &mut self.process else { return Ok(()) };
        let under_way = process.core.end_cycle(now);
        let hurrying = process.core.hurrying_since();
        let ending = process.ending;
        self.tally.add(Count::Cycles);
        self.check_cycle()?;
        say!(self, "END, under way {under_way}");
        match ending {
            Some(left) if left == 0 || !under_way => {
                self.tally.add(Count::CleanEnds);
                self.process = None;
                self.down();
            }
            Some(left) => {
                if let Some(process) = &mut self.process {
                    process.ending = Some(left - 1);
                }
                self.wait(TimeDelta::milliseconds(500));
            }
            None => {
                let session = Some(self.next).filter(|session| session.date == now.ny_date());
                self.wait(self.setup.pace.wait(session.as_ref(), now, hurrying));
            }
        }
        Ok(())
    }

    fn wait(&mut self, span: TimeDelta) {
        let until = self.venue.now + span;
        if let Some(process) = &mut self.process {
            process.polling = false;
            process.stage = Stage::Waiting(until);
        }
    }

    /// A request takes its time, and the market moves in it; now and then it takes long.
    pub(super) fn latency(&mut self) {
        let long = self.process_dice.chance(60);
        let span = if long { self.process_dice.millis(1_000, 9_000) } else { self.process_dice.millis(5, 150) };
        self.pass(span);
    }
}
