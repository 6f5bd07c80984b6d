//! The manifest that the programs read. Its digest stands in the units, and where the two disagree whatever places orders opens
//! nothing; its copy among the units is for people and is read by none of them.

use contract::env::PORTCULLIS_MANIFEST;

use super::{Code, Expected, Installed, Listing, Outcome, said_of_text};
use crate::{Tree, systemd::manifest_copy};

/// Where the units of a tree say that it lies, with the specifiers of their manager.
#[must_use]
pub fn path_of(tree: &Tree) -> Option<&str> {
    let variable = format!("Environment={}=", PORTCULLIS_MANIFEST.name);
    let texts = tree.iter().filter_map(|(_, content)| std::str::from_utf8(content).ok());
    texts.flat_map(str::lines).find_map(|line| line.strip_prefix(&variable))
}

pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let copy = expected.tree.get(&manifest_copy(expected.deployment));
    let (Some(Installed { path, entry }), Some(manifest)) = (listing.manifests.get(expected.deployment), copy) else {
        return;
    };
    let says = match entry {
        Some(entry) if entry.content() == Some(manifest) => return,
        Some(entry) => said_of_text(entry, manifest),
        None => "it is not there".to_owned(),
    };
    outcome.find(Code::InstalledManifestDiffers, &format!("{}.target", expected.deployment), path, says);
}
