//! What takes a service down from outside: a unit that it is tied to, an end that takes the host along, a limit that ends it.
//! Sources: systemd.unit(5), systemd.service(5), systemd.resource-control(5).

use super::{Assignment, Unit, Units, commands, reading::milliseconds};

/// Keys by which the stop of another unit is one's own.
const DOWN: [&str; 5] = ["Requires", "Requisite", "BindsTo", "StopPropagatedFrom", "PartOf"];
/// What stops only when the host does, beside slices and mounts.
const OF_THE_HOST: [&str; 5] =
    ["basic.target", "local-fs.target", "shutdown.target", "sysinit.target", "umount.target"];
/// Keys of `[Unit]` by which an end is one of the whole host.
const ACTIONS: [&str; 4] = ["FailureAction", "SuccessAction", "StartLimitAction", "JobTimeoutAction"];

/// Units of packages, which end the host when they are asked to and by nothing else; of systemd's own by name.
const VENDOR: &str = "/lib/systemd/system/";
const OF_THE_SYSTEM: [&str; 2] = ["systemd-", "system-update"];

/// Why a service does not stand alone.
pub(super) fn tied(units: &Units, unit: &Unit) -> Option<String> {
    by_dependency(units, unit)
        .or_else(|| unit.is_on("Unit", "StopWhenUnneeded").then(|| "StopWhenUnneeded=yes".to_owned()))
        .or_else(|| unit.dependencies("Conflicts").first().map(|other| format!("Conflicts={other}")))
        .or_else(|| by_others(units, unit))
        .or_else(|| ended_by_a_limit(unit))
}

fn by_dependency(units: &Units, unit: &Unit) -> Option<String> {
    let ties = |key: &'static str| unit.dependencies(key).into_iter().map(move |other| (key, other));
    let harmful = |(key, other): &(&str, String)| {
        let is_own_target = *key == "PartOf" && is_its_target(units, unit, other);
        let is_work_before = units.get(other).is_some_and(Unit::is_oneshot);
        !is_own_target && !is_work_before && !is_of_the_host(other)
    };
    DOWN.into_iter().flat_map(ties).find(harmful).map(|(key, other)| format!("{key}={other}"))
}

fn is_of_the_host(name: &str) -> bool {
    name.ends_with(".slice") || name.ends_with(".mount") || OF_THE_HOST.contains(&name)
}

/// The target that starts it; one that is masked or not there, and that its own file names, stops nothing.
fn is_its_target(units: &Units, unit: &Unit, target: &str) -> bool {
    let named = || unit.all("Unit", "PartOf").any(|said| said.file == unit.file() && said.value == target);
    units.get(target).is_none_or(Unit::is_masked) && named()
        || units.starters(unit.name()).any(|(from, _)| from == target)
}

fn by_others(units: &Units, unit: &Unit) -> Option<String> {
    if let Some(said) = action(unit, &ACTIONS) {
        return Some(said.shown());
    }
    let others = || units.iter().filter(|other| !other.is_masked() && other.name() != unit.name());
    let names = |other: &Unit, key: &str| other.dependencies(key).iter().any(|name| name == unit.name());
    // What stops it to start it again says so, and is judged as that.
    let conflict = others().find(|other| names(other, "Conflicts") && !names(other, "OnSuccess"));
    if let Some(other) = conflict {
        return Some(format!("Conflicts={} of {}", unit.name(), other.name()));
    }
    if let Some(other) = others().find(|other| names(other, "PropagatesStopTo")) {
        return Some(format!("PropagatesStopTo={} of {}", unit.name(), other.name()));
    }
    let of_vendor = |other: &Unit, said: &Assignment| {
        let is_vendors = said.file.contains(VENDOR) || OF_THE_SYSTEM.iter().any(|name| other.name().starts_with(name));
        let beside = |target: &String| unit.dependencies("PartOf").contains(target);
        is_vendors && !other.dependencies("PartOf").iter().any(beside)
    };
    let not_targets = others().filter(|other| other.kind() != "target");
    let mut actions = not_targets.filter_map(|other| Some((other, action(other, &ACTIONS[..3])?)));
    actions
        .find(|(other, said)| !of_vendor(other, said))
        .map(|(other, said)| format!("{} of {}", said.shown(), other.name()))
}

fn action<'a>(unit: &'a Unit, keys: &[&'a str]) -> Option<&'a Assignment> {
    let mut set = keys.iter().filter_map(|key| unit.last("Unit", key));
    set.find(|said| said.value != "none")
}

/// Of what passes a gate: the kernel ends it when memory is short, or systemd when its time is over.
fn ended_by_a_limit(unit: &Unit) -> Option<String> {
    let bounded = |key: &'static str| unit.last("Service", key).filter(|said| said.value != "infinity");
    if let Some(said) = bounded("RuntimeMaxSec").filter(|said| milliseconds(&said.value).is_some_and(|ms| ms > 0)) {
        return Some(format!("{} ends it ({})", said.shown(), said.file));
    }
    if commands::of(unit, "ExecCondition").is_empty() {
        return None;
    }
    let memory = ["MemoryMax", "MemoryLimit"].into_iter().find_map(bounded);
    let first =
        unit.last("Service", "OOMScoreAdjust").filter(|said| said.value.parse().is_ok_and(|score: i32| score > 0));
    let chosen = ["ManagedOOMSwap", "ManagedOOMMemoryPressure"].into_iter().filter_map(|key| unit.last("Service", key));
    let mut ends = memory.into_iter().chain(first).chain(chosen.filter(|said| said.value == "kill"));
    ends.next().map(|said| format!("{}: it is ended when memory is short ({})", said.shown(), said.file))
}
