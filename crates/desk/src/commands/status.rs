//! `desk status`: what the deployment may do now, and what it holds, from its files alone.

use anyhow::Context;
use contract::{Evidence, ExitCode, Exposure, ExposureView, KillSwitch, arming::ArmingFile, env};
use ledger::Ledger;
use market::{Calendar, NyDate, Timestamp};
use serde_json::{Value, json};

use super::{Deployment, Place};
use crate::arming::DIRECTORY;

/// Which deployment, and how to say it.
#[derive(clap::Args)]
pub struct Args {
    /// One JSON document.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

/// Looks.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = args.place.open()?;
    let now = desk.clock.try_now().map_err(|error| error.to_string());
    let verdict = contract::decide(&Evidence::gather(&desk.layout, &desk.env, now.clone()), Calendar::nyse());
    let midnight = now.as_ref().ok().map(|now| now.ny_date().at_hm(0, 0));
    let ledger = ledger(&desk, midnight)?;
    let kill = match KillSwitch::read(&desk.layout.kill_switch(), &desk.env) {
        KillSwitch::Clear => None,
        KillSwitch::Latched(latch) => Some(latch.to_string()),
    };
    let arming = arming(&desk, now.as_ref().ok().map(|now| now.ny_date()));
    let exposure = ExposureView::read(&desk.layout.exposure()).ok();
    let status = json!({
        "schema_version": 1,
        "at": now.ok(),
        "root": desk.layout.root(),
        "gate": verdict.to_string(),
        "may_open": verdict.reasons.is_empty(),
        "kill_switch": kill,
        "arming": arming,
        "exposure": exposure,
        "holding": holding(&Exposure::assess(&desk.layout), exposure.is_some(), &ledger),
        "ledger": ledger,
    });
    if args.json {
        println!("{status:#}");
    } else {
        println!("{}", text(&status));
    }
    Ok(ExitCode::Ok)
}

/// What is armed, and whether that is today; null when nothing is, or nobody knows.
fn arming(desk: &Deployment, today: Option<NyDate>) -> Value {
    let files = ArmingFile::files(desk.layout.arming_dir().unwrap_or(DIRECTORY.as_ref())).unwrap_or_default();
    let account = desk.env.raw(env::PORTCULLIS_ACCOUNT.name);
    let mut files = files.iter().filter_map(|path| ArmingFile::read_at(path).ok());
    let armed = files.find(|file| account.is_none_or(|account| account == file.account));
    armed.map_or(Value::Null, |file| {
        json!({
            "armed_for": file.armed_for,
            "account": file.account,
            "armed_at": file.armed_at,
            "is_today": today == Some(file.armed_for),
        })
    })
}

/// Whether there is something to protect, as the gate judges it, with what the ledger knows of orders beside it. What cannot
/// be read is unknown, and never flat.
fn holding(exposure: &Exposure, has_view: bool, ledger: &Value) -> Value {
    let unresolved = ledger["unresolved"].as_u64().unwrap_or(0);
    match exposure {
        Exposure::Flat if unresolved == 0 => json!({"kind": "flat"}),
        Exposure::Flat => {
            json!({"kind": "held", "why": format!("{unresolved} orders of unknown outcome in the ledger")})
        }
        Exposure::Exposed { why } => json!({"kind": if has_view { "held" } else { "unknown" }, "why": why}),
    }
}

fn ledger(desk: &Deployment, since: Option<Timestamp>) -> anyhow::Result<Value> {
    let path = desk.ledger_path();
    if !path.exists() {
        return Ok(Value::Null);
    }
    let ledger = Ledger::open_read_only(&path).context(ExitCode::CannotWrite)?;
    let since = since.unwrap_or(Timestamp::from_unix_seconds(0));
    let intents = ledger.intents_since(since)?;
    let intent = |intent: &trading::book::Intent| {
        json!({
            "client_order_id": intent.request.client_order_id,
            "symbol": intent.request.symbol,
            "purpose": intent.request.purpose,
            "qty": intent.request.qty,
            "order": intent.request.kind.to_string(),
            "state": intent.state,
            "note": intent.note,
        })
    };
    Ok(json!({
        "path": path,
        "account": ledger.account()?,
        "undelivered_alerts": ledger.undelivered_count()?,
        "intents": intents.iter().map(intent).collect::<Vec<_>>(),
        "unresolved": intents.iter().filter(|intent| intent.state.is_unresolved()).count(),
        "executions_today": ledger.executions_since(since)?.len(),
        "refusals_today": ledger.refusals_since(since)?,
        "events_today": ledger.events_since(since)?.into_iter().filter(|event| event.kind != "transition").collect::<Vec<_>>(),
    }))
}

fn text(status: &Value) -> String {
    let mut lines = vec![status["gate"].as_str().unwrap_or_default().to_owned()];
    let kill = status["kill_switch"].as_str().map_or("clear".to_owned(), |latch| format!("LATCHED {latch}"));
    lines.push(format!("kill switch  {kill}"));
    let armed = match (status["arming"]["armed_for"].as_str(), status["arming"]["is_today"].as_bool()) {
        (None, _) => "LIVE is not armed".to_owned(),
        (Some(date), today) => {
            let account = word(&status["arming"]["account"]);
            format!("{} account {account} for {date}", if today == Some(true) { "ARMED" } else { "not today:" })
        }
    };
    lines.push(format!("arming       {armed}"));
    match status["exposure"]["positions"].as_array() {
        None => lines.push("exposure     no view".to_owned()),
        Some(positions) => {
            let held: Vec<String> =
                positions.iter().map(|p| format!("{} {}", word(&p["symbol"]), word(&p["qty"]))).collect();
            let orders = &status["exposure"]["working_orders"];
            lines.push(format!("exposure     {} positions [{}], {orders} working orders", held.len(), held.join(", ")));
        }
    }
    match status["ledger"].as_object() {
        None => lines.push("ledger       none yet".to_owned()),
        Some(ledger) => {
            let (count, unresolved) = (ledger["intents"].as_array().map_or(0, Vec::len), &ledger["unresolved"]);
            lines.push(format!("ledger       {count} intents today or live, {unresolved} unresolved"));
            match &ledger["undelivered_alerts"] {
                none if none.as_u64() == Some(0) => {}
                some => lines.push(format!("alerts       {some} not delivered to anybody yet")),
            }
            for intent in ledger["intents"].as_array().into_iter().flatten() {
                let (symbol, qty, order) = (word(&intent["symbol"]), word(&intent["qty"]), word(&intent["order"]));
                lines.push(format!(
                    "  {symbol:<6} {:<8} {qty:>6} {order:<14} {}",
                    word(&intent["purpose"]),
                    word(&intent["state"])
                ));
            }
            for refusal in ledger["refusals_today"].as_array().into_iter().flatten() {
                lines.push(format!("  refused {} x {}", refusal["count"], word(&refusal["reason"])));
            }
        }
    }
    lines.join("\n")
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_ledger_knows_of_orders_counts_beside_the_view() {
        let exposed = || Exposure::Exposed { why: "x".to_owned() };
        for (exposure, has_view, unresolved, expect) in [
            (Exposure::Flat, true, 0, "flat"),
            (Exposure::Flat, true, 1, "held"),
            (exposed(), true, 0, "held"),
            (exposed(), false, 0, "unknown"),
        ] {
            let found = holding(&exposure, has_view, &json!({ "unresolved": unresolved }));
            assert_eq!(found["kind"], expect, "{exposure:?} {has_view} {unresolved}");
        }
        assert_eq!(holding(&Exposure::Flat, false, &Value::Null)["kind"], "flat");
    }
}
