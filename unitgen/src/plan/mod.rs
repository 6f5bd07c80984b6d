//! What an apply would do, bound to what it was made against. Pure: a deployment and what was found, in; a [`Plan`], out.
//!
//! A plan says with which digests it was made: of the manifest, of every file of the unit search path that has a say in the
//! deployment's units, of the programs. Apply makes the plan again and compares: what is laid is what was shown, and only
//! what a checked manifest renders.

pub mod delta;
pub(crate) mod meaning;
pub mod observe;
pub mod orders;
mod running;
pub(crate) mod steps;
mod taken;
mod text;
pub mod trading;

use std::collections::{BTreeMap, BTreeSet};

use market::Timestamp;
use serde::{Deserialize, Serialize};

pub use delta::{Delta, delta};
pub use meaning::{Left, Meaning};
pub use running::Running;
pub use steps::Step;
pub use taken::{Taken, taken};
pub use trading::{Trades, Trading};

use crate::{
    VERSION,
    apply::permission::Nature,
    generations::{Content, Generation, Image, Journal},
    installation::Installation,
    systemd::header,
    targets::Target,
    verify::Listing,
};

/// The version of a plan's JSON.
pub const SCHEMA_VERSION: u32 = 1;
/// What a plan is bound to where nothing lies.
pub const ABSENT: &str = "absent";

/// A plan, as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The unitgen that made it.
    pub unitgen: String,
    /// The deployment.
    pub deployment: String,
    /// When it was made; nothing when no clock said.
    pub made_at: Option<Timestamp>,
    /// Who made it.
    pub made_by: String,
    /// The host's root.
    pub root: String,
    /// What is rendered: `systemd`, `quadlet` or `podman-units`.
    #[serde(default = "systemd")]
    pub target: String,
    /// The manifest.
    pub manifest: ManifestOf,
    /// The generation that is laid now; nothing on a host that has none.
    pub from: Option<u64>,
    /// Every file that it was made against, by path: its digest, where it leads, or [`ABSENT`].
    pub bound: BTreeMap<String, String>,
    /// The programs, the same way.
    pub programs: BTreeMap<String, String>,
    /// What shall lie there, by path below the root: a file's text, or `-> ` and what a link says.
    pub tree: BTreeMap<String, Laid>,
    /// What is done, in order; nothing when all of it is done already.
    pub steps: Vec<Step>,
    /// The units that place orders and would be stopped.
    pub stops_orders: Vec<String>,
    /// Whether it only brings back what the generation laid now had.
    pub only_restores: bool,
    /// What of the deployment does not run, with its state, each in words; nothing where no systemd was asked.
    pub resting: Option<Vec<String>>,
    /// What it means for the guardrails.
    pub meaning: Meaning,
}

/// What plans rendered before they said so.
fn systemd() -> String {
    Target::Systemd.as_str().to_owned()
}

/// The manifest of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestOf {
    /// Where it was read.
    pub path: String,
    /// `sha256:` and its digest.
    pub digest: String,
    /// All of it.
    pub text: String,
    /// Where the programs lie, when it is not where the manifest says.
    pub programs: Option<String>,
}

/// A thing of the tree, as JSON has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Laid {
    /// A file's text.
    Text(String),
    /// What a link says.
    Link(String),
}

/// What shall be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The deployment.
    pub deployment: String,
    /// The manifest.
    pub manifest: ManifestOf,
    /// The host's root, as it was named.
    pub root: String,
    /// Where on it.
    pub installation: Installation,
    /// What is laid.
    pub image: Image,
    /// The units that place orders.
    pub orders: BTreeSet<String>,
}

/// What is.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The generation that is laid now, where it is kept unharmed.
    pub current: Option<Generation>,
    /// What is wrong with it otherwise.
    pub damaged: Option<String>,
    /// What lies at each path that the deployment has, or had.
    pub installed: Image,
    /// Files of the deployment that belong to nothing any more.
    pub stale: Vec<String>,
    /// The unit search path.
    pub listing: Listing,
    /// Each program with its digest, or [`ABSENT`].
    pub programs: BTreeMap<String, String>,
    /// The schema of each ledger, by path.
    pub ledgers: BTreeMap<String, u32>,
    /// What systemd says of the deployment; nothing where none was asked.
    pub running: Option<Running>,
    /// When it was looked at.
    pub now: Option<Timestamp>,
    /// Who looked.
    pub who: String,
}

