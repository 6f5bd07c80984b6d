//! The command line, and the venue it describes.

use std::{fs, net::SocketAddr, path::PathBuf};

use broker_sim::{
    DataPlan, Pace, Source, Venue, VenueConfig, check,
    faults::{self, Script},
    pace::SPEED_MAX,
};
use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use market::{NaiveTime, NyDate, TimeDelta, Timestamp, Usd};

use crate::ending::{EXIT_CODES, Failure};

/// A simulated broker and exchange on Alpaca's paths: REST, trade updates and market data on one port.
///
/// Everything comes from the seed; time stands still until POST /sim/advance moves it, unless --speed or --clock real.
#[derive(Debug, Parser)]
#[command(name = "sim-broker", version, after_help = EXIT_CODES, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Where to listen; port 0 for a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Let addresses other than loopback be listened on
    #[arg(long)]
    pub anywhere: bool,
    /// Everything random comes from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The first session that is traded, or the next one after that day
    #[arg(long, value_name = "DATE", default_value = "2026-10-15")]
    pub session: NyDate,
    /// The time of that day at which the venue begins, in New York
    #[arg(long, value_name = "HH:MM", default_value = "09:30", value_parser = time_of_day)]
    pub start: NaiveTime,
    /// How many sessions are traded
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=250))]
    pub days: u16,
    /// The cash to begin with, in dollars
    #[arg(long, default_value = "100000")]
    pub cash: Usd,
    /// The account number
    #[arg(long, default_value = "PA30000000", value_parser = account)]
    pub account: String,
    /// The key id that is let in
    #[arg(long, default_value = "SIMKEY")]
    pub key_id: String,
    /// Its secret
    #[arg(long, default_value = "SIMSECRET")]
    pub secret_key: String,
    /// Requests a minute of the venue's clock before 429 [default: no limit]
    #[arg(long, value_name = "N")]
    pub rate_limit: Option<u32>,
    /// Between the receipt of an order and its effect, on the venue's clock
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u32,
    /// Let shares be sold that are not held
    #[arg(long)]
    pub shorting: bool,
    /// Buying power as a multiple of equity: 1, 2 or 4
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub multiplier: u32,
    /// The most orders the venue takes in its life; its memory is bounded by it
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub orders_max: usize,
    /// The data subscription: basic has no sip feed
    #[arg(long, value_enum, default_value_t = Plan::Plus)]
    pub plan: Plan,
    /// Whose time it is: stepped by hand, or the world's
    #[arg(long, value_enum, default_value_t = ClockKind::Stepped)]
    pub clock: ClockKind,
    /// So many seconds of the venue's go by in one
    #[arg(long, value_name = "N", conflicts_with = "clock", value_parser = speed)]
    pub speed: Option<f64>,
    /// What goes wrong, as POST /sim/faults takes it
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Append the event log to a file as it happens
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Print one line of JSON instead of text
    #[arg(long)]
    pub json: bool,
}

/// Besides listening.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Whose time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClockKind {
    /// It stands still until it is moved
    Stepped,
    /// The world's
    Real,
}

/// What the account may hear of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plan {
    /// The iex feed, 30 symbols; the sip feed by REST when it is 15 minutes old
    Basic,
    /// Every feed
    Plus,
}

impl Arguments {
    /// Refuses what no option alone shows.
    pub fn check(&self) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() && !self.anywhere {
            let why = format!("{} is no loopback address; --anywhere lets it be listened on", self.listen);
            return Err(Failure::Usage(why));
        }
        Ok(())
    }

    /// How time goes.
    pub fn pace(&self) -> Pace {
        match (self.speed, self.clock) {
            (Some(speed), _) => Pace::Speed(speed),
            (None, ClockKind::Real) => Pace::Real,
            (None, ClockKind::Stepped) => Pace::Stepped,
        }
    }

    /// The venue at its beginning; `world` is the world's time.
    pub fn venue(&self, world: Timestamp) -> Result<Venue, Failure> {
        let pace = self.pace();
        let start = if pace.is_real() { world } else { self.begin()? };
        let config = VenueConfig {
            latency: TimeDelta::milliseconds(self.latency_ms.into()),
            rate_limit: self.rate_limit,
            shorting: self.shorting,
            multiplier: self.multiplier,
            orders_max: self.orders_max,
            ..VenueConfig::new(&self.account, &self.key_id, &self.secret_key, self.cash, self.seed, start)
        };
        check(&config).map_err(|error| Failure::BadConfig(error.to_string()))?;
        let venue = Venue::of(config, Source::synthetic(self.days.into()), pace);
        let venue = venue.map_err(|error| Failure::BadConfig(error.to_string()))?;
        venue.set_plan(match self.plan {
            Plan::Basic => DataPlan::Basic,
            Plan::Plus => DataPlan::Plus,
        });
        if let Some(plan) = self.plan_of_faults()? {
            venue.set_faults(plan);
        }
        Ok(venue)
    }

    fn begin(&self) -> Result<Timestamp, Failure> {
        let session = market::Calendar::nyse().session_on_or_after(self.session);
        let session = session.map_err(|error| Failure::BadConfig(error.to_string()))?;
        Ok(session.date.at(self.start))
    }

    fn plan_of_faults(&self) -> Result<Option<faults::Plan>, Failure> {
        let Some(path) = &self.faults else { return Ok(None) };
        let bad = |why: String| Failure::BadFaults(format!("failed to read {}: {why}", path.display()));
        let text = fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let script: Script = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        faults::Plan::new(script).map(Some).map_err(|error| bad(error.to_string()))
    }
}

fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    format!("{text}:00").parse().or_else(|_| text.parse()).map_err(|_| "no time of day like 09:30".to_owned())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.001..=SPEED_MAX).contains(&speed) => Ok(speed),
        _ => Err(format!("a speed is 0.001 to {SPEED_MAX}")),
    }
}

fn account(text: &str) -> Result<String, String> {
    let fits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(text.to_owned()) } else { Err("an account number is 1 to 20 letters and digits".to_owned()) }
}
