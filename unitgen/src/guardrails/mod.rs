//! The guardrails that units hold, judged on what the units say: after drop-ins in systemd's order, with lists cleared and
//! the last assignment winning, and never by comparing text. Pure; also for units that are not ours.
//!
//! [`held`] is what a comparison needs; [`judge`] says in addition which directives make a guardrail, and why one is lost.
//! Sources: systemd.unit(5), systemd.service(5), systemd.exec(5), systemd.timer(5), and what was measured on 252 and 257.

mod catalogue;
mod commands;
mod containers;
mod gates;
mod jobs;
mod reading;
mod sandbox;
mod secrets;
mod services;
mod starts;
mod ties;
mod units;

use std::collections::{BTreeMap, BTreeSet};

pub use catalogue::Entry;
use catalogue::TABLE;
pub(crate) use jobs::other_times;
pub use reading::{Assignment, assignments};
pub(crate) use secrets::{environment, is_secret, redacted, redacted_lines};
pub use units::{Enablement, Manager, Unit, Units};

/// The name of a unit, such as `execution.service`.
pub type UnitName = String;

/// A property of a unit that keeps money safe. Closed: what a render can lose is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guardrail {
    /// Nothing keeps it from starting: no mask, no condition of others, something to run.
    CanStart,
    /// A gate in front of its start.
    Gate,
    /// The gate's answer counts: no `-` before its path.
    GateHeeded,
    /// No code that says no is taken for success.
    RefusalSeen,
    /// What no restart cures is not restarted.
    RefusalFinal,
    /// It is started again after a crash.
    ComesBack,
    /// systemd never gives up on it.
    NoStartLimit,
    /// No other service takes it down.
    StandsAlone,
    /// It has started when it says so.
    Readiness,
    /// A process that hangs is ended.
    Watchdog,
    /// Asked to end, it has the time to.
    TimeToEnd,
    /// Every end that was no success is told.
    Alert,
    /// A switch of the system's configuration leaves it alone.
    KeptOverSwitches,
    /// One process acts for an account.
    AccountLock,
    /// It knows the manifest that it belongs to.
    ManifestDigest,
    /// No secret in its environment or on a command line.
    NoSecretInEnvironment,
    /// Keys are files that must be there.
    CredentialsAsFiles,
    /// It has no rights that it does not need.
    Unprivileged,
    /// The system's files are read-only to it.
    ReadOnlySystem,
    /// The kernel's switches, clock and devices are out of its reach.
    KernelShielded,
    /// Other processes are.
    ProcessesApart,
    /// So are system calls that it does not need.
    CallsFiltered,
    /// It runs programs of the release only.
    OwnPrograms,
    /// It listens nowhere, and talks by the families that it needs.
    NetworkBounded,
    /// Its files are its own.
    PrivateFiles,
    /// A boot reaches it.
    StartsAtBoot,
    /// Nothing but its schedule, its job or its deployment starts it.
    SingleStart,
    /// Its schedule is in a zone of its own.
    Zone,
    /// It fires at its time.
    Punctual,
    /// A run that comes late is judged, or there is none.
    LateStart,
    /// What follows on its success follows on nothing else.
    FollowsSuccess,
    /// A run that hangs is ended.
    BoundedRun,
    /// It runs at every slot.
    RunsEachTime,
    /// The service that it stops comes back, however it ends itself.
    RestartBringsBack,
}

/// Whether a unit holds a guardrail that is its business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does; the directives that make it, or the absence that does.
    Held(String),
    /// It does not, and why.
    Lost(String),
}

/// Every verdict about one unit; what is none of its business is not there.
pub type Verdicts = BTreeMap<Guardrail, Verdict>;

/// The guardrails that each unit holds.
#[must_use]
pub fn held(units: &Units) -> BTreeSet<(UnitName, Guardrail)> {
    let of_unit = |name: &str| {
        let held = judge(units, name).into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Held(_)));
        held.map(|(guardrail, _)| (name.to_owned(), guardrail)).collect::<Vec<_>>()
    };
    units.names().flat_map(of_unit).collect()
}

