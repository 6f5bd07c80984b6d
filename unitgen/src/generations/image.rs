//! What a deployment lays on a host: files and links by their paths below the root, and in which order they may change.
//!
//! The order is what makes a crash harmless: a drop-in comes before the unit it belongs to and goes after it, a unit comes
//! before whatever starts it and goes after that. Whatever is there at any moment has the gate of its own generation.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{Tree, containers, installation::Installation, systemd::manifest_copy, targets::Target};

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
    /// The directories of units and of containers that it has something in, each with whether it is containers'.
    folders: BTreeSet<(String, bool)>,
}

impl Image {
    /// What a rendered tree lays: its files where the installation has them, the links that enable it, the manifest where
    /// programs look.
    #[must_use]
    pub fn of(tree: &Tree, installation: &Installation, deployment: &str, manifest: &[u8]) -> Self {
        let (mut image, base) = (Self::default(), installation.base());
        for (path, content) in tree.iter() {
            let path = format!("{base}/{path}");
            if let (Place::Units { folder, below }, Some(wanted_by)) = (Place::of(&path), wanted_by(content)) {
                image.add(format!("{folder}/{wanted_by}.wants/{below}"), Content::Link(format!("../{below}")));
            }
            image.add(path, Content::File(content.to_vec()));
        }
        image.add(format!("{}/{deployment}.toml", installation.manifests()), Content::File(manifest.to_vec()));
        image
    }

    /// Adds a thing, or puts it in the place of what was there.
    pub fn add(&mut self, path: String, content: Content) {
        match Place::of(&path) {
            Place::Units { folder, .. } => self.folders.insert((folder.to_owned(), false)),
            Place::Containers { folder, .. } => self.folders.insert((folder.to_owned(), true)),
            Place::Manifests | Place::Elsewhere => false,
        };
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
    pub fn units(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        self.iter().filter_map(|(path, content)| Some((unit_of_file(path)?, content.text()?)))
    }

    /// The names of the units.
    pub fn unit_names(&self) -> impl Iterator<Item = String> {
        self.units().map(|(unit, _)| unit.into_owned())
    }

    /// The names of the units that drop-ins are for, whether their files are there or not.
    pub fn units_of_drop_ins(&self) -> impl Iterator<Item = String> {
        self.things.keys().filter_map(|path| unit_of(path)).map(Cow::into_owned)
    }

    /// Whether there is the file of a unit.
    #[must_use]
    pub fn has_unit(&self, unit: &str) -> bool {
        self.files_named(unit).any(|file| self.things.contains_key(&file))
    }

    /// The text of a unit's file and of its drop-ins, in order.
    #[must_use]
    pub fn texts_of(&self, unit: &str) -> Vec<&str> {
        let files: Vec<String> = self.files_named(unit).collect();
        let drop_ins = files.iter().flat_map(|file| {
            let folder = format!("{file}.d/");
            self.things.range(folder.clone()..).take_while(move |(path, _)| path.starts_with(&folder))
        });
        let drop_ins = drop_ins.map(|(_, content)| content);
        files.iter().filter_map(|file| self.get(file)).chain(drop_ins).filter_map(Content::text).collect()
    }

    /// The files that a unit may be of, whether they are there or not.
    fn files_named(&self, unit: &str) -> impl Iterator<Item = String> {
        self.folders.iter().filter_map(move |(folder, is_containers)| {
            let name =
                if *is_containers { format!("{}.container", unit.strip_suffix(".service")?) } else { unit.to_owned() };
            Some(format!("{folder}/{name}"))
        })
    }

    /// The units as they are loaded, by their paths in one directory, without the links: what lies among them, files for podman's
    /// generator, and what comes of these.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut tree = self.files(|path| match Place::of(path) {
            Place::Units { below, .. } => Some(below),
            Place::Containers { .. } | Place::Manifests | Place::Elsewhere => None,
        });
        let containers = self.files(|path| match Place::of(path) {
            Place::Containers { below, .. } if !below.contains('/') => Some(below),
            Place::Containers { .. } | Place::Units { .. } | Place::Manifests | Place::Elsewhere => None,
        });
        for (name, content) in containers.iter() {
            containers::add(&mut tree, name, content);
        }
        tree
    }

    /// Which target it is of.
    #[must_use]
    pub fn target(&self) -> Target {
        let mut target = Target::Systemd;
        for (path, content) in self.iter() {
            match Place::of(path) {
                Place::Containers { .. } => return Target::Quadlet,
                Place::Units { .. } if content.text().is_some_and(containers::runs_podman) => {
                    target = Target::PodmanUnits
                }
                Place::Units { .. } | Place::Manifests | Place::Elsewhere => {}
            }
        }
        target
    }

    /// The rendered tree again: what lies below the directory that it went into, without the links and the manifest that
    /// programs read.
    #[must_use]
    pub fn tree_below(&self, base: &str) -> Tree {
        self.files(|path| match Place::of(path) {
            Place::Units { .. } | Place::Containers { .. } => path.strip_prefix(base)?.strip_prefix('/'),
            Place::Manifests | Place::Elsewhere => None,
        })
    }

    fn files(&self, named: impl for<'a> Fn(&'a str) -> Option<&'a str>) -> Tree {
        let mut tree = Tree::default();
        for (path, content) in self.iter() {
            if let (Some(name), Content::File(bytes)) = (named(path), content) {
                tree.add(name, bytes.clone());
            }
        }
        tree
    }

    /// The manifest that goes along with the units.
    #[must_use]
    pub fn manifest(&self, deployment: &str) -> Option<&str> {
        let copy = manifest_copy(deployment);
        let is_copy = |path: &str| matches!(Place::of(path), Place::Units { below, .. } if below == copy);
        self.iter().find(|(path, _)| is_copy(path)).and_then(|(_, content)| content.text())
    }
}

