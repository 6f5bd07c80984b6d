//! Which drop-ins systemd lays over a unit, and which of them counts when several carry one name.
//!
//! Directories: `UNIT.d`, of an instance `TEMPLATE@.service.d`, for every dash in the name the part up to it
//! (`execution-.service.d` for `execution-restart.service`), the same of every alias, and last `service.d`. Of files with one
//! name the first counts, whatever its directory. Source: systemd.unit(5); measured on 252 and 257.

use std::collections::BTreeMap;

use super::listing::{Directory, Entry, Listing};

/// A drop-in that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropIn<'a> {
    /// Where it lies.
    pub path: String,
    /// What it is.
    pub entry: &'a Entry,
}

/// The drop-ins in force for a unit, by file name, which is the order in which they are laid over it. One that is masked
/// is among them.
#[must_use]
pub fn in_force<'a>(listing: &'a Listing, unit: &str) -> BTreeMap<String, DropIn<'a>> {
    let names: Vec<&str> = std::iter::once(unit).chain(listing.aliases(unit)).collect();
    let mut found = in_folders(listing, &names, ".d");
    found.retain(|name, drop_in| name.ends_with(".conf") || matches!(drop_in.entry, Entry::Unreadable(_)));
    found
}

/// What lies in the directories of a unit, which end in `suffix`: `.d`, or `.wants` and the like, which systemd looks for
/// in the same places. `names` are the unit's own name and its aliases.
pub(crate) fn in_folders<'a>(listing: &'a Listing, names: &[&str], suffix: &str) -> BTreeMap<String, DropIn<'a>> {
    let mut found = BTreeMap::new();
    let mut add = |directory: &'a Directory, folder: String| {
        let files = match directory.entries.get(&folder) {
            Some(Entry::Folder(files)) => files,
            // Nobody can say what is in it, so it is as bad as what could be.
            Some(entry @ Entry::Unreadable(_)) => {
                let path = format!("{}/{folder}", directory.path);
                found.entry(path.clone()).or_insert(DropIn { path, entry });
                return;
            }
            Some(Entry::File { .. } | Entry::Null | Entry::Dangling(_)) | None => return,
        };
        for (name, entry) in files.iter().filter(|(name, _)| !name.starts_with('.')) {
            let path = format!("{}/{folder}/{name}", directory.path);
            found.entry(name.clone()).or_insert(DropIn { path, entry });
        }
    };
    for name in names {
        let folders = folders_of(name, suffix);
        for directory in &listing.directories {
            folders.iter().for_each(|folder| add(directory, folder.clone()));
        }
    }
    if let Some((_, kind)) = names.first().and_then(|unit| unit.rsplit_once('.')) {
        listing.directories.iter().for_each(|directory| add(directory, format!("{kind}{suffix}")));
    }
    found
}

/// The directories of a unit's own drop-ins, the most specific first.
fn folders_of(unit: &str, suffix: &str) -> Vec<String> {
    let Some((stem, kind)) = unit.rsplit_once('.') else { return Vec::new() };
    let mut folders = vec![format!("{unit}{suffix}")];
    let mut prefix = stem;
    let mut instance = "";
    if let Some((template, name)) = stem.split_once('@') {
        prefix = template;
        instance = &stem[template.len()..];
        if !name.is_empty() {
            folders.extend(folders_of(&format!("{template}@.{kind}"), suffix));
        }
    }
    while let Some(dash) = prefix.trim_end_matches('-').rfind('-') {
        prefix = &prefix[..=dash];
        folders.push(format!("{prefix}{instance}.{kind}{suffix}"));
    }
    folders
}

/// Whether a drop-in says nothing: white space, comments and section headers only. One that sets only `X-` keys is not
/// empty: systemd passes them over, but a switch of a NixOS configuration acts on them.
#[must_use]
pub fn says_nothing(content: &[u8]) -> bool {
    let text = String::from_utf8_lossy(content);
    lines(&text)
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with(['#', ';']) || (line.starts_with('[') && line.ends_with(']')))
}

/// Lines as systemd ends them: at a carriage return or a NUL as well. Source: measured on 252.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_from_the_most_specific_on() {
        for (unit, expect) in [
            ("scan.service", &["scan.service.d"][..]),
            ("execution-restart.service", &["execution-restart.service.d", "execution-.service.d"]),
            ("a-b-c.timer", &["a-b-c.timer.d", "a-b-.timer.d", "a-.timer.d"]),
            ("a--b.timer", &["a--b.timer.d", "a--.timer.d"]),
            ("a-b@x.service", &["a-b@x.service.d", "a-b@.service.d", "a-@.service.d", "a-@x.service.d"]),
            ("avwap.target", &["avwap.target.d"]),
        ] {
            assert_eq!(folders_of(unit, ".d"), expect, "{unit}");
        }
    }

    #[test]
    fn a_directory_that_nobody_may_list_is_in_force() {
        let entries = BTreeMap::from([("service.d".to_owned(), Entry::Unreadable("no".to_owned()))]);
        let listing =
            Listing { directories: vec![Directory { path: "/etc".to_owned(), entries }], ..Listing::default() };
        let found = in_force(&listing, "scan.service");
        assert_eq!(found.values().map(|drop_in| drop_in.path.as_str()).collect::<Vec<_>>(), ["/etc/service.d"]);
        assert!(in_force(&listing, "scan.timer").is_empty());
    }

    #[test]
    fn what_says_nothing() {
        for (text, expect) in [
            ("", true),
            ("\n# a note\n; another\n", true),
            ("[Unit]\n\n", true),
            ("[Service]\n  # ExecCondition=\n", true),
            ("[Service]\nExecCondition=\n", false),
            ("[Unit]\nX-OnlyManualStart=true\n", false),
            ("[Service]\nX-RestartIfChanged=true\n", false),
            ("# windows\r\n[Service]\r\n", true),
            ("[Service]\n# a note\rExecCondition=\r", false),
            ("[Service]\n# a note\0ExecCondition=\0", false),
            ("ExecCondition=", false),
            ("[Service\nA=b", false),
            ("\u{feff}# bom\n", false),
        ] {
            assert_eq!(says_nothing(text.as_bytes()), expect, "{text:?}");
        }
    }
}
