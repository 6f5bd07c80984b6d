//! `unitgen render`: the manifest's units, into a directory.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use contract::ExitCode;
use manifest::Release;

use super::{Loaded, ManifestArgs, say, tell};
use crate::{
    output::{self, Changes, OutputError},
    problems::Report,
    systemd,
};

/// Render the units of a manifest into a directory
#[derive(Debug, Args)]
pub(super) struct Render {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// What to render for
    #[arg(long)]
    target: Target,
    /// The directory to render into; files of others in it are left alone
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    /// Change nothing; say whether the directory is what the manifest renders
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// Units of the system's manager
    Systemd,
}

impl Render {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load() {
            Ok(loaded) => loaded.with_programs(self.programs.as_ref()),
            Err(code) => return code,
        };
        let deployment = &loaded.checked.deployment;
        let tree = match self.target {
            Target::Systemd => systemd::render(deployment, &loaded.bytes, &loaded.checked.digest),
        };
        let name = deployment.name().as_str();
        let changes =
            if self.check { output::compare(&self.out, &tree, name) } else { output::write(&self.out, &tree, name) };
        match changes {
            Ok(changes) => {
                self.tell_changes(&loaded, &changes);
                if self.check && !changes.is_empty() { ExitCode::Unexpected } else { ExitCode::Ok }
            }
            Err(error) => {
                tell_error(&error);
                ExitCode::CannotWrite
            }
        }
    }

    fn tell_changes(&self, loaded: &Loaded, changes: &Changes) {
        let warnings = &loaded.checked.warnings;
        if self.manifest.json {
            say(&format!("{}\n", Report::new(&loaded.path, &loaded.bytes, warnings).with_output(changes).to_json()));
            return;
        }
        if !warnings.is_empty() {
            self.manifest.show(&loaded.path, &loaded.bytes, warnings);
        }
        let (write, remove) = if self.check { ("differs", "stale") } else { ("wrote", "removed") };
        let mut text = String::new();
        for path in &changes.written {
            text += &format!("{write} {path}\n");
        }
        for path in &changes.removed {
            text += &format!("{remove} {path}\n");
        }
        text += &format!(
            "{}: {} of {} files as rendered already\n",
            self.out.display(),
            changes.unchanged.len(),
            changes.unchanged.len() + changes.written.len()
        );
        say(&text);
    }
}

fn tell_error(error: &OutputError) {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    tell(&format!("error: {error}{source}\n  hint: {}\n", error.hint()));
}
