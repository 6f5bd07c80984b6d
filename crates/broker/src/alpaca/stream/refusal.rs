//! What a stream's server refuses, and whether asking again can help.
//!
//! The codes are the data stream's; `trade_updates` has words instead. Source: Alpaca's pages on websocket streaming.

use thiserror::Error;

/// A refusal by the server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// The keys are not accepted (402; `unauthorized`).
    #[error("the broker does not accept the keys")]
    Keys,
    /// Something was asked before authentication (401).
    #[error("the broker asks for authentication first")]
    NotAuthenticated,
    /// Authentication came too late (404), or its answer did.
    #[error("authentication took too long")]
    AuthTimeout,
    /// More symbols than the plan has (405).
    #[error("the plan has fewer symbols than were asked for")]
    SymbolLimit,
    /// Another connection of the account is open (406).
    #[error("the account has as many connections as it may")]
    ConnectionLimit,
    /// We read too slowly (407).
    #[error("the broker gave up on a slow reader")]
    SlowClient,
    /// The plan does not have this feed (408, 409).
    #[error("the plan does not include what was asked for")]
    Subscription,
    /// The server does not understand us (400, 410), or does not offer the stream.
    #[error("the broker does not take the request: {0}")]
    Request(String),
    /// An HTTP status in place of a websocket. Gateways say so too, in their bad moments.
    #[error("no websocket but HTTP {0}")]
    Upgrade(u16),
    /// Its own trouble (500), or anything else.
    #[error("the broker has trouble: {0}")]
    Broker(String),
}

/// Whether and how to connect again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// With the usual pauses.
    Soon,
    /// With long ones: our own old connection may still be counted, or it was no word of the broker's own.
    Slowly,
    /// Not at all: the answer would be the same.
    Never,
}

impl Refusal {
    /// Whether asking again can help.
    #[must_use]
    pub fn again(&self) -> Again {
        match self {
            Self::Keys | Self::SymbolLimit | Self::Subscription | Self::Request(_) => Again::Never,
            Self::ConnectionLimit => Again::Slowly,
            Self::Upgrade(status) if (400..500).contains(status) => Again::Slowly,
            Self::Upgrade(_) => Again::Soon,
            Self::NotAuthenticated | Self::AuthTimeout | Self::SlowClient | Self::Broker(_) => Again::Soon,
        }
    }

    /// The data stream's error.
    pub(super) fn of_code(code: u64, text: &str) -> Self {
        match code {
            401 => Self::NotAuthenticated,
            402 => Self::Keys,
            404 => Self::AuthTimeout,
            405 => Self::SymbolLimit,
            406 => Self::ConnectionLimit,
            407 => Self::SlowClient,
            408 | 409 => Self::Subscription,
            400 | 410 => Self::Request(format!("{text} ({code})")),
            _ => Self::Broker(format!("{text} ({code})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forbidden_is_not_asked_again() {
        for (code, expect) in [
            (400, Again::Never),
            (401, Again::Soon),
            (402, Again::Never),
            (403, Again::Soon),
            (404, Again::Soon),
            (405, Again::Never),
            (406, Again::Slowly),
            (407, Again::Soon),
            (409, Again::Never),
            (410, Again::Never),
            (500, Again::Soon),
            (999, Again::Soon),
        ] {
            assert_eq!(Refusal::of_code(code, "text").again(), expect, "{code}");
        }
    }

    #[test]
    fn only_what_is_said_on_the_socket_is_for_good() {
        for (status, expect) in [
            (400, Again::Slowly),
            (401, Again::Slowly),
            (403, Again::Slowly),
            (404, Again::Slowly),
            (406, Again::Slowly),
            (429, Again::Slowly),
            (301, Again::Soon),
            (503, Again::Soon),
        ] {
            assert_eq!(Refusal::Upgrade(status).again(), expect, "{status}");
        }
    }
}
