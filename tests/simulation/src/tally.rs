//! What happened in a run, counted: a simulation in which nothing happens proves nothing.

use std::collections::BTreeMap;

use trading::refusal::Reason;

/// The counters once: the enum, its names and its list cannot differ.
macro_rules! counts {
    ($($(#[doc = $doc:literal])+ $count:ident,)+) => {
        /// Something that is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Count {
            $($(#[doc = $doc])+ $count,)+
        }

        impl Count {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$count,)+];
        }
    };
}

counts! {
    /// Cycles that ended.
    Cycles,
    /// Of them, those in which nothing was wrong.
    HealthyCycles,
    /// Cycles that could not look.
    FailedLooks,
    /// Sessions begun.
    Sessions,
    /// Of them, half-days.
    HalfDays,
    /// Changes of New York's offset passed.
    ClockChanges,
    /// Opening orders sent.
    Entries,
    /// Fills of opening orders.
    EntryFills,
    /// Opening orders filled in part.
    PartialEntries,
    /// Opening orders withdrawn.
    EntriesCanceled,
    /// Protective stops sent.
    Stops,
    /// Stops put in the place of another.
    Replacements,
    /// Replacements that raised the stop.
    Raises,
    /// Replacements the venue refused.
    ReplacementsRefused,
    /// Fills that crossed a cancel or a replace.
    Crossings,
    /// Stops that were hit.
    StopsHit,
    /// Of them, those filled below their price by one percent or more.
    StopsGapped,
    /// First trims sent.
    Trims1,
    /// Second trims sent.
    Trims2,
    /// Orders to take all off.
    Flattenings,
    /// Day orders that died at a close.
    Expired,
    /// Good-till-cancelled orders that died of age.
    Aged,
    /// Sends whose outcome was unknown.
    Unknowns,
    /// Unknown outcomes that turned out to be orders.
    FoundAlive,
    /// Unknown outcomes that turned out to be nothing.
    FoundDead,
    /// Requests that arrived long after they were sent.
    LateArrivals,
    /// Requests the venue refused.
    Refused,
    /// Requests refused as duplicates.
    Duplicates,
    /// Refused as wash trades.
    WashTrades,
    /// Executions reported late.
    LateReports,
    /// Splits.
    Splits,
    /// Of something held.
    SplitsHeld,
    /// Working orders that the venue carried on under ids of its own.
    CarriedOn,
    /// Parts of a share that a split left and cash was paid for.
    PaidInLieu,
    /// Halts.
    Halts,
    /// Kill switch latched at level entries.
    KillEntries,
    /// At level cancel.
    KillCancel,
    /// At level flatten.
    KillFlatten,
    /// Authority lost.
    GateLost,
    /// Our clock put back.
    ClockBack,
    /// Our clock put forward.
    ClockForward,
    /// Orders and cancels by hand.
    Manual,
    /// Foreign orders.
    Foreign,
    /// The process died before it recorded.
    CrashBeforeRecord,
    /// Right after it recorded.
    CrashAfterRecord,
    /// Before a send acted.
    CrashBeforeSend,
    /// After a send acted.
    CrashAfterSend,
    /// At a cancel.
    CrashAtCancel,
    /// At a question.
    CrashAtAsk,
    /// Anywhere else.
    CrashElsewhere,
    /// The ledger could not be written.
    LedgerFailures,
    /// Outages of hours and days.
    Outages,
    /// Clean ends.
    CleanEnds,
    /// Starts.
    Starts,
    /// Starts with a position.
    StartsHolding,
    /// Alerts told.
    Alerts,
    /// Records written.
    Records,
}

/// Counters of a run, or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    counts: [u64; Count::ALL.len()],
    refusals: BTreeMap<Reason, u64>,
}

impl Tally {
    /// All zero.
    #[must_use]
    pub fn new() -> Self {
        Self { counts: [0; Count::ALL.len()], refusals: BTreeMap::new() }
    }

    /// Counts one.
    pub fn add(&mut self, count: Count) {
        self.counts[count as usize] += 1;
    }

    /// Counts a refusal of the core.
    pub fn refuse(&mut self, reason: Reason) {
        *self.refusals.entry(reason).or_insert(0) += 1;
    }

    /// How often.
    #[must_use]
    pub fn of(&self, count: Count) -> u64 {
        self.counts[count as usize]
    }

    /// Refusals of the core, by reason.
    #[must_use]
    pub fn refusals(&self) -> &BTreeMap<Reason, u64> {
        &self.refusals
    }

    /// Adds another run's.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(mine, theirs)| *mine += theirs);
        other.refusals.iter().for_each(|(reason, times)| *self.refusals.entry(*reason).or_insert(0) += times);
    }

    /// Every counter by name, refusals last.
    pub fn lines(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let counts = Count::ALL.iter().map(|count| (format!("{count:?}"), self.of(*count)));
        counts.chain(self.refusals.iter().map(|(reason, times)| (format!("refused: {reason}"), *times)))
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}
