//! `mutants`: makes every mutant of the list in a copy of the sources, and fails when one survives.

use std::{
    collections::BTreeSet,
    io::{IsTerminal, Write},
    path::PathBuf,
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
    schema::Schema,
    scratch::Scratch,
    trial::{self, Built, Program, Verdict},
    workspace_root,
};
use serde::Serialize;

/// Builds of one schema that may fail before it is given up.
const REPAIRS_MAX: usize = 6;

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
    /// Mutants that are tested side by side; default: one a processor.
    #[arg(long)]
    lanes: Option<usize>,
    /// The workspace to take the sources from, instead of this one.
    #[arg(long)]
    source: Option<PathBuf>,
    /// The folder for the copy; default $PORTCULLIS_CACHE/mutants or ~/.cache/portcullis/mutants.
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

/// What all trials share.
struct Bench<'a> {
    scratch: Scratch,
    shared: PathBuf,
    mutants: &'a [Mutant],
    lanes: usize,
    rows: Mutex<Vec<(usize, Row<'a>)>>,
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
    let bench = Bench {
        scratch: Scratch::prepare(&source, arguments.scratch.clone().map_or_else(cache, Ok)?)?,
        shared: std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| source.join("../shared"), PathBuf::from),
        mutants: &mutants,
        lanes: arguments.lanes.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from)),
        rows: Mutex::default(),
    };
    let (alone, programs) = bench.together()?;
    bench.one_by_one(&alone, &programs)?;
    let rows = bench.into_rows();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        rows.iter().for_each(|row| println!("{}", line(row)));
    }
    let escaped: Vec<&Row<'_>> = rows.iter().filter(|row| !row.verdict.is_caught()).collect();
    let (all, seconds) = (rows.len(), began.elapsed().as_secs_f64());
    eprintln!("{all} mutants, {} caught, {} not; {seconds:.0} s", all - escaped.len(), escaped.len());
    escaped.iter().for_each(|row| eprintln!("{}", line(row)));
    Ok(if escaped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cache() -> Result<PathBuf> {
    let cache = std::env::var_os("PORTCULLIS_CACHE").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache/portcullis"));
    Ok(cache.or_else(home).context("no home directory, and no PORTCULLIS_CACHE")?.join("mutants"))
}

impl<'a> Bench<'a> {
    /// Those that fit into one build, side by side. Returns the numbers of the others, and what was learned of the
    /// programs.
    fn together(&self) -> Result<(BTreeSet<usize>, Vec<Program>)> {
        let (schema, mut programs) = self.schema()?;
        eprintln!("{} mutants in one build; the unchanged sources ...", schema.held.len());
        match trial::rehearse(&mut programs, &self.shared)? {
            Verdict::Survived => {}
            failed @ (Verdict::Killed { .. } | Verdict::Exhausted { .. } | Verdict::Invalid { .. }) => {
                bail!("the unchanged sources fail: {}", told(&failed))
            }
        }
        let held: Vec<usize> = schema.held.iter().copied().collect();
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            while let Some(number) = held.get(next.fetch_add(1, Ordering::Relaxed)) {
                let began = Instant::now();
                let mutant = &self.mutants[number - 1];
                let verdict = trial::run(&programs, &self.shared, Some(*number), &mutant.file);
                self.note(*number, verdict.with_context(|| mutant.name.clone())?, began);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..self.lanes.clamp(1, held.len().max(1))).map(|_| scope.spawn(work)).collect();
            lanes.into_iter().try_for_each(|lane| lane.join().expect("a lane returns its errors"))
        })?;
        let others = (1..=self.mutants.len()).filter(|number| !schema.held.contains(number)).collect();
        Ok((others, programs))
    }

    /// A schema that compiles. What does not compile in it is left out, to be built on its own.
    fn schema(&self) -> Result<(Schema, Vec<Program>)> {
        let mut left_out = BTreeSet::new();
        for _ in 0..REPAIRS_MAX {
            let schema = Schema::of(self.mutants, |file| self.scratch.read(file), &left_out)?;
            let change = self.scratch.change(&schema.files)?;
            eprintln!("building {} mutants at once ...", schema.held.len());
            let built = trial::build(&self.scratch);
            change.revert()?;
            let errors = match built? {
                Built::Programs(programs) => return Ok((schema, programs)),
                Built::Errors(errors) => errors,
            };
            let before = left_out.len();
            for (place, text) in &errors {
                let Some((file, line)) = place else { bail!("the copy does not compile: {text}") };
                match schema.at(file, *line) {
                    Some(number) => left_out.extend([number]),
                    None => left_out.extend(schema.of_file(file)),
                }
            }
            ensure!(left_out.len() > before, "the copy does not compile: {}", errors[0].1);
        }
        bail!("no build of many mutants compiles after {REPAIRS_MAX} attempts")
    }

    /// The others: each is built on its own.
    fn one_by_one(&self, alone: &BTreeSet<usize>, known: &[Program]) -> Result<()> {
        if !alone.is_empty() {
            eprintln!("{} mutants one by one ...", alone.len());
        }
        for number in alone {
            let began = Instant::now();
            let mutant = &self.mutants[number - 1];
            let text = mutant.apply(&self.scratch.read(&mutant.file)?)?;
            let change = self.scratch.change(&[(mutant.file.clone(), text)].into())?;
            let built = trial::build(&self.scratch);
            change.revert()?;
            let verdict = match built? {
                Built::Programs(mut programs) => {
                    programs.iter_mut().for_each(|program| program.take_limit(known));
                    trial::run(&programs, &self.shared, None, &mutant.file)?
                }
                Built::Errors(errors) => Verdict::Invalid { error: errors[0].1.clone() },
            };
            self.note(*number, verdict, began);
        }
        Ok(())
    }

    /// Keeps what became of a mutant. On a terminal, one line that is written over; what escaped stays, and is told
    /// elsewhere too.
    fn note(&self, number: usize, verdict: Verdict, began: Instant) {
        let Mutant { name, breaks, .. } = &self.mutants[number - 1];
        let row = Row { name, breaks, verdict, seconds: began.elapsed().as_secs_f64() };
        let mut rows = self.rows.lock().expect("no lane panics with the lock");
        let (done, all) = (rows.len() + 1, self.mutants.len());
        let text: String = format!("[{done:3}/{all}] {}", line(&row)).chars().take(118).collect();
        match (std::io::stderr().is_terminal(), row.verdict.is_caught()) {
            (true, true) => eprint!("\x1b[2K{text}\r"),
            (true, false) => eprintln!("\x1b[2K{text}"),
            (false, true) => {}
            (false, false) => eprintln!("{text}"),
        }
        // What cannot be shown is in the table at the end.
        std::io::stderr().flush().ok();
        rows.push((number, row));
    }

    fn into_rows(self) -> Vec<Row<'a>> {
        let mut rows = self.rows.into_inner().expect("no lane panics with the lock");
        rows.sort_by_key(|(number, _)| *number);
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

fn line(row: &Row<'_>) -> String {
    format!("{:44} {:5.1} s  {}", row.name, row.seconds, told(&row.verdict))
}

fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Killed { by, more: 0 } => by.clone(),
        Verdict::Killed { by, more } => format!("{by} (and {more} more)"),
        Verdict::Exhausted { how } => format!("used up its time or memory: {how}"),
        Verdict::Survived => "SURVIVED: every test passed".to_owned(),
        Verdict::Invalid { error } => format!("INVALID, does not compile: {error}"),
    }
}
