//! Basis points: the one way a fraction is configured, so that a percentage can never be taken for one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Hundredths of a percent, 0 to 10,000 (= 100 %).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Bps(u32);

impl Bps {
    /// # Errors
    /// Above 10,000: no setting of ours is more than the whole.
    pub fn new(bps: u32) -> Result<Self, String> {
        if bps <= 10_000 { Ok(Self(bps)) } else { Err(format!("{bps} basis points are more than 100 %")) }
    }

    /// A constant known to fit; for defaults.
    ///
    /// # Panics
    /// At compile time, when used in a `const` with a value above 10,000.
    #[must_use]
    pub const fn constant(bps: u32) -> Self {
        assert!(bps <= 10_000, "basis points are at most 10,000");
        Self(bps)
    }

    /// The number of basis points.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Bps {
    type Error = String;
    fn try_from(bps: u32) -> Result<Self, String> {
        Self::new(bps)
    }
}

impl From<Bps> for u32 {
    fn from(bps: Bps) -> Self {
        bps.0
    }
}

impl fmt::Display for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bps", self.0)
    }
}

impl fmt::Debug for Bps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
