//! Units brought from one generation to another, and looked at until they are well.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use super::{
    Account, Event, Host,
    health::{Health, Touched, judge},
    holding::Holding,
    shown::{PROPERTIES, Shown},
};
use crate::{
    generations::Image,
    plan::{
        Delta,
        steps::{is_job, is_wanted},
    },
};

/// So long everything must stay well before it counts.
const SETTLED: Duration = Duration::from_secs(2);
/// So often a wait says what it waits for.
const TOLD: Duration = Duration::from_secs(10);

/// An address at which a service says that it is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The service.
    pub unit: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// What is asked for.
    pub path: String,
}

/// Units of one deployment on a running host.
pub(super) struct Bringing<'a> {
    pub host: &'a dyn Host,
    pub tell: &'a dyn Fn(&Event),
    pub accounts: &'a [Account],
    pub orders: &'a BTreeSet<String>,
    pub target: String,
    pub endpoints: &'a [Endpoint],
}

/// How units are brought.
pub(super) struct Manner<'a> {
    /// What ran when all of it began: it is to run when it ends.
    pub ran: &'a All,
    /// Why what places orders is not started afresh.
    pub keep_orders: Option<&'a str>,
}

/// What is known of units, by name.
pub(super) type All = BTreeMap<String, Shown>;

