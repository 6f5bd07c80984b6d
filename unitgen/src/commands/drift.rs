//! `unitgen drift`: are files, what systemd has loaded, and what runs those of the manifest?

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, ManifestArgs,
    installed::{manifests_here, may_act},
    say, tell, verify,
};
use crate::{
    Tree,
    drift::{self, Drifted, Report},
    installation::Installation,
    search_path,
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
  75  the units are a login's, and this does not run as that login, or its manager does not run
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
        match self.drift() {
            Ok(report) => {
                say(&if self.json { format!("{}\n", report.to_json()) } else { report.to_text() });
                if report.is_ok() { ExitCode::Ok } else { ExitCode::Unexpected }
            }
            Err(code) => code,
        }
    }

    fn drift(&self) -> Result<Report, ExitCode> {
        let unreadable = |error: search_path::SearchPathError| {
            tell(&format!("error: {error}\n  hint: is this a host that systemd runs?\n"));
            ExitCode::BadData
        };
        let manifests = match &self.manifest {
            Some(manifest) => vec![manifest.clone()],
            None => manifests_here().map_err(unreadable)?,
        };
        if manifests.is_empty() {
            tell("error: no *.manifest.toml among the units\n  hint: name the manifest, or render it first\n");
            return Err(ExitCode::BadConfig);
        }
        let root = Path::new("/");
        let loaded: Vec<(Loaded, Installation, Tree)> =
            manifests.iter().map(|path| self.load(path.clone(), root)).collect::<Result<_, _>>()?;
        let rendered: BTreeSet<String> =
            loaded.iter().flat_map(|(_, _, tree)| tree.iter().map(|(path, _)| path.to_owned())).collect();
        let deployments: BTreeSet<String> =
            loaded.iter().map(|(loaded, ..)| loaded.checked.deployment.name().as_str().to_owned()).collect();
        let mut drifted = Vec::new();
        for (loaded, installation, tree) in &loaded {
            may_act(installation, root)?;
            let mut listing = search_path::read(&installation.directories(root), &rendered).map_err(unreadable)?;
            listing.deployments.clone_from(&deployments);
            listing.manifests.extend(verify::installed(loaded, installation, tree, root));
            drifted.push(look(loaded, installation, tree, &listing, &ThisHost::of(installation))?);
        }
        Ok(Report(drifted))
    }

    fn load(&self, path: PathBuf, root: &Path) -> Result<(Loaded, Installation, Tree), ExitCode> {
        let manifest = ManifestArgs { manifest: Some(path), json: self.json };
        let loaded = manifest.load()?.with_programs(self.programs.as_ref());
        let installation = loaded.installation(root)?;
        let tree = systemd::render(&loaded.checked.deployment, &loaded.bytes, &loaded.checked.digest);
        Ok((loaded, installation, tree))
    }
}

fn look(
    loaded: &Loaded,
    installation: &Installation,
    tree: &Tree,
    listing: &Listing,
    host: &dyn Host,
) -> Result<Drifted, ExitCode> {
    let deployment = loaded.checked.deployment.name().as_str();
    let expected = Expected { deployment, installation, tree, enabled: true };
    let questions = drift::questions(&expected);
    let answers = drift::ask(host, &questions).map_err(|error| {
        tell(&format!(
            "error: systemd does not answer: {error}\n  hint: `{} status` must work here\n",
            installation.systemctl()
        ));
        ExitCode::BadData
    })?;
    let outcome = drift::drift(&expected, listing, &questions, &answers);
    let manifest = loaded.path.display().to_string();
    Ok(Drifted { deployment: deployment.to_owned(), manifest, units: questions.units.len(), outcome })
}
