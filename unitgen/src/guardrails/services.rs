//! How a service runs and ends: restarts, alerts, readiness, watchdog, and what may take it down.

use contract::REFUSAL_CODES;

use super::{Assignment, Guardrail, Unit, Units, Verdicts, commands, put, reading::milliseconds, ties};

/// systemd's own exit code for a credential that cannot be loaded.
const CREDENTIALS: u8 = 243;
/// Exit codes of a crash: an unexpected error, a panic, what a shell makes of a signal; `FAILURE` is systemd's name for 1.
const CRASHES: [&str; 8] = ["1", "101", "132", "134", "135", "137", "139", "FAILURE"];
/// Signals that end a process as it was asked to; their shells' codes.
const ASKED_TO_END: [&str; 6] = ["TERM", "INT", "HUP", "PIPE", "143", "130"];
/// Source: signal(7), without those in real time.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];
/// Entries are withdrawn and fills get their stops within this.
const END_MS_MIN: u64 = 30_000;
/// Longer than this nobody waits for the manager of what is held.
const BACK_MS_MAX: u64 = 60_000;
/// By these a process that hangs does end.
const ENDING: [&str; 6] = ["ABRT", "KILL", "QUIT", "TERM", "SEGV", "INT"];

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
    put(verdicts, Guardrail::StandsAlone, ties::tied(units, unit), || "nothing of others stops it".to_owned());
    let kind = unit.value("Service", "Type").to_owned();
    let deaf = unit.value("Service", "NotifyAccess") == "none";
    let ready = ["notify", "notify-reload", "dbus"].contains(&kind.as_str()) && !deaf;
    let shown = if kind.is_empty() { "Type=simple".to_owned() } else { format!("Type={kind}") };
    put(verdicts, Guardrail::Readiness, (!ready).then(|| shown.clone()), || shown.clone());
    let watchdog =
        unit.last("Service", "WatchdogSec").filter(|said| milliseconds(&said.value).is_some_and(|ms| ms > 0));
    let lost = (watchdog.is_none() || deaf).then(|| "WatchdogSec= is not set".to_owned()).or_else(|| {
        let signal = unit.last("Service", "WatchdogSignal").filter(|said| !ENDING.contains(&signal(&said.value)));
        signal.map(|said| format!("{} ends nothing ({})", said.shown(), said.file))
    });
    put(verdicts, Guardrail::Watchdog, lost, || watchdog.map(Assignment::shown).unwrap_or_default());
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

/// A signal's name without its prefix, which systemd does not need.
fn signal(word: &str) -> &str {
    word.strip_prefix("SIG").unwrap_or(word)
}

fn is_signal(word: &str) -> bool {
    SIGNALS.contains(&signal(word)) || signal(word).starts_with("RTM")
}

/// Any code that a program of anybody may say no with; codes have names too, such as TEMPFAIL for 75.
fn is_refusal(word: &str) -> bool {
    match word.parse::<u8>() {
        Ok(code) => code != 0 && !ASKED_TO_END.contains(&word),
        Err(_) => !is_signal(word) && word != "SUCCESS",
    }
}

