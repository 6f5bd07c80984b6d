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
const DEPENDENCIES: [&str; 13] = [
    "After",
    "Before",
    "BindsTo",
    "Conflicts",
    "OnFailure",
    "OnSuccess",
    "PartOf",
    "Requires",
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
        if said.value.is_empty() || !LISTS.contains(&said.key.as_str()) {
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
