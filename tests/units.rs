//! The rendered units, judged by systemd itself: its parser, its checker, its security score, its calendar.
//!
//! Needs `systemd-analyze` (252 or later). Without it each test says so and passes, except where CI=true.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use contract::REFUSAL_CODES;
use manifest::{Catalogue, Release, Scope};
use tempfile::TempDir;
use unitgen::{output, search_path, source, systemd, verify::drop_ins};

const AVWAP: &str = include_str!("../manifests/avwap.toml");
const SERVICES: [&str; 4] = ["eod.service", "execution-restart.service", "execution.service", "scan.service"];
const TARGET: &str = "avwap.target";
const TIMERS: [&str; 3] = ["eod.timer", "execution-restart.timer", "scan.timer"];

#[test]
fn systemd_finds_nothing_to_complain_about() {
    let units = Units::of(AVWAP);
    for unit in SERVICES.iter().chain(&TIMERS).chain([&TARGET]) {
        let Some(verified) = units.verify(unit) else { return };
        assert_eq!(verified, Verified { clean: true, said: String::new() }, "{unit}");
    }
}

/// The deployments whose programs come with later releases, each in the manager that is to run it; what systemd says of a
/// timer's expressions is said here too.
#[test]
fn systemd_takes_the_units_of_releases_to_come() {
    const DEPLOYMENTS: [(&str, &str); 3] = [
        ("aurora-paper", include_str!("../manifests/aurora-paper.toml")),
        ("aurora-session", include_str!("../manifests/aurora-session.toml")),
        ("traderunner", include_str!("../manifests/traderunner.toml")),
    ];
    // A job has at most 1.0, what listens or places orders 1.2; a login's manager enforces no allow-list of addresses.
    const MOST: [(Scope, f64); 2] = [(Scope::System, 1.2), (Scope::User, 1.7)];
    for (name, manifest) in DEPLOYMENTS {
        let units = Units(tempfile::Builder::new().prefix("units-").tempdir().unwrap());
        fs::create_dir(units.programs()).unwrap();
        for program in ["analytics", "desk", "gate", "intents", "marketdata", "session"] {
            fs::copy("/bin/true", units.programs().join(program)).unwrap();
        }
        let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
        let programs = Release::at(&units.programs().display().to_string()).unwrap();
        let deployment = checked.deployment.with_release(programs);
        let tree = systemd::render(&deployment, manifest.as_bytes(), &checked.digest);
        output::write(&units.file(""), &tree, name).unwrap();
        let scope = if deployment.scope() == Scope::User { "--user" } else { "--system" };
        let most = MOST.iter().find(|(scope, _)| *scope == deployment.scope()).unwrap().1;
        for (unit, _) in tree.iter().filter(|(path, _)| !path.ends_with(".toml")) {
            let path = units.file(unit).display().to_string();
            let runtime = units.0.path().display().to_string();
            let env = [("XDG_RUNTIME_DIR", runtime.as_str())];
            let arguments = [scope, "verify", "--recursive-errors=one", "--man=no", &path];
            let Some(verified) = analyze(&arguments, &env) else { return };
            assert_eq!(verified, Verified { clean: true, said: String::new() }, "{name}: {unit}");
            if unit.ends_with(".service") {
                let score = units.security(unit).unwrap();
                assert!(score <= most, "{name}: {unit}: {score}, at most {most}");
            }
        }
    }
}

/// A live service has a line that no other has: what stands for a token whose file is missing. An empty value would be a
/// mistake that systemd says and goes on without, and the start would fail after all.
#[test]
fn systemd_takes_what_stands_for_a_missing_token() {
    let live = AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1);
    let units = Units::of(&live);
    let Some(verified) = units.verify("execution.service") else { return };
    assert_eq!(verified, Verified { clean: true, said: String::new() });
    units.edit("execution.service", r"SetCredential=LIVE_CONFIRM_TOKEN:\n", "SetCredential=LIVE_CONFIRM_TOKEN:");
    let Some(verified) = units.verify("execution.service") else { return };
    assert!(verified.said.contains("Invalid syntax"), "{}", verified.said);
}

