//! The language as a table: what is refused, with which code, on which line, and that everything is told at once.

use manifest::{Code, Live, Mode, Problem, Rejected, Severity, read};
use proptest::prelude::*;

const AVWAP: &str = include_str!("../../../manifests/avwap.toml");

#[test]
fn the_shipped_manifest_is_accepted_without_a_warning() {
    let accepted = read(AVWAP.as_bytes()).unwrap();
    assert_eq!(accepted.warnings, []);
    let deployment = accepted.deployment;
    assert_eq!(deployment.name().as_str(), "avwap");
    assert_eq!(deployment.services().map(|service| service.name().as_str()).collect::<Vec<_>>(), ["execution"]);
    assert_eq!(
        deployment.jobs().map(|job| (job.name().as_str(), job.schedule().unwrap().to_string())).collect::<Vec<_>>(),
        [
            ("eod", "Mon..Fri 16:15".to_owned()),
            ("execution-restart", "Mon..Fri 08:40".to_owned()),
            ("scan", "Mon..Fri 08:30".to_owned()),
        ]
    );
}

/// An order-placing service without its guardrails is no deployment: each is taken away in turn.
#[test]
fn no_guardrail_can_be_left_out() {
    for (with, without, code, says) in [
        ("\"watchlist\", ", "", Code::MissingGuardrail, "the stale list was traded"),
        ("\"session-window\", ", "", Code::MissingGuardrail, "a server's zone was Berlin's"),
        (", \"kill-switch\"", "", Code::MissingGuardrail, "an emergency stop knew only"),
        ("account = \"PA30000000\"", "", Code::MissingGuardrail, "traded one account"),
        ("live = \"never\"", "live = \"never\"\nrestart = \"always\"", Code::DisarmsGuardrail, "restart storm"),
        ("live = \"never\"", "live = \"never\"\nrestart = \"no\"", Code::DisarmsGuardrail, "open positions"),
        ("live = \"never\"", "live = \"never\"\nsuccess_codes = [75]", Code::DisarmsGuardrail, "refusing gate pass"),
        ("mode = \"paper\"", "mode = \"live\"", Code::DisarmsGuardrail, "does not start with PA"),
        ("mode = \"paper\"", "mode = \"live\"", Code::MissingGuardrail, "LIVE_CONFIRM_TOKEN"),
        ("account = \"PA30000000\"", "account = \"123456789\"", Code::DisarmsGuardrail, "starts with PA"),
        ("user = \"trading\"", "user = \"root\"", Code::DisarmsGuardrail, "kill switch"),
        (", \"APCA_API_SECRET_KEY\"", "", Code::MissingGuardrail, "without credentials"),
    ] {
        let problems = refused(&AVWAP.replacen(with, without, 1));
        let problem =
            problems.iter().find(|problem| problem.code == code).unwrap_or_else(|| panic!("{without}: {problems:#?}"));
        let hint = problem.hint.as_deref().unwrap_or_default();
        assert!(hint.contains(says), "{without}: {hint}");
        assert_eq!(problem.severity, Severity::Error);
    }
}

/// Real money takes the mode, `live = "armed"`, the token and an account of its own; each left out is told.
#[test]
fn a_live_service_says_so_twice_and_gets_its_token() {
    let live = AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1);
    let accepted = read(live.as_bytes()).unwrap();
    let trading = accepted.deployment.trader().unwrap().trading().unwrap();
    assert_eq!((trading.mode(), trading.live()), (Mode::Live, Live::Armed));
    for (with, without, code) in [
        ("live = \"armed\"", "live = \"never\"", Code::DisarmsGuardrail),
        ("live = \"armed\"", "", Code::DisarmsGuardrail),
        ("live = \"armed\"", "live = \"always\"", Code::BadValue),
        ("account = \"123456789\"", "account = \"PA30000000\"", Code::DisarmsGuardrail),
        ("\"LIVE_CONFIRM_TOKEN\", ", "", Code::MissingGuardrail),
    ] {
        let problems = refused(&live.replacen(with, without, 1));
        assert!(problems.iter().any(|problem| problem.code == code), "{with} -> {without}: {problems:#?}");
    }
    let paper = AVWAP.replacen("live = \"never\"", "live = \"armed\"", 1);
    let accepted = read(paper.as_bytes()).unwrap();
    assert_eq!(accepted.deployment.trader().unwrap().trading().unwrap().mode(), Mode::Paper, "it may be live one day");
}

