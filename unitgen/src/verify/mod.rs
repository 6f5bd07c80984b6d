//! Is what a host would load what the manifest renders? Pure: a rendered tree and a [`Listing`] in, findings out.
//!
//! Content counts, not how it got there: trees of NixOS are links all the way down. A drop-in of others is judged by what
//! it says and never by its name: NixOS lays `overrides.conf` over a unit whose options it sets, and only one without an
//! assignment (as `wantedBy` makes it) leaves the guardrails alone.

mod boot;
mod containers;
mod dependencies;
pub mod drop_ins;
mod finding;
pub mod installed;
pub mod listing;
mod others;
mod quotes;
mod report;
mod runners;

use std::collections::{BTreeMap, BTreeSet};

use drop_ins::DropIn;
pub use finding::{Code, Finding, Note};
pub use listing::{Directory, Entry, Installed, Link, Listing};
pub(crate) use others::slices;
use quotes::{said_of, said_of_text, settings_of};
pub use report::{Report, Verified};

use crate::{
    Tree,
    installation::Installation,
    systemd::{header, manifest_copy},
};

/// What a search path should hold of one deployment.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// The deployment's name.
    pub deployment: &'a str,
    /// Where it lives.
    pub installation: &'a Installation,
    /// Its rendered files.
    pub tree: &'a Tree,
    /// Whether its target must be enabled; not so in a package.
    pub enabled: bool,
}

/// What a search path should not, and what else is worth telling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What is lost, in the order of the files.
    pub findings: Vec<Finding>,
    /// What is left alone.
    pub notes: Vec<Note>,
}

/// Compares. The same listing gives the same findings.
#[must_use]
pub fn verify(expected: &Expected<'_>, listing: &Listing) -> Outcome {
    let mut outcome = Outcome::default();
    for (path, content) in expected.tree.iter() {
        if path == manifest_copy(expected.deployment) {
            check_manifest(path, content, listing, &mut outcome);
        } else if path.ends_with(".container") {
            containers::check_file(path, content, listing, &mut outcome);
        } else if !path.contains('/') {
            // A file for podman's generator comes before its service, by name.
            if containers::is_generated(expected, path) {
                containers::check_generated(path, content, listing, &mut outcome);
            } else {
                check_unit(path, content, listing, &mut outcome);
            }
            check_drop_ins(path, expected.tree, listing, &mut outcome);
        }
    }
    installed::check(expected, listing, &mut outcome);
    dependencies::check(expected, listing, &mut outcome);
    check_leftovers(expected, listing, &mut outcome);
    others::check(expected, listing, &mut outcome);
    outcome.findings.sort_by(|a, b| (&a.unit, &a.file, a.code).cmp(&(&b.unit, &b.file, b.code)));
    outcome.findings.dedup();
    outcome
}

impl Outcome {
    fn find(&mut self, code: Code, unit: &str, file: impl Into<String>, says: impl Into<String>) {
        self.findings.push(Finding { code, unit: unit.to_owned(), file: file.into(), says: says.into() });
    }

    fn note(&mut self, file: impl Into<String>, says: impl Into<String>) {
        self.notes.push(Note { file: file.into(), says: says.into() });
    }
}

/// A package may keep the manifest's copy elsewhere: only one that is there can be wrong.
fn check_manifest(name: &str, content: &[u8], listing: &Listing, outcome: &mut Outcome) {
    if let Some((file, entry)) = listing.named(name).next()
        && entry.content() != Some(content)
    {
        outcome.find(Code::ManifestDiffers, name, file, said_of_text(entry, content));
    }
}

