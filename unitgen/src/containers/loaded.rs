//! A rendered tree of any target as its host's manager loads it, and which target it is that lies on a host.

use super::{FILES, file_of, generated, service_of, source_path};
use crate::{
    Tree,
    systemd::header,
    targets::Target,
    verify::{Directory, Entry, Listing},
};

/// Where a tree of target `quadlet` has what.
const CONTAINERS: &str = "containers/systemd/";
const UNITS: &str = "systemd/system/";
const PODMAN: &str = "\nExecStart=/usr/bin/podman run ";

/// A rendered tree as it is loaded: units, drop-ins and the manifest's copy flat in one directory; beside each file for podman's
/// generator the service that comes of it.
#[must_use]
pub fn loaded(tree: &Tree) -> Tree {
    let mut loaded = Tree::default();
    for (path, content) in tree.iter() {
        let path = path.strip_prefix(CONTAINERS).or_else(|| path.strip_prefix(UNITS)).unwrap_or(path);
        add(&mut loaded, path, content);
    }
    loaded
}

/// Adds a file to such a tree. A unit of the same name that is in it already takes the place of what comes of the file.
pub(crate) fn add(loaded: &mut Tree, path: &str, content: &[u8]) {
    if let Some(service) = service_of(path).filter(|service| loaded.get(service).is_none()) {
        loaded.add(service, generated(&format!("/{FILES}/{path}"), content));
    }
    loaded.add(path, content);
}

/// Which target of a deployment lies on a host; nothing when nothing of it does. Decided by the first of these that is so: a file
/// for podman's generator, a service that runs podman, any file at all.
#[must_use]
pub fn installed(listing: &Listing, deployment: &str) -> Option<Target> {
    let mut found = None;
    for name in listing.names() {
        let mut contents = listing.named(name).filter_map(|(_, entry)| entry.content());
        let Some(content) = contents.find(|content| header::deployment_of(content) == Some(deployment)) else {
            continue;
        };
        if service_of(name).is_some() {
            return Some(Target::Quadlet);
        }
        let is_podmans = runs_podman(&String::from_utf8_lossy(content));
        found = if is_podmans { Some(Target::PodmanUnits) } else { found.or(Some(Target::Systemd)) };
    }
    found
}

/// Whether a unit's text runs podman itself.
pub(crate) fn runs_podman(text: &str) -> bool {
    text.contains(PODMAN)
}

/// The deployment that a unit was rendered for: by its own first line, or by that of the file that a generator made it of.
#[must_use]
pub(crate) fn deployment_of<'a>(listing: &'a Listing, unit: &str, entry: &'a Entry) -> Option<&'a str> {
    let content = entry.content()?;
    header::deployment_of(content).or_else(|| {
        let file = file_of(unit)?;
        // Of most units of a host there is no such file, and they need not be read.
        listing.directories.iter().find(|directory| directory.entries.contains_key(&file))?;
        let source = source_path(content)?;
        let lies = |directory: &&Directory| format!("{}/{file}", directory.path).ends_with(&source);
        let directory =
            listing.directories.iter().filter(|directory| directory.entries.contains_key(&file)).find(lies)?;
        header::deployment_of(directory.entries.get(&file)?.content()?)
    })
}
