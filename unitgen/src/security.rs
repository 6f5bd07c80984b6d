//! The thin shell under [`crate::diff::Scores`]: what `systemd-analyze security --offline` makes of a unit's text.

use std::{fs, process::Command};

use crate::diff::Scores;

/// The `systemd-analyze` of this host, if it has one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemdAnalyze;

impl Scores for SystemdAnalyze {
    fn score(&self, unit: &str, text: &str) -> Option<u32> {
        let folder = tempfile::tempdir().ok()?;
        let file = folder.path().join(unit);
        fs::write(&file, text).ok()?;
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager"]).arg(&file).env("LC_ALL", "C.UTF-8");
        let said = command.output().ok()?;
        tenths(&String::from_utf8_lossy(&said.stdout))
    }
}

/// `→ Overall exposure level for execution.service: 1.1 OK :-)`.
fn tenths(said: &str) -> Option<u32> {
    let line = said.lines().find(|line| line.contains("Overall exposure level for "))?;
    let (_, score) = line.split_once(": ")?;
    let (whole, part) = score.split_whitespace().next()?.split_once('.')?;
    Some(whole.parse::<u32>().ok()? * 10 + part.parse::<u32>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_unit() {
        for (said, expect) in [
            ("\n→ Overall exposure level for execution.service: 1.1 OK 🙂\n", Some(11)),
            ("→ Overall exposure level for a.service: 10.0 DANGEROUS 😨\n", Some(100)),
            ("Failed to open x", None),
            ("", None),
        ] {
            assert_eq!(tenths(said), expect, "{said}");
        }
    }
}
