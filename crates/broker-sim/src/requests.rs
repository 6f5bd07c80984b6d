//! The log of the trading and data requests a venue saw; it forgets the oldest.

use std::{collections::VecDeque, sync::Arc};

use serde::Serialize;

/// The request log forgets the oldest beyond this.
pub const REQUEST_LOG_MAX: usize = 10_000;

/// A trading or data request as the venue saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestSeen {
    /// 1 for the first.
    pub number: u64,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it came, without the `?`; empty when there was none.
    pub query: String,
    /// The body as text.
    pub body: String,
    /// The header `User-Agent`; empty when there was none. `GET /sim/requests` does not show it.
    #[serde(skip)]
    pub agent: String,
}

impl RequestSeen {
    /// Whether a stream's follower asked, beside the program it belongs to: it says so in `User-Agent`.
    #[must_use]
    pub fn is_of_a_stream(&self) -> bool {
        self.agent.ends_with("(stream)")
    }
}

/// The latest requests, and how many there were.
#[derive(Default)]
pub(crate) struct RequestLog {
    count: u64,
    /// How many were too many, by the venue's own limit.
    limited: u64,
    latest: VecDeque<Arc<RequestSeen>>,
}

impl RequestLog {
    pub(crate) fn record(
        &mut self,
        (method, path, query): (&str, &str, &str),
        body: String,
        agent: String,
    ) -> Arc<RequestSeen> {
        self.count += 1;
        let seen = Arc::new(RequestSeen {
            number: self.count,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body,
            agent,
        });
        if self.latest.len() == REQUEST_LOG_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back(Arc::clone(&seen));
        seen
    }

    pub(crate) fn limited(&mut self) {
        self.limited += 1;
    }

    pub(crate) fn limited_count(&self) -> u64 {
        self.limited
    }

    /// Oldest first.
    pub(crate) fn latest(&self) -> Vec<Arc<RequestSeen>> {
        self.latest.iter().cloned().collect()
    }
}
