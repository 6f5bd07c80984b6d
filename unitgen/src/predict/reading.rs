//! A rendered unit with its drop-ins, read as systemd reads it: sections, lists that an empty value clears, quotes,
//! specifiers. Source: systemd.syntax(7), systemd.unit(5). Written apart from what renders, so that each checks the other.

use crate::{Tree, installation::Installation, unit::words};

/// The assignments of one unit, in the order in which systemd takes them.
#[derive(Clone, Debug)]
pub(super) struct Loaded<'a> {
    installation: &'a Installation,
    pub name: String,
    /// The drop-ins below the unit's directory, in order.
    pub drop_ins: Vec<String>,
    assignments: Vec<(String, String, String)>,
}

impl<'i> Loaded<'i> {
    pub(super) fn of(installation: &'i Installation, tree: &Tree, name: &str) -> Self {
        let folder = format!("{name}.d/");
        let drop_ins: Vec<String> =
            tree.iter().map(|(path, _)| path).filter(|path| path.starts_with(&folder)).map(str::to_owned).collect();
        let mut loaded = Self { installation, name: name.to_owned(), drop_ins, assignments: Vec::new() };
        for path in std::iter::once(name.to_owned()).chain(loaded.drop_ins.clone()) {
            loaded.read(&String::from_utf8_lossy(tree.get(&path).unwrap_or_default()));
        }
        loaded
    }

    fn read(&mut self, text: &str) {
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name;
            } else if let Some((key, value)) = line.split_once('=') {
                self.assignments.push((section.to_owned(), key.trim().to_owned(), value.trim().to_owned()));
            }
        }
    }

    fn values<'a>(&'a self, section: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.assignments.iter().filter(move |(s, k, _)| s == section && k == key).map(|(_, _, value)| value.as_str())
    }

    /// Whether anything is assigned to a key, if only nothing.
    pub(super) fn says(&self, section: &str, key: &str) -> bool {
        self.values(section, key).next().is_some()
    }

    /// A setting of one value: the last assignment counts, and an empty one is the default again.
    pub(super) fn last(&self, section: &str, key: &str) -> Option<String> {
        self.values(section, key).next_back().filter(|value| !value.is_empty()).map(|value| self.expanded(value))
    }

    /// A list: what stands behind the last empty assignment.
    pub(super) fn list(&self, section: &str, key: &str) -> Vec<String> {
        let mut list = Vec::new();
        for value in self.values(section, key) {
            if value.is_empty() {
                list.clear();
            } else {
                list.push(value.to_owned());
            }
        }
        list
    }

    /// The words of a list, unquoted, with specifiers expanded.
    pub(super) fn words(&self, section: &str, key: &str) -> Vec<String> {
        self.list(section, key).iter().flat_map(|value| self.split(value)).collect()
    }

    /// The words of one value, unquoted, with specifiers expanded.
    pub(super) fn split(&self, value: &str) -> Vec<String> {
        words(value).iter().map(|word| self.expanded(word)).collect()
    }

    fn expanded(&self, text: &str) -> String {
        self.installation.expanded(text, &self.name)
    }
}
