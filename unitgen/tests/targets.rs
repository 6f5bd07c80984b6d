//! Targets: committed renders, what each refuses and notes, and the version that every line came with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use manifest::Catalogue;
use unitgen::{
    Tree, output, source, systemd,
    targets::{self, Means, Note, Refused, Rendered, Target, matrix},
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");
const TRADERUNNER: &str = include_str!("../../manifests/traderunner.toml");
const OF_A_LOGIN: [&str; 2] =
    [include_str!("../../manifests/aurora-paper.toml"), include_str!("../../manifests/aurora-session.toml")];

/// The committed files show in a review what a change of manifest, policy or target changes in them.
#[test]
fn the_committed_files_are_what_the_manifest_renders() {
    for (target, deployment, manifest) in [
        (Target::Nixos, "avwap", AVWAP.to_owned()),
        (Target::Quadlet, "avwap", in_containers("5.4", 257)),
        (Target::PodmanUnits, "avwap", in_containers("4.3", 252)),
        (Target::Nixos, "traderunner", TRADERUNNER.to_owned()),
        (Target::Quadlet, "traderunner", contained(TRADERUNNER, "5.4", 257)),
        (Target::PodmanUnits, "traderunner", contained(TRADERUNNER, "4.3", 252)),
    ] {
        let name = target.as_str();
        let committed = workspace().join("tests/rendered").join(name).join(deployment);
        let tree = rendered(target, &manifest).unwrap().tree;
        if renews() {
            output::write(&committed, &tree, deployment).unwrap();
            continue;
        }
        let changes = output::compare(&committed, &tree, deployment).unwrap();
        assert!(
            changes.is_empty(),
            "look at the changes, then renew them with UPDATE=1 and this test\n{name}: {changes:#?}"
        );
    }
}

/// With `--replace` the second to start would end the first, and what it holds would have no manager.
#[test]
fn two_deployments_of_a_host_never_mean_one_container() {
    let one = in_containers("5.4", 257)
        .replace("name = \"avwap\"", "name = \"desk\"")
        .replace("execution", "avwap-execution");
    let one = one.replace("program = \"avwap-execution\"", "program = \"execution\"");
    let two = in_containers("5.4", 257).replace("name = \"avwap\"", "name = \"desk-avwap\"");
    let name = |manifest: &str, file: &str| {
        let tree = rendered(Target::Quadlet, manifest).unwrap().tree;
        let text = String::from_utf8(tree.get(file).unwrap().to_vec()).unwrap();
        text.lines().find_map(|line| line.strip_prefix("ContainerName=").map(str::to_owned)).unwrap()
    };
    assert_eq!(name(&one, "containers/systemd/avwap-execution.container"), "desk.avwap-execution");
    assert_eq!(name(&two, "containers/systemd/execution.container"), "desk-avwap.execution");
}

#[test]
fn every_line_of_every_target_has_a_version() {
    for (target, manifest) in [
        (Target::Systemd, AVWAP.to_owned()),
        (Target::Systemd, live_and_encrypted(AVWAP)),
        (Target::Quadlet, live_and_encrypted(&in_containers("5.4", 252))),
        (Target::Quadlet, live_and_encrypted(&in_containers("4.6", 252))),
        (Target::PodmanUnits, live_and_encrypted(&in_containers("4.3", 252))),
        (Target::Systemd, TRADERUNNER.to_owned()),
        (Target::Systemd, OF_A_LOGIN[0].to_owned()),
        (Target::Systemd, OF_A_LOGIN[1].to_owned()),
        (Target::Quadlet, contained(TRADERUNNER, "5.4", 252)),
        (Target::PodmanUnits, contained(TRADERUNNER, "4.3", 252)),
    ] {
        let tree = rendered(target, &manifest).unwrap().tree;
        assert_eq!(matrix::unknown(&tree), [], "{target:?}: add them to unitgen/src/targets/matrix/rows.rs");
    }
    // Quadlet hides its options behind keys; the words are those of podman-units.
    let strange = tree_of(
        "x.service",
        "[Service]\nExecStart=/usr/bin/podman run --mystery=1 -d r.example/x@sha256:0 --args\nMystery=1\n",
    );
    let unknown: Vec<String> =
        matrix::unknown(&strange).into_iter().map(|(section, _, name)| format!("{section} {name}")).collect();
    assert_eq!(unknown, ["Service Mystery", "podman run --mystery"]);
}

#[test]
fn what_the_declared_host_would_ignore_is_found() {
    let checked = source::check(in_containers("4.6", 252).as_bytes()).unwrap();
    let host = checked.deployment.host();
    for (file, text, expect) in [
        ("x.service", "[Service]\nExecCondition=/bin/true\n", None),
        ("x.service", "# RestartMode=direct\n[Service]\n", None),
        ("x.container", "[Container]\nPull=never\n", None),
        (
            "x.container",
            "[Container]\nStopTimeout=60\n",
            Some("x.container: StopTimeout came with podman 5.0, and [host] names an older one, which would ignore it"),
        ),
        (
            "x.container",
            "[Quadlet]\nDefaultDependencies=false\n",
            Some(
                "x.container: DefaultDependencies came with podman 5.3, and [host] names an older one, which would ignore it",
            ),
        ),
    ] {
        let ignored = matrix::ignored(&tree_of(file, text), host);
        assert_eq!(ignored.first().map(ToString::to_string).as_deref(), expect, "{text}");
    }
}

/// A key that came later is replaced by its option and said so; none that the host would ignore is left, whatever its version.
#[test]
fn an_older_generator_gets_options_in_place_of_keys() {
    let newest = rendered(Target::Quadlet, &in_containers("5.4", 257)).unwrap();
    assert!(!newest.notes.iter().any(|note| matches!(note, Note::Replaced { .. } | Note::WaitsForNetwork)));
    for (podman, replaced, waits) in [
        ("5.3", &[][..], false),
        ("5.1", &["StopSignal"][..], true),
        ("4.8", &["Entrypoint", "StopSignal", "StopTimeout", "Ulimit"][..], true),
        ("4.6", &["Entrypoint", "ReadOnlyTmpfs", "StopSignal", "StopTimeout", "Ulimit"][..], true),
    ] {
        let Rendered { tree, notes } = rendered(Target::Quadlet, &in_containers(podman, 257)).unwrap();
        let keys: BTreeSet<&str> = notes
            .iter()
            .filter_map(|note| if let Note::Replaced { key, .. } = note { Some(*key) } else { None })
            .collect();
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), replaced, "podman {podman}");
        assert_eq!(notes.contains(&Note::WaitsForNetwork), waits, "podman {podman}");
        let execution = text(&tree, "containers/systemd/execution.container");
        for key in replaced {
            assert!(!execution.contains(&format!("\n{key}=")), "podman {podman} gets {key}=");
        }
        assert_eq!(
            execution.contains("\nPodmanArgs=--stop-timeout=60\n"),
            replaced.contains(&"StopTimeout"),
            "podman {podman}"
        );
    }
}

