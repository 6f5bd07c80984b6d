//! `unitgen drift`: are files, what systemd has loaded, and what runs those of the manifest?

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use clap::Args;
use contract::ExitCode;
use manifest::Release;

use super::{
    Loaded, ManifestArgs,
    installed::{TargetArgs, manifests_here, may_act},
    say, tell, verify,
};
use crate::{
    Tree, VERSION,
    drift::{self, Answers, Drifted, Questions, Report},
    generations::{Store, digest},
    installation::Installation,
    search_path,
    systemctl::{Host, ThisHost},
    verify::{Expected, Listing},
};

const ABOUT: &str = "\
It looks at the files of the unit search path, as `verify` does; at what systemd has loaded, property by property; at the \
processes that run; and at the programs: that they are there and nobody else's to write. It changes nothing and needs no \
privileges: without them a process whose program may not be looked at is judged by its age, and whether programs are those that \
were deployed is not known. Where a start waits that nothing excuses it looks again for up to 75 seconds.

Exit codes:
  0   nothing drifted
  1   something did
  64  wrong command line
  65  a directory cannot be read, or systemd does not answer (what files show is told all the same)
  75  the units are a login's, and this does not run as that login, or its manager does not run
  78  no manifest, or one with errors";

/// A start that waits is looked at again so often, and told when it still does.
const LOOKS: usize = 15;
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

/// Find what drifted from the manifest: in files, in what systemd has loaded, in what runs
#[derive(Debug, Args)]
#[command(after_help = ABOUT)]
pub(super) struct Drift {
    /// The manifest to hold this host against [default: of every deployment that is installed its *.manifest.toml among the units]
    #[arg(value_name = "MANIFEST")]
    manifest: Option<PathBuf>,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    #[command(flatten)]
    target: TargetArgs,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Drift {
    pub(super) fn run(&self) -> ExitCode {
        match self.drift() {
            Ok(report) => {
                say(&if self.json { format!("{}\n", report.to_json()) } else { report.to_text() });
                match (report.is_ok(), report.is_unanswered()) {
                    (true, _) => ExitCode::Ok,
                    (false, true) => ExitCode::BadData,
                    (false, false) => ExitCode::Unexpected,
                }
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
            drifted.push(look(loaded, installation, tree, &listing, &ThisHost::of(installation)));
        }
        Ok(Report(drifted))
    }

    fn load(&self, path: PathBuf, root: &Path) -> Result<(Loaded, Installation, Tree), ExitCode> {
        let manifest = ManifestArgs { manifest: Some(path), json: self.json };
        let loaded = manifest.load()?.with_programs(self.programs.as_ref());
        let installation = loaded.installation(root, self.target.named())?;
        let tree = loaded.units(installation.target())?;
        Ok((loaded, installation, tree))
    }
}

fn look(loaded: &Loaded, installation: &Installation, tree: &Tree, listing: &Listing, host: &dyn Host) -> Drifted {
    let deployment = loaded.checked.deployment.name().as_str();
    let expected = Expected { deployment, installation, tree, enabled: true };
    let questions = drift::questions(&expected);
    let outcome = match ask(host, &questions) {
        Ok(mut answers) => {
            add_digests(&mut answers, installation, deployment);
            drift::drift(&expected, listing, &questions, &answers)
        }
        Err(error) => {
            let hint = format!("`{} status` must work here", installation.systemctl());
            tell(&format!("error: systemd does not answer: {error}\n  hint: {hint}\n"));
            drift::Outcome { unanswered: Some(error), ..drift::of_files(&expected, listing, &questions) }
        }
    };
    let manifest = loaded.path.display().to_string();
    Drifted { deployment: deployment.to_owned(), manifest, units: questions.units.len(), outcome }
}

/// Asks again while a start waits: it may have been asked for this moment.
fn ask(host: &dyn Host, questions: &Questions) -> Result<Answers, String> {
    let mut answers = drift::ask(host, questions)?;
    for _ in 0..LOOKS {
        if !drift::start_waits(questions, &answers) {
            break;
        }
        thread::sleep(BETWEEN_LOOKS);
        answers = drift::ask(host, questions)?;
    }
    Ok(answers)
}

/// What was deployed, as far as it may be read: generations are for whoever applies. Another release than the one that
/// deployed brings other programs, and says so by its number.
fn add_digests(answers: &mut Answers, installation: &Installation, deployment: &str) {
    let store = Store::of(Path::new("/"), installation, deployment);
    let current = store.current().ok().flatten().and_then(|number| store.read(number).ok());
    let Some(record) = current.map(|found| found.record).filter(|record| record.unitgen == VERSION) else { return };
    for (path, program) in &mut answers.programs {
        let is = fs::read(path).ok().map(|content| digest(&content));
        program.digests = is.zip(record.programs.get(path).cloned());
    }
}
