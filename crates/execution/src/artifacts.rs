//! Views of the ledger as files: exposure (the one the gate reads), heartbeat, the portfolio decision.

use broker::Broker;
use contract::{ExposureView, Held, Mode, write_atomically};
use serde_json::{Value, json};
use std::{fs::OpenOptions, io::Write, path::Path, time::UNIX_EPOCH};
use trading::{
    decide::{Action, Decision, View},
    order::ClientOrderId,
};

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// Writes the exposure the gate will see if this process dies now, before anything is sent: an order about to go out
    /// counts, so that a crash in the middle of the send never looks flat. `false` when it could not be written: then
    /// nothing is opened, and what protects goes on.
    ///
    /// A dry run sends nothing, so it changes no exposure: the view stays that of the process that does.
    pub(crate) fn show_exposure(&mut self, view: &View, decision: &Decision) -> anyhow::Result<bool> {
        if self.config.mode == Mode::DryRun {
            return Ok(true);
        }
        let sends = decision.actions.iter().filter(|action| matches!(action, Action::Submit { .. })).count();
        let listed = |id: &ClientOrderId| view.working.iter().any(|order| order.client_order_id == *id);
        let unlisted = self.book.intents.iter().filter(|(id, intent)| !intent.state.is_dead() && !listed(id)).count();
        let exposure = ExposureView {
            schema: ExposureView::SCHEMA,
            account: self.config.account.to_string(),
            written_at: view.now,
            session: view.now.ny_date(),
            positions: view.positions.values().map(|held| Held { symbol: held.symbol, qty: held.qty }).collect(),
            working_orders: view.working.len() as u32,
            unknown_outcomes: (sends + unlisted) as u32,
        };
        match exposure.write(&self.config.layout.exposure()) {
            Ok(()) => Ok(true),
            Err(error) => {
                let text = format!("the exposure view cannot be written, nothing is opened: {error}");
                self.alert(view.now, "exposure", &text)?;
                Ok(false)
            }
        }
    }

    /// Heartbeat every cycle, the decision only when something happened. Views, not authority: a failure is a warning.
    pub(crate) fn write_artifacts(&self, view: &View, decisions: &[&Decision], market_open: bool) {
        let heartbeat = json!({
            "schema": 1,
            "at": view.now,
            "mode": self.config.mode,
            "market_open": market_open,
            "positions": view.positions.len(),
            "working_orders": view.working.len(),
            "intents_live": self.book.intents.values().filter(|intent| !intent.state.is_dead()).count(),
            "authority": view.authority,
            "kill": view.kill,
        });
        self.write_view(&self.config.layout.heartbeat(), &heartbeat);
        if decisions.iter().any(|decision| !decision.actions.is_empty()) {
            self.write_decision(view, decisions, market_open);
        }
    }

    fn write_decision(&self, view: &View, decisions: &[&Decision], market_open: bool) {
        let record = json!({
            "schema": 1,
            "at": view.now,
            "mode": self.config.mode,
            "inputs": self.inputs(view, market_open),
            "actions": decisions.iter().flat_map(|decision| &decision.actions).collect::<Vec<_>>(),
            "refusals": decisions.iter().flat_map(|decision| &decision.refusals).collect::<Vec<_>>(),
        });
        let layout = &self.config.layout;
        self.write_view(&layout.state_dir().join("portfolio_decision_latest.json"), &record);
        if let Err(error) = append_line(&layout.portfolio_decisions(view.now.ny_date()), &record) {
            tracing::warn!("the decision record was not written: {error}");
        }
    }

    /// Which ledger this is: two database files have been mistaken for one before.
    fn inputs(&self, view: &View, market_open: bool) -> Value {
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
            "market_open": market_open,
            "candidates": view.candidates.len(),
            "positions": view.positions.values().map(|held| held.symbol).collect::<Vec<_>>(),
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