/// What a directory is for, told from its path: whoever reads a generation of long ago knows nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Units of systemd, the system's or a login's.
    Units {
        /// The directory.
        folder: &'a str,
        /// The path in it.
        below: &'a str,
    },
    /// Files for podman's generator.
    Containers {
        /// The directory.
        folder: &'a str,
        /// The path in it.
        below: &'a str,
    },
    /// Manifests, which are the operator's.
    Manifests,
    /// Programs and whatever else.
    Elsewhere,
}

impl<'a> Place<'a> {
    /// Of a path below the root.
    #[must_use]
    pub fn of(path: &'a str) -> Self {
        let split = |folder: &str| {
            let end = path.rfind(folder)? + folder.len();
            Some((&path[..end - 1], &path[end..]))
        };
        if let Some((folder, below)) = split("/systemd/system/").or_else(|| split("/systemd/user/")) {
            return Self::Units { folder, below };
        }
        if let Some((folder, below)) = split("/containers/systemd/") {
            return Self::Containers { folder, below };
        }
        let is_manifest = |(_, below): (&str, &str)| !below.contains('/') && below.contains(".toml");
        if split("/portcullis/").is_some_and(is_manifest) { Self::Manifests } else { Self::Elsewhere }
    }
}

/// The directory beside whose files the new ones are written: one for all units with their drop-ins.
#[must_use]
pub(crate) fn base_of(path: &str) -> &Path {
    match Place::of(path) {
        Place::Units { folder, .. } | Place::Containers { folder, .. } => Path::new(folder),
        Place::Manifests | Place::Elsewhere => Path::new(path).parent().unwrap_or(Path::new("/")),
    }
}

/// The unit that a path is the file of: not its drop-ins, not links to it.
#[must_use]
pub(crate) fn unit_of_file(path: &str) -> Option<Cow<'_, str>> {
    match Place::of(path) {
        Place::Units { below, .. } if !below.contains('/') && !below.ends_with(".toml") => Some(Cow::Borrowed(below)),
        Place::Containers { below, .. } => below
            .strip_suffix(".container")
            .filter(|name| !name.contains('/'))
            .map(|name| format!("{name}.service").into()),
        Place::Units { .. } | Place::Manifests | Place::Elsewhere => None,
    }
}

/// The unit that a path has a say in: its file, or one of its drop-ins.
#[must_use]
pub(crate) fn unit_of(path: &str) -> Option<Cow<'_, str>> {
    match Place::of(path) {
        Place::Units { below, .. } | Place::Containers { below, .. } if below.contains('/') => {
            let unit = below.split_once('/')?.0.strip_suffix(".d")?;
            let container = unit.strip_suffix(".container");
            Some(container.map_or(Cow::Borrowed(unit), |name| format!("{name}.service").into()))
        }
        Place::Units { .. } | Place::Containers { .. } | Place::Manifests | Place::Elsewhere => unit_of_file(path),
    }
}

/// When a path may be written, the lowest first; it is removed in the opposite order.
#[must_use]
pub(crate) fn rank(path: &str) -> u8 {
    let below = match Place::of(path) {
        Place::Units { below, .. } | Place::Containers { below, .. } => below,
        // Programs before the units that run them, and last the manifest, which the new units expect.
        Place::Manifests => return 7,
        Place::Elsewhere => return 0,
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
    fn a_path_says_what_its_directory_is_for() {
        let units = |folder, below| Place::Units { folder, below };
        for (path, expect) in [
            ("etc/systemd/system/a.service", units("etc/systemd/system", "a.service")),
            ("home/systemd/user/.config/systemd/user/a.d/b", units("home/systemd/user/.config/systemd/user", "a.d/b")),
            (
                "etc/containers/systemd/a.container",
                Place::Containers { folder: "etc/containers/systemd", below: "a.container" },
            ),
            ("etc/portcullis/avwap.toml", Place::Manifests),
            ("home/t/.config/portcullis/avwap.toml.before-2", Place::Manifests),
            ("opt/portcullis/execution", Place::Elsewhere),
            ("usr/lib/portcullis/bin/execution", Place::Elsewhere),
        ] {
            assert_eq!(Place::of(path), expect, "{path}");
        }
    }

    #[test]
    fn units_by_their_paths() {
        for (path, file, any) in [
            ("etc/systemd/system/a.service", Some("a.service"), Some("a.service")),
            ("etc/systemd/system/a.service.d/1.conf", None, Some("a.service")),
            ("etc/systemd/system/b.target.wants/a.service", None, None),
            ("etc/systemd/system/avwap.manifest.toml", None, None),
            ("etc/portcullis/avwap.toml", None, None),
            ("home/t/.config/systemd/user/a.service", Some("a.service"), Some("a.service")),
            ("home/t/.config/systemd/user/a.timer.d/1.conf", None, Some("a.timer")),
            ("etc/containers/systemd/a.container", Some("a.service"), Some("a.service")),
            ("etc/containers/systemd/a.container.d/1.conf", None, Some("a.service")),
            ("etc/containers/systemd/a.network", None, None),
        ] {
            assert_eq!((unit_of_file(path).as_deref(), unit_of(path).as_deref()), (file, any), "{path}");
        }
    }
}