#[test]
fn what_a_target_cannot_run_is_refused_with_what_to_do() {
    let fetch = "[jobs.fetch]\nprogram = \"marketdata\"\nargs = [\"fetch\", \"\"]\nschedule = \"Mon..Fri 17:00\"\n";
    let empty = format!("{}\n{fetch}", in_containers("5.4", 257));
    let separated = in_containers("5.4", 257).replacen("args = [\"scan\"]", "args = [\"scan\", \"--bars\", \";\"]", 1);
    let store = AVWAP.replacen("/usr/lib/portcullis/bin", "/nix/store/0-portcullis/bin", 1);
    for (target, manifest, expect, hint) in [
        (Target::Quadlet, in_containers("4.3", 252), "podman 4.3 has no generator", "podman-units"),
        (Target::Quadlet, in_containers("4.5", 252), "podman 4.5 has no generator", "podman-units"),
        (Target::Quadlet, AVWAP.to_owned(), "names no image", "image ="),
        (Target::PodmanUnits, AVWAP.to_owned(), "names no image", "image ="),
        (Target::Quadlet, empty.clone(), "fetch has an empty argument", "podman-units"),
        (Target::Quadlet, separated, "scan has the argument `;`", "podman-units"),
        (Target::Nixos, store, "lies in the Nix store", "without --programs"),
        (Target::Nixos, OF_A_LOGIN[0].to_owned(), "a login's manager", "systemd"),
        (Target::Quadlet, OF_A_LOGIN[0].to_owned(), "a login's manager", "systemd"),
        (Target::PodmanUnits, OF_A_LOGIN[1].to_owned(), "a login's manager", "systemd"),
    ] {
        let refused = rendered(target, &manifest).unwrap_err();
        assert!(refused.to_string().contains(expect), "{refused}");
        assert!(refused.hint().contains(hint), "{}", refused.hint());
    }
    assert!(rendered(Target::PodmanUnits, &empty).is_ok(), "systemd keeps an empty argument");
}

