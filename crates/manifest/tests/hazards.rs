//! What documents of the systems before did by hand and what hurt: none of it can be written down. One test a hazard, with
//! what the author is told.

use manifest::{Catalogue, Code, Problem, read_with};

const AVWAP: &str = include_str!("../../../manifests/avwap.toml");
const PAPER: &str = include_str!("../../../manifests/aurora-paper.toml");
const SESSION: &str = include_str!("../../../manifests/aurora-session.toml");
const TRADERUNNER: &str = include_str!("../../../manifests/traderunner.toml");

#[test]
fn a_timer_that_requires_its_service() {
    for key in ["Requires = [\"scan.service\"]", "requires = [\"scan\"]", "BindsTo = \"x\"", "wants = [\"scan\"]"] {
        refuses(AVWAP, "[jobs.scan]", &format!("[jobs.scan]\n{key}"), Code::UnknownKey, "ran its job at every boot");
    }
}

#[test]
fn an_end_of_day_that_starts_trading() {
    refuses(
        PAPER,
        "[jobs.paper-eod]",
        "[jobs.paper-eod]\nrequires = [\"paper-trading\"]",
        Code::UnknownKey,
        "that required trading started it",
    );
    refuses(
        PAPER,
        "[jobs.paper-eod]",
        "[jobs.paper-eod]\non_success = [\"paper-trading\"]",
        Code::UnknownName,
        "starting a service that still runs does nothing",
    );
    refuses(PAPER, "args = [\"eod\"]", "after = [\"paper-trading\"]\nargs = [\"eod\"]", Code::UnknownKey, "");
}

#[test]
fn a_job_that_every_login_runs() {
    for key in ["WantedBy = \"default.target\"", "wanted_by = \"multi-user.target\""] {
        refuses(PAPER, "[jobs.paper-eod]", &format!("[jobs.paper-eod]\n{key}"), Code::UnknownKey, "at every login");
    }
}

/// Trading was a job of ten minutes at 08:00 in Chicago: over before the market opened, and nobody managed what it held.
#[test]
fn a_session_of_ten_minutes_before_the_open() {
    let job =
        "[jobs.trade]\nprogram = \"session\"\nargs = [\"run\"]\nschedule = \"Mon..Fri 08:00\"\ntimeout = \"10m\"\n";
    refuses(
        PAPER,
        "[jobs.paper-eod]",
        &format!("{job}[jobs.paper-eod]"),
        Code::DisarmsGuardrail,
        "manages what it holds",
    );
    refuses(
        PAPER,
        "schedule = \"Mon..Fri 08:00\"",
        "schedule = \"Mon..Fri 08:00\"\ntimeout = \"10m\"",
        Code::UnknownKey,
        "",
    );
    refuses(
        PAPER,
        "schedule = \"Mon..Fri 08:00\"",
        "schedule = \"Mon..Fri 08:00\"\nruntime_max_sec = \"600\"",
        Code::UnknownKey,
        "ended before the market opened",
    );
    // Whenever it stands there, the gate opens nothing outside of the session's window, and cannot be left out.
    refuses(PAPER, "\"session-window\", ", "", Code::MissingGuardrail, "outside trading hours");
    let early = PAPER.replacen("\"Mon..Fri 08:00\"", "\"Mon..Fri 06:30\"", 1);
    let early = early.replacen("\"Mon..Fri 07:30\"", "\"Mon..Fri 06:00\"", 1);
    let accepted =
        read_with(early.as_bytes(), &Catalogue::planned()).unwrap_or_else(|rejected| panic!("{rejected:#?}"));
    let told: Vec<&str> = accepted.warnings.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(told, ["07:30 in New York is a strange time for this job"]);
}

