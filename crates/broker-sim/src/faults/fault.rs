//! What can go wrong between a client and the venue.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;
use thiserror::Error;

/// No fault waits longer than this many milliseconds.
const MS_MAX: u64 = 86_400_000;

/// Statuses that pages have; the others are [`Fault::Status`].
const PAGES: [u16; 6] = [200, 400, 403, 404, 408, 422];

/// How late a late arrival is when nobody says.
const LATE_MS: u64 = 1_000;

/// One thing that goes wrong with one request. In JSON `"hang"`, `{"delay":{"ms":50}}`, or the short form as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Fault {
    /// The venue gets the request later, by so much real time.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is cut; the venue never saw the request.
    DropBefore,
    /// The venue acts; the connection is cut instead of an answer.
    DropAfter,
    /// The connection is cut; the request reaches the venue later, by so much of the venue's own time.
    LateArrival {
        /// Milliseconds.
        ms: u64,
    },
    /// The bytes of the answer come twice.
    DuplicateResponse,
    /// Another status than the venue's own.
    Status {
        /// 429, 500, 502, 503 or 504.
        code: u16,
        /// Whether the venue acted all the same.
        #[serde(default)]
        acted: bool,
    },
    /// The venue acts; what comes back is no answer.
    Garbage(Garbage),
    /// A page of HTML with a status, as something in between says no.
    Page {
        /// 200, 400, 403, 404, 408 or 422; `code` in JSON.
        #[serde(rename = "code")]
        status: u16,
        /// Whether the venue acted all the same.
        #[serde(default)]
        acted: bool,
    },
    /// Nothing comes back, and the connection stays; the venue never saw the request.
    Hang,
}

/// What comes back instead of an answer, with status 200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Garbage {
    /// A page.
    Html,
    /// The first half of the answer.
    Truncated,
    /// Nothing.
    Empty,
    /// The answer with bytes in it that are no text.
    InvalidUtf8,
    /// Text that is no JSON.
    NotJson,
    /// A hundred megabytes.
    Huge,
}

/// Why a text or a number makes no fault.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FaultError {
    /// No such fault.
    #[error(
        "{0:?} is no fault; there are delay:MS, drop_before, drop_after, late_arrival:MS, duplicate_response, \
         status:CODE[:acted], page:CODE[:acted], garbage:KIND, hang"
    )]
    Unknown(String),
    /// Not one of the statuses.
    #[error("status {0} is no fault; there are 429, 500, 502, 503, 504")]
    Status(u16),
    /// Not one of a page's statuses.
    #[error("a page of status {0} is no fault; there are 200, 400, 403, 404, 408, 422")]
    Page(u16),
    /// Too long.
    #[error("{0} ms is more than a day")]
    TooLong(u64),
}

impl Fault {
    /// The fault itself, when its numbers are within bounds.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub fn checked(self) -> Result<Self, FaultError> {
        match self {
            Self::Delay { ms } | Self::LateArrival { ms } if ms > MS_MAX => Err(FaultError::TooLong(ms)),
            Self::Status { code, .. } if ![429, 500, 502, 503, 504].contains(&code) => Err(FaultError::Status(code)),
            Self::Page { status, .. } if !PAGES.contains(&status) => Err(FaultError::Page(status)),
            Self::Delay { .. }
            | Self::DropBefore
            | Self::DropAfter
            | Self::LateArrival { .. }
            | Self::DuplicateResponse
            | Self::Status { .. }
            | Self::Page { .. }
            | Self::Garbage(_)
            | Self::Hang => Ok(self),
        }
    }

    /// Whether the venue has acted, or will, on the request that it meets.
    #[must_use]
    pub fn acts(self) -> bool {
        match self {
            Self::DropBefore | Self::Hang => false,
            Self::Status { acted, .. } | Self::Page { acted, .. } => acted,
            Self::Delay { .. }
            | Self::DropAfter
            | Self::LateArrival { .. }
            | Self::DuplicateResponse
            | Self::Garbage(_) => true,
        }
    }
}

