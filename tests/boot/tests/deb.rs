//! The Debian package as a file: the same bytes each time, root's, dated by the commit, and without a word that starts or
//! stops anything. What it does to a host is in `scenarios/deb_*.sh`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

const PROGRAMS: [&str; 5] = ["desk", "execution", "gate", "scanner", "unitgen"];
/// All that a maintainer script may ask of systemd: it tells, or it makes systemd read unit files again.
const VERBS: [&str; 5] = ["--version", "daemon-reload", "is-active", "is-enabled", "show"];

#[test]
fn the_same_programs_make_the_same_bytes() {
    if !can_package() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let first = build(&folder.path().join("a"), &[("TZ", "UTC"), ("LC_ALL", "C.UTF-8")], "022");
    let second = build(&folder.path().join("b"), &[("TZ", "Asia/Tokyo"), ("LANG", "C"), ("COLUMNS", "40")], "077");
    assert!(fs::read(first).unwrap() == fs::read(second).unwrap(), "two builds differ");
}

#[test]
fn it_holds_what_a_trading_host_runs_and_all_of_it_is_roots() {
    if !can_package() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let package = build(folder.path(), &[("SOURCE_DATE_EPOCH", "1600000000")], "022");
    let listed = said(Command::new("dpkg-deb").env("TZ", "UTC").arg("--contents").arg(&package));
    for line in listed.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[1], "root/root", "{line}");
        assert_eq!(words[3..5], ["2020-09-13", "12:26"], "{line}");
        assert!(words[0].starts_with('l') || !words[0][4..].contains('w'), "others may write: {line}");
    }
    let paths: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    let programs: BTreeSet<&str> = paths
        .iter()
        .filter_map(|path| path.strip_prefix("./usr/lib/portcullis/bin/"))
        .filter(|name| !name.is_empty())
        .collect();
    assert_eq!(programs, BTreeSet::from(PROGRAMS));
    for path in paths {
        assert!(!path.contains("/systemd/system/"), "systemd reads {path}");
        assert!(!path.starts_with("./etc/portcullis/") || path.ends_with('/'), "the operator's: {path}");
        assert!(!path.starts_with("./var/"), "state is no part of a package: {path}");
    }
}

#[test]
fn maintainer_scripts_start_and_stop_nothing() {
    let mut asked = 0;
    for name in ["preinst", "postinst", "prerm", "postrm"] {
        let text = fs::read_to_string(proofs::workspace_root().join("packaging/deb").join(name)).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            for verb in verbs(line) {
                assert!(VERBS.contains(&verb.trim_end_matches([')', '"'])), "{name}: systemctl {verb}: {line}");
                asked += 1;
            }
            for helper in ["deb-systemd", "invoke-rc.d", "service ", "systemd-run", "update-rc.d", "kill "] {
                assert!(!line.contains(helper), "{name}: {helper}: {line}");
            }
        }
    }
    assert!(asked >= 6, "only {asked} calls of systemctl were found");
}

/// What a release says of the units and manifests of the release before: loud, and never a failure.
#[test]
fn what_the_new_release_cannot_read_is_said_and_stops_no_upgrade() {
    const REJECTS: &str = "ATTENTION: unitgen 9 rejects";
    const UNKNOWN: &str = "ATTENTION: unitgen 9 cannot tell";
    const STALE: &str = "units are not as unitgen 9 renders them";
    let table: [(&str, bool, u8, u8, &[&str]); 7] = [
        ("nothing deployed", false, 78, 78, &[]),
        ("as it renders them", true, 0, 0, &[]),
        ("rendered differently", true, 1, 0, &[STALE]),
        ("rejected", true, 78, 78, &[REJECTS, UNKNOWN]),
        ("the rendered copy alone is rejected", true, 78, 0, &[UNKNOWN]),
        ("a directory that cannot be read", true, 65, 0, &[UNKNOWN]),
        ("a unitgen that does not run", true, 127, 127, &[REJECTS, UNKNOWN]),
    ];
    for (what, is_deployed, verify, check, expect) in table {
        let said = upgraded(is_deployed, verify, check);
        for words in [REJECTS, UNKNOWN, STALE] {
            assert_eq!(said.contains(words), expect.contains(&words), "{what}: {words}: {said}");
        }
        assert_eq!(said.is_empty(), expect.is_empty(), "{what}: {said}");
    }
}

