//! The shipped deployments beside avwap: what they are made of, rendered with the programs of releases to come, and that this
//! release refuses them where they name what it lacks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use manifest::{Catalogue, Code, Scope};
use unitgen::{
    Tree,
    guardrails::{self, Guardrail, Manager, Units},
    output, source, systemd,
    targets::{self, Note, Target},
};

const AVWAP: (&str, &str) = ("avwap", include_str!("../../manifests/avwap.toml"));
const PAPER: (&str, &str) = ("aurora-paper", include_str!("../../manifests/aurora-paper.toml"));
const SESSION: (&str, &str) = ("aurora-session", include_str!("../../manifests/aurora-session.toml"));
const TRADERUNNER: (&str, &str) = ("traderunner", include_str!("../../manifests/traderunner.toml"));
const ALL: [(&str, &str); 4] = [AVWAP, PAPER, SESSION, TRADERUNNER];

/// The committed files show in a review what a change of a manifest or of a policy changes in the units.
#[test]
fn the_committed_units_are_what_the_manifests_render() {
    for (name, manifest) in [PAPER, SESSION, TRADERUNNER] {
        let committed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/rendered").join(name);
        if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
            output::write(&committed, &planned(manifest), name).unwrap();
        }
        let changes = output::compare(&committed, &planned(manifest), name).unwrap();
        assert!(changes.is_empty(), "look at the changes, then renew them with UPDATE=1 and this test\n{changes:#?}");
    }
}

/// Under the names that their operators know.
#[test]
fn the_units_have_the_names_of_their_documents() {
    for ((_, manifest), services, timers) in [
        (
            PAPER,
            vec!["data-fetch", "eod", "preflight", "status", "trading"],
            vec!["data-fetch", "eod", "preflight", "status", "trading"],
        ),
        (
            SESSION,
            vec![
                "trading-eod",
                "trading-execution-monitor",
                "trading-execution-reconcile",
                "trading-preflight",
                "trading-session",
            ],
            vec![
                "trading-eod",
                "trading-execution-monitor",
                "trading-execution-reconcile",
                "trading-preflight",
                "trading-session",
            ],
        ),
    ] {
        let tree = planned(manifest);
        let named = |end: &str| -> Vec<String> {
            let names = tree.iter().filter_map(|(path, _)| path.strip_suffix(end)?.strip_prefix("paper-"));
            names.map(str::to_owned).collect()
        };
        assert_eq!((named(".service"), named(".timer")), (owned(&services), owned(&timers)));
    }
    let tree = planned(TRADERUNNER.1);
    for name in ["marketdata-stream", "automatictrader-api", "automatictrader-worker", "trading-dashboard-v2"] {
        assert!(tree.get(&format!("{name}.service")).is_some(), "{name}");
    }
}

/// Nothing is rendered that cannot run: each program that is missing is told where it stands.
#[test]
fn what_this_release_lacks_is_told_where_it_stands() {
    for ((name, manifest), lacks) in [
        (PAPER, vec!["\"session\"", "\"preflight\"", "args = [\"preflight\"]", "args = [\"fetch\"]"]),
        (SESSION, vec!["\"session\"", "\"preflight\"", "args = [\"preflight\"]", "args = [\"reconcile\"]"]),
        (TRADERUNNER, vec!["\"marketdata\"", "\"intents\"", "\"intents\"", "\"analytics\""]),
    ] {
        let problems = source::check(manifest.as_bytes()).unwrap_err();
        assert!(problems.iter().all(|problem| problem.code == Code::NotInThisRelease), "{name}: {problems:#?}");
        let shown: Vec<&str> = problems.iter().map(|problem| &manifest[problem.span.clone()]).collect();
        assert_eq!(shown, lacks, "{name}");
        assert!(source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap().warnings.is_empty(), "{name}");
    }
}

/// Documents of these systems had every one of them.
#[test]
fn no_unit_starts_another_by_accident() {
    for (name, manifest) in ALL {
        for (path, text) in units(&planned(manifest)) {
            for forbidden in [
                "\nRequires=",
                "\nBindsTo=",
                "\nRequisite=",
                "RemainAfterExit",
                "\nRestart=always",
                "=-/",
                "/bin/sh",
                "bash",
            ] {
                assert!(!text.contains(forbidden), "{name}: {path} holds {forbidden}");
            }
            let is_target = path.ends_with(".target");
            assert_eq!(text.contains("[Install]"), is_target, "{name}: {path}");
            assert!(
                is_target || !text.contains("\nWants=") || text.contains("\nWants=network-online.target"),
                "{path}"
            );
            let service = text.split("\n[Service]\n").nth(1).unwrap_or_default();
            assert!(!service.contains("StartLimit"), "{name}: {path}: systemd ignores it in [Service]");
            assert!(
                !text.contains("StartLimit") || path.ends_with(".service") || path.contains(".service.d/"),
                "{path}"
            );
        }
    }
}

