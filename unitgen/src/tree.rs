//! Rendered files by name, before anything touches a disk.

use std::collections::BTreeMap;

/// Files by their path below the output directory, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, Vec<u8>>,
}

impl Tree {
    /// Adds a file.
    ///
    /// # Panics
    /// When there is one of that name already: names come from a checked manifest, where they differ.
    pub fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        let path = path.into();
        let previous = self.files.insert(path.clone(), content.into());
        assert!(previous.is_none(), "{path} is rendered twice");
    }

    /// Every path with its content.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// The content of one file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }
}
