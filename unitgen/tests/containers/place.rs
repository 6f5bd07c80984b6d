//! A host in memory: rendered files in their directories, the services that come of them, and an edit of any of it.

use std::collections::BTreeMap;

use unitgen::{
    Tree, containers,
    installation::Installation,
    source,
    targets::{self, Target},
    verify::{Directory, Entry, Expected, Finding, Link, Listing, verify},
};

pub const AVWAP: &str = include_str!("../../../manifests/avwap.toml");
pub const FILES: &str = "/etc/containers/systemd";
pub const UNITS: &str = "/etc/systemd/system";
pub const GENERATED: &str = "/run/systemd/generator";
pub const IMAGE: &str =
    "registry.example/portcullis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The shipped manifest for a host that runs containers.
pub fn in_containers(podman: &str, systemd: u16) -> String {
    let text = AVWAP.replacen("systemd = 252", &format!("podman = \"{podman}\"\nsystemd = {systemd}"), 1);
    let with = format!("\n[release]\nimage = \"{IMAGE}\"\n");
    if text.contains("\n[release]\n") {
        return text.replacen("\n[release]\n", &with, 1);
    }
    text.replacen("\n[identity]\n", &format!("{with}\n[identity]\n"), 1)
}

/// A manifest's tree for a target.
pub fn rendered(target: Target, manifest: &str) -> Tree {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    targets::render(target, &checked.deployment, manifest.as_bytes(), &checked.digest).unwrap().tree
}

/// A host on which a target was laid and loaded.
pub struct Host {
    pub loaded: Tree,
    pub listing: Listing,
}

impl Host {
    pub fn of(target: Target) -> Self {
        let loaded = containers::loaded(&rendered(target, &in_containers("5.4", 257)));
        let directories = [
            UNITS,
            GENERATED,
            "/usr/lib/systemd/system",
            "/run/containers/systemd",
            FILES,
            "/usr/share/containers/systemd",
        ];
        let directories = directories.map(|path| Directory { path: path.to_owned(), entries: BTreeMap::new() });
        let mut host = Self { listing: Listing { directories: directories.to_vec(), ..Listing::default() }, loaded };
        for (path, content) in host.loaded.clone().iter() {
            let is_generated = containers::file_of(path).is_some_and(|file| host.loaded.get(&file).is_some());
            let folder = if is_generated {
                GENERATED
            } else if path.ends_with(".container") {
                FILES
            } else {
                UNITS
            };
            host.lay(&format!("{folder}/{path}"), content);
        }
        let link = Link { target: "../avwap.target".to_owned(), alias_of: None };
        host.put(
            &format!("{UNITS}/multi-user.target.wants/avwap.target"),
            Entry::File { content: b"[".to_vec(), link: Some(link) },
        );
        host
    }

    pub fn lay(&mut self, path: &str, content: &[u8]) {
        self.put(path, Entry::File { content: content.to_vec(), link: None });
    }

    /// Puts a thing where its path says: a directory of the search path, perhaps a directory of drop-ins, and a name.
    pub fn put(&mut self, path: &str, entry: Entry) {
        let place =
            self.listing.directories.iter_mut().find(|directory| path.starts_with(&format!("{}/", directory.path)));
        let directory = place.unwrap_or_else(|| panic!("{path} is in no directory"));
        let below = &path[directory.path.len() + 1..];
        match below.split_once('/') {
            None => {
                directory.entries.insert(below.to_owned(), entry);
            }
            Some((folder, name)) => {
                let folder =
                    directory.entries.entry(folder.to_owned()).or_insert_with(|| Entry::Folder(BTreeMap::new()));
                let Entry::Folder(files) = folder else { panic!("{path} is below a file") };
                files.insert(name.to_owned(), entry);
            }
        }
    }

    pub fn take(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let directory = self.listing.directories.iter_mut().find(|directory| directory.path == folder).unwrap();
        assert!(directory.entries.remove(name).is_some(), "{path} is not there");
    }

    pub fn text(&self, path: &str) -> String {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let directory = self.listing.directories.iter().find(|directory| directory.path == folder).unwrap();
        String::from_utf8(directory.entries[name].content().unwrap().to_vec()).unwrap()
    }

    /// Replaces a part of a file that must have it.
    pub fn edit(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        assert!(text.contains(from), "{path} has no {from}");
        self.lay(path, text.replacen(from, to, 1).as_bytes());
    }

    /// The same in what the unit of a service runs, and nowhere else.
    pub fn edit_command(&mut self, path: &str, from: &str, to: &str) {
        let text = self.text(path);
        let start = text.lines().find(|line| line.starts_with("ExecStart=")).unwrap().to_owned();
        assert!(start.contains(from), "{start} has no {from}");
        self.edit(path, &start, &start.replacen(from, to, 1));
    }

    /// podman's generator runs: again, without drop-ins.
    pub fn reload(&mut self) {
        for (name, content) in self.loaded.clone().iter().filter(|(name, _)| name.ends_with(".container")) {
            let service = format!("{GENERATED}/{}", containers::service_of(name).unwrap());
            let there = self.listing.named(name).next();
            let there = there.map(|(path, entry)| (path, entry.is_mask(), entry.content().unwrap_or(content).to_vec()));
            match there {
                Some((path, false, content)) => self.lay(&service, containers::generated(&path, &content).as_bytes()),
                Some((_, true, _)) | None => self.take(&service),
            }
        }
    }

    pub fn findings(&self) -> Vec<Finding> {
        verify(
            &Expected { deployment: "avwap", installation: &Installation::SYSTEM, tree: &self.loaded, enabled: true },
            &self.listing,
        )
        .findings
    }

    /// `CODE UNIT` of each finding.
    pub fn codes(&self) -> Vec<String> {
        self.findings().iter().map(|finding| format!("{} {}", finding.code.as_str(), finding.unit)).collect()
    }
}
