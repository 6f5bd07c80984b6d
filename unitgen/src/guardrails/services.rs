//! How a service runs and ends: restarts, alerts, readiness, watchdog, and what may take it down.

use contract::REFUSAL_CODES;

use super::{Guardrail, Unit, Units, Verdicts, gates::commands, put, reading::milliseconds};

/// systemd's own exit code for a credential that cannot be loaded.
const CREDENTIALS: u8 = 243;
/// Exit codes and signals of a crash: an unexpected error, a panic, and what kills.
const CRASHES: [&str; 9] = ["1", "101", "134", "139", "SIGABRT", "SIGSEGV", "SIGKILL", "SIGBUS", "SIGILL"];
/// Signals that end a process as it was asked to; their shells' codes.
const ASKED_TO_END: [&str; 6] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGPIPE", "143", "130"];
/// Entries are withdrawn and fills get their stops within this.
const END_MS_MIN: u64 = 30_000;

pub(super) fn judge(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    put(verdicts, Guardrail::RefusalSeen, swallowed(unit), || "no refusal in SuccessExitStatus=".to_owned());
    put(verdicts, Guardrail::RefusalFinal, restarted_refusal(unit), || format!("Restart={}", restart(unit)));
    judge_alert(unit, verdicts);
    judge_environment(unit, verdicts);
    if unit.is_oneshot() {
        return;
    }
    put(verdicts, Guardrail::ComesBack, stays_down(unit), || format!("Restart={}", restart(unit)));
    put(verdicts, Guardrail::NoStartLimit, start_limit(unit), || "StartLimitIntervalSec=0".to_owned());
    put(verdicts, Guardrail::StandsAlone, tied(units, unit), || "nothing of others stops it".to_owned());
    let kind = unit.value("Service", "Type").to_owned();
    let deaf = unit.value("Service", "NotifyAccess") == "none";
    let ready = ["notify", "notify-reload", "dbus"].contains(&kind.as_str()) && !deaf;
    let shown = if kind.is_empty() { "Type=simple".to_owned() } else { format!("Type={kind}") };
    put(verdicts, Guardrail::Readiness, (!ready).then(|| shown.clone()), || shown.clone());
    let watchdog =
        unit.last("Service", "WatchdogSec").filter(|said| milliseconds(&said.value).is_some_and(|ms| ms > 0));
    let lost = (watchdog.is_none() || deaf).then(|| "WatchdogSec= is not set".to_owned());
    put(verdicts, Guardrail::Watchdog, lost, || watchdog.map(super::Assignment::shown).unwrap_or_default());
    put(verdicts, Guardrail::TimeToEnd, killed_early(unit), || "asked by SIGTERM, with time".to_owned());
    judge_switches(unit, verdicts);
    let locks = unit.words("Service", "RuntimeDirectory");
    if !locks.is_empty() {
        let kept = ["yes", "restart"].contains(&unit.value("Service", "RuntimeDirectoryPreserve"));
        let lost =
            (!kept).then(|| "RuntimeDirectoryPreserve= is not yes: the lock goes with the first that ends".to_owned());
        put(verdicts, Guardrail::AccountLock, lost, || format!("RuntimeDirectory={}", locks.join(" ")));
    }
}

/// A target: its stop would be that of what is part of it.
pub(super) fn judge_removal(unit: &Unit, verdicts: &mut Verdicts) {
    let lost =
        (unit.value("Unit", "X-StopOnRemoval") != "false").then(|| "X-StopOnRemoval=false is missing".to_owned());
    put(verdicts, Guardrail::KeptOverSwitches, lost, || "X-StopOnRemoval=false".to_owned());
}

/// What a switch may restart says neither.
fn judge_switches(unit: &Unit, verdicts: &mut Verdicts) {
    if unit.last("Service", "X-RestartIfChanged").is_none() && unit.last("Unit", "X-StopOnRemoval").is_none() {
        return;
    }
    let keeps =
        unit.value("Service", "X-RestartIfChanged") == "false" && unit.value("Unit", "X-StopOnRemoval") == "false";
    let lost = (!keeps).then(|| "X-RestartIfChanged=false and X-StopOnRemoval=false are not both there".to_owned());
    put(verdicts, Guardrail::KeptOverSwitches, lost, || "X-RestartIfChanged=false, X-StopOnRemoval=false".to_owned());
}

fn restart(unit: &Unit) -> &str {
    match unit.value("Service", "Restart") {
        "" => "no",
        said => said,
    }
}

/// What is in a set of exit codes and signals that should not be.
fn among(unit: &Unit, key: &str, which: impl Fn(&str) -> bool) -> Option<String> {
    let found = unit.list("Service", key).into_iter().find(|said| said.value.split_whitespace().any(&which));
    found.map(|said| format!("{} ({})", said.shown(), said.file))
}

/// Any code that a program of anybody may say no with; codes have names too, such as TEMPFAIL for 75.
fn is_refusal(word: &str) -> bool {
    match word.parse::<u8>() {
        Ok(code) => code != 0 && !ASKED_TO_END.contains(&word),
        Err(_) => !word.starts_with("SIG"),
    }
}

fn swallowed(unit: &Unit) -> Option<String> {
    among(unit, "SuccessExitStatus", is_refusal)
}