impl Found {
    /// Whether what lies there is kept: drift from the generation is not worth going back to, another manifest that was rendered
    /// since is.
    #[must_use]
    pub fn is_kept(&self, deployment: &str) -> bool {
        let installed = self.installed.manifest(deployment);
        let same = |current: &Generation| installed.is_none() || installed == current.image.manifest(deployment);
        self.current.as_ref().is_some_and(same)
    }

    /// What a generation had, of whichever kind.
    #[must_use]
    pub fn base(&self) -> Image {
        self.current.as_ref().map_or_else(|| self.installed.clone(), |current| current.image.clone())
    }

    /// The programs that are not those of the generation laid now.
    #[must_use]
    pub fn other_programs(&self) -> BTreeSet<String> {
        let Some(current) = &self.current else { return BTreeSet::new() };
        let known = &current.record.programs;
        let other = self.programs.iter().filter(|(path, mark)| known.get(*path).is_some_and(|known| known != *mark));
        other.map(|(path, _)| path.clone()).collect()
    }

    /// What lies between this and what is wanted.
    #[must_use]
    pub fn delta(&self, wanted: &Image) -> Delta {
        delta(&self.installed, wanted, &self.base(), &self.stale, &self.other_programs())
    }
}

/// Makes a plan.
#[must_use]
pub fn make(wanted: &Wanted, found: &Found) -> Plan {
    let delta = found.delta(&wanted.image);
    let meaning = meaning::of(wanted, found, &delta);
    let only_restores = only_restores(wanted, found) && meaning.lost.is_empty();
    let orders = orders::orders(wanted, found);
    Plan {
        schema_version: SCHEMA_VERSION,
        unitgen: VERSION.to_owned(),
        deployment: wanted.deployment.clone(),
        made_at: found.now,
        made_by: found.who.clone(),
        root: wanted.root.clone(),
        target: wanted.installation.target().as_str().to_owned(),
        manifest: wanted.manifest.clone(),
        from: found.current.as_ref().map(|current| current.number),
        bound: bound(wanted, found),
        programs: found.programs.clone(),
        tree: wanted.image.iter().map(|(path, content)| (path.to_owned(), laid(content))).collect(),
        steps: steps::steps(wanted, found, &delta, &orders),
        stops_orders: delta
            .changed
            .iter()
            .chain(&delta.removed)
            .filter(|unit| orders.contains(*unit))
            .cloned()
            .collect(),
        only_restores,
        resting: found.running.as_ref().map(|running| running.resting.clone()),
        meaning,
    }
}

