//! The way back: to the generation before, after a failure or an interruption, and never over something held.

use std::collections::BTreeSet;

use super::{
    Event,
    run::{Outcome, Run, Start, Target, said},
    switch::{self, Change, Switch},
    units::Manner,
};
use crate::{
    generations::{Generation, Image, Journal, StoreError},
    plan::{
        Found,
        delta::{self, delta},
        observe,
    },
};

impl Run<'_> {
    /// The files are back: bring the units back too, and look whether they are well.
    pub(super) fn bring_back(&self, target: &Target, start: &Start<'_>, why: String) -> Outcome {
        let (mut wrong, mut other) = (Vec::new(), target.other_programs.clone());
        if let Some(from) = &start.from {
            match self.restore(from, &target.image) {
                Ok(programs) => other.extend(programs),
                Err(error) => wrong.push(error),
            }
        }
        let goal = start.base();
        if let Some(bringing) = self.bringing() {
            let now = self.states(start.found, &target.image);
            let units = delta::units(&[&target.image], &goal, &other);
            let brought = bringing.bring(&units, &goal, &now, &Manner { ran: &start.before, keep_orders: None });
            let brought = brought.and_then(|started| {
                let waited = bringing.wait(&goal, &now, &started, self.bound);
                bringing.tell_states(&goal, &now, &started);
                waited
            });
            wrong.extend(brought.err().into_iter().flatten());
        }
        let mut note = |result: Result<(), StoreError>| wrong.extend(result.err().map(|error| said(&error)));
        if target.generation.is_err() {
            note(self.store.mark_failed(start.to, &why));
        }
        note(self.store.make_current(start.from.as_ref().map(|from| from.number)));
        if wrong.is_empty() {
            wrong.extend(self.store.end_journal().err().map(|error| said(&error)));
        }
        if wrong.is_empty() {
            return Outcome::WentBack(why);
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

    /// Goes back to where an interrupted apply began.
    ///
    /// # Errors
    /// What is wrong, when it cannot.
    pub fn recover(&self, journal: &Journal, found: &Found) -> Result<(), Vec<String>> {
        let says = |error: StoreError| vec![said(&error)];
        let to = self.store.read(journal.to).map_err(says)?;
        let from = journal.from.map(|number| self.store.read(number)).transpose().map_err(says)?;
        let goal = from.as_ref().map(|from| from.image.clone()).unwrap_or_default();
        switch::sweep(self.root, to.image.paths().into_iter().chain(goal.paths()));
        let before = self.states(found, &to.image);
        let start = Start { found, from, to: journal.to, before, keep_orders: None, is_resumed: true };
        if let Some(why) = self.stays(&start) {
            return Err(vec![why]);
        }
        let mut other = found.other_programs();
        match &start.from {
            Some(from) => other.extend(self.restore(from, &to.image).map_err(|error| vec![error])?),
            None => self.take_away(&to.image).map_err(|error| vec![error])?,
        }
        if let Some(bringing) = self.bringing() {
            let units = delta::units(&[&to.image], &goal, &other);
            bringing.bring(&units, &goal, &start.before, &Manner { ran: &start.before, keep_orders: None })?;
        }
        self.store.make_current(journal.from).and_then(|()| self.store.end_journal()).map_err(says)?;
        let back = match journal.from {
            Some(number) => format!("generation {number} is laid again"),
            None => "nothing was laid before it, and nothing is now".to_owned(),
        };
        (self.tell)(&Event::new("recovered", format!("what {} began was interrupted; {back}", journal.by)));
        Ok(())
    }

    /// Puts a generation's files and programs in place, whatever lies there of `other`. Says which programs it replaced.
    fn restore(&self, generation: &Generation, other: &Image) -> Result<BTreeSet<String>, String> {
        let paths = generation.image.paths().into_iter().chain(other.paths());
        let installed = observe::installed(self.root, paths).map_err(|error| error.to_string())?;
        let files = delta(&installed, &generation.image, other, &[], &BTreeSet::new());
        let kept = generation.record.programs.iter().filter(|(_, mark)| self.store.has_program(mark));
        let programs = self.programs(&kept.map(|(path, mark)| (path.clone(), mark.clone())).collect());
        let replaced = programs.iter().map(|change| format!("/{}", change.path)).collect();
        let changes: Vec<Change> = programs.into_iter().chain(files.changes).collect();
        self.perform(&changes)?;
        self.tell_changes(&changes, "restored");
        Ok(replaced)
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
        let mut switch = Switch::stage(self.root, changes).map_err(|error| said(&error))?;
        let performed = switch.perform().map_err(|error| said(&error));
        switch.finish();
        performed
    }
}