#[test]
fn a_session_without_its_preflight() {
    refuses(PAPER, "\"preflight\", ", "", Code::MissingGuardrail, "a failed preflight kept nothing from starting");
    let without = PAPER.replacen("args = [\"preflight\"]", "args = [\"eod\"]", 1).replacen(
        "program = \"session\"\nargs",
        "program = \"desk\"\nargs",
        1,
    );
    assert!(problems(&without).iter().any(|problem| problem.code == Code::NeverRuns), "{without}");
    refuses(PAPER, "\"Mon..Fri 07:30\"", "\"Mon..Fri 08:00\"", Code::NeverRuns, "before the session does");
    refuses(
        SESSION,
        "\"Mon..Fri 08:00\"",
        "\"Mon..Fri 14:30 Europe/Berlin\"",
        Code::NeverRuns,
        "before the session does",
    );
}

#[test]
fn a_dashboard_with_a_password_of_admin() {
    refuses(
        TRADERUNNER,
        "listen = \"127.0.0.1:9001\"",
        "listen = \"127.0.0.1:9001\"\nenv = { DASHBOARD_USER = \"admin\", DASHBOARD_PASS = \"admin\" }",
        Code::SecretInManifest,
        "put the value into a file",
    );
    refuses(TRADERUNNER, "127.0.0.1:9001", "0.0.0.0:9001", Code::DisarmsGuardrail, "come through a tunnel");
    let public = TRADERUNNER.replacen("\"127.0.0.1:9001\"", "\"0.0.0.0:9001\"\npublic = true", 1);
    let accepted =
        read_with(public.as_bytes(), &Catalogue::planned()).unwrap_or_else(|rejected| panic!("{rejected:#?}"));
    assert_eq!(accepted.warnings.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::Exposed]);
}

#[test]
fn a_secret_in_the_environment() {
    for line in
        ["ALPACA_SECRET_KEY = \"x\"", "NOTE = \"PKABCDEFGH1234567890\"", "FEED = \"https://me:hunter2@feed.example/x\""]
    {
        refuses(AVWAP, "EXECUTION_POLL_SECONDS = \"60\"", line, Code::SecretInManifest, "[secrets.*]");
    }
    refuses(
        AVWAP,
        "EXECUTION_POLL_SECONDS = \"60\"",
        "FEED = \"${ALPACA_API_KEY}\"",
        Code::BadValue,
        "the value itself",
    );
    refuses(
        AVWAP,
        "[services.execution]",
        "[services.execution]\nEnvironmentFile = \"/opt/.env\"",
        Code::UnknownKey,
        "[secrets.*]",
    );
    refuses(AVWAP, "keys = [", "value = \"x\"\nkeys = [", Code::NotInThisRelease, "cannot be written in a manifest");
}

#[test]
fn a_start_limit_where_systemd_ignores_it() {
    for key in ["StartLimitIntervalSec = 300", "start_limit_burst = 5"] {
        refuses(
            AVWAP,
            "[services.execution]",
            &format!("[services.execution]\n{key}"),
            Code::UnknownKey,
            "systemd ignores it",
        );
    }
}

#[test]
fn a_shell_that_sources_secrets_and_trades() {
    for program in ["bash", "/bin/bash", "sh", "/usr/bin/python3", "env"] {
        refuses(AVWAP, "program = \"scanner\"", &format!("program = \"{program}\""), Code::UnknownName, "login shell");
        refuses(
            AVWAP,
            "program = \"execution\"",
            &format!("program = \"{program}\""),
            Code::UnknownName,
            "login shell",
        );
    }
    refuses(
        AVWAP,
        "[jobs.scan]",
        "[jobs.scan]\nExecStart = \"/bin/bash -lc x\"",
        Code::UnknownKey,
        "no shell reads it",
    );
}

#[test]
fn two_services_at_one_port() {
    refuses(TRADERUNNER, "127.0.0.1:9001", "127.0.0.1:8080", Code::Duplicate, "choose another port");
    refuses(TRADERUNNER, "127.0.0.1:9001", "0.0.0.0:8090\"\npublic = true #", Code::Duplicate, "choose another port");
}

