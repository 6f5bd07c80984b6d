//! What fires and what follows: timers, the jobs that they start, and what a job's success starts.

use super::{Guardrail, Unit, Units, Verdicts, commands, gates, put, reading::milliseconds};

/// systemd's own slack is a minute.
const SLACK_MS_MAX: u64 = 1_000;
/// Times that count from an event.
const MONOTONIC: [&str; 5] = ["OnActiveSec", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec"];

pub(super) fn judge_service(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    let followers = unit.dependencies("OnSuccess");
    if !followers.is_empty() {
        let skipped =
            commands::of(unit, "ExecCondition").first().map(|gate| format!("it is skipped by {}", gate.shown()));
        let stays = unit.is_on("Service", "RemainAfterExit").then(|| "RemainAfterExit=yes: it never ends".to_owned());
        put(verdicts, Guardrail::FollowsSuccess, skipped.or(stays), || format!("OnSuccess={}", followers.join(" ")));
    }
    let stopped = unit.dependencies("Conflicts").into_iter().find(|name| followers.contains(name));
    if let Some(service) = stopped {
        let lost = why_not_brought_back(unit, &service);
        put(verdicts, Guardrail::RestartBringsBack, lost, || format!("stops {service}, and starts it however it ends"));
    }
    if !unit.is_oneshot() {
        return;
    }
    let timeouts = ["TimeoutStartSec", "TimeoutSec"];
    let bound = unit.text().iter().rfind(|said| said.section == "Service" && timeouts.contains(&said.key.as_str()));
    let bound = bound.filter(|said| milliseconds(&said.value).is_some_and(|ms| ms > 0));
    let lost = bound.is_none().then(|| "TimeoutStartSec= is no bound".to_owned());
    put(verdicts, Guardrail::BoundedRun, lost, || bound.map(super::Assignment::shown).unwrap_or_default());
    let stays = unit.last("Service", "RemainAfterExit").filter(|_| unit.is_on("Service", "RemainAfterExit"));
    let lost = stays.map(|said| format!("{} ({})", said.shown(), said.file));
    let lost = lost.or_else(|| (!is_started(units, unit)).then(|| "nothing starts it any more".to_owned()));
    put(verdicts, Guardrail::RunsEachTime, lost, || "it ends".to_owned());
}

/// By a schedule, by what wants it, or by how another unit ended.
fn is_started(units: &Units, unit: &Unit) -> bool {
    let names = |other: &Unit, key: &str| other.dependencies(key).iter().any(|name| name == unit.name());
    let follows = |other: &Unit| !other.is_masked() && (names(other, "OnSuccess") || names(other, "OnFailure"));
    units.triggers(unit.name()).next().is_some()
        || units.starters(unit.name()).next().is_some()
        || units.iter().any(follows)
}

fn why_not_brought_back(unit: &Unit, service: &String) -> Option<String> {
    if !unit.dependencies("After").contains(service) {
        return Some(format!("without After={service} it may be done before the stop is"));
    }
    if !unit.dependencies("OnFailure").contains(service) {
        return Some(format!("when it fails nothing starts {service}"));
    }
    let modes = ["OnSuccessJobMode", "OnFailureJobMode"];
    let unlike = modes.iter().find(|mode| !["", "replace"].contains(&unit.value("Unit", mode)));
    unlike.map(|mode| format!("{mode}={}", unit.value("Unit", mode)))
}

pub(super) fn judge_timer(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    let calendars = unit.list("Timer", "OnCalendar");
    if !calendars.is_empty() {
        let without = calendars.iter().find(|said| zone(&said.value).is_none());
        let lost = without.map(|said| format!("{} ({})", said.shown(), said.file));
        let zones: std::collections::BTreeSet<&str> = calendars.iter().filter_map(|said| zone(&said.value)).collect();
        put(verdicts, Guardrail::Zone, lost, || zones.into_iter().collect::<Vec<_>>().join(", "));
    }
    let lost = unpunctual(unit).or_else(|| other_times(unit).next());
    put(verdicts, Guardrail::Punctual, lost, || "AccuracySec= of a second at most".to_owned());
    put(verdicts, Guardrail::LateStart, unjudged(units, unit), || {
        if unit.is_on("Timer", "Persistent") {
            "a catch-up run is judged".to_owned()
        } else {
            "no catch-up run".to_owned()
        }
    });
}

/// What fires a timer at other times than those of a calendar, each with its file. Source: systemd.timer(5).
pub(crate) fn other_times(timer: &Unit) -> impl Iterator<Item = String> {
    let spans = MONOTONIC.iter().flat_map(|key| timer.list("Timer", key));
    let changes = ["OnClockChange", "OnTimezoneChange"];
    let changes =
        changes.into_iter().filter(|key| timer.is_on("Timer", key)).filter_map(|key| timer.last("Timer", key));
    spans.chain(changes).map(|said| format!("{} ({})", said.shown(), said.file))
}

/// The zone at the end of a calendar expression.
fn zone(expression: &str) -> Option<&str> {
    let last = expression.split_whitespace().next_back()?;
    (last == "UTC" || (last.contains('/') && last.starts_with(|c: char| c.is_ascii_alphabetic()))).then_some(last)
}

fn unpunctual(unit: &Unit) -> Option<String> {
    let accuracy = unit.last("Timer", "AccuracySec");
    if accuracy.is_none_or(|said| milliseconds(&said.value).is_none_or(|ms| ms > SLACK_MS_MAX)) {
        return Some(accuracy.map_or_else(
            || "AccuracySec= is a minute".to_owned(),
            |said| format!("{} ({})", said.shown(), said.file),
        ));
    }
    let delays = ["RandomizedDelaySec", "RandomizedOffsetSec"].into_iter().filter_map(|key| unit.last("Timer", key));
    let mut delays = delays.filter(|said| milliseconds(&said.value) != Some(0));
    delays.next().map(|said| format!("{} ({})", said.shown(), said.file))
}

fn unjudged(units: &Units, unit: &Unit) -> Option<String> {
    let persistent = unit.last("Timer", "Persistent").filter(|_| unit.is_on("Timer", "Persistent"))?;
    let service = unit.triggers()?;
    let judges = units.get(&service).is_some_and(|service| {
        let before = commands::of(service, "ExecStartPre");
        before.iter().any(|command| gates::is_late_start(command) && !command.is_ignored())
    });
    (!judges).then(|| {
        format!("{} ({}), and nothing before {service} judges how late it is", persistent.shown(), persistent.file)
    })
}
