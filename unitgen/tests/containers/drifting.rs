//! What systemd has loaded of units that run podman, as a recorded host says it.

use std::collections::BTreeMap;

use unitgen::{
    drift::{self, Outcome},
    installation::Installation,
    predict::{Expectation, predict},
    systemctl::{self, ProgramFile, Recorded, Systemctl},
    targets::Target,
    verify::Expected,
};

use super::place::{GENERATED, Host, UNITS};

/// A host on which all is as it should be, and what `systemctl show` says of it.
struct Running {
    host: Host,
    shown: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    recorded: Recorded,
}

impl Running {
    fn of(target: Target) -> Self {
        let host = Host::of(target);
        let mut shown = BTreeMap::new();
        for (unit, properties) in predict(&host.loaded) {
            let mut said: BTreeMap<String, Vec<String>> =
                properties.into_iter().map(|(name, expect)| (name, lines(&expect))).collect();
            let is_made =
                target == Target::Quadlet && host.listing.named(&unit).any(|(path, _)| path.starts_with(GENERATED));
            let folder = if is_made { GENERATED } else { UNITS };
            said.insert("FragmentPath".to_owned(), vec![format!("{folder}/{unit}")]);
            said.insert("ActiveState".to_owned(), vec!["active".to_owned()]);
            said.insert("NeedDaemonReload".to_owned(), vec!["no".to_owned()]);
            said.insert("MainPID".to_owned(), vec!["0".to_owned()]);
            shown.insert(unit, said);
        }
        for slice in ["system.slice", "-.slice"] {
            let said = [("Id", slice), ("LoadState", "loaded"), ("TasksMax", "infinity"), ("NeedDaemonReload", "no")];
            let said = said.map(|(name, value)| (name.to_owned(), vec![value.to_owned()]));
            shown.insert(slice.to_owned(), BTreeMap::from(said));
        }
        Self { host, shown, recorded: Recorded::default() }
    }

    fn set(&mut self, property: &str, from: &str, to: &str) {
        let said = self.shown.get_mut("execution.service").unwrap().get_mut(property).unwrap();
        assert!(said.iter().any(|line| line.contains(from)), "{property} has no {from}: {said:?}");
        said.iter_mut().for_each(|line| *line = line.replacen(from, to, 1));
    }

    fn drift(&self) -> Outcome {
        let expected = Expected {
            deployment: "avwap",
            installation: &Installation::SYSTEM,
            tree: &self.host.loaded,
            enabled: true,
        };
        let questions = drift::questions(&expected);
        let answers = drift::ask(self, &questions).unwrap();
        drift::drift(&expected, &self.host.listing, &questions, &answers)
    }

    fn codes(&self) -> Vec<String> {
        self.drift().findings.iter().map(|found| format!("{} {}", found.code, found.subject)).collect()
    }
}

impl Systemctl for Running {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        if arguments[0] == "show-environment" {
            return Ok(String::new());
        }
        let units = arguments.iter().skip_while(|word| **word != "--").skip(1);
        let blocks = units.map(|unit| {
            let lines = self.shown[*unit].iter();
            lines.flat_map(|(name, lines)| lines.iter().map(move |line| format!("{name}={line}\n"))).collect::<String>()
        });
        let blocks: Vec<String> = blocks.collect();
        Ok(if blocks.is_empty() { "UserspaceTimestamp=@1000\n".to_owned() } else { blocks.join("\n") })
    }
}

impl systemctl::Host for Running {
    fn executable(&self, pid: u32) -> Option<String> {
        self.recorded.executable(pid)
    }

    fn resolved(&self, path: &str) -> Option<String> {
        self.recorded.resolved(path)
    }

    fn changed(&self, path: &str) -> Option<i64> {
        self.recorded.changed(path)
    }

    fn program(&self, path: &str) -> Option<ProgramFile> {
        self.recorded.program(path)
    }

    fn now(&self) -> Option<i64> {
        self.recorded.now()
    }
}