fn restarted_refusal(unit: &Unit) -> Option<String> {
    // Whatever Restart= says.
    if let Some(forced) = among(unit, "RestartForceExitStatus", is_refusal) {
        return Some(forced);
    }
    let restart = restart(unit);
    if restart == "no" || restart == "on-success" {
        return None;
    }
    if let Some(before) = commands(unit, "ExecStartPre").iter().find(|command| !command.is_ignored()) {
        return Some(format!("Restart={restart} starts it again whenever {} refuses", before.argv.join(" ")));
    }
    let prevented = unit.words("Service", "RestartPreventExitStatus");
    let credentials = unit.text().iter().any(|said| said.key.starts_with("LoadCredential"));
    let finals = REFUSAL_CODES.iter().map(|code| code.code()).chain(credentials.then_some(CREDENTIALS));
    let missing: Vec<String> = finals.map(|code| code.to_string()).filter(|code| !prevented.contains(code)).collect();
    (!missing.is_empty()).then(|| format!("{} not in RestartPreventExitStatus=", missing.join(" ")))
}

fn stays_down(unit: &Unit) -> Option<String> {
    let restart = restart(unit);
    if !["on-failure", "always"].contains(&restart) {
        return Some(format!("Restart={restart}"));
    }
    let is_crash = |word: &str| CRASHES.contains(&word);
    let success = if restart == "always" { None } else { among(unit, "SuccessExitStatus", is_crash) };
    success.or_else(|| among(unit, "RestartPreventExitStatus", is_crash))
}

/// In `[Service]` the newer name is ignored and the older one obeyed. Source: measured on 252 and 257, load-fragment.
fn start_limit(unit: &Unit) -> Option<String> {
    let settings =
        [("Unit", "StartLimitIntervalSec"), ("Unit", "StartLimitInterval"), ("Service", "StartLimitInterval")];
    let is_limit = |said: &&super::Assignment| settings.contains(&(said.section.as_str(), said.key.as_str()));
    let last = unit.text().iter().rfind(is_limit);
    let burst = unit.text().iter().rfind(|said| said.key == "StartLimitBurst");
    if last.is_some_and(|said| milliseconds(&said.value) == Some(0)) || burst.is_some_and(|said| said.value == "0") {
        return None;
    }
    let ignored = unit.all("Service", "StartLimitIntervalSec").next();
    Some(match (last, ignored) {
        (Some(said), _) => format!("{} ({})", said.shown(), said.file),
        (None, Some(said)) => format!("{} stands in [Service], where it is ignored ({})", said.shown(), said.file),
        (None, None) => "the manager's own limit: five starts in ten seconds".to_owned(),
    })
}

fn tied(units: &Units, unit: &Unit) -> Option<String> {
    for key in ["Requires", "Requisite", "BindsTo", "StopPropagatedFrom", "PartOf"] {
        let is_neighbour = |name: &String| name.ends_with(".service") && !units.get(name).is_some_and(Unit::is_oneshot);
        if let Some(other) = unit.dependencies(key).into_iter().find(is_neighbour) {
            return Some(format!("{key}={other}"));
        }
    }
    if unit.is_on("Unit", "StopWhenUnneeded") {
        return Some("StopWhenUnneeded=yes".to_owned());
    }
    let conflicts = unit.dependencies("Conflicts").into_iter().map(|other| format!("Conflicts={other}")).next();
    conflicts.or_else(|| {
        let stops = |other: &&Unit| {
            let of_unit = |key: &str| other.dependencies(key).iter().any(|name| name == unit.name());
            !other.is_masked() && of_unit("Conflicts") && !of_unit("OnSuccess")
        };
        units.iter().find(stops).map(|other| format!("Conflicts={} of {}", unit.name(), other.name()))
    })
}

fn killed_early(unit: &Unit) -> Option<String> {
    let timeout = unit
        .text()
        .iter()
        .rfind(|said| said.section == "Service" && ["TimeoutStopSec", "TimeoutSec"].contains(&said.key.as_str()));
    if let Some(said) = timeout.filter(|said| milliseconds(&said.value).is_some_and(|ms| ms < END_MS_MIN)) {
        return Some(format!("{} ({})", said.shown(), said.file));
    }
    let signal = unit
        .last("Service", "KillSignal")
        .filter(|said| !["SIGTERM", "15", "TERM", "SIGINT"].contains(&said.value.as_str()));
    let mode =
        unit.last("Service", "KillMode").filter(|said| !["control-group", "mixed"].contains(&said.value.as_str()));
    signal.or(mode).map(|said| format!("{} ({})", said.shown(), said.file))
}

fn judge_alert(unit: &Unit, verdicts: &mut Verdicts) {
    let told = commands(unit, "ExecStopPost");
    let alert = told.iter().find(|command| command.argv.iter().any(|word| word.contains("alert")));
    let lost = alert.is_none().then(|| match unit.all("Service", "ExecStopPost").next_back() {
        Some(said) => format!("{} ({})", said.shown(), said.file),
        None => "ExecStopPost= tells nobody".to_owned(),
    });
    put(verdicts, Guardrail::Alert, lost, || alert.map(super::gates::Command::shown).unwrap_or_default());
}

fn judge_environment(unit: &Unit, verdicts: &mut Verdicts) {
    let set = super::secrets::environment(unit);
    let lost = ["PORTCULLIS_MANIFEST", "PORTCULLIS_MANIFEST_DIGEST"].iter().find(|name| !set.contains_key(**name));
    put(verdicts, Guardrail::ManifestDigest, lost.map(|name| format!("{name} is not set")), || "set".to_owned());
}
