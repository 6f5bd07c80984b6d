//! `unitgen render`: the manifest's units, into a directory.

use std::path::{Path, PathBuf};

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
    targets::{self, Note, Refused, Rendered},
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
    /// One file for a configuration of NixOS that does not use the flake
    Nixos,
    /// Files for podman's generator, and units beside them: both below --out, which is /etc on a host
    Quadlet,
    /// Units that run podman themselves, for podman 4.3
    PodmanUnits,
    /// The user and group that they run as, for /etc/sysusers.d
    Sysusers,
    /// The directories that they need, for /etc/tmpfiles.d
    Tmpfiles,
}

impl Target {
    /// The directory that systemd would read of what is rendered into `out`.
    fn units(self, out: &Path) -> Option<PathBuf> {
        match self {
            Self::Systemd | Self::PodmanUnits => Some(out.to_owned()),
            Self::Quadlet => Some(out.join("systemd/system")),
            Self::Nixos | Self::Sysusers | Self::Tmpfiles => None,
        }
    }

    /// What a host must have for it.
    fn of_host(self) -> targets::Target {
        match self {
            Self::Quadlet => targets::Target::Quadlet,
            Self::PodmanUnits => targets::Target::PodmanUnits,
            Self::Systemd | Self::Nixos | Self::Sysusers | Self::Tmpfiles => targets::Target::Systemd,
        }
    }

    fn render(self, loaded: &Loaded) -> Result<Rendered, Refused> {
        let (deployment, digest) = (&loaded.checked.deployment, &loaded.checked.digest);
        let target = match self {
            Self::Systemd => targets::Target::Systemd,
            Self::Nixos => targets::Target::Nixos,
            Self::Quadlet => targets::Target::Quadlet,
            Self::PodmanUnits => targets::Target::PodmanUnits,
            Self::Sysusers => return Ok(Rendered::plain(accounts::sysusers(deployment, digest))),
            Self::Tmpfiles => return Ok(Rendered::plain(accounts::tmpfiles(deployment, &loaded.bytes, digest))),
        };
        targets::render(target, deployment, &loaded.bytes, digest)
    }
}

impl Render {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load_of(&self.on.root) {
            Ok(loaded) => loaded.with_programs(self.programs.as_ref()),
            Err(code) => return code,
        };
        let Rendered { tree, notes } = match self.target.render(&loaded) {
            Ok(rendered) => rendered,
            Err(refused) => {
                self.tell_refusal(&loaded, &refused);
                return ExitCode::BadConfig;
            }
        };
        let is_read = self.target.units(&self.out).is_some_and(|units| self.on.is_read_by_systemd(&units));
        let mut troubles = Vec::new();
        if is_read && !self.check {
            let of_host = self.target.of_host();
            troubles = self.on.judge(&loaded, of_host, Some(&self.out));
            if troubles.iter().any(|trouble| self.on.refuses(trouble, &loaded, of_host, &self.out)) {
                self.tell_host(&loaded, &troubles);
                return ExitCode::Unexpected;
            }
        }
        let name = loaded.checked.deployment.name().as_str();
        let changes =
            if self.check { output::compare(&self.out, &tree, name) } else { output::write(&self.out, &tree, name) };
        match changes {
            Ok(changes) => {
                self.tell_changes(&loaded, &changes, &notes, &troubles);
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

    fn tell_refusal(&self, loaded: &Loaded, refused: &Refused) {
        if self.manifest.json {
            let report = Report::new(&loaded.path, &loaded.bytes, &loaded.checked.warnings).with_refusal(refused);
            say(&format!("{}\n", report.to_json()));
        } else {
            tell(&format!("error: {refused}; nothing was rendered\n  hint: {}\n", refused.hint()));
        }
    }

    fn tell_changes(&self, loaded: &Loaded, changes: &Changes, notes: &[Note], troubles: &[Trouble]) {
        let warnings = &loaded.checked.warnings;
        if self.manifest.json {
            let report = Report::new(&loaded.path, &loaded.bytes, warnings).with_output(changes);
            let report = report.with_notes(notes).with_host(troubles);
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
        for note in notes {
            text += &format!("note: {note}\n");
        }
        say(&text);
    }
}

fn tell_error(error: &OutputError) {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    tell(&format!("error: {error}{source}\n  hint: {}\n", error.hint()));
}