fn check_unit(unit: &str, content: &[u8], listing: &Listing, outcome: &mut Outcome) {
    let mut named = listing.named(unit);
    let Some((file, entry)) = named.next() else {
        let first = listing.directories.first().map_or("", |directory| directory.path.as_str());
        return outcome.find(Code::UnitMissing, unit, format!("{first}/{unit}"), "it is in no directory");
    };
    let alias_of = entry.link().and_then(|link| link.alias_of.as_deref());
    if entry.is_mask() {
        outcome.find(Code::UnitMasked, unit, file, "a link to /dev/null, or an empty file");
    } else if let Some(other) = alias_of {
        outcome.find(Code::UnitAliased, unit, file, format!("a link to {other}"));
    } else if !is_rendered(&file, entry, content, outcome) {
        let says = said_of(entry, content);
        match named.find(|(_, lower)| lower.content() == Some(content)) {
            Some((rendered, _)) => {
                outcome.find(Code::UnitShadowed, unit, file, format!("it takes the place of {rendered}: {says}"));
            }
            None => outcome.find(Code::UnitDiffers, unit, file, says),
        }
    }
}

/// Whether a file is what is rendered, be it by another release: a package is upgraded long before units may be rendered again.
fn is_rendered(file: &str, entry: &Entry, content: &[u8], outcome: &mut Outcome) -> bool {
    let found = entry.content().unwrap_or_default();
    let release = header::of_another_release(found, content);
    if let Some(release) = release {
        outcome.note(file, format!("rendered by unitgen {release}, as this one renders it"));
    }
    release.is_some() || entry.content() == Some(content)
}

/// The drop-ins in force for a unit are those that are rendered, and what says nothing.
fn check_drop_ins(unit: &str, tree: &Tree, listing: &Listing, outcome: &mut Outcome) {
    let in_force = drop_ins::in_force(listing, unit);
    let folder = format!("{unit}.d/");
    let ours = tree.iter().filter(|(path, _)| path.starts_with(&folder));
    for (path, content) in ours {
        let name = &path[folder.len()..];
        match in_force.get(name) {
            None => {
                let first = listing.directories.first().map_or("", |directory| directory.path.as_str());
                outcome.find(Code::DropInMissing, unit, format!("{first}/{path}"), "it is in no directory");
            }
            Some(found) if is_rendered(&found.path, found.entry, content, outcome) => {}
            Some(found) if found.entry.is_mask() => {
                outcome.find(Code::DropInMasked, unit, &found.path, "a link to /dev/null, or an empty file");
            }
            Some(found) => outcome.find(Code::DropInReplaced, unit, &found.path, said_of(found.entry, content)),
        }
    }
    let foreign = in_force.into_iter().filter(|(name, _)| tree.get(&format!("{folder}{name}")).is_none());
    judge_foreign(unit, &foreign.collect(), outcome);
}

/// Drop-ins of others over a unit, ours or one that ours live in.
fn judge_foreign(unit: &str, drop_ins: &BTreeMap<String, DropIn<'_>>, outcome: &mut Outcome) {
    for (name, found) in drop_ins {
        match found.entry {
            Entry::File { content, .. } if drop_ins::says_nothing(content) => {
                outcome.note(&found.path, format!("a drop-in of {unit} without an assignment"));
            }
            Entry::Null => outcome.note(&found.path, format!("it masks drop-ins called {name}")),
            Entry::File { content, .. } => {
                outcome.find(Code::ForeignDropIn, unit, &found.path, format!("it sets {}", settings_of(content)));
            }
            Entry::Unreadable(error) => outcome.find(Code::ForeignDropIn, unit, &found.path, error.clone()),
            // systemd passes over what is no file.
            Entry::Folder(_) | Entry::Dangling(_) => {}
        }
    }
}

/// Units that say in their first line that they are of this deployment, and that it no longer renders.
fn check_leftovers(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let rendered: BTreeSet<&str> = expected.tree.iter().map(|(path, _)| path).collect();
    for name in listing.names().filter(|name| !rendered.contains(name)) {
        let unaliased = |entry: &Entry| entry.link().is_none_or(|link| link.alias_of.is_none());
        for (file, entry) in listing.named(name).filter(|(_, entry)| unaliased(entry)) {
            if entry.content().and_then(header::deployment_of) == Some(expected.deployment) {
                outcome.find(Code::Leftover, name, file, "the manifest does not have it any more");
            }
        }
    }
}
