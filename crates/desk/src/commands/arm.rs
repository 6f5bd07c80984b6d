//! `desk arm`: let LIVE open for one session. Shows what it allows, asks for the account number, and then writes the token,
//! the session's empty list of orders and, last, the file that arms.

use std::io::{self, BufRead, Write};

use anyhow::Context;
use contract::{ExitCode, KillSwitch};
use market::NyDate;
use serde_json::json;

use super::Common;
use crate::arming::{Armable, require_root};

/// Which session, and who confirms.
#[derive(clap::Args)]
pub struct Args {
    /// The session: today's or the next one [default: today's]
    #[arg(long = "for", value_name = "DATE")]
    session: Option<NyDate>,
    /// Confirms without being asked: the account number in full.
    #[arg(long, value_name = "NUMBER")]
    yes_account: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Arms.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    require_root()?;
    let armable = Armable::open(args.common.root.as_deref(), args.common.manifest.as_deref())?;
    let now = armable.clock.try_now().context(ExitCode::BrokerUnavailable)?;
    let session = armable.session(args.session, now)?;
    show(&armable, session.date);
    confirm(&armable.account, args.yes_account.as_deref())?;
    let is_new = armable.arm(session.date, now)?;
    let token = armable.layout.live_confirm_token();
    let caps = armable.caps();
    if args.common.json {
        println!(
            "{:#}",
            json!({
                "schema_version": 1,
                "armed_for": session.date,
                "until": session.close,
                "account": armable.account,
                "allowlist": caps.allowlist,
                "max_orders_per_day": caps.orders_per_day,
                "max_positions": caps.positions,
                "max_gross_notional": caps.gross_notional,
                "max_notional_per_symbol": caps.per_symbol,
                "token_file": token,
                "token_is_new": is_new,
            })
        );
        return Ok(ExitCode::Ok);
    }
    println!("armed: account {} for the session of {}, and no other", armable.account, session.date);
    if is_new {
        println!("the token is new; the unit must present it. As root:");
        let folder = format!("/etc/portcullis/credentials/{}", armable.deployment.as_deref().unwrap_or("DEPLOYMENT"));
        println!("  install -m 600 {} {folder}/LIVE_CONFIRM_TOKEN", token.display());
        println!("  systemctl restart execution.service");
    }
    println!("the log says it when the gate is open: Gate mode=LIVE status=PASS reason=live trading confirmed");
    Ok(ExitCode::Ok)
}

/// On standard error, so that `--json` leaves standard output to the document.
fn show(armable: &Armable, session: NyDate) {
    eprintln!("LIVE, real money: account {}, session {session}", armable.account);
    armable.caps().lines().iter().for_each(|line| eprintln!("{line}"));
    if armable.limits.allowlist.is_empty() {
        eprintln!("*** EVERY SYMBOL OF THE WATCHLIST MAY BE OPENED: ALLOWLIST_SYMBOLS is empty ***");
    }
    if let KillSwitch::Latched(latch) = KillSwitch::read_file(&armable.layout.kill_switch()) {
        eprintln!("the kill switch is latched, and nothing opens until it is lifted: {latch}");
    }
}

fn confirm(account: &str, given: Option<&str>) -> anyhow::Result<()> {
    let typed = match given {
        Some(number) => number.to_owned(),
        None => {
            eprint!("Type the account number to arm it: ");
            io::stderr().flush().ok();
            let mut line = String::new();
            io::stdin().lock().read_line(&mut line).context("nothing can be read from standard input")?;
            line.trim().to_owned()
        }
    };
    if typed == account {
        return Ok(());
    }
    let text = format!("not armed: {typed:?} is not the account number {account}");
    Err(anyhow::anyhow!(text).context(ExitCode::Usage))
}