#[test]
fn without_gates_every_missing_one_is_told_at_the_service() {
    let text = AVWAP.replacen("gates = [\"watchlist\", \"session-window\", \"kill-switch\"]\n", "", 1);
    let at = line_of(&text, "[services.execution]\n");
    check(&text, &[(at, Code::MissingGuardrail), (at, Code::MissingGuardrail), (at, Code::MissingGuardrail)]);
}

#[test]
fn every_single_mistake_is_told_at_its_line() {
    for (with, without, code) in [
        ("schema = 1", "schema = 2", Code::Schema),
        ("schema = 1", "schema = \"1\"", Code::WrongType),
        ("name = \"avwap\"", "name = \"AVWAP\"", Code::BadValue),
        ("name = \"avwap\"", "name = \"multi-user\"", Code::BadValue),
        ("name = \"avwap\"", "name = \"runlevel5\"", Code::BadValue),
        ("\"America/New_York\"", "\"America/New_Yrok\"", Code::BadValue),
        ("scope = \"system\"", "scope = \"world\"", Code::BadValue),
        ("environment = \"staging\"", "environment = \"prod\"", Code::NotInThisRelease),
        ("systemd = 252", "systemd = 247", Code::BadValue),
        ("systemd = 252", "podman = \"5.4\"", Code::MissingKey),
        ("systemd = 252", "podman = 5.4", Code::WrongType),
        ("systemd = 252", "podman = \"4.2\"", Code::BadValue),
        ("[release]", "[release]\nimage = \"registry.example/portcullis:latest\"", Code::MissingGuardrail),
        ("group = \"trading\"", "gruop = \"trading\"", Code::UnknownKey),
        ("state = \"/var/lib/avwap\"", "state = \"/srv/avwap\"", Code::BadValue),
        ("programs = \"/usr/lib/portcullis/bin\"", "programs = \"bin\"", Code::BadValue),
        ("programs = \"/usr/lib/portcullis/bin\"", "lock = \"release.lock\"", Code::NotInThisRelease),
        ("keys = [\"APCA_API_KEY_ID\", ", "value = \"x\"\nkeys = [\"APCA_API_KEY_ID\", ", Code::NotInThisRelease),
        ("program = \"execution\"", "program = \"excution\"", Code::UnknownName),
        ("program = \"execution\"", "program = \"analytics\"", Code::NotInThisRelease),
        ("role = \"orders\"", "role = \"dashboard\"", Code::BadValue),
        ("role = \"orders\"", "role = \"order\"", Code::BadValue),
        ("secrets = [\"alpaca\"]", "secrets = [\"alpaca\", \"slack\"]", Code::UnknownName),
        ("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_POLL_SECONDS = 60", Code::WrongType),
        ("EXECUTION_POLL_SECONDS = \"60\"", "SLACK_WEBHOOK = \"x\"", Code::SecretInManifest),
        ("EXECUTION_POLL_SECONDS = \"60\"", "NOTE = \"PKABCDEFGH1234567890\"", Code::SecretInManifest),
        ("EXECUTION_POLL_SECONDS = \"60\"", "poll = \"60\"", Code::BadValue),
        ("args = [\"scan\"]", "args = [\"scan\", 5]", Code::WrongType),
        ("args = [\"scan\"]", "args = \"scan\"", Code::WrongType),
        ("\"Mon..Fri 08:30\"", "\"Mon..Fri 8:30\"", Code::BadValue),
        ("\"Mon..Fri 08:30\"", "\"Mon..Fri 02:30\"", Code::DstHour),
        ("timeout = \"9m\"", "timeout = \"9\"", Code::BadValue),
        ("timeout = \"9m\"", "late_start = \"90\"", Code::BadValue),
        ("timeout = \"9m\"", "late_start = \"7h\"", Code::BadValue),
        ("restart = \"execution\"", "restart = \"execution\"\nlate_start = \"90m\"", Code::DisarmsGuardrail),
        ("timeout = \"9m\"", "listen = \"127.0.0.1:1\"", Code::UnknownKey),
        ("[\"execution-restart\"]", "[\"execution-resart\"]", Code::UnknownName),
        ("[\"execution-restart\"]", "[\"execution\"]", Code::UnknownName),
        ("on_success = [\"execution-restart\"]", "on_success = [\"scan\"]", Code::Cycle),
        ("restart = \"execution\"", "restart = \"executor\"", Code::UnknownName),
        ("restart = \"execution\"", "restart = \"execution\"\nprogram = \"desk\"", Code::BadValue),
        ("args = [\"eod\"]", "args = [\"edo\"]", Code::UnknownName),
        ("serves = \"execution\"", "serves = \"nobody\"", Code::UnknownName),
        ("[jobs.eod]", "[jobs.execution]", Code::Duplicate),
        ("name = \"avwap\"", "name = ", Code::Syntax),
    ] {
        assert_eq!(AVWAP.matches(with).count().min(1), 1, "{with} is not in the manifest");
        let text = AVWAP.replacen(with, without, 1);
        let problems = refused(&text);
        let line = text[..text.find(without).unwrap()].matches('\n').count() + 1;
        let lines = line..=line + without.matches('\n').count();
        assert!(
            problems.iter().any(|problem| problem.code == code && lines.contains(&line_at(&text, problem))),
            "{without} on line {line}: {problems:#?}"
        );
    }
}

