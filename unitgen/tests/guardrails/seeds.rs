//! Units of others: what documents of the systems before this one install, and what they hold of it.

use std::{collections::BTreeSet, fs};

use unitgen::{
    Tree,
    guardrails::{Enablement, Guardrail, Manager, Units, Verdict, held, judge},
    search_path,
};

fn units(files: &[(&str, &str)]) -> Units {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.add(*path, text.as_bytes());
    }
    Units::of_tree(&tree)
}

fn why(units: &Units, unit: &str, guardrail: Guardrail) -> Option<String> {
    match judge(units, unit).remove(&guardrail) {
        Some(Verdict::Lost(why)) => Some(why),
        Some(Verdict::Held(_)) | None => None,
    }
}

#[test]
fn gates_that_are_none() {
    let service = |text: &str| format!("[Unit]\n{text}\n[Service]\nType=simple\nExecStart=/opt/session\n");
    let preflight = "[Service]\nType=oneshot\nExecStart=/opt/preflight\n";
    let skipped = "[Service]\nType=oneshot\nExecCondition=/opt/may\nExecStart=/opt/preflight\n";
    for (unit, gate, expect) in [
        (service("Requires=p.service\nAfter=p.service"), preflight, None),
        (service("Requires=p.service"), preflight, Some("without After=")),
        (service("Requires=p.service\nAfter=p.service"), skipped, Some("takes a skip of p.service for success")),
        (service("BindsTo=p.service\nAfter=p.service"), skipped, None),
        (service("Requisite=p.service\nAfter=p.service"), skipped, None),
        (service("BindsTo=p.service"), preflight, Some("without After=")),
    ] {
        let units = units(&[("s.service", &unit), ("p.service", gate)]);
        let said = why(&units, "s.service", Guardrail::Gate);
        match expect {
            None => assert!(held(&units).contains(&("s.service".to_owned(), Guardrail::Gate)), "{unit}: {said:?}"),
            Some(part) => assert!(said.as_ref().is_some_and(|why| why.contains(part)), "{unit}: {said:?}"),
        }
    }
    let only_wanted = units(&[("s.service", &service("Wants=p.service\nAfter=p.service")), ("p.service", preflight)]);
    assert!(!held(&only_wanted).iter().any(|(_, guardrail)| *guardrail == Guardrail::Gate));
}

#[test]
fn a_gate_before_the_start_is_run_again_by_every_restart() {
    let units = units(&[(
        "execution.service",
        "[Service]\nExecStartPre=/opt/check_watchlist_today.sh\nExecStart=/opt/run\nRestart=on-failure\nRestartPreventExitStatus=1\n",
    )]);
    let said = why(&units, "execution.service", Guardrail::RefusalFinal).unwrap();
    assert!(said.contains("check_watchlist_today.sh refuses"), "{said}");
    assert!(held(&units).contains(&("execution.service".to_owned(), Guardrail::Gate)));
}

#[test]
fn jobs_that_a_login_or_a_report_starts() {
    let job = "[Service]\nType=oneshot\nExecStart=/bin/bash -lc x\n[Install]\nWantedBy=default.target\n";
    let timer = "[Unit]\nRequires=paper-trading.service\n[Timer]\nOnCalendar=Mon..Fri 08:00\nPersistent=true\n[Install]\nWantedBy=timers.target\n";
    let units = units(&[("paper-trading.service", job), ("paper-trading.timer", timer)]);
    let said = why(&units, "paper-trading.service", Guardrail::SingleStart).unwrap();
    assert!(said.contains("default.target"), "{said}");
    for guardrail in [Guardrail::Zone, Guardrail::Punctual, Guardrail::LateStart] {
        assert!(why(&units, "paper-trading.timer", guardrail).is_some(), "{guardrail:?}");
    }
    let held: BTreeSet<Guardrail> = held(&units).into_iter().map(|(_, guardrail)| guardrail).collect();
    assert!(held.contains(&Guardrail::StartsAtBoot));
    for lost in [Guardrail::BoundedRun, Guardrail::Alert, Guardrail::OwnPrograms, Guardrail::Unprivileged] {
        assert!(!held.contains(&lost), "{lost:?}");
    }
}

#[test]
fn a_worker_that_falls_with_its_neighbour_and_secrets_that_everybody_reads() {
    let worker =
        "[Unit]\nAfter=api.service\nRequires=api.service\n[Service]\nEnvironmentFile=/opt/.env\nExecStart=/opt/w\n";
    let dashboard = "[Service]\nEnvironment=DASHBOARD_USER=admin DASHBOARD_PASSWORD=admin\nExecStart=/opt/d\n";
    let api = "[Service]\nType=simple\nExecStart=/opt/a\n";
    let units = units(&[("worker.service", worker), ("dashboard.service", dashboard), ("api.service", api)]);
    assert_eq!(why(&units, "worker.service", Guardrail::StandsAlone).unwrap(), "Requires=api.service");
    assert!(why(&units, "worker.service", Guardrail::NoSecretInEnvironment).unwrap().contains("EnvironmentFile="));
    let said = why(&units, "dashboard.service", Guardrail::NoSecretInEnvironment).unwrap();
    assert!(said.contains("DASHBOARD_PASSWORD") && !said.contains("=admin"), "{said}");
    assert!(
        why(&units, "worker.service", Guardrail::Gate).is_none()
            && why(&units, "worker.service", Guardrail::ComesBack).is_some()
    );
}

/// What every shipped deployment renders holds whatever is its business; what a login's manager cannot hold is known.
#[test]
fn what_is_rendered_loses_nothing() {
    let mut lost = BTreeSet::new();
    let mut seen = 0;
    for entry in fs::read_dir("../tests/rendered").unwrap() {
        let directory = entry.unwrap().path();
        let listing = search_path::read(std::slice::from_ref(&directory), &BTreeSet::new()).unwrap();
        let units = Units::of_listing(&listing, Enablement::AsSaid);
        let of_login = units.iter().any(|unit| unit.value("Install", "WantedBy") == "default.target");
        let units = units.for_manager(if of_login { Manager::User } else { Manager::System });
        for name in units.names() {
            seen += 1;
            let verdicts = judge(&units, name).into_iter();
            lost.extend(verdicts.filter_map(|(guardrail, verdict)| match verdict {
                Verdict::Lost(why) => {
                    Some(format!("{} {name} {}: {why}", directory.file_name()?.to_string_lossy(), guardrail.id()))
                }
                Verdict::Held(_) => None,
            }));
        }
    }
    assert!(lost.is_empty(), "{}", lost.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(seen > 7, "{seen}");
}
