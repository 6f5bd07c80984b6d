//! `desk eod`: the day in one report: fills, profit and loss, positions, and whether each has its stop.
//!
//! Written to `ledger/EOD/<date>.json`, said on standard output. A position without its stop, or an order whose outcome
//! is unknown, or a ledger that cannot be read, ends it with 1: the unit fails, and its ExecStopPost= alerts.

use std::path::Path;

use anyhow::Context;
use contract::{ExitCode, write_atomically};
use ledger::{Ledger, LedgerError, RefusalCount};
use market::{Calendar, NyDate, Timestamp, Usd};
use serde::Serialize;
use trading::{
    book::Intent,
    order::{Purpose, Side},
    pnl,
    report::Execution,
    tape::Split,
};

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
    refusals: Vec<RefusalCount>,
    alerts: usize,
    /// What is wrong with the ledger, if anything: then the counts above are of what could be read.
    ledger_damage: Option<String>,
}

/// Reports.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = Deployment::open(None, None)?;
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
    // Said before it is written: a full disk keeps no missing stop back.
    if args.json {
        println!("{}", String::from_utf8_lossy(&text));
    } else {
        print(&report);
    }
    write_atomically(&desk.layout.end_of_day(date), &text).context(ExitCode::CannotWrite)?;
    Ok(if report.is_sound() { ExitCode::Ok } else { ExitCode::Unexpected })
}

fn report(desk: &Deployment, date: NyDate) -> anyhow::Result<Report> {
    let broker = BrokerView::read(&desk.env)?;
    let midnight = date.at_hm(0, 0);
    let Told { executions, splits, intents, refusals, alerts, damage } = Told::by(&desk.ledger_path(), midnight);
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
        ledger_damage: damage,
    })
}

/// What the ledger tells of a day: as much as can be read, and what is wrong with the rest.
#[derive(Debug, Default)]
struct Told {
    executions: Vec<Execution>,
    splits: Vec<Split>,
    intents: Vec<Intent>,
    refusals: Vec<RefusalCount>,
    alerts: usize,
    damage: Option<String>,
}

impl Told {
    fn by(path: &Path, midnight: Timestamp) -> Self {
        let mut told = Self::default();
        if matches!(path.try_exists(), Ok(false)) {
            return told;
        }
        let Some(ledger) = told.readable(Ledger::open_read_only(path)) else { return told };
        // A start has time for what decides only; here there is time for all of it.
        told.readable(ledger.check_all());
        let ever = Timestamp::from_unix_nanos(i64::MIN);
        told.executions = told.readable(ledger.executions_since(ever)).unwrap_or_default();
        told.splits = told.readable(ledger.splits()).unwrap_or_default();
        told.intents = told.readable(ledger.intents_since(midnight)).unwrap_or_default();
        told.refusals = told.readable(ledger.refusals_since(midnight)).unwrap_or_default();
        let events = told.readable(ledger.events_since(midnight)).unwrap_or_default();
        told.alerts = events.iter().filter(|event| event.kind == "alert").count();
        told
    }

    /// Keeps the first that is wrong. Whatever it is, the broker's view goes on.
    fn readable<T>(&mut self, read: Result<T, LedgerError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                self.damage.get_or_insert_with(|| error.to_string());
                None
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_ledger_that_cannot_be_read_is_told_and_is_no_end() {
        let folder = tempfile::tempdir().expect("a place");
        let path = folder.path().join("execution_v2.sqlite");
        let midnight = Timestamp::from_unix_seconds(1_783_000_000);
        assert_eq!(Told::by(&path, midnight).damage, None, "there is none yet");
        for (what, bytes) in [("no database", vec![b'x'; 5_000]), ("no bytes", vec![]), ("zeros", vec![0; 5_000])] {
            fs::write(&path, bytes).expect("room");
            let told = Told::by(&path, midnight);
            assert!(told.damage.is_some() && told.intents.is_empty(), "{what}: {told:?}");
        }
        fs::remove_file(&path).and_then(|()| fs::create_dir(&path)).expect("a folder");
        assert!(Told::by(&path, midnight).damage.is_some());
        fs::remove_dir(&path).expect("gone");
        drop(Ledger::open(&path, &"PA3TEST".parse().expect("an account")).expect("a ledger"));
        assert_eq!(Told::by(&path, midnight).damage, None);
    }
}
