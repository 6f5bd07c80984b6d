//! Views of the ledger as files: exposure (the one the gate reads), heartbeat, the portfolio decision.

use broker::Broker;
use contract::write_atomically;
use serde_json::{Value, json};
use std::{fs::OpenOptions, io::Write, path::Path, time::UNIX_EPOCH};
use trading::portfolio::PortfolioDecision;

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// Heartbeat every cycle, the decision on material ones only. Views, not authority: a failure is a warning.
    pub(crate) fn write_artifacts(&self, market_open: bool) {
        let Some(view) = self.core.view() else { return };
        let heartbeat = json!({
            "schema": 1,
            "at": view.now,
            "mode": self.config.mode,
            "market_open": market_open,
            "ignore_market_hours": self.config.ignore_hours,
            "positions": view.positions.len(),
            "working_orders": view.working.len(),
            "intents_live": self.core.book().live().count(),
            "authority": view.authority,
            "kill": view.kill,
        });
        self.write_view(&self.config.layout.heartbeat(), &heartbeat);
        if let Some(decision) = PortfolioDecision::of(&self.core, &[]) {
            self.write_decision(&decision);
        }
    }

    fn write_decision(&self, decision: &PortfolioDecision<'_>) {
        let mut record = json!({
            "schema": 2,
            "mode": self.config.mode,
            "ignore_market_hours": self.config.ignore_hours,
            "inputs": self.inputs(),
        });
        let decided = serde_json::to_value(decision).unwrap_or_default();
        if let (Some(record), Value::Object(decided)) = (record.as_object_mut(), decided) {
            record.extend(decided);
        }
        let layout = &self.config.layout;
        self.write_view(&layout.state_dir().join("portfolio_decision_latest.json"), &record);
        if let Err(error) = append_line(&layout.portfolio_decisions(decision.at.ny_date()), &record) {
            tracing::warn!("the decision record was not written: {error}");
        }
    }

    /// Which ledger this is: two database files have been mistaken for one before.
    fn inputs(&self) -> Value {
        let path = self.ledger.path();
        let metadata = std::fs::metadata(path).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        json!({
            "db_path": path,
            "db_path_abs": std::path::absolute(path).ok(),
            "db_exists": metadata.is_some(),
            "db_mtime_utc": modified.map(|age| market::Timestamp::from_unix_seconds(age.as_secs() as i64)),
            "db_size_bytes": metadata.map(|metadata| metadata.len()),
        })
    }

    fn write_view(&self, path: &Path, content: &Value) {
        let text = format!("{content:#}\n");
        if let Err(error) = write_atomically(path, text.as_bytes()) {
            tracing::warn!("{error}");
        }
    }
}

fn append_line(path: &Path, record: &Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{record}\n").as_bytes())
}
