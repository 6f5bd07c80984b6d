//! The order of it all: keep, stage, replace, reload, restart, wait; and the way back when any of that fails.
//!
//! The journal is written before the first file changes and removed after the last word, so whoever finds one knows what
//! was under way. What places orders is stopped by no path through here while something is held.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use super::{
    Account, Event, Host, endpoints,
    holding::Holding,
    permission::Permission,
    switch::{self, After, Change, Switch},
    units::{self, All, Bringing, Endpoint, Manner, Runs, Watch},
};
use crate::{
    generations::{Generation, Image, Journal, Phase, Record, Store, StoreError, image::unit_of},
    installation::Installation,
    plan::{
        Delta, Found, Left,
        delta::{self, delta},
        meaning,
        observe::{self, ObserveError},
    },
};

/// What an apply works on.
pub struct Run<'a> {
    /// The host's root.
    pub root: &'a Path,
    /// Where the deployment lives on it.
    pub installation: &'a Installation,
    /// Its generations of this deployment.
    pub store: &'a Store,
    /// The running host; nothing for a root that is not this host's own.
    pub host: Option<&'a dyn Host>,
    /// Whom to tell what happens.
    pub tell: &'a dyn Fn(&Event),
    /// The deployment.
    pub deployment: &'a str,
    /// Whom to ask what is held.
    pub accounts: &'a [Account],
    /// Units that place orders, before or after.
    pub orders: &'a BTreeSet<String>,
    /// Addresses at which services of what is laid say that they are well.
    pub endpoints: &'a [Endpoint],
    /// So long units may take to become well.
    pub bound: Duration,
}

/// What is to be laid.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its generation: one that is kept already, or the record of one that is to be.
    pub generation: Result<u64, Record>,
    /// Its files.
    pub image: Image,
    /// Programs that are put back, by path: their digests.
    pub programs: BTreeMap<String, String>,
    /// Why the programs of then are not put back, where they differ.
    pub stay: Option<String>,
    /// Programs that are not those that the running units were started with.
    pub other_programs: BTreeSet<String>,
    /// Digest of the plan; empty for a rollback.
    pub plan: String,
    /// Findings that were there before and are not for this to mend.
    pub left: Vec<Left>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This generation is laid and well.
    Done(u64),
    /// It may not be done now, for this reason: nothing changed.
    Refused(String),
    /// Nothing changed, for this reason.
    Unchanged(String),
    /// It did no good, for this reason, and what was before is laid again and well.
    WentBack(String),
    /// This generation is laid and well, and that could not be recorded, for this reason.
    Unrecorded(u64, String),
    /// Neither is whole: what is wrong, one a line.
    Halfway(Vec<String>),
}

/// What is known before the first change.
pub(super) struct Start<'a> {
    pub found: &'a Found,
    /// The generation to go back to.
    pub from: Option<Generation>,
    /// Whether that was made now, of what lies there.
    pub is_adopted: bool,
    pub to: u64,
    pub before: All,
    /// What ran when all of it began.
    pub ran: Runs,
    /// The units that are to be started afresh.
    pub changed: Vec<String>,
    /// The units that are not taken out.
    pub spares: BTreeSet<String>,
    pub keep_orders: Option<String>,
    pub is_resumed: bool,
}

