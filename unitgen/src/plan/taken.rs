//! Names that a host has already: a unit of ours in `/etc` would silently take the place of one that a package, or somebody
//! else, has laid in another directory. Pure.

use super::{Found, Wanted};
use crate::{systemd::header, verify::Entry};

/// What generators, `systemctl set-property` and `systemd-run` make is nobody's own unit.
const MADE: [&str; 4] = ["generator", "control", "transient", "attached"];

/// A unit that comes, and the file of somebody else that has its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The unit.
    pub unit: String,
    /// The file.
    pub path: String,
}

/// The units that come under a name that is taken, by name.
#[must_use]
pub fn taken(wanted: &Wanted, found: &Found) -> Vec<Taken> {
    let comes = |unit: &String| !found.installed.has_unit(unit);
    let mut taken: Vec<Taken> =
        wanted.image.unit_names().filter(comes).filter_map(|unit| owner(wanted, found, unit)).collect();
    taken.sort_by(|a, b| a.unit.cmp(&b.unit));
    taken
}

fn owner(wanted: &Wanted, found: &Found, unit: String) -> Option<Taken> {
    let directories = found.listing.directories.iter().filter(|directory| !is_made(&directory.path));
    let mut entries = directories.filter_map(|directory| Some((directory, directory.entries.get(&unit)?)));
    let is_others = |entry: &Entry| match entry {
        Entry::File { content, .. } => header::deployment_of(content) != Some(wanted.deployment.as_str()),
        // A mask is told as one, by `verify` and by the plan.
        Entry::Null | Entry::Dangling(_) | Entry::Folder(_) | Entry::Unreadable(_) => false,
    };
    let (directory, _) = entries.find(|(_, entry)| is_others(entry))?;
    Some(Taken { path: format!("{}/{unit}", directory.path), unit })
}

fn is_made(directory: &str) -> bool {
    let last = directory.rsplit('/').next().unwrap_or_default();
    MADE.iter().any(|made| last == *made || last.starts_with("generator.") || last.ends_with(&format!(".{made}")))
}
