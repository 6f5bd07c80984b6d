//! What can go wrong, by kind. A run has all kinds; the shrinker takes them away one by one, `--without` names them.

use std::{fmt, str::FromStr};

/// The kinds once: the enum, its names and its list cannot differ.
macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal,)+) => {
        /// A kind of fault, or of happening that a run can do without.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The name on a command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

faults! {
    /// A read of orders, positions, executions, account, quotes or candles fails.
    Read = "read",
    /// The order list misses a recent order for a moment.
    Missing = "missing",
    /// The order list is the one of a moment ago.
    Stale = "stale",
    /// An execution is reported late.
    Late = "late",
    /// Executions are reported twice and out of order.
    Shuffled = "shuffled",
    /// A question by client order id is not answered.
    Ask = "ask",
    /// A request is lost on its way; its outcome is unknown.
    LostBefore = "lost-before",
    /// The answer to a request is lost; its outcome is unknown.
    LostAfter = "lost-after",
    /// A request arrives long after its outcome was called unknown.
    Delayed = "delayed",
    /// A request arrives twice, and the second answer is the one that is heard.
    Duplicated = "duplicated",
    /// A request certainly does not leave.
    Retryable = "retryable",
    /// The venue refuses for a reason of its own.
    Rejected = "rejected",
    /// An order has a status nobody knows.
    Status = "status",
    /// The exposure view cannot be written.
    Expose = "expose",
    /// The kill switch is latched, at any level, and cleared.
    Kill = "kill",
    /// The gates take authority away and give it back.
    Gate = "gate",
    /// Our clock jumps, forward and back.
    Clock = "clock",
    /// Our clock and the broker's differ.
    Skew = "skew",
    /// The operator buys, sells, cancels and places stops by hand.
    Manual = "manual",
    /// Somebody else's orders work in the account.
    Foreign = "foreign",
    /// The process dies, at any point.
    Crash = "crash",
    /// The ledger cannot be written: the process dies there.
    Ledger = "ledger",
    /// The process is asked to end, and starts again.
    Stop = "stop",
    /// The process is down for hours or days.
    Outage = "outage",
    /// A symbol is halted.
    Halt = "halt",
    /// Prices gap over night and in the session.
    Gap = "gap",
    /// A symbol is split.
    Split = "split",
    /// Orders fill in parts.
    Partial = "partial",
    /// Quotes are missing, old, crossed or from the future.
    Quotes = "quotes",
    /// The venue takes long to acknowledge, to cancel and to replace.
    Slow = "slow",
    /// The stream is silent.
    Stream = "stream",
    /// Limits other than the desk's, some of them absurd.
    Limits = "limits",
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Faults(u64);

impl Faults {
    /// Every kind.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether a kind is in it.
    #[must_use]
    pub fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }

    /// The set without a kind.
    #[must_use]
    pub fn without(self, fault: Fault) -> Self {
        Self(self.0 & !(1 << fault as u32))
    }

    /// The kinds that are not in it.
    #[must_use]
    pub fn absent(self) -> Vec<Fault> {
        Fault::ALL.iter().copied().filter(|fault| !self.has(*fault)).collect()
    }
}

impl FromStr for Fault {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(", ");
        let found = Fault::ALL.iter().copied().find(|fault| fault.name() == text);
        found.ok_or_else(|| format!("{text:?} is no kind of fault; there are {}", known()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_sets_hold_what_they_say() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse(), Ok(*fault));
            assert!(Faults::ALL.has(*fault) && !Faults::NONE.has(*fault));
            assert_eq!(Faults::ALL.without(*fault).absent(), [*fault]);
        }
        assert!("weather".parse::<Fault>().is_err());
    }
}
