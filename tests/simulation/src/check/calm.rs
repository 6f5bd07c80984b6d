//! When nothing goes wrong any more, everything settles: the last test of every run.

use trading::order::Side;

use crate::{
    breach::{Breach, Invariant},
    fault::Faults,
    venue::{Order, SHARE},
    world::World,
};

/// Steps within which a calm world settles.
const CALM_STEPS: u64 = 3_000;

impl World {
    /// Takes everything that goes wrong away, and waits.
    pub(crate) fn calm(&mut self) -> Result<(), Breach> {
        self.faults = Faults::NONE;
        (self.kill, self.gate_open, self.offset) = (None, true, market::TimeDelta::zero());
        self.venue.rules = crate::venue::Tricks { partial: false, slow: false, late: false };
        self.venue.orders.iter_mut().for_each(|order| order.odd = false);
        self.check.killed();
        let mut unsettled = String::new();
        for step in 0..CALM_STEPS {
            self.step()?;
            if step % 32 == 0 {
                match self.unsettled() {
                    None => return self.finish(),
                    Some(why) => unsettled = why,
                }
            }
        }
        Breach::unless(false, Invariant::Settles, || unsettled)
    }

    fn finish(&self) -> Result<(), Breach> {
        Breach::unless(self.ledger.is_true(), Invariant::Replayed, || "the ledger's book".to_owned())
    }

    /// What has not settled.
    fn unsettled(&self) -> Option<String> {
        let Some(process) = &self.process else { return Some("the process is down".to_owned()) };
        let book = process.core.book();
        if let Some((id, intent)) = book.live().find(|(_, intent)| intent.state.is_unresolved()) {
            return Some(format!("{id} is {:?}", intent.state));
        }
        for (symbol, holding) in self.venue.holdings.iter().enumerate() {
            let name = self.venue.paths[symbol].symbol;
            let (ours, in_lieu) = book.held(name).map_or((0, 0), |held| (held.net, held.in_lieu));
            if ![ours, ours - in_lieu].contains(&holding.shares) {
                return Some(format!("{name}: the book makes it {ours}, the venue holds {}", holding.shares));
            }
            let (whole, covered) = self.coverage(symbol);
            let trimming = self.venue.binding(symbol, Side::Sell).any(|order| !order.is_stop());
            let told = self.check.told[symbol].is_some();
            if covered != whole && !told && !trimming {
                return Some(format!("{name}: {} of {} shares covered", covered / SHARE, whole / SHARE));
            }
        }
        let known = |order: &&Order| {
            order.ours.is_none() || book.intent(&order.client).is_some() || book.carried_by(&order.id).is_some()
        };
        let mut working = self.venue.open.iter().map(|index| &self.venue.orders[*index]);
        working.find(|order| !known(order)).map(|order| format!("{} is in no book", order.client))
    }
}
