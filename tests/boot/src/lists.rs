//! Attested watchlists of the venue's market: made by `scanner scan` of bars that end before the session, kept per build.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::programs::{self, Programs};

/// The seed of `sim-broker` unless a scenario says another.
const SEED: &str = "1";

/// The directory with list, attestation and the scan's own record for the session; the market is that of the venue.
///
/// # Errors
/// When no session is on that day, or the scan fails.
pub fn attested(session: &str, venue: &[String], programs: &Programs) -> anyhow::Result<PathBuf> {
    let scanner = programs.find("scanner")?;
    // What made the bars, and what scanned them.
    let mut made_of = String::new();
    for program in [&programs.find("rehearse")?, &scanner] {
        let metadata = fs::metadata(program).with_context(|| format!("{}", program.display()))?;
        made_of += &format!("{}\n", programs::identity(&metadata));
    }
    let lists = programs.kept().join("lists");
    fs::create_dir_all(&lists)?;
    let list = lists.join(format!("{session}-{}", seed(venue)));
    let lock = fs::File::create(lists.join("lock"))?;
    lock.lock()?;
    if fs::read_to_string(list.join("made-of")).is_ok_and(|text| text == made_of) {
        return Ok(list);
    }
    let new = list.with_extension("new");
    for stale in [&new, &list].into_iter().filter(|path| path.exists()) {
        fs::remove_dir_all(stale)?;
    }
    let newest_bar = write_inputs(session, None, venue, programs, &new)?;
    scan(&scanner, &newest_bar, &new)?;
    fs::remove_dir_all(new.join("cache"))?;
    fs::write(new.join("made-of"), made_of)?;
    fs::rename(new, &list)?;
    Ok(list)
}

/// Writes bars up to the session before, and the universe, below `root`, of a market whose first session at the venue is
/// `first` (or the session itself); says the date of the newest bar.
///
/// # Errors
/// When no session is on that day, or they cannot be written.
pub fn write_inputs(
    session: &str,
    first: Option<&str>,
    venue: &[String],
    programs: &Programs,
    root: &Path,
) -> anyhow::Result<String> {
    let mut rehearse = Command::new(programs.find("rehearse")?);
    rehearse.args(["inputs", "--session", session]);
    rehearse.args(first.filter(|first| *first != session).iter().flat_map(|first| ["--first", first]));
    rehearse.args(["--seed", seed(venue), "--out"]).arg(root);
    let said = said(&mut rehearse).with_context(|| format!("the inputs of a scan for {session}"))?;
    Ok(said.trim().to_owned())
}

fn scan(scanner: &Path, as_of: &str, root: &Path) -> anyhow::Result<()> {
    let mut scan = Command::new(scanner);
    scan.args(["scan", "--quiet", "--as-of", as_of, "--out"]).arg(root).env_clear().env("STATE_DIRECTORY", root);
    said(&mut scan).with_context(|| format!("the scan of {as_of}")).map(drop)
}

fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("{}", command.get_program().display()))?;
    ensure!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn seed(venue: &[String]) -> &str {
    let value = venue.iter().position(|word| word == "--seed").and_then(|at| venue.get(at + 1));
    value.map_or(SEED, String::as_str)
}
