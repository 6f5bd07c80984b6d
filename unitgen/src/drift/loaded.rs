//! What systemd has loaded of one unit, against what was predicted and what lies in its search path.

use super::{Answers, Code, Finding, Outcome, Properties, manager, states};
use crate::{
    guardrails::{Guardrail, Units},
    predict::Property,
    verify::{Listing, drop_ins},
};

/// Judged here, against the files that are there and not against where a tree would lie.
const OF_PLACES: [&str; 5] = ["FragmentPath", "DropInPaths", "LoadState", "LoadError", "Id"];
/// What systemd calls a directive once it is loaded.
const RENAMED: [(&str, &str); 4] = [
    ("TimersCalendar", "OnCalendar"),
    ("TriggeredBy", "WantedBy"),
    ("Triggers", "OnCalendar"),
    ("TimersMonotonic", "OnCalendar"),
];
/// Properties of a unit that name others, whoever said so.
const NAMES: [&str; 16] = [
    "After",
    "BindsTo",
    "BoundBy",
    "ConflictedBy",
    "Conflicts",
    "OnFailureOf",
    "OnSuccessOf",
    "PartOf",
    "RequiredBy",
    "Requires",
    "Requisite",
    "StopPropagatedFrom",
    "TriggeredBy",
    "Upholds",
    "UpheldBy",
    "WantedBy",
];
/// What the manager ties every unit to by itself.
const OF_THE_MANAGER: [&str; 3] = ["basic.target", "shutdown.target", "sysinit.target"];
const KINDS_OF_THE_MANAGER: [&str; 2] = [".mount", ".slice"];
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
/// Of these a second line is none of systemd's: the first would be believed.
const OF_ONE_LINE: [&str; 9] = [
    "ActiveState",
    "DropInPaths",
    "FragmentPath",
    "FreezerState",
    "Id",
    "Job",
    "LoadState",
    "MainPID",
    "NeedDaemonReload",
];
/// What a slice says that limits nobody.
const OF_SLICES: [(&str, &str); 5] = [
    ("CPUQuotaPerSecUSec", "infinity"),
    ("MemoryHigh", "infinity"),
    ("MemoryMax", "infinity"),
    ("MemorySwapMax", "infinity"),
    ("TasksMax", "infinity"),
];

/// What is asked for this module's sake.
pub(super) fn properties() -> impl Iterator<Item = &'static str> {
    let of_slices = OF_SLICES.into_iter().map(|(property, _)| property);
    NAMES.into_iter().chain(EMPTY.into_iter().map(|(property, _)| property)).chain(of_slices)
}

/// What is known when a unit is judged.
pub(super) struct Known<'a> {
    /// The deployment's units as they are rendered.
    pub rendered: &'a Units,
    /// What lies in the search path.
    pub listing: &'a Listing,
    /// What was answered.
    pub answers: &'a Answers,
}

/// Checks one unit; returns how many properties were compared.
pub(super) fn check(
    unit: &str,
    predicted: &[Property],
    shown: &Properties,
    known: &Known<'_>,
    outcome: &mut Outcome,
) -> usize {
    let findings = &mut outcome.findings;
    if let Some(name) = OF_ONE_LINE.into_iter().find(|name| shown.lines(name).len() > 1) {
        let says = format!("{name} is printed twice: a line break within a value of it passes for another property");
        findings.push(Finding::new(Code::NotShown, unit, says).about(name));
    }
    let state = shown.value("LoadState");
    if state != "loaded" {
        let error = shown.value("LoadError").trim_matches('"').trim();
        let error = if error.is_empty() { String::new() } else { format!(": {error}") };
        findings.push(Finding::new(Code::NotLoaded, unit, format!("{state}{}", shortened("", &error))));
        return 1;
    }
    check_places(unit, shown, known.listing, findings);
    check_unsaid(unit, known.rendered, shown, findings);
    states::check(unit, shown, known, outcome);
    let properties = predicted.iter().filter(|(name, _)| !OF_PLACES.contains(&name.as_str()));
    let mut compared = OF_PLACES.len();
    for (name, expect) in properties {
        // A property that this systemd does not know is not printed, and says nothing.
        if !shown.has(name) && is_unknown_to_older(name) {
            continue;
        }
        compared += 1;
        if let Err(says) = expect.check_by(&shown.lines(name), |property| known.answers.manager.value(property)) {
            let finding = Finding::new(Code::PropertyDiffers, unit, shortened(name, &says)).about(name);
            outcome.findings.push(finding.making(&guardrails_of(name)));
        }
        manager::note_default(unit, name, expect, &known.answers.manager, &mut outcome.notes);
    }
    compared
}

/// Checks a slice that services of the deployment live in: a limit of it is one of theirs.
pub(super) fn check_slice(slice: &str, shown: &Properties, listing: &Listing, findings: &mut Vec<Finding>) {
    check_drop_ins(slice, shown, listing, findings);
    states::check_every(slice, shown, findings);
    for (name, expect) in OF_SLICES {
        let value = shown.value(name);
        if !value.is_empty() && value != expect {
            let says = format!("{value:?}, expected {expect:?}");
            findings.push(Finding::new(Code::PropertyDiffers, slice, says).about(name));
        }
    }
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
    check_drop_ins(unit, shown, listing, findings);
}

/// The drop-ins that are loaded are those that lie there, in their order.
fn check_drop_ins(unit: &str, shown: &Properties, listing: &Listing, findings: &mut Vec<Finding>) {
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
        let said = rendered.get(unit).map(|unit| unit.dependencies(property)).unwrap_or_default();
        let named = shown.value(property).split_whitespace().filter(|name| rendered.get(name).is_none());
        let mut others = named.filter(|name| !said.iter().any(|said| said == name));
        if let Some(other) = others.find(|name| !is_usual(property, unit, name, rendered)) {
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

/// Whether another unit may be named without a word of ours: what the manager ties everything to, and who starts the boot.
fn is_usual(property: &str, unit: &str, other: &str, rendered: &Units) -> bool {
    let boot = rendered.manager().boot();
    match property {
        // Every target and mount may be waited for; a service that hangs would be waited for without end.
        "After" => !other.ends_with(".service") || other.starts_with("systemd-"),
        "WantedBy" if unit.ends_with(".target") => other == boot,
        "WantedBy" => {
            let mut starters = rendered.starters(unit).map(|(starter, _)| starter);
            [boot, "timers.target"].contains(&other) && starters.any(|starter| starter.ends_with(".target"))
        }
        _ => OF_THE_MANAGER.contains(&other) || KINDS_OF_THE_MANAGER.iter().any(|kind| other.ends_with(kind)),
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
