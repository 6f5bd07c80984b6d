//! What a user types, as systemd itself reads it: `systemd --test --user` loads the rendered lines and prints argv and
//! environment. Run as nobody, since root may not.

use std::{env, fs, os::unix::fs::PermissionsExt, process::Command};

use manifest::Catalogue;

use super::{AVWAP, source, systemd};

const SYSTEMD: &str = "/usr/lib/systemd/systemd";

/// Values at which naive quoting breaks.
const VALUES: &[&str] = &[
    "two words",
    "  blanks at both ends  ",
    "\"quoted\"",
    "'single'",
    "a\"b'c",
    "100%",
    "%n %i %%H",
    "$HOME ${HOME} $$",
    "back\\slash",
    "trailing\\",
    "\\",
    "\\n\\x41\\u0041",
    "; rm -rf /",
    "a;b",
    "# no comment",
    "[Service]",
    "ExecCondition=",
    "-",
    "@x",
    "+!",
    "täglich €",
    "",
    "=",
    "a=b",
    "*?[a]{b,c}~",
    "--option=\"a b\"",
    "|&<>()",
    "`id`",
];

#[test]
fn values_reach_the_program_as_they_were_typed() {
    let Some(printed) = printed_by_systemd(&unit()) else {
        assert!(env::var_os("CI").is_none(), "CI has systemd and is root");
        println!("skipped: needs {SYSTEMD}, root and setpriv");
        return;
    };
    let line = printed.lines().find_map(|line| line.trim_start().strip_prefix("Command Line: ")).unwrap();
    let argv = split(line);
    let expect: Vec<String> = VALUES.iter().map(|value| value.replace('$', "$$")).collect();
    // A dollar stays doubled until the program is started.
    assert_eq!(argv[2..], expect, "{line}");
    let variables: Vec<&str> =
        printed.lines().filter_map(|line| line.trim_start_matches('\t').strip_prefix("Environment: V")).collect();
    let expect: Vec<String> = VALUES.iter().enumerate().map(|(number, value)| format!("{number}={value}")).collect();
    assert_eq!(variables, expect);
}

/// The command line of a rendered job and an environment of the same values.
fn unit() -> String {
    let args: Vec<String> = VALUES.iter().map(|value| serde_json::to_string(value).unwrap()).collect();
    // Of a task to come: what a job may say to a released program is a closed list.
    let fetch = "program = \"marketdata\"\nschedule = \"Mon..Fri 17:00\"";
    let manifest = format!("{AVWAP}\n[jobs.fetch]\n{fetch}\nargs = [\"fetch\", {}]\n", args.join(", "));
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned()).unwrap();
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    let rendered = std::str::from_utf8(tree.get("fetch.service").unwrap()).unwrap();
    let start = rendered.lines().find(|line| line.starts_with("ExecStart=")).unwrap();
    let environment: String = VALUES
        .iter()
        .enumerate()
        .map(|(number, value)| {
            let word = unitgen::unit::Word::from(*value).assigned_to(&format!("V{number}"));
            format!("Environment={}\n", word.item())
        })
        .collect();
    format!("[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\n{environment}{start}\n")
}

fn printed_by_systemd(unit: &str) -> Option<String> {
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(place.path().join("typed.service"), unit).unwrap();
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--", SYSTEMD])
        .args(["--test", "--user", "--unit=typed.service", "--no-pager", "--log-target=console"])
        .env("HOME", place.path())
        .env("XDG_RUNTIME_DIR", place.path())
        .env("SYSTEMD_UNIT_PATH", place.path())
        .output()
        .ok()?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let typed = printed.split("-> Unit ").find(|unit| unit.starts_with("typed.service:"))?.to_owned();
    Some(typed)
}

/// Undoes the quotes with which systemd prints a command line.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while chars.peek().is_some() {
        let (mut word, mut quoted) = (String::new(), false);
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => break,
                '\\' => word.push(chars.next().unwrap()),
                other => word.push(other),
            }
        }
        words.push(word);
    }
    words
}
