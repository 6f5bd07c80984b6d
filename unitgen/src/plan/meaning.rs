//! What a plan means: guardrails that are lost or come back, and what is wrong with the host and stays so.
//!
//! Judged on the search path as it is and as it will be, so that a drop-in of somebody else that survives is seen.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use contract::env;
use serde::{Deserialize, Serialize};

use super::{Delta, Found, Trading, Wanted, named_below, steps::is_job, trading};
use crate::{
    apply::switch::After,
    containers,
    diff::{self, Schedule, Value},
    generations::{Content, Image, Place, image::unit_of},
    guardrails::{self, Enablement, Guardrail, Units},
    installation::Installation,
    targets::Target,
    verify::{self, Directory, Entry, Expected, Link, Listing, drop_ins},
};

/// A manifest's digest changes with every change of it.
const DIGEST: &str = env::PORTCULLIS_MANIFEST_DIGEST.name;
/// Said of the deployment as a whole, and first.
const TRADES: [&str; 3] = [env::EXECUTION_MODE.name, env::PORTCULLIS_ACCOUNT.name, env::LIVE_TRADING.name];

/// What it means, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// Guardrails that are held now and will not be.
    pub lost: Vec<String>,
    /// Guardrails that are not held now and will be.
    pub gained: Vec<String>,
    /// What of the host is not as the manifest has it, and is not the plan's to change.
    pub left: Vec<Left>,
    /// The timers that fire otherwise than before, with their next times before and after.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// Where it trades.
    #[serde(default)]
    pub trading: Trading,
    /// Guardrails that are held before and after, by something else.
    #[serde(default)]
    pub otherwise: Vec<String>,
    /// Variables that have another value, but for the manifest's digest.
    #[serde(default)]
    pub environment: Vec<Value>,
    /// What is run otherwise.
    #[serde(default)]
    pub commands: Vec<Value>,
    /// The units that run and are started afresh, timers too, in the order of their starts.
    #[serde(default)]
    pub restarts: Vec<String>,
    /// The jobs that change: from their next run on.
    #[serde(default)]
    pub next_runs: Vec<String>,
}

/// A finding of `unitgen verify` that the plan leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// Its code.
    pub code: String,
    /// The unit.
    pub unit: String,
    /// The file.
    pub file: String,
    /// What was found.
    pub says: String,
}

type Held = BTreeSet<(String, Guardrail)>;

/// Looks at the host before and after.
pub(super) fn of(wanted: &Wanted, found: &Found, delta: &Delta) -> Meaning {
    let laid = laid(&found.listing, wanted, delta);
    let ours: BTreeSet<String> = found.installed.unit_names().chain(wanted.image.unit_names()).collect();
    let held = |units: &Units| -> Held {
        let mut held = guardrails::held(units);
        held.retain(|(unit, _)| ours.contains(unit));
        held
    };
    let mut there = found.listing.clone();
    if !there.directories.iter().any(|directory| containers::is_generators(&directory.path)) {
        // A root that nothing has booted: what its files would become.
        let services = containers::services(&there);
        containers::reload(&mut there, &wanted.root, services);
    }
    let manager = wanted.installation.manager();
    let units = |listing: &Listing| Units::of_listing(listing, Enablement::AsLinked).for_manager(manager);
    let (old, new) = (units(&there), units(&laid));
    let (before, after) = (held(&old), held(&new));
    let names: Vec<&str> = ours.iter().map(String::as_str).collect();
    let (next_runs, restarts) = delta.restarts().map(str::to_owned).partition(|unit| is_job(&wanted.image, unit));
    let (commands, mut environment) = diff::values(&old, &new, &names);
    environment.retain(|value| value.name != DIGEST);
    environment.sort_by_key(|value| !TRADES.contains(&value.name.as_str()));
    Meaning {
        trading: Trading { before: trading::of(&old, &names), after: trading::of(&new, &names) },
        otherwise: otherwise(&old, &new, &ours),
        environment,
        commands,
        lost: told(before.difference(&after), &delta.removed, "is taken out"),
        gained: told(after.difference(&before), &delta.added, "is new"),
        left: left(wanted, &laid),
        schedules: diff::schedules(&old, &new, &names, found.now),
        restarts,
        next_runs,
    }
}

/// A digest that is another is what a changed manifest is told by already.
fn otherwise(old: &Units, new: &Units, names: &BTreeSet<String>) -> Vec<String> {
    let changed = diff::turns(old, new, names).changed.into_iter();
    let changed = changed.filter(|turn| turn.guardrail != Guardrail::ManifestDigest.id());
    changed.map(|turn| format!("{} {}: {} -> {}", turn.unit, turn.guardrail, turn.before, turn.after)).collect()
}

/// The findings about a search path, with what shall lie there.
pub(crate) fn findings(deployment: &str, installation: &Installation, image: &Image, listing: &Listing) -> Vec<Left> {
    let tree = image.tree();
    let outcome = verify::verify(&Expected { deployment, installation, tree: &tree, enabled: true }, listing);
    let left = outcome.findings.into_iter().map(|finding| Left {
        code: finding.code.as_str().to_owned(),
        unit: finding.unit,
        file: finding.file,
        says: finding.says,
    });
    left.collect()
}

fn left(wanted: &Wanted, laid: &Listing) -> Vec<Left> {
    findings(&wanted.deployment, &wanted.installation, &wanted.image, laid)
}

