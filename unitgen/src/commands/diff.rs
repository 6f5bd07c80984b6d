//! `unitgen diff`: what a change of units means.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use contract::ExitCode;
use manifest::Scope;
use market::Timestamp;

use super::{ManifestArgs, colour_of_output, installed::TargetArgs, say, tell, usual};
use crate::{
    containers,
    diff::{self, Questions, Side, Style},
    guardrails::{Enablement, Manager, Unit, Units},
    host::is_own,
    installation::{Installation, Login},
    search_path,
    security::SystemdAnalyze,
    source,
    systemd::header,
    verify::Listing,
};

/// As diff(1) says trouble.
pub(super) const TROUBLE: ExitCode = ExitCode::Warn;
const HOST: &str = "host";
/// Where a release has its programs.
const PROGRAMS: [&str; 3] = ["", "bin", "usr/lib/portcullis/bin"];
/// Where it has its manifest.
const MANIFESTS: [&str; 3] = ["", "etc/portcullis", "usr/share/portcullis"];
/// Where a host has those that are installed.
const INSTALLED: &str = "etc/portcullis";

const SIDES: &str = "\
Each of FROM and TO is a manifest, a directory of units, a release (a directory with a `unitgen` in it, in bin or in \
usr/lib/portcullis/bin, and a manifest), or the word `host`: what systemd reads on this host. With one of them alone the host \
is the other: `unitgen diff MANIFEST` is what would change here, `unitgen diff MANIFEST host` what this host has lost.

A release renders by itself: the manifest of --manifest, or that of the other side; else the one that is installed on the \
host, else its own.

What it means comes first: guardrails lost, what becomes of each unit, next fires, restart policy, environment, exposure. \
The value of nothing that looks like a secret is shown.

Exit codes:
  0   nothing differs
  1   something does
  2   trouble: a side cannot be read, its manifest has errors, or the output cannot be written
  64  wrong command line";

/// Show what a change of units means: between manifests, directories, releases and this host
#[derive(Debug, Args)]
#[command(after_help = SIDES)]
pub(super) struct Diff {
    /// What is there now [default: the host, when TO is not given]
    #[arg(value_name = "FROM")]
    first: PathBuf,
    /// What takes its place
    #[arg(value_name = "TO")]
    second: Option<PathBuf>,
    /// Compare the host with what is named, as without TO
    #[arg(long, conflicts_with = "second")]
    host: bool,
    /// The manifest that releases render [default: the other side's, else the installed one, else each its own]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The root of the host's file system
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// Lines round each change of the text
    #[arg(long, short = 'U', value_name = "N", default_value_t = 3)]
    unified: usize,
    /// Count lines instead of showing the text
    #[arg(long)]
    stat: bool,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self) -> ExitCode {
        let host = PathBuf::from(HOST);
        let (from, to) = match &self.second {
            Some(second) => (&self.first, second),
            None => (&host, &self.first),
        };
        let (from, to) = match self.sides(from, to) {
            Ok(sides) => sides,
            Err(error) => {
                tell(&error);
                return TROUBLE;
            }
        };
        let context = (!self.stat).then_some(self.unified);
        let questions = Questions { now: now(), scores: &SystemdAnalyze, context };
        let difference = diff::compare(&from, &to, &questions);
        if self.json {
            say(&format!("{}\n", difference.to_json()));
        } else {
            let colour = colour_of_output();
            say(&difference.to_text(Style { colour, stat: self.stat }));
        }
        if difference.is_none() { ExitCode::Ok } else { ExitCode::Unexpected }
    }

    fn sides(&self, from: &Path, to: &Path) -> Result<(Side, Side), String> {
        let loaded = (self.load(from, to)?, self.load(to, from)?);
        let (from, to) = match loaded {
            (Loaded::Host(_), Loaded::Host(_)) => {
                return Err("error: the host is both sides\n  hint: name a manifest\n".to_owned());
            }
            (Loaded::Host(host), Loaded::Side(to)) => (of_host(host, &self.root, &to), to),
            (Loaded::Side(from), Loaded::Host(host)) => {
                let host = of_host(host, &self.root, &from);
                (from, host)
            }
            (Loaded::Side(from), Loaded::Side(to)) => (from, to),
        };
        // A directory does not say whose manager reads it; the manifest beside it does.
        let managers = [from.units.manager(), to.units.manager()];
        let manager = if managers.contains(&Manager::User) { Manager::User } else { Manager::System };
        let of_manager = |side: Side| Side { units: side.units.for_manager(manager), ..side };
        Ok((of_manager(from), of_manager(to)))
    }

    /// Whose manager of the host is meant: that of the manifest that it is compared with, or of the one beside its units.
    fn installation(&self, other: &Path) -> Installation {
        let beside = || search_path::manifests(&[other.to_owned()]).ok()?.into_iter().next();
        let manifest = if other.is_dir() { beside() } else { Some(other.to_owned()) };
        let checked = manifest.and_then(|path| source::read(&path).ok()).and_then(|bytes| source::check(&bytes).ok());
        let deployment = checked.map(|checked| checked.deployment).filter(|found| found.scope() == Scope::User);
        let login = deployment.and_then(|found| Login::find(&self.root, found.identity().user()).ok());
        login.map_or(Installation::SYSTEM, Installation::of_login)
    }

    /// What a release renders: what is named, what it is compared with, what is installed, and only then its own, which is an
    /// example.
    fn manifest_of(&self, release: &Path, other: &Path) -> Result<PathBuf, String> {
        if let Some(manifest) = self.manifest.as_deref().or(other.is_file().then_some(other)) {
            return Ok(manifest.to_owned());
        }
        let beside = search_path::manifests(&[other.to_owned()]).unwrap_or_default();
        let installed = || manifests_in(std::iter::once(self.root.join(INSTALLED)));
        let own = || manifests_in(MANIFESTS.iter().map(|below| release.join(below)));
        let found = if beside.is_empty() { installed() } else { beside };
        let found = if found.is_empty() { own() } else { found };
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(format!(
                "error: there is no manifest for the release {} to render\n  hint: name one with --manifest\n",
                release.display()
            )),
            several => {
                let names: Vec<String> = several.iter().map(|path| path.display().to_string()).collect();
                Err(format!(
                    "error: the release {} could render several manifests\n  hint: name one with --manifest: {}\n",
                    release.display(),
                    names.join(" ")
                ))
            }
        }
    }

    /// Where units of the other side lie, if that says for which target a manifest is rendered.
    fn directories(&self, other: &Path) -> Vec<PathBuf> {
        if other == Path::new(HOST) {
            return Installation::SYSTEM.directories(&self.root);
        }
        if other.is_dir() { search_path::of_rendered(other) } else { Vec::new() }
    }

    fn load(&self, path: &Path, other: &Path) -> Result<Loaded, String> {
        if path == Path::new(HOST) {
            let installation = self.installation(other);
            let mut listing = listing(&installation.directories(&self.root))?;
            if !is_own(&self.root) {
                load_containers(&mut listing, &self.root);
            }
            let units = Units::of_listing(&listing, Enablement::AsLinked).for_manager(installation.manager());
            return Ok(Loaded::Host(units));
        }
        let label = path.display().to_string();
        if !path.is_dir() {
            let manifest = ManifestArgs { manifest: Some(path.to_owned()), json: false };
            // What is wrong with it was told.
            let loaded = manifest.load().map_err(|_| String::new())?;
            let target = self.target.named().unwrap_or_else(|| loaded.target_in(&self.directories(other)));
            let tree = loaded.units(target).map_err(|_| String::new())?;
            let manager = match loaded.checked.deployment.scope() {
                Scope::System => Manager::System,
                Scope::User => Manager::User,
            };
            return Ok(Loaded::side(label, Units::of_tree(&tree).for_manager(manager)));
        }
        if let Some(unitgen) = PROGRAMS.iter().map(|below| path.join(below).join("unitgen")).find(|path| path.is_file())
        {
            let manifest = self.manifest_of(path, other)?;
            let rendered = render_by(&unitgen, &manifest)?;
            let label = format!("{label} with {}", manifest.display());
            return Ok(Loaded::side(label, Units::of_listing(&rendered, Enablement::AsSaid)));
        }
        let mut listing = listing(&search_path::of_rendered(path))?;
        load_containers(&mut listing, path);
        let is_linked = listing.names().any(|name| name.ends_with(".wants") || name.ends_with(".requires"));
        let enablement = if is_linked { Enablement::AsLinked } else { Enablement::AsSaid };
        let units = Units::of_listing(&listing, enablement);
        if units.names().next().is_none() {
            return Err(format!(
                "error: {label} holds no unit\n  hint: name a manifest, a directory of units, or `host`\n"
            ));
        }
        Ok(Loaded::side(label, units))
    }
}

