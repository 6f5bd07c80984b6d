//! Where market data comes from; part of every attestation, so that one feed never passes for another.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The provenance of market data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feed {
    /// The consolidated tape: all exchanges.
    Sip,
    /// One exchange; its volumes are a few percent of the tape's and never satisfy a rule written for [`Feed::Sip`].
    Iex,
    /// Made by code. Never reaches a real broker.
    Simulated,
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sip => "sip",
            Self::Iex => "iex",
            Self::Simulated => "simulated",
        })
    }
}
