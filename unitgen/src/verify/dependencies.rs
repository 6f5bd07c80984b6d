//! The links in `UNIT.wants`, `UNIT.requires` and `UNIT.upholds`: who starts the deployment, and what it is tied to.
//!
//! systemd goes by a link's name, not by where it leads; a link to `/dev/null` takes the dependency away, and what is no
//! link is passed over. Source: systemd.unit(5), measured on 252 and 257.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Entry, Expected, Listing, Outcome};

const KINDS: [&str; 3] = [".wants", ".requires", ".upholds"];

/// Who enables the target: the unit that every boot of a server reaches.
const BOOT: &str = "multi-user.target";

pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let target = format!("{}.target", expected.deployment);
    let units: BTreeSet<&str> = expected
        .tree
        .iter()
        .map(|(path, _)| path)
        .filter(|path| !path.contains('/') && !path.ends_with(".toml"))
        .collect();
    if expected.enabled {
        check_enabled(&target, listing, outcome);
    }
    for folder in listing.names() {
        let Some((from, kind)) = KINDS.iter().find_map(|kind| Some((folder.strip_suffix(kind)?, *kind))) else {
            continue;
        };
        for (unit, (file, _)) in in_force(listing, folder).iter().filter(|(_, (_, entry))| is_dependency(entry)) {
            if units.contains(unit) && !may_start(expected, from, kind, unit, &target) {
                outcome.find(Code::StartedByOthers, unit, file, format!("{from} starts it ({})", &kind[1..]));
            }
            if units.contains(from) {
                if from == target && kind == ".wants" && !units.contains(unit) {
                    outcome.note(file, format!("{target} starts {unit} too"));
                } else if !units.contains(unit) || kind != ".wants" {
                    outcome.find(Code::TiedToOthers, from, file, format!("it is tied to {unit} ({})", &kind[1..]));
                }
            }
        }
    }
}

/// Whether one unit may start another of the deployment: anybody what the target starts anyway, except by `Upholds=`,
/// which starts it again whenever it ended and so knows no refusal.
fn may_start(expected: &Expected<'_>, from: &str, kind: &str, unit: &str, target: &str) -> bool {
    let wanted = expected.tree.get(target).is_some_and(|text| {
        String::from_utf8_lossy(text).lines().any(|line| line.strip_prefix("Wants=") == Some(unit))
    });
    let by_the_boot = unit == target && from == BOOT;
    let at_the_boot = wanted && (from == target || from == BOOT || from == "timers.target");
    kind != ".upholds" && (by_the_boot || at_the_boot)
}

fn check_enabled(target: &str, listing: &Listing, outcome: &mut Outcome) {
    let links: Vec<_> = [".wants", ".requires"]
        .iter()
        .filter_map(|kind| {
            let folder = format!("{BOOT}{kind}");
            let found = listing.inside(&folder).find(|(_, name, _)| *name == target);
            found.map(|(file, _, entry)| (file, entry))
        })
        .collect();
    if links.iter().any(|(_, entry)| wrong_about(entry, target).is_none()) {
        return;
    }
    if links.is_empty() {
        let first = listing.directories.first().map_or("", |directory| directory.path.as_str());
        return outcome.find(
            Code::NotEnabled,
            target,
            format!("{first}/{BOOT}.wants/{target}"),
            "there is no such link",
        );
    }
    for (file, entry) in links {
        if let Some(says) = wrong_about(entry, target) {
            outcome.find(Code::EnabledWrongly, target, file, says);
        }
    }
}

/// Why an entry of a `.wants` directory does not start the unit that it is named for, or starts it by luck.
fn wrong_about(entry: &Entry, target: &str) -> Option<String> {
    if entry.is_mask() {
        return Some("a link to /dev/null, or an empty file".to_owned());
    }
    match (entry, entry.link()) {
        (_, Some(link)) if link.base_name() != target => Some(format!("a link to {}", link.target)),
        // Where it leads does not matter to systemd, so neither does whether that is there: it looks for the unit itself.
        (Entry::File { .. } | Entry::Dangling(_), Some(_)) => None,
        (Entry::Folder(_), _) => Some("a directory".to_owned()),
        (Entry::Unreadable(error), _) => Some(error.clone()),
        (Entry::File { .. } | Entry::Null | Entry::Dangling(_), _) => {
            Some("no link, so systemd passes it over".to_owned())
        }
    }
}

/// The entries of a dependency directory, of each name the one that counts.
fn in_force<'a>(listing: &'a Listing, folder: &str) -> BTreeMap<&'a str, (String, &'a Entry)> {
    let mut found = BTreeMap::new();
    for (file, name, entry) in listing.inside(folder) {
        found.entry(name).or_insert((file, entry));
    }
    found
}

fn is_dependency(entry: &Entry) -> bool {
    !entry.is_mask() && entry.link().is_some()
}