#[test]
fn what_is_missing_is_told() {
    for (gone, code) in [
        ("schema = 1", Code::MissingKey),
        ("name = \"avwap\"", Code::MissingKey),
        ("timezone = \"America/New_York\"", Code::MissingKey),
        ("user = \"trading\"", Code::MissingKey),
        ("secrets = [\"alpaca\"]", Code::MissingKey),
        ("serves = \"execution\"", Code::MissingKey),
        ("program = \"scanner\"", Code::MissingKey),
        ("schedule = \"Mon..Fri 16:15\"", Code::NeverRuns),
        ("schedule = \"Mon..Fri 08:40\"", Code::NeverRuns),
    ] {
        assert!(AVWAP.contains(gone), "{gone} is not in the manifest");
        let problems = refused(&AVWAP.replacen(gone, "", 1));
        assert!(problems.iter().any(|problem| problem.code == code), "{gone}: {problems:#?}");
    }
}

#[test]
fn all_problems_come_at_once_and_in_order() {
    let text = r#"schema = 1
name = "A VWAP"
timezone = "Berlin"
scope = "system"
environment = "staging"
colour = "red"

[identity]
user = 7

[secrets.alpaca]
keys = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"]

[services.execution]
program = "execution"
role = "orders"
account = "PA30000000"
mode = "papper"
restart = "always"
secrets = ["alpaca"]
gates = ["watchlst"]
[services.execution.env]
APCA_API_SECRET_KEY = "abc"

[jobs.scan]
program = "scanner"
args = ["scan"]
schedule = "Mon..Fri 02:30"
shedule = "x"
on_success = ["restart"]
"#;
    check(
        text,
        &[
            (2, Code::BadValue),
            (3, Code::BadValue),
            (6, Code::UnknownKey),
            (9, Code::WrongType),
            (14, Code::MissingGuardrail),
            (14, Code::NeverRuns),
            (18, Code::BadValue),
            (19, Code::DisarmsGuardrail),
            (21, Code::MissingGuardrail),
            (21, Code::MissingGuardrail),
            (21, Code::BadValue),
            (23, Code::SecretInManifest),
            (28, Code::DstHour),
            (29, Code::UnknownKey),
            (30, Code::UnknownName),
        ],
    );
}

#[test]
fn several_syntax_errors_come_at_once_with_what_could_still_be_read() {
    let text = "schema = 1\nname = \ntimezone = \"Berlin\"\nscope = = 3\n[identity]\nuser = 7\n";
    let problems = refused(text);
    let found: Vec<_> = problems.iter().map(|problem| (line_at(text, problem), problem.code)).collect();
    for expect in [(2, Code::Syntax), (3, Code::BadValue), (4, Code::Syntax), (6, Code::WrongType)] {
        assert!(found.contains(&expect), "{expect:?} in {found:?}");
    }
    assert!(!found.iter().any(|(_, code)| *code == Code::MissingKey), "{found:?}");
}

