//! What makes a watchlist trustworthy: which session it is for, what it was made from, and the digest of the file.
//!
//! The scanner writes an [`Attestation`] last, beside the watchlist, and a [`ScanRun`] before and after its work. The
//! gate believes them and never a modification time. JSON, one object, keys in the order of the fields.

use std::{collections::BTreeMap, path::Path};

use market::{Feed, NyDate, Qty, Symbol, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    atomic::WriteError,
    record::{self, ReadError},
};

/// Vouches for one `daily_candidates.csv`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// [`Attestation::SCHEMA`].
    pub schema: u64,
    /// The run that made it; the same as in [`ScanRun`].
    pub run_id: String,
    /// The session it is for.
    pub session: NyDate,
    /// The data date: bars up to and including this day were looked at.
    pub as_of: NyDate,
    /// The date of the newest bar seen.
    pub newest_bar: NyDate,
    /// sha256 of the bars file.
    pub bars_sha256: String,
    /// sha256 of the universe file.
    pub universe_sha256: String,
    /// Where the bars came from.
    pub feed: Feed,
    /// How many symbols of the universe ended with which verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// How many rows the watchlist has.
    pub candidates: u64,
    /// Mean volume of the last 20 bars of each candidate, shares a day. The watchlist's columns are the desk's and have
    /// no place for it; without it nothing of the symbol is opened.
    #[serde(default)]
    pub average_volumes: BTreeMap<Symbol, Qty>,
    /// Why the list is empty though nothing failed (the regime is risk-off), or another remark worth showing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The scanner's version.
    pub scanner_version: String,
    /// sha256 of the scan rules in force.
    pub rules_sha256: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// sha256 of the watchlist.
    pub csv_sha256: String,
}

/// The state of the last scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScanRun {
    /// [`ScanRun::SCHEMA`].
    pub schema: u64,
    /// Unique to the run.
    pub run_id: String,
    /// The session it scans for.
    pub session: NyDate,
    /// The data date.
    pub as_of: NyDate,
    /// When it began.
    pub started_at: Timestamp,
    /// How far it came.
    pub status: ScanStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How far a scan came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScanStatus {
    /// Begun; also what a crash leaves behind.
    Running,
    /// Its watchlist and attestation are in place.
    Finished,
    /// Ended without a watchlist.
    Failed,
}

impl Attestation {
    /// The schema this release writes and reads.
    pub const SCHEMA: u64 = 1;

    /// Reads `daily_candidates.attest.json`.
    ///
    /// # Errors
    /// When missing, unreadable, of another schema or with unknown fields.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        record::read(path, Self::SCHEMA)
    }

    /// The bytes to write: the last file of the set that `write_all_atomically` replaces.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        record::to_json(self)
    }
}

impl ScanRun {
    /// The schema this release writes and reads.
    pub const SCHEMA: u64 = 1;

    /// Reads `scan_run.json`.
    ///
    /// # Errors
    /// As [`Attestation::read`].
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        record::read(path, Self::SCHEMA)
    }

    /// Replaces `scan_run.json`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), WriteError> {
        record::write(path, self)
    }
}

/// The sha256 of some bytes, in lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let nibbles = |byte: u8| [byte >> 4, byte & 15].map(|nibble| char::from(DIGITS[usize::from(nibble)]));
    Sha256::digest(bytes).iter().flat_map(|byte| nibbles(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attestation() -> Attestation {
        let day = |text: &str| text.parse::<NyDate>().unwrap();
        Attestation {
            schema: Attestation::SCHEMA,
            run_id: "2026-07-06-1".into(),
            session: day("2026-07-06"),
            as_of: day("2026-07-05"),
            newest_bar: day("2026-07-02"),
            bars_sha256: sha256_hex(b"bars"),
            universe_sha256: sha256_hex(b"universe"),
            feed: Feed::Sip,
            verdicts: BTreeMap::from([("candidate".into(), 2), ("too_short".into(), 7)]),
            candidates: 2,
            average_volumes: [].into(),
            remark: None,
            scanner_version: "0.1.0".into(),
            rules_sha256: sha256_hex(b"rules"),
            written_at: "2026-07-06T12:31:00Z".parse().unwrap(),
            csv_sha256: sha256_hex(b"csv"),
        }
    }

    #[test]
    fn the_digest_is_sha256() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn an_attestation_comes_back_as_it_was_written_in_field_order() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        crate::write_atomically(&path, &attestation().to_json()).unwrap();
        assert_eq!(Attestation::read(&path).unwrap(), attestation());
        let text = std::fs::read_to_string(&path).unwrap();
        let keys = ["schema", "run_id", "session", "as_of", "newest_bar", "feed", "candidates", "csv_sha256"];
        let places: Vec<_> = keys.iter().map(|key| text.find(&format!("\"{key}\":")).unwrap()).collect();
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn what_is_not_exactly_an_attestation_is_refused() {
        let good = String::from_utf8(attestation().to_json()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        for (text, expect) in [
            (good.replace("\"schema\": 1", "\"schema\": 2"), "has schema 2, this release reads 1"),
            (good.replace("\"schema\": 1,", ""), "missing field `schema`"),
            (good.replace("\"feed\": \"sip\"", "\"feed\": \"otc\""), "unknown variant `otc`"),
            (good.replace("\"run_id\"", "\"id\""), "unknown field `id`"),
            (good.replace("2026-07-06\"", "06.07.2026\""), "not a date of the form"),
            (good[..good.len() / 2].to_owned(), "EOF while parsing"),
            (String::new(), "EOF while parsing"),
        ] {
            std::fs::write(&path, &text).unwrap();
            let error = Attestation::read(&path).unwrap_err();
            assert!(error.to_string().contains(expect), "{error}\n{text}");
            assert!(!error.is_missing());
        }
        std::fs::remove_file(&path).unwrap();
        assert!(Attestation::read(&path).unwrap_err().is_missing());
    }
}
