//! The live gate: may a LIVE process open now? Keys from files and variables, and one pure decision.
//!
//! Every key is asked at the start and in every cycle; one that fails takes away the authority to open and nothing else.
//! What it means when there is nothing to protect is the start's business: see [`LiveVerdict`]. The log lines are the
//! ones operators know, to the letter.

mod evidence;
mod lines;

use std::fmt;

pub use evidence::LiveEvidence;
pub use lines::{Caps, lines};

use crate::{Arming, KillSwitch};

/// Why the live gate is closed: one value a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveRefusal {
    /// `DRY_RUN=1`.
    DryRun,
    /// The kill switch is latched.
    KillSwitch(String),
    /// `LIVE_TRADING` is not 1.
    NotTrading(String),
    /// The token is missing, or not the one in the state directory.
    Token(String),
    /// Not armed for today and this account.
    NotArmed(String),
    /// Today's orders have no file.
    OrdersToday(String),
}

/// What the live gate says: open when nothing refuses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveVerdict {
    /// Every key that fails, in a fixed order.
    pub refusals: Vec<LiveRefusal>,
}

/// Decides. Pure: the same evidence gives the same verdict.
#[must_use]
pub fn decide(evidence: &LiveEvidence) -> LiveVerdict {
    let mut refusals = Vec::new();
    if evidence.dry_run {
        refusals.push(LiveRefusal::DryRun);
    }
    if let KillSwitch::Latched(latch) = &evidence.kill {
        refusals.push(LiveRefusal::KillSwitch(latch.to_string()));
    }
    refusals.extend(evidence.live_trading.clone().err().map(LiveRefusal::NotTrading));
    refusals.extend(evidence.token.clone().err().map(LiveRefusal::Token));
    if let Arming::NotArmed(why) = &evidence.arming {
        refusals.push(LiveRefusal::NotArmed(why.clone()));
    }
    refusals.extend(evidence.orders_today.clone().err().map(LiveRefusal::OrdersToday));
    LiveVerdict { refusals }
}

impl LiveRefusal {
    /// A name for machines; it never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DryRun => "dry_run",
            Self::KillSwitch(_) => "kill_switch",
            Self::NotTrading(_) => "live_trading",
            Self::Token(_) => "live_confirm_token",
            Self::NotArmed(_) => "not_armed",
            Self::OrdersToday(_) => "live_orders_today",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::DryRun => "remove DRY_RUN=1, and start again",
            Self::KillSwitch(_) => "find out why it was latched; only an explicit clear lifts it",
            Self::NotTrading(_) => "set LIVE_TRADING=1, and start again",
            Self::Token(_) => {
                "give the unit the credential LIVE_CONFIRM_TOKEN with the content of live_confirm_token.txt"
            }
            Self::NotArmed(_) | Self::OrdersToday(_) => "run `desk arm` as root, for today",
        }
    }
}

impl LiveVerdict {
    /// Whether every key fits.
    #[must_use]
    pub fn may_open(&self) -> bool {
        self.refusals.is_empty()
    }

    /// The same without the kill switch, which has a control of its own whose levels say what becomes of entries.
    #[must_use]
    pub fn besides_kill_switch(&self) -> Self {
        let others = self.refusals.iter().filter(|refusal| !matches!(refusal, LiveRefusal::KillSwitch(_)));
        Self { refusals: others.cloned().collect() }
    }
}

impl fmt::Display for LiveRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DryRun => f.write_str("DRY_RUN enabled"),
            Self::KillSwitch(latch) => write!(f, "kill switch active ({latch})"),
            Self::NotTrading(why) | Self::Token(why) => f.write_str(why),
            Self::NotArmed(why) => write!(f, "not armed ({why})"),
            Self::OrdersToday(why) => write!(f, "live ledger unusable ({why})"),
        }
    }
}

/// `live gate: ` and every reason.
impl fmt::Display for LiveVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.may_open() {
            return f.write_str("live gate: live trading confirmed");
        }
        let reasons: Vec<String> = self.refusals.iter().map(ToString::to_string).collect();
        write!(f, "live gate: {}", reasons.join("; "))
    }
}
