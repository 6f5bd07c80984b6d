//! A verdict for people (one line) and for machines (one JSON object).

use std::fmt;

use market::{NyDate, Timestamp};
use serde::Serialize;

use crate::{
    Attestation, Exposure,
    gate::{Authority, Refusal, Verdict},
};

const SCHEMA: u64 = 1;
const GATE: &str = "execution";

/// A verdict as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// 1.
    pub schema: u64,
    /// Which gate: `execution`.
    pub gate: &'static str,
    /// `open`, `manage_only` or `refused`.
    pub authority: &'static str,
    /// When it was decided; null when nobody knows the time.
    pub at: Option<Timestamp>,
    /// Today's session; null when there is none.
    pub session: Option<NyDate>,
    /// The session the watchlist is for.
    pub attested_session: Option<NyDate>,
    /// The data date of the watchlist.
    pub as_of: Option<NyDate>,
    /// The scan that made it.
    pub run_id: Option<String>,
    /// How many candidates it holds.
    pub candidates: Option<u64>,
    /// What there is to protect; null when flat.
    pub exposure: Option<String>,
    /// Why positions may not be opened.
    pub reasons: Vec<Reason>,
}

/// A refusal as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    /// For machines; see [`Refusal::CODES`].
    pub code: &'static str,
    /// For people.
    pub text: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl Verdict {
    /// The verdict as JSON.
    #[must_use]
    pub fn report(&self) -> Report {
        let attestation = self.attestation.as_ref();
        Report {
            schema: SCHEMA,
            gate: GATE,
            authority: self.authority.name(),
            at: self.at,
            session: self.session.map(|session| session.date),
            attested_session: attestation.map(|attestation| attestation.session),
            as_of: attestation.map(|attestation| attestation.as_of),
            run_id: attestation.map(|attestation| attestation.run_id.clone()),
            candidates: self.candidates,
            exposure: match &self.exposure {
                Exposure::Flat => None,
                Exposure::Exposed { why } => Some(why.clone()),
            },
            reasons: self.reasons.iter().map(Reason::from).collect(),
        }
    }

    fn reasons_as_text(&self) -> String {
        let texts: Vec<_> = self.reasons.iter().map(Refusal::to_string).collect();
        texts.join("; ")
    }
}

impl Report {
    /// The report of a gate that could not come to a verdict.
    #[must_use]
    pub fn without_verdict(authority: Authority, reason: Reason, exposure: Option<String>) -> Self {
        Self {
            schema: SCHEMA,
            gate: GATE,
            authority: authority.name(),
            at: None,
            session: None,
            attested_session: None,
            as_of: None,
            run_id: None,
            candidates: None,
            exposure,
            reasons: vec![reason],
        }
    }

    /// One line of JSON without a line break.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report holds only strings, numbers and lists")
    }
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code(), text: refusal.to_string(), hint: refusal.hint() }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The one line for people.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.authority {
            Authority::Open => f.write_str("OK: Watchlist is fresh for today (NY)")?,
            Authority::ManageOnly => write!(f, "MANAGE-ONLY: {}", self.reasons_as_text())?,
            Authority::Refused => write!(f, "REFUSED: {}", self.reasons_as_text())?,
        }
        if let (Authority::Open, Some(attestation), Some(count)) = (self.authority, &self.attestation, self.candidates)
        {
            let Attestation { session, as_of, run_id, .. } = attestation;
            write!(f, ": session {session}, data up to {as_of}, {count} candidates, run {run_id}")?;
        }
        match &self.exposure {
            Exposure::Flat => Ok(()),
            Exposure::Exposed { why } => write!(f, "; to protect: {why}"),
        }
    }
}
