//! What the gate looks at: the files of a deployment, each as far as the decision needs it.

use market::Timestamp;

use crate::{
    Attestation, Env, Exposure, KillSwitch, Layout, ScanRun, Watchlist, env, loopback_url,
    record::{self, ReadError},
    sha256_hex,
};

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Not there.
    Missing,
    /// There, and of no use.
    Unreadable(String),
    /// Its content.
    Read(T),
}

/// The watchlist file as far as the decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFile {
    /// sha256 of its bytes.
    pub sha256: String,
    /// How many candidates it holds.
    pub candidates: u64,
}

/// Everything the decision is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The instant of the decision, or why nobody knows it.
    pub now: Result<Timestamp, String>,
    /// The watchlist.
    pub list: Found<ListFile>,
    /// What vouches for it.
    pub attestation: Found<Attestation>,
    /// The state of the last scan.
    pub scan_run: Found<ScanRun>,
    /// Whether the broker's address is on this machine, so that simulated data may reach it.
    pub broker_is_loopback: bool,
    /// The kill switch.
    pub kill: KillSwitch,
    /// What there is to protect.
    pub exposure: Exposure,
}

impl Evidence {
    /// Reads the files of a deployment. `now` is a reading of the program's clock, or why it failed.
    #[must_use]
    pub fn gather(layout: &Layout, env: &Env, now: Result<Timestamp, String>) -> Self {
        let broker = env.text(&env::APCA_API_BASE_URL).ok().flatten();
        Self {
            now,
            list: list_file(layout),
            attestation: found(Attestation::read(&layout.attestation())),
            scan_run: found(ScanRun::read(&layout.scan_run())),
            broker_is_loopback: broker.is_some_and(|url| loopback_url(url).is_some()),
            kill: KillSwitch::read(&layout.kill_switch(), env),
            exposure: Exposure::assess(layout),
        }
    }
}

fn list_file(layout: &Layout) -> Found<ListFile> {
    let path = layout.candidates();
    match found(record::read_bytes(&path)) {
        Found::Missing => Found::Missing,
        Found::Unreadable(error) => Found::Unreadable(error),
        Found::Read(bytes) => match Watchlist::parse(&bytes, &path) {
            Ok(list) => Found::Read(ListFile { sha256: sha256_hex(&bytes), candidates: list.candidates.len() as u64 }),
            Err(error) => Found::Unreadable(error.to_string()),
        },
    }
}

fn found<T>(read: Result<T, ReadError>) -> Found<T> {
    match read {
        Ok(content) => Found::Read(content),
        Err(error) if error.is_missing() => Found::Missing,
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

impl<T> Found<T> {
    /// The content, if it was read.
    pub fn content(&self) -> Option<&T> {
        match self {
            Self::Missing | Self::Unreadable(_) => None,
            Self::Read(content) => Some(content),
        }
    }
}
