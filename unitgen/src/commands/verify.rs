//! `unitgen verify`: is what a host would load what the manifest renders?

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, ManifestArgs,
    installed::{TargetArgs, manifests_here},
    say, tell,
};
use crate::{
    Tree,
    installation::Installation,
    search_path,
    verify::{self, Expected, Installed, Report, Verified},
};

const NOT_SEEN: &str = "\
Of a host whose search path this is (a DIR such as ROOT/etc/systemd/system says so), the manifest that the programs read is \
held against the units too: ROOT/etc/portcullis/NAME.toml, whose digest decides whether anything is opened.

Not looked at, since it is in no unit of the path: what the manager itself has (system.conf, such as DefaultEnvironment=), \
the kernel's command line (systemd.unit=), what units of others and their drop-ins tie to ours (Conflicts=, Wants=), the \
programs, and what changed since the last daemon-reload. What systemd has loaded shows these: `systemctl show`, and `unitgen drift` looks at it.";

/// Verify that a host, or a tree of units, has lost nothing of what the manifest renders
#[derive(Debug, Args)]
#[command(after_help = NOT_SEEN)]
pub(super) struct Verify {
    /// The directories of the unit search path, the one that wins first [default: those of this system]
    #[arg(value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// The manifest to hold them against [default: of every deployment that is installed its *.manifest.toml among the units]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    #[command(flatten)]
    target: TargetArgs,
    /// The directories are a package's, in which nothing is enabled yet
    #[arg(long)]
    package: bool,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(&self) -> ExitCode {
        match self.verify() {
            Ok(report) => {
                say(&if self.json { format!("{}\n", report.to_json()) } else { report.to_text() });
                if report.is_ok() { ExitCode::Ok } else { ExitCode::Unexpected }
            }
            Err(code) => code,
        }
    }

    fn verify(&self) -> Result<Report, ExitCode> {
        let unreadable = |error: search_path::SearchPathError| {
            let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
            tell(&format!(
                "error: {error}{source}\n  hint: name the directories that systemd reads, and run as root\n"
            ));
            ExitCode::BadData
        };
        let manifests = match &self.manifest {
            Some(manifest) => vec![manifest.clone()],
            None if self.directories.is_empty() => manifests_here().map_err(unreadable)?,
            None => search_path::manifests(&self.named()).map_err(unreadable)?,
        };
        if manifests.is_empty() {
            let hint = "hint: render into one of the directories, or name the manifest with --manifest";
            tell(&format!("error: no *.manifest.toml among the units\n  {hint}\n"));
            return Err(ExitCode::BadConfig);
        }
        let loaded: Vec<(Loaded, Installation, Tree)> =
            manifests.iter().map(|path| self.load(path)).collect::<Result<_, _>>()?;
        let rendered: BTreeSet<String> =
            loaded.iter().flat_map(|(_, _, tree)| tree.iter().map(|(path, _)| path.to_owned())).collect();
        let deployments: BTreeSet<String> =
            loaded.iter().map(|(loaded, ..)| loaded.checked.deployment.name().as_str().to_owned()).collect();
        let verified = loaded.iter().map(|(loaded, installation, tree)| {
            let directories = self.directories(installation);
            let mut listing = search_path::read(&directories, &rendered).map_err(unreadable)?;
            listing.deployments.clone_from(&deployments);
            if let Some(root) = search_path::root_of(&directories, installation).filter(|_| !self.package) {
                listing.manifests.extend(installed(loaded, installation, tree, &root));
            }
            let deployment = loaded.checked.deployment.name().as_str();
            let expected = Expected { deployment, installation, tree, enabled: !self.package };
            let outcome = verify::verify(&expected, &listing);
            let manifest = loaded.path.display().to_string();
            Ok(Verified { deployment: deployment.to_owned(), manifest, files: tree.iter().count(), outcome })
        });
        verified.collect::<Result<_, _>>().map(Report)
    }

    fn directories(&self, installation: &Installation) -> Vec<PathBuf> {
        if self.directories.is_empty() { installation.directories(Path::new("/")) } else { self.named() }
    }

    /// The directories that were named; of one that target `quadlet` was rendered into those that lie in it.
    fn named(&self) -> Vec<PathBuf> {
        self.directories.iter().flat_map(|directory| search_path::of_rendered(directory)).collect()
    }

    fn load(&self, path: &Path) -> Result<(Loaded, Installation, Tree), ExitCode> {
        let manifest = ManifestArgs { manifest: Some(path.to_owned()), json: self.json };
        let loaded = manifest.load()?.with_programs(self.programs.as_ref());
        let installation = loaded.installation_of_files(&self.named(), self.target.named())?;
        let tree = loaded.units(installation.target())?;
        Ok((loaded, installation, tree))
    }
}

/// The manifest that the programs of a deployment read, by its name.
pub(super) fn installed(
    loaded: &Loaded,
    installation: &Installation,
    tree: &Tree,
    root: &Path,
) -> Option<(String, Installed)> {
    let found = search_path::installed(root, installation, tree)?;
    Some((loaded.checked.deployment.name().as_str().to_owned(), found))
}
