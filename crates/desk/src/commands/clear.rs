//! `desk clear`: lift the kill switch, the one way to do so.

use std::path::PathBuf;

use anyhow::Context;
use contract::{ExitCode, KillSwitch};

use super::Deployment;

/// Which deployment.
#[derive(clap::Args)]
pub struct Args {
    /// The deployment's directory.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// Lifts.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = Deployment::open(args.root.as_deref())?;
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
