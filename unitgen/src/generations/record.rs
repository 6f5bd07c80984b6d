//! What is known of a generation beside its files.

use std::collections::BTreeMap;

use market::Timestamp;
use serde::{Deserialize, Serialize};

/// How a generation came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// `unitgen apply` made it.
    Apply,
    /// It lay on the host before the first apply, and was kept so that it can come back.
    Found,
}

/// `generation.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`Record::SCHEMA`].
    pub schema_version: u32,
    /// The deployment.
    pub deployment: String,
    /// How it came to be.
    pub origin: Origin,
    /// The unitgen that made it.
    pub unitgen: String,
    /// When; nothing when no clock said.
    pub made_at: Option<Timestamp>,
    /// Who.
    pub made_by: String,
    /// `sha256:` and digest of the manifest.
    pub manifest: String,
    /// Digest of the plan; empty for what was found.
    pub plan: String,
    /// Each program by its path on the host, with its digest; those that were there.
    pub programs: BTreeMap<String, String>,
    /// The schema of each ledger by path, at the time.
    pub ledgers: BTreeMap<String, u32>,
    /// Each thing by its path, with its mark: what is read back must be what was kept. Filled in when it is kept.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Whether all of it was well when it was laid last: a rollback leads to no other by itself, and to none that was left.
    #[serde(default)]
    pub is_well: bool,
    /// Why it does not run: it was rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Record {
    /// The schema that is written and read.
    pub const SCHEMA: u32 = 1;

    /// It was laid, and all of it is well.
    pub fn did_well(&mut self) {
        self.is_well = true;
        self.failed = None;
    }

    /// It did well, and somebody went back from it: it is kept as what did well is, for whoever asks for it by its number.
    pub fn was_left(&mut self, why: &str) {
        self.failed = Some(why.to_owned());
    }

    /// It was taken back, for this reason.
    pub fn did_no_good(&mut self, why: &str) {
        self.is_well = false;
        self.failed = Some(why.to_owned());
    }
}
