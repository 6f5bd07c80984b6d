//! The five worlds that are explored, and how much may go wrong in them.

use market::Symbol;
use trading::control::Kill;

use crate::world::Budget;

/// A world to begin with.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// What is on the watchlist.
    pub symbols: Vec<Symbol>,
    /// Whether a position with its stop is held already.
    pub holds: bool,
    /// What may happen.
    pub budget: Budget,
}

/// How much may go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Crashes.
    pub crashes: u8,
    /// Lost or late messages, doubled requests, failed reads.
    pub faults: u8,
    /// Times a few seconds pass in the middle of a cycle.
    pub slow: u8,
}

impl Bounds {
    /// What is explored before a release.
    pub const FULL: Self = Self { crashes: 2, faults: 3, slow: 2 };
    /// What every run of the tests explores.
    pub const SMALL: Self = Self { crashes: 1, faults: 1, slow: 2 };
}

impl Scenario {
    /// All of them.
    #[must_use]
    pub fn all(bounds: Bounds) -> Vec<Self> {
        let scenarios =
            [Self::two_entries, Self::entry_and_stop, Self::stop_replaced, Self::withdrawn, Self::flattened];
        scenarios.map(|scenario| scenario(bounds)).into()
    }

    /// Two entries of two symbols, and the kill switch between any two effects.
    #[must_use]
    pub fn two_entries(bounds: Bounds) -> Self {
        let budget = Budget { kill: Some(Kill::Entries), ..budget(bounds) };
        Self { name: "two entries of two symbols", symbols: symbols(&["A", "B"]), holds: false, budget }
    }

    /// One entry, whole or in part, then its stop; the kill switch must not keep the stop from going out.
    #[must_use]
    pub fn entry_and_stop(bounds: Bounds) -> Self {
        let budget = Budget { kill: Some(Kill::Entries), fills: 1, partials: 1, ..budget(bounds) };
        Self { name: "one entry, then its stop", symbols: symbols(&["A"]), holds: false, budget }
    }

    /// A stop that is replaced while it fills.
    #[must_use]
    pub fn stop_replaced(bounds: Bounds) -> Self {
        let budget = Budget { rises: 1, triggers: 1, ..budget(bounds) };
        Self { name: "a stop is replaced", symbols: symbols(&["A"]), holds: true, budget }
    }

    /// An entry that is withdrawn by the kill switch while it fills.
    #[must_use]
    pub fn withdrawn(bounds: Bounds) -> Self {
        let budget = Budget { kill: Some(Kill::Cancel), fills: 1, partials: 1, ..budget(bounds) };
        Self { name: "an entry is withdrawn while it fills", symbols: symbols(&["A"]), holds: false, budget }
    }

    /// A position that is taken off by the kill switch while its stop fills.
    #[must_use]
    pub fn flattened(bounds: Bounds) -> Self {
        let budget = Budget { kill: Some(Kill::Flatten), triggers: 1, ..budget(bounds) };
        Self { name: "a position is taken off while its stop fills", symbols: symbols(&["A"]), holds: true, budget }
    }
}

fn budget(bounds: Bounds) -> Budget {
    let Bounds { crashes, faults, slow } = bounds;
    Budget { crashes, faults, slow, partials: 0, fills: 0, triggers: 0, rises: 0, kill: None }
}

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::new(name).expect("a symbol")).collect()
}
