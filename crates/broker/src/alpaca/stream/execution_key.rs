//! One name for one fill, wherever it is told.
//!
//! REST names a fill `20220202135509981::2d7be4ff-...`, the stream by an `execution_id` alone. The part behind `::` is
//! taken to be that id: Alpaca's OpenAPI says of its newer activity events that a trade is named by its execution id, and
//! gives no other hint. Nothing trusts it blindly: [`super::tally`] finds out when it is not so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use market::Timestamp;
use trading::report::Execution;

/// The name of a fill, the same from REST and from the stream.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionKey(Arc<str>);

impl ExecutionKey {
    /// The key of an id in either form.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let name = id.rsplit_once("::").map_or(id, |(_, name)| name);
        Self(name.trim().to_ascii_lowercase().into())
    }

    /// The key of an execution.
    #[must_use]
    pub fn of(execution: &Execution) -> Self {
        Self::new(&execution.id)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExecutionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ExecutionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a fill was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// It was.
    Told,
    /// It was not.
    New,
    /// It is as old as what is forgotten: nobody can tell.
    Forgotten,
}

/// The keys of what was told, the oldest forgotten first.
#[derive(Debug)]
pub(super) struct Told {
    most: usize,
    keys: BTreeMap<ExecutionKey, Timestamp>,
    by_age: BTreeSet<(Timestamp, ExecutionKey)>,
    forgotten_to: Option<Timestamp>,
}

impl Told {
    pub(super) fn new(most: usize) -> Self {
        Self { most, keys: BTreeMap::new(), by_age: BTreeSet::new(), forgotten_to: None }
    }

    pub(super) fn memory(&self, key: &ExecutionKey, at: Timestamp) -> Memory {
        if self.keys.contains_key(key) {
            Memory::Told
        } else if self.forgotten_to.is_some_and(|forgotten| at <= forgotten) {
            Memory::Forgotten
        } else {
            Memory::New
        }
    }

    pub(super) fn insert(&mut self, key: ExecutionKey, at: Timestamp) {
        if self.keys.insert(key.clone(), at).is_none() {
            self.by_age.insert((at, key));
        }
        while self.keys.len() > self.most {
            let Some((at, key)) = self.by_age.pop_first() else { return };
            self.keys.remove(&key);
            self.forgotten_to = self.forgotten_to.max(Some(at));
        }
    }

    /// It was not told after all.
    pub(super) fn take_back(&mut self, key: &ExecutionKey) {
        if let Some(at) = self.keys.remove(key) {
            self.by_age.remove(&(at, key.clone()));
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(second)
    }

    #[test]
    fn both_forms_have_one_key() {
        let expect = ExecutionKey::new("2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e");
        for id in [
            "20220202135509981::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e",
            "2D7BE4FF-D1F3-43E9-856A-0F5CF5C5088E",
            "::2d7be4ff-d1f3-43e9-856a-0f5cf5c5088e ",
        ] {
            assert_eq!(ExecutionKey::new(id), expect, "{id}");
        }
        assert_ne!(ExecutionKey::new("20220202135509981"), expect);
    }

    #[test]
    fn memory_is_bounded_and_says_what_it_cannot_know() {
        let mut told = Told::new(3);
        for number in 0..5 {
            told.insert(ExecutionKey::new(&format!("e{number}")), second(number));
        }
        told.insert(ExecutionKey::new("e4"), second(4));
        assert_eq!(told.len(), 3);
        for (id, at, expect) in [
            ("e4", 4, Memory::Told),
            ("e2", 2, Memory::Told),
            ("e1", 1, Memory::Forgotten),
            ("never", 0, Memory::Forgotten),
            ("never", 2, Memory::New),
        ] {
            assert_eq!(told.memory(&ExecutionKey::new(id), second(at)), expect, "{id} at {at}");
        }
        told.take_back(&ExecutionKey::new("e3"));
        assert_eq!(told.memory(&ExecutionKey::new("e3"), second(3)), Memory::New);
        assert_eq!(told.len(), 2);
    }
}
