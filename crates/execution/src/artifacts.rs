//! Views as files, for people and tools: heartbeat, portfolio decision, where each symbol stands, what was entered today.
//!
//! The ledger is the authority and these are made from it: deleted or replaced, they come back with the next cycle. They are
//! written after protection acted, as whole files, where what lies there is not what it should be; one that cannot be written is a warning and is tried again with the
//! next cycle. The exposure the gate reads is not among them: it is written before every send (`act`).

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use broker::Broker;
use contract::{Layout, write_atomically};
use market::{NyDate, Timestamp};
use serde_json::{Value, json};
use trading::{decide::View, portfolio::PortfolioDecision};

use crate::engine::Engine;

/// Views of a day are kept this long.
const KEPT_DAYS: i32 = 14;
/// A broker that is away for hours fails in every cycle.
const ERRORS_MAX: usize = 20;

/// What was written, and what failed.
#[derive(Debug, Default)]
pub(crate) struct Views {
    /// What was written, and the file it lies in, by path.
    written: BTreeMap<PathBuf, (FileId, Vec<u8>)>,
    /// What went wrong since the last decision that was written down.
    errors: Vec<String>,
    /// The day whose old files were removed.
    tidied_on: Option<NyDate>,
}

/// Which file lies somewhere: another one, or one that was written to, differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl FileId {
    fn of(path: &Path) -> Option<Self> {
        let file = fs::symlink_metadata(path).ok()?;
        Some(Self { inode: file.ino(), length: file.len(), modified: (file.mtime(), file.mtime_nsec()) })
    }
}

impl Views {
    /// Replaces a file when its content is another, or when it is not the one that was written.
    pub fn put(&mut self, path: &Path, content: Vec<u8>) {
        let lies_there = self
            .written
            .get(path)
            .is_some_and(|(file, written)| *written == content && FileId::of(path).is_some_and(|found| found == *file));
        if lies_there {
            return;
        }
        match write_atomically(path, &content) {
            Ok(()) => {
                let file = FileId::of(path).filter(|file| file.length == content.len() as u64);
                self.written.remove(path);
                file.map(|file| self.written.insert(path.to_owned(), (file, content)));
            }
            Err(error) => {
                // Perhaps it was replaced and only not made durable.
                self.written.remove(path);
                self.failed(format!("{error}: {}", error.source));
            }
        }
    }

    fn failed(&mut self, why: String) {
        tracing::warn!("a view was not written: {why}");
        self.note(why);
    }

