//! Random manifests: each is valid, renders into units that systemd's own checker takes and `verify` finds whole, and what is
//! predicted of them is what the manifest says. That systemd loads what is predicted is for booted hosts to show
//! (`tests/boot`).

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, process::Command};

use manifest::{Catalogue, Deployment, Role, Task, Work};
use proofs::random_manifest;
use unitgen::{
    Tree,
    installation::Installation,
    output,
    predict::{Expectation, predict},
    search_path, source, systemd,
    verify::{self, Expected},
};

const SEEDS: u64 = 200;

#[test]
fn a_random_manifest_is_valid_and_its_units_say_what_it_says() {
    let (mut words, mut variables) = (0, 0);
    for seed in 0..SEEDS {
        let (deployment, tree) = rendered(seed);
        let predicted = predict(&tree);
        let of = |unit: &str, property: &str| expectation(&predicted[unit], property).clone();
        for job in deployment.jobs() {
            let Work::Run(run) = job.work() else { continue };
            let unit = format!("{}.service", job.name());
            let path = format!("{}/{}", deployment.release().programs(), run.task().program());
            // A dollar is doubled until the command is run.
            let argv = std::iter::once(path.clone()).chain(run.args().iter().map(|arg| arg.replace('$', "$$")));
            let argv = argv.collect::<Vec<_>>().join(" ");
            assert_eq!(of(&unit, "ExecStart"), Expectation::Commands(vec![(path, argv)]), "seed {seed}");
            words += run.args().len();
        }
        for service in deployment.services() {
            let Expectation::Variables(found) = of(&format!("{}.service", service.name()), "Environment") else {
                panic!()
            };
            for variable in service.env() {
                assert_eq!(found.get(variable.name.get_ref()), Some(variable.value.get_ref()), "seed {seed}");
                variables += 1;
            }
        }
        for job in deployment.jobs().filter(|job| job.schedule().is_some()) {
            let schedule = job.schedule().map(manifest::Schedule::on_calendar).unwrap();
            // systemd shows all weekdays as none.
            let schedule = schedule.iter().map(|line| line.replace("Mon..Sun ", "")).collect();
            assert_eq!(of(&format!("{}.timer", job.name()), "TimersCalendar"), Expectation::Calendar(schedule));
        }
    }
    assert!(words > 800 && variables > 150, "{words} arguments and {variables} variables prove little");
}

#[test]
fn a_seed_makes_the_same_manifest_and_another_seed_another() {
    assert_eq!(random_manifest(7), random_manifest(7));
    let different: std::collections::BTreeSet<String> = (0..SEEDS).map(random_manifest).collect();
    assert_eq!(different.len(), usize::try_from(SEEDS).unwrap());
}

/// Nothing that a manifest can say is left out.
#[test]
fn every_task_role_and_kind_of_setting_comes_up() {
    let texts: Vec<String> = (0..SEEDS).map(random_manifest).collect();
    let deployments: Vec<Deployment> = (0..SEEDS).map(|seed| rendered(seed).0).collect();
    let services = || deployments.iter().flat_map(Deployment::services);
    let runs = || {
        deployments.iter().flat_map(Deployment::jobs).filter_map(|job| match job.work() {
            Work::Run(run) => Some(run),
            Work::Restart(_) => None,
        })
    };
    for task in Task::ALL {
        let count = services().filter(|service| service.task() == task).count()
            + runs().filter(|run| run.task() == task).count();
        assert!(count >= 5, "{task:?} comes up {count} times");
    }
    for role in Role::ALL {
        assert!(services().filter(|service| service.role() == role).count() >= 5, "{role:?}");
    }
    for key in ["after", "health", "public", "late_start", "timeout", "on_success", "env", "encrypted", "live"] {
        let line = format!("\n{key} = ");
        let table = format!(".{key}]");
        let count = texts.iter().filter(|text| text.contains(&line) || text.contains(&table)).count();
        assert!(count >= 5, "{key} comes up in {count}");
    }
    let zones: std::collections::BTreeSet<&str> =
        deployments.iter().map(|deployment| deployment.zone().name()).collect();
    assert!(zones.len() >= 5, "{zones:?}");
    for hostile in proofs::HOSTILE {
        let written = proofs::quoted(hostile);
        assert!(texts.iter().any(|text| text.contains(&written)), "{hostile:?}");
    }
}

