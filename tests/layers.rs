//! The arrows between crates, compared with what cargo says.
//!
//! `ARROWS` is the architecture: what each crate may depend on among ours. A crate that is not in it, or an arrow that is
//! not allowed, fails. Pure crates may use few foreign crates and nothing of std that reaches outside; `gate` stays free
//! of tokio and SQLite all the way down; only `rehearse` links the simulated venue.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Every crate of the workspace and the crates of ours that its normal dependencies may name.
const ARROWS: &[(&str, &[&str])] = &[
    ("market", &[]),
    ("contract", &["market"]),
    ("manifest", &["market"]),
    ("signals", &["market"]),
    ("trading", &["market"]),
    ("bars", &["market"]),
    ("boot", &["proofs"]),
    ("broker", &["market", "trading"]),
    ("broker-sim", &["broker", "market", "venue"]),
    ("venue", &["market"]),
    ("ledger", &["market", "trading"]),
    ("service", &["contract", "market"]),
    ("report", &["market"]),
    ("gate", &["contract", "market"]),
    ("scanner", &["bars", "contract", "market", "signals"]),
    ("execution", &["broker", "contract", "ledger", "manifest", "market", "service", "trading"]),
    ("desk", &["broker", "contract", "ledger", "manifest", "market", "trading"]),
    ("rehearse", &["bars", "broker-sim", "contract", "ledger", "market", "report", "simulation", "trading"]),
    ("broker-faults", &[]),
    ("simulation", &["market", "trading"]),
    ("mutants", &[]),
    ("protocol", &["market", "trading"]),
    ("unitgen", &["contract", "manifest", "market"]),
    ("proofs", &[]),
];

/// Decide, never touch: no runtime, files, environment, clock or randomness.
const PURE: &[&str] = &["market", "manifest", "signals", "simulation", "trading"];

/// Pure but for random numbers, which a seed makes: the same on every machine.
const SEEDED: &[&str] = &["venue"];

/// The foreign crates that seeded crates may use besides.
const FOREIGN_OF_SEEDED: &[&str] = &["rand", "rand_chacha"];

/// The foreign crates that pure crates may use: they compute and nothing else.
const FOREIGN_OF_PURE: &[&str] = &["chrono", "chrono-tz", "serde", "serde_json", "thiserror", "toml"];

/// Words in the source of a pure crate that would reach outside.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "rand::",
    "tokio::",
];

/// Crates that must not be linked, however indirectly.
const NEVER_LINKED: &[(&str, &[&str])] = &[
    ("gate", &["tokio", "rusqlite", "libsqlite3-sys", "reqwest", "broker", "broker-sim", "venue"]),
    ("execution", &["broker-sim", "venue"]),
    ("desk", &["broker-sim", "venue"]),
    ("scanner", &["broker-sim", "rusqlite", "venue"]),
    ("unitgen", &["broker-sim", "venue", "tokio", "rusqlite", "reqwest"]),
];

#[test]
fn every_crate_is_in_the_architecture() {
    let listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let found: BTreeSet<String> = workspace().into_iter().map(|package| package.name).collect();
    assert_eq!(found, listed);
}

#[test]
fn arrows_are_the_allowed_ones() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for package in workspace() {
        let allowed = allowed(&package.name);
        for dependency in package.normal.iter().filter(|name| ours.contains(name.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{} -> {dependency} is not an allowed arrow", package.name);
        }
        if package.name != "proofs" {
            let stray = package.build.iter().find(|name| ours.contains(name.as_str()));
            assert_eq!(stray, None, "{}: a build script uses none of our crates", package.name);
        }
    }
}

#[test]
fn nothing_but_a_rehearsal_links_the_simulated_venue() {
    for package in workspace() {
        let links = package.normal.contains("broker-sim") || package.normal.contains("venue");
        assert_eq!(links, matches!(package.name.as_str(), "broker-sim" | "rehearse"), "{}", package.name);
    }
}

