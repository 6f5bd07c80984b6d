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
    Account, Event, Host,
    holding::Holding,
    permission::Permission,
    switch::{self, After, Change, Switch},
    units::{All, Bringing, Endpoint, Manner},
};
use crate::{
    generations::{Generation, Image, Journal, Origin, Phase, Record, Store, StoreError, image::digest},
    installation::Installation,
    plan::{
        ABSENT, Found, Left,
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
    /// Addresses at which services say that they are well.
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
    pub to: u64,
    pub before: All,
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
        let from = match resumed {
            Some(journal) => journal.from.map(|number| self.store.read(number)).transpose()?,
            None => self.adopt(found)?,
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
        let before = self.states(found, &target.image);
        Ok(self.replace(target, &Start { found, from, to, before, keep_orders, is_resumed: resumed.is_some() }))
    }

    /// What lies there and is of no generation becomes one, so that there is a way back.
    fn adopt(&self, found: &Found) -> Result<Option<Generation>, StoreError> {
        let installed = found.installed.manifest(self.deployment);
        // Drift from the generation is not worth going back to; another manifest that was rendered since is.
        let same = |current: &&Generation| installed.is_none() || installed == current.image.manifest(self.deployment);
        if let Some(current) = found.current.as_ref().filter(same) {
            return Ok(Some(current.clone()));
        }
        if found.installed.units().next().is_none() {
            return Ok(None);
        }
        let programs = found.programs.iter().filter(|(_, mark)| *mark != ABSENT);
        let record = Record {
            schema_version: Record::SCHEMA,
            deployment: self.deployment.to_owned(),
            origin: Origin::Found,
            unitgen: crate::VERSION.to_owned(),
            made_at: found.now,
            made_by: found.who.clone(),
            manifest: installed.map(|text| digest(text.as_bytes())).unwrap_or_default(),
            plan: String::new(),
            programs: programs.map(|(path, mark)| (path.clone(), mark.clone())).collect(),
            ledgers: found.ledgers.clone(),
            failed: None,
        };
        let number = self.store.keep(&found.installed, &record, self.root)?;
        self.store.make_current(Some(number))?;
        let says = format!("what lies here is of no generation: it is {number} from now on");
        (self.tell)(&Event::new("kept", says).generation(number));
        self.store.read(number).map(Some)
    }

    /// Every unit as systemd has it now.
    pub(super) fn states(&self, found: &Found, image: &Image) -> All {
        let units: BTreeSet<String> = found.installed.unit_names().chain(image.unit_names()).collect();
        let units: Vec<String> = units.into_iter().collect();
        // Without an answer nothing counts as running, and nothing is stopped.
        self.bringing().and_then(|bringing| bringing.show(&units).ok()).unwrap_or_default()
    }

    fn replace(&self, target: &Target, start: &Start<'_>) -> Outcome {
        let files = delta(&start.found.installed, &target.image, &start.base(), &start.found.stale, &BTreeSet::new());
        let mut changes = self.programs(&target.programs);
        changes.extend(self.aside(target, start));
        changes.extend(files.changes);
        // What an interruption left.
        switch::sweep(self.root, target.image.paths().into_iter().chain(start.base().paths()));
        let mut switch = match Switch::stage(self.root, &changes) {
            Ok(switch) => switch,
            Err(error) => return self.nothing_changed(target, start, said(&error)),
        };
        if let Err(error) = self.store.write_journal(&start.journal(target, Phase::Files)) {
            switch.finish();
            return self.nothing_changed(target, start, said(&error));
        }
        if let Err(error) = switch.perform() {
            let why = said(&error);
            (self.tell)(&Event::new("failed", why.clone()));
            return match switch.undo() {
                Ok(()) if !start.is_resumed => {
                    self.nothing_changed(target, start, format!("{why}; what was there is back"))
                }
                Ok(()) => self.put_back(target, start, why),
                Err(error) => self.put_back(target, start, format!("{why}; {}", said(&error))),
            };
        }
        self.tell_changes(&changes, "wrote");
        let ended = self.store.write_journal(&start.journal(target, Phase::Units)).map_err(|error| vec![said(&error)]);
        match ended.and_then(|()| self.bring(target, start)) {
            Ok(()) => {
                switch.finish();
                self.finish(target, start)
            }
            Err(wrong) => self.go_back(target, start, switch, wrong.join("; ")),
        }
    }

    fn go_back(&self, target: &Target, start: &Start<'_>, switch: Switch<'_>, why: String) -> Outcome {
        (self.tell)(&Event::new("failed", why.clone()));
        if let Some(why_not) = self.stays(start) {
            return Outcome::Halfway(vec![why, why_not]);
        }
        (self.tell)(&Event::new("back", start.says_from()));
        // The journal says that the way leads back now; without it, it leads back all the same.
        let _ = self.store.write_journal(&start.journal(target, Phase::Back));
        match switch.undo() {
            Ok(()) => self.bring_back(target, start, why),
            Err(error) => self.put_back(target, start, format!("{why}; {}", said(&error))),
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

    /// Reload, stop, start, wait, verify.
    fn bring(&self, target: &Target, start: &Start<'_>) -> Result<(), Vec<String>> {
        if let Some(bringing) = self.bringing() {
            let goal = &target.image;
            let units = delta::units(&[&start.base(), &start.found.installed], goal, &target.other_programs);
            let manner = Manner { ran: &start.before, keep_orders: start.keep_orders.as_deref() };
            let started = bringing.bring(&units, goal, &start.before, &manner)?;
            bringing.wait(goal, &start.before, &started, self.bound)?;
            self.verified(target)?;
            bringing.tell_states(goal, &start.before, &started);
            return Ok(());
        }
        self.verified(target)
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
        let recorded = self.store.make_current(Some(start.to)).and_then(|()| self.store.end_journal());
        if let Err(error) = recorded {
            return Outcome::Unrecorded(start.to, said(&error));
        }
        if let Err(error) = self.store.prune() {
            (self.tell)(&Event::new("warning", said(&error)));
        }
        let says = format!("{} files are laid, and all is well", target.image.iter().count());
        (self.tell)(&Event::new("done", says).generation(start.to));
        Outcome::Done(start.to)
    }

    /// Why the new units stay although they did no good: there is nothing to go back to, and what runs holds something.
    pub(super) fn stays(&self, start: &Start<'_>) -> Option<String> {
        let holding = self.holding();
        let says = || format!("the units stay, since there is {}, and there were none before", holding.says());
        (start.from.is_none() && !holding.is_flat()).then(says)
    }

    fn nothing_changed(&self, target: &Target, start: &Start<'_>, why: String) -> Outcome {
        if start.is_resumed {
            // What was interrupted is as interrupted as before.
            return Outcome::Unchanged(why);
        }
        if target.generation.is_err() {
            // A generation that never was is of no use; one that cannot be removed harms nobody.
            let _ = self.store.remove(start.to);
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
        self.bringing().map_or(Holding::Flat, |bringing| bringing.holding())
    }

    pub(super) fn bringing(&self) -> Option<Bringing<'_>> {
        self.host.map(|host| Bringing {
            host,
            tell: self.tell,
            accounts: self.accounts,
            orders: self.orders,
            target: format!("{}.target", self.deployment),
            endpoints: self.endpoints,
        })
    }
}

impl Start<'_> {
    /// What the units were before: of the generation to go back to, or nothing.
    pub(super) fn base(&self) -> Image {
        self.from.as_ref().map(|from| from.image.clone()).unwrap_or_default()
    }

    fn journal(&self, target: &Target, phase: Phase) -> Journal {
        Journal {
            schema_version: Journal::SCHEMA,
            from: self.from.as_ref().map(|from| from.number),
            to: self.to,
            plan: target.plan.clone(),
            phase,
            began_at: self.found.now,
            by: self.found.who.clone(),
        }
    }

    fn says_from(&self) -> String {
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