/// The check above can fail: each of these is a mistake that hand-written units were found with.
#[test]
fn systemd_would_complain() {
    for (file, with, without) in [
        ("scan.timer", "America/New_York\n", "America/New_Yrok\n"),
        ("scan.service", "ProtectHome=yes", "ProtectHoem=yes"),
        ("scan.service", "TimeoutStartSec=540", "TimeoutStartSec=soon"),
        ("execution.service", "/execution run", "/excution run"),
        ("execution.service.d/20-restart-policy.conf", "RestartSec=10", "RestartSec=five"),
        ("eod.service", "Type=oneshot", "Type=oneshot\nRestart=always"),
    ] {
        let units = Units::of(AVWAP);
        units.edit(file, with, without);
        let unit = file.split(".d/").next().unwrap();
        let Some(verified) = units.verify(unit) else { return };
        assert!(!verified.clean, "{without} in {file} passed: {}", verified.said);
    }
}

/// Of 10; an unhardened service has 9.4 to 9.6. A job has at most 1.0, what places orders 1.2; these are the measured figures,
/// so that a loss shows.
#[test]
fn the_sandboxes_keep_their_scores() {
    let units = Units::of(AVWAP);
    let expect =
        [("eod.service", 1.0), ("execution-restart.service", 0.2), ("execution.service", 1.1), ("scan.service", 0.2)];
    for (unit, most) in expect {
        let Some(score) = units.security(unit) else { return };
        assert!(score <= most, "{unit}: {score}, at most {most}");
    }
    units.edit("scan.service", "CapabilityBoundingSet=\n", "");
    assert!(units.security("scan.service").is_none_or(|score| score > 1.5), "the score notices what is missing");
}

