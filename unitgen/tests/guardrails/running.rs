//! A manager that has loaded exactly what is rendered, as `systemctl` would print it: made of the predictions, which guests of
//! both Debians are held against elsewhere. Tests change what it says.

use std::{collections::BTreeMap, fs};

use unitgen::{
    drift::{self, Drifted, Outcome, Report},
    guardrails::Guardrail,
    installation::Installation,
    predict::{Expectation, predict},
    systemctl::{self, ProgramFile, Recorded, Systemctl, ThisHost},
    verify::Expected,
};

use crate::{
    host::{Host, rendered},
    losses::losses,
};

const PLACE: &str = "/etc/systemd/system";
const BOOTED: &str = "UserspaceTimestamp=@1000\n";
const MANAGER: &str = "LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/bin\n";

/// What a running manager says.
pub struct Running {
    /// By unit and property.
    pub units: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    pub environment: String,
    /// What the manager shows of itself.
    pub manager: String,
    pub host: Recorded,
}

impl Running {
    /// The clean one, whose units lie where the host has them.
    pub fn of(host: &Host) -> Self {
        let place = if host.path("etc/execution.service").exists() { "etc" } else { "lib" };
        let place = host.path(place).display().to_string();
        let units = predict(rendered()).into_iter().map(|(unit, properties)| {
            let mut shown: BTreeMap<String, Vec<String>> = properties
                .into_iter()
                .map(|(name, expect)| (name, lines(&expect).iter().map(|line| line.replace(PLACE, &place)).collect()))
                .collect();
            for (name, value) in [("ActiveState", "active"), ("NeedDaemonReload", "no"), ("MainPID", "0")] {
                shown.insert(name.to_owned(), vec![value.to_owned()]);
            }
            (unit, shown)
        });
        let slice = |name: &str| {
            let shown = [("Id", name), ("LoadState", "loaded"), ("TasksMax", "infinity"), ("NeedDaemonReload", "no")];
            let shown = shown.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
            (name.to_owned(), BTreeMap::from(shown))
        };
        let units = units.chain(["system.slice", "-.slice"].map(slice));
        Self {
            units: units.collect(),
            manager: BOOTED.to_owned(),
            environment: MANAGER.to_owned(),
            host: Recorded::default(),
        }
    }

    pub fn set(&mut self, unit: &str, property: &str, value: &str) {
        self.units.get_mut(unit).unwrap().insert(property.to_owned(), vec![value.to_owned()]);
    }

    /// What `drift` makes of it and of a host's files.
    pub fn drift(&self, host: &Host) -> Outcome {
        let expected =
            Expected { deployment: "avwap", installation: &Installation::SYSTEM, tree: rendered(), enabled: true };
        let questions = drift::questions(&expected);
        let answers = drift::ask(self, &questions).unwrap();
        drift::drift(&expected, &host.listing(), &questions, &answers)
    }
}

impl Systemctl for Running {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let shown = |properties: &BTreeMap<String, Vec<String>>| {
            let lines =
                properties.iter().flat_map(|(name, lines)| lines.iter().map(move |line| format!("{name}={line}\n")));
            lines.collect::<String>()
        };
        let units = arguments.iter().skip_while(|word| **word != "--").skip(1);
        let shown: Vec<String> = units.filter_map(|unit| self.units.get(*unit)).map(shown).collect();
        match arguments[0] {
            "show-environment" => Ok(self.environment.clone()),
            _ if shown.is_empty() => Ok(self.manager.clone()),
            _ => Ok(shown.join("\n")),
        }
    }
}

impl systemctl::Host for Running {
    fn executable(&self, pid: u32) -> Option<String> {
        self.host.executable(pid)
    }

    fn resolved(&self, path: &str) -> Option<String> {
        self.host.resolved(path)
    }

    fn changed(&self, path: &str) -> Option<i64> {
        self.host.changed(path)
    }

    fn program(&self, path: &str) -> Option<ProgramFile> {
        self.host.program(path)
    }

    fn now(&self) -> Option<i64> {
        self.host.now()
    }
}

/// What `drift`'s exit code says.
pub fn is_ok(outcome: &Outcome) -> bool {
    let (deployment, manifest) = ("avwap".to_owned(), "avwap.toml".to_owned());
    let report = Report(vec![Drifted { deployment, manifest, units: 1, outcome: outcome.clone() }]);
    let last = report.to_text().lines().last().unwrap_or_default().to_owned();
    assert_eq!(last.contains("not as avwap.toml has"), !report.is_ok(), "{last}");
    report.is_ok()
}

