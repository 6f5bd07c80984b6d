//! What is done to the tape by hand: prints, halts and splits, in the order of doing.
//!
//! Every act has a number, from one on; what the paths do has number zero. Acts of one instant happen after the path's
//! tick of that instant, in the order of their numbers. Memory is bounded by the three constants.

use std::collections::{BTreeMap, VecDeque};

use market::{Symbol, Timestamp};

use super::Print;

/// Prints by hand kept of a symbol; the oldest go first.
pub const PRINTS_MAX: usize = 10_000;
/// Halts kept of a symbol; the oldest go first.
pub const HALTS_MAX: usize = 1_000;
/// Splits by hand the tape takes in its life.
pub const SPLITS_MAX: usize = 1_000;

/// All acts.
#[derive(Default)]
pub(crate) struct ByHand {
    acts: u64,
    prints: BTreeMap<Symbol, VecDeque<(u64, Print)>>,
    halts: BTreeMap<Symbol, VecDeque<Halt>>,
    splits: Vec<Split>,
}

/// A stretch without trades: after `from`, up to and including `until`.
#[derive(Clone, Copy)]
struct Halt {
    number: u64,
    from: Timestamp,
    until: Option<(u64, Timestamp)>,
}

/// A split by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split {
    pub(crate) number: u64,
    pub(crate) symbol: Symbol,
    pub(crate) at: Timestamp,
    pub(crate) new: u32,
    pub(crate) old: u32,
}

/// A halt began or ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StatusChange {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) halted: bool,
}

impl ByHand {
    /// The number of the latest act; zero when there was none.
    pub(crate) fn latest_number(&self) -> u64 {
        self.acts
    }

    fn next_number(&mut self) -> u64 {
        self.acts += 1;
        self.acts
    }

    pub(crate) fn print(&mut self, symbol: Symbol, print: Print) {
        let number = self.next_number();
        let prints = self.prints.entry(symbol).or_default();
        if prints.len() == PRINTS_MAX {
            prints.pop_front();
        }
        prints.push_back((number, print));
    }

    /// Prints of a symbol, oldest first, with their numbers.
    pub(crate) fn prints(&self, symbol: Symbol) -> impl DoubleEndedIterator<Item = (u64, Print)> {
        self.prints.get(&symbol).into_iter().flatten().copied()
    }

    /// Whether that changed anything.
    pub(crate) fn halt(&mut self, symbol: Symbol, at: Timestamp, halted: bool) -> bool {
        if self.is_halted(symbol) == halted {
            return false;
        }
        let number = self.next_number();
        let halts = self.halts.entry(symbol).or_default();
        match (halted, halts.back_mut()) {
            (false, Some(halt)) => halt.until = Some((number, at)),
            (_, _) => {
                if halts.len() == HALTS_MAX {
                    halts.pop_front();
                }
                halts.push_back(Halt { number, from: at, until: None });
            }
        }
        true
    }

    pub(crate) fn is_halted(&self, symbol: Symbol) -> bool {
        self.halts.get(&symbol).and_then(VecDeque::back).is_some_and(|halt| halt.until.is_none())
    }

    /// The beginning of the halt that keeps a tick of that instant from happening.
    pub(crate) fn halted_since(&self, symbol: Symbol, at: Timestamp) -> Option<Timestamp> {
        let halts = self.halts.get(&symbol)?;
        let halt = halts.iter().rev().find(|halt| halt.from < at)?;
        halt.until.is_none_or(|(_, until)| at <= until).then_some(halt.from)
    }

    /// The changes of a symbol after an act.
    pub(crate) fn status_changes(&self, symbol: Symbol, after: u64) -> impl Iterator<Item = StatusChange> {
        let halts = self.halts.get(&symbol).into_iter().flatten();
        let changes = halts.flat_map(|halt| {
            let began = Some(StatusChange { number: halt.number, at: halt.from, halted: true });
            let ended = halt.until.map(|(number, at)| StatusChange { number, at, halted: false });
            [began, ended].into_iter().flatten()
        });
        changes.filter(move |change| change.number > after)
    }

    /// Whether there was room for it.
    pub(crate) fn split(&mut self, symbol: Symbol, at: Timestamp, new: u32, old: u32) -> bool {
        if self.splits.len() == SPLITS_MAX {
            return false;
        }
        let number = self.next_number();
        self.splits.push(Split { number, symbol, at, new, old });
        true
    }

    /// Every split by hand, oldest first.
    pub(crate) fn splits(&self) -> &[Split] {
        &self.splits
    }

    /// Whether anything was done to a symbol from one instant up to before another, so that its session's bar from the
    /// market no longer tells what happened.
    pub(crate) fn touched(&self, symbol: Symbol, from: Timestamp, until: Timestamp) -> bool {
        let within = |at: Timestamp| from <= at && at < until;
        let halts = self.halts.get(&symbol).into_iter().flatten();
        let halted = |halt: &Halt| halt.from < until && halt.until.is_none_or(|(_, end)| end >= from);
        self.prints(symbol).any(|(_, print)| within(print.at))
            || halts.into_iter().any(halted)
            || self.splits.iter().any(|split| split.symbol == symbol && within(split.at))
    }
}
