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

/// What restarts the manager of what is held is what it is to read, before the open; no other success, and no timer of every five
/// minutes.
#[test]
fn a_success_that_restarts_trading() {
    let restarts = "on_success = [\"execution-restart\"]";
    let status = "[jobs.status]\nprogram = \"desk\"\nargs = [\"status\"]\nschedule = \"Mon..Fri 09:30..16:00/5m\"";
    for (from, to) in [
        ("args = [\"eod\"]", format!("args = [\"eod\"]\n{restarts}")),
        ("[jobs.eod]", format!("{status}\n{restarts}\n[jobs.eod]")),
        (
            "restart = \"execution\"",
            "restart = \"execution\"\non_success = [\"again\"]\n[jobs.again]\nrestart = \"execution\"".to_owned(),
        ),
    ] {
        refuses(AVWAP, from, &to, Code::DisarmsGuardrail, "only the scan that writes its watchlist may");
    }
    let eod = "[jobs.end]\nprogram = \"desk\"\nargs = [\"eod\"]\nschedule = \"Mon..Fri 16:15\"\n";
    let of_worker = format!(
        "{eod}serves = \"automatictrader-worker\"\non_success = [\"automatictrader-worker-restart\"]\n[jobs.automatictrader-worker-restart]"
    );
    refuses(
        TRADERUNNER,
        "[jobs.automatictrader-worker-restart]",
        &of_worker,
        Code::DisarmsGuardrail,
        "only its own timer may",
    );
    // Of a session it is the preflight that serves it.
    let again = "[jobs.again]\nrestart = \"paper-trading\"\n";
    let after = |job: &str| {
        PAPER.replacen(&format!("[jobs.{job}]"), &format!("{again}[jobs.{job}]\non_success = [\"again\"]"), 1)
    };
    assert!(read_with(after("paper-preflight").as_bytes(), &Catalogue::planned()).is_ok());
    let refused = problems(&after("paper-data-fetch"));
    assert!(refused.iter().any(|problem| problem.code == Code::DisarmsGuardrail), "{refused:#?}");
}

#[test]
fn a_restart_in_the_middle_of_a_session() {
    for (slot, code, says) in [
        ("Mon..Fri 09:30..15:55/5m", Code::DisarmsGuardrail, "without its manager for a while"),
        ("Mon..Fri 05:00..08:00/1h", Code::DisarmsGuardrail, "one time before the open"),
        ("Mon..Fri 09:30", Code::OutsideSession, "09:30 in New York is in the session"),
        ("Mon..Fri 12:00", Code::OutsideSession, "a decision of yours"),
        ("Mon..Fri 15:59:59", Code::OutsideSession, "15:59"),
        ("Mon..Fri 08:40 America/Chicago", Code::OutsideSession, "09:40"),
        ("Mon..Fri 14:00 UTC", Code::OutsideSession, "10:00"),
    ] {
        refuses(AVWAP, "\"Mon..Fri 08:40\"", &format!("\"{slot}\""), code, says);
    }
    // What places no orders may be restarted at any hour.
    let stream = "[jobs.again]\nrestart = \"marketdata-stream\"\nschedule = \"Mon..Fri 12:00\"\n";
    let text = TRADERUNNER.replacen("[jobs.auto", &format!("{stream}[jobs.auto"), 1);
    let accepted = read_with(text.as_bytes(), &Catalogue::planned()).unwrap_or_else(|rejected| panic!("{rejected:#?}"));
    assert_eq!(accepted.warnings.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::OutsideSession]);
}

/// A scan that a host made up for at two in the afternoon would have restarted execution then.
#[test]
fn work_made_up_for_when_it_is_of_no_use() {
    for (late, timeout, says) in [
        ("6h", "9m", "14:30 in New York comes too late"),
        ("46m", "9m", "write `late_start = \"45m\"` or less"),
        ("45m", "15m", "as late as 09:30 in New York"),
        ("45m", "20m", "write `late_start = \"39m\"` or less"),
        ("1s", "61m", "let it begin earlier, or shorten its timeout"),
    ] {
        let to = format!("timeout = \"{timeout}\"\nlate_start = \"{late}\" # ");
        refuses(&no_late_start(AVWAP), "timeout = \"9m\"", &to, Code::OutsideSession, says);
    }
    // Also over a job between.
    let fetch = "[jobs.first]\nprogram = \"marketdata\"\nargs = [\"fetch\"]\nschedule = \"Mon..Fri 08:50\"\ntimeout = \"35m\"\non_success = [\"scan\"]\n[jobs.scan]";
    let chained = AVWAP.replacen("[jobs.scan]", fetch, 1);
    assert!(
        problems(&chained).iter().any(|problem| problem.message.contains("as late as 09:34")),
        "{:#?}",
        problems(&chained)
    );
    assert!(read_with(chained.replacen("\"35m\"", "\"30m\"", 1).as_bytes(), &Catalogue::planned()).is_ok());
    // Chicago's clocks show 08:30 at the open.
    refuses(
        PAPER,
        "late_start = \"20m\"",
        "late_start = \"80m\"",
        Code::OutsideSession,
        "the slot is 08:30: it may begin until 09:25",
    );
    refuses(PAPER, "late_start = \"20m\"", "late_start = \"30m\"", Code::NeverRuns, "the gate asks at that start");
    // The record of a day can be made until the next begins, and the bars of one too.
    for (job, slot, late, sound) in [
        ("eod", "16:15", "6h", true),
        ("eod", "05:00", "6h", false),
        ("eod", "20:00", "6h", true),
        ("fetch", "22:00", "6h", true),
        ("fetch", "09:00", "15m", true),
        ("fetch", "09:00", "16m", false),
    ] {
        let program =
            if job == "eod" { "program = \"desk\"\nserves = \"execution\"" } else { "program = \"marketdata\"" };
        let text = format!(
            "{AVWAP}\n[jobs.more]\n{program}\nargs = [\"{job}\"]\nschedule = \"Mon..Fri {slot}\"\nlate_start = \"{late}\"\n"
        );
        let read = read_with(text.as_bytes(), &Catalogue::planned());
        assert_eq!(read.is_ok(), sound, "{job} {slot} {late}: {read:#?}");
    }
}