/// What systemd loads with the drop-ins is what it loads without them: they add nothing and disarm nothing.
#[test]
fn the_drop_ins_change_nothing_that_systemd_loads() {
    let units = Units::of(AVWAP);
    let Some(with) = units.loaded("execution.service") else { return };
    let drop_ins = with.iter().filter(|line| line.contains("DropIn Path:")).count();
    fs::remove_dir_all(units.file("execution.service.d")).unwrap();
    let without = units.loaded("execution.service").unwrap();
    assert_eq!(drop_ins, 2);
    let (with, without) = (as_set(&with), as_set(&without));
    assert_eq!(with.symmetric_difference(&without).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// Which drop-ins are in force, over a search path of three directories, an alias, a prefix and a type: `verify` finds those
/// that systemd lays over the unit, and of each name the same file.
#[test]
fn verify_finds_the_drop_ins_that_systemd_finds() {
    const FOLDERS: [&str; 6] =
        ["x-y-z.service.d", "x-y-.service.d", "x-.service.d", "service.d", "al-ias.service.d", "y-z.service.d"];
    const NAMES: [&str; 4] = ["10-a.conf", "20-b.conf", "20-b.txt", ".30-c.conf"];
    for seed in 1..=12_usize {
        let place = tempfile::Builder::new().prefix("drop-ins-").tempdir().unwrap();
        let directories = ["a", "b", "c"].map(|name| place.path().join(name));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(directories[1].join("x-y-z.service"), "[Service]\nExecStart=/bin/true\n");
        fs::create_dir_all(&directories[0]).unwrap();
        std::os::unix::fs::symlink("../b/x-y-z.service", directories[0].join("al-ias.service")).unwrap();
        for (at, (directory, folder, name)) in directories
            .iter()
            .flat_map(|directory| {
                FOLDERS.iter().flat_map(move |folder| NAMES.iter().map(move |name| (directory, folder, name)))
            })
            .enumerate()
        {
            if (at * 7 + seed * 13) % 11 < 4 {
                write(directory.join(folder).join(name), "[Unit]\nDescription=x\n");
            }
        }
        let listing = search_path::read(&directories, &BTreeSet::from(["x-y-z.service".to_owned()])).unwrap();
        let found: BTreeSet<String> =
            drop_ins::in_force(&listing, "x-y-z.service").into_values().map(|drop_in| drop_in.path).collect();
        let path = directories.map(|directory| directory.display().to_string()).join(":") + ":/usr/lib/systemd/system";
        let env = [("SYSTEMD_UNIT_PATH", path.as_str()), ("SYSTEMD_LOG_LEVEL", "debug")];
        let Some(dump) = analyze(&["verify", "--man=no", "x-y-z.service"], &env) else { return };
        let of_unit = dump.said.lines().skip_while(|line| line.trim() != "-> Unit x-y-z.service:").skip(1);
        let loaded: BTreeSet<String> = of_unit
            .take_while(|line| !line.contains("-> Unit "))
            .filter_map(|line| line.trim().strip_prefix("DropIn Path: ").map(str::to_owned))
            .collect();
        assert!(!loaded.is_empty(), "seed {seed}: nothing is laid over it\n{}", dump.said);
        assert_eq!(found, loaded, "seed {seed}");
    }
}

/// The same without systemd: lists cleared and set, scalars overridden, by the rules of systemd.unit(5).
#[test]
fn the_drop_ins_merged_by_the_rules_are_the_unit() {
    let units = Units::of(AVWAP);
    let inline = units.merged(&["execution.service"]);
    let gate = "execution.service.d/10-watchlist-gate.conf";
    let restart = "execution.service.d/20-restart-policy.conf";
    assert_eq!(units.merged(&["execution.service", gate, restart]), inline);
    for drop_in in [gate, restart] {
        let alone = units.merged(&[drop_in]);
        assert!(!alone.is_empty());
        for (directive, values) in alone {
            assert_eq!(inline.get(&directive).cloned().unwrap_or_default(), values, "{directive:?} of {drop_in}");
        }
    }
    assert_eq!(
        inline[&("Service".to_owned(), "ExecCondition".to_owned())],
        [format!("{}/gate execution", units.programs().display())]
    );
}

/// A refusal's code that counted as success would let a refusing gate pass.
#[test]
fn no_success_code_is_a_refusal_and_every_refusal_is_final() {
    let units = Units::of(AVWAP);
    for unit in SERVICES {
        let directives = units.merged(&[unit]);
        assert_eq!(directives.get(&("Service".to_owned(), "SuccessExitStatus".to_owned())), None, "{unit}");
    }
    let orders = units.merged(&["execution.service"]);
    let final_codes: BTreeSet<&str> = orders[&("Service".to_owned(), "RestartPreventExitStatus".to_owned())]
        .iter()
        .flat_map(|line| line.split(' '))
        .collect();
    for code in REFUSAL_CODES {
        assert!(final_codes.contains(code.code().to_string().as_str()), "{code:?}");
    }
    let curable = contract::ExitCode::ALL.into_iter().filter(|code| code.restart_may_cure());
    for code in curable {
        assert!(!final_codes.contains(code.code().to_string().as_str()), "{code:?} must be followed by a restart");
    }
}

/// `systemd-analyze verify` passes a unit that starts one that is not there.
#[test]
fn every_unit_named_is_rendered() {
    let units = Units::of(AVWAP);
    let mut named = 0;
    for unit in SERVICES.iter().chain(&TIMERS).chain([&TARGET]) {
        for ((section, key), values) in units.merged(&[unit]) {
            let links = matches!(
                (section.as_str(), key.as_str()),
                (
                    "Unit",
                    "OnSuccess" | "OnFailure" | "Conflicts" | "After" | "Requires" | "BindsTo" | "PartOf" | "Wants"
                ) | ("Timer", "Unit")
            );
            for target in values.iter().flat_map(|line| line.split(' ')).filter(|_| links) {
                let of_systemd = target == "network-online.target";
                assert!(of_systemd || units.file(target).exists(), "{unit}: {key}={target}");
                named += usize::from(!of_systemd);
            }
        }
    }
    assert!(named >= 18, "only {named} links were looked at");
}

/// What stands in the manifest is what the program gets, whatever the characters.
#[test]
fn systemd_reads_arguments_and_variables_as_they_were_written() {
    let args = [
        "fetch",
        "two words",
        "100%",
        "%n",
        "$HOME ${PATH}",
        "it's",
        "say \\\"hi\\\"",
        ";",
        "a;b",
        "back\\\\",
        "",
        "ä € ß",
        "#x",
    ];
    let quoted: Vec<String> = args.iter().map(|arg| format!("\"{arg}\"")).collect();
    let value = "a  b%n $X 'q' \\\"d\\\" ;#\\\\";
    let fetch = "program = \"marketdata\"\nschedule = \"Mon..Fri 17:00\"";
    let manifest = format!("{AVWAP}\n[jobs.fetch]\n{fetch}\nargs = [{}]\n", quoted.join(", "));
    let manifest = manifest.replacen("EXECUTION_POLL_SECONDS = \"60\"", &format!("STRANGE = \"{value}\""), 1);
    // Of a program to come: what a job may say to a released one is a closed list. No program reads STRANGE, so the manifest's own check is passed by and the renderer is asked directly.
    let units = Units::unchecked(&manifest);
    let unescape = |text: &str| text.replace("\\\"", "\"").replace("\\\\", "\\");
    let Some(fetch) = units.loaded("fetch.service") else { return };
    let expect: Vec<String> = args.iter().map(|arg| unescape(arg)).collect();
    let start = fetch.iter().position(|line| line.trim() == "-> ExecStart:").unwrap();
    let line = fetch[start + 1].trim().strip_prefix("Command Line: ").unwrap();
    assert_eq!(&unquoted(line)[1..], &expect[..], "{line}");
    let execution = units.loaded("execution.service").unwrap();
    let variable = execution.iter().find_map(|line| line.trim().strip_prefix("Environment: STRANGE=")).unwrap();
    assert_eq!(variable, unescape(value));
}

/// 08:30 stays 08:30 when New York changes its clocks; the instants are systemd's own.
#[test]
fn timers_follow_new_york() {
    let units = Units::of(AVWAP);
    let on_calendar = units.merged(&["scan.timer"])[&("Timer".to_owned(), "OnCalendar".to_owned())].concat();
    for (base, expect) in [
        ("2026-03-05 20:00", ["Fri 2026-03-06 13:30:00 UTC", "Mon 2026-03-09 12:30:00 UTC"]),
        ("2026-10-29 20:00", ["Fri 2026-10-30 12:30:00 UTC", "Mon 2026-11-02 13:30:00 UTC"]),
    ] {
        let base = format!("--base-time={base}");
        let Some(output) = analyze(&["calendar", "--iterations=2", &base, &on_calendar], &[("TZ", "UTC")]) else {
            return;
        };
        for instant in expect {
            assert!(output.said.contains(instant), "{instant} in {}", output.said);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Verified {
    clean: bool,
    said: String,
}

/// Directives by section and name, each with its values in order.
type Directives = BTreeMap<(String, String), Vec<String>>;

/// Rendered units with programs that exist, as `systemd-analyze verify` wants them.
struct Units(TempDir);

impl Units {
    fn of(manifest: &str) -> Self {
        let (units, manifest) = Self::prepare(manifest);
        let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
        output::write(&units.file(""), &tree, "avwap").unwrap();
        units
    }

    fn unchecked(manifest: &str) -> Self {
        let (units, manifest) = Self::prepare(manifest);
        let accepted = manifest::read_with(manifest.as_bytes(), &Catalogue::planned());
        let accepted = accepted.unwrap_or_else(|rejected| panic!("{rejected:#?}"));
        let tree = systemd::render(&accepted.deployment, manifest.as_bytes(), "sha256:00");
        output::write(&units.file(""), &tree, "avwap").unwrap();
        units
    }

    fn prepare(manifest: &str) -> (Self, String) {
        let units = Self(tempfile::Builder::new().prefix("units-").tempdir().unwrap());
        fs::create_dir(units.programs()).unwrap();
        for program in ["gate", "execution", "scanner", "desk", "marketdata"] {
            fs::copy("/bin/true", units.programs().join(program)).unwrap();
        }
        let programs = units.programs().display().to_string();
        let manifest = manifest.replacen("/usr/lib/portcullis/bin", &programs, 1);
        (units, manifest)
    }

    fn programs(&self) -> PathBuf {
        self.0.path().join("bin")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join("units").join(name)
    }

    fn edit(&self, file: &str, with: &str, without: &str) {
        let text = fs::read_to_string(self.file(file)).unwrap();
        assert!(text.contains(with), "{with} is not in {file}");
        fs::write(self.file(file), text.replacen(with, without, 1)).unwrap();
    }

    fn verify(&self, unit: &str) -> Option<Verified> {
        let path = self.file(unit).display().to_string();
        analyze(&["verify", "--recursive-errors=one", "--man=no", &path], &[])
    }

    fn security(&self, unit: &str) -> Option<f64> {
        let path = self.file(unit).display().to_string();
        let output = analyze(&["security", "--offline=true", "--no-pager", &path], &[])?;
        let overall = output.said.lines().find(|line| line.contains("Overall exposure level")).expect("a score");
        let score = overall.split(": ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a figure");
        Some(score.parse().unwrap())
    }

    /// What systemd holds in memory of a unit, drop-ins merged, as its debug log shows it.
    fn loaded(&self, unit: &str) -> Option<Vec<String>> {
        let path = self.file(unit).display().to_string();
        let dump =
            analyze(&["verify", "--recursive-errors=one", "--man=no", &path], &[("SYSTEMD_LOG_LEVEL", "debug")])?;
        let begin = format!("-> Unit {unit}:");
        let lines = dump.said.lines().skip_while(|line| line.trim() != begin).skip(1);
        let lines: Vec<String> =
            lines.take_while(|line| line.starts_with('\t') && !line.contains("-> Unit ")).map(str::to_owned).collect();
        assert!(lines.len() > 50, "no dump of {unit}");
        Some(lines)
    }

    fn merged(&self, files: &[&str]) -> Directives {
        let mut directives = Directives::new();
        for file in files {
            merge(&self.file(file), &mut directives);
        }
        directives.retain(|_, values| !values.is_empty());
        directives
    }
}

/// A dump without the order of its lines and words, which is a hash table's, and without the files it came from. Equal
/// lines are numbered: a command that runs twice is not one that runs once.
fn as_set(dump: &[String]) -> BTreeSet<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let lines = dump.iter().filter(|line| !line.contains("DropIn Path:"));
    lines
        .map(|line| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.sort_unstable();
            let line = words.join(" ");
            let count = seen.entry(line.clone()).or_default();
            *count += 1;
            format!("{line} #{count}")
        })
        .collect()
}

/// Lists grow and are cleared by an empty value; everything else is replaced.
fn merge(file: &Path, directives: &mut Directives) {
    const LISTS: [&str; 19] = [
        "After",
        "BindReadOnlyPaths",
        "Conflicts",
        "Environment",
        "ExecCondition",
        "ExecStart",
        "ExecStartPre",
        "ExecStopPost",
        "LoadCredential",
        "NoExecPaths",
        "OnCalendar",
        "OnFailure",
        "OnSuccess",
        "ReadOnlyPaths",
        "RestartPreventExitStatus",
        "SetCredential",
        "SuccessExitStatus",
        "SystemCallFilter",
        "Wants",
    ];
    let mut section = String::new();
    for line in fs::read_to_string(file).unwrap().lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            let values = directives.entry((section.clone(), key.to_owned())).or_default();
            if value.is_empty() || !LISTS.contains(&key) {
                values.clear();
            }
            if !value.is_empty() {
                values.push(value.to_owned());
            }
        }
    }
}

/// The words of a command line as systemd prints it for a shell, `$$` still to be halved at execution.
fn unquoted(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while chars.peek().is_some() {
        let mut word = String::new();
        let mut inside = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => inside = !inside,
                '\\' => word.extend(chars.next()),
                ' ' if !inside => break,
                c => word.push(c),
            }
        }
        words.push(word.replace("$$", "$"));
    }
    words
}

fn analyze(args: &[&str], env: &[(&str, &str)]) -> Option<Verified> {
    let output =
        Command::new("systemd-analyze").args(args).envs(env.iter().copied()).env("SYSTEMD_COLORS", "0").output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI has systemd-analyze");
            println!("skipped: needs systemd-analyze");
            return None;
        }
        Err(error) => panic!("systemd-analyze: {error}"),
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some(Verified { clean: output.status.success(), said })
}
