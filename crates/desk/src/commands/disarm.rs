//! `desk disarm`: LIVE opens nothing any more, from the next cycle on. What is held is managed all the same.

use std::path::PathBuf;

use contract::ExitCode;
use serde_json::json;

use crate::arming::{Armable, require_root};

/// Which deployment.
#[derive(clap::Args)]
pub struct Args {
    /// The installed manifest, for what the environment does not say [default: $PORTCULLIS_MANIFEST]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The deployment's directory.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Disarms.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    require_root()?;
    let armable = Armable::open(args.root.as_deref(), args.manifest.as_deref())?;
    let was = armable.armed();
    let was_armed = armable.disarm()?;
    if args.json {
        let armed_for = was.map(|file| file.armed_for);
        println!("{:#}", json!({ "schema_version": 1, "was_armed": was_armed, "armed_for": armed_for }));
    } else if was_armed {
        println!("disarmed; entries are withdrawn within a cycle, positions and their stops are managed on");
    } else {
        println!("nothing was armed");
    }
    Ok(ExitCode::Ok)
}
