//! The invariants, by name, and the breach of one.

use std::fmt;

/// What must hold after every step. The numbers are those of ARCHITECTURE.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// 0, 9: a held position has a stop, or an alert, within a bounded number of healthy cycles.
    Protected,
    /// 1: no order without a durable intent.
    Recorded,
    /// 1: the client order id is derived from the intent.
    Derived,
    /// 1: attempt + 1 only after the one before is durably dead.
    OneAttempt,
    /// 1: one entry a symbol and date.
    OneEntry,
    /// 2: no id is sent twice.
    NeverResent,
    /// 2: nothing is declared dead while it can live.
    NeverDeclaredDead,
    /// 3: no opening without authority.
    Authority,
    /// 3: entries that may no longer open are withdrawn.
    Withdrawn,
    /// 4: no opening while the kill switch is latched.
    Killed,
    /// 4: level flatten takes everything off.
    Flattened,
    /// 6: caps hold.
    Caps,
    /// 8: the book's position is the venue's.
    Agreement,
    /// 9: no more is offered than is held.
    NeverOversold,
    /// A stop is never lowered.
    NeverLowered,
    /// A stop lies below the market.
    BelowMarket,
    /// 11: time that went back opens nothing.
    Time,
    /// Entries in their window only.
    Window,
    /// 13: what was refused is recorded.
    RefusalRecorded,
    /// The ledger is the memory: replay makes the same book.
    Replayed,
    /// When nothing goes wrong any more, everything settles.
    Settles,
}

/// A breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Of which invariant.
    pub invariant: Invariant,
    /// What was seen.
    pub detail: String,
}

impl Breach {
    pub(crate) fn unless(holds: bool, invariant: Invariant, detail: impl FnOnce() -> String) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { invariant, detail: detail() }) }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Protected => "0/9 a position has a stop or an alert",
            Self::Recorded => "1 no order without a durable intent",
            Self::Derived => "1 the id is derived from the intent",
            Self::OneAttempt => "1 one attempt of a leg at a time",
            Self::OneEntry => "1 one entry a symbol and date",
            Self::NeverResent => "2 no id is sent twice",
            Self::NeverDeclaredDead => "2 nothing is declared dead that can live",
            Self::Authority => "3 no opening without authority",
            Self::Withdrawn => "3 entries that may not open are withdrawn",
            Self::Killed => "4 no opening while the kill switch is latched",
            Self::Flattened => "4 flatten takes everything off",
            Self::Caps => "6 caps hold",
            Self::Agreement => "8 the book's position is the venue's",
            Self::NeverOversold => "9 no more is offered than is held",
            Self::NeverLowered => "a stop is never lowered",
            Self::BelowMarket => "a stop lies below the market",
            Self::Time => "11 time that went back opens nothing",
            Self::Window => "entries in their window only",
            Self::RefusalRecorded => "13 refusals are recorded",
            Self::Replayed => "replay makes the same book",
            Self::Settles => "everything settles",
        })
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.detail)
    }
}