enum Loaded {
    Host(Units),
    Side(Side),
}

impl Loaded {
    fn side(label: String, units: Units) -> Self {
        let names = units.names().map(str::to_owned).collect();
        Self::Side(Side { label, units, names })
    }
}

/// Of a host's many units those that the other side has, and those of the same deployments that it has no more.
fn of_host(units: Units, root: &Path, other: &Side) -> Side {
    let deployment =
        |unit: &Unit| unit.files().first().and_then(|(_, text)| header::deployment_of(text)).map(str::to_owned);
    let ours: BTreeSet<String> = other.names.iter().filter_map(|name| deployment(other.units.get(name)?)).collect();
    let names = units.iter().filter(|unit| {
        other.names.contains(unit.name()) || deployment(unit).is_some_and(|deployment| ours.contains(&deployment))
    });
    let names = names.map(|unit| unit.name().to_owned()).collect();
    let label = if root == Path::new("/") { "this host".to_owned() } else { format!("the host at {}", root.display()) };
    Side { label, units, names }
}

fn listing(directories: &[PathBuf]) -> Result<Listing, String> {
    search_path::read(directories, &BTreeSet::new()).map_err(|error| {
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        format!("error: {error}{source}\n  hint: name a manifest, a directory of units, or `host`\n")
    })
}

/// The manifests in some directories.
fn manifests_in<'a>(directories: impl Iterator<Item = PathBuf> + 'a) -> Vec<PathBuf> {
    let entries = directories.flat_map(|directory| directory.read_dir().into_iter().flatten().flatten());
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| usual::is_manifest(path)).collect();
    found.sort();
    found
}

/// What podman's generator would make of files for it.
fn load_containers(listing: &mut Listing, root: &Path) {
    let services = containers::services(listing);
    containers::reload(listing, &root.display().to_string(), services);
}

/// The units as another release makes them: by its own unitgen.
fn render_by(unitgen: &Path, manifest: &Path) -> Result<Listing, String> {
    let failed = |error: &dyn std::fmt::Display| format!("error: cannot render by {}: {error}\n", unitgen.display());
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let out = folder.path().join("units");
    let mut command = Command::new(unitgen);
    command.arg("render").arg(manifest).args(["--target", "systemd", "--out"]).arg(&out);
    let said = command.output().map_err(|error| failed(&error))?;
    if !said.status.success() {
        return Err(failed(&String::from_utf8_lossy(&said.stderr)));
    }
    listing(&[out])
}

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_seconds(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}
