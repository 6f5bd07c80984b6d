//! Where units trade, before a plan and after it: the mode and the account that they say. Pure.

use std::collections::BTreeSet;

use contract::env::{EXECUTION_MODE, PORTCULLIS_ACCOUNT};
use serde::{Deserialize, Serialize};

use crate::{
    guardrails::{Units, environment},
    ink::Ink,
};

/// Real money.
pub(super) const LIVE: &str = "LIVE";

/// What some units say of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trades {
    /// `DRY_RUN`, `PAPER` or `LIVE`.
    pub mode: String,
    /// The broker's account.
    pub account: String,
}

/// The same before and afterwards; one of each, unless somebody's drop-in says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trading {
    /// As it is.
    pub before: BTreeSet<Trades>,
    /// As it will be.
    pub after: BTreeSet<Trades>,
}

/// What units say of it.
pub(super) fn of(units: &Units, names: &[&str]) -> BTreeSet<Trades> {
    let unmasked = names.iter().filter_map(|name| units.get(name)).filter(|unit| !unit.is_masked());
    let said = unmasked.filter_map(|unit| {
        let variables = environment(unit);
        let (mode, account) = (variables.get(EXECUTION_MODE.name), variables.get(PORTCULLIS_ACCOUNT.name));
        let said = |value: Option<&String>| value.map_or("nothing", String::as_str).to_owned();
        (mode.is_some() || account.is_some()).then(|| Trades { mode: said(mode), account: said(account) })
    });
    said.collect()
}

impl Trading {
    /// The line for people, which stands first; red as soon as one side is real money.
    #[must_use]
    pub fn to_text(&self, ink: Ink) -> String {
        let told = |side: &BTreeSet<Trades>| {
            let each = side.iter().map(|trades| format!("{} in account {}", trades.mode, trades.account));
            let each: Vec<String> = each.collect();
            if each.is_empty() { "nothing".to_owned() } else { each.join(" and ") }
        };
        let line = match (&self.before, &self.after) {
            (before, after) if before.is_empty() && after.is_empty() => return String::new(),
            (before, after) if before == after => format!("  trades {}\n", told(after)),
            (before, after) => format!("  trades {} -> {}\n", told(before), told(after)),
        };
        if self.before.iter().chain(&self.after).any(|trades| trades.mode == LIVE) { ink.red(&line) } else { line }
    }
}
