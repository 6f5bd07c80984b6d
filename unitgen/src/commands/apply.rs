//! `unitgen apply`: a plan made true, or refused, or taken back.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, colour_of_output,
    host::{HostArgs, tell_troubles},
    installed::may_act,
    say,
    site::{self, ChangeArgs},
    tell,
};
use crate::{
    VERSION,
    apply::{Event, Host, Run, Target, accounts::accounts, permission::Permission, switch},
    generations::{Journal, Origin, Record, Store},
    ink::Ink,
    output::OutputError,
    plan::{self, ABSENT, Found, Plan, Wanted, observe::ObserveError},
    source,
};

/// Larger than any plan.
const PLAN_MAX: u64 = 64 << 20;

/// Lay what a plan says, wait until it is well, and go back by itself when it is not
///
/// Refused while something is held, or nobody can tell, and while a trading day is under way. What only restores what was
/// laid is never refused, and what places orders is never stopped while something is held.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The plan's file, from `unitgen plan`
    plan: PathBuf,
    #[command(flatten)]
    change: ChangeArgs,
    /// Go on although no server of time keeps the host's clock
    #[arg(long)]
    without_ntp: bool,
}

/// A plan, made again against the host as it is now.
struct Again {
    found: Found,
    now: Plan,
}

impl Apply {
    pub(super) fn run(&self) -> ExitCode {
        self.apply().unwrap_or_else(|code| code)
    }

    fn apply(&self) -> Result<ExitCode, ExitCode> {
        let plan = self.read()?;
        let root = PathBuf::from(&plan.root);
        let (loaded, wanted) = self.wanted(&plan, &root)?;
        let installation = &wanted.installation;
        may_act(installation, &root)?;
        let real = site::host_of(&root, installation);
        let host = real.as_ref().map(|host| host as &dyn Host);
        let store = Store::of(&root, installation, &plan.deployment);
        let _lock =
            if self.change.dry_run { None } else { Some(store.lock().map_err(|error| site::cannot_keep(&error))?) };
        let journal = self.journal(&store)?;
        if journal.is_none() && !self.change.dry_run {
            // What an earlier one could not clear away.
            switch::sweep(&root, plan.tree.keys().cloned());
        }
        let mut again = self.again(&plan, &wanted, &root, host)?;
        let resumed = match &journal {
            Some(journal) if journal.plan == plan.digest() => {
                let says = format!("what {} began is gone on with", journal.by);
                self.change.event(&Event::new("resumed", says).generation(journal.to));
                journal.clone().into()
            }
            Some(journal) if !self.change.dry_run => {
                self.recover(&store, &root, host, &wanted, &again, journal)?;
                again = self.again(&plan, &wanted, &root, host)?;
                None
            }
            Some(_) | None => None,
        };
        if resumed.is_none() && self.is_done(&plan, &again.found) {
            let number = again.found.current.as_ref().map_or(0, |current| current.number);
            self.change.event(&Event::new("done", "this plan is laid already").generation(number));
            return Ok(ExitCode::Ok);
        }
        self.refuse_stale(&plan, &again.now, resumed.is_some())?;
        self.refuse_host(&loaded, &again, &root)?;
        if again.now.is_empty() && resumed.is_none() {
            self.change.event(&Event::new("done", "nothing to do: all of it is laid and runs"));
            return Ok(ExitCode::Ok);
        }
        let all = accounts(&[&again.found.installed, &wanted.image], installation);
        let installed = site::installed_deployment(&again.found, &plan.deployment);
        let deployments: Vec<_> = [&loaded.checked.deployment].into_iter().chain(&installed).collect();
        let permission = site::ask(&again.now, self.change.waivers(), host, &all, &deployments);
        if self.change.dry_run {
            say(&again.now.to_text(Ink(colour_of_output())));
        }
        match &permission {
            Permission::Refused(refusals) => return Err(self.change.refuse(refusals)),
            Permission::WithoutOrders(_) | Permission::Granted if self.change.dry_run => {
                say("it may be done now; nothing was changed\n");
                return Ok(ExitCode::Ok);
            }
            Permission::WithoutOrders(_) | Permission::Granted => {}
        }
        let run = Run {
            root: &root,
            installation,
            store: &store,
            host,
            tell: &|event| self.change.event(event),
            deployment: &plan.deployment,
            accounts: &all,
            orders: &site::orders_of(&wanted, &again.found),
            endpoints: &site::endpoints(Some(&loaded.checked.deployment)),
            bound: self.change.bound(),
        };
        let target = Target {
            generation: match again.now.from.filter(|_| again.now.only_restores) {
                Some(number) => Ok(number),
                None => Err(record(&plan, &again)),
            },
            image: wanted.image.clone(),
            programs: BTreeMap::new(),
            other_programs: again.found.other_programs(),
            plan: plan.digest(),
            left: again.now.meaning.left.clone(),
        };
        let outcome = run.lay(&target, &again.found, &permission, resumed.as_ref());
        let outcome = outcome.map_err(|error| site::cannot_keep(&error))?;
        Ok(self.change.end(&outcome, store.folder()))
    }

    fn read(&self) -> Result<Plan, ExitCode> {
        let refused = |says: String, code| {
            let hint = "make one with `unitgen plan MANIFEST -o FILE`";
            tell(&format!("error: {}: {says}\n  hint: {hint}\n", self.plan.display()));
            code
        };
        let mut bytes = Vec::new();
        let read = fs::File::open(&self.plan).and_then(|file| file.take(PLAN_MAX).read_to_end(&mut bytes));
        read.map_err(|error| refused(error.to_string(), ExitCode::BadData))?;
        Plan::read(&bytes).map_err(|says| refused(says, ExitCode::BadData))
    }

