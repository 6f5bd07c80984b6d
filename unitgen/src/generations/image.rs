//! What a deployment lays on a host: files and links by their paths below the root, and in which order they may change.
//!
//! The order is what makes a crash harmless: a drop-in comes before the unit it belongs to and goes after it, a unit comes
//! before whatever starts it and goes after that. Whatever is there at any moment has the gate of its own generation.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Tree, systemd::manifest_copy};

/// Where units of the system's manager lie, below the root.
pub const UNITS: &str = "etc/systemd/system";
/// Where programs look for manifests, below the root.
const MANIFESTS: &str = "etc/portcullis";

/// One thing on a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file.
    File(Vec<u8>),
    /// A symbolic link, by what it says.
    Link(String),
}

impl Content {
    /// `sha256:` and the digest of a file, or `-> ` and what a link says: what a plan is bound to.
    #[must_use]
    pub fn mark(&self) -> String {
        match self {
            Self::File(bytes) => digest(bytes),
            Self::Link(target) => format!("-> {target}"),
        }
    }

    /// The text of a file; nothing of a link.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::File(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Link(_) => None,
        }
    }
}

/// `sha256:` and the digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", contract::sha256_hex(bytes))
}

/// Everything of one deployment, by path below the root, without a leading slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    things: BTreeMap<String, Content>,
}

impl Image {
    /// What a rendered tree lays: its files among the units, the links that enable it, the manifest where programs look.
    #[must_use]
    pub fn of(tree: &Tree, deployment: &str, manifest: &[u8]) -> Self {
        let mut image = Self::default();
        for (path, content) in tree.iter() {
            image.add(format!("{UNITS}/{path}"), Content::File(content.to_vec()));
            if let Some(wanted_by) = wanted_by(content) {
                image.add(format!("{UNITS}/{wanted_by}.wants/{path}"), Content::Link(format!("../{path}")));
            }
        }
        image.add(format!("{MANIFESTS}/{deployment}.toml"), Content::File(manifest.to_vec()));
        image
    }

    /// Adds a thing, or puts it in the place of what was there.
    pub fn add(&mut self, path: String, content: Content) {
        self.things.insert(path, content);
    }

    /// One thing.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Content> {
        self.things.get(path)
    }

    /// All things.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Content)> {
        self.things.iter().map(|(path, content)| (path.as_str(), content))
    }

    /// All paths.
    pub fn paths(&self) -> BTreeSet<String> {
        self.things.keys().cloned().collect()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// The units, by name, each with the text of its file.
    pub fn units(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter_map(|(path, content)| Some((unit_of_file(path)?, content.text()?)))
    }

    /// The text of a unit's file and of its drop-ins, in order.
    #[must_use]
    pub fn texts_of(&self, unit: &str) -> Vec<&str> {
        let (file, folder) = (format!("{UNITS}/{unit}"), format!("{UNITS}/{unit}.d/"));
        let drop_ins = self.iter().filter(|(path, _)| path.starts_with(&folder)).map(|(_, content)| content);
        self.get(&file).into_iter().chain(drop_ins).filter_map(Content::text).collect()
    }

    /// The rendered tree again: what lies among the units, without the links.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::default();
        for (path, content) in self.iter() {
            if let (Some(path), Content::File(bytes)) = (path.strip_prefix(&format!("{UNITS}/")), content) {
                tree.add(path, bytes.clone());
            }
        }
        tree
    }

    /// The manifest that goes along with the units.
    #[must_use]
    pub fn manifest(&self, deployment: &str) -> Option<&str> {
        self.get(&format!("{UNITS}/{}", manifest_copy(deployment))).and_then(Content::text)
    }
}

/// The unit that a path is the file of: not its drop-ins, not links to it.
#[must_use]
pub(crate) fn unit_of_file(path: &str) -> Option<&str> {
    let name = path.strip_prefix(UNITS)?.strip_prefix('/')?;
    (!name.contains('/') && !name.ends_with(".toml")).then_some(name)
}

/// The unit that a path has a say in: its file, or one of its drop-ins.
#[must_use]
pub(crate) fn unit_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix(UNITS)?.strip_prefix('/')?;
    match name.split_once('/') {
        Some((folder, _)) => folder.strip_suffix(".d"),
        None => (!name.ends_with(".toml")).then_some(name),
    }
}

/// When a path may be written, the lowest first; it is removed in the opposite order.
#[must_use]
pub(crate) fn rank(path: &str) -> u8 {
    let Some(below) = path.strip_prefix(UNITS).and_then(|rest| rest.strip_prefix('/')) else {
        // Programs before the units that run them, and last the manifest, which the new units expect.
        return if path.starts_with(MANIFESTS) { 7 } else { 0 };
    };
    match below.split_once('/') {
        Some((folder, _)) if folder.ends_with(".d") => 1,
        Some(_) => 6,
        None if below.ends_with(".timer") => 3,
        None if below.ends_with(".toml") => 4,
        None if below.ends_with(".target") => 5,
        None => 2,
    }
}

/// What `[Install]` says wants a unit.
fn wanted_by(content: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(content).ok()?;
    let (_, install) = text.split_once("\n[Install]\n")?;
    install.lines().find_map(|line| line.strip_prefix("WantedBy=")).map(str::to_owned)
}

/// Whether two texts of a unit say the same: comments, among them the header with the manifest's digest, say nothing.
#[must_use]
pub(crate) fn say_the_same(one: &[&str], other: &[&str]) -> bool {
    let said = |texts: &[&str]| -> Vec<String> {
        let lines = texts.iter().flat_map(|text| text.lines());
        lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])).map(str::to_owned).collect()
    };
    said(one) == said(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_in_comes_before_its_unit_and_a_unit_before_what_starts_it() {
        let mut paths = [
            "etc/portcullis/avwap.toml",
            "etc/systemd/system/multi-user.target.wants/avwap.target",
            "etc/systemd/system/avwap.target",
            "etc/systemd/system/scan.timer",
            "etc/systemd/system/execution.service",
            "etc/systemd/system/execution.service.d/10-watchlist-gate.conf",
            "usr/lib/portcullis/bin/execution",
        ];
        paths.sort_by_key(|path| rank(path));
        let last: Vec<&str> = paths.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
        let expect = ["execution", "10-watchlist-gate.conf", "execution.service", "scan.timer", "avwap.target"];
        assert_eq!(last[..5], expect);
        assert_eq!(last[5..], ["avwap.target", "avwap.toml"]);
    }

    #[test]
    fn units_by_their_paths() {
        for (path, file, any) in [
            ("etc/systemd/system/a.service", Some("a.service"), Some("a.service")),
            ("etc/systemd/system/a.service.d/1.conf", None, Some("a.service")),
            ("etc/systemd/system/b.target.wants/a.service", None, None),
            ("etc/systemd/system/avwap.manifest.toml", None, None),
            ("etc/portcullis/avwap.toml", None, None),
        ] {
            assert_eq!((unit_of_file(path), unit_of(path)), (file, any), "{path}");
        }
    }

    #[test]
    fn a_header_says_nothing() {
        assert!(say_the_same(&["# a\n[Timer]\nX=1\n"], &["# b\n\n[Timer]\nX=1\n"]));
        assert!(!say_the_same(&["[Timer]\nX=1\n"], &["[Timer]\nX=2\n"]));
        assert!(!say_the_same(&["[Timer]\nX=1\n"], &["[Timer]\nX=1\n", "[Timer]\nX=\n"]));
    }
}
