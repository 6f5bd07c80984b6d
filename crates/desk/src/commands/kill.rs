//! `desk kill`: latch the kill switch. It only ever rises; lifting it is `desk clear`.

use anyhow::Context;
use contract::{ExitCode, KillLevel, KillSwitch};

use super::Place;

/// How far to stop, and why.
#[derive(clap::Args)]
pub struct Args {
    /// entries: open nothing. cancel: also cancel entries, stops stay. flatten: also sell everything at the market.
    #[arg(long, default_value = "cancel")]
    level: KillLevel,
    /// Why; shown wherever the switch is.
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    place: Place,
}

/// Latches.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = args.place.open()?;
    let now = desk.clock.try_now().unwrap_or_else(|_| market::Clock::now(&desk.clock));
    let path = desk.layout.kill_switch();
    let latch = KillSwitch::latch(&path, args.level, &args.reason, "desk", now).context(ExitCode::CannotWrite)?;
    println!("kill switch latched: {latch}");
    println!("execution obeys within one cycle; protective stops stay at the broker. Lift it with: desk clear");
    Ok(ExitCode::Ok)
}
