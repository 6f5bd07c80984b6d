//! The way back: to the generation before, after a failure or an interruption, and never over something held.

use std::collections::BTreeSet;

use super::{
    Event,
    programs::{newer, returning},
    run::{Outcome, Run, Start, Target, said},
    switch::{self, Change, Switch},
    units::{Manner, Runs, Watch},
};
use crate::{
    generations::{Generation, Image, Journal, Origin, Phase, StoreError},
    plan::{
        Delta, Found,
        delta::{self, delta},
        observe,
    },
};

/// What came back of programs.
#[derive(Default)]
struct Programs {
    /// Those that were replaced, by path.
    replaced: BTreeSet<String>,
    /// Why others were not.
    stay: Option<String>,
}

/// How units come back.
struct Way<'a> {
    image: &'a Image,
    units: &'a Delta,
    ran: &'a Runs,
    keep_orders: Option<&'a str>,
    is_back: bool,
}

impl Run<'_> {
    pub(super) fn go_back(&self, target: &Target, start: &Start<'_>, switch: Switch<'_>, why: String) -> Outcome {
        (self.tell)(&Event::new("failed", why.clone()));
        let removed = delta::units(&[&target.image], &start.base(), &target.other_programs).removed;
        if let Some(why_not) = self.stays(start.from.is_none(), &removed) {
            return Outcome::Halfway(vec![why, why_not]);
        }
        (self.tell)(&Event::new("back", start.says_from()));
        // The journal says that the way leads back now; without it, it leads back all the same.
        let _ = self.store.write_journal(&start.journal(target, Phase::Back));
        if let Err(why_not) = self.withdrawn(&removed) {
            return Outcome::Halfway(vec![why, why_not]);
        }
        // Programs that were put back here are older than those before, and a ledger may be newer by now.
        let has_risen = newer(&start.found.ledgers, &self.ledgers()).is_some();
        match self.undone(target, start, switch, !has_risen) {
            Ok(()) => self.bring_back(target, start, why),
            Err(error) => self.put_back(target, start, format!("{why}; {error}")),
        }
    }

    /// The files are back: bring the units back too, and look whether they are well.
    fn bring_back(&self, target: &Target, start: &Start<'_>, why: String) -> Outcome {
        let (mut wrong, mut programs) = (Vec::new(), Programs::default());
        if let Some(from) = &start.from {
            match self.restore(from, &target.image) {
                Ok(restored) => programs = restored,
                Err(error) => wrong.push(error),
            }
        }
        let goal = start.base();
        wrong.extend(self.lies_there(&goal).err().into_iter().flatten());
        let other = target.other_programs.iter().chain(&programs.replaced).cloned().collect();
        let units = delta::units(&[&target.image], &goal, &other);
        let way = Way {
            image: &goal,
            units: &units,
            ran: &start.ran,
            keep_orders: start.keep_orders.as_deref(),
            is_back: true,
        };
        wrong.extend(self.bring_units(&way).err().into_iter().flatten());
        let mut note = |result: Result<(), StoreError>| wrong.extend(result.err().map(|error| said(&error)));
        let from = start.from.as_ref().map(|from| from.number);
        if from != Some(start.to) && (target.generation.is_err() || start.is_resumed) {
            note(self.store.change_record(start.to, |record| record.did_no_good(&why)));
        }
        note(self.came_back(from));
        if wrong.is_empty() {
            wrong.extend(self.store.end_journal().err().map(|error| said(&error)));
        }
        if wrong.is_empty() {
            self.prune();
            let stay = programs.stay.map(|stay| format!("\n  {stay}")).unwrap_or_default();
            return Outcome::WentBack(format!("{why}{stay}"));
        }
        wrong.insert(0, why);
        Outcome::Halfway(wrong)
    }

    /// The quick way back failed: the long one, from what is kept.
    pub(super) fn put_back(&self, target: &Target, start: &Start<'_>, why: String) -> Outcome {
        let put = match &start.from {
            Some(from) => self.restore(from, &target.image).map(drop),
            None => self.take_away(&target.image),
        };
        match put {
            Ok(()) => self.bring_back(target, start, why),
            Err(error) => Outcome::Halfway(vec![why, error]),
        }
    }

    /// Goes back to where an interrupted change began; what only restored is finished, which is the same.
    ///
    /// # Errors
    /// What is wrong, when it cannot, or when what was before is not well again. The journal stays then.
    pub fn recover(&self, journal: &Journal, found: &Found, keep_orders: Option<&str>) -> Result<(), Vec<String>> {
        let says = |error: StoreError| vec![said(&error)];
        let to = self.store.read(journal.to).map_err(says)?;
        let from = journal.from.map(|number| self.store.read(number)).transpose().map_err(says)?;
        let goal = from.as_ref().map(|from| from.image.clone()).unwrap_or_default();
        switch::sweep(self.root, self.deployment, to.image.paths().into_iter().chain(goal.paths()));
        let before = [&to.image, &found.installed];
        let removed = delta::units(&before, &goal, &found.other_programs()).removed;
        if let Some(why) = self.stays(from.is_none(), &removed) {
            return Err(vec![why]);
        }
        self.withdrawn(&removed).map_err(|why| vec![why])?;
        let programs = match &from {
            Some(from) => self.restore(from, &to.image).map_err(|error| vec![error])?,
            None => self.take_away(&to.image).map(|()| Programs::default()).map_err(|error| vec![error])?,
        };
        self.lies_there(&goal)?;
        let other = found.other_programs().into_iter().chain(programs.replaced).collect();
        let mut units = delta::units(&before, &goal, &other);
        if journal.is_restore() {
            units = units.with_changed(&journal.changed, &goal);
        }
        let is_back = !journal.is_restore();
        self.bring_units(&Way { image: &goal, units: &units, ran: &journal.ran, keep_orders, is_back })?;
        if !journal.is_restore() {
            let interrupted = |record: &mut crate::generations::Record| {
                if !record.is_well {
                    record.did_no_good("it was interrupted");
                }
            };
            self.store.change_record(journal.to, interrupted).map_err(says)?;
        }
        self.came_back(journal.from).and_then(|()| self.store.end_journal()).map_err(says)?;
        self.prune();
        let back = match journal.from {
            Some(number) => format!("generation {number} is laid again"),
            None => "nothing was laid before it, and nothing is now".to_owned(),
        };
        (self.tell)(&Event::new("recovered", format!("what {} began was interrupted; {back}", journal.by)));
        Ok(())
    }

    /// What lies there again is current, and as good to go back to as any.
    fn came_back(&self, from: Option<u64>) -> Result<(), StoreError> {
        if let Some(number) = from {
            self.store.change_record(number, |record| {
                if record.origin == Origin::Found {
                    record.did_well();
                }
            })?;
        }
        self.store.make_current(from)
    }

    /// Units as they were: reload, start, wait.
    fn bring_units(&self, way: &Way<'_>) -> Result<(), Vec<String>> {
        let endpoints = self.endpoints_of(way.image);
        let Some(bringing) = self.bringing(&endpoints) else { return Ok(()) };
        let names: Vec<String> = way.image.unit_names().chain(way.units.removed.iter().cloned()).collect();
        let names = if names.is_empty() { vec![format!("{}.target", self.deployment)] } else { names };
        let now =
            bringing.show_surely(&names).map_err(|error| vec![format!("systemd does not say what runs: {error}")])?;
        let manner = Manner { ran: way.ran, keep_orders: way.keep_orders, is_back: way.is_back };
        let started = bringing.bring(way.units, way.image, &now, &manner)?;
        let watch = Watch { image: way.image, gone: &way.units.removed, before: &now, started: &started };
        let waited = bringing.wait(&watch, self.bound);
        bringing.tell_states(&watch);
        waited
    }

    /// Why the new units stay although they did no good: what runs holds something, and going back would take its unit away.
    fn stays(&self, is_first: bool, removed: &[String]) -> Option<String> {
        let holding = self.holding();
        if holding.is_flat() {
            return None;
        }
        if is_first {
            return Some(format!("the units stay, since there is {}, and there were none before", holding.says()));
        }
        let places_orders = |unit: &&String| self.orders.contains(*unit);
        let unit = removed.iter().find(places_orders)?;
        let bringing = self.bringing(&[])?;
        let shown = bringing.show_surely(std::slice::from_ref(unit));
        let runs = shown.is_ok_and(|shown| shown.get(unit).is_some_and(super::shown::Shown::is_up));
        runs.then(|| format!("the units stay, since there is {}, and {unit} was not there before", holding.says()))
    }

    /// What was not there before is stopped while its files are; where it is not, it runs on, and its files stay.
    fn withdrawn(&self, removed: &[String]) -> Result<(), String> {
        let Some(bringing) = self.bringing(&[]).filter(|_| !removed.is_empty()) else { return Ok(()) };
        // Without an answer nothing is known to run; that it does not is looked at again when the rest is back.
        let Ok(now) = bringing.show_surely(removed) else { return Ok(()) };
        let (stopped, ended) = bringing.withdraw(removed, &now, self.bound);
        ended.inspect_err(|_| bringing.give_back(&stopped))
    }

    /// Puts a generation's files and programs in place, whatever lies there of `other`. Says which programs it replaced.
    fn restore(&self, generation: &Generation, other: &Image) -> Result<Programs, String> {
        let paths = generation.image.paths().into_iter().chain(other.paths());
        let installed = observe::installed(self.root, paths).map_err(|error| error.to_string())?;
        let files = delta(&installed, &generation.image, other, &[], &BTreeSet::new());
        let record = &generation.record;
        let back = returning(record, &self.programs_now(record), &self.ledgers(), |mark| self.store.has_program(mark));
        if let Some(stay) = &back.stay {
            (self.tell)(&Event::new("warning", stay.clone()).generation(generation.number));
        }
        let programs = self.programs(&back.programs);
        let replaced = programs.iter().map(|change| format!("/{}", change.path)).collect();
        let changes: Vec<Change> = programs.into_iter().chain(files.changes).collect();
        self.perform(&changes)?;
        self.tell_changes(&changes, "restored");
        Ok(Programs { replaced, stay: back.stay })
    }

    /// There was nothing before: what a first apply laid goes again.
    fn take_away(&self, image: &Image) -> Result<(), String> {
        let installed = observe::installed(self.root, image.paths()).map_err(|error| error.to_string())?;
        let files = delta(&installed, &Image::default(), image, &[], &BTreeSet::new());
        self.perform(&files.changes)?;
        self.tell_changes(&files.changes, "restored");
        Ok(())
    }

    fn perform(&self, changes: &[Change]) -> Result<(), String> {
        let mut switch = Switch::stage(self.root, self.deployment, changes).map_err(|error| said(&error))?;
        let performed = switch.perform().map_err(|error| said(&error));
        switch.finish();
        performed
    }
}