impl Plan {
    /// Reads a plan's file.
    ///
    /// # Errors
    /// When it is none, or of another version; says which.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Version {
            schema_version: u64,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|error| format!("it is no plan: {error}"))?;
        if version.schema_version != u64::from(SCHEMA_VERSION) {
            return Err(format!("it is of version {}, this unitgen reads {SCHEMA_VERSION}", version.schema_version));
        }
        serde_json::from_slice(bytes).map_err(|error| format!("it is no plan: {error}"))
    }

    /// The text of its file.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts and numbers are always JSON") + "\n"
    }

    /// The same in one line.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }

    /// What tells this plan from every other.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("sha256:{}", contract::sha256_hex(self.to_json().as_bytes()))
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// What it does, as far as permission is concerned.
    #[must_use]
    pub fn nature(&self) -> Nature {
        Nature {
            only_restores: self.only_restores,
            stops_orders: self.stops_orders.clone(),
            removes_orders: self.removes_orders(),
            lost: self.meaning.lost.clone(),
        }
    }

    /// The same where a change that was interrupted is gone on with: what a first apply laid before that is new, however much of
    /// it lies there.
    #[must_use]
    pub fn gone_on_with(self, journal: Option<&Journal>) -> Self {
        Self { only_restores: self.only_restores && journal.is_none_or(Journal::is_restore), ..self }
    }

    /// The units that place orders and are taken out.
    fn removes_orders(&self) -> Vec<String> {
        let removed = |step: &Step| match step {
            Step::Stop { unit, orders: true } => Some(unit.clone()),
            Step::Keep
            | Step::Write { .. }
            | Step::Remove { .. }
            | Step::Stop { .. }
            | Step::Reload
            | Step::Restart { .. }
            | Step::Start { .. }
            | Step::Await { .. } => None,
        };
        self.steps.iter().filter_map(removed).collect()
    }

    /// What there is to say when there is nothing to do.
    #[must_use]
    pub fn nothing_to_do(&self) -> String {
        match self.resting.as_deref() {
            None => "nothing to do: all of it is laid".to_owned(),
            Some([]) => "nothing to do: all of it is laid and runs".to_owned(),
            Some(resting) => format!("nothing to do: all of it is laid; what does not run: {}", resting.join(", ")),
        }
    }

    /// What is no longer as it was when the plan was made, each as "path: was ..., is ...". `now` is the plan made again;
    /// with `resumed`, what is as the plan wants it counts as unchanged.
    #[must_use]
    pub fn stale(&self, now: &Self, resumed: bool) -> Vec<String> {
        let mut stale = Vec::new();
        let mut compare = |path: &str, was: Option<&String>, is: Option<&String>| {
            let is_done = resumed && is.is_some_and(|is| *is == self.wants(path));
            if was != is && !is_done {
                let said = |mark: Option<&String>| mark.map_or(ABSENT, String::as_str).to_owned();
                stale.push(format!("{path}: it was {}, and is {}", said(was), said(is)));
            }
        };
        for (was, is) in [(&self.bound, &now.bound), (&self.programs, &now.programs)] {
            for path in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
                compare(path, was.get(path), is.get(path));
            }
        }
        if self.from != now.from && !resumed {
            let said = |from: Option<u64>| from.map_or("none".to_owned(), |number| number.to_string());
            stale.push(format!("generation: it was {}, and is {}", said(self.from), said(now.from)));
        }
        stale
    }

    /// The mark of what the plan wants at a path.
    fn wants(&self, path: &str) -> String {
        match self.tree.get(path.trim_start_matches('/')) {
            Some(Laid::Text(text)) => Content::File(text.clone().into_bytes()).mark(),
            Some(Laid::Link(target)) => Content::Link(target.clone()).mark(),
            None => ABSENT.to_owned(),
        }
    }
}

fn laid(content: &Content) -> Laid {
    match content {
        Content::File(bytes) => Laid::Text(String::from_utf8_lossy(bytes).into_owned()),
        Content::Link(target) => Laid::Link(target.clone()),
    }
}

/// Whether this brings nothing new: the files and programs are those of the generation laid now, or where there is none, of
/// the manifest whose units lie there, as this unitgen renders it: another one renders other units of it.
fn only_restores(wanted: &Wanted, found: &Found) -> bool {
    match &found.current {
        Some(current) => current.image == wanted.image && found.other_programs().is_empty(),
        None => {
            let unitgens: BTreeSet<&str> =
                found.installed.units().filter_map(|(_, text)| header::unitgen_of(text)).collect();
            found.installed.manifest(&wanted.deployment) == Some(wanted.manifest.text.as_str())
                && unitgens.iter().all(|unitgen| *unitgen == VERSION)
        }
    }
}

fn bound(wanted: &Wanted, found: &Found) -> BTreeMap<String, String> {
    let mut bound = BTreeMap::new();
    let paths = wanted.image.paths().into_iter().chain(found.base().paths()).chain(found.stale.iter().cloned());
    for path in paths {
        let mark = found.installed.get(&path).map_or(ABSENT.to_owned(), Content::mark);
        bound.insert(format!("/{path}"), mark);
    }
    bound.extend(meaning::elsewhere(wanted, found));
    bound
}

/// A directory below a root, as a search path names it.
pub(crate) fn named_below(root: &str, folder: &str) -> String {
    format!("{}/{folder}", root.trim_end_matches('/'))
}
