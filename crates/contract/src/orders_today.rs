//! `state/live_orders_today.json`: the openings of an armed session, for people and for the live gate.
//!
//! The arming step makes it, empty, so that the first live cycle has where to write; `execution` fills it as a view of the
//! ledger. Missing, unreadable, of another day or account: the live gate is closed.

use std::path::Path;

use market::{NyDate, Qty, Symbol, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use crate::record::View;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersToday {
    /// [`View::SCHEMA`].
    pub schema: u64,
    /// The session in New York.
    pub date: NyDate,
    /// The broker account.
    pub account: String,
    /// Opening orders, oldest first.
    pub orders: Vec<LiveOrder>,
}

/// One opening order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveOrder {
    /// When it was recorded.
    pub at: Timestamp,
    /// The ticker.
    pub symbol: Symbol,
    /// Our id.
    pub client_order_id: String,
    /// Shares.
    pub qty: Qty,
    /// Shares at the limit price.
    pub notional: Usd,
}

impl View for OrdersToday {
    const SCHEMA: u64 = 1;
}

impl OrdersToday {
    /// A day without orders.
    #[must_use]
    pub fn empty(date: NyDate, account: &str) -> Self {
        Self { schema: Self::SCHEMA, date, account: account.to_owned(), orders: Vec::new() }
    }

    /// Whether it is there, for this account and today.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(path: &Path, account: &str, today: NyDate) -> Result<(), String> {
        match Self::read(path) {
            Ok(file) if file.date != today => Err(format!("{} is of {}, today is {today}", path.display(), file.date)),
            Ok(file) if file.account != account => Err(format!("{} is of account {}", path.display(), file.account)),
            Ok(_) => Ok(()),
            Err(error) if error.is_missing() => Err(format!("{} is missing", path.display())),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_todays_file_of_the_account_will_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("live_orders_today.json");
        let today: NyDate = "2026-07-06".parse().unwrap();
        let check = || OrdersToday::check(&path, "1", today);
        assert!(check().unwrap_err().ends_with("live_orders_today.json is missing"));
        OrdersToday::empty(today, "1").write(&path).unwrap();
        assert_eq!(check(), Ok(()));
        OrdersToday::empty("2026-07-02".parse().unwrap(), "1").write(&path).unwrap();
        assert!(check().unwrap_err().contains("is of 2026-07-02, today is 2026-07-06"));
        OrdersToday::empty(today, "2").write(&path).unwrap();
        assert!(check().unwrap_err().contains("is of account 2"));
        for broken in ["", "{}", "{\"schema\":2}"] {
            fs::write(&path, broken).unwrap();
            assert!(check().is_err(), "{broken}");
        }
    }
}
