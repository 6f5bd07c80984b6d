//! Files for podman's generator, and what it made of them. A search path without a directory of generators says nothing of the
//! latter: it is a package's, or nothing was booted there yet.

use super::{Code, Expected, Listing, Outcome, drop_ins, judge_foreign, said_of};
use crate::containers::{FILES, differing, file_of, is_generators, service_of, source_path};

/// Checks a file for podman's generator and its drop-ins.
pub(super) fn check_file(file: &str, content: &[u8], listing: &Listing, outcome: &mut Outcome) {
    let unit = service_of(file).unwrap_or_else(|| file.to_owned());
    judge_foreign(&unit, &drop_ins::in_force(listing, file), outcome);
    let mut named = listing.named(file);
    let Some((path, entry)) = named.next() else {
        return outcome.find(
            Code::UnitMissing,
            &unit,
            format!("/{FILES}/{file}"),
            "it is in no directory of podman's generator",
        );
    };
    if entry.is_mask() {
        outcome.find(
            Code::UnitMasked,
            &unit,
            path,
            "a link to /dev/null, or an empty file: podman's generator makes no unit of it",
        );
    } else if entry.content() != Some(content) {
        let says = said_of(entry, content);
        match named.find(|(_, lower)| lower.content() == Some(content)) {
            Some((rendered, _)) => {
                outcome.find(Code::UnitShadowed, &unit, path, format!("it takes the place of {rendered}: {says}"));
            }
            None => outcome.find(Code::UnitDiffers, &unit, path, says),
        }
    }
}

/// Whether a unit is one that podman's generator is to make.
pub(super) fn is_generated(expected: &Expected<'_>, unit: &str) -> bool {
    file_of(unit).is_some_and(|file| expected.tree.get(&file).is_some())
}

/// Checks the service that a generator made.
pub(super) fn check_generated(unit: &str, content: &[u8], listing: &Listing, outcome: &mut Outcome) {
    let is_booted = listing.directories.iter().any(|directory| is_generators(&directory.path));
    let counts = listing.directories.iter().find_map(|directory| Some((directory, directory.entries.get(unit)?)));
    let Some((directory, entry)) = counts else {
        if is_booted {
            let says = "podman's generator made no unit of its file";
            outcome.find(Code::NotGenerated, unit, format!("/{FILES}/{}", file_of(unit).unwrap_or_default()), says);
        }
        return;
    };
    let path = format!("{}/{unit}", directory.path);
    if entry.is_mask() {
        return outcome.find(Code::UnitMasked, unit, path, "a link to /dev/null, or an empty file");
    }
    if !is_generators(&directory.path) {
        return outcome.find(
            Code::UnitShadowed,
            unit,
            path,
            "it takes the place of the one that podman's generator makes",
        );
    }
    let Some(found) = entry.content() else {
        return outcome.find(Code::GeneratedDiffers, unit, path, said_of(entry, content));
    };
    let file = file_of(unit).unwrap_or_default();
    let of = source_path(found).unwrap_or_default();
    // What makes another file count was told of that file.
    let is_of_ours = listing.named(&file).next().is_none_or(|(file, _)| file.ends_with(&of));
    if of.is_empty() || !is_of_ours {
        let says = if of.is_empty() {
            "it says of no file that it comes of it".to_owned()
        } else {
            format!("it comes of {of}")
        };
        outcome.find(Code::GeneratedDiffers, unit, path, says);
    } else if !outcome.findings.iter().any(|finding| finding.unit == unit && finding.file.contains(".container"))
        && let Some(says) = differing(content, found)
    {
        outcome.find(Code::GeneratedDiffers, unit, path, says);
    }
}
