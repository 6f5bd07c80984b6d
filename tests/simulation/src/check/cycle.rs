//! At the end of every cycle: what must not last, and whether book and venue agree.

use market::TimeDelta;
use trading::{
    control::Kill,
    order::{IntentKey, Side},
};

use super::PATIENCE;
use crate::{
    breach::{Breach, Invariant},
    tally::Count,
    venue::{Order, SHARE},
    world::World,
};

/// An alert is repeated after half an hour, at the next cycle, if it still stands; our clock may go back meanwhile.
const TOLD_FOR: TimeDelta = TimeDelta::minutes(100);
/// Alerts that say a position is not protected as it should be.
const BARE: [&str; 9] =
    ["no-stop", "unprotected", "fraction", "short", "unlisted", "attempts", "refused", "flatten", "rejected"];

impl World {
    pub(crate) fn check_cycle(&mut self) -> Result<(), Breach> {
        self.check_refusals()?;
        let Some(process) = &self.process else { return Ok(()) };
        let cycle = &process.cycle;
        if !cycle.healthy || cycle.disturbed {
            self.check.unsettle();
            return Ok(());
        }
        self.tally.add(Count::HealthyCycles);
        self.check_protected()?;
        self.check_withdrawn()?;
        self.check_flattened()?;
        self.check_agreement()
    }

    /// An alert was told.
    pub(crate) fn note_alert(&mut self, subject: &str) {
        let (of, what) = subject.split_once('/').unwrap_or((subject, ""));
        if !BARE.iter().any(|bare| what.starts_with(bare) || what.ends_with(bare)) {
            return;
        }
        let id = of.parse().ok().and_then(|id| IntentKey::parse(&id)).map(|key| key.symbol.to_string());
        let symbol = id.as_deref().unwrap_or(of);
        if let Some(index) = self.venue.paths.iter().position(|path| path.symbol.as_str() == symbol) {
            self.check.told[index] = Some(self.venue.now);
        }
    }

    fn patience(&self) -> TimeDelta {
        PATIENCE + self.setup.pace.market * 3
    }

    /// Shares of a symbol that are held, and those of them that a stop or an exit takes care of.
    pub(crate) fn coverage(&self, symbol: usize) -> (i64, i64) {
        let whole = self.venue.holdings[symbol].shares / SHARE * SHARE;
        let care = |order: &&Order| order.is_stop() || order.is_exit();
        (whole, self.venue.binding(symbol, Side::Sell).filter(care).map(Order::rest).sum())
    }

    fn check_protected(&mut self) -> Result<(), Breach> {
        let (now, patience) = (self.venue.now, self.patience());
        for symbol in 0..self.venue.paths.len() {
            let (whole, covered) = self.coverage(symbol);
            let lasts = self.check.bare[symbol].goes_on(covered < whole, now, patience);
            let told = self.check.told[symbol].is_some_and(|at| now.since(at) < TOLD_FOR + self.setup.pace.base * 2);
            Breach::unless(!lasts || told, Invariant::Protected, || {
                let name = self.venue.paths[symbol].symbol;
                format!("{name}: {} of {} shares covered, nobody told", covered / SHARE, whole / SHARE)
            })?;
        }
        Ok(())
    }

    fn check_withdrawn(&mut self) -> Result<(), Breach> {
        let Some(process) = &self.process else { return Ok(()) };
        let patience = self.patience();
        let may_work = process.cycle.may_open && self.kill < Some(Kill::Cancel);
        let mut entries = self.venue.open.iter().map(|index| &self.venue.orders[*index]);
        let entry = entries.find(|order| order.ours.is_some() && order.side == Side::Buy);
        let lasts = self.check.unwanted.goes_on(!may_work && entry.is_some(), self.venue.now, patience);
        Breach::unless(!lasts, Invariant::Withdrawn, || format!("{:?} still works", entry.map(|order| &order.client)))
    }

    fn check_flattened(&mut self) -> Result<(), Breach> {
        let (now, patience) = (self.venue.now, self.patience());
        let asked = self.kill == Some(Kill::Flatten) && self.venue.is_open();
        for symbol in 0..self.venue.paths.len() {
            let path = &self.venue.paths[symbol];
            let traded = path.halted_until.is_none_or(|until| now.since(until) > patience);
            let holds = asked && traded && self.venue.holdings[symbol].shares > 0;
            let lasts = self.check.held[symbol].goes_on(holds, now, patience);
            Breach::unless(!lasts, Invariant::Flattened, || {
                format!(
                    "{} shares of {} are held",
                    self.venue.holdings[symbol].shares / SHARE,
                    self.venue.paths[symbol].symbol
                )
            })?;
        }
        Ok(())
    }

    /// When everything that happened was told, and nothing happened since, book and venue agree.
    fn check_agreement(&self) -> Result<(), Breach> {
        let Some(process) = &self.process else { return Ok(()) };
        let told = self.announced.iter().all(|at| *at < self.venue.now - TimeDelta::minutes(20));
        let Some(read_at) = process.cycle.read_at.filter(|_| process.cycle.version == self.venue.version && told)
        else {
            return Ok(());
        };
        for (symbol, holding) in self.venue.holdings.iter().enumerate() {
            if !self.venue.all_told(symbol, read_at) {
                continue;
            }
            let name = self.venue.paths[symbol].symbol;
            let (ours, in_lieu) = process.core.book().held(name).map_or((0, 0), |held| (held.net, held.in_lieu));
            let agrees = [ours, ours - in_lieu].contains(&holding.shares);
            Breach::unless(agrees, Invariant::Agreement, || {
                format!("{name}: the book makes it {ours}, the venue holds {}, in 1e-9", holding.shares)
            })?;
        }
        Ok(())
    }

    /// What was refused in this cycle is what was last recorded of its symbol.
    fn check_refusals(&self) -> Result<(), Breach> {
        let Some(process) = &self.process else { return Ok(()) };
        for refusal in process.core.decisions().iter().flat_map(|decision| &decision.refusals) {
            let recorded = self.check.refused.contains_key(&refusal.symbol);
            Breach::unless(recorded, Invariant::RefusalRecorded, || format!("{} {}", refusal.symbol, refusal.reason))?;
        }
        Ok(())
    }
}
