//! `state/symbol_execution_state_DATE.json` and `state/consumed_entries_DATE.json`: where each symbol of a day stands and
//! which were entered or tried. Views of the ledger for people and tools; `execution` writes them and reads neither.

use std::collections::BTreeMap;

use market::{NyDate, Price, Qty, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use crate::record::View;

/// Where every symbol stands that is held, traded or tried today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolStates {
    /// [`View::SCHEMA`].
    pub schema: u64,
    /// The day in New York.
    pub date: NyDate,
    /// The broker account.
    pub account: String,
    /// By symbol; what is not here is flat and was not touched today.
    pub symbols: BTreeMap<Symbol, SymbolState>,
}

/// One symbol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolState {
    /// Where it stands.
    pub state: Standing,
    /// Since when: the entry's record, the first fill, the exit's record; for a flat one its last fill. `None` when nothing
    /// filled.
    pub since: Option<Timestamp>,
    /// Shares held.
    pub qty: Qty,
    /// The protective stop that works.
    pub stop: Option<StopView>,
}

/// Where a symbol stands: FLAT, ENTERING, OPEN, EXITING and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Standing {
    /// Nothing held, nothing on its way.
    Flat,
    /// An entry is on its way and has bought nothing yet.
    Entering,
    /// Shares are held.
    Open,
    /// An order that takes all of them off works.
    Exiting,
}

/// A protective stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopView {
    /// Its trigger.
    pub price: Price,
    /// Shares it sells.
    pub qty: Qty,
    /// Our id.
    pub client_order_id: String,
}

/// Symbols that were entered, or tried, on a day: each has one entry a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumedEntries {
    /// [`View::SCHEMA`].
    pub schema: u64,
    /// The day in New York.
    pub date: NyDate,
    /// The broker account.
    pub account: String,
    /// Oldest first.
    pub entries: Vec<ConsumedEntry>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumedEntry {
    /// The ticker.
    pub symbol: Symbol,
    /// When the entry was recorded.
    pub at: Timestamp,
    /// Our id.
    pub client_order_id: String,
}

impl View for SymbolStates {
    const SCHEMA: u64 = 1;
}

impl View for ConsumedEntries {
    const SCHEMA: u64 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (states, consumed) = (folder.path().join("states.json"), folder.path().join("consumed.json"));
        let (date, at): (NyDate, Timestamp) = ("2026-07-06".parse().unwrap(), "2026-07-06T14:00:00Z".parse().unwrap());
        let symbol = Symbol::new("BRK.B").unwrap();
        let stop = StopView {
            price: "48.01".parse().unwrap(),
            qty: Qty::shares(5),
            client_order_id: "pc_1_20260706_avwap_BRK.B_stop_1".into(),
        };
        let state = SymbolState { state: Standing::Open, since: Some(at), qty: Qty::shares(5), stop: Some(stop) };
        let view = SymbolStates { schema: 1, date, account: "1".into(), symbols: [(symbol, state)].into() };
        view.write(&states).unwrap();
        assert_eq!(SymbolStates::read(&states).unwrap(), view);
        let text = std::fs::read_to_string(&states).unwrap();
        assert!(text.contains("\"BRK.B\": {") && text.contains("\"OPEN\""), "{text}");
        std::fs::write(&states, text.replace("\"OPEN\"", "\"HALF\"")).unwrap();
        assert!(SymbolStates::read(&states).is_err());

        let entry = ConsumedEntry { symbol, at, client_order_id: "pc_1".into() };
        let view = ConsumedEntries { schema: 1, date, account: "1".into(), entries: vec![entry] };
        view.write(&consumed).unwrap();
        assert_eq!(ConsumedEntries::read(&consumed).unwrap(), view);
        assert!(ConsumedEntries::read(&states).is_err());
    }
}