/// Many deployments in one directory: none is in another's way, and each is found whole.
#[test]
fn fresh_renders_have_lost_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let trees: Vec<(Deployment, Tree)> = (0..20).map(rendered).collect();
    fs::create_dir(directory.path().join("multi-user.target.wants")).unwrap();
    for (deployment, tree) in &trees {
        let name = deployment.name().as_str();
        output::write(directory.path(), tree, name).unwrap();
        symlink(format!("../{name}.target"), directory.path().join(format!("multi-user.target.wants/{name}.target")))
            .unwrap();
    }
    let names = trees.iter().flat_map(|(_, tree)| tree.iter().map(|(path, _)| path.to_owned())).collect();
    let mut listing = search_path::read(&[directory.path().to_owned()], &names).unwrap();
    listing.deployments = trees.iter().map(|(deployment, _)| deployment.name().to_string()).collect();
    for (deployment, tree) in &trees {
        let deployment = deployment.name().as_str();
        let expected = Expected { deployment, installation: &Installation::SYSTEM, tree, enabled: true };
        let outcome = verify::verify(&expected, &listing);
        assert!(outcome.findings.is_empty(), "{:#?}", outcome.findings);
    }
}

/// systemd's own checker, over all of them at once; that the programs are not there is all it may say.
#[test]
fn systemd_takes_every_random_unit() {
    let directory = tempfile::tempdir().unwrap();
    let mut units = Vec::new();
    for seed in 0..40 {
        let (deployment, tree) = rendered(seed);
        output::write(directory.path(), &tree, deployment.name().as_str()).unwrap();
        let names = tree.iter().map(|(path, _)| path).filter(|path| !path.contains('/') && !path.ends_with(".toml"));
        units.extend(names.map(|name| directory.path().join(name)));
    }
    let run =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).env("SYSTEMD_COLORS", "0").output();
    let output = match run {
        Ok(output) => output,
        Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI has systemd-analyze");
            println!("skipped: needs systemd-analyze");
            return;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let strange: Vec<&str> =
        said.lines().filter(|line| !line.contains("is not executable") && !line.contains("No such file")).collect();
    assert_eq!(strange, Vec::<&str>::new());
}

/// The comparison can fail: each property of a unit, shown as something else, is noticed.
#[test]
fn a_property_that_is_shown_otherwise_is_noticed() {
    let (_, tree) = rendered(1);
    let mut seen = 0;
    for (unit, properties) in predict(&tree) {
        for (property, expect) in properties {
            let nothing_expected = expect.check(&[]).is_ok();
            let noticed = expect.check(&["{ path=/x ; argv[]=/x ; ignore_errors=no ; x }"]).is_err();
            let links = matches!(expect, Expectation::Units { .. });
            assert!(noticed || links, "{unit} {property} takes anything");
            seen += usize::from(!nothing_expected);
        }
    }
    assert!(seen > 200, "only {seen} properties say something");
}

fn expectation<'a>(properties: &'a [(String, Expectation)], name: &str) -> &'a Expectation {
    let by_name: BTreeMap<&str, &Expectation> =
        properties.iter().map(|(name, expect)| (name.as_str(), expect)).collect();
    by_name[name]
}

fn rendered(seed: u64) -> (Deployment, Tree) {
    let text = random_manifest(seed);
    let checked = source::check_with(text.as_bytes(), &Catalogue::planned());
    let checked = checked.unwrap_or_else(|problems| panic!("seed {seed}: {problems:#?}\n{text}"));
    let tree = systemd::render(&checked.deployment, text.as_bytes(), &checked.digest);
    (checked.deployment, tree)
}
