//! Program `rehearse`: a whole trading day of a manifest against the simulated venue.
//!
//! Renders the manifest, reads the units back, and runs them as systemd would, with the venue's clock for everybody's.
//! It talks to nothing but the venue it makes itself, on loopback. Ends with 0 when the day ended as it should (with a
//! fault: as it should with that fault), 1 when not, and the shared codes for what kept it from running.

mod again;
mod books;
mod catalogue;
mod checks;
mod data;
mod day;
mod fault;
mod hands;
mod inputs;
mod mounts;
mod narration;
mod page;
mod process;
mod rehearsal;
mod replay;
mod scratch;
mod soak;
mod strike;
mod summary;
mod supervisor;
mod timeline;
mod tracer;
mod units;

use std::{
    env,
    path::{Path, PathBuf},
    process as std_process,
};

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use contract::ExitCode;
use market::{NaiveTime, NyDate};

use crate::{
    data::Origin,
    day::Speed,
    fault::Fault,
    rehearsal::{Document, Plan},
    timeline::Style,
};

const MANIFEST: &str = "manifests/avwap.toml";

/// Rehearses what a manifest would do, on a venue of its own.
#[derive(Parser)]
#[command(name = "rehearse", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One whole trading day, faults included
    Day(DayArguments),
    /// Every fault of a day: its name, what strikes, what must hold
    Faults(catalogue::FaultsArguments),
    /// A rehearsed day again from its document, or one simulated run of the trading core from its seed
    Replay(replay::ReplayArguments),
    /// Many simulated runs of the trading core, on all cores
    Soak(soak::SoakArguments),
    /// What a scan of the synthetic market reads: bars before a session, and the universe
    Inputs(inputs::InputsArguments),
}

#[derive(Args, Clone)]
#[command(after_help = format!(
    "{}\nExit codes: 0 the day ended as it should, 1 it did not, 64 usage, 65 bad data, 78 configuration.",
    catalogue::names()
))]
struct DayArguments {
    /// The manifest [default: manifests/avwap.toml]
    manifest: Option<PathBuf>,
    /// The session, a date in New York [default: one of autumn 2026; with --bars the last date of the file]
    #[arg(long, value_name = "DATE")]
    session: Option<NyDate>,
    /// Real daily bars, Parquet or CSV; without it a synthetic market
    #[arg(long, value_name = "FILE", requires = "universe")]
    bars: Option<PathBuf>,
    /// The universe of the real bars, CSV
    #[arg(long, value_name = "FILE", requires = "bars")]
    universe: Option<PathBuf>,
    /// What goes wrong, once for each thing
    #[arg(long = "fault", value_name = "NAME")]
    faults: Vec<Fault>,
    /// Stop at this time in New York instead of after the last timer
    #[arg(long, value_name = "HH:MM", value_parser = parse_time)]
    until: Option<NaiveTime>,
    /// Write down the system calls of `execution` whose effect somebody else can see (needs strace)
    #[arg(long)]
    boundaries: bool,
    /// Said by the program to itself: it has its own mounts
    #[arg(long, hide = true)]
    own_mounts: bool,
    /// Seconds of the market a second of yours, or max
    #[arg(long, value_name = "N", default_value = "max", value_parser = parse_speed)]
    speed: Speed,
    /// Everything random comes from it
    #[arg(long, value_name = "N", default_value_t = 8)]
    seed: u64,
    /// Where the programs are [default: where this one is]
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Keep the deployment's files, units and logs here (a new or empty directory)
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Draw the day as one HTML page, charts included
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// One JSON document at the end instead of the timeline
    #[arg(long)]
    json: bool,
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let factor: Option<f64> = text.parse().ok().filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
    factor.map(Speed::Times).ok_or_else(|| "a positive number, or max".to_owned())
}

fn main() -> std_process::ExitCode {
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(error) => {
            // A closed pipe is nobody's loss.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage.into() } else { ExitCode::Ok.into() };
        }
    };
    let result = match command {
        Command::Day(arguments) => run(arguments),
        Command::Faults(arguments) => catalogue::print(&arguments),
        Command::Replay(arguments) => match arguments.day() {
            Some(path) => again::replay(&path, |arguments| run_quietly(&arguments)),
            None => replay::replay(&arguments),
        },
        Command::Soak(arguments) => soak::soak(&arguments),
        Command::Inputs(arguments) => inputs::write(&arguments),
    };
    match result {
        Ok(true) => ExitCode::Ok.into(),
        Ok(false) => ExitCode::Unexpected.into(),
        Err(error) => {
            let code = error.downcast_ref::<ExitCode>().copied().unwrap_or(ExitCode::Unexpected);
            eprintln!("rehearse: {error:#}");
            code.into()
        }
    }
}

