//! `rehearse inputs`: what a scan of the synthetic market reads, for a deployment that somebody else boots.

use std::path::PathBuf;

use clap::Args;
use contract::Layout;
use market::{Calendar, NyDate};

use crate::data::Market;

/// Bars that end before the session, and the universe; the venue of the same seed trades the session itself.
#[derive(Args, Clone)]
pub struct InputsArguments {
    /// The session to scan for, a date in New York
    #[arg(long, value_name = "DATE")]
    session: NyDate,
    /// The first session of the market at the venue, when it trades several [default: that session]
    #[arg(long, value_name = "DATE")]
    first: Option<NyDate>,
    /// The seed of the market, as `sim-broker --seed` takes it
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The deployment's state directory: the files go below its cache/
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes them, and says the date of the newest bar.
pub fn write(arguments: &InputsArguments) -> anyhow::Result<bool> {
    let first = arguments.first.unwrap_or(arguments.session);
    let market = Market::of_days(arguments.seed, first, arguments.session, Calendar::nyse())?;
    market.write_inputs(&Layout::new(&arguments.out))?;
    println!("{}", market.previous.date);
    Ok(true)
}
