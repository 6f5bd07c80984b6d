//! `mutants`: makes every mutant of the list in a copy of the sources, and fails when one survives.

use std::{
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use mutants::{
    list::{self, Mutant},
    scratch::Scratch,
    trial::{self, Verdict},
    workspace_root,
};
use serde::Serialize;

/// Mutants of the trading core: each must be noticed by a test.
#[derive(Parser)]
struct Arguments {
    /// Only mutants whose name contains this; may be given more than once.
    #[arg(long)]
    only: Vec<String>,
    /// Show the list and end.
    #[arg(long)]
    list: bool,
    /// The result as JSON on standard output.
    #[arg(long)]
    json: bool,
    /// Copies that work side by side.
    #[arg(long, default_value_t = 2)]
    lanes: usize,
    /// The workspace to take the sources from, instead of this one.
    #[arg(long)]
    source: Option<PathBuf>,
    /// The folder for the copies; default $PORTCULLIS_CACHE/mutants or ~/.cache/portcullis/mutants.
    #[arg(long)]
    scratch: Option<PathBuf>,
}

/// What became of one mutant.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    breaks: &'a str,
    verdict: Verdict,
    seconds: f64,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let source = arguments.source.clone().unwrap_or_else(workspace_root).canonicalize()?;
    let mut mutants = list::load(&source)?;
    mutants.iter().try_for_each(|mutant| mutant.check(&source))?;
    if !arguments.only.is_empty() {
        mutants.retain(|mutant| arguments.only.iter().any(|text| mutant.name.contains(text)));
    }
    ensure!(!mutants.is_empty(), "no such mutant");
    if arguments.list {
        mutants.iter().for_each(|mutant| println!("{:44} {}", mutant.name, mutant.breaks));
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let shared = std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| source.join("../shared"), PathBuf::from);
    let lanes = lanes(&arguments, &source, &shared, mutants.len())?;
    trial::limit()?;
    let rows = run(&lanes, &shared, &mutants)?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        rows.iter().for_each(|row| println!("{}", line(row)));
    }
    let escaped: Vec<&Row<'_>> = rows.iter().filter(|row| !row.verdict.is_caught()).collect();
    eprintln!(
        "{} mutants, {} caught, {} not; {:.0} s",
        rows.len(),
        rows.len() - escaped.len(),
        escaped.len(),
        began.elapsed().as_secs_f64()
    );
    escaped.iter().for_each(|row| eprintln!("{}", line(row)));
    Ok(if escaped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Copies whose unchanged sources pass every suite: a suite that fails anyway would catch everything.
fn lanes(arguments: &Arguments, source: &Path, shared: &Path, most: usize) -> Result<Vec<Scratch>> {
    let folder = arguments.scratch.clone().map_or_else(cache, Ok)?;
    let mut lanes: Vec<Scratch> = Vec::new();
    for lane in 0..arguments.lanes.clamp(1, most) {
        let scratch = Scratch::prepare(source, folder.join(format!("lane-{lane}")))?;
        if let Some(first) = lanes.first() {
            scratch.adopt_target(first)?;
        }
        eprintln!("copy {lane}: the unchanged sources ...");
        match trial::run(&scratch, shared, None)? {
            Verdict::Survived => lanes.push(scratch),
            failed @ (Verdict::Killed { .. } | Verdict::Exhausted { .. } | Verdict::Invalid { .. }) => {
                bail!("the unchanged sources fail: {}", told(&failed))
            }
        }
    }
    Ok(lanes)
}

fn cache() -> Result<PathBuf> {
    let cache = std::env::var_os("PORTCULLIS_CACHE").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache/portcullis"));
    Ok(cache.or_else(home).context("no home directory, and no PORTCULLIS_CACHE")?.join("mutants"))
}

fn run<'a>(lanes: &[Scratch], shared: &Path, mutants: &'a [Mutant]) -> Result<Vec<Row<'a>>> {
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = |scratch: &Scratch| -> Result<()> {
        while let Some((index, mutant)) = mutants.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed)) {
            let row = one(scratch, shared, mutant)?;
            let mut rows = rows.lock().expect("no lane panics with the lock");
            rows.push((index, row));
            progress(&rows, mutants.len());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = lanes.iter().map(|scratch| scope.spawn(|| work(scratch))).collect();
        lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane returns its errors"))
    })?;
    let mut rows = rows.into_inner().expect("no lane panics with the lock");
    rows.sort_by_key(|(index, _)| *index);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

fn one<'a>(scratch: &Scratch, shared: &Path, mutant: &'a Mutant) -> Result<Row<'a>> {
    let began = Instant::now();
    let mutation = scratch.mutate(mutant)?;
    let verdict = trial::run(scratch, shared, Some(mutant));
    mutation.revert()?;
    let verdict = verdict.with_context(|| mutant.name.clone())?;
    Ok(Row { name: &mutant.name, breaks: &mutant.breaks, verdict, seconds: began.elapsed().as_secs_f64() })
}

/// On a terminal, one line that is written over; what escaped stays.
fn progress(rows: &[(usize, Row<'_>)], all: usize) {
    let Some((_, row)) = rows.last().filter(|_| std::io::stderr().is_terminal()) else { return };
    let end = if row.verdict.is_caught() { "\r" } else { "\n" };
    let text: String = format!("[{:3}/{all}] {}", rows.len(), line(row)).chars().take(118).collect();
    eprint!("\x1b[2K{text}{end}");
    // What cannot be shown is in the table at the end.
    std::io::stderr().flush().ok();
}

fn line(row: &Row<'_>) -> String {
    format!("{:44} {:5.1} s  {}", row.name, row.seconds, told(&row.verdict))
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Killed { by, more: 0 } => by.clone(),
        Verdict::Killed { by, more } => format!("{by} (and {more} more)"),
        Verdict::Exhausted { how } => format!("used up its time or memory: {how}"),
        Verdict::Survived => "SURVIVED: every suite passed".to_owned(),
        Verdict::Invalid { error } => format!("INVALID, does not compile: {error}"),
    }
}
