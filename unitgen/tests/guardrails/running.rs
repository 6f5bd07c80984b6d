//! A manager that has loaded exactly what is rendered, as `systemctl` would print it: made of the predictions, which guests of
//! both Debians are held against elsewhere. Tests change what it says.

use std::collections::BTreeMap;

use unitgen::{
    drift::{self, Drifted, Outcome, Report},
    guardrails::Guardrail,
    installation::Installation,
    predict::{Expectation, predict},
    systemctl::Recorded,
    verify::Expected,
};

use crate::{
    host::{Host, rendered},
    losses::losses,
};

const PLACE: &str = "/etc/systemd/system";
const MANAGER: &str = "LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/bin\n";

/// What a running manager says.
pub struct Running {
    /// By unit and property.
    pub units: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    pub environment: String,
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
        Self { units: units.collect(), environment: MANAGER.to_owned(), host: Recorded::default() }
    }

    pub fn set(&mut self, unit: &str, property: &str, value: &str) {
        self.units.get_mut(unit).unwrap().insert(property.to_owned(), vec![value.to_owned()]);
    }

    /// What `drift` makes of it and of a host's files.
    pub fn drift(&self, host: &Host) -> Outcome {
        let expected =
            Expected { deployment: "avwap", installation: &Installation::SYSTEM, tree: rendered(), enabled: true };
        let questions = drift::questions(&expected);
        let mut recorded = self.host.clone();
        let shown = questions.units.iter().filter_map(|unit| self.units.get(unit)).map(|properties| {
            let lines =
                properties.iter().flat_map(|(name, lines)| lines.iter().map(move |line| format!("{name}={line}\n")));
            lines.collect::<String>()
        });
        recorded.answers.insert("show".to_owned(), Ok(shown.collect::<Vec<_>>().join("\n")));
        recorded.answers.insert("show-environment".to_owned(), Ok(self.environment.clone()));
        let answers = drift::ask(&recorded, &questions).unwrap();
        drift::drift(&expected, &host.listing(), &questions, &answers)
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
        Expectation::Words(words) => vec![words.iter().cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Units { ours, others, .. } => vec![ours.union(others).cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Among { with, .. } => vec![with.join(" ")],
        Expectation::Commands(commands) => commands
            .iter()
            .map(|(path, argv)| {
                format!("{{ path={path} ; argv[]={argv} ; ignore_errors=no ; start_time=[n/a] ; pid=0 }}")
            })
            .collect(),
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
    let changes: [(&str, Change, &str); 12] = [
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