/// `admin`/`admin`, keys in `Environment=`, `${KEY}` that nothing expands.
#[test]
fn no_unit_holds_a_secret_or_points_at_one() {
    for (name, manifest) in ALL {
        for (path, text) in units(&planned(manifest)) {
            let variables = text.lines().filter_map(|line| line.strip_prefix("Environment="));
            for variable in variables {
                let (key, value) = variable.split_once('=').unwrap();
                assert!(!manifest::sounds_secret(key) && !manifest::looks_secret(value), "{name}: {path}: {variable}");
                assert!(!value.contains("${"), "{name}: {path}: {variable}");
            }
            assert!(!text.contains("EnvironmentFile"), "{name}: {path}");
        }
    }
}

/// A login's manager is told nothing that it cannot do, and whoever renders is told what is missing.
#[test]
fn a_logins_units_say_what_their_manager_cannot_hold() {
    let of = |scope: &str| {
        let manifest = match scope {
            "user" => of_a_login(),
            _ => AVWAP.1.to_owned(),
        };
        let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        targets::render(Target::Systemd, &checked.deployment, manifest.as_bytes(), &checked.digest).unwrap()
    };
    let (system, user) = (of("system"), of("user"));
    assert_eq!(system.notes, []);
    let not_held: Vec<&str> = user
        .notes
        .iter()
        .filter_map(|note| if let Note::NotHeld { directive, .. } = note { Some(*directive) } else { None })
        .collect();
    assert_eq!(not_held.len(), 6, "{:#?}", user.notes);
    for (path, text) in units(&user.tree) {
        let is_service = path.ends_with(".service");
        for directive in &not_held {
            assert!(!text.contains(&format!("\n{directive}=")), "{path} holds {directive}");
            let says = text.contains(&format!("\n# Without {directive}=: "));
            assert_eq!(says, is_service, "{path}: {directive}");
        }
        for forbidden in ["\nUser=", "\nGroup=", "network-online.target", "multi-user.target", "/var/lib"] {
            assert!(!text.contains(forbidden), "{path} holds {forbidden}");
        }
        assert_eq!(text.contains("\nProtectHome=tmpfs\n"), is_service, "{path}");
        assert_eq!(text.contains("\nBindPaths=%S/avwap\n"), is_service, "{path}");
    }
    let target = String::from_utf8(user.tree.get("avwap.target").unwrap().to_vec()).unwrap();
    assert!(target.ends_with("[Install]\nWantedBy=default.target\n"), "{target}");
    // Whatever a login's manager holds less is said, and these two are said whoever judges them to be its business.
    let held = |tree: &Tree, manager| guardrails::held(&Units::of_tree(tree).for_manager(manager));
    let (of_system, of_user) = (held(&system.tree, Manager::System), held(&user.tree, Manager::User));
    let lost: BTreeSet<Guardrail> = of_system.difference(&of_user).map(|(_, guardrail)| *guardrail).collect();
    let said: BTreeSet<Guardrail> = user
        .notes
        .iter()
        .filter_map(|note| if let Note::Loses { guardrail, .. } = note { Some(*guardrail) } else { None })
        .collect();
    assert!(lost.is_subset(&said), "{lost:?} is lost in silence");
    assert_eq!(said, BTreeSet::from([Guardrail::KernelShielded, Guardrail::NetworkBounded]));
}

const LOOKS: [[&str; 3]; 3] =
    [["verify", "--manifest", "/nowhere"], ["plan", "-o", "/nowhere/plan"], ["drift", "--json", ""]];

