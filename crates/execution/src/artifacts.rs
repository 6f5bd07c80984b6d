//! Views of the ledger as files: exposure (the one the gate reads), heartbeat, the portfolio decision.

use anyhow::Context;
use broker::Broker;
use contract::{ExitCode, ExposureView, Held, write_atomically};
use serde_json::{Value, json};
use std::{fs::OpenOptions, io::Write, path::Path, time::UNIX_EPOCH};
use trading::decide::{Action, Decision, View};

use crate::{engine::Engine, mode::Mode};

impl<B: Broker> Engine<B> {
    /// Writes the exposure the gate will see if this process dies now, before anything is sent: an order about to go out
    /// counts, so that a crash in the middle of the send never looks flat.
    ///
    /// A dry run sends nothing, so it changes no exposure: the view stays that of the process that does.
    pub(crate) fn write_exposure(&self, view: &View, decision: &Decision) -> anyhow::Result<()> {
        if self.config.mode == Mode::DryRun {
            return Ok(());
        }
        let sends = decision.actions.iter().filter(|action| matches!(action, Action::Submit { .. })).count();
        let unresolved = self.book.intents.values().filter(|intent| intent.state.is_unresolved()).count();
        let exposure = ExposureView {
            schema: ExposureView::SCHEMA,
            account: self.config.account.to_string(),
            written_at: view.now,
            session: view.now.ny_date(),
            positions: view.positions.values().map(|held| Held { symbol: held.symbol, qty: held.qty }).collect(),
            working_orders: view.working.len() as u32,
            unknown_outcomes: (sends + unresolved) as u32,
        };
        exposure.write(&self.config.layout.exposure()).context(ExitCode::CannotWrite)
    }

    /// Heartbeat every cycle, the decision only when something happened. Views, not authority: a failure is a warning.
    pub(crate) fn write_artifacts(&self, view: &View, decision: &Decision, market_open: bool) {
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
        if !decision.actions.is_empty() {
            self.write_decision(view, decision, market_open);
        }
    }

    fn write_decision(&self, view: &View, decision: &Decision, market_open: bool) {
        let record = json!({
            "schema": 1,
            "at": view.now,
            "mode": self.config.mode,
            "inputs": self.inputs(view, market_open),
            "actions": decision.actions,
            "refusals": decision.refusals,
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

    /// Asked right before an opening send.
    pub(crate) fn kill_switch_is_latched(&self) -> bool {
        contract::KillSwitch::read_file(&self.config.layout.kill_switch()).is_latched()
    }
}

fn append_line(path: &Path, record: &Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{record}\n").as_bytes())
}
