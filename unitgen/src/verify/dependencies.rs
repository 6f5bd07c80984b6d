//! The links in `UNIT.wants`, `UNIT.requires` and `UNIT.upholds`: who starts the deployment, and what it is tied to.
//!
//! systemd goes by a link's name, not by where it leads; a link to `/dev/null` takes the dependency away, and what is no
//! link is passed over. Source: systemd.unit(5), measured on 252 and 257.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Entry, Expected, Listing, Outcome, boot, drop_ins};

const KINDS: [&str; 3] = [".wants", ".requires", ".upholds"];

/// What the units of the deployment are called: every name and alias, with the unit that it means.
type Names<'a> = BTreeMap<&'a str, &'a str>;

pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let target = format!("{}.target", expected.deployment);
    let units = expected.tree.iter().map(|(path, _)| path);
    let units = units.filter(|path| !path.contains('/') && !path.ends_with(".toml"));
    let mut names = Names::new();
    for unit in units {
        let own: Vec<&str> = std::iter::once(unit).chain(listing.aliases(unit)).collect();
        names.extend(own.iter().map(|name| (*name, unit)));
    }
    if expected.enabled {
        let manager = expected.installation.manager();
        check_enabled(manager.boot(), &target, &names, listing, outcome);
        boot::check(manager, listing, outcome, &target);
    }
    check_started(expected, &names, &target, listing, outcome);
    check_tied(&names, &target, listing, outcome);
}

/// Links of any unit, or of all of a kind, that start one of ours.
fn check_started(expected: &Expected<'_>, names: &Names<'_>, target: &str, listing: &Listing, outcome: &mut Outcome) {
    for folder in listing.names() {
        let Some((from, kind)) = KINDS.iter().find_map(|kind| Some((folder.strip_suffix(kind)?, *kind))) else {
            continue;
        };
        let unit_of = names.get(from).copied().unwrap_or(from);
        for (name, (file, _)) in in_force(listing, folder).into_iter().filter(|(_, (_, entry))| is_dependency(entry)) {
            let Some(unit) = names.get(name).filter(|unit| **unit != unit_of) else { continue };
            if !may_start(expected, unit_of, kind, unit, target) {
                let every = if from.contains('.') { "" } else { "every " };
                outcome.find(Code::StartedByOthers, unit, file, format!("{every}{from} starts it ({})", &kind[1..]));
            }
        }
    }
}

/// Links by which one of ours starts or requires something: of its own, its aliases', a prefix's, or all of its kind.
fn check_tied(names: &Names<'_>, target: &str, listing: &Listing, outcome: &mut Outcome) {
    for from in names.values().copied().collect::<BTreeSet<_>>() {
        let aliases = names.iter().filter(|(name, unit)| **unit == from && **name != from).map(|(name, _)| *name);
        let own: Vec<&str> = std::iter::once(from).chain(aliases).collect();
        for kind in KINDS {
            for (name, found) in drop_ins::in_folders(listing, &own, kind) {
                if let Entry::Unreadable(error) = found.entry {
                    outcome.find(Code::TiedToOthers, from, found.path, error.clone());
                    continue;
                }
                let to = names.get(name.as_str()).copied();
                let ours = to.is_some() && kind == ".wants";
                if !is_dependency(found.entry) || ours || to == Some(from) {
                    continue;
                }
                if from == target && kind == ".wants" {
                    outcome.note(found.path, format!("{target} starts {name} too"));
                } else {
                    outcome.find(
                        Code::TiedToOthers,
                        from,
                        found.path,
                        format!("it is tied to {name} ({})", &kind[1..]),
                    );
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
    let boot = expected.installation.manager().boot();
    let by_the_boot = unit == target && from == boot;
    let at_the_boot = wanted && (from == target || from == boot || from == "timers.target");
    kind != ".upholds" && (by_the_boot || at_the_boot)
}

fn check_enabled(boot: &str, target: &str, names: &Names<'_>, listing: &Listing, outcome: &mut Outcome) {
    let folders = [".wants", ".requires"].map(|kind| format!("{boot}{kind}"));
    let entries = folders.iter().flat_map(|folder| in_force(listing, folder));
    let of_target = entries.filter(|(name, _)| names.get(name) == Some(&target));
    let links: Vec<(String, &Entry)> = of_target.map(|(_, link)| link).collect();
    if links.iter().any(|(_, entry)| wrong_about(entry, target, names).is_none()) {
        return;
    }
    if links.is_empty() {
        let first = listing.directories.first().map_or("", |directory| directory.path.as_str());
        return outcome.find(
            Code::NotEnabled,
            target,
            format!("{first}/{boot}.wants/{target}"),
            "there is no such link",
        );
    }
    for (file, entry) in links {
        if let Some(says) = wrong_about(entry, target, names) {
            outcome.find(Code::EnabledWrongly, target, file, says);
        }
    }
}

/// Why an entry of a `.wants` directory does not start the unit that it is named for, or starts it by luck.
fn wrong_about(entry: &Entry, target: &str, names: &Names<'_>) -> Option<String> {
    if entry.is_mask() {
        return Some("a link to /dev/null, or an empty file".to_owned());
    }
    match (entry, entry.link()) {
        (_, Some(link)) if names.get(link.base_name()) != Some(&target) => Some(format!("a link to {}", link.target)),
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
