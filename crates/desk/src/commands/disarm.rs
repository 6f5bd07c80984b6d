//! `desk disarm`: LIVE opens nothing any more, not even in the cycle that is under way. What is held is managed all the same.
//!
//! Nothing may refuse it, so it looks at the arming directory and at nothing else: no manifest, no limit, no account.

use std::path::PathBuf;

use anyhow::Context;
use contract::{Env, ExitCode, env};
use serde_json::json;

use super::Common;
use crate::arming::{DIRECTORY, Disarmed, disarm, require_root};

/// Whom to disarm.
#[derive(clap::Args)]
pub struct Args {
    /// This account only [default: every account of this machine]
    #[arg(long, value_name = "NUMBER")]
    account: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Disarms.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    require_root()?;
    let named = Env::from_process().path(&env::PORTCULLIS_ARMING_DIR).context(ExitCode::BadConfig)?;
    let directory = named.unwrap_or_else(|| PathBuf::from(DIRECTORY));
    let disarmed = disarm(&directory, args.account.as_deref())?;
    let known = || disarmed.iter().filter_map(|disarmed| disarmed.file.as_ref());
    if args.common.json {
        let accounts: Vec<&str> = known().map(|file| file.account.as_str()).collect();
        let armed_for = known().map(|file| file.armed_for).max();
        let was_armed = !disarmed.is_empty();
        let document =
            json!({ "schema_version": 1, "was_armed": was_armed, "armed_for": armed_for, "accounts": accounts });
        println!("{document:#}");
    } else if disarmed.is_empty() {
        println!("nothing was armed");
    } else {
        disarmed.iter().for_each(|disarmed| println!("disarmed: {}", text(disarmed)));
        println!("entries are withdrawn within a cycle, positions and their stops are managed on");
    }
    Ok(ExitCode::Ok)
}

fn text(disarmed: &Disarmed) -> String {
    match &disarmed.file {
        Some(file) => format!("account {}, which was armed for {}", file.account, file.armed_for),
        None => format!("{}, which nobody could read", disarmed.path.display()),
    }
}
