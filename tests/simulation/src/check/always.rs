//! After every step: the venue's own books.

use trading::order::Side;

use crate::{
    breach::{Breach, Invariant},
    world::World,
};

impl World {
    /// Cheap when nothing changed at the venue.
    pub(crate) fn check_always(&mut self) -> Result<(), Breach> {
        if self.check.scanned == self.venue.version {
            return Ok(());
        }
        self.check.scanned = self.venue.version;
        for (symbol, holding) in self.venue.holdings.iter().enumerate() {
            let offered = self.venue.spoken_for(symbol);
            let name = || self.venue.paths[symbol].symbol;
            Breach::unless(holding.shares >= 0 && offered <= holding.shares, Invariant::NeverOversold, || {
                format!("{}: {offered} offered, {} held, in 1e-9", name(), holding.shares)
            })?;
        }
        self.check_attempts()
    }

    /// Of one leg at most one attempt of ours can trade; one that waits to replace it does not yet.
    fn check_attempts(&mut self) -> Result<(), Breach> {
        let orders = &self.venue.orders;
        let ours = |index: &usize| {
            let order = &orders[*index];
            order.ours.filter(|_| order.binds()).map(|mark| (order, mark))
        };
        for (place, index) in self.venue.open.iter().enumerate() {
            let Some((order, mark)) = ours(index) else { continue };
            let other = self.venue.open[..place].iter().filter_map(ours);
            let twin = other.into_iter().find(|(twin, other)| twin.symbol == order.symbol && *other == mark);
            Breach::unless(twin.is_none(), Invariant::OneAttempt, || {
                let twin = twin.map(|(twin, _)| twin.client.to_string()).unwrap_or_default();
                format!("{} works beside {twin}", order.client)
            })?;
            if let Some(stop) =
                order.limit().filter(|_| order.is_stop() && order.received > self.check.adjusted[order.symbol])
            {
                let highest = &mut self.check.highest[order.symbol];
                *highest = (*highest).max(Some(stop.units()));
            }
            Breach::unless(
                order.side == Side::Sell || mark.leg == trading::order::Leg::Entry,
                Invariant::Derived,
                || format!("{} buys", order.client),
            )?;
        }
        Ok(())
    }
}
