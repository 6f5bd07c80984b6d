//! Where keys stand in a manifest's file, for whoever tells of a setting and quotes the line that it follows from.
//!
//! Reads the text again and judges nothing: what a key means is [`crate::read`]'s. Spans are byte offsets into the file.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A manifest's file as keys and values.
#[derive(Debug)]
pub struct Document<'d>(Spanned<DeTable<'d>>);

/// Where a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The key.
    pub key: Range<usize>,
    /// Its value; of a table its name.
    pub value: Range<usize>,
}

impl<'d> Document<'d> {
    /// Of a text that may be no manifest: what can be read of it is found.
    #[must_use]
    pub fn of(text: &'d str) -> Self {
        Self(DeTable::parse_recoverable(text).0)
    }

    /// The place of a key, table by table: `["jobs", "scan", "schedule"]`.
    #[must_use]
    pub fn place(&self, path: &[&str]) -> Option<Place> {
        let (key, value) = self.entry(path)?;
        let value = if value.get_ref().is_table() { key.span() } else { value.span() };
        Some(Place { key: key.span(), value })
    }

    /// The text that a key has; `None` of another type, or without the key.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.entry(path)?.1.get_ref().as_str()
    }

    /// The texts in the list that a key has; of another type none.
    #[must_use]
    pub fn texts(&self, path: &[&str]) -> Vec<&str> {
        let list = self.entry(path).and_then(|(_, value)| value.get_ref().as_array());
        list.into_iter().flatten().filter_map(|item| item.get_ref().as_str()).collect()
    }

    /// The keys of a table, in the order of their names; of anything else none.
    #[must_use]
    pub fn keys(&self, path: &[&str]) -> Vec<&str> {
        let table = match path {
            [] => Some(self.0.get_ref()),
            path => self.entry(path).and_then(|(_, value)| value.get_ref().as_table()),
        };
        let mut keys: Vec<&str> =
            table.into_iter().flat_map(|table| table.keys()).map(|key| key.get_ref().as_ref()).collect();
        keys.sort_unstable();
        keys
    }

    fn entry(&self, path: &[&str]) -> Option<(&Spanned<toml::de::DeString<'d>>, &Spanned<DeValue<'d>>)> {
        let (last, tables) = path.split_last()?;
        let mut table = self.0.get_ref();
        for name in tables {
            table = table.get(*name)?.get_ref().as_table()?;
        }
        table.get_key_value(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"a\"\n[jobs.scan]\nschedule = \"Mon 08:30\"\non_success = [\"x\", 1]\n";

    #[test]
    fn keys_are_found_where_they_stand() {
        let document = Document::of(TEXT);
        let quoted = |path: &[&str]| document.place(path).map(|place| (&TEXT[place.key], &TEXT[place.value]));
        assert_eq!(quoted(&["name"]), Some(("name", "\"a\"")));
        assert_eq!(quoted(&["jobs", "scan", "schedule"]), Some(("schedule", "\"Mon 08:30\"")));
        assert_eq!(quoted(&["jobs", "scan"]), Some(("scan", "scan")));
        for path in [&[][..], &["jobs", "eod"], &["name", "x"], &["jobs", "scan", "schedule", "x"]] {
            assert_eq!(quoted(path), None, "{path:?}");
        }
        assert_eq!(document.text(&["jobs", "scan", "schedule"]), Some("Mon 08:30"));
        assert_eq!(document.texts(&["jobs", "scan", "on_success"]), ["x"]);
        assert_eq!(document.keys(&["jobs", "scan"]), ["on_success", "schedule"]);
        assert_eq!(document.keys(&[]), ["jobs", "name"]);
    }

    #[test]
    fn a_broken_text_has_what_can_be_read_of_it() {
        assert_eq!(Document::of("name = \"a\"\nx = = 1\n").text(&["name"]), Some("a"));
        assert!(Document::of("").keys(&[]).is_empty());
    }
}