/// What can be said of one unit.
#[must_use]
pub fn judge(units: &Units, name: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    let Some(unit) = units.get(name) else { return verdicts };
    starts::judge(units, unit, &mut verdicts);
    if unit.is_masked() {
        return verdicts;
    }
    match unit.kind() {
        "service" => {
            gates::judge(units, unit, &mut verdicts);
            services::judge(units, unit, &mut verdicts);
            jobs::judge_service(units, unit, &mut verdicts);
            secrets::judge(unit, &mut verdicts);
            sandbox::judge(units.manager(), unit, &mut verdicts);
            containers::judge(unit, &mut verdicts);
        }
        "timer" => jobs::judge_timer(units, unit, &mut verdicts),
        "target" => services::judge_removal(unit, &mut verdicts),
        _ => {}
    }
    verdicts
}

/// Puts a verdict on record: the reason when there is one against it, else what makes it.
fn put(verdicts: &mut Verdicts, guardrail: Guardrail, lost: Option<String>, held: impl FnOnce() -> String) {
    let verdict = lost.map_or_else(|| Verdict::Held(held()), Verdict::Lost);
    verdicts.insert(guardrail, verdict);
}

impl Guardrail {
    /// Every guardrail, in the order in which people read them.
    pub const ALL: [Self; 34] = all();

    /// What is known of it.
    #[must_use]
    pub const fn entry(self) -> Entry {
        TABLE[self as usize].1
    }

    /// The stable text.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.entry().id
    }

    /// The guardrails that a directive makes or unmakes.
    #[must_use]
    pub fn of_directive(key: &str) -> Vec<Self> {
        let makes = |guardrail: &Self| guardrail.entry().directives.iter().any(|(_, name)| *name == key);
        Self::ALL.into_iter().filter(makes).collect()
    }

    /// What must be held for this one to be of any use: when that is lost too, it alone is told.
    #[must_use]
    pub fn rests_on(self) -> Option<Self> {
        if self == Self::GateHeeded {
            return Some(Self::Gate);
        }
        if self == Self::NoStartLimit {
            return Some(Self::ComesBack);
        }
        (self != Self::CanStart).then_some(Self::CanStart)
    }
}

const fn all() -> [Guardrail; TABLE.len()] {
    let mut all = [Guardrail::CanStart; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        all[at] = TABLE[at].0;
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guardrail_has_an_id_a_loss_and_directives() {
        let ids: BTreeSet<&str> = Guardrail::ALL.iter().map(|guardrail| guardrail.id()).collect();
        assert_eq!(ids.len(), Guardrail::ALL.len());
        for (at, guardrail) in Guardrail::ALL.into_iter().enumerate() {
            assert_eq!(guardrail as usize, at, "the table is in the order of the enum");
            let entry = guardrail.entry();
            assert!(entry.without.len() > 30 && !entry.without.ends_with('.'), "{guardrail:?}");
            assert!(entry.incident.is_none_or(|text| text.len() > 20) && !entry.directives.is_empty(), "{guardrail:?}");
        }
    }

    /// What avwap's rendered units hold; a snapshot, so that a release that loses one shows it here.
    #[test]
    fn what_the_shipped_deployment_holds() {
        let text = std::fs::read("../manifests/avwap.toml").unwrap();
        let checked = crate::source::check(&text).unwrap();
        let tree = crate::systemd::render(&checked.deployment, &text, &checked.digest);
        let units = Units::of_tree(&tree);
        let mut shown = String::new();
        for name in units.names() {
            shown += &format!("{name}\n");
            for (guardrail, verdict) in judge(&units, name) {
                let (mark, says) = match &verdict {
                    Verdict::Held(by) => ("held", by),
                    Verdict::Lost(why) => ("LOST", why),
                };
                shown += &format!("  {mark} {}: {says}\n", guardrail.id());
            }
        }
        insta::assert_snapshot!(shown);
    }
}
