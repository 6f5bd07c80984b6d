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
    Loaded,
    change::Change,
    host::{HostArgs, tell_troubles},
    installed::may_act,
    site::{self, ChangeArgs},
    tell,
};
use crate::{
    VERSION,
    apply::{Event, Host, Target, switch},
    generations::{Generation, Origin, Record},
    output::OutputError,
    plan::{self, ABSENT, Found, Plan, Wanted, observe::ObserveError},
    source, targets,
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
        may_act(&wanted.installation, &root)?;
        let change = Change::of(&self.change, &root, &wanted.installation, &wanted.deployment);
        let _lock = change.lock()?;
        let journal = change.journal()?;
        let resumed = journal.as_ref().filter(|journal| journal.plan == plan.digest());
        match (&journal, resumed) {
            (Some(_), Some(journal)) => {
                let says = format!("what {} began is gone on with", journal.by);
                self.change.event(&Event::new("resumed", says).generation(journal.to));
            }
            (Some(journal), None) => change.recover(journal)?,
            // What an earlier one could not clear away.
            (None, _) if !self.change.dry_run => switch::sweep(&root, &wanted.deployment, wanted.image.paths()),
            (None, _) => {}
        }
        let mut again = self.again(&plan, &wanted, &root, change.host())?;
        again.now = again.now.gone_on_with(resumed);
        if resumed.is_none() && is_done(&plan, &again) {
            let number = again.found.current.as_ref().map_or(0, |current| current.number);
            let resting = again.now.resting.as_deref().filter(|resting| !resting.is_empty());
            let rest =
                resting.map(|resting| format!("; what does not run: {}", resting.join(", "))).unwrap_or_default();
            self.change.event(&Event::new("done", format!("this plan is laid already{rest}")).generation(number));
            return Ok(ExitCode::Ok);
        }
        self.refuse_stale(&plan, &again.now, resumed.is_some())?;
        self.refuse_host(&loaded, wanted.installation.target(), &again, &root)?;
        if again.now.is_empty() && resumed.is_none() {
            self.change.event(&Event::new("done", again.now.nothing_to_do()));
            return Ok(ExitCode::Ok);
        }
        let Some(permission) = change.permit(&again.now, &wanted, &again.found)? else { return Ok(ExitCode::Ok) };
        let target = Target {
            generation: match again.now.from.filter(|_| again.now.only_restores) {
                Some(number) => Ok(number),
                None => Err(record(&plan, &again)),
            },
            image: wanted.image.clone(),
            programs: BTreeMap::new(),
            stay: None,
            other_programs: again.found.other_programs(),
            plan: plan.digest(),
            left: again.now.meaning.left.clone(),
        };
        change.lay(&wanted, &again.found, &target, &permission, resumed)
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
        let Some(target) = targets::Target::of(&plan.target) else {
            tell(&format!("error: {}: there is no target {}\n", self.plan.display(), plan.target));
            return Err(ExitCode::BadData);
        };
        let installation = loaded.installation(root, Some(target))?;
        let wanted = site::wanted(&loaded, root, &installation, programs.as_ref())?;
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
            tell(if is_resumed {
                "  help: what was interrupted cannot go on like that; `unitgen rollback` goes back to where it began\n"
            } else {
                "  help: the host is not what the plan was made against; make it again with `unitgen plan`\n"
            });
        }
        Err(ExitCode::GateRefused)
    }

    fn refuse_host(
        &self,
        loaded: &Loaded,
        target: targets::Target,
        again: &Again,
        root: &Path,
    ) -> Result<(), ExitCode> {
        let on = HostArgs { root: root.to_owned(), without_ntp: self.without_ntp };
        let troubles = on.judge_whole(loaded, target);
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

/// Whether the plan is that of the generation that lies there and runs.
fn is_done(plan: &Plan, again: &Again) -> bool {
    let found = &again.found;
    let is_same = |current: &Generation| current.record.plan == plan.digest();
    found.current.as_ref().is_some_and(is_same) && found.base() == found.installed && again.now.is_empty()
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
        files: BTreeMap::new(),
        is_well: false,
        failed: None,
    }
}