/// As `systemctl show` prints what is expected.
fn lines(expect: &Expectation) -> Vec<String> {
    match expect {
        Expectation::Text(text) => vec![text.clone()],
        Expectation::OfManager { usual, .. } => vec![(*usual).to_owned()],
        Expectation::AtLeast(least) => vec![least.to_string()],
        Expectation::Words(words) => vec![words.iter().cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Units { ours, others, .. } => vec![ours.union(others).cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Among { with, .. } => vec![with.join(" ")],
        Expectation::Commands(commands) => commands
            .iter()
            .map(|(path, argv)| {
                format!("{{ path={path} ; argv[]={argv} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }}")
            })
            .collect(),
        Expectation::Container(_) => unreachable!("no unit of this target runs podman"),
        Expectation::Variables(variables) => {
            vec![variables.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")]
        }
        Expectation::Calendar(expressions) => {
            expressions.iter().map(|one| format!("{{ OnCalendar={one} ; next_elapse=n/a }}")).collect()
        }
    }
}

/// No file says these, and drift alone finds them.
#[test]
fn what_is_loaded_and_no_file_says_is_found() {
    type Change = fn(&mut Running);
    let changes: [(&str, Change, &str); 34] = [
        ("not reloaded", |r| r.set("execution.service", "NeedDaemonReload", "yes"), "reload-needed"),
        ("masked", |r| r.set("execution.service", "LoadState", "masked"), "not-loaded"),
        ("gone", |r| r.set("scan.timer", "LoadState", "not-found"), "not-loaded"),
        ("wrong", |r| r.set("scan.timer", "LoadState", "bad-setting"), "not-loaded"),
        (
            "another file",
            |r| r.set("scan.service", "FragmentPath", "/run/systemd/transient/scan.service"),
            "loaded-elsewhere",
        ),
        ("under another name", |r| r.set("scan.service", "Id", "other.service"), "loaded-elsewhere"),
        (
            "a drop-in that lies there no more",
            |r| r.set("scan.service", "DropInPaths", "/etc/x.conf"),
            "loaded-drop-ins",
        ),
        ("a timer that was stopped", |r| r.set("scan.timer", "ActiveState", "inactive"), "not-active"),
        (
            "required by others",
            |r| r.set("execution.service", "Requires", "sysinit.target dbus.service"),
            "property-differs",
        ),
        (
            "stopped by others",
            |r| r.set("execution.service", "ConflictedBy", "execution-restart.service other.service"),
            "property-differs",
        ),
        (
            "a file of variables",
            |r| r.set("eod.service", "EnvironmentFiles", "/root/.env (ignore_errors=no)"),
            "property-differs",
        ),
        (
            "wanted by others",
            |r| r.set("execution.service", "WantedBy", "avwap.target maintenance.target"),
            "property-differs",
        ),
        (
            "a target that others want",
            |r| r.set("avwap.target", "WantedBy", "multi-user.target x.target"),
            "property-differs",
        ),
        ("a job that a boot wants", |r| r.set("scan.service", "WantedBy", "multi-user.target"), "property-differs"),
        (
            "ended with a target of others",
            |r| r.set("execution.service", "StopPropagatedFrom", "maintenance.target"),
            "property-differs",
        ),
        (
            "part of others",
            |r| r.set("execution.service", "PartOf", "avwap.target maintenance.target"),
            "property-differs",
        ),
        (
            "ended by a target of others",
            |r| r.set("execution.service", "ConflictedBy", "execution-restart.service maintenance.target"),
            "property-differs",
        ),
        (
            "a service of others goes before it",
            |r| r.set("execution.service", "After", "network-online.target hang.service"),
            "property-differs",
        ),
        (
            "a start that waits",
            |r| {
                r.set("execution.service", "ActiveState", "inactive");
                r.set("execution.service", "Job", "178");
                r.set("execution.service", "StateChangeTimestamp", "@2000");
                r.host.now = Some(2601);
            },
            "start-waits",
        ),
        (
            "a target that waits",
            |r| {
                r.set("avwap.target", "ActiveState", "inactive");
                r.set("avwap.target", "Job", "9");
                r.host.now = Some(1601);
            },
            "start-waits",
        ),
        ("frozen", |r| r.set("execution.service", "FreezerState", "frozen"), "frozen"),
        ("frozen with all", |r| r.set("system.slice", "FreezerState", "freezing"), "frozen"),
        ("failed", |r| r.set("execution.service", "ActiveState", "failed"), "failed"),
        ("five files", |r| r.set("execution.service", "LimitNOFILE", "5"), "property-differs"),
        ("one task", |r| r.set("scan.service", "TasksMax", "1"), "property-differs"),
        ("little memory", |r| r.set("execution.service", "MemoryMax", "1048576"), "property-differs"),
        ("little memory of all", |r| r.set("system.slice", "MemoryMax", "1048576"), "property-differs"),
        (
            "a limit of all that lies there no more",
            |r| r.set("-.slice", "DropInPaths", "/etc/x.conf"),
            "loaded-drop-ins",
        ),
        ("a slice not reloaded", |r| r.set("system.slice", "NeedDaemonReload", "yes"), "reload-needed"),
        ("a timer by another clock", |r| r.set("scan.timer", "OnClockChange", "yes"), "property-differs"),
        (
            "a timer that repeats",
            |r| r.set("scan.timer", "TimersMonotonic", "{ OnUnitInactiveUSec=10s ; next_elapse=0 }"),
            "property-differs",
        ),
        (
            "a line break in a value that passes for a property",
            |r| r.set("scan.timer", "Result", "x\nNeedDaemonReload=no"),
            "not-shown",
        ),
        (
            "the manager finds programs elsewhere",
            |r| r.environment = "PATH=/opt/x:/usr/bin\n".to_owned(),
            "manager-environment",
        ),
        ("the manager's variable", |r| r.environment += "EXECUTION_MODE=LIVE\n", "manager-environment"),
    ];
    for (name, change, code) in changes {
        let host = Host::with_units_in("etc");
        let mut running = Running::of(&host);
        change(&mut running);
        let outcome = running.drift(&host);
        let codes: Vec<&str> = outcome.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [code], "{name}: {:#?}", outcome.findings);
        assert!(host.verified().is_empty() && host.turns().lost.is_empty(), "{name}: no file says it");
    }
}

/// What an operator of the host decides for all, what a boot does, and what a job's own alert has told.
#[test]
fn what_is_so_by_right_is_no_finding() {
    type Change = fn(&mut Running);
    let changes: [(&str, Change, usize); 9] = [
        (
            "every stop within half a minute",
            |r| {
                r.manager += "DefaultTimeoutStopUSec=30s\nDefaultTimeoutAbortUSec=30s\n";
                for unit in ["scan.service", "eod.service", "execution-restart.service"] {
                    r.set(unit, "TimeoutStopUSec", "30s");
                    r.set(unit, "TimeoutAbortUSec", "30s");
                }
            },
            2,
        ),
        (
            "a target that a boot has not reached",
            |r| {
                r.set("avwap.target", "ActiveState", "inactive");
                r.set("avwap.target", "Job", "9");
                r.host.now = Some(1600);
            },
            0,
        ),
        (
            "a service that ended a moment ago and comes again",
            |r| {
                r.set("execution.service", "ActiveState", "inactive");
                r.set("execution.service", "Job", "178");
                r.set("execution.service", "StateChangeTimestamp", "@90000");
                r.host.now = Some(90_001);
            },
            0,
        ),
        ("a job that failed", |r| r.set("scan.service", "ActiveState", "failed"), 1),
        ("a service that its gate keeps out", |r| r.set("execution.service", "ActiveState", "inactive"), 0),
        ("enabled one by one as well", |r| r.set("scan.timer", "WantedBy", "avwap.target timers.target"), 0),
        ("no limit at all", |r| r.set("execution.service", "TasksMax", "infinity"), 0),
        (
            "what systemd lays before a service",
            |r| r.set("execution.service", "After", "network-online.target -.mount systemd-tmpfiles-setup.service"),
            0,
        ),
        ("mounts", |r| r.set("execution.service", "Requires", "sysinit.target system.slice var-lib.mount"), 0),
    ];
    for (name, change, notes) in changes {
        let host = Host::with_units_in("etc");
        let mut running = Running::of(&host);
        change(&mut running);
        let outcome = running.drift(&host);
        assert!(is_ok(&outcome), "{name}: {:#?}", outcome.findings);
        assert_eq!(outcome.notes.len(), notes, "{name}: {:?}", outcome.notes);
    }
}

/// A gate that is missing is a silent skip; no file among the units shows it.
#[test]
fn a_program_that_is_gone_or_open_to_others_is_found() {
    let host = Host::with_units_in("etc");
    for (file, code) in [
        (None, "program-missing"),
        (Some(ProgramFile { is_file: true, file: (0, 0o777), folder: (0, 0o755) }), "program-exposed"),
    ] {
        for program in ["gate", "desk", "scanner", "execution"] {
            let mut running = Running::of(&host);
            running.host.programs.insert(format!("/usr/lib/portcullis/bin/{program}"), file.clone());
            let findings = running.drift(&host).findings;
            assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code], "{program}");
        }
    }
}