/// The short form, which the keys of `probability` have: `delay:50`, `status:504:acted`, `garbage:html`, `hang`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay { ms } => write!(f, "delay:{ms}"),
            Self::DropBefore => f.write_str("drop_before"),
            Self::DropAfter => f.write_str("drop_after"),
            Self::LateArrival { ms } => write!(f, "late_arrival:{ms}"),
            Self::DuplicateResponse => f.write_str("duplicate_response"),
            Self::Status { code, acted: true } => write!(f, "status:{code}:acted"),
            Self::Status { code, acted: false } => write!(f, "status:{code}"),
            Self::Page { status, acted: true } => write!(f, "page:{status}:acted"),
            Self::Page { status, acted: false } => write!(f, "page:{status}"),
            Self::Garbage(kind) => write!(f, "garbage:{}", kind.word()),
            Self::Hang => f.write_str("hang"),
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        if let Some(text) = value.as_str() {
            return text.parse().map_err(de::Error::custom);
        }
        Self::deserialize(value).map_err(de::Error::custom)?.checked().map_err(de::Error::custom)
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    /// Reads the short form, or the JSON form.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        let unknown = || FaultError::Unknown(text.chars().take(60).collect());
        if text.starts_with('{') {
            let value: Value = serde_json::from_str(text).map_err(|_| unknown())?;
            return Self::deserialize(value).map_err(|_| unknown())?.checked();
        }
        let number = |text: &str| text.parse().map_err(|_| unknown());
        let parts: Vec<&str> = text.split(':').collect();
        let fault = match parts.as_slice() {
            ["delay", ms] => Self::Delay { ms: number(ms)? },
            ["drop_before"] => Self::DropBefore,
            ["drop_after"] => Self::DropAfter,
            ["late_arrival"] => Self::LateArrival { ms: LATE_MS },
            ["late_arrival", ms] => Self::LateArrival { ms: number(ms)? },
            ["duplicate_response"] => Self::DuplicateResponse,
            ["status", code] => Self::Status { code: code.parse().map_err(|_| unknown())?, acted: false },
            ["status", code, "acted"] => Self::Status { code: code.parse().map_err(|_| unknown())?, acted: true },
            ["page", code] => Self::Page { status: code.parse().map_err(|_| unknown())?, acted: false },
            ["page", code, "acted"] => Self::Page { status: code.parse().map_err(|_| unknown())?, acted: true },
            ["garbage", kind] => {
                let kind = Garbage::ALL.into_iter().find(|garbage| garbage.word() == *kind);
                Self::Garbage(kind.ok_or_else(unknown)?)
            }
            ["hang"] => Self::Hang,
            _ => return Err(unknown()),
        };
        fault.checked()
    }
}

impl Garbage {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Html, Self::Truncated, Self::Empty, Self::InvalidUtf8, Self::NotJson, Self::Huge];

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Truncated => "truncated",
            Self::Empty => "empty",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NotJson => "not_json",
            Self::Huge => "huge",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_and_json_both_read_back() {
        let mut faults = vec![
            Fault::Delay { ms: 50 },
            Fault::DropBefore,
            Fault::DropAfter,
            Fault::LateArrival { ms: 1_000 },
            Fault::DuplicateResponse,
            Fault::Status { code: 503, acted: false },
            Fault::Status { code: 504, acted: true },
            Fault::Page { status: 403, acted: false },
            Fault::Page { status: 200, acted: true },
            Fault::Hang,
        ];
        faults.extend(Garbage::ALL.map(Fault::Garbage));
        for fault in faults {
            assert_eq!(fault.to_string().parse(), Ok(fault));
            let json = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault, "{json}");
        }
    }

    #[test]
    fn json_takes_the_short_form_too() {
        assert_eq!(serde_json::from_str::<Fault>(r#""late_arrival""#).unwrap(), Fault::LateArrival { ms: LATE_MS });
        assert_eq!(serde_json::from_str::<Fault>(r#""status:504:acted""#).unwrap().to_string(), "status:504:acted");
        assert_eq!(r#"{"delay":{"ms":5}}"#.parse(), Ok(Fault::Delay { ms: 5 }));
        assert_eq!(r#"{"page":{"code":404}}"#.parse(), Ok(Fault::Page { status: 404, acted: false }));
    }

    #[test]
    fn what_is_no_fault_is_refused() {
        for text in [
            "",
            "drop",
            "delay",
            "delay:x",
            "status:404",
            "page:500",
            "page:403:maybe",
            "garbage:xml",
            "hang:1",
            "{}",
            "delay:86400001",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
