//! `unitgen rollback`: a generation that was laid before is laid again.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;

use super::{
    change::Change,
    host::tell_troubles,
    installed, say,
    site::{self, ChangeArgs},
    tell,
};
use crate::{
    apply::{
        Event, Target,
        programs::{Returning, returning},
    },
    generations::{Generation, Store, StoreError},
    installation::Installation,
    plan::{self, Found, Plan, Wanted, observe},
};

/// Lay an earlier generation again: units, manifest and programs; databases never
///
/// After an interrupted apply it goes back to where that began. Refused when `apply` would be. Programs stay as they are
/// where a ledger has gone to a newer schema since, which older programs would refuse to open.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The deployment [default: the only one that has generations]
    deployment: Option<String>,
    /// The generation to lay [default: the one before, of those that did well]
    #[arg(long, value_name = "N")]
    to: Option<u64>,
    /// List the generations, and change nothing
    #[arg(long, conflicts_with_all = ["to", "dry_run"])]
    list: bool,
    /// Leave the programs as they are
    #[arg(long)]
    units_only: bool,
    /// The login whose manager runs it [default: whoever runs this, and for root the system]
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// The host whose root lies here
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    #[command(flatten)]
    change: ChangeArgs,
}

impl Rollback {
    pub(super) fn run(&self) -> ExitCode {
        self.roll().unwrap_or_else(|code| code)
    }

    fn roll(&self) -> Result<ExitCode, ExitCode> {
        let root = site::absolute(&self.root);
        let installation = installed::named(&root, self.login.as_deref())?;
        let deployment = self.deployment(&root, &installation)?;
        let change = Change::of(&self.change, &root, &installation, &deployment);
        if self.list {
            return self.list(&change.store);
        }
        installed::may_act(&installation, &root)?;
        let _lock = change.lock()?;
        if let Some(journal) = change.journal()? {
            change.recover(&journal)?;
            if self.to.is_none() {
                return Ok(ExitCode::Ok);
            }
        }
        if change.has_closed_a_rollback() && self.to.is_none() {
            return Ok(ExitCode::Ok);
        }
        let generation = self.chosen(&change.store)?;
        self.lay(&change, &generation, &root)
    }

    fn lay(&self, change: &Change<'_>, generation: &Generation, root: &Path) -> Result<ExitCode, ExitCode> {
        let wanted = change.wanted(generation);
        let found = site::look(root, &wanted, change.host())?;
        let Returning { programs, stay } = self.programs(generation, &change.store, root, &found);
        let other: BTreeSet<String> = programs.keys().cloned().collect();
        let mut plan = plan::make(&wanted, &found);
        plan.stops_orders.extend(starts_other(&wanted, &other, &plan));
        plan.only_restores &= other.is_empty();
        if plan.is_empty() && other.is_empty() {
            let says = "that generation is laid already";
            self.change.event(&Event::new("done", says).generation(generation.number));
            return Ok(ExitCode::Ok);
        }
        let lacks = site::lacks_of_containers(root, &wanted.image);
        if !lacks.is_empty() && !plan.only_restores {
            tell_troubles(&lacks);
            return Err(ExitCode::GateRefused);
        }
        let Some(permission) = change.permit(&plan, &wanted, &found)? else { return Ok(ExitCode::Ok) };
        let target = Target {
            generation: Ok(generation.number),
            image: wanted.image.clone(),
            other_programs: other.into_iter().chain(found.other_programs()).collect(),
            programs,
            stay,
            plan: String::new(),
            left: plan.meaning.left.clone(),
        };
        change.lay(&wanted, &found, &target, &permission, None)
    }

    /// The programs to put back: those that differ and are kept, unless a ledger has left them behind.
    fn programs(&self, generation: &Generation, store: &Store, root: &Path, found: &Found) -> Returning {
        if self.units_only {
            return Returning::default();
        }
        let then = &generation.record;
        let now = then.programs.keys().map(|path| (path.clone(), observe::program(root, path))).collect();
        let back = returning(then, &now, &found.ledgers, |mark| store.has_program(mark));
        if let Some(stay) = &back.stay {
            self.change.event(&Event::new("warning", stay.clone()).generation(generation.number));
        }
        back
    }

