//! `unitgen rollback`: a generation that was laid before is laid again.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;

use super::{
    colour_of_output, installed, say,
    site::{self, ChangeArgs},
    tell,
};
use crate::{
    apply::{Event, Host, Outcome, Run, Target, accounts::accounts, permission::Permission},
    generations::{Generation, Store, StoreError},
    ink::Ink,
    installation::Installation,
    plan::{self, Found, ManifestOf, Plan, Wanted, places_orders},
    source,
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
        let failed = |error: StoreError| site::cannot_keep(&error);
        let root = site::absolute(&self.root);
        let installation = installed::named(&root, self.login.as_deref())?;
        let deployment = self.deployment(&root, &installation)?;
        let store = Store::of(&root, &installation, &deployment);
        if self.list {
            return self.list(&store);
        }
        installed::may_act(&installation, &root)?;
        let real = site::host_of(&root, &installation);
        let host = real.as_ref().map(|host| host as &dyn Host);
        let _lock = if self.change.dry_run { None } else { Some(store.lock().map_err(failed)?) };
        let journal = store.journal().map_err(failed)?;
        if let Some(journal) = journal.filter(|_| !self.change.dry_run) {
            if store.current().map_err(failed)? == Some(journal.to) {
                store.end_journal().map_err(failed)?;
            } else {
                let to = store.read(journal.to).map_err(failed)?;
                let wanted = wanted(&deployment, &to, &root, &installation);
                let found = site::look(&root, &wanted, host)?;
                let accounts = accounts(&[&found.installed, &wanted.image], &installation);
                let (tell, orders) = (|event: &Event| self.change.event(event), site::orders_of(&wanted, &found));
                let run = self.runner(&root, &store, host, &tell, &wanted, &accounts, &orders);
                if let Err(wrong) = run.recover(&journal, &found) {
                    return Ok(self.change.end(&Outcome::Halfway(wrong), store.folder()));
                }
                if self.to.is_none() {
                    return Ok(ExitCode::Ok);
                }
            }
        }
        let generation = store.read(self.chosen(&store)?).map_err(failed)?;
        self.lay(&wanted(&deployment, &generation, &root, &installation), &generation, &store, host)
    }

    fn lay(
        &self,
        wanted: &Wanted,
        generation: &Generation,
        store: &Store,
        host: Option<&dyn Host>,
    ) -> Result<ExitCode, ExitCode> {
        let root = Path::new(&wanted.root);
        let found = site::look(root, wanted, host)?;
        let programs = self.programs(generation, store, &found);
        let other: BTreeSet<String> = programs.keys().cloned().collect();
        let mut plan = plan::make(wanted, &found);
        plan.stops_orders.extend(starts_other(wanted, &other, &plan));
        plan.only_restores &= other.is_empty();
        if plan.is_empty() && other.is_empty() {
            self.change.event(&Event::new("done", "that generation is laid already").generation(generation.number));
            return Ok(ExitCode::Ok);
        }
        let accounts = accounts(&[&found.installed, &wanted.image], &wanted.installation);
        let deployments = [site::installed_deployment(&found, &wanted.deployment), deployment_of(&plan)];
        let deployments: Vec<_> = deployments.iter().flatten().collect();
        let permission = site::ask(&plan, self.change.waivers(), host, &accounts, &deployments);
        if self.change.dry_run {
            say(&plan.to_text(Ink(colour_of_output())));
        }
        match &permission {
            Permission::Refused(refusals) => return Err(self.change.refuse(refusals)),
            Permission::WithoutOrders(_) | Permission::Granted if self.change.dry_run => {
                say("it may be done now; nothing was changed\n");
                return Ok(ExitCode::Ok);
            }
            Permission::WithoutOrders(_) | Permission::Granted => {}
        }
        let target = Target {
            generation: Ok(generation.number),
            image: wanted.image.clone(),
            other_programs: other.into_iter().chain(found.other_programs()).collect(),
            programs,
            plan: String::new(),
            left: plan.meaning.left.clone(),
        };
        let (tell, orders) = (|event: &Event| self.change.event(event), site::orders_of(wanted, &found));
        let run = self.runner(root, store, host, &tell, wanted, &accounts, &orders);
        let outcome = run.lay(&target, &found, &permission, None).map_err(|error| site::cannot_keep(&error))?;
        Ok(self.change.end(&outcome, store.folder()))
    }

    #[expect(clippy::too_many_arguments, reason = "each is one field of what it makes")]
    fn runner<'a>(
        &self,
        root: &'a Path,
        store: &'a Store,
        host: Option<&'a dyn Host>,
        tell: &'a dyn Fn(&Event),
        wanted: &'a Wanted,
        accounts: &'a [crate::apply::Account],
        orders: &'a BTreeSet<String>,
    ) -> Run<'a> {
        let Wanted { installation, deployment, .. } = wanted;
        let bound = self.change.bound();
        Run { root, installation, store, host, tell, deployment, accounts, orders, endpoints: &[], bound }
    }

    /// The programs to put back: those that differ and are kept, unless a ledger has left them behind.
    fn programs(&self, generation: &Generation, store: &Store, found: &Found) -> BTreeMap<String, String> {
        let then = &generation.record;
        let differs = |(path, mark): &(&String, &String)| found.programs.get(*path) != Some(*mark);
        let differing: BTreeMap<String, String> =
            then.programs.iter().filter(differs).map(|(path, mark)| (path.clone(), mark.clone())).collect();
        if differing.is_empty() || self.units_only {
            return BTreeMap::new();
        }
        let newer =
            found.ledgers.iter().find(|(path, schema)| then.ledgers.get(*path).is_none_or(|then| then < *schema));
        if let Some((path, schema)) = newer {
            let was = then.ledgers.get(path).map_or("not there".to_owned(), |schema| format!("at {schema}"));
            let says = format!(
                "{path} is at schema {schema} and was {was} then: databases never go back, and programs of then might refuse it, so the programs stay"
            );
            self.change.event(&Event::new("warning", says).generation(generation.number));
            return BTreeMap::new();
        }
        if let Some(path) = differing.iter().find(|(_, mark)| !store.has_program(mark)).map(|(path, _)| path) {
            let says = "its content of then is not kept here, so the programs stay: install the release of then to have them back";
            self.change.event(&Event::new("warning", says).file(path));
            return BTreeMap::new();
        }
        differing
    }

    fn deployment(&self, root: &Path, installation: &Installation) -> Result<String, ExitCode> {
        if let Some(name) = &self.deployment {
            return Ok(name.clone());
        }
        let folder = Store::of(root, installation, "").folder().to_owned();
        let listed = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let names: Vec<String> = listed.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        match names.as_slice() {
            [only] => Ok(only.clone()),
            [] => {
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

    fn chosen(&self, store: &Store) -> Result<u64, ExitCode> {
        let failed = |error: StoreError| site::cannot_keep(&error);
        let (numbers, current) = (store.numbers().map_err(failed)?, store.current().map_err(failed)?);
        let refused = |says: String| {
            let all: Vec<String> = numbers.iter().map(u64::to_string).collect();
            tell(&format!("error: {says}\n  hint: there are {} (unitgen rollback --list)\n", all.join(" ")));
            ExitCode::BadData
        };
        if let Some(number) = self.to {
            return if numbers.contains(&number) {
                Ok(number)
            } else {
                Err(refused(format!("there is no generation {number}")))
            };
        }
        let before = numbers.iter().rev().filter(|number| current.is_some_and(|current| **number < current));
        for number in before {
            if store.read(*number).map_err(failed)?.record.failed.is_none() {
                return Ok(*number);
            }
        }
        Err(refused("there is no generation before the one that is laid".to_owned()))
    }

    fn list(&self, store: &Store) -> Result<ExitCode, ExitCode> {
        let failed = |error: StoreError| site::cannot_keep(&error);
        let current = store.current().map_err(failed)?;
        let mut lines = Vec::new();
        for number in store.numbers().map_err(failed)? {
            let record = store.read(number).map_err(failed)?.record;
            if self.change.json {
                lines.push(
                    serde_json::json!({"number": number, "is_current": current == Some(number), "record": record}),
                );
                continue;
            }
            let mark = if current == Some(number) { "*" } else { " " };
            let at = record.made_at.map_or("at a time nobody knows".to_owned(), |at| at.to_ny_rfc3339());
            let short = record.manifest.get(..15).unwrap_or("sha256:?").to_owned();
            let why = record.failed.map(|why| format!("  rolled back: {why}")).unwrap_or_default();
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

/// What a generation wants of a host: its files as they are kept, whatever this unitgen would render.
fn wanted(deployment: &str, generation: &Generation, root: &Path, installation: &Installation) -> Wanted {
    let text = generation.image.manifest(deployment).unwrap_or_default().to_owned();
    let places = generation.image.units().filter(|(_, text)| places_orders(text));
    Wanted {
        deployment: deployment.to_owned(),
        manifest: ManifestOf {
            path: format!("generation {}", generation.number),
            digest: generation.record.manifest.clone(),
            text,
            programs: None,
        },
        root: root.display().to_string(),
        installation: installation.clone(),
        orders: places.map(|(unit, _)| unit.into_owned()).collect(),
        image: generation.image.clone(),
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

fn deployment_of(plan: &Plan) -> Option<manifest::Deployment> {
    source::check(plan.manifest.text.as_bytes()).ok().map(|checked| checked.deployment)
}
