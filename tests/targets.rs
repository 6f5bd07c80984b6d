//! Targets that run containers, judged on what comes of them: the words that podman is given, by podman's own generator and
//! by systemd's own parser; and the guardrails of every target against those of target `systemd`.
//!
//! Needs podman's generator (`tests/quadlet/generator`), `systemd-analyze` and nix, each where it says so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "targets/host.rs"]
mod host;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use host::{Host, generator, write};
use manifest::Catalogue;
use proofs::HOSTILE;
use unitgen::{
    guardrails::{self, Guardrail, Units, Verdict},
    source, systemd,
    targets::{self, Target, run::Run},
};

const AVWAP: &str = include_str!("../manifests/avwap.toml");
const TRADERUNNER: &str = include_str!("../manifests/traderunner.toml");

/// What target `quadlet` refuses; see below for why.
const REFUSED_BY_QUADLET: [&str; 2] = ["", ";"];

/// Every argument of the manifest reaches the program as it was typed, behind the image, and podman gets no option of it.
#[test]
fn hostile_arguments_reach_the_program_and_never_podman() {
    for target in [Target::PodmanUnits, Target::Quadlet] {
        let hostile: Vec<&str> = HOSTILE
            .into_iter()
            .filter(|arg| target == Target::PodmanUnits || !REFUSED_BY_QUADLET.contains(arg))
            .collect();
        let quoted: Vec<String> = hostile.iter().map(|arg| proofs::quoted(arg)).collect();
        // Of a program to come: what a job may say to a released one is a closed list.
        let fetch = "[jobs.fetch]\nprogram = \"marketdata\"\nschedule = \"Mon..Fri 17:00\"\nargs = [\"fetch\"]\n";
        let plain = format!("{}\n{fetch}", in_containers("5.4", 257));
        let manifest = plain.replacen("[\"fetch\"]", &format!("[\"fetch\", {}]", quoted.join(", ")), 1);
        let (Some(hostile_host), Some(plain)) = (Host::of(target, &manifest), Host::of(target, &plain)) else { return };
        let (Some(words), Some(plain)) = (hostile_host.words("fetch.service"), plain.words("fetch.service")) else {
            return;
        };
        let (run, plain) = (Run::read(&words).unwrap(), Run::read(&plain).unwrap());
        assert_eq!(run.args[0], "fetch");
        assert_eq!(run.args[1..], hostile, "{target:?}");
        assert_eq!((sorted(&run.options), run.image), (sorted(&plain.options), plain.image), "{target:?}");
    }
}

