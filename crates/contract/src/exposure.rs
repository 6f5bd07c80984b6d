//! What there is to protect: the view of positions and working orders that execution writes and the gate reads.
//!
//! The ledger is the authority, this file its view. Execution replaces it before an order leaves and after whatever
//! changes it. Whatever cannot be read counts as exposure: protection outranks permission.

use std::{fmt, path::Path};

use market::{NyDate, Qty, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Layout,
    atomic::WriteError,
    record::{self, ReadError},
};

/// `state/exposure.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExposureView {
    /// [`ExposureView::SCHEMA`].
    pub schema: u64,
    /// The broker account.
    pub account: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// The session it was written in.
    pub session: NyDate,
    /// What is held; a short position counts with the size of its debt.
    pub positions: Vec<Held>,
    /// Orders that may still fill.
    pub working_orders: u32,
    /// Orders of which nobody knows yet whether the broker has them.
    pub unknown_outcomes: u32,
}

/// A position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The ticker.
    pub symbol: Symbol,
    /// How many shares, long or short.
    pub qty: Qty,
}

/// Whether there is something to protect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nothing.
    Flat,
    /// A position, a working order, an unknown outcome, or nobody can tell.
    Exposed {
        /// Which.
        why: String,
    },
}

impl ExposureView {
    /// The schema this release writes and reads.
    pub const SCHEMA: u64 = 1;

    /// Reads the view.
    ///
    /// # Errors
    /// When missing, unreadable, of another schema or with unknown fields.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        record::read(path, Self::SCHEMA)
    }

    /// Replaces the view.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        record::write(path, self)
    }

    /// Whether nothing is held, nothing works and nothing is unknown.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.held().next().is_none() && self.working_orders == 0 && self.unknown_outcomes == 0
    }

    fn held(&self) -> impl Iterator<Item = &Held> {
        self.positions.iter().filter(|held| !held.qty.is_zero())
    }
}

impl Exposure {
    /// Looks at the view, and at whether a ledger exists without one.
    #[must_use]
    pub fn assess(layout: &Layout) -> Self {
        let exposed = |why: String| Self::Exposed { why };
        match ExposureView::read(&layout.exposure()) {
            Ok(view) if view.is_flat() => Self::Flat,
            Ok(view) => exposed(view.to_string()),
            Err(error) if error.is_missing() => match layout.database().try_exists() {
                Ok(false) => Self::Flat,
                Ok(true) => exposed(format!("the ledger exists and {} does not", layout.exposure().display())),
                Err(error) => exposed(format!("cannot tell whether the ledger exists: {error}")),
            },
            Err(error) => exposed(error.to_string()),
        }
    }

    /// Whether there is nothing to protect.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        matches!(self, Self::Flat)
    }
}

impl fmt::Display for ExposureView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols: Vec<_> = self.held().map(|held| held.symbol.as_str()).collect();
        let (count, orders, unknown) = (symbols.len(), self.working_orders, self.unknown_outcomes);
        write!(f, "{count} positions ({}), {orders} working orders, {unknown} unknown outcomes", symbols.join(" "))
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat => f.write_str("flat"),
            Self::Exposed { why } => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn view(shares: u32, working_orders: u32, unknown_outcomes: u32) -> String {
        let view = ExposureView {
            schema: ExposureView::SCHEMA,
            account: "PA3X".into(),
            written_at: "2026-07-06T14:00:00Z".parse().unwrap(),
            session: "2026-07-06".parse().unwrap(),
            positions: vec![Held { symbol: Symbol::new("AAPL").unwrap(), qty: Qty::shares(shares) }],
            working_orders,
            unknown_outcomes,
        };
        String::from_utf8(record::to_json(&view)).unwrap()
    }

    #[test]
    fn only_a_view_without_anything_or_no_ledger_at_all_is_flat() {
        let negative = view(5, 0, 0).replace("\"qty\": \"5\"", "\"qty\": \"-5\"");
        assert!(negative.contains("-5"), "{negative}");
        for (view, ledger, flat) in [
            (None, false, true),
            (None, true, false),
            (Some(view(0, 0, 0)), true, true),
            (Some(view(0, 0, 0)), false, true),
            (Some(view(5, 0, 0)), true, false),
            (Some(view(0, 1, 0)), true, false),
            (Some(view(0, 0, 1)), true, false),
            (Some(view(5, 0, 0)), false, false),
            (Some(negative), true, false),
            (Some(view(0, 0, 0).replace("\"schema\": 1", "\"schema\": 2")), true, false),
            (Some(view(0, 0, 0)[..20].to_owned()), true, false),
            (Some(String::new()), false, false),
        ] {
            let root = tempfile::tempdir().unwrap();
            let layout = Layout::new(root.path());
            fs::create_dir_all(layout.state_dir()).unwrap();
            if let Some(text) = &view {
                fs::write(layout.exposure(), text).unwrap();
            }
            if ledger {
                fs::create_dir_all(layout.database().parent().unwrap()).unwrap();
                fs::write(layout.database(), "").unwrap();
            }
            let exposure = Exposure::assess(&layout);
            assert_eq!(exposure.is_flat(), flat, "{exposure}: view {view:?}, ledger {ledger}");
        }
    }

    #[test]
    fn a_directory_in_place_of_the_view_is_exposure() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        fs::create_dir_all(layout.exposure()).unwrap();
        assert!(!Exposure::assess(&layout).is_flat());
    }
}
