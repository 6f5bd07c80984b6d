//! Alerts: told once a subject, at priority `err` in the journal, and kept in the ledger. A subject that has been quiet
//! for a while may speak again.

use std::collections::BTreeMap;

use market::{TimeDelta, Timestamp};

const QUIET: TimeDelta = TimeDelta::minutes(30);
const SET_BY: TimeDelta = TimeDelta::minutes(1);
const SUBJECTS: usize = 1_000;

/// What was said, and when last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    said: BTreeMap<String, Timestamp>,
}

impl Alerts {
    /// Forgets subjects whose cause is gone: they may be told as soon as it is back.
    pub fn forget(&mut self, is_over: impl Fn(&str) -> bool) {
        self.said.retain(|subject, _| !is_over(subject));
    }

    /// Whether to say it now.
    pub fn is_news(&mut self, subject: &str, now: Timestamp) -> bool {
        // What was said in a future that a clock took back may be said again; a clock that is set by a little is no news.
        let is_recent = |last: &Timestamp| now.since(*last) < QUIET && last.since(now) < SET_BY;
        self.said.retain(|_, last| is_recent(last));
        if self.said.len() >= SUBJECTS && !self.said.contains_key(subject) {
            return false;
        }
        // Keeping the time of the first word, not the last: a standing condition is repeated every half hour.
        if self.said.contains_key(subject) {
            return false;
        }
        self.said.insert(subject.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_a_subject_and_half_hour() {
        let mut alerts = Alerts::default();
        let start = Timestamp::from_unix_seconds(1_783_000_000);
        assert!(alerts.is_news("A/no-stop", start));
        assert!(!alerts.is_news("A/no-stop", start + TimeDelta::minutes(29)));
        assert!(alerts.is_news("B/no-stop", start + TimeDelta::minutes(29)));
        assert!(alerts.is_news("A/no-stop", start + TimeDelta::minutes(30)));
        assert!(!alerts.is_news("A/no-stop", start + TimeDelta::seconds(1_741)), "the clock was set by a little");
        assert!(alerts.is_news("A/no-stop", start + TimeDelta::minutes(29)), "it went back");
    }
}