/// On each day with a session there is a list, and then a start that reads it.
#[test]
fn a_list_without_a_start_and_a_start_without_a_list() {
    let alone = AVWAP.replacen("on_success = [\"execution-restart\"]", "", 1);
    for (manifest, scan, restart, says) in [
        (AVWAP, "Fri 08:30", "Fri 08:40", "no watchlist on Mon, Tue, Wed, Thu"),
        (AVWAP, "Mon..Wed,Fri 08:30", "Mon..Fri 08:40", "no watchlist on Thu"),
        (&alone, "Mon..Fri 08:30", "Mon..Thu 08:40", "with the watchlist of Fri"),
        (&alone, "Mon..Fri 09:00", "Mon..Fri 08:40", "with the watchlist of Mon, Tue, Wed, Thu, Fri"),
        (&alone, "Mon..Fri 08:40", "Mon..Fri 08:40", "with the watchlist of Mon"),
        (&alone, "Mon..Fri 07:50 America/Chicago", "Mon..Fri 08:40", "with the watchlist of Mon"),
        (AVWAP, "Mon..Fri 08:30", "Fri 08:40", ""),
        (&alone, "Mon..Fri 07:30 America/Chicago", "Mon..Fri 08:40", ""),
        (&alone, "Mon..Fri 08:30", "Mon..Fri 08:31", ""),
    ] {
        let text = no_late_start(manifest).replacen("Mon..Fri 08:30", scan, 1).replacen("Mon..Fri 08:40", restart, 1);
        match read_with(text.as_bytes(), &Catalogue::planned()) {
            Ok(_) => assert_eq!(says, "", "{scan}, {restart}: accepted"),
            Err(rejected) => {
                let fits = |problem: &Problem| problem.code == Code::NeverRuns && problem.message.contains(says);
                assert!(
                    !says.is_empty() && rejected.problems.iter().any(fits),
                    "{scan}, {restart}: {:#?}",
                    rejected.problems
                );
            }
        }
    }
    refuses(PAPER, "\"Mon..Fri 07:30\"", "\"Mon..Thu 07:30\"", Code::NeverRuns, "finds no preflight on Fri");
    refuses(
        TRADERUNNER,
        "\"Mon..Fri 08:40\"",
        "\"Mon 08:40\"",
        Code::NeverRuns,
        "nobody starts `automatictrader-worker` on Tue, Wed",
    );
}

#[test]
fn an_evening_without_a_look_at_the_stops() {
    let end = AVWAP.find("[jobs.eod]").unwrap();
    let next = AVWAP[end + 1..].find("\n[jobs.").map_or(AVWAP.len(), |next| end + 1 + next);
    let without = format!("{}{}", &AVWAP[..end], &AVWAP[next..]);
    let accepted =
        read_with(without.as_bytes(), &Catalogue::planned()).unwrap_or_else(|rejected| panic!("{rejected:#?}"));
    let told: Vec<_> = accepted.warnings.iter().map(|problem| (problem.code, problem.hint.as_deref())).collect();
    assert!(
        matches!(told[..], [(Code::MissingGuardrail, Some(hint))] if hint.contains("args = [\"eod\"]")),
        "{told:?}"
    );
    for manifest in [AVWAP, PAPER, SESSION, TRADERUNNER] {
        let deployment = read_with(manifest.as_bytes(), &Catalogue::planned()).unwrap().deployment;
        let ends = deployment
            .jobs()
            .filter(|job| matches!(job.work(), manifest::Work::Run(run) if run.task() == manifest::Task::EndOfDay));
        let late: Vec<_> = ends.map(|job| job.late_start().map(manifest::Seconds::get)).collect();
        assert_eq!(late, [Some(6 * 3600)], "a host that was down makes up for it");
    }
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

fn no_late_start(manifest: &str) -> String {
    let lines = manifest.lines().filter(|line| !line.starts_with("late_start"));
    lines.map(|line| format!("{line}\n")).collect()
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
