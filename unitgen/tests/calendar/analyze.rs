//! `systemd-analyze calendar`: the host's, and that of Debian 13 in a root tree that the boots of `tests/boot` use.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use market::Timestamp;

/// One systemd that can be asked.
pub(super) struct Analyze {
    name: String,
    command: Vec<String>,
}

/// What it says of one expression.
pub(super) struct Answer {
    /// `None` when it gave up before it said anything.
    pub(super) normalized: Option<String>,
    /// RFC 3339 in UTC; none for `never`, and none any more once it gives up.
    pub(super) elapses: Vec<String>,
}

impl Analyze {
    /// The host's; the reason is told when there is none.
    pub(super) fn of_host() -> Option<Self> {
        Self::found("systemd-analyze", Self::of(vec!["systemd-analyze".to_owned()]))
    }

    /// That of a root tree, which takes root.
    pub(super) fn of_debian_13() -> Option<Self> {
        Self::found("root, and the tree of Debian 13 that tests/boot/prepare makes", in_debian_13().and_then(Self::of))
    }

    fn found(what: &str, analyze: Option<Self>) -> Option<Self> {
        if analyze.is_none() {
            assert!(env::var_os("CI").is_none(), "CI has {what}");
            println!("skipped: needs {what}");
        }
        analyze
    }

    fn of(command: Vec<String>) -> Option<Self> {
        let output = Command::new(&command[0]).args(&command[1..]).arg("--version").output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let name = text.lines().next()?.to_owned();
        output.status.success().then_some(Self { name, command })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The elapses of several expressions after an instant, in a zone that is UTC.
    pub(super) fn ask(&self, expressions: &[String], base: Timestamp, iterations: usize) -> Vec<Answer> {
        match self.run(expressions, base, iterations) {
            Ok(answers) => answers,
            // One that it gives up takes the others along: one at a time then, elapse by elapse.
            Err(_) if expressions.len() > 1 => {
                expressions.iter().flat_map(|one| self.ask(std::slice::from_ref(one), base, iterations)).collect()
            }
            Err(_) => vec![self.walk(expressions, base, iterations)],
        }
    }

    fn walk(&self, expression: &[String], base: Timestamp, iterations: usize) -> Answer {
        let mut walked = Answer { normalized: None, elapses: Vec::new() };
        let mut at = base;
        while walked.elapses.len() < iterations {
            match self.run(expression, at, 1) {
                Ok(answers) => {
                    let Answer { normalized, elapses } = answers.into_iter().next().unwrap();
                    walked.normalized = normalized;
                    let Some(next) = elapses.into_iter().next() else { break };
                    at = next.parse().unwrap();
                    walked.elapses.push(next);
                }
                Err(error) => {
                    assert!(error.contains("Resource deadlock avoided"), "{error}");
                    break;
                }
            }
        }
        walked
    }

    fn run(&self, expressions: &[String], base: Timestamp, iterations: usize) -> Result<Vec<Answer>, String> {
        let base = base.to_string().replace('T', " ").replace('Z', " UTC");
        let output = Command::new(&self.command[0])
            .args(&self.command[1..])
            .args(["calendar", &format!("--iterations={iterations}"), &format!("--base-time={base}"), "--"])
            .args(expressions)
            .env("TZ", "UTC")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .unwrap();
        if output.status.success() {
            Ok(answers(&String::from_utf8(output.stdout).unwrap()))
        } else {
            Err(String::from_utf8(output.stderr).unwrap())
        }
    }

    /// Whether it takes an expression.
    pub(super) fn accepts(&self, expression: &str) -> bool {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(["calendar", "--base-time=2026-01-01 00:00:00 UTC", "--", expression]);
        command.env("TZ", "UTC").output().unwrap().status.success()
    }
}

fn in_debian_13() -> Option<Vec<String>> {
    let cache = env::var_os("PORTCULLIS_BOOT_CACHE").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache/portcullis/boot")))?;
    let roots =
        fs::read_dir(cache).ok()?.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("trixie-"));
    let root = roots
        .map(|entry| entry.path().join("root"))
        .filter(|root| root.join("usr/bin/systemd-analyze").exists())
        .max()?;
    Some(vec!["chroot".to_owned(), root.to_str()?.to_owned(), "systemd-analyze".to_owned()])
}

fn answers(text: &str) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::new();
    for line in text.lines() {
        let Some((label, value)) = line.split_once(": ") else { continue };
        match label.trim() {
            "Normalized form" => answers.push(Answer { normalized: Some(value.to_owned()), elapses: Vec::new() }),
            "Next elapse" if value == "never" => {}
            label if label == "Next elapse" || label.starts_with("Iter") => {
                let words: Vec<&str> = value.split(' ').collect();
                let [_, date, time, "UTC"] = words[..] else { panic!("{line}") };
                answers.last_mut().unwrap().elapses.push(format!("{date}T{time}Z"));
            }
            _ => {}
        }
    }
    answers
}
