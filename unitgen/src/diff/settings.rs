//! What a unit effectively says, key by key, and how two of them differ.

use std::collections::BTreeMap;

use crate::guardrails::Unit;

/// Keys whose assignments add up; of any other the last counts. Source: systemd.unit(5), systemd.service(5),
/// systemd.exec(5), systemd.timer(5), systemd.resource-control(5).
const LISTS: [&str; 39] = [
    "AmbientCapabilities",
    "BindPaths",
    "BindReadOnlyPaths",
    "CapabilityBoundingSet",
    "DeviceAllow",
    "Environment",
    "EnvironmentFile",
    "ExecCondition",
    "ExecPaths",
    "ExecReload",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
    "IPAddressAllow",
    "IPAddressDeny",
    "InaccessiblePaths",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "NoExecPaths",
    "OnCalendar",
    "PassEnvironment",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RestartForceExitStatus",
    "RestartPreventExitStatus",
    "RestrictAddressFamilies",
    "RuntimeDirectory",
    "SetCredential",
    "SocketBindAllow",
    "SocketBindDeny",
    "StateDirectory",
    "SuccessExitStatus",
    "SupplementaryGroups",
    "SystemCallFilter",
    "TemporaryFileSystem",
    "UnsetEnvironment",
    "WantedBy",
];
/// Keys of `[Unit]` that only grow.
const DEPENDENCIES: [&str; 14] = [
    "After",
    "Before",
    "BindsTo",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "Requires",
    "RequiresMountsFor",
    "Requisite",
    "StopPropagatedFrom",
    "Upholds",
    "Wants",
    "PropagatesStopTo",
];

/// A key that two units say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub section: String,
    pub key: String,
    pub before: Vec<String>,
    pub after: Vec<String>,
}

impl Change {
    pub(crate) fn is(&self, section: &str, key: &str) -> bool {
        self.section == section && self.key == key
    }
}

/// The differences of two units, by section and key.
pub(crate) fn changes(before: &Unit, after: &Unit) -> Vec<Change> {
    let (before, after) = (effective(before), effective(after));
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = keys.into_iter().filter(|key| before.get(*key) != after.get(*key));
    let values = |of: &BTreeMap<(String, String), Vec<String>>, key| of.get(key).cloned().unwrap_or_default();
    differing
        .map(|key| Change {
            section: key.0.clone(),
            key: key.1.clone(),
            before: values(&before, key),
            after: values(&after, key),
        })
        .collect()
}

fn effective(unit: &Unit) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for said in unit.text() {
        let values = found.entry((said.section.clone(), said.key.clone())).or_default();
        let grows = said.section == "Unit" && DEPENDENCIES.contains(&said.key.as_str());
        if grows {
            values.extend(said.value.split_whitespace().map(str::to_owned));
            values.sort();
            values.dedup();
            continue;
        }
        if said.value.is_empty() || !is_list(&said.section, &said.key) {
            values.clear();
        }
        values.push(said.value.clone());
        // A list that was cleared holds what follows; what stays empty says so, as CapabilityBoundingSet= does.
        if values.len() > 1 {
            values.retain(|value| !value.is_empty());
        }
    }
    found
}

/// Of what podman's generator reads every key may stand several times.
fn is_list(section: &str, key: &str) -> bool {
    section == "Container" || LISTS.contains(&key)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    /// What is taken for a setting of one value loses all but the last, and a change of it nobody would notice.
    #[test]
    fn whatever_is_rendered_several_times_is_a_list() {
        let mut found = Vec::new();
        files(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/rendered")), &mut found);
        let kinds = ["service", "timer", "target", "conf", "container"];
        let units =
            found.iter().filter(|path| path.extension().is_some_and(|kind| kinds.iter().any(|one| kind == *one)));
        let (mut lists, mut unknown) = (0, BTreeSet::new());
        for path in units {
            let text = fs::read(path).unwrap();
            let mut seen = BTreeSet::new();
            for said in crate::guardrails::assignments("", &text) {
                if !seen.insert((said.section.clone(), said.key.clone())) {
                    lists += 1;
                    let grows = said.section == "Unit" && DEPENDENCIES.contains(&said.key.as_str());
                    if !grows && !is_list(&said.section, &said.key) {
                        unknown.insert((said.section, said.key));
                    }
                }
            }
        }
        assert!(lists > 100, "{lists}");
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