/// As `systemctl show` prints what is expected.
fn lines(expect: &Expectation) -> Vec<String> {
    let shown = |path: &str, argv: &str| match path.strip_prefix('-') {
        Some(path) => format!("{{ path={path} ; argv[]={argv} ; ignore_errors=yes ; pid=0 }}"),
        None => format!("{{ path={path} ; argv[]={argv} ; ignore_errors=no ; pid=0 }}"),
    };
    match expect {
        Expectation::Text(text) => vec![text.clone()],
        Expectation::OfManager { usual, .. } => vec![(*usual).to_owned()],
        Expectation::AtLeast(least) => vec![least.to_string()],
        Expectation::Words(words) => vec![words.iter().cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Units { ours, others, .. } => vec![ours.union(others).cloned().collect::<Vec<_>>().join(" ")],
        Expectation::Among { with, .. } => vec![with.join(" ")],
        Expectation::Commands(all) => all.iter().map(|(path, argv)| shown(path, argv)).collect(),
        Expectation::Container(argv) => vec![shown("/usr/bin/podman", argv)],
        Expectation::Variables(all) => {
            vec![all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")]
        }
        Expectation::Calendar(all) => {
            all.iter().map(|one| format!("{{ OnCalendar={one} ; next_elapse=n/a }}")).collect()
        }
    }
}

#[test]
fn what_is_loaded_as_predicted_has_not_drifted() {
    for target in [Target::Quadlet, Target::PodmanUnits] {
        let outcome = Running::of(target).drift();
        assert_eq!(outcome.findings, [], "{target:?}");
        assert!(outcome.compared > 300, "{} properties prove little", outcome.compared);
    }
}

/// Nothing of these shows in a file.
#[test]
fn what_systemd_has_loaded_otherwise_is_found() {
    let changes: [(&str, &str, &str, &str); 8] = [
        ("ExecStart", "--cap-drop=all", "--privileged", "property-differs ExecStart"),
        ("ExecStart", "--read-only ", "", "property-differs ExecStart"),
        ("ExecStart", " run ;", " run --live ;", "property-differs ExecStart"),
        ("ExecStartPre", "ignore_errors=yes", "ignore_errors=no", "property-differs ExecStartPre"),
        ("ExecStop", "/usr/bin/podman", "/usr/bin/true", "property-differs ExecStop"),
        ("KillMode", "mixed", "process", "property-differs KillMode"),
        ("FragmentPath", "/run/systemd/generator", "/etc/systemd/system", "loaded-elsewhere FragmentPath"),
        ("NeedDaemonReload", "no", "yes", "reload-needed "),
    ];
    for (property, from, to, expect) in changes {
        let mut running = Running::of(Target::Quadlet);
        running.set(property, from, to);
        assert_eq!(running.codes(), [expect], "{property}: {from} -> {to}");
    }
    // The order of a container's options means nothing.
    let mut running = Running::of(Target::Quadlet);
    running.set("ExecStart", "--cap-drop=all --read-only", "--read-only --cap-drop=all");
    assert_eq!(running.codes(), Vec::<String>::new());
}

/// systemd's main process is conmon, which podman left behind.
#[test]
fn conmon_is_the_process_of_a_container() {
    for (runs, expect) in [
        ("/usr/bin/conmon", vec![]),
        ("/usr/bin/conmon (deleted)", vec!["process-outdated /usr/bin/conmon"]),
        ("/usr/bin/podman", vec!["process-elsewhere /usr/bin/conmon"]),
        ("/usr/lib/portcullis/bin/execution", vec!["process-elsewhere /usr/bin/conmon"]),
    ] {
        let mut running = Running::of(Target::Quadlet);
        running.shown.get_mut("execution.service").unwrap().insert("MainPID".to_owned(), vec!["7".to_owned()]);
        running.recorded.executables.insert(7, runs.to_owned());
        running.recorded.changed.insert("/usr/bin/conmon".to_owned(), 1);
        assert_eq!(running.codes(), expect, "{runs}");
    }
}