#[test]
fn a_key_written_twice_is_a_syntax_error_at_the_second() {
    let text = AVWAP.replacen("restart = \"execution\"", "restart = \"execution\"\nrestart = \"execution\"", 1);
    let problems = refused(&text);
    assert_eq!(problems[0].code, Code::Syntax, "{problems:#?}");
    assert_eq!(line_at(&text, &problems[0]), line_of(&text, "restart = \"execution\"\n") + 1);
}

#[test]
fn odd_hours_and_unused_secrets_are_warnings() {
    for (with, without, code) in [
        ("Mon..Fri 08:30", "Mon..Fri 03:50", Code::OutsideSession),
        ("Mon..Fri 08:30", "Mon..Sun 08:30", Code::OutsideSession),
        ("Mon..Fri 08:40", "Mon..Fri 09:29", Code::OutsideSession),
        ("Mon..Fri 16:15", "Mon..Fri 20:30", Code::OutsideSession),
        ("[secrets.alpaca]", "[secrets.slack]\nkeys = [\"SLACK_URL\"]\n[secrets.alpaca]", Code::Unused),
    ] {
        let text = AVWAP.replacen(with, without, 1);
        let warnings = read(text.as_bytes()).unwrap_or_else(|rejected| panic!("{without}: {rejected:#?}")).warnings;
        assert_eq!(warnings.iter().map(|problem| problem.code).collect::<Vec<_>>(), [code], "{without}");
    }
}

#[test]
fn one_service_of_a_deployment_places_orders() {
    let service = AVWAP.split("[services.execution]").nth(1).unwrap().split("[services.execution.env]").next().unwrap();
    let service = service.replacen("PA30000000", "PA30000001", 1);
    let second = format!("[services.b]{service}\n[jobs.b-restart]\nrestart = \"b\"\nschedule = \"Mon..Fri 08:41\"\n");
    let text = format!("{AVWAP}\n{second}");
    check(&text, &[(line_of(&text, "[services.b]"), Code::Duplicate)]);
}

#[test]
fn bytes_that_are_no_manifest() {
    let large = "#".repeat(5 << 20);
    let nested = format!("a = {}", "[".repeat(50_000));
    let cut = &AVWAP.as_bytes()[..AVWAP.find("gates = [").unwrap() + 12];
    for (bytes, line) in [
        (&b""[..], 1),
        (b" \n\t\n", 1),
        (b"schema = 1\nname = \"\xff\xfe\"\n", 2),
        (b"\x00\x01\x02", 1),
        (large.as_bytes(), 1),
        (nested.as_bytes(), 1),
        (b"<html><body>404</body></html>", 1),
        (cut, line_of(AVWAP, "gates = [")),
    ] {
        let problems = read(bytes).unwrap_err().problems;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned();
        assert_eq!(problems[0].severity, Severity::Error);
        assert!(
            problems.iter().any(|problem| problem.code == Code::Syntax && line_at(&text, problem) == line),
            "{problems:#?}"
        );
    }
}

/// A copy that ended too early is refused wherever it ended, as long as a part is missing that the day depends on.
#[test]
fn a_half_written_manifest_is_refused() {
    let end = AVWAP.find("schedule = \"Mon..Fri 08:40\"").unwrap();
    for cut in (0..end).filter(|cut| AVWAP.is_char_boundary(*cut)) {
        assert!(read(&AVWAP.as_bytes()[..cut]).is_err(), "accepted up to byte {cut}");
    }
}

/// A run that was missed may be made up for; without a schedule nothing is ever missed.
#[test]
fn a_late_start_belongs_to_a_schedule() {
    let late = |text: &str| {
        let deployment = read(text.as_bytes()).unwrap_or_else(|rejected| panic!("{rejected:#?}")).deployment;
        let scan = deployment.jobs().find(|job| job.name().as_str() == "scan").unwrap();
        scan.late_start().map(manifest::Seconds::get)
    };
    assert_eq!(late(AVWAP), Some(45 * 60));
    assert_eq!(late(&AVWAP.replacen("late_start = \"45m\"", "", 1)), None);
    let unscheduled = AVWAP.replacen("schedule = \"Mon..Fri 08:30\"\n", "", 1);
    let problems = refused(&unscheduled);
    assert!(problems.iter().any(|problem| problem.message.contains("no schedule to be late for")), "{problems:#?}");
}