/// Exit code and error stream of a command with a manifest behind its first flag.
fn looked(command: &[&str; 3], manifest: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("m.toml").display().to_string();
    std::fs::write(&file, manifest).unwrap();
    let (flag, rest) = (command[1], command[2]);
    let arguments = match command[0] {
        "verify" => vec!["verify", flag, &file, rest],
        "plan" => vec!["plan", &file, flag, rest],
        _ => vec!["drift", flag, &file],
    };
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_unitgen")).args(&arguments).output().unwrap();
    (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// A login that is not there has no manager to ask; its files can be looked at wherever they are.
#[test]
fn a_login_that_is_not_there_is_told() {
    let nobody = of_a_login().replacen("user = \"trading\"", "user = \"nobody-here\"", 1);
    for command in &LOOKS {
        let (code, said) = looked(command, &nobody);
        let is_look_at_files = command[0] == "verify";
        let expect = if is_look_at_files {
            (65, "there is no /nowhere")
        } else {
            (75, "refused[no-login]: there is no account nobody-here")
        };
        assert_eq!((code, said.contains(expect.1)), (Some(expect.0), true), "{command:?}: {said}");
    }
}

/// Whoever runs a login's units could rewrite them, and the gates with them.
#[test]
fn a_login_never_trades_real_money() {
    let live = PAPER.1.replacen("mode = \"paper\"", "mode = \"live\"\nlive = \"armed\"", 1).replacen(
        "PA30000010",
        "123456789",
        1,
    );
    let problems = source::check_with(live.as_bytes(), &Catalogue::planned()).unwrap_err();
    let disarms = problems.iter().filter(|problem| problem.code == Code::DisarmsGuardrail).count();
    assert_eq!(disarms, 2, "{problems:#?}");
}

/// Where Chicago's 07:30 is New York's 08:30, all year.
#[test]
fn a_late_start_in_another_zone_is_judged_in_new_york() {
    let tree = planned(PAPER.1);
    let text = |name: &str| String::from_utf8(tree.get(name).unwrap().to_vec()).unwrap();
    assert!(text("paper-preflight.timer").contains("\nOnCalendar=Mon..Fri *-*-* 07:30:00 America/Chicago\n"));
    let judged = "gate late-start --on Mon,Tue,Wed,Thu,Fri --at 08:30:00 --at-most-seconds 1200\n";
    assert!(text("paper-preflight.service").contains(judged));
    let monitor = planned(SESSION.1);
    let timer = String::from_utf8(monitor.get("paper-trading-execution-monitor.timer").unwrap().to_vec()).unwrap();
    let fires: Vec<&str> = timer.lines().filter_map(|line| line.strip_prefix("OnCalendar=")).collect();
    assert_eq!(
        fires,
        [
            "Mon..Fri *-*-* 08:30/5:00 America/Chicago",
            "Mon..Fri *-*-* 09..14:00/5:00 America/Chicago",
            "Mon..Fri *-*-* 15:00:00 America/Chicago"
        ]
    );
}

/// The order of starts that their operators know, without tying one to another.
#[test]
fn services_start_in_the_order_of_their_document() {
    let tree = planned(TRADERUNNER.1);
    for (unit, before) in [
        ("automatictrader-api.service", "marketdata-stream.service"),
        ("automatictrader-worker.service", "automatictrader-api.service"),
        ("trading-dashboard-v2.service", "automatictrader-worker.service"),
    ] {
        let text = String::from_utf8(tree.get(unit).unwrap().to_vec()).unwrap();
        assert!(text.contains(&format!("\nAfter={before}\n")), "{unit}");
    }
    let text = |unit: &str| String::from_utf8(tree.get(unit).unwrap().to_vec()).unwrap();
    assert!(text("marketdata-stream.service").contains("marketdata stream --listen 127.0.0.1:8090 --health /health\n"));
    assert!(text("marketdata-stream.service").contains("\nSocketBindAllow=tcp:8090\n"));
    assert!(text("trading-dashboard-v2.service").contains("\nReadOnlyPaths=/run -%S/traderunner\n"));
    for unit in ["automatictrader-api.service", "trading-dashboard-v2.service"] {
        assert!(text(unit).contains("\nIPAddressAllow=localhost\n") && !text(unit).contains("APCA_"), "{unit}");
    }
    let worker = text("automatictrader-worker.service");
    for guard in
        ["\nExecCondition=", "\nRestart=on-failure\n", "\nRestartPreventExitStatus=", "\nX-RestartIfChanged=false\n"]
    {
        assert!(worker.contains(guard), "{guard}");
    }
}

#[test]
fn whose_manager_runs_them() {
    for ((name, manifest), scope) in
        [(AVWAP, Scope::System), (PAPER, Scope::User), (SESSION, Scope::User), (TRADERUNNER, Scope::System)]
    {
        let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
        assert_eq!(checked.deployment.scope(), scope, "{name}");
        assert_eq!(checked.deployment.name().as_str(), name);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests").join(format!("{name}.toml"));
        assert!(file.exists(), "{name}");
    }
}

/// avwap in a login's own manager.
fn of_a_login() -> String {
    let lines = AVWAP.1.replacen("scope = \"system\"", "scope = \"user\"", 1);
    lines.replacen("\"/var/lib/avwap\"", "\"avwap\"", 1).replacen("group = \"trading\"\n", "", 1)
}

fn planned(manifest: &str) -> Tree {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned())
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}

fn units(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.iter()
        .filter(|(path, _)| !path.ends_with(".toml"))
        .map(|(path, content)| (path, std::str::from_utf8(content).unwrap()))
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
