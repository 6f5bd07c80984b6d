//! What an apply keeps before it changes anything: what lies there and is of no generation, and what is known of ledgers.

use std::collections::BTreeMap;

use super::{Event, run::Run, shown::Shown, units::All};
use crate::{
    generations::{Generation, Origin, Record, StoreError, image::digest},
    plan::{ABSENT, Found, observe},
};

impl Run<'_> {
    /// What lies there and is of no generation becomes one, so that there is a way back. It is current only once that way was
    /// gone: until then nothing has changed.
    pub(super) fn adopt(&self, found: &Found) -> Result<Option<Generation>, StoreError> {
        if found.installed.units().next().is_none() {
            return Ok(None);
        }
        let installed = found.installed.manifest(self.deployment);
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
            files: BTreeMap::new(),
            is_well: false,
            failed: None,
        };
        let number = self.store.keep(&found.installed, &record, self.root)?;
        let says = format!("what lies here is of no generation: it is kept as {number}");
        (self.tell)(&Event::new("kept", says).generation(number));
        self.store.read(number).map(Some)
    }

    /// Programs that run and are those of a generation read the ledgers as they are now, so they may come back over them.
    pub(super) fn note_ledgers(&self, of: Option<&Generation>, states: &All, ledgers: &BTreeMap<String, u32>) {
        let Some(generation) = of else { return };
        let runs = self.orders.iter().any(|unit| states.get(unit).is_some_and(Shown::is_active));
        if runs && self.programs_now(&generation.record) == generation.record.programs {
            let known = ledgers.iter().filter(|(_, schema)| **schema != u32::MAX);
            let known = known.map(|(path, schema)| (path.clone(), *schema));
            // Where it cannot be noted they do not come back, and that is said then.
            let _ = self.store.change_record(generation.number, |record| record.ledgers.extend(known));
        }
    }

    /// The programs that a record names, as they lie there now.
    pub(super) fn programs_now(&self, record: &Record) -> BTreeMap<String, String> {
        record.programs.keys().map(|path| (path.clone(), observe::program(self.root, path))).collect()
    }

    /// The ledgers of all accounts at this moment.
    pub(super) fn ledgers(&self) -> BTreeMap<String, u32> {
        observe::ledgers_of(self.root, self.accounts)
    }
}