/// A value with an empty line makes one unit's answer look like two: each is asked by itself, and the files are told anyway.
#[test]
fn an_empty_line_in_a_value_hides_nothing() {
    let host = Host::with_units_in("etc");
    let mut running = Running::of(&host);
    running.set("execution.service", "Description", "x\n\nNeedDaemonReload=no");
    running.set("execution.service", "NeedDaemonReload", "yes");
    let findings = running.drift(&host).findings;
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
    assert!(
        codes.contains(&"not-shown") && findings.iter().all(|finding| finding.unit == "execution.service"),
        "{findings:#?}"
    );

    let expected =
        Expected { deployment: "avwap", installation: &Installation::SYSTEM, tree: rendered(), enabled: true };
    host.write("etc/scan.service.d/x.conf", "[Service]\nUser=root\n");
    let outcome = drift::of_files(&expected, &host.listing(), &drift::questions(&expected));
    assert!(outcome.findings[0].code == "foreign-drop-in" && outcome.lost[0].guardrail == "unprivileged");
    let unanswered = Outcome { unanswered: Some("no".to_owned()), ..Outcome::default() };
    assert!(!unanswered.is_clean());
}

/// The order of drop-ins counts, not only which there are.
#[test]
fn drop_ins_in_another_order_are_found() {
    let host = Host::with_units_in("etc");
    let mut running = Running::of(&host);
    let loaded = running.units["execution.service"]["DropInPaths"][0].clone();
    let turned: Vec<&str> = loaded.split(' ').rev().collect();
    running.set("execution.service", "DropInPaths", &turned.join(" "));
    assert_eq!(running.drift(&host).findings[0].code, "loaded-drop-ins");
}