    /// Kept for the next decision; so many at most, as the log has them all.
    fn note(&mut self, error: String) {
        if self.errors.len() < ERRORS_MAX && !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Removes views of days long gone, once a day: files of exactly our names.
    fn tidy(&mut self, folder: &Path, today: NyDate) {
        if self.tidied_on.replace(today) == Some(today) {
            return;
        }
        self.written.clear();
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let day = entry.file_name().to_str().and_then(Layout::day_of_view);
            let is_old = day.is_some_and(|day| day.plus_days(KEPT_DAYS) < today);
            if is_old && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl<B: Broker> Engine<B> {
    /// What a cycle leaves behind: what was seen at the broker goes to the ledger, the rest to files. None of it is
    /// authority: a failure is a warning.
    pub(crate) fn write_artifacts(&mut self, market_open: bool) {
        self.note_seen();
        let today = self.last_now().ny_date();
        self.views.tidy(self.config.layout.state_dir(), today);
        self.write_decision();
        self.write_day(today);
        self.write_heartbeat(Some(market_open), None);
    }

    /// The heartbeat of a cycle that could not look.
    pub(crate) fn write_failure(&mut self, error: &anyhow::Error) {
        let error = format!("{error:#}");
        self.views.note(format!("a cycle failed: {error}"));
        self.write_heartbeat(None, Some(&error));
    }

    fn note_seen(&mut self) {
        let Some(view) = self.core.view() else { return };
        let news = self.seen.take_in(&view.working, view.now);
        match self.ledger.note_seen(&news.orders, &news.stops) {
            Ok(()) => self.seen.written(news),
            Err(error) => self.views.failed(error.to_string()),
        }
    }

    fn write_heartbeat(&mut self, market_open: Option<bool>, error: Option<&str>) {
        let view = self.core.view();
        let of = |read: fn(&View) -> Value| view.map_or(Value::Null, read);
        let heartbeat = json!({
            "schema": 1,
            "at": self.last_now(),
            "mode": self.config.mode,
            "ok": error.is_none(),
            "error": error,
            "failed_cycles": self.memory.failed_cycles,
            "market_open": market_open,
            "ignore_market_hours": self.config.ignore_hours,
            "positions": of(|view| view.positions.len().into()),
            "working_orders": of(|view| view.working.len().into()),
            "intents_live": self.core.book().live().count(),
            "authority": of(|view| json!(view.authority)),
            "kill": of(|view| json!(view.kill)),
            "undelivered_alerts": self.ledger.undelivered_count().ok(),
            "room_on_disk": !self.ledger.is_on_ballast(),
        });
        self.views.put(&self.config.layout.heartbeat(), pretty(&heartbeat));
    }

    /// The decision of a material cycle, as the latest and in the record of its day.
    fn write_decision(&mut self) {
        let mut errors = self.views.errors.clone();
        let unreadable = self.memory.unreadable().into_iter();
        errors.extend(unreadable.map(|(what, names)| format!("{what} that cannot be read: {}", names.join(", "))));
        let Some(decision) = PortfolioDecision::of(&self.core, &errors) else { return };
        self.views.errors.clear();
        let mut record = json!({
            "schema": 3,
            "mode": self.config.mode,
            "ignore_market_hours": self.config.ignore_hours,
            "inputs": self.inputs(),
        });
        let mut decided = serde_json::to_value(&decision).unwrap_or_default();
        group(&mut decided["refusals"]);
        if let (Some(record), Value::Object(decided)) = (record.as_object_mut(), decided) {
            record.extend(decided);
        }
        let (layout, date) = (&self.config.layout, decision.at.ny_date());
        self.views.put(&layout.portfolio_decision_latest(), pretty(&record));
        if let Err(error) = append_line(&layout.portfolio_decisions(date), &record) {
            self.views.failed(format!("the decision record: {error}"));
        }
    }

    /// Which ledger this is: two database files have been mistaken for one before.
    fn inputs(&self) -> Value {
        let path = self.ledger.path();
        let metadata = fs::metadata(path).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        json!({
            "db_path": path,
            "db_path_abs": std::path::absolute(path).ok(),
            "db_exists": metadata.is_some(),
            "db_mtime_utc": modified.map(|age| Timestamp::from_unix_seconds(age.as_secs() as i64)),
            "db_size_bytes": metadata.map(|metadata| metadata.len()),
        })
    }
}

/// What is refused for one reason is told once, with all its symbols: a cap that is reached refuses a hundred candidates
/// alike in every cycle of a day.
fn group(refusals: &mut Value) {
    let mut groups: Vec<Value> = Vec::new();
    for mut refusal in refusals.as_array_mut().map(std::mem::take).unwrap_or_default() {
        let symbol = refusal.as_object_mut().and_then(|refusal| refusal.remove("symbol")).unwrap_or_default();
        let same = |group: &&mut Value| {
            ["at", "purpose", "reason", "detail"].into_iter().all(|field| group[field] == refusal[field])
        };
        match groups.iter_mut().find(same).and_then(|group| group["symbols"].as_array_mut()) {
            Some(symbols) => symbols.push(symbol),
            None => {
                refusal["symbols"] = Value::Array(vec![symbol]);
                groups.push(refusal);
            }
        }
    }
    *refusals = groups.into();
}

fn pretty(content: &Value) -> Vec<u8> {
    format!("{content:#}\n").into_bytes()
}

fn append_line(path: &Path, record: &Value) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{record}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_for_one_reason_are_told_once_with_all_their_symbols() {
        let refusal = |symbol: &str, reason: &str, detail: &str| json!({ "at": 1, "purpose": "open", "reason": reason, "detail": detail, "symbol": symbol });
        let group_of = |symbols: &[&str], reason: &str, detail: &str| json!({ "at": 1, "purpose": "open", "reason": reason, "detail": detail, "symbols": symbols });
        let mut refusals = json!([
            refusal("B", "cap", "5 of 5"),
            refusal("A", "below_level", "49.99"),
            refusal("C", "cap", "5 of 5"),
            refusal("D", "cap", "6 of 6"),
        ]);
        group(&mut refusals);
        let expect = json!([
            group_of(&["B", "C"], "cap", "5 of 5"),
            group_of(&["A"], "below_level", "49.99"),
            group_of(&["D"], "cap", "6 of 6"),
        ]);
        assert_eq!(refusals, expect);
        for mut other in [json!([]), Value::Null] {
            group(&mut other);
            assert_eq!(other, json!([]));
        }
    }
}