/// Why target `quadlet` refuses two arguments: what the generator makes of them, quoted as they should be.
#[test]
fn what_podmans_generator_makes_of_the_arguments_that_are_refused() {
    let Some(generator) = generator() else { return };
    for (argument, expect) in [("\"\"", "/program first"), ("\";\"", "/program first ; /bin/sh")] {
        let place = tempfile::tempdir().unwrap();
        let text = format!("[Container]\nImage=x.example/x\nExec=/program first {argument} /bin/sh\n");
        fs::write(place.path().join("x.container"), text).unwrap();
        let output = Command::new(&generator).arg("-dryrun").env("QUADLET_UNIT_DIRS", place.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let start = said.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
        assert!(
            start.ends_with(&format!("x.example/x {expect}")),
            "it does better now, then accept {argument}: {start}"
        );
    }
}

/// Settings go to the unit, where nothing is podman's: the words are the same whatever a value holds.
#[test]
fn hostile_settings_are_no_words_of_podmans() {
    let value = "--privileged %n ${PATH} 'q' ;#\\\\";
    let hostile = in_containers("5.4", 257).replacen(
        "EXECUTION_POLL_SECONDS = \"60\"",
        &format!("ALLOWLIST_SYMBOLS = \"{value}\""),
        1,
    );
    let plain = in_containers("5.4", 257).replacen("EXECUTION_POLL_SECONDS", "ALLOWLIST_SYMBOLS", 1);
    for target in [Target::PodmanUnits, Target::Quadlet] {
        let (Some(hostile), Some(plain)) = (Host::unchecked(target, &hostile), Host::unchecked(target, &plain)) else {
            return;
        };
        let (Some(with), Some(without)) = (hostile.words("execution.service"), plain.words("execution.service")) else {
            return;
        };
        let (with, without) = (Run::read(&with).unwrap(), Run::read(&without).unwrap());
        assert_eq!(sorted(&with.options), sorted(&without.options), "{target:?}");
        assert_eq!((with.image, with.args), (without.image, without.args), "{target:?}");
        let dump = hostile.loaded("execution.service").unwrap();
        let said = dump.iter().find_map(|line| line.trim().strip_prefix("Environment: ALLOWLIST_SYMBOLS=")).unwrap();
        assert_eq!(said, value.replace("\\\\", "\\"), "{target:?}");
    }
}

/// Our units for a podman without a generator give it the words that the generator of another gives it, and the units are the
/// same otherwise, but for what the generator adds.
#[test]
fn both_targets_of_podman_give_it_the_same_words() {
    for manifest in [in_containers("5.4", 257), contained(TRADERUNNER, "5.4", 257)] {
        same_words(&manifest);
    }
}

fn same_words(manifest: &str) {
    let (Some(ours), Some(its)) = (Host::of(Target::PodmanUnits, manifest), Host::of(Target::Quadlet, manifest)) else {
        return;
    };
    assert!(ours.programs().len() >= 3 && ours.programs() == its.programs());
    for unit in ours.programs() {
        let unit = unit.as_str();
        let (Some(our), Some(its_words)) = (ours.words(unit), its.words(unit)) else { return };
        let (our_run, its_run) = (Run::read(&our).unwrap(), Run::read(&its_words).unwrap());
        assert_eq!((&our_run.image, &our_run.args), (&its_run.image, &its_run.args), "{unit}");
        assert_eq!(sorted(&our_run.options), sorted(&its_run.options), "{unit}");
        assert_eq!(our_run.options.len(), its_run.options.len(), "{unit}");
        let rest = |host: &Host| {
            let lines = host.directives(unit).into_iter();
            // Where it came from, and what stood in sections that systemd passes over.
            let of_generator = ["X-Container", "X-Quadlet"];
            let kept = lines.filter(|(section, key, _)| {
                !of_generator.contains(&section.as_str()) && key != "SourcePath" && key != "ExecStart"
            });
            kept.filter(|(_, key, value)| key != "RequiresMountsFor" || !value.starts_with("/etc/"))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(rest(&ours), rest(&its), "{unit}");
    }
}

/// Each guardrail of target `systemd` is found in every target, or in the closed list of what the render says it cannot hold.
#[test]
fn every_target_holds_the_guardrails_or_says_that_it_cannot() {
    for (target, manifest, lost) in [
        (Target::PodmanUnits, in_containers("4.3", 252), &[Guardrail::CallsFiltered, Guardrail::NetworkBounded][..]),
        (Target::PodmanUnits, in_containers("5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, in_containers("5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, in_containers("4.6", 257), &[Guardrail::CallsFiltered][..]),
        (Target::PodmanUnits, contained(TRADERUNNER, "5.4", 257), &[Guardrail::CallsFiltered][..]),
        (Target::Quadlet, contained(TRADERUNNER, "5.4", 257), &[Guardrail::CallsFiltered][..]),
    ] {
        let native = held_natively(&manifest);
        assert!(native.len() > 50, "{native:?}");
        let Some(host) = Host::of(target, &manifest) else { return };
        let held = host.held(&native, manifest.contains("systemd = 257"));
        let missing: Vec<_> = native.iter().filter(|entry| !held.contains(entry) && !lost.contains(&entry.1)).collect();
        assert!(missing.is_empty(), "{target:?} does not hold {missing:?}");
        let said: BTreeSet<Guardrail> = host
            .notes
            .iter()
            .filter_map(|note| if let targets::Note::Loses { guardrail, .. } = note { Some(*guardrail) } else { None })
            .collect();
        assert_eq!(said, lost.iter().copied().collect(), "{target:?}: what the render says");
        let really: BTreeSet<Guardrail> =
            native.iter().filter(|entry| !held.contains(entry)).map(|(_, guardrail)| *guardrail).collect();
        assert_eq!(really, said, "{target:?}: it says so of what it holds");
    }
}

/// The judge can say no: each edit of the words loses what it should.
#[test]
fn a_container_that_was_opened_holds_less() {
    let Some(host) = Host::of(Target::PodmanUnits, &in_containers("5.4", 257)) else { return };
    let Some(words) = host.words("execution.service") else { return };
    let line = words.join("\u{0}");
    let lost = |edited: &str| -> BTreeSet<Guardrail> {
        let words: Vec<String> = edited.split('\u{0}').map(str::to_owned).collect();
        let verdicts = Run::read(&words).unwrap().judge(true, true);
        verdicts
            .into_iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Lost(_)))
            .map(|(guardrail, _)| guardrail)
            .collect()
    };
    let always = BTreeSet::from([Guardrail::CallsFiltered]);
    assert_eq!(lost(&line), always);
    for (with, without, guardrail) in [
        ("--cap-drop=all", "--cap-add=SYS_ADMIN", Guardrail::Unprivileged),
        ("--user=trading:trading", "--user=root", Guardrail::Unprivileged),
        ("--security-opt=no-new-privileges", "--privileged", Guardrail::KernelShielded),
        ("--read-only\u{0}", "", Guardrail::ReadOnlySystem),
        ("--read-only-tmpfs=false", "--read-only-tmpfs=true", Guardrail::ReadOnlySystem),
        ("--rm", "--rm\u{0}--pid=host", Guardrail::ProcessesApart),
        ("--rm", "--rm\u{0}-v\u{0}/:/host", Guardrail::OwnPrograms),
        ("--image-volume=ignore\u{0}", "", Guardrail::OwnPrograms),
        ("@sha256:", ":latest-", Guardrail::OwnPrograms),
        ("--network=host", "--network=host\u{0}-p\u{0}80:80", Guardrail::NetworkBounded),
        ("--network=host", "--network=bridge", Guardrail::NetworkBounded),
        ("--umask=0077", "--umask=0022", Guardrail::PrivateFiles),
        ("/portcullis:rw", "/portcullis:ro", Guardrail::AccountLock),
    ] {
        assert!(line.contains(with), "{with}");
        let lost = lost(&line.replacen(with, without, 1));
        assert!(lost.contains(&guardrail) && lost.len() > always.len(), "{with} -> {without:?}: {lost:?}");
    }
}

/// The module of NixOS has the units of target `systemd`, byte for byte, with the programs where its importer says.
#[test]
fn nixos_gets_the_units_of_systemd_byte_for_byte() {
    if !proofs::has_nix() {
        return;
    }
    for text in [
        AVWAP.to_owned(),
        AVWAP.replacen(
            "args = [\"scan\"]",
            "args = [\"scan\", \"--bars\", \"${x} ''\\\\ $${y}\", \"--universe=''${z}\"]",
            1,
        ),
    ] {
        let accepted = manifest::read(text.as_bytes()).unwrap();
        let place = tempfile::tempdir().unwrap();
        let module = targets::render(Target::Nixos, &accepted.deployment, text.as_bytes(), "sha256:00ff").unwrap().tree;
        write(place.path(), &module);
        for programs in ["/usr/lib/portcullis/bin", "/nix/store/0abc-portcullis/bin"] {
            let release = manifest::Release::at(programs).unwrap();
            let expect =
                systemd::render(&accepted.deployment.clone().with_release(release), text.as_bytes(), "sha256:00ff");
            let units = evaluated(place.path(), programs);
            let names: Vec<&str> = expect
                .iter()
                .map(|(path, _)| path)
                .filter(|path| !path.contains('/') && !path.ends_with(".toml"))
                .collect();
            assert_eq!(units.keys().map(String::as_str).collect::<Vec<_>>(), names);
            for name in names {
                assert_eq!(units[name]["text"].as_str().unwrap().as_bytes(), expect.get(name).unwrap(), "{name}");
            }
            assert_eq!(units["avwap.target"]["wantedBy"], serde_json::json!(["multi-user.target"]));
        }
    }
}

/// The generator keeps its options in a map: their order is another at each run, and means nothing.
fn sorted(options: &[(String, String)]) -> Vec<(String, String)> {
    let mut options = options.to_vec();
    options.sort();
    options
}

fn evaluated(place: &Path, programs: &str) -> BTreeMap<String, serde_json::Value> {
    let expression =
        format!("((import {}/avwap.nix) {{ programs = \"{programs}\"; }} {{ }}).systemd.units", place.display());
    let output = Command::new("nix-instantiate")
        .args(["--eval", "--strict", "--json", "--expr", &expression])
        .env("NIX_STATE_DIR", place.join("var"))
        .env("NIX_STORE_DIR", place.join("store"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn held_natively(manifest: &str) -> BTreeSet<(String, Guardrail)> {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    guardrails::held(&Units::of_tree(&tree))
}

/// The shipped manifest for a host that runs containers.
fn in_containers(podman: &str, systemd: u16) -> String {
    contained(AVWAP, podman, systemd)
}

/// A manifest for a host that runs containers.
fn contained(manifest: &str, podman: &str, systemd: u16) -> String {
    let image = format!("registry.example/portcullis@sha256:{}", "0123456789abcdef".repeat(4));
    let table = if manifest.contains("\n[release]\n") { "\n[release]\n" } else { "\n[release]\n\n[identity]\n" };
    let before = if manifest.contains("\n[release]\n") { "\n[release]\n" } else { "\n[identity]\n" };
    let table = table.replacen("[release]\n", &format!("[release]\nimage = \"{image}\"\n"), 1);
    let text = manifest.replacen("systemd = 252", &format!("podman = \"{podman}\"\nsystemd = {systemd}"), 1);
    assert!(text.contains(before), "the manifest says who runs it");
    text.replacen(before, &table, 1)
}
