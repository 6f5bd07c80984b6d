//! What `systemctl show` printed of several units: blocks with an empty line between, in the order in which they were asked.

use std::collections::BTreeMap;

/// The properties of one unit; one that is printed several times has a line for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<String, Vec<String>>);

impl Properties {
    /// Those of one unit, or of the manager, whatever empty lines there are.
    #[must_use]
    pub fn of_one(text: &str) -> Self {
        let mut all = Self::default();
        text.lines().for_each(|line| all.add(line));
        all
    }

    fn add(&mut self, line: &str) {
        if let Some((name, value)) = line.split_once('=') {
            self.0.entry(name.to_owned()).or_default().push(value.to_owned());
        }
    }

    /// Every line of a property.
    #[must_use]
    pub fn lines(&self, name: &str) -> Vec<&str> {
        self.0.get(name).into_iter().flatten().map(String::as_str).collect()
    }

    /// A property of one line; empty when it was not printed.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.0.get(name).and_then(|lines| lines.first()).map_or("", String::as_str)
    }

    /// Whether it was printed at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The blocks of a text.
#[must_use]
pub fn blocks(text: &str) -> Vec<Properties> {
    let mut blocks = Vec::new();
    let mut block = Properties::default();
    for line in text.lines() {
        if line.is_empty() {
            blocks.extend((!block.0.is_empty()).then(|| std::mem::take(&mut block)));
        } else {
            block.add(line);
        }
    }
    blocks.extend((!block.0.is_empty()).then_some(block));
    blocks
}