fn is_crash(word: &str) -> bool {
    CRASHES.contains(&word) || (is_signal(word) && !ASKED_TO_END.contains(&signal(word)))
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
    if let Some(before) = commands::of(unit, "ExecStartPre").iter().find(|command| !command.is_ignored()) {
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
    let success = if restart == "always" { None } else { among(unit, "SuccessExitStatus", is_crash) };
    success.or_else(|| among(unit, "RestartPreventExitStatus", is_crash)).or_else(|| comes_late(unit))
}

/// It is started again, and nobody is there to see it.
fn comes_late(unit: &Unit) -> Option<String> {
    let too_late = |said: &&Assignment| milliseconds(&said.value).is_none_or(|ms| ms > BACK_MS_MAX);
    let grows = unit.last("Service", "RestartSteps").is_some_and(|said| said.value != "0");
    let most = unit.last("Service", "RestartMaxDelaySec").filter(|_| grows);
    let said = unit.last("Service", "RestartSec").filter(too_late).or_else(|| most.filter(too_late))?;
    Some(format!("{} ({})", said.shown(), said.file))
}

/// In `[Service]` the newer name is ignored and the older one obeyed. Source: measured on 252 and 257, load-fragment.
fn start_limit(unit: &Unit) -> Option<String> {
    let settings =
        [("Unit", "StartLimitIntervalSec"), ("Unit", "StartLimitInterval"), ("Service", "StartLimitInterval")];
    let is_limit = |said: &&Assignment| settings.contains(&(said.section.as_str(), said.key.as_str()));
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

fn killed_early(unit: &Unit) -> Option<String> {
    let timeout = unit
        .text()
        .iter()
        .rfind(|said| said.section == "Service" && ["TimeoutStopSec", "TimeoutSec"].contains(&said.key.as_str()));
    if let Some(said) = timeout.filter(|said| milliseconds(&said.value).is_some_and(|ms| ms < END_MS_MIN)) {
        return Some(format!("{} ({})", said.shown(), said.file));
    }
    let signal =
        unit.last("Service", "KillSignal").filter(|said| !["15", "TERM", "INT"].contains(&signal(&said.value)));
    // podman's own way to end a container asks it first.
    let stop = commands::of(unit, "ExecStop").into_iter().find(|command| !command.is_of_podman());
    if let Some(command) = stop {
        return Some(format!("ExecStop={} ends it in a way of its own ({})", command.shown(), command.file));
    }
    let mode =
        unit.last("Service", "KillMode").filter(|said| !["control-group", "mixed"].contains(&said.value.as_str()));
    signal.or(mode).map(|said| format!("{} ({})", said.shown(), said.file))
}

fn judge_alert(unit: &Unit, verdicts: &mut Verdicts) {
    let told = commands::of(unit, "ExecStopPost");
    let tells = |command: &&super::commands::Command| {
        !command.asks_nothing() && command.argv.iter().any(|word| word.contains("alert"))
    };
    let alert = told.iter().find(tells);
    let lost = alert.is_none().then(|| match unit.all("Service", "ExecStopPost").next_back() {
        Some(said) => format!("{} ({})", said.shown(), said.file),
        None => "ExecStopPost= tells nobody".to_owned(),
    });
    put(verdicts, Guardrail::Alert, lost.or_else(|| unheard(unit)), || {
        alert.map(super::commands::Command::shown).unwrap_or_default()
    });
}

/// What it says goes nowhere: the journal is where an alert is read.
fn unheard(unit: &Unit) -> Option<String> {
    let output = unit.last("Service", "StandardOutput");
    let error = unit.last("Service", "StandardError").filter(|said| said.value != "inherit").or(output);
    let level = unit
        .last("Service", "LogLevelMax")
        .filter(|said| ["emerg", "alert", "crit", "0", "1", "2"].contains(&said.value.as_str()));
    let said = error.filter(|said| said.value == "null").or(level)?;
    Some(format!("{} ({})", said.shown(), said.file))
}

fn judge_environment(unit: &Unit, verdicts: &mut Verdicts) {
    const DIGEST: &str = "PORTCULLIS_MANIFEST_DIGEST";
    let set = super::secrets::environment(unit);
    let missing = ["PORTCULLIS_MANIFEST", DIGEST].iter().find(|name| !set.contains_key(**name));
    let lost = missing.map(|name| format!("{name} is not set")).or_else(|| {
        let digest = set[DIGEST].strip_prefix("sha256:").unwrap_or_default();
        let is_one = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        (!is_one).then(|| format!("{DIGEST}={} is no digest", set[DIGEST]))
    });
    let path = set.get("PORTCULLIS_MANIFEST").cloned().unwrap_or_default();
    put(verdicts, Guardrail::ManifestDigest, lost, || format!("that of {path}"));
}
