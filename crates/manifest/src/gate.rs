//! The checks that a service must pass before it starts, by name.

use crate::{nearest::nearest, problem::Refusal};

/// A check that program `gate` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// Today's watchlist exists and is attested for today.
    Watchlist,
    /// Today's preflight ran and found nothing wrong.
    Preflight,
    /// Today is a session and now is within its window.
    SessionWindow,
    /// Nobody has pulled the kill switch.
    KillSwitch,
}

impl Gate {
    /// Every gate.
    pub const ALL: [Self; 4] = [Self::Watchlist, Self::Preflight, Self::SessionWindow, Self::KillSwitch];

    /// The name in a manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Watchlist => "watchlist",
            Self::Preflight => "preflight",
            Self::SessionWindow => "session-window",
            Self::KillSwitch => "kill-switch",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|gate| gate.as_str() == text).ok_or_else(|| {
            let refusal = Refusal::bad_value(format!("there is no gate {text:?}"));
            match nearest(text, Self::ALL.map(Self::as_str)) {
                Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
                None => refusal.hint(format!("there are {}", Self::ALL.map(Self::as_str).join(", "))),
            }
        })
    }

    /// What happened, at a desk like the user's, where this gate was missing.
    #[must_use]
    pub fn incident(self) -> &'static str {
        match self {
            Self::Watchlist => "a failed scan wrote nothing, and the stale list was traded",
            Self::Preflight => {
                "a failed preflight kept nothing from starting: `Requires=` without a gate let the session run"
            }
            Self::SessionWindow => {
                "half the orders went out outside trading hours, because a server's zone was Berlin's"
            }
            Self::KillSwitch => "an emergency stop knew only the orders in its own memory",
        }
    }
}
