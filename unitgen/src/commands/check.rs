//! `unitgen check`: is the manifest sound?

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, ManifestArgs,
    host::{HostArgs, tell_troubles},
    installed::TargetArgs,
    say,
};
use crate::{host::Trouble, installation::Installation, problems::Report};

/// Check a manifest and tell everything that is wrong with it
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Check this host too: whether it has what the units need
    #[arg(long)]
    host: bool,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    on: HostArgs,
}

impl Check {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load_of(&self.on.root) {
            Ok(loaded) => loaded.with_programs(self.programs.as_ref()),
            Err(code) => return code,
        };
        let warnings = &loaded.checked.warnings;
        let troubles = match self.troubles(&loaded) {
            Ok(troubles) => troubles,
            Err(code) => return code,
        };
        let exit = if troubles.is_empty() { ExitCode::Ok } else { ExitCode::Unexpected };
        if self.manifest.json {
            let report = Report::new(&loaded.path, &loaded.bytes, warnings).with_host(&troubles);
            say(&format!("{}\n", report.to_json()));
            return exit;
        }
        if !warnings.is_empty() {
            self.manifest.show(&loaded.path, &loaded.bytes, warnings);
        }
        if troubles.is_empty() {
            let deployment = &loaded.checked.deployment;
            let (services, jobs) = (deployment.services().count(), deployment.jobs().count());
            say(&format!(
                "{}: {} is sound; services: {services}, jobs: {jobs}{}\n",
                loaded.path.display(),
                deployment.name(),
                if self.host { "; this host has what they need" } else { "" }
            ));
        } else {
            tell_troubles(&troubles);
        }
        exit
    }

    fn troubles(&self, loaded: &Loaded) -> Result<Vec<Trouble>, ExitCode> {
        if !self.host {
            return Ok(Vec::new());
        }
        let there = || loaded.target_in(&Installation::SYSTEM.directories(&self.on.root));
        let target = self.target.named().unwrap_or_else(there);
        loaded.rendered(target)?;
        Ok(self.on.judge_whole(loaded, target))
    }
}
