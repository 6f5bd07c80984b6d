//! What systemd has loaded of one unit, against what was predicted and what lies in its search path.

use super::{Code, Finding, Properties};
use crate::{
    guardrails::{Guardrail, Units},
    predict::Property,
    verify::{Listing, drop_ins},
};

/// Judged here, against the files that are there and not against where a tree would lie.
const OF_PLACES: [&str; 5] = ["FragmentPath", "DropInPaths", "LoadState", "LoadError", "Id"];
/// What systemd calls a directive once it is loaded.
const RENAMED: [(&str, &str); 3] =
    [("TimersCalendar", "OnCalendar"), ("TriggeredBy", "WantedBy"), ("Triggers", "OnCalendar")];
/// Properties of a unit that name others; the manager adds slices, mounts and targets of its own to some.
const NAMES: [&str; 13] = [
    "BindsTo",
    "BoundBy",
    "ConflictedBy",
    "Conflicts",
    "OnFailureOf",
    "OnSuccessOf",
    "RequiredBy",
    "Requires",
    "Requisite",
    "StopPropagatedFrom",
    "TriggeredBy",
    "Upholds",
    "UpheldBy",
];
const BY_HAND: [&str; 4] = [".service", ".timer", ".path", ".socket"];
/// Empty where the unit does not say them, each with its directive.
const EMPTY: [(&str, &str); 9] = [
    ("BindPaths", "BindPaths"),
    ("EnvironmentFiles", "EnvironmentFile"),
    ("InaccessiblePaths", "InaccessiblePaths"),
    ("PassEnvironment", "PassEnvironment"),
    ("ReadWritePaths", "ReadWritePaths"),
    ("RootDirectory", "RootDirectory"),
    ("RootImage", "RootImage"),
    ("TemporaryFileSystem", "TemporaryFileSystem"),
    ("UnsetEnvironment", "UnsetEnvironment"),
];
const SHOWN_MAX: usize = 300;

/// What is asked for this module's sake.
pub(super) fn properties() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(EMPTY.into_iter().map(|(property, _)| property))
}

/// Checks one unit; returns how many properties were compared.
pub(super) fn check(
    unit: &str,
    rendered: &Units,
    predicted: &[Property],
    shown: &Properties,
    listing: &Listing,
    findings: &mut Vec<Finding>,
) -> usize {
    let state = shown.value("LoadState");
    if state != "loaded" {
        let error = shown.value("LoadError").trim_matches('"').trim();
        let error = if error.is_empty() { String::new() } else { format!(": {error}") };
        findings.push(Finding::new(Code::NotLoaded, unit, format!("{state}{error}")));
        return 1;
    }
    check_places(unit, shown, listing, findings);
    check_unsaid(unit, rendered, shown, findings);
    if shown.value("NeedDaemonReload") == "yes" {
        findings.push(Finding::new(Code::ReloadNeeded, unit, "its files changed since they were read"));
    }
    if is_of_the_boot(unit) && shown.value("ActiveState") != "active" {
        findings.push(Finding::new(Code::NotActive, unit, shown.value("ActiveState")));
    }
    let properties = predicted.iter().filter(|(name, _)| !OF_PLACES.contains(&name.as_str()));
    let mut compared = OF_PLACES.len();
    for (name, expect) in properties {
        // A property that this systemd does not know is not printed, and says nothing.
        if !shown.has(name) && is_unknown_to_older(name) {
            continue;
        }
        compared += 1;
        if let Err(says) = expect.check(&shown.lines(name)) {
            let finding = Finding::new(Code::PropertyDiffers, unit, shortened(name, &says)).about(name);
            findings.push(finding.making(&guardrails_of(name)));
        }
    }
    compared
}

