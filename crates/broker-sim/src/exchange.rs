//! The engine and the requests that are still under way to it: what time has to bring in order.

use std::collections::{BTreeMap, BTreeSet};

use ::venue::{Config, Engine, Market, Request, Response};
use market::{Symbol, TimeDelta, Timestamp};

/// At most so many requests are under way; further ones are lost, as on a network that is clogged.
pub const UNDER_WAY_MAX: usize = 1_000;

/// The venue's inside. Whoever holds it sees one instant.
pub(crate) struct Exchange {
    pub(crate) engine: Engine,
    /// What may be traded, in order.
    pub(crate) symbols: Vec<Symbol>,
    /// How often the venue was made anew.
    pub(crate) resets: u64,
    /// By the instant of arrival, then by the order in which they were sent.
    under_way: BTreeMap<(Timestamp, u64), Request>,
    sent: u64,
}

impl Exchange {
    pub(crate) fn new(config: &Config, market: Market) -> Self {
        let symbols: BTreeSet<Symbol> = market.days.iter().flat_map(|(_, bars)| bars.keys().copied()).collect();
        let engine = Engine::new(config.clone(), market);
        Self { engine, symbols: symbols.into_iter().collect(), resets: 0, under_way: BTreeMap::new(), sent: 0 }
    }

    /// Moves time on; what arrives on the way is dealt with at its instant.
    pub(crate) fn advance_to(&mut self, to: Timestamp) {
        while let Some((at, request)) = self.arrival(to) {
            self.engine.advance_to(at);
            // Nobody waits for this answer.
            let _: Response = self.engine.handle(&request);
        }
        self.engine.advance_to(to);
    }

    /// The same, but no further than the instant at which something becomes of an order. Whether it did.
    pub(crate) fn advance_to_outcome(&mut self, to: Timestamp) -> bool {
        let before = self.engine.outcomes();
        while let Some(at) = self.under_way.first_key_value().map(|(key, _)| key.0).filter(|at| *at <= to) {
            if self.engine.advance_to_outcome(at) {
                return true;
            }
            let Some((_, request)) = self.arrival(at) else { break };
            let _: Response = self.engine.handle(&request);
            if self.engine.outcomes() != before {
                return true;
            }
        }
        self.engine.advance_to_outcome(to)
    }

    /// The next request that arrives by then, which is under way no more.
    fn arrival(&mut self, to: Timestamp) -> Option<(Timestamp, Request)> {
        let entry = self.under_way.first_entry().filter(|entry| entry.key().0 <= to)?;
        let ((at, _), request) = entry.remove_entry();
        Some((at, request))
    }

    /// A request that arrives after a while of the venue's clock.
    pub(crate) fn arrive_late(&mut self, request: Request, after: TimeDelta) {
        if self.under_way.len() < UNDER_WAY_MAX {
            self.sent += 1;
            self.under_way.insert((self.engine.now() + after, self.sent), request);
        }
    }
}
