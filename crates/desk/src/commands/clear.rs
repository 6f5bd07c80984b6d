//! `desk clear`: lift the kill switch, or the mark that a clock left which was ahead. The one way to do either.

use anyhow::Context;
use contract::{ExitCode, KillSwitch};
use market::TimeDelta;

use super::{Deployment, Place};

/// The broker's clock and ours may differ by this much.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// Which deployment, and what to lift.
#[derive(clap::Args)]
pub struct Args {
    /// Lift the high-water mark of time instead: nothing is opened before the latest instant the ledger knows, and a clock
    /// that was far ahead once leaves one that does not come. Refused while execution runs.
    #[arg(long, requires_all = ["by", "reason"])]
    time: bool,
    /// Who lifts it; recorded.
    #[arg(long, value_name = "NAME", requires = "time")]
    by: Option<String>,
    /// Why; recorded.
    #[arg(long, value_name = "TEXT", requires = "time")]
    reason: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Lifts.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = args.place.open()?;
    if args.time {
        return time(&desk, args.by.as_deref().unwrap_or_default(), args.reason.as_deref().unwrap_or_default());
    }
    let path = desk.layout.kill_switch();
    let held = KillSwitch::read_file(&path);
    if KillSwitch::clear(&path).context(ExitCode::CannotWrite)? {
        let KillSwitch::Latched(latch) = held else { return Ok(ExitCode::Ok) };
        println!("kill switch lifted; it was {latch}");
    } else {
        println!("no kill switch was latched");
    }
    Ok(ExitCode::Ok)
}

fn time(desk: &Deployment, by: &str, reason: &str) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(!by.trim().is_empty() && !reason.trim().is_empty(), "--by and --reason must say something");
    let now = desk.clock.try_now().map_err(anyhow::Error::msg).context(ExitCode::BrokerUnavailable)?;
    let mut own = desk.own_ledger()?;
    let Some(mark) = own.ledger.high_water()?.filter(|mark| *mark > now) else {
        println!("nothing to lift: the ledger knows no instant after {now}");
        return Ok(ExitCode::Ok);
    };
    // The broker tells when an order filled, by a clock of its own: if that is ahead too, it is ours that is behind.
    let filled = own.ledger.executions_since(now + SKEW)?.pop().map(|fill| fill.at);
    if let Some(filled) = filled {
        let text = format!("the broker told of a fill at {filled}: it is this clock ({now}) that is behind");
        return Err(anyhow::anyhow!(text).context(ExitCode::GateRefused));
    }
    own.ledger.clear_time(now, by, reason).context(ExitCode::CannotWrite)?;
    println!("time lifted: it was {mark}, it is {now} ({} of {})", own.ledger.path().display(), own.account);
    Ok(ExitCode::Ok)
}
