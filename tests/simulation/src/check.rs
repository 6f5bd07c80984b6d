//! Invariants, checked from what the venue truly holds and from what is durable, never from what the core believes.
//!
//! [`Check`] remembers what an invariant needs that spans steps. What is asked when: before a send and at every record
//! (`send`), after every step (`always`), at the end of every cycle (`cycle`), and when a run has calmed down (`calm`).

mod always;
mod calm;
mod cycle;
mod send;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use market::{NyDate, Symbol, TimeDelta, Timestamp};
use trading::{
    order::ClientOrderId,
    refusal::{Reason, Refusal},
};

/// Healthy cycles in a row within which what is wrong must be right, or told.
pub(crate) const CYCLES: u32 = 8;
/// And so much time besides three waits of the pace, for what waits by the clock: an unknown outcome, a trim that does not
/// fill, a slow venue.
pub(crate) const PATIENCE: TimeDelta = TimeDelta::seconds(240);

/// Something that must not last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lasting {
    since: Option<Timestamp>,
    cycles: u32,
}

/// What invariants remember.
#[derive(Debug)]
pub(crate) struct Check {
    /// Ids that were sent.
    sent: HashSet<ClientOrderId>,
    /// Entries sent, by symbol and date.
    entries: HashMap<(Symbol, NyDate), ClientOrderId>,
    /// When openings were sent, by the process's clock.
    openings: VecDeque<Timestamp>,
    /// The highest stop of ours since the symbol was flat or split, in 1/10,000 dollar.
    highest: Vec<Option<i64>>,
    /// Stops received before say nothing: they are of the prices before a split that was not announced yet.
    adjusted: Vec<Timestamp>,
    bare: Vec<Lasting>,
    /// When the symbol's lack of a stop was told last.
    told: Vec<Option<Timestamp>>,
    /// Entries that may not work.
    unwanted: Lasting,
    /// Positions that are to be flattened.
    held: Vec<Lasting>,
    /// The latest instant this process has seen or found recorded.
    high_water: Timestamp,
    /// The latest instant recorded.
    recorded: Timestamp,
    /// The reason last recorded, by symbol, of this process.
    refused: BTreeMap<Symbol, Reason>,
    /// The venue's version at the last scan.
    scanned: u64,
}

impl Lasting {
    /// Counts a healthy cycle in which it holds or not; whether it has lasted too long.
    fn goes_on(&mut self, holds: bool, now: Timestamp, patience: TimeDelta) -> bool {
        if !holds {
            *self = Self::default();
            return false;
        }
        let since = *self.since.get_or_insert(now);
        self.cycles += 1;
        self.cycles > CYCLES && now.since(since) > patience
    }

    /// Something was wrong meanwhile: the count begins anew.
    fn unsettle(&mut self) {
        *self = Self::default();
    }
}

impl Check {
    pub fn new(symbols: usize, now: Timestamp) -> Self {
        Self {
            sent: HashSet::new(),
            entries: HashMap::new(),
            openings: VecDeque::new(),
            highest: vec![None; symbols],
            adjusted: vec![now; symbols],
            bare: vec![Lasting::default(); symbols],
            told: vec![None; symbols],
            unwanted: Lasting::default(),
            held: vec![Lasting::default(); symbols],
            high_water: now,
            recorded: now,
            refused: BTreeMap::new(),
            scanned: u64::MAX,
        }
    }

    /// A process starts: it knows no instant but those recorded.
    pub fn started(&mut self, now: Timestamp) {
        self.high_water = self.recorded.max(now);
        self.refused.clear();
    }

    /// The process was told the time.
    pub fn saw(&mut self, now: Timestamp) {
        self.high_water = self.high_water.max(now);
    }

    /// Whether an instant lies before one that was lived through.
    pub fn is_past(&self, now: Timestamp) -> bool {
        now < self.high_water
    }

    /// Something was recorded.
    pub fn recorded(&mut self, at: Timestamp) {
        self.recorded = self.recorded.max(at);
    }

    /// A refusal was recorded.
    pub fn refused(&mut self, refusal: &Refusal) {
        self.refused.insert(refusal.symbol, refusal.reason);
    }

    /// The symbol is flat: the next stop is an initial one.
    pub fn flat(&mut self, symbol: usize) {
        self.highest[symbol] = None;
        self.bare[symbol].unsettle();
        self.held[symbol].unsettle();
    }

    /// The symbol was split: its prices are others.
    pub fn split(&mut self, symbol: usize, announced: Timestamp) {
        self.highest[symbol] = None;
        // Told at the next look after that; what was decided before it goes out before it.
        self.adjusted[symbol] = announced + TimeDelta::minutes(15);
        self.bare[symbol].unsettle();
    }

    /// The kill switch changed.
    pub fn killed(&mut self) {
        self.unwanted.unsettle();
        self.held.iter_mut().for_each(Lasting::unsettle);
    }

    /// The session closed: what waits for a market waits on.
    pub fn close(&mut self) {
        self.held.iter_mut().for_each(Lasting::unsettle);
    }

    /// A cycle was not healthy, or the process died: what lasts is counted anew.
    pub fn unsettle(&mut self) {
        self.bare.iter_mut().chain(&mut self.held).for_each(Lasting::unsettle);
        self.unwanted.unsettle();
    }
}
