//! `unitgen plan`: what would change, bound to what it was made against.

use std::path::PathBuf;

use clap::Args;
use contract::ExitCode;
use manifest::Release;
use serde_json::json;

use super::{
    Loaded, ManifestArgs, colour_of_output,
    host::{HostArgs, tell_troubles},
    installed::{TargetArgs, may_act},
    say, site, tell,
};
use crate::{
    apply::Host,
    generations::Store,
    ink::Ink,
    plan::{self, Taken},
    problems::Report,
};

/// Plan what `apply` would change on a host, and what it means for the guardrails
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The file to write the plan to
    #[arg(short, long, value_name = "FILE")]
    out: PathBuf,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    on: HostArgs,
}

impl Plan {
    pub(super) fn run(&self) -> ExitCode {
        self.plan().unwrap_or_else(|code| code)
    }

    fn plan(&self) -> Result<ExitCode, ExitCode> {
        let loaded = self.manifest.load_of(&self.on.root)?.with_programs(self.programs.as_ref());
        if !self.manifest.json && !loaded.checked.warnings.is_empty() {
            self.manifest.show(&loaded.path, &loaded.bytes, &loaded.checked.warnings);
        }
        let root = site::absolute(&self.on.root);
        let installation = loaded.installation(&root, self.target.named())?;
        may_act(&installation, &root)?;
        let wanted = site::wanted(&loaded, &root, &installation, self.programs.as_ref())?;
        let host = site::host_of(&root, &installation);
        let store = Store::of(&root, &installation, &wanted.deployment);
        let journal = store.journal().map_err(|error| site::cannot_keep(&error))?;
        if let Some(journal) = journal {
            let hint = "apply the same plan again, or go back with `unitgen rollback`, which is always allowed";
            tell(&format!("refused[interrupted]: what {} began is half way\n  help: {hint}\n", journal.by));
            return Err(ExitCode::GateRefused);
        }
        let found = site::look(&root, &wanted, host.as_ref().map(|host| host as &dyn Host))?;
        let taken = plan::taken(&wanted, &found);
        if !taken.is_empty() {
            self.tell_taken(&loaded, &taken);
            return Err(ExitCode::GateRefused);
        }
        let plan = plan::make(&wanted, &found);
        let troubles = self.on.judge_whole(&loaded, installation.target());
        if !troubles.is_empty() {
            if self.manifest.json {
                let report = Report::new(&loaded.path, &loaded.bytes, &loaded.checked.warnings).with_host(&troubles);
                say(&format!("{}\n", report.to_json()));
            } else {
                tell_troubles(&troubles);
            }
            if !plan.only_restores {
                return Err(ExitCode::GateRefused);
            }
        }
        contract::write_atomically(&self.out, plan.to_json().as_bytes()).map_err(|error| {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            tell(&format!("error: {error}{source}\n  hint: name a file with -o in a directory that can be written\n"));
            ExitCode::CannotWrite
        })?;
        if self.manifest.json {
            say(&format!("{}\n", plan.to_line()));
        } else {
            say(&plan.to_text(Ink(colour_of_output())));
            if !plan.is_empty() {
                say(&format!("do it: unitgen apply {}\n", self.out.display()));
            }
        }
        Ok(ExitCode::Ok)
    }

    fn tell_taken(&self, loaded: &Loaded, taken: &[Taken]) {
        let hint = "name the service, job or deployment otherwise, or remove that file";
        if self.manifest.json {
            let found: Vec<_> =
                taken.iter().map(|Taken { unit, path }| json!({ "unit": unit, "path": path })).collect();
            let refusal = json!({
                "schema_version": plan::SCHEMA_VERSION,
                "manifest": loaded.path,
                "refused": "name-taken",
                "taken": found,
                "hint": hint,
            });
            return say(&format!("{refusal}\n"));
        }
        for Taken { unit, path } in taken {
            tell(&format!("refused[name-taken]: {unit} is there already, and not ours: {path}\n  help: {hint}\n"));
        }
    }
}