#[test]
fn pure_crates_use_few_foreign_crates() {
    for package in workspace().into_iter().filter(is_pure) {
        let (ours, seeded) = (allowed(&package.name), SEEDED.contains(&package.name.as_str()));
        for dependency in &package.normal {
            let known = ours.contains(&dependency.as_str())
                || FOREIGN_OF_PURE.contains(&dependency.as_str())
                || seeded && FOREIGN_OF_SEEDED.contains(&dependency.as_str());
            assert!(known, "{} is pure and may not use {dependency}", package.name);
        }
    }
}

#[test]
fn pure_crates_reach_nothing_outside() {
    for package in workspace().into_iter().filter(is_pure) {
        let seeded = SEEDED.contains(&package.name.as_str());
        let sources = sources(&package.root.join("src"));
        assert!(!sources.is_empty(), "{} has no sources", package.name);
        for path in sources {
            let text = fs::read_to_string(&path).unwrap();
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                let found = OUTSIDE.iter().find(|word| code.contains(**word) && !(seeded && **word == "rand::"));
                assert_eq!(found, None, "{}:{}: {line}", path.display(), number + 1);
            }
        }
    }
}

/// Orders by hand go round the controls: they exist for people and tests, and no program that links the broker names them.
#[test]
fn no_program_places_orders_by_hand() {
    let mut seen = 0;
    let proofs = proofs::workspace_root().join("tests");
    let linking = |package: &Package| package.normal.contains("broker") && !package.root.starts_with(&proofs);
    for package in workspace().into_iter().filter(linking) {
        seen += 1;
        for path in sources(&package.root.join("src")) {
            let text = fs::read_to_string(&path).unwrap();
            for word in [".by_hand()", "Alpaca::by_hand", "ByHand", "alpaca::desk"] {
                assert!(!text.contains(word), "{} names {word}", path.display());
            }
        }
    }
    assert!(seen >= 2, "execution and desk link the broker: the workspace was not read");
}

#[test]
fn what_a_program_must_not_contain_is_nowhere_below_it() {
    for (program, never) in NEVER_LINKED {
        let below = linked(program);
        assert!(below.contains("market"), "{program} links no market: the tree was not read");
        for name in *never {
            assert!(!below.contains(*name), "{program} links {name}");
        }
    }
}

struct Package {
    name: String,
    root: PathBuf,
    normal: BTreeSet<String>,
    build: BTreeSet<String>,
}

fn is_pure(package: &Package) -> bool {
    PURE.contains(&package.name.as_str()) || SEEDED.contains(&package.name.as_str())
}

fn allowed(name: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(listed, _)| *listed == name).map_or(&[], |(_, allowed)| allowed)
}

fn workspace() -> Vec<Package> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("cargo lists packages");
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let of_kind = |kind: Option<&str>| -> BTreeSet<String> {
        let dependencies = package["dependencies"].as_array().expect("cargo lists dependencies");
        let names = dependencies.iter().filter(|dependency| dependency["kind"].as_str() == kind);
        names.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
    };
    Package {
        name: package["name"].as_str().unwrap().to_owned(),
        root: Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned(),
        normal: of_kind(None),
        build: of_kind(Some("build")),
    }
}

/// Every crate that a program links on this machine, by name. `cargo tree` and not the whole metadata: that would want
/// crates of other platforms too, which offline are not there.
fn linked(program: &str) -> BTreeSet<String> {
    let arguments = ["tree", "--offline", "--package", program, "--edges", "normal", "--prefix", "none"];
    let text = String::from_utf8(cargo(&arguments)).expect("cargo speaks UTF-8");
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

fn metadata() -> Value {
    let output = cargo(&["metadata", "--offline", "--format-version", "1", "--no-deps"]);
    serde_json::from_slice(&output).expect("cargo answers in JSON")
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output =
        Command::new(cargo).args(arguments).current_dir(proofs::workspace_root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    paths
}