fn check_places(unit: &str, shown: &Properties, listing: &Listing, findings: &mut Vec<Finding>) {
    if shown.value("Id") != unit {
        let says = format!("systemd knows it as {}", shown.value("Id"));
        findings.push(Finding::new(Code::LoadedElsewhere, unit, says).about("Id"));
    }
    if let Some((file, _)) = listing.named(unit).next()
        && !is_same_place(shown.value("FragmentPath"), &file)
    {
        let says = format!("{:?} is loaded, and {file} counts", shown.value("FragmentPath"));
        findings.push(Finding::new(Code::LoadedElsewhere, unit, says).about("FragmentPath"));
    }
    let lie = drop_ins::in_force(listing, unit);
    let lie = lie.into_iter().filter(|(name, found)| name.ends_with(".conf") && !found.entry.is_mask());
    let lie: Vec<String> =
        lie.filter(|(_, found)| found.entry.content().is_some()).map(|(_, found)| found.path).collect();
    let loaded: Vec<&str> = shown.value("DropInPaths").split_whitespace().collect();
    if loaded.len() != lie.len() || loaded.iter().zip(&lie).any(|(loaded, lies)| !is_same_place(loaded, lies)) {
        let says = format!("loaded are [{}], there lie [{}]", loaded.join(" "), lie.join(" "));
        findings.push(Finding::new(Code::LoadedDropIns, unit, says).about("DropInPaths"));
    }
}

/// What nobody predicts, because no unit of ours says it: ties to units of others, and files, paths and variables.
fn check_unsaid(unit: &str, rendered: &Units, shown: &Properties, findings: &mut Vec<Finding>) {
    for property in NAMES {
        let others =
            shown.value(property).split_whitespace().filter(|name| BY_HAND.iter().any(|kind| name.ends_with(kind)));
        let others: Vec<&str> = others.filter(|name| rendered.get(name).is_none()).collect();
        let said = rendered.get(unit).map(|unit| unit.dependencies(property)).unwrap_or_default();
        if let Some(other) = others.into_iter().find(|name| !said.iter().any(|said| said == name)) {
            let finding = Finding::new(Code::PropertyDiffers, unit, format!("{other} is named")).about(property);
            findings.push(finding.making(&guardrails_of(property)));
        }
    }
    for (property, directive) in EMPTY {
        let said = rendered.get(unit).is_some_and(|unit| unit.last("Service", directive).is_some());
        let value = shown.lines(property).join(" ");
        if !said && !value.is_empty() && value != "[unprintable]" {
            let finding = Finding::new(Code::PropertyDiffers, unit, shortened(directive, &value)).about(property);
            findings.push(finding.making(&guardrails_of(directive)));
        }
    }
}

/// `/lib` is a link to `/usr/lib`, and 252 writes the one where 257 writes the other; `/etc/xdg/systemd/user` is one to
/// `/etc/systemd/user`.
fn is_same_place(one: &str, other: &str) -> bool {
    let below = |path: &str| {
        let path = path.strip_prefix("/usr").unwrap_or(path);
        path.strip_prefix("/etc/xdg").map_or_else(|| path.to_owned(), |below| format!("/etc{below}"))
    };
    below(one) == below(other)
}

fn is_of_the_boot(unit: &str) -> bool {
    unit.ends_with(".timer") || unit.ends_with(".target")
}

/// Compiled in or not: Debian 12's systemd has no BPF for sockets.
fn is_unknown_to_older(property: &str) -> bool {
    property == "SocketBindDeny"
}

/// The guardrails that a loaded property makes: by the directive that it comes from.
fn guardrails_of(property: &str) -> Vec<Guardrail> {
    let renamed = RENAMED.iter().find(|(name, _)| *name == property).map(|(_, key)| (*key).to_owned());
    let directive = renamed.unwrap_or_else(|| match property.strip_suffix("USec") {
        Some(stem) => format!("{stem}Sec"),
        None => property.to_owned(),
    });
    Guardrail::of_directive(&directive)
}

/// What differs, without the value of what may be secret, and not longer than anybody reads.
fn shortened(property: &str, says: &str) -> String {
    if property == "Environment" {
        return "other variables are set than the manifest's".to_owned();
    }
    let text: String = crate::guardrails::redacted(says);
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}