    fn deployment(&self, root: &Path, installation: &Installation) -> Result<String, ExitCode> {
        let names = Store::deployments(root, installation).map_err(|error| site::cannot_keep(&error))?;
        if let Some(name) = &self.deployment {
            if names.contains(name) {
                return Ok(name.clone());
            }
            let all = if names.is_empty() { "none at all".to_owned() } else { names.join(" ") };
            tell(&format!(
                "error: there are no generations of a deployment {name}\n  hint: there are those of {all}\n"
            ));
            return Err(ExitCode::BadData);
        }
        match names.as_slice() {
            [only] => Ok(only.clone()),
            [] => {
                let folder = Store::of(root, installation, "").folder().to_owned();
                let hint = "they come with the first `unitgen apply`; those of the system are root's alone, those of a login the login's";
                tell(&format!("error: there are no generations in {}\n  hint: {hint}\n", folder.display()));
                Err(ExitCode::BadData)
            }
            many => {
                tell(&format!("error: which deployment?\n  hint: name one of {}\n", many.join(" ")));
                Err(ExitCode::Usage)
            }
        }
    }

    fn chosen(&self, store: &Store) -> Result<Generation, ExitCode> {
        let failed = |error: StoreError| site::cannot_keep(&error);
        let (numbers, current) = (store.numbers().map_err(failed)?, store.current().map_err(failed)?);
        let refused = |says: String| {
            let all: Vec<String> = numbers.iter().map(u64::to_string).collect();
            tell(&format!("error: {says}\n  hint: there are {} (unitgen rollback --list)\n", all.join(" ")));
            ExitCode::BadData
        };
        if let Some(number) = self.to {
            return if numbers.contains(&number) {
                store.read(number).map_err(failed)
            } else {
                Err(refused(format!("there is no generation {number}")))
            };
        }
        let laid = current.and_then(|number| store.read(number).ok());
        for number in numbers.iter().rev().filter(|number| current.is_some_and(|current| **number < current)) {
            let generation = match store.read(*number) {
                Ok(generation) => generation,
                Err(error) => {
                    let says = format!("it is passed over: {error}");
                    self.change.event(&Event::new("warning", says).generation(*number));
                    continue;
                }
            };
            let is_other = |laid: &Generation| {
                laid.image != generation.image || laid.record.programs != generation.record.programs
            };
            let did_well = generation.record.is_well && generation.record.failed.is_none();
            if did_well && laid.as_ref().is_none_or(is_other) {
                return Ok(generation);
            }
        }
        Err(refused("there is no generation before the one that is laid that did well".to_owned()))
    }

    fn list(&self, store: &Store) -> Result<ExitCode, ExitCode> {
        let failed = |error: StoreError| site::cannot_keep(&error);
        let current = store.current().map_err(failed)?;
        let mut lines = Vec::new();
        for number in store.numbers().map_err(failed)? {
            let record = match store.read(number) {
                Ok(generation) => generation.record,
                Err(error) => {
                    lines.push(serde_json::json!({"number": number, "is_current": current == Some(number),
                        "damaged": error.to_string()}));
                    if !self.change.json {
                        let mark = if current == Some(number) { "*" } else { " " };
                        say(&format!("{mark} {number:>3}  cannot be laid: {error}\n"));
                    }
                    continue;
                }
            };
            if self.change.json {
                lines.push(
                    serde_json::json!({"number": number, "is_current": current == Some(number), "record": record}),
                );
                continue;
            }
            let mark = if current == Some(number) { "*" } else { " " };
            let at = record.made_at.map_or("at a time nobody knows".to_owned(), |at| at.to_ny_rfc3339());
            let short = record.manifest.get(..15).unwrap_or("sha256:?").to_owned();
            let never = if record.is_well { "" } else { "  never laid to its end" };
            let why = record.failed.map_or(never.to_owned(), |why| format!("  rolled back: {why}"));
            say(&format!(
                "{mark} {number:>3}  {at}  {short}  by {}  unitgen {}{why}\n",
                record.made_by, record.unitgen
            ));
        }
        if self.change.json {
            say(&format!("{}\n", serde_json::json!({"schema_version": 1, "generations": lines})));
        }
        if let Some(journal) = store.journal().map_err(failed)?.filter(|_| !self.change.json) {
            say(&format!(
                "what {} began towards generation {} was interrupted: `unitgen rollback` goes back\n",
                journal.by, journal.to
            ));
        }
        Ok(ExitCode::Ok)
    }
}

/// Units that place orders and run a program that is put back.
fn starts_other(wanted: &Wanted, other: &BTreeSet<String>, plan: &Plan) -> Vec<String> {
    let runs = |unit: &&String| {
        let texts = wanted.image.texts_of(unit);
        other.iter().any(|program| texts.iter().any(|text| text.contains(&format!("\nExecStart={program} "))))
    };
    wanted.orders.iter().filter(runs).filter(|unit| !plan.stops_orders.contains(unit)).cloned().collect()
}
