//! The journal of an apply: `apply.state`, there from before the first file changes until the last word is said.
//!
//! Whoever comes next finds it and knows what was under way. An apply of the same plan goes on; anything else first goes
//! back to where it began. That it is over is said by its phase and by nothing else: a restore begins and ends at the same
//! generation.

use std::collections::BTreeMap;

use market::Timestamp;
use serde::{Deserialize, Serialize};

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Files are being replaced.
    Files,
    /// All files are in place; units are brought up.
    Units,
    /// It failed, and what was before is being put back.
    Back,
    /// All of it is well; only the records are behind.
    Well,
}

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// [`Journal::SCHEMA`].
    pub schema_version: u32,
    /// The generation that was current; nothing on a host that had none.
    pub from: Option<u64>,
    /// The generation that is to be.
    pub to: u64,
    /// Digest of the plan; empty for a rollback.
    pub plan: String,
    /// How far it came.
    pub phase: Phase,
    /// When it began.
    pub began_at: Option<Timestamp>,
    /// Who began it.
    pub by: String,
    /// What ran when it began: each unit with the id of that run.
    #[serde(default)]
    pub ran: BTreeMap<String, String>,
    /// The units that say something else afterwards: what is to be started afresh.
    #[serde(default)]
    pub changed: Vec<String>,
}

impl Journal {
    /// The schema that is written and read.
    pub const SCHEMA: u32 = 1;

    /// Whether nothing is left to do but to record it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.phase == Phase::Well
    }

    /// Whether it brings back the generation that it began at.
    #[must_use]
    pub fn is_restore(&self) -> bool {
        self.from == Some(self.to)
    }

    /// Whether somebody goes back by hand.
    #[must_use]
    pub fn is_rollback(&self) -> bool {
        self.plan.is_empty() && self.from.is_some_and(|from| self.to < from)
    }
}
