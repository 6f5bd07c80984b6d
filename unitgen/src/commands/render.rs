//! `unitgen render`: the manifest's units, into a directory.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, ManifestArgs,
    host::{HostArgs, tell_troubles},
    say, tell,
};
use crate::{
    accounts,
    host::Trouble,
    output::{self, Changes, OutputError},
    problems::Report,
    systemd,
};

/// Render the units of a manifest into a directory
///
/// Into a directory that systemd reads nothing is rendered while the host lacks something that the units need. Where units
/// of the same manifest lie already, that which was lacking before is told and stops nothing: a lost guardrail comes back.
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
    #[command(flatten)]
    on: HostArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// Units of the system's manager
    Systemd,
    /// The user and group that they run as, for /etc/sysusers.d
    Sysusers,
    /// The directories that they need, for /etc/tmpfiles.d
    Tmpfiles,
}

impl Render {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load() {
            Ok(loaded) => loaded.with_programs(self.programs.as_ref()),
            Err(code) => return code,
        };
        let units = matches!(self.target, Target::Systemd);
        let mut troubles = Vec::new();
        if units && !self.check && self.on.is_read_by_systemd(&self.out) {
            troubles = self.on.judge(&loaded, Some(&self.out));
            if troubles.iter().any(|trouble| self.on.refuses(trouble, &loaded, &self.out)) {
                self.tell_host(&loaded, &troubles);
                return ExitCode::Unexpected;
            }
        }
        let deployment = &loaded.checked.deployment;
        let digest = &loaded.checked.digest;
        let tree = match self.target {
            Target::Systemd => systemd::render(deployment, &loaded.bytes, digest),
            Target::Sysusers => accounts::sysusers(deployment, digest),
            Target::Tmpfiles => accounts::tmpfiles(deployment, &loaded.bytes, digest),
        };
        let name = deployment.name().as_str();
        let changes =
            if self.check { output::compare(&self.out, &tree, name) } else { output::write(&self.out, &tree, name) };
        match changes {
            Ok(changes) => {
                self.tell_changes(&loaded, &changes, &troubles);
                if self.check && !changes.is_empty() { ExitCode::Unexpected } else { ExitCode::Ok }
            }
            Err(error) => {
                tell_error(&error);
                ExitCode::CannotWrite
            }
        }
    }

    fn tell_host(&self, loaded: &Loaded, troubles: &[Trouble]) {
        if self.manifest.json {
            let report = Report::new(&loaded.path, &loaded.bytes, &loaded.checked.warnings).with_host(troubles);
            say(&format!("{}\n", report.to_json()));
        } else {
            tell_troubles(troubles);
        }
    }

    fn tell_changes(&self, loaded: &Loaded, changes: &Changes, troubles: &[Trouble]) {
        let warnings = &loaded.checked.warnings;
        if self.manifest.json {
            let report = Report::new(&loaded.path, &loaded.bytes, warnings).with_output(changes).with_host(troubles);
            say(&format!("{}\n", report.to_json()));
            return;
        }
        if !troubles.is_empty() {
            tell_troubles(troubles);
            tell(
                "rendered all the same: this manifest was rendered here already, and what was lost of it must come back\n",
            );
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