/// Every property by which a running systemd shows a loss is compared, and says for which guardrail it stands.
#[test]
fn every_property_that_shows_a_loss_is_compared() {
    for loss in losses() {
        let Some(property) = &loss.property else { continue };
        let host = Host::with_units_in("etc");
        let mut running = Running::of(&host);
        running.set(&loss.unit, property, "wrong.service");
        let outcome = running.drift(&host);
        let [finding] = &outcome.findings[..] else { panic!("{property}: {:#?}", outcome.findings) };
        assert_eq!((finding.code, finding.subject.as_str()), ("property-differs", property.as_str()));
        assert!(finding.guardrails.contains(&loss.guardrail.id()), "{property}: {:?}", finding.guardrails);
    }
    assert!(!Guardrail::of_directive("ExecCondition").is_empty());
}

/// A manager's values may be secret; so may a drop-in's.
#[test]
fn no_value_of_a_variable_is_told() {
    let host = Host::with_units_in("etc");
    let mut running = Running::of(&host);
    running.environment += "APCA_API_SECRET_KEY=hunter2\n";
    running.set("execution.service", "Environment", "APCA_API_SECRET_KEY=hunter2");
    running.set("execution.service", "PassEnvironment", "APCA_API_SECRET_KEY");
    let outcome = running.drift(&host);
    assert!(outcome.findings.len() == 3 && !format!("{outcome:?}").contains("hunter2"), "{:#?}", outcome.findings);
}

/// A backup or a store that saves room links files; nobody replaced them.
#[test]
fn one_link_more_is_no_change_of_a_program() {
    use systemctl::Host as _;

    let program = env!("CARGO_BIN_EXE_unitgen");
    let this = ThisHost::default();
    let before = this.changed(program).unwrap();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::hard_link(program, folder.path().join("link")).unwrap();
    assert_eq!(this.changed(program), Some(before));
    let file = this.program(program).unwrap();
    assert!(file.is_file && file.file.1 & 0o001 == 1, "{file:?}");
    assert_eq!(this.program("/nowhere/at/all"), None);
}

#[test]
fn a_process_of_before_is_found() {
    let host = Host::with_units_in("etc");
    let mut running = Running::of(&host);
    running.set("execution.service", "MainPID", "7");
    running.set("execution.service", "ExecMainStartTimestamp", "@1000");
    running.host.changed.insert("/usr/lib/portcullis/bin/execution".to_owned(), 999);
    assert!(running.drift(&host).findings.is_empty());
    running.host.changed.insert("/usr/lib/portcullis/bin/execution".to_owned(), 1001);
    assert_eq!(running.drift(&host).findings[0].code, "process-outdated");
    running.host.executables.insert(7, "/usr/lib/portcullis/bin/execution (deleted)".to_owned());
    assert_eq!(running.drift(&host).findings[0].code, "process-outdated");
    running.host.executables.insert(7, "/opt/other".to_owned());
    assert_eq!(running.drift(&host).findings[0].code, "process-elsewhere");
}