fn parse_time(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| "a time of day, such as 10:30".to_owned())
}

/// Runs the day that these arguments name, and says nothing.
fn run_quietly(arguments: &[String]) -> anyhow::Result<Document> {
    let words = ["rehearse".to_owned()].into_iter().chain(arguments.iter().cloned()).chain(["--json".to_owned()]);
    let cli = Cli::try_parse_from(words).map_err(|error| anyhow!("{error}").context(ExitCode::Usage))?;
    match cli.command {
        Command::Day(arguments) => rehearse_day(arguments),
        Command::Faults(_) | Command::Replay(_) | Command::Soak(_) | Command::Inputs(_) => {
            Err(anyhow!("the document is of no day").context(ExitCode::BadData))
        }
    }
}

/// Whether the day ended as it should.
fn run(arguments: DayArguments) -> anyhow::Result<bool> {
    let json = arguments.json;
    let document = rehearse_day(arguments)?;
    print(&document, json)?;
    Ok(document.summary.as_expected)
}

fn rehearse_day(arguments: DayArguments) -> anyhow::Result<Document> {
    let has_mounts = env::args_os().any(|word| word == mounts::OWN_MOUNTS);
    let plan = plan(arguments)?;
    if plan.needs_disk() && !has_mounts {
        return Err(mounts::enter());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        tokio::select! {
            document = rehearsal::rehearse(&plan) => document,
            // Leaving this way ends the processes too; the signal's own way would leave them behind.
            _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
        }
    })
}

fn print(document: &Document, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(document)?);
    } else {
        print!("{}", document.summary.page(Style::of_stdout()));
    }
    Ok(())
}

fn plan(arguments: DayArguments) -> anyhow::Result<Plan> {
    let said = arguments.clone();
    let programs = match arguments.programs {
        Some(programs) => programs.canonicalize().with_context(|| format!("--programs {}", programs.display()))?,
        None => own_directory()?,
    };
    let origin = match (arguments.bars, arguments.universe) {
        (Some(bars), Some(universe)) => Origin::Files { bars, universe },
        (None, None) | (Some(_), None) | (None, Some(_)) => Origin::Synthetic { seed: arguments.seed },
    };
    let manifest = find_manifest(arguments.manifest, &programs)?;
    Ok(Plan {
        arguments: again::arguments(&said, &manifest),
        manifest,
        origin,
        session: arguments.session,
        faults: arguments.faults,
        until: arguments.until,
        boundaries: arguments.boundaries,
        seed: arguments.seed,
        speed: arguments.speed,
        programs,
        keep: arguments.keep,
        report: arguments.report,
        terminal: (!arguments.json).then(Style::of_stdout),
    })
}

fn own_directory() -> anyhow::Result<PathBuf> {
    let own = env::current_exe().context("finding this program's own directory")?;
    Ok(own.parent().context("a program lies in a directory")?.to_owned())
}

/// The manifest given, or the one we ship: upwards from here, then upwards from the programs.
fn find_manifest(given: Option<PathBuf>, programs: &Path) -> anyhow::Result<PathBuf> {
    if let Some(path) = given {
        let missing = || anyhow!("there is no manifest {}", path.display()).context(ExitCode::Usage);
        return if path.is_file() { Ok(path) } else { Err(missing()) };
    }
    let here = env::current_dir().unwrap_or_default();
    let found =
        here.ancestors().chain(programs.ancestors()).map(|folder| folder.join(MANIFEST)).find(|path| path.is_file());
    found.ok_or_else(|| {
        anyhow!("found no {MANIFEST}, neither above {} nor above {}; name one", here.display(), programs.display())
            .context(ExitCode::Usage)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_positive_or_max() {
        assert_eq!(parse_speed("max"), Ok(Speed::Max));
        assert_eq!(parse_speed("60"), Ok(Speed::Times(60.0)));
        for text in ["0", "-1", "nan", "inf", "fast", ""] {
            assert!(parse_speed(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn real_bars_need_a_universe_and_the_help_holds_together() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
        assert!(Cli::try_parse_from(["rehearse", "day", "--bars", "x"]).is_err());
        assert!(
            Cli::try_parse_from(["rehearse", "day", "--fault", "crash@12a", "--bars", "x", "--universe", "y"]).is_ok()
        );
    }
}