/// Encrypted for one host, or plain for root alone; a credential has one file, so not both.
#[test]
fn secrets_are_encrypted_by_the_group() {
    let group = |encrypted: &str| {
        AVWAP.replacen("[secrets.alpaca]\n", &format!("[secrets.alpaca]\nencrypted = {encrypted}\n"), 1)
    };
    for (text, expect) in [(AVWAP.to_owned(), false), (group("true"), true), (group("false"), false)] {
        let deployment = read(text.as_bytes()).unwrap_or_else(|rejected| panic!("{rejected:#?}")).deployment;
        let secrets = deployment.service("execution").unwrap().secrets();
        assert!(secrets.len() == 2 && secrets.iter().all(|secret| secret.is_encrypted() == expect));
    }
    let text = group("\"yes\"");
    check(&text, &[(line_of(&text, "encrypted = "), Code::WrongType)]);
    let second = "[secrets.second]\nkeys = [\"APCA_API_KEY_ID\"]\n";
    let text = group("true").replacen("[services.execution]", &format!("{second}[services.execution]"), 1);
    let problems = refused(&text);
    assert!(problems.iter().any(|problem| problem.message.contains("plain in another")), "{problems:#?}");
}

/// systemd ends a unit whose credential it cannot decrypt: losing a permission would leave positions alone.
#[test]
fn a_permission_is_never_encrypted() {
    let live = |encrypted: &str| {
        let group = format!("[secrets.live]\n{encrypted}keys = [\"LIVE_CONFIRM_TOKEN\"]\n\n[services.execution]");
        AVWAP.replacen("[services.execution]", &group, 1).replacen("[\"alpaca\"]", "[\"alpaca\", \"live\"]", 1)
    };
    assert!(read(live("").as_bytes()).is_ok());
    let problems = refused(&live("encrypted = true\n"));
    assert!(problems.iter().any(|problem| problem.message.contains("cannot be encrypted")), "{problems:#?}");
    let apart = live("").replacen("[secrets.alpaca]\n", "[secrets.alpaca]\nencrypted = true\n", 1);
    assert!(read(apart.as_bytes()).is_ok(), "beside it the broker's keys may be");
}

#[test]
fn windows_line_ends_are_read() {
    assert_eq!(read(AVWAP.replace('\n', "\r\n").as_bytes()).unwrap().warnings, []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        spans_are_in_the_file(&bytes)?;
    }

    #[test]
    fn a_mutated_manifest_never_panics(at in 0..AVWAP.len(), length in 0_usize..40, new in "[a-z0-9\"=\\[\\]{}.,# \n\\\\%$é-]{0,12}") {
        let mut bytes = AVWAP.as_bytes().to_vec();
        bytes.splice(at..(at + length).min(AVWAP.len()), new.bytes());
        spans_are_in_the_file(&bytes)?;
    }

    #[test]
    fn shuffled_lines_never_panic(order in Just(AVWAP.lines().collect::<Vec<_>>()).prop_shuffle(), keep in 0_usize..60) {
        spans_are_in_the_file(order.iter().take(keep).copied().collect::<Vec<_>>().join("\n").as_bytes())?;
    }
}

fn spans_are_in_the_file(bytes: &[u8]) -> Result<(), TestCaseError> {
    let problems = match read(bytes) {
        Ok(accepted) => accepted.warnings,
        Err(Rejected { problems, .. }) => {
            prop_assert!(problems.iter().any(|problem| problem.severity == Severity::Error));
            problems
        }
    };
    for problem in problems {
        prop_assert!(problem.span.start <= problem.span.end && problem.span.end <= bytes.len(), "{problem:?}");
        prop_assert!(!problem.message.is_empty());
    }
    Ok(())
}

fn check(text: &str, expect: &[(usize, Code)]) {
    let problems = refused(text);
    let found: Vec<_> = problems.iter().map(|problem| (line_at(text, problem), problem.code)).collect();
    assert_eq!(found, expect, "{problems:#?}");
}

fn refused(text: &str) -> Vec<Problem> {
    match read(text.as_bytes()) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(rejected) => rejected.problems,
    }
}

fn line_at(text: &str, problem: &Problem) -> usize {
    text.as_bytes()[..problem.span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn line_of(text: &str, part: &str) -> usize {
    text[..text.find(part).expect("a part of the text")].matches('\n').count() + 1
}