#[test]
fn an_order_of_starts_that_is_a_circle() {
    refuses(
        TRADERUNNER,
        "listen = \"127.0.0.1:8090\"",
        "listen = \"127.0.0.1:8090\"\nafter = [\"trading-dashboard-v2\"]",
        Code::Cycle,
        "drops one link at random",
    );
    refuses(TRADERUNNER, "after = [\"marketdata-stream\"]", "after = [\"automatictrader-api\"]", Code::Cycle, "");
    refuses(TRADERUNNER, "after = [\"marketdata-stream\"]", "after = [\"marketdata\"]", Code::UnknownName, "");
}

#[test]
fn who_takes_orders_and_who_shows_have_no_keys_of_the_broker() {
    for service in ["health = \"/healthz\"", "listen = \"127.0.0.1:9001\""] {
        refuses(
            TRADERUNNER,
            service,
            &format!("{service}\nsecrets = [\"alpaca\"]"),
            Code::DisarmsGuardrail,
            "past every gate",
        );
    }
    refuses(TRADERUNNER, "127.0.0.1:8080", "0.0.0.0:8080\"\npublic = true #", Code::DisarmsGuardrail, "orders sent");
}

#[test]
fn a_worker_that_listens_or_has_no_gates() {
    refuses(TRADERUNNER, "gates = [\"session-window\", \"kill-switch\"]", "", Code::MissingGuardrail, "gates = [");
    refuses(
        TRADERUNNER,
        "role = \"worker\"",
        "role = \"worker\"\nlisten = \"127.0.0.1:8081\"",
        Code::DisarmsGuardrail,
        "listens nowhere",
    );
    refuses(
        TRADERUNNER,
        "role = \"worker\"",
        "role = \"worker\"\nrestart = \"always\"",
        Code::DisarmsGuardrail,
        "restart storm",
    );
    refuses(
        TRADERUNNER,
        "\"Mon..Fri 08:40\"",
        "\"Mon..Fri 08:40\"\n[services.b]\nprogram = \"execution\"\nrole = \"orders\"\naccount = \"PA30000021\"\nsecrets = [\"alpaca\"]\ngates = [\"watchlist\", \"session-window\", \"kill-switch\"]",
        Code::Duplicate,
        "side by side",
    );
}

#[test]
fn a_gateway_whose_port_says_real_money() {
    let gateway = |port: u16, mode: &str| {
        format!(
            "[services.ibgateway]\nprogram = \"ibgateway\"\nrole = \"gateway\"\nlisten = \"127.0.0.1:{port}\"\nmode = \"{mode}\"\n[jobs."
        )
    };
    let sound = TRADERUNNER.replacen("[jobs.", &gateway(4002, "paper"), 1);
    assert!(read_with(sound.as_bytes(), &Catalogue::planned()).is_ok());
    refuses(TRADERUNNER, "[jobs.", &gateway(4001, "paper"), Code::DisarmsGuardrail, "4002");
    refuses(TRADERUNNER, "[jobs.", &gateway(4002, "live"), Code::DisarmsGuardrail, "4001");
    refuses(TRADERUNNER, "[jobs.", &gateway(4001, "live"), Code::NotInThisRelease, "paper");
}

/// With `from` the manifest is sound; with `to` in its place it is refused so, and the hint or message says why.
fn refuses(manifest: &str, from: &str, to: &str, code: Code, says: &str) {
    assert!(read_with(manifest.as_bytes(), &Catalogue::planned()).is_ok(), "sound before");
    assert!(manifest.contains(from), "{from} is not in the manifest");
    let found = problems(&manifest.replacen(from, to, 1));
    let told = |problem: &Problem| format!("{} {}", problem.message, problem.hint.as_deref().unwrap_or_default());
    let fits = |problem: &Problem| problem.code == code && told(problem).contains(says);
    assert!(found.iter().any(fits), "{to}: {code:?} with {says:?} in {found:#?}");
}

fn problems(text: &str) -> Vec<Problem> {
    match read_with(text.as_bytes(), &Catalogue::planned()) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(rejected) => rejected.problems,
    }
}
