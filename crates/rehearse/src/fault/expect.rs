//! What a day with a fault must look like: the part of it that differs from fault to fault, as data for the checks.

use crate::units::status::Exit;

/// What may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Whatever the day asks for.
    AsEver,
    /// Nothing, and the gate keeps the service down.
    Refused,
    /// Nothing between the strike and its end.
    NotWhile,
    /// Nothing after the strike.
    NotAfter,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expect {
    /// What may be opened.
    pub opens: Opens,
    /// How long a position may be without its stop, in seconds: a look every two seconds, a cancel and a tick make some; a
    /// crash adds the restart and the wait for an order that never arrived.
    pub bare_max_s: i64,
    /// Unclean ends of the service that are the fault's own doing.
    pub ends: &'static [Exit],
    /// Those of them that must have happened, each.
    pub must_end: &'static [Exit],
    /// The service is up again after the strike.
    pub comes_back: bool,
    /// The service is down for good: what happens at the venue from then on is not in its ledger.
    pub stays_down: bool,
    /// What an alert must have said; empty for nothing.
    pub alert: &'static str,
    /// The job of this program fails; empty for none.
    pub failing_job: &'static str,
}

impl Expect {
    /// A day like any other: the fault costs nothing.
    pub const UNHARMED: Self = Self {
        opens: Opens::AsEver,
        bare_max_s: 20,
        ends: &[],
        must_end: &[],
        comes_back: false,
        stays_down: false,
        alert: "",
        failing_job: "",
    };

    /// What is held stays protected, a restart's time without a stop included.
    pub const PROTECTED: Self = Self { bare_max_s: 120, ..Self::UNHARMED };

    /// The gate keeps the day closed.
    pub const REFUSED: Self = Self { opens: Opens::Refused, ..Self::UNHARMED };

    /// The process is killed and comes back.
    pub const fn of_a_kill() -> Self {
        Self { ends: &[super::KILLED], must_end: &[super::KILLED], comes_back: true, ..Self::PROTECTED }
    }

    /// What must hold when both strike, but for how processes end: that is looked up fault by fault.
    pub fn and(self, other: Self) -> Self {
        let rank = |opens: Opens| {
            [Opens::AsEver, Opens::NotWhile, Opens::NotAfter, Opens::Refused].iter().position(|known| *known == opens)
        };
        let either = |one: &'static str, two| if one.is_empty() { two } else { one };
        Self {
            opens: if rank(self.opens) >= rank(other.opens) { self.opens } else { other.opens },
            bare_max_s: self.bare_max_s.max(other.bare_max_s),
            ends: &[],
            must_end: &[],
            comes_back: self.comes_back || other.comes_back,
            stays_down: self.stays_down || other.stays_down,
            alert: either(self.alert, other.alert),
            failing_job: either(self.failing_job, other.failing_job),
        }
    }
}
