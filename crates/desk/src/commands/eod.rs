//! `desk eod`: the day in one report: fills, profit and loss, positions, and whether each has its stop.
//!
//! Written to `ledger/EOD/<date>.json`, said on standard output. A position without its stop, or an order whose outcome
//! is unknown, ends it with 1: the unit fails, and its ExecStopPost= alerts.

use anyhow::Context;
use contract::{ExitCode, write_atomically};
use ledger::Ledger;
use market::{Calendar, NyDate, Usd};
use serde::Serialize;
use trading::{order::Purpose, order::Side, pnl, report::Execution};

use super::Deployment;
use crate::account::{BrokerView, Protection};

/// How to say it.
#[derive(clap::Args)]
pub struct Args {
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// The day.
#[derive(Debug, Serialize)]
struct Report {
    schema_version: u32,
    date: NyDate,
    account: String,
    equity: Usd,
    change_of_equity: Usd,
    realized: Usd,
    unrealized: Usd,
    entries: usize,
    fills: usize,
    positions: Vec<Protection>,
    unresolved: Vec<String>,
    refusals: Vec<ledger::RefusalCount>,
    alerts: usize,
    /// What a check of the whole ledger found.
    ledger_damage: Option<String>,
}

/// Reports.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = Deployment::open(None)?;
    let now = desk.clock.try_now().context(ExitCode::BrokerUnavailable)?;
    let date = now.ny_date();
    let Some(session) = Calendar::nyse().session_on(date).context(ExitCode::BadConfig)? else {
        println!("{date} is no session; nothing to report");
        return Ok(ExitCode::Ok);
    };
    if now < session.close {
        println!("the session of {date} has not closed; this report is of the day so far");
    }
    let report = report(&desk, date)?;
    let text = serde_json::to_vec_pretty(&report).context("failed to write JSON")?;
    write_atomically(&desk.layout.end_of_day(date), &text).context(ExitCode::CannotWrite)?;
    if args.json {
        println!("{}", String::from_utf8_lossy(&text));
    } else {
        print(&report);
    }
    Ok(if report.is_sound() { ExitCode::Ok } else { ExitCode::Unexpected })
}

fn report(desk: &Deployment, date: NyDate) -> anyhow::Result<Report> {
    let broker = BrokerView::read(&desk.env)?;
    let midnight = date.at_hm(0, 0);
    let path = desk.ledger_path();
    let ledger = path.exists().then(|| Ledger::open_read_only(&path)).transpose().context(ExitCode::CannotWrite)?;
    let (mut executions, mut splits) = (Vec::new(), Vec::new());
    let (mut intents, mut refusals, mut alerts) = (Vec::new(), Vec::new(), 0);
    let mut ledger_damage = None;
    if let Some(ledger) = &ledger {
        // A start has time for what decides only; here there is time for all of it.
        ledger_damage = ledger.check_all().err().map(|damage| damage.to_string());
        executions = ledger.executions_since(market::Timestamp::from_unix_nanos(i64::MIN))?;
        splits = ledger.splits()?;
        intents = ledger.intents_since(midnight)?;
        refusals = ledger.refusals_since(midnight)?;
        alerts = ledger.events_since(midnight)?.iter().filter(|event| event.kind == "alert").count();
    }
    let today = |fill: &&Execution| fill.at >= midnight;
    let unresolved = intents.iter().filter(|intent| intent.state.is_unresolved());
    Ok(Report {
        schema_version: 1,
        date,
        account: broker.account.number.to_string(),
        equity: broker.account.equity,
        change_of_equity: broker.account.equity - broker.account.last_equity,
        realized: pnl::realized(&executions, &splits, midnight).into_values().sum(),
        unrealized: broker.protection().iter().map(unrealized).sum(),
        entries: intents.iter().filter(|i| i.request.purpose == Purpose::Open && i.request.side == Side::Buy).count(),
        fills: executions.iter().filter(today).count(),
        positions: broker.protection(),
        unresolved: unresolved.map(|intent| intent.request.client_order_id.to_string()).collect(),
        refusals,
        alerts,
        ledger_damage,
    })
}

fn unrealized(held: &Protection) -> Usd {
    let position = &held.position;
    let cost = position.avg_entry_price.map_or(Usd::ZERO, |price| price.notional(position.qty));
    let gain = position.current_price.map_or(Usd::ZERO, |price| price.notional(position.qty) - cost);
    if position.short { -gain } else { gain }
}

impl Report {
    fn is_sound(&self) -> bool {
        self.ledger_damage.is_none() && self.unresolved.is_empty() && self.positions.iter().all(|held| held.complete)
    }
}

fn print(report: &Report) {
    let Report { date, account, equity, change_of_equity, realized, unrealized, entries, fills, .. } = report;
    println!("End of day {date}, account {account}: equity {equity} ({change_of_equity} on the day)");
    println!(
        "realized {realized}, unrealized {unrealized}; {entries} entries, {fills} fills, {} alerts",
        report.alerts
    );
    for held in &report.positions {
        let position = &held.position;
        let stop = if held.complete { "protected".to_owned() } else { format!("ONLY {} PROTECTED", held.protected) };
        let cost = position.avg_entry_price.map_or("no cost".to_owned(), |price| price.to_string());
        println!("  {:<6} {:>8} at {cost:<10} {stop}", position.symbol, position.qty);
    }
    for refusal in &report.refusals {
        println!("  refused {} x {}", refusal.count, refusal.reason);
    }
    for id in &report.unresolved {
        println!("<3>ALERT outcome unknown at the end of the day: {id}");
    }
    if let Some(damage) = &report.ledger_damage {
        println!("<3>ALERT {damage}");
    }
    if !report.positions.iter().all(|held| held.complete) {
        println!("<3>ALERT a position is not wholly protected at the end of the day");
    }
}