    /// What is under way. One that only lacked its last word is over.
    fn journal(&self, store: &Store) -> Result<Option<Journal>, ExitCode> {
        let failed = |error| site::cannot_keep(&error);
        let Some(journal) = store.journal().map_err(failed)? else { return Ok(None) };
        if store.current().map_err(failed)? == Some(journal.to) && !self.change.dry_run {
            store.end_journal().map_err(failed)?;
            return Ok(None);
        }
        Ok(Some(journal))
    }

    /// What the plan's own manifest wants.
    fn wanted(&self, plan: &Plan, root: &Path) -> Result<(Loaded, Wanted), ExitCode> {
        let bytes = plan.manifest.text.clone().into_bytes();
        let checked = source::check(&bytes).map_err(|problems| {
            tell(&crate::problems::human(Path::new(&plan.manifest.path), &bytes, &problems, super::colour()));
            ExitCode::BadConfig
        })?;
        let programs = plan.manifest.programs.as_deref().map(Release::at).transpose().map_err(|says| {
            tell(&format!("error: {says}\n"));
            ExitCode::BadData
        })?;
        let loaded =
            Loaded { path: PathBuf::from(&plan.manifest.path), bytes, checked }.with_programs(programs.as_ref());
        let wanted = site::wanted(&loaded, root, &loaded.installation(root)?, programs.as_ref());
        Ok((loaded, wanted))
    }

    /// The plan again: what is laid is what this unitgen renders.
    fn again(&self, plan: &Plan, wanted: &Wanted, root: &Path, host: Option<&dyn Host>) -> Result<Again, ExitCode> {
        let found = match site::observed(root, wanted, host) {
            Err(ObserveError::Output(error @ OutputError::Foreign { .. })) => {
                tell(&format!("refused[stale]: {error}\n  help: {}\n", error.hint()));
                return Err(ExitCode::GateRefused);
            }
            other => other.map_err(|error| site::cannot_look(&error))?,
        };
        let now = plan::make(wanted, &found);
        if now.tree != plan.tree || wanted.deployment != plan.deployment {
            let says = if plan.unitgen == VERSION {
                "it was edited".to_owned()
            } else {
                format!("unitgen {} made it", plan.unitgen)
            };
            let hint = "make it again with `unitgen plan`";
            tell(&format!(
                "error: {}: this unitgen renders other units of that manifest: {says}\n  hint: {hint}\n",
                self.plan.display()
            ));
            return Err(ExitCode::BadData);
        }
        Ok(Again { found, now })
    }

    fn recover(
        &self,
        store: &Store,
        root: &Path,
        host: Option<&dyn Host>,
        wanted: &Wanted,
        again: &Again,
        journal: &Journal,
    ) -> Result<(), ExitCode> {
        let run = Run {
            root,
            installation: &wanted.installation,
            store,
            host,
            tell: &|event| self.change.event(event),
            deployment: &wanted.deployment,
            accounts: &accounts(&[&again.found.installed, &wanted.image], &wanted.installation),
            orders: &site::orders_of(wanted, &again.found),
            endpoints: &[],
            bound: self.change.bound(),
        };
        run.recover(journal, &again.found)
            .map_err(|wrong| self.change.end(&crate::apply::Outcome::Halfway(wrong), store.folder()))
    }

    fn is_done(&self, plan: &Plan, found: &Found) -> bool {
        let is_same = |current: &crate::generations::Generation| current.record.plan == plan.digest();
        found.current.as_ref().is_some_and(is_same)
            && found.base() == found.installed
            && found.other_programs().is_empty()
    }

    fn refuse_stale(&self, plan: &Plan, now: &Plan, is_resumed: bool) -> Result<(), ExitCode> {
        let stale = plan.stale(now, is_resumed);
        if stale.is_empty() {
            return Ok(());
        }
        for says in &stale {
            if self.change.json {
                self.change.event(&Event::new("stale", says.clone()));
            } else {
                tell(&format!("refused[stale]: {says}\n"));
            }
        }
        if !self.change.json {
            tell("  help: the host is not what the plan was made against; make it again with `unitgen plan`\n");
        }
        Err(ExitCode::GateRefused)
    }

    fn refuse_host(&self, loaded: &Loaded, again: &Again, root: &Path) -> Result<(), ExitCode> {
        let on = HostArgs { root: root.to_owned(), without_ntp: self.without_ntp };
        let troubles = on.judge_whole(loaded);
        if troubles.is_empty() {
            return Ok(());
        }
        if self.change.json {
            for trouble in &troubles {
                self.change.event(&Event::new("host", trouble.to_text().trim_end().replace("\n  ", "; ")));
            }
        } else {
            tell_troubles(&troubles);
        }
        // What was lost comes back, whatever else is missing.
        if again.now.only_restores { Ok(()) } else { Err(ExitCode::GateRefused) }
    }
}

fn record(plan: &Plan, again: &Again) -> Record {
    let programs = again.found.programs.iter().filter(|(_, mark)| *mark != ABSENT);
    Record {
        schema_version: Record::SCHEMA,
        deployment: plan.deployment.clone(),
        origin: Origin::Apply,
        unitgen: VERSION.to_owned(),
        made_at: again.found.now,
        made_by: again.found.who.clone(),
        manifest: plan.manifest.digest.clone(),
        plan: plan.digest(),
        programs: programs.map(|(path, mark)| (path.clone(), mark.clone())).collect(),
        ledgers: again.found.ledgers.clone(),
        failed: None,
    }
}