/// One line a guardrail; of a unit that comes or goes as a whole one line for all of it.
fn told<'a>(held: impl Iterator<Item = &'a (String, Guardrail)>, whole: &[String], says: &str) -> Vec<String> {
    let all: BTreeSet<&(String, Guardrail)> = held.collect();
    let mut told: Vec<String> = Vec::new();
    for (unit, guardrail) in &all {
        let line = if whole.contains(unit) {
            format!("{unit} {says}")
        } else if guardrail.rests_on().is_some_and(|other| all.contains(&(unit.clone(), other))) {
            continue;
        } else {
            format!("{unit} {}: without it {}", guardrail.id(), guardrail.entry().without)
        };
        if !told.contains(&line) {
            told.push(line);
        }
    }
    told
}

/// The search path with the changes made.
fn laid(listing: &Listing, wanted: &Wanted, delta: &Delta) -> Listing {
    let mut listing = listing.clone();
    let place = |folder: &str| named_below(&wanted.root, folder);
    let (units, path) = (place(&wanted.installation.units()), wanted.installation.search_path());
    if !listing.directories.iter().any(|directory| directory.path == units) {
        // Before those that systemd reads after it.
        let before: BTreeSet<String> =
            path.iter().map(|path| place(path.trim_start_matches('/'))).take_while(|path| *path != units).collect();
        let at = listing.directories.iter().take_while(|directory| before.contains(&directory.path)).count();
        listing.directories.insert(at, Directory { path: units, entries: BTreeMap::new() });
    }
    let containers = place(containers::FILES);
    if wanted.image.target() == Target::Quadlet
        && !listing.directories.iter().any(|directory| directory.path == containers)
    {
        let after = place("usr/share/containers/systemd");
        let at = listing.directories.iter().position(|directory| directory.path == after);
        let at = at.unwrap_or(listing.directories.len());
        listing.directories.insert(at, Directory { path: containers, entries: BTreeMap::new() });
    }
    for change in &delta.changes {
        let (Place::Units { folder, below } | Place::Containers { folder, below }) = Place::of(&change.path) else {
            continue;
        };
        let path = place(folder);
        let Some(directory) = listing.directories.iter_mut().find(|directory| directory.path == path) else { continue };
        let entries = &mut directory.entries;
        let (folder, name) = below.rsplit_once('/').map_or((None, below), |(folder, name)| (Some(folder), name));
        let place = match folder {
            None => &mut *entries,
            Some(folder) => {
                let inside = entries.entry(folder.to_owned()).or_insert_with(|| Entry::Folder(BTreeMap::new()));
                match inside {
                    Entry::Folder(files) => files,
                    Entry::File { .. } | Entry::Null | Entry::Dangling(_) | Entry::Unreadable(_) => continue,
                }
            }
        };
        match &change.after {
            After::Thing(Content::File(bytes)) => {
                place.insert(name.to_owned(), Entry::File { content: bytes.clone(), link: None });
            }
            After::Thing(Content::Link(target)) => {
                let link = Some(Link { target: target.clone(), alias_of: None });
                place.insert(name.to_owned(), Entry::File { content: b"[".to_vec(), link });
            }
            After::Gone => {
                place.remove(name);
            }
            After::Program(_) => {}
        }
    }
    let changed = delta.changes.iter().filter_map(|change| unit_of(&change.path).map(Cow::into_owned));
    containers::reload(&mut listing, &wanted.root, changed.chain(wanted.image.unit_names()));
    listing
}

/// What others have laid that has a say in the deployment's units: by path, its mark.
pub(super) fn elsewhere(wanted: &Wanted, found: &Found) -> BTreeMap<String, String> {
    let prefix = wanted.root.trim_end_matches('/');
    let below = |path: &str| path.strip_prefix(prefix).unwrap_or(path).to_owned();
    let ours: BTreeSet<String> =
        wanted.image.paths().into_iter().chain(found.base().paths()).map(|path| format!("/{path}")).collect();
    let units: BTreeSet<String> = wanted.image.unit_names().collect();
    let mut marks = BTreeMap::new();
    for unit in &units {
        let named = found.listing.named(unit).map(|(path, entry)| (below(&path), mark(entry)));
        let file = containers::file_of(unit).unwrap_or_default();
        let files = found.listing.named(&file).map(|(path, entry)| (below(&path), mark(entry))).collect::<Vec<_>>();
        let drop_ins = drop_ins::in_force(&found.listing, unit).into_values();
        let drop_ins = drop_ins.chain(drop_ins::in_force(&found.listing, &file).into_values());
        // What a generator makes is made anew at each reload, of files that are among these.
        let named = named.filter(|(path, _)| !containers::is_generators(folder_of(path))).chain(files);
        marks.extend(named.chain(drop_ins.map(|drop_in| (below(&drop_in.path), mark(drop_in.entry)))));
    }
    marks.retain(|path, _| !ours.contains(path));
    marks
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn mark(entry: &Entry) -> String {
    match entry {
        Entry::File { content, .. } => Content::File(content.clone()).mark(),
        Entry::Folder(_) => "a directory".to_owned(),
        Entry::Null => "-> /dev/null".to_owned(),
        Entry::Dangling(link) => format!("-> {}", link.target),
        Entry::Unreadable(error) => error.clone(),
    }
}
