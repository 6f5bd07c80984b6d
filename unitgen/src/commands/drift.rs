//! `unitgen drift`: are files, what systemd has loaded, and what runs those of the manifest?

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{Loaded, ManifestArgs, say, tell, verify};
use crate::{
    Tree,
    drift::{self, Drifted, Report},
    guardrails::Manager,
    search_path::{self, OF_THE_SYSTEM},
    systemctl::{Host, ThisHost},
    systemd,
    verify::{Expected, Listing},
};

const ABOUT: &str = "\
Three looks: the files of the unit search path against the manifest, as `verify` has it; what systemd has loaded, property by \
property; and the processes that run against their programs. It changes nothing and needs no privileges: a process whose \
program may not be looked at is judged by its age.

Exit codes:
  0   nothing drifted
  1   something did
  64  wrong command line
  65  a directory cannot be read, or systemd does not answer
  78  no manifest, or one with errors";

/// Find what drifted from the manifest: in files, in what systemd has loaded, in what runs
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub(super) struct Drift {
    /// The manifest to hold this host against [default: every *.manifest.toml among the units]
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Drift {
    pub(super) fn run(&self) -> ExitCode {
        match self.drift(&ThisHost::default()) {
            Ok(report) => {
                say(&if self.json { format!("{}\n", report.to_json()) } else { report.to_text() });
                if report.is_ok() { ExitCode::Ok } else { ExitCode::Unexpected }
            }
            Err(code) => code,
        }
    }

    fn drift(&self, host: &dyn Host) -> Result<Report, ExitCode> {
        let directories: Vec<PathBuf> = OF_THE_SYSTEM.iter().map(PathBuf::from).collect();
        let unreadable = |error: search_path::SearchPathError| {
            tell(&format!("error: {error}\n  hint: is this a host that systemd runs?\n"));
            ExitCode::BadData
        };
        let manifests = match &self.manifest {
            Some(manifest) => vec![manifest.clone()],
            None => search_path::manifests(&directories).map_err(unreadable)?,
        };
        if manifests.is_empty() {
            tell("error: no *.manifest.toml among the units\n  hint: name the manifest, or render it first\n");
            return Err(ExitCode::BadConfig);
        }
        let loaded: Vec<(Loaded, Tree)> =
            manifests.iter().map(|path| self.load(path.clone())).collect::<Result<_, _>>()?;
        let rendered: BTreeSet<String> =
            loaded.iter().flat_map(|(_, tree)| tree.iter().map(|(path, _)| path.to_owned())).collect();
        let mut listing = search_path::read(&directories, &rendered).map_err(unreadable)?;
        let installed = |(loaded, tree): &(Loaded, Tree)| verify::installed(loaded, tree, Path::new("/"));
        listing.manifests = loaded.iter().filter_map(installed).collect();
        loaded.iter().map(|(loaded, tree)| look(loaded, tree, &listing, host)).collect::<Result<_, _>>().map(Report)
    }

    fn load(&self, path: PathBuf) -> Result<(Loaded, Tree), ExitCode> {
        let manifest = ManifestArgs { manifest: Some(path), json: self.json };
        let loaded = manifest.load()?.of_system()?.with_programs(self.programs.as_ref());
        let tree = systemd::render(&loaded.checked.deployment, &loaded.bytes, &loaded.checked.digest);
        Ok((loaded, tree))
    }
}

fn look(loaded: &Loaded, tree: &Tree, listing: &Listing, host: &dyn Host) -> Result<Drifted, ExitCode> {
    let deployment = loaded.checked.deployment.name().as_str();
    let expected = Expected { deployment, tree, enabled: true };
    let questions = drift::questions(&expected);
    let answers = drift::ask(host, &questions).map_err(|error| {
        tell(&format!("error: systemd does not answer: {error}\n  hint: `systemctl status` must work here\n"));
        ExitCode::BadData
    })?;
    let outcome = drift::drift(&expected, Manager::System, listing, &questions, &answers);
    let manifest = loaded.path.display().to_string();
    Ok(Drifted { deployment: deployment.to_owned(), manifest, units: questions.units.len(), outcome })
}