/// What postinst says of manifests and units, with a unitgen that ends as it is told.
fn upgraded(is_deployed: bool, verify: u8, check: u8) -> String {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    for directory in ["etc/portcullis", "etc/systemd/system", "programs"] {
        fs::create_dir_all(folder.path().join(directory)).unwrap();
    }
    if is_deployed {
        fs::write(folder.path().join("etc/portcullis/avwap.toml"), "").unwrap();
        fs::write(folder.path().join("etc/systemd/system/avwap.manifest.toml"), "").unwrap();
    }
    let unitgen = format!("#!/bin/sh\necho why\ncase $1 in verify) exit {verify} ;; check) exit {check} ;; esac\n");
    let program = folder.path().join("programs/unitgen");
    fs::write(&program, unitgen).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let script = fs::read_to_string(proofs::workspace_root().join("packaging/deb/postinst")).unwrap();
    let script = script.replace("PROGRAMS=/usr/lib/portcullis/bin", &format!("PROGRAMS={root}/programs"));
    let script = script.replace("@VERSION@", "9").replace("/etc/portcullis", &format!("{root}/etc/portcullis"));
    let script = script.replace(" /etc/systemd/system ", &format!(" {root}/etc/systemd/system "));
    let output = Command::new("sh").args(["-c", &(script + "\nrejected_manifests\nstale_units\n")]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// `.ci/run` asks it, so that scenarios that went missing are no success.
#[test]
fn ci_fails_when_a_scenario_was_not_booted() {
    let folder = tempfile::tempdir().unwrap();
    let (results, scenarios) = (folder.path().join("results"), folder.path().join("scenarios"));
    let booted = || {
        let script = proofs::workspace_root().join(".ci/booted");
        Command::new(script).arg(&results).arg(&scenarios).output().unwrap().status.success()
    };
    let note = |host: u8, name: &str, outcome: &str| {
        let said = serde_json::json!({"scenario": name, "about": "it", "outcome": outcome, "seconds": 1.0});
        fs::write(results.join(format!("debian-{host}-{name}.json")), said.to_string()).unwrap();
    };
    assert!(!booted(), "there is nothing at all");
    fs::create_dir(&results).unwrap();
    fs::create_dir(&scenarios).unwrap();
    assert!(!booted(), "no scenario");
    fs::write(scenarios.join("crash.sh"), "").unwrap();
    assert!(!booted(), "one that was not booted");
    note(12, "crash", "passed");
    assert!(!booted(), "on one Debian of two");
    note(13, "crash", "FAILED");
    assert!(!booted(), "one that failed");
    note(13, "crash", "passed");
    assert!(booted());
    fs::write(scenarios.join("hang.sh"), "#: hosts 13\n").unwrap();
    assert!(!booted(), "one of two");
    note(13, "hang", "passed");
    assert!(booted(), "it names one Debian");
}

/// What a line of shell has systemctl do; what it says to somebody is no call.
fn verbs(line: &str) -> Vec<&str> {
    let is_command = |before: &str| {
        let before = before.trim_end();
        before.is_empty() || ["$(", "|", ";", "&&", "then", "do", "!", "if"].iter().any(|word| before.ends_with(word))
    };
    let calls = line.match_indices("systemctl ").filter(|(at, _)| is_command(&line[..*at]));
    calls.filter_map(|(at, call)| line[at + call.len()..].split_whitespace().next()).collect()
}

fn build(out: &Path, environment: &[(&str, &str)], umask: &str) -> PathBuf {
    let script = proofs::workspace_root().join("packaging/deb/build");
    let mut command = Command::new("sh");
    command.args(["-c", &format!("umask {umask} && exec \"$@\""), "sh"]).arg(script);
    command.args(["--profile", "dev", "--programs"]).arg(proofs::programs(&PROGRAMS)).arg("--out").arg(out);
    command.env_remove("SOURCE_DATE_EPOCH").envs(environment.iter().copied());
    PathBuf::from(said(&mut command).trim())
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn can_package() -> bool {
    let has = |name: &str| Command::new(name).arg("--version").output().is_ok_and(|said| said.status.success());
    let missing: Vec<&str> = ["dpkg-deb", "strip", "objdump"].into_iter().filter(|name| !has(name)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(env::var("CI").as_deref() != Ok("true"), "{missing:?} are missing, and CI skips nothing");
    println!("skipped: needs {}", missing.join(", "));
    false
}