impl Run<'_> {
    /// Lays a target. `resumed` is the journal of the same, which was interrupted.
    ///
    /// # Errors
    /// When the generations cannot be read or kept: nothing has changed then.
    pub fn lay(
        &self,
        target: &Target,
        found: &Found,
        permission: &Permission,
        resumed: Option<&Journal>,
    ) -> Result<Outcome, StoreError> {
        let before = match self.states(&[&found.installed, &found.base(), &target.image]) {
            Ok(before) => before,
            Err(error) => return Ok(Outcome::Refused(format!("systemd does not say what runs: {error}"))),
        };
        let is_adopted = resumed.is_none() && !found.is_kept(self.deployment);
        let from = match resumed {
            Some(journal) => journal.from.map(|number| self.store.read(number)).transpose()?,
            None if is_adopted => self.adopt(found)?,
            None => found.current.clone(),
        };
        let to = match (resumed, &target.generation) {
            (Some(journal), _) => journal.to,
            (None, Ok(number)) => *number,
            (None, Err(record)) => self.store.keep(&target.image, record, self.root)?,
        };
        let says = format!("generation {to} in {}", self.store.folder().display());
        (self.tell)(&Event::new("kept", says).generation(to));
        let keep_orders = match permission {
            Permission::WithoutOrders(why) => Some(why.clone()),
            Permission::Granted | Permission::Refused(_) => None,
        };
        self.note_ledgers(from.as_ref(), &before, &found.ledgers);
        let ran = resumed.map_or_else(|| units::runs(&before), |journal| journal.ran.clone());
        let changed = resumed.map(|journal| journal.changed.clone()).unwrap_or_default();
        let is_resumed = resumed.is_some();
        let spares = self.spares(target, found);
        let mut start = Start { found, from, is_adopted, to, before, ran, changed, spares, keep_orders, is_resumed };
        start.changed = self.units(target, &start).changed;
        Ok(self.replace(target, &start))
    }

    /// Every unit of some images as systemd has it now; none on a root that does not run.
    pub(super) fn states(&self, images: &[&Image]) -> Result<All, String> {
        let units: BTreeSet<String> = images.iter().flat_map(|image| image.unit_names()).collect();
        let units: Vec<String> = units.into_iter().collect();
        match self.bringing(self.endpoints) {
            Some(bringing) if !units.is_empty() => bringing.show(&units),
            Some(_) | None => Ok(All::new()),
        }
    }

    /// The units that notice, on the way to a target.
    fn units(&self, target: &Target, start: &Start<'_>) -> Delta {
        let before = [&start.base(), &start.found.installed];
        let mut units =
            delta::units(&before, &target.image, &target.other_programs).with_changed(&start.changed, &target.image);
        units.removed.retain(|unit| !start.spares.contains(unit));
        units
    }

    /// What a restore leaves where it is, since it is never refused: units that belong to nothing any more, place orders, and
    /// may manage what is held.
    fn spares(&self, target: &Target, found: &Found) -> BTreeSet<String> {
        let is_restore = target.generation.as_ref().ok() == found.current.as_ref().map(|current| &current.number);
        if !is_restore || self.holding().is_flat() { BTreeSet::new() } else { self.orders.clone() }
    }

    fn replace(&self, target: &Target, start: &Start<'_>) -> Outcome {
        let files = delta(&start.found.installed, &target.image, &start.base(), &start.found.stale, &BTreeSet::new());
        let mut changes = self.programs(&target.programs);
        changes.extend(self.aside(target, start));
        let is_spared = |change: &Change| {
            let unit = unit_of(&change.path);
            change.after == After::Gone && unit.is_some_and(|unit| start.spares.contains(unit.as_ref()))
        };
        changes.extend(files.changes.into_iter().filter(|change| !is_spared(change)));
        // What an interruption left.
        switch::sweep(self.root, self.deployment, target.image.paths().into_iter().chain(start.base().paths()));
        let mut switch = match Switch::stage(self.root, self.deployment, &changes) {
            Ok(switch) => switch,
            Err(error) => return self.nothing_changed(target, start, said(&error)),
        };
        if let Err(error) = self.store.write_journal(&start.journal(target, Phase::Files)) {
            switch.finish();
            return self.nothing_changed(target, start, said(&error));
        }
        let units = self.units(target, start);
        let (stopped, ended) = self.withdraw(&units.removed, &start.before);
        if let Err(why) = ended {
            switch.finish();
            self.give_back(&stopped);
            return match self.nothing_changed(target, start, why) {
                Outcome::Unchanged(why) => Outcome::Refused(why),
                other @ (Outcome::Done(_)
                | Outcome::Refused(_)
                | Outcome::WentBack(_)
                | Outcome::Unrecorded(..)
                | Outcome::Halfway(_)) => other,
            };
        }
        if let Err(error) = switch.perform() {
            let why = said(&error);
            (self.tell)(&Event::new("failed", why.clone()));
            return match self.undone(target, start, switch, true) {
                Ok(()) if !start.is_resumed => {
                    self.give_back(&stopped);
                    self.nothing_changed(target, start, format!("{why}; what was there is back"))
                }
                Ok(()) => self.put_back(target, start, why),
                Err(error) => self.put_back(target, start, format!("{why}; {error}")),
            };
        }
        self.tell_changes(&changes, "wrote");
        let ended = self.store.write_journal(&start.journal(target, Phase::Units)).map_err(|error| vec![said(&error)]);
        match ended.and_then(|()| self.bring(target, start, &units)) {
            Ok(()) => {
                switch.finish();
                self.finish(target, start)
            }
            Err(wrong) => self.go_back(target, start, switch, wrong.join("; ")),
        }
    }

    /// The quick way back; what lies there then is what was found, or it was not the way: a directory that somebody removed
    /// meanwhile takes files along that were never touched.
    pub(super) fn undone(
        &self,
        target: &Target,
        start: &Start<'_>,
        switch: Switch<'_>,
        with_programs: bool,
    ) -> Result<(), String> {
        switch.undo(with_programs).map_err(|error| said(&error))?;
        let before = &start.found.installed;
        let paths: BTreeSet<String> = before.paths().into_iter().chain(target.image.paths()).collect();
        let there = observe::installed(self.root, paths).map_err(|error| said(&error))?;
        match before.iter().find(|(path, content)| there.get(path) != Some(content)) {
            // What an interruption left is no state to go back to.
            Some((path, _)) if !start.is_resumed => Err(format!("/{path} is not what it was")),
            Some(_) | None => Ok(()),
        }
    }

    /// Stops what goes. What was stopped, and whether that was all of it.
    pub(super) fn withdraw(&self, removed: &[String], now: &All) -> (Vec<String>, Result<(), String>) {
        match self.bringing(&[]) {
            Some(bringing) => bringing.withdraw(removed, now, self.bound),
            None => (Vec::new(), Ok(())),
        }
    }

    pub(super) fn give_back(&self, stopped: &[String]) {
        if let Some(bringing) = self.bringing(&[]) {
            bringing.give_back(stopped);
        }
    }

    /// Programs that lie there with another content.
    pub(super) fn programs(&self, programs: &BTreeMap<String, String>) -> Vec<Change> {
        let differs = |(path, mark): &(&String, &String)| observe::program(self.root, path) != **mark;
        let changed = programs.iter().filter(differs).map(|(path, mark)| Change {
            path: path.trim_start_matches('/').to_owned(),
            after: After::Program(self.store.program(mark)),
        });
        changed.collect()
    }

    /// A manifest that somebody edited and nobody applied is kept beside the one that takes its place.
    fn aside(&self, target: &Target, start: &Start<'_>) -> Option<Change> {
        let path = format!("{}/{}.toml", self.installation.manifests(), self.deployment);
        let there = start.found.installed.get(&path)?;
        let is_kept = start.from.as_ref().is_some_and(|from| from.image.get(&path) == Some(there));
        (!is_kept && target.image.get(&path) != Some(there)).then(|| delta::aside(&path, there, start.to))
    }

    /// Look at what was laid; reload, start, wait, verify.
    fn bring(&self, target: &Target, start: &Start<'_>, units: &Delta) -> Result<(), Vec<String>> {
        self.lies_there(&target.image)?;
        if let Some(bringing) = self.bringing(self.endpoints) {
            let keep_orders = start.keep_orders.as_deref();
            let manner = Manner { ran: &start.ran, keep_orders, is_back: false };
            let started = bringing.bring(units, &target.image, &start.before, &manner)?;
            let watch = Watch { image: &target.image, gone: &units.removed, before: &start.before, started: &started };
            bringing.wait(&watch, self.bound)?;
            self.verified(target)?;
            bringing.tell_states(&watch);
            return Ok(());
        }
        self.verified(target)
    }

    /// Each file is what it shall be.
    pub(super) fn lies_there(&self, image: &Image) -> Result<(), Vec<String>> {
        let there = observe::installed(self.root, image.paths()).map_err(|error| vec![error.to_string()])?;
        let differs = image.iter().filter(|(path, content)| there.get(path) != Some(content));
        let wrong: Vec<String> = differs.map(|(path, _)| format!("/{path} is not what was laid there")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Nothing is wrong with the host that was not wrong before.
    fn verified(&self, target: &Target) -> Result<(), Vec<String>> {
        let listing = observe::installed(self.root, target.image.paths())
            .and_then(|installed| observe::listing(self.root, self.installation, &installed, &target.image));
        let listing = listing.map_err(|error: ObserveError| vec![error.to_string()])?;
        let found = meaning::findings(self.deployment, self.installation, &target.image, &listing);
        let wrong: Vec<String> = found
            .iter()
            .filter(|finding| !target.left.contains(finding))
            .map(|finding| format!("{}[{}]: {}", finding.file, finding.code, finding.says))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn finish(&self, target: &Target, start: &Start<'_>) -> Outcome {
        let journal = start.journal(target, Phase::Well);
        if let Err(error) = self.store.write_journal(&journal).and_then(|()| self.store.close(&journal)) {
            return Outcome::Unrecorded(start.to, said(&error));
        }
        if self.host.is_some()
            && let (Ok(states), Ok(generation)) = (self.states(&[&target.image]), self.store.read(start.to))
        {
            self.note_ledgers(Some(&generation), &states, &self.ledgers());
        }
        self.prune();
        let well = match (self.host, &target.stay) {
            (None, _) => "nothing of it was started or waited for, since this root is not that of the host that runs",
            (Some(_), Some(_)) => "every unit is well, with the programs of now",
            (Some(_), None) => "all is well",
        };
        let says = format!("{} files are laid, and {well}", target.image.iter().count());
        (self.tell)(&Event::new("done", says).generation(start.to));
        Outcome::Done(start.to)
    }

    pub(super) fn prune(&self) {
        if let Err(error) = self.store.prune() {
            (self.tell)(&Event::new("warning", said(&error)));
        }
    }

    fn nothing_changed(&self, target: &Target, start: &Start<'_>, why: String) -> Outcome {
        if start.is_resumed {
            // What was interrupted is as interrupted as before.
            return Outcome::Unchanged(why);
        }
        let made = [start.from.as_ref().filter(|_| start.is_adopted).map(|from| from.number), Some(start.to)];
        let is_new = |number: &u64| *number != start.to || target.generation.is_err();
        for number in made.into_iter().flatten().filter(is_new) {
            // A generation that never was is of no use; one that cannot be removed harms nobody.
            let _ = self.store.remove(number);
        }
        match self.store.end_journal() {
            Ok(()) => Outcome::Unchanged(why),
            Err(error) => Outcome::Halfway(vec![why, said(&error)]),
        }
    }

    pub(super) fn tell_changes(&self, changes: &[Change], wrote: &'static str) {
        for change in changes {
            let event = if change.after == After::Gone { "removed" } else { wrote };
            (self.tell)(&Event::new(event, "").file(&format!("/{}", change.path)));
        }
    }

    /// What is held in all accounts.
    #[must_use]
    pub fn holding(&self) -> Holding {
        self.bringing(&[]).map_or(Holding::Flat, |bringing| bringing.holding())
    }

    pub(super) fn bringing<'a>(&'a self, endpoints: &'a [Endpoint]) -> Option<Bringing<'a>> {
        self.host.map(|host| Bringing {
            host,
            tell: self.tell,
            accounts: self.accounts,
            orders: self.orders,
            target: format!("{}.target", self.deployment),
            endpoints,
        })
    }

    /// Addresses of the units of a generation.
    pub(super) fn endpoints_of(&self, image: &Image) -> Vec<Endpoint> {
        endpoints::of_image(image, self.deployment)
    }
}

impl Start<'_> {
    /// What the units were before: of the generation to go back to, or nothing.
    pub(super) fn base(&self) -> Image {
        self.from.as_ref().map(|from| from.image.clone()).unwrap_or_default()
    }

    pub(super) fn journal(&self, target: &Target, phase: Phase) -> Journal {
        Journal {
            schema_version: Journal::SCHEMA,
            from: self.from.as_ref().map(|from| from.number),
            to: self.to,
            plan: target.plan.clone(),
            phase,
            began_at: self.found.now,
            by: self.found.who.clone(),
            ran: self.ran.clone(),
            changed: self.changed.clone(),
        }
    }

    pub(super) fn says_from(&self) -> String {
        match &self.from {
            Some(from) => format!("generation {} comes back", from.number),
            None => "nothing was laid before, so what was laid now goes".to_owned(),
        }
    }
}

/// An error with what the system said of it.
pub(super) fn said(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
