//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use market::{Feed, NyDate};

/// Finds the symbols worth trading at the next session and writes the watchlist.
#[derive(Debug, Parser)]
#[command(name = "scanner", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Scan daily bars for the next session
    Scan(ScanArguments),
}

/// Where the scan reads and writes. Whatever is not given lies below $STATE_DIRECTORY.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Without --as-of the clock decides: during a session or before it the data of the day before, \
                        after it the data of the day itself. On a failure the previous outputs stay untouched and only \
                        scan_run.json is written.")]
pub struct ScanArguments {
    /// Daily bars: Parquet, or CSV when the name ends in .csv [default: cache/bars.parquet]
    #[arg(long, value_name = "FILE")]
    pub bars: Option<PathBuf>,
    /// Symbols to scan, a fund's holdings as CSV [default: cache/universe.csv]
    #[arg(long, value_name = "FILE")]
    pub universe: Option<PathBuf>,
    /// The day of the newest data to look at [default: from the clock]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub as_of: Option<NyDate>,
    /// Where the outputs go [default: $STATE_DIRECTORY]
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,
    /// Which stages to run; a partial scan is for comparison and is not attested
    #[arg(long, value_enum, default_value_t)]
    pub stages: Stages,
    /// Where the bars come from; must agree with the note in the file, if it has one
    #[arg(long, value_parser = parse_feed, value_name = "sip|iex|simulated")]
    pub feed: Option<Feed>,
    /// Dates of earnings, CSV symbol,date [default: cache/earnings.csv if there]
    #[arg(long, value_name = "FILE")]
    pub earnings: Option<PathBuf>,
    /// Symbols the data provider rejected, lines of SYMBOL,DATE [default: cache/bad_tickers.txt if there]
    #[arg(long, value_name = "FILE")]
    pub bad_tickers: Option<PathBuf>,
    /// Print the summary as one JSON object
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(long, conflicts_with = "json")]
    pub quiet: bool,
}

/// Which stages of the scan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Stages {
    /// Universe, regime, liquidity and the signals
    #[default]
    #[value(name = "1-7")]
    All,
    /// The signals alone
    #[value(name = "4-7")]
    Signals,
}

/// How the summary is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// For a person.
    Text,
    /// For a program.
    Json,
    /// Not at all.
    Nothing,
}

impl Stages {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "1-7",
            Self::Signals => "4-7",
        }
    }
}

impl ScanArguments {
    /// How the summary is printed.
    pub fn shape(&self) -> Shape {
        match (self.json, self.quiet) {
            (true, _) => Shape::Json,
            (false, true) => Shape::Nothing,
            (false, false) => Shape::Text,
        }
    }
}

fn parse_feed(text: &str) -> Result<Feed, String> {
    [Feed::Sip, Feed::Iex, Feed::Simulated]
        .into_iter()
        .find(|feed| feed.to_string() == text)
        .ok_or_else(|| "known are sip, iex and simulated".to_owned())
}
