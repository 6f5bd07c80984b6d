//! The Debian package as a file: the same bytes each time, root's, dated by the commit, and without a word that starts or
//! stops anything. What it does to a host is in `scenarios/deb_*.sh`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    env, fs,
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
