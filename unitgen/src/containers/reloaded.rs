//! What podman's generator would make of the files in a search path, at the next reload.

use std::collections::BTreeMap;

use super::{file_of, generated_with, service_of};
use crate::verify::{Directory, Entry, Listing, drop_ins};

/// Where it writes to.
const GENERATED: &str = "/run/systemd/generator";
/// What systemd reads after it.
const AFTER: [&str; 3] = ["/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/run/systemd/generator.late"];

/// Puts the services of some files where the generator would, below a root, and takes away those that it would make no more.
pub fn reload(listing: &mut Listing, root: &str, services: impl IntoIterator<Item = String>) {
    let root = root.trim_end_matches('/');
    let place = format!("{root}{GENERATED}");
    for service in services {
        let Some(file) = file_of(&service) else { continue };
        let made = made(listing, root, &file);
        let directory = at(listing, root, &place);
        match made {
            Some(text) => {
                directory.entries.insert(service, Entry::File { content: text.into_bytes(), link: None });
            }
            None => {
                directory.entries.remove(&service);
            }
        }
    }
}

/// Every service that comes of a file in the search path.
#[must_use]
pub fn services(listing: &Listing) -> Vec<String> {
    listing.names().filter_map(service_of).collect()
}

fn made(listing: &Listing, root: &str, file: &str) -> Option<String> {
    let (path, entry) = listing.named(file).next()?;
    let content = entry.content().filter(|_| !entry.is_mask())?;
    let drop_ins = drop_ins::in_force(listing, file);
    let drop_ins = drop_ins.values().filter_map(|drop_in| drop_in.entry.content());
    let contents: Vec<&[u8]> = std::iter::once(content).chain(drop_ins).collect();
    Some(generated_with(path.strip_prefix(root).unwrap_or(&path), &contents))
}

/// The generator's directory, put where systemd reads it when it is not there.
fn at<'a>(listing: &'a mut Listing, root: &str, place: &str) -> &'a mut Directory {
    let found = listing.directories.iter().position(|directory| directory.path == place);
    let at = found.unwrap_or_else(|| {
        let is_after = |directory: &Directory| {
            directory.path.strip_prefix(root).is_some_and(|path| AFTER.contains(&path) || path.contains("/containers/"))
        };
        let at = listing.directories.iter().position(is_after).unwrap_or(listing.directories.len());
        listing.directories.insert(at, Directory { path: place.to_owned(), entries: BTreeMap::new() });
        at
    });
    &mut listing.directories[at]
}
