//! `unitgen check`: is the manifest sound?

use clap::Args;
use contract::ExitCode;

use super::{ManifestArgs, say};

/// Check a manifest and tell everything that is wrong with it
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    manifest: ManifestArgs,
}

impl Check {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load() {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let warnings = &loaded.checked.warnings;
        if self.manifest.json || !warnings.is_empty() {
            self.manifest.show(&loaded.path, &loaded.bytes, warnings);
        }
        if !self.manifest.json {
            let deployment = &loaded.checked.deployment;
            let (services, jobs) = (deployment.services().count(), deployment.jobs().count());
            say(&format!(
                "{}: {} is sound; services: {services}, jobs: {jobs}\n",
                loaded.path.display(),
                deployment.name()
            ));
        }
        ExitCode::Ok
    }
}