impl Bringing<'_> {
    /// What systemd says of some units.
    pub(super) fn show(&self, units: &[String]) -> Result<All, String> {
        let property = format!("--property={PROPERTIES}");
        let mut arguments = vec!["show", &property, "--"];
        arguments.extend(units.iter().map(String::as_str));
        self.host.systemctl(&arguments).map(|text| Shown::read(&text))
    }

    /// What is held in all accounts.
    pub(super) fn holding(&self) -> Holding {
        self.accounts.iter().map(|account| self.host.holding(account)).fold(Holding::Flat, Holding::and)
    }

    /// Stops what goes, lets systemd read its files, starts afresh what changed and starts what is new. Says which units
    /// were started.
    pub(super) fn bring(
        &self,
        units: &Delta,
        image: &Image,
        now: &All,
        manner: &Manner<'_>,
    ) -> Result<BTreeSet<String>, Vec<String>> {
        self.stop(&units.removed, now);
        self.host.systemctl(&["daemon-reload"]).map_err(|error| vec![format!("systemctl daemon-reload: {error}")])?;
        (self.tell)(&Event::new("reloaded", "systemd has read its files"));
        Ok(self.bring_up(image, units, now, manner))
    }

    /// Stops what goes, while its unit is still loaded; what places orders only while nothing is held.
    fn stop(&self, removed: &[String], now: &All) {
        let goes = |unit: &&String| !unit.ends_with(".target") && now.get(*unit).is_some_and(Shown::is_up);
        for unit in removed.iter().filter(goes) {
            let holding = self.holding();
            if self.orders.contains(unit) && !holding.is_flat() {
                (self.tell)(&Event::new("kept", format!("runs on: there is {}", holding.says())).unit(unit));
                continue;
            }
            self.ask("stopped", &["stop", "--", unit], unit);
        }
    }

    fn bring_up(&self, image: &Image, delta: &Delta, now: &All, manner: &Manner<'_>) -> BTreeSet<String> {
        let mut started = BTreeSet::new();
        let is_up = |all: &All, unit: &str| all.get(unit).is_some_and(Shown::is_up);
        for unit in delta.restarts().filter(|unit| !is_job(image, unit)) {
            let verb = if !is_up(now, unit) {
                // Whoever stopped it meant it; what ran when this began, or failed, or manages what is held must come back.
                let has_failed = now.get(unit).is_some_and(|shown| shown.get("ActiveState") == "failed");
                let is_needed = || self.orders.contains(unit) && is_up(now, &self.target) && !self.holding().is_flat();
                if !has_failed && !is_up(manner.ran, unit) && !is_needed() {
                    continue;
                }
                "start"
            } else if let Some(why) = self.keeps(unit, manner.keep_orders) {
                (self.tell)(&Event::new("kept", why).unit(unit));
                continue;
            } else {
                "restart"
            };
            self.ask(verb, &[verb, "--no-block", "--", unit], unit);
            started.insert(unit.to_owned());
        }
        let wanted = |unit: &&str| is_wanted(image, &self.target, unit);
        if image.has_unit(&self.target) && !is_up(now, &self.target) {
            started.extend(image.unit_names().filter(|unit| wanted(&unit.as_str())));
            started.insert(self.target.clone());
            self.ask("start", &["start", "--no-block", "--", &self.target], &self.target);
            return started;
        }
        for unit in delta.added.iter().map(String::as_str).filter(wanted) {
            self.ask("start", &["start", "--no-block", "--", unit], unit);
            started.insert(unit.to_owned());
        }
        started
    }

    /// Why a unit that runs is not started afresh. Asked anew each time: what was flat a moment ago need not be.
    fn keeps(&self, unit: &str, keep_orders: Option<&str>) -> Option<String> {
        if !self.orders.contains(unit) {
            return None;
        }
        if let Some(why) = keep_orders {
            return Some(format!("runs on as it is, its next start takes the new unit: {why}"));
        }
        let holding = self.holding();
        let says = || format!("runs on as it is, its next start takes the new unit: there is {}", holding.says());
        (!holding.is_flat()).then(says)
    }

    fn ask(&self, event: &'static str, arguments: &[&str], unit: &str) {
        // What systemd refuses is seen when the unit is looked at.
        let says = self
            .host
            .systemctl(arguments)
            .err()
            .map_or("asked for".to_owned(), |error| format!("systemd says: {error}"));
        (self.tell)(&Event::new(event, says).unit(unit));
    }

    /// Waits until all units are well and stay so, and tells how each is; what is wrong when they do not become well.
    pub(super) fn wait(
        &self,
        image: &Image,
        before: &All,
        started: &BTreeSet<String>,
        bound: Duration,
    ) -> Result<(), Vec<String>> {
        let units: Vec<String> = image.unit_names().collect();
        let begun = self.host.elapsed();
        let (mut well_since, mut told_at) = (None, begun);
        let mut runs = BTreeMap::new();
        loop {
            let now = self.host.elapsed();
            let judged = self.judge_all(&units, before, started).map_err(|error| vec![error])?;
            let ill = words(&judged, |health| matches!(health, Health::Ill(_)));
            if !ill.is_empty() {
                return Err(ill);
            }
            let waiting = words(&judged, |health| matches!(health, Health::NotYet(_)));
            let seen: BTreeMap<String, String> = judged.into_iter().map(|(unit, (_, run))| (unit, run)).collect();
            if !waiting.is_empty() || seen != runs {
                well_since = None;
            }
            runs = seen;
            if waiting.is_empty() {
                let since = *well_since.get_or_insert(now);
                if now.saturating_sub(since) >= SETTLED {
                    return Ok(());
                }
            } else if now.saturating_sub(begun) >= bound {
                let late = |line: &String| format!("{line}, after {} s", bound.as_secs());
                return Err(waiting.iter().map(late).collect());
            } else if now.saturating_sub(told_at) >= TOLD {
                told_at = now;
                (self.tell)(&Event::new("waiting", waiting.join("; ")));
            }
            self.host.pause();
        }
    }

    /// Each unit's health, and what tells this run of it from another.
    fn judge_all(
        &self,
        units: &[String],
        before: &All,
        started: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, (Health, String)>, String> {
        let now = self.show(units)?;
        // Asked only where a gate refused: it is what tells a refusal from a failure.
        let asks = |shown: &Shown| shown.get("ActiveState") == "inactive" && !shown.end_of("ExecCondition").is_empty();
        let holding = if now.values().any(asks) { self.holding() } else { Holding::Flat };
        let judged = units.iter().map(|unit| {
            let unknown = Shown::default();
            let shown = now.get(unit).unwrap_or(&unknown);
            let touched = if started.contains(unit) { Touched::Started } else { Touched::Left };
            let health = judge(unit, shown, before.get(unit), touched, &holding);
            let health = match health {
                Health::Well(says) => self.answers(unit, shown, says),
                other @ (Health::NotYet(_) | Health::Ill(_)) => other,
            };
            (unit.clone(), (health, format!("{} {}", shown.get("InvocationID"), shown.get("NRestarts"))))
        });
        Ok(judged.collect())
    }

    /// A service that has an address and runs is well when it says so there.
    fn answers(&self, unit: &str, shown: &Shown, says: String) -> Health {
        let Some(endpoint) = self.endpoints.iter().find(|endpoint| endpoint.unit == unit && shown.is_active()) else {
            return Health::Well(says);
        };
        match self.host.get(endpoint.address, &endpoint.path) {
            Ok(200..=299) => Health::Well(format!("{says}, and {} says so", endpoint.path)),
            Ok(status) => Health::NotYet(format!("{}{} answers {status}", endpoint.address, endpoint.path)),
            Err(error) => Health::NotYet(format!("{}{}: {error}", endpoint.address, endpoint.path)),
        }
    }

    /// How each unit is, for the last word.
    pub(super) fn tell_states(&self, image: &Image, before: &All, started: &BTreeSet<String>) {
        let units: Vec<String> = image.unit_names().collect();
        let Ok(judged) = self.judge_all(&units, before, started) else { return };
        for (unit, (health, _)) in judged {
            let (event, says) = match health {
                Health::Well(says) => ("well", says),
                Health::NotYet(says) => ("waiting", says),
                Health::Ill(says) => ("ill", says),
            };
            (self.tell)(&Event::new(event, says).unit(&unit));
        }
    }
}

fn words(judged: &BTreeMap<String, (Health, String)>, which: fn(&Health) -> bool) -> Vec<String> {
    let chosen = judged.iter().filter(|(_, (health, _))| which(health));
    let line = |(unit, (health, _)): (&String, &(Health, String))| match health {
        Health::Well(says) | Health::NotYet(says) | Health::Ill(says) => format!("{unit}: {says}"),
    };
    chosen.map(line).collect()
}
