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
/// So often systemd is asked what runs before that counts as no answer, where there is no turning round.
const ATTEMPTS: usize = 5;

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
    /// What ran when all of it began, with the id of that run: it is to run when it ends.
    pub ran: &'a Runs,
    /// Why what places orders is not started afresh.
    pub keep_orders: Option<&'a str>,
    /// Whether this is the way back: what was never started afresh runs as it did, and what did not run stays so.
    pub is_back: bool,
}

/// Units, each with the id of a run.
pub(super) type Runs = BTreeMap<String, String>;

/// What is known of units, by name.
pub(super) type All = BTreeMap<String, Shown>;

/// What runs, of some units.
pub(super) fn runs(all: &All) -> Runs {
    let up = all.iter().filter(|(_, shown)| shown.is_up());
    up.map(|(unit, shown)| (unit.clone(), shown.get("InvocationID").to_owned())).collect()
}

/// Units looked at until they are well.
pub(super) struct Watch<'a> {
    /// Those that shall be there.
    pub image: &'a Image,
    /// Those that shall not run any more.
    pub gone: &'a [String],
    /// All of them before.
    pub before: &'a All,
    /// Those that were started.
    pub started: &'a BTreeSet<String>,
}

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

    /// The same, asked again when there is no answer: on the way back much depends on one.
    pub(super) fn show_surely(&self, units: &[String]) -> Result<All, String> {
        let mut shown = self.show(units);
        for _ in 1..ATTEMPTS {
            if shown.is_ok() {
                break;
            }
            self.host.pause();
            shown = self.show(units);
        }
        shown
    }

    /// Stops what goes, while its files are still there; what places orders only while nothing is held, before and after.
    /// Says what was stopped, and why not all of it was: then it is to be given back.
    pub(super) fn withdraw(&self, removed: &[String], now: &All, bound: Duration) -> (Vec<String>, Result<(), String>) {
        let mut stopped = Vec::new();
        let goes = |unit: &&String| !unit.ends_with(".target") && now.get(*unit).is_some_and(Shown::is_up);
        for unit in removed.iter().filter(goes) {
            let places_orders = self.orders.contains(unit);
            if let Err(why) = self.flat_for(unit, places_orders, "would be stopped") {
                return (stopped, Err(why));
            }
            stopped.push(unit.clone());
            let ended = self.stop(unit, bound);
            let says = ended.clone().err().unwrap_or_else(|| "it is taken out".to_owned());
            (self.tell)(&Event::new("stopped", says).unit(unit));
            // What was flat when it was asked need not have been so when the process ended.
            if let Err(why) = ended.and_then(|()| self.flat_for(unit, places_orders, "was stopped meanwhile")) {
                return (stopped, Err(why));
            }
        }
        (stopped, Ok(()))
    }

    fn flat_for(&self, unit: &str, places_orders: bool, would: &str) -> Result<(), String> {
        let holding = if places_orders { self.holding() } else { Holding::Flat };
        if holding.is_flat() { Ok(()) } else { Err(format!("there is {}, and {unit} {would}", holding.says())) }
    }

    /// Stops a unit and sees it end.
    fn stop(&self, unit: &str, bound: Duration) -> Result<(), String> {
        let asked = self.host.systemctl(&["stop", "--", unit]);
        let (begun, name) = (self.host.elapsed(), [unit.to_owned()]);
        loop {
            let shown = self.show_surely(&name)?;
            let state = shown.get(unit).map_or("", |shown| shown.get("ActiveState"));
            if matches!(state, "inactive" | "failed") {
                return Ok(());
            }
            let is_late = self.host.elapsed().saturating_sub(begun) >= bound;
            if state != "deactivating" || is_late {
                let says = asked.err().map_or_else(String::new, |error| format!(" (systemd says: {error})"));
                return Err(format!("{unit} does not stop: it is {state}{says}"));
            }
            self.host.pause();
        }
    }

    /// Starts again what was stopped for nothing.
    pub(super) fn give_back(&self, stopped: &[String]) {
        for unit in stopped {
            self.ask("start", &["start", "--no-block", "--", unit], unit);
        }
    }

    /// Lets systemd read its files, starts afresh what changed and starts what is new. Says which units were started.
    pub(super) fn bring(
        &self,
        units: &Delta,
        image: &Image,
        now: &All,
        manner: &Manner<'_>,
    ) -> Result<BTreeSet<String>, Vec<String>> {
        self.host.systemctl(&["daemon-reload"]).map_err(|error| vec![format!("systemctl daemon-reload: {error}")])?;
        (self.tell)(&Event::new("reloaded", "systemd has read its files"));
        Ok(self.bring_up(image, units, now, manner))
    }

    fn bring_up(&self, image: &Image, delta: &Delta, now: &All, manner: &Manner<'_>) -> BTreeSet<String> {
        let mut started = BTreeSet::new();
        for unit in delta.restarts().filter(|unit| !is_job(image, unit)) {
            if let Some(verb) = self.verb(unit, now, manner) {
                self.ask(verb, &[verb, "--no-block", "--", unit], unit);
                started.insert(unit.to_owned());
            }
        }
        let ran = |unit: &str| manner.ran.contains_key(unit);
        let wanted = |unit: &str| is_wanted(image, &self.target, unit);
        if image.has_unit(&self.target) && !is_up(now, &self.target) && (!manner.is_back || ran(&self.target)) {
            started.extend(image.unit_names().filter(|unit| wanted(unit)));
            started.insert(self.target.clone());
            self.ask("start", &["start", "--no-block", "--", &self.target], &self.target);
            return started;
        }
        let comes = |unit: &&str| if manner.is_back { ran(unit) && !is_job(image, unit) } else { wanted(unit) };
        for unit in delta.added.iter().map(String::as_str).filter(comes) {
            self.ask("start", &["start", "--no-block", "--", unit], unit);
            started.insert(unit.to_owned());
        }
        started
    }

    /// What is asked for a unit that changes; nothing when it stays as it is.
    fn verb(&self, unit: &str, now: &All, manner: &Manner<'_>) -> Option<&'static str> {
        let Some(shown) = now.get(unit).filter(|shown| shown.is_up()) else {
            // Whoever stopped it meant it; what ran when this began, or failed, or manages what is held must come back.
            let has_failed = now.get(unit).is_some_and(|shown| shown.get("ActiveState") == "failed");
            let is_needed = || self.orders.contains(unit) && is_up(now, &self.target) && !self.holding().is_flat();
            return (has_failed || manner.ran.contains_key(unit) || is_needed()).then_some("start");
        };
        if manner.is_back && manner.ran.get(unit).map(String::as_str) == Some(shown.get("InvocationID")) {
            (self.tell)(&Event::new("kept", "runs on: it was never started afresh").unit(unit));
            return None;
        }
        if let Some(why) = self.keeps(unit, manner.keep_orders) {
            (self.tell)(&Event::new("kept", why).unit(unit));
            return None;
        }
        Some("restart")
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
    pub(super) fn wait(&self, watch: &Watch<'_>, bound: Duration) -> Result<(), Vec<String>> {
        let begun = self.host.elapsed();
        let (mut well_since, mut told_at) = (None, begun);
        let mut runs = BTreeMap::new();
        loop {
            let now = self.host.elapsed();
            let judged = self.judge_all(watch).map_err(|error| vec![error])?;
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
                // Well at every look, and never the same run: it would be waited for without end.
                if since.saturating_sub(begun) > bound {
                    return Err(vec![format!("units are started again and again, after {} s", bound.as_secs())]);
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
    fn judge_all(&self, watch: &Watch<'_>) -> Result<BTreeMap<String, (Health, String)>, String> {
        let units: Vec<String> = watch.image.unit_names().collect();
        let asked: Vec<String> = units.iter().chain(watch.gone).cloned().collect();
        let now = self.show(&asked)?;
        // Asked only where a gate refused: it is what tells a refusal from a failure.
        let asks = |shown: &Shown| shown.get("ActiveState") == "inactive" && !shown.end_of("ExecCondition").is_empty();
        let holding = if now.values().any(asks) { self.holding() } else { Holding::Flat };
        let unknown = Shown::default();
        let judged = units.iter().map(|unit| {
            let shown = now.get(unit).unwrap_or(&unknown);
            let touched = if watch.started.contains(unit) { Touched::Started } else { Touched::Left };
            let health = match judge(unit, shown, watch.before.get(unit), touched, &holding) {
                Health::Well(says) => self.answers(unit, shown, says),
                other @ (Health::NotYet(_) | Health::Ill(_)) => other,
            };
            (unit.clone(), (health, format!("{} {}", shown.get("InvocationID"), shown.get("NRestarts"))))
        });
        let still_runs = |unit: &&String| !unit.ends_with(".target") && is_up(&now, unit);
        let gone = watch.gone.iter().filter(still_runs);
        let ill = gone.map(|unit| (unit.clone(), (Health::Ill("it is taken out, and runs".to_owned()), String::new())));
        Ok(judged.chain(ill).collect())
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
    pub(super) fn tell_states(&self, watch: &Watch<'_>) {
        let Ok(judged) = self.judge_all(watch) else { return };
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

fn is_up(all: &All, unit: &str) -> bool {
    all.get(unit).is_some_and(Shown::is_up)
}

fn words(judged: &BTreeMap<String, (Health, String)>, which: fn(&Health) -> bool) -> Vec<String> {
    let chosen = judged.iter().filter(|(_, (health, _))| which(health));
    let line = |(unit, (health, _)): (&String, &(Health, String))| match health {
        Health::Well(says) | Health::NotYet(says) | Health::Ill(says) => format!("{unit}: {says}"),
    };
    chosen.map(line).collect()
}