/// Every directive of a sandbox is held by the container, or the render says what that leaves open.
#[test]
fn no_directive_of_a_sandbox_is_lost_in_silence() {
    for manifest in [in_containers("5.4", 257), in_containers("4.3", 252)] {
        let checked = source::check(manifest.as_bytes()).unwrap();
        let native = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
        let notes = rendered(Target::PodmanUnits, &manifest).unwrap().notes;
        let said: BTreeSet<&str> = notes
            .iter()
            .filter_map(|note| if let Note::NotHeld { directive, .. } = note { Some(*directive) } else { None })
            .collect();
        let mut looked_at = BTreeSet::new();
        for name in ["execution.service", "eod.service", "scan.service"] {
            let native = text(&native, name);
            let sandbox = native.split("\n# Sandbox of").nth(1).unwrap();
            for key in sandbox
                .lines()
                .skip(1)
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| Some(line.split_once('=')?.0))
            {
                let means = targets::means(key)
                    .unwrap_or_else(|| panic!("{key} of {name} is not in unitgen/src/targets/sandbox.rs"));
                assert_eq!(matches!(means, Means::Nothing(_)), said.contains(key), "{key}");
                looked_at.insert(key.to_owned());
            }
        }
        assert!(looked_at.len() > 30, "{looked_at:?}");
    }
}

/// Nobody but its user may read a key, and no command line or `podman inspect` has one: there are paths and names alone.
#[test]
fn a_value_is_never_an_argument_of_podman() {
    let manifest = in_containers("4.3", 252);
    let tree = rendered(Target::PodmanUnits, &manifest).unwrap().tree;
    for (file, content) in tree.iter().filter(|(file, _)| file.ends_with(".service")) {
        let content = String::from_utf8_lossy(content);
        for line in content.lines().filter(|line| line.starts_with("ExecStart=/usr/bin/podman ")) {
            let assigned: Vec<&str> =
                line.split(' ').filter(|word| word.starts_with("--env=") && word.matches('=').count() > 1).collect();
            assert!(
                assigned.iter().all(|word| *word == "--env=CREDENTIALS_DIRECTORY=/run/credentials"),
                "{file}: {assigned:?}"
            );
            assert!(!line.contains("--secret") && !line.contains("%d"), "{file}: {line}");
        }
    }
}

#[test]
fn the_pages_are_what_the_program_says() {
    for (page, content) in [("docs/host-matrix.md", matrix::page()), ("docs/targets.md", targets::page())] {
        let path = workspace().join(page);
        if renews() {
            fs::write(&path, &content).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap_or_default(), content, "renew {page} with UPDATE=1 and this test");
    }
}

fn rendered(target: Target, manifest: &str) -> Result<Rendered, Refused> {
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned());
    let checked = checked.unwrap_or_else(|problems| panic!("{problems:#?}"));
    targets::render(target, &checked.deployment, manifest.as_bytes(), &checked.digest)
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

fn live_and_encrypted(manifest: &str) -> String {
    manifest
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", "live = \"armed\"", 1)
        .replacen("account = \"PA30000000\"", "account = \"123456789\"", 1)
        .replacen("secrets = [\"alpaca\"]", "secrets = [\"alpaca\", \"live\"]", 1)
        .replacen(
            "\"APCA_API_SECRET_KEY\"]",
            "\"APCA_API_SECRET_KEY\"]\nencrypted = true\n[secrets.live]\nkeys = [\"LIVE_CONFIRM_TOKEN\"]",
            1,
        )
}

fn tree_of(file: &str, text: &str) -> Tree {
    let mut tree = Tree::default();
    tree.add(file, text);
    tree
}

fn text(tree: &Tree, file: &str) -> String {
    String::from_utf8(tree.get(file).unwrap_or_else(|| panic!("{file} is not rendered")).to_vec()).unwrap()
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn renews() -> bool {
    std::env::var_os("UPDATE").is_some()
}
