//! A host with the units of the shipped manifest, and what is found on it.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use unitgen::{Tree, installation::Installation, output, search_path, source, systemd, verify};
use verify::Code;

pub const AVWAP: &str = include_str!("../../../manifests/avwap.toml");
pub const GATE: &str = "execution.service.d/10-watchlist-gate.conf";
pub const RESTART: &str = "execution.service.d/20-restart-policy.conf";
pub const ENABLED: &str = "multi-user.target.wants/avwap.target";
/// A change to a host.
pub type Change = fn(&Host);

/// A host's search path: what an operator controls, `/etc`, `/run`, and the vendor's directory.
pub struct Host(pub tempfile::TempDir);

pub const DIRECTORIES: [&str; 4] = ["control", "etc", "run", "lib"];

impl Host {
    pub fn with_units_in(place: &str) -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        for directory in DIRECTORIES {
            fs::create_dir(host.path(directory)).unwrap();
        }
        output::write(&host.path(place), &rendered(AVWAP), "avwap").unwrap();
        host.write("root/etc/portcullis/avwap.toml", AVWAP);
        host.link(&format!("etc/{ENABLED}"), &format!("../../{place}/avwap.target"));
        host
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn append(&self, path: &str, text: &str) {
        self.write(path, &(fs::read_to_string(self.path(path)).unwrap() + text));
    }

    pub fn edit(&self, path: &str, with: &str, without: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(with), "{with} is not in {path}");
        self.write(path, &text.replacen(with, without, 1));
    }

    pub fn copy(&self, from: &str, to: &str) {
        self.write(to, &fs::read_to_string(self.path(from)).unwrap());
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).unwrap();
        }
        symlink(target, path).unwrap();
    }

    pub fn verify(&self) -> verify::Outcome {
        let tree = rendered(AVWAP);
        let directories = DIRECTORIES.map(|directory| self.path(directory));
        let names = tree.iter().map(|(path, _)| path.to_owned()).collect();
        let mut listing = search_path::read(&directories, &names).unwrap();
        let installation = &Installation::SYSTEM;
        let installed = search_path::installed(&self.path("root"), installation, &tree).unwrap();
        listing.manifests.insert("avwap".to_owned(), installed);
        verify::verify(&verify::Expected { deployment: "avwap", installation, tree: &tree, enabled: true }, &listing)
    }

    /// The codes found, in the order of the list of codes.
    pub fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<Code> = self.verify().findings.iter().map(|finding| finding.code).collect();
        codes.sort();
        codes.into_iter().map(Code::as_str).collect()
    }

    pub fn unitgen(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
        command.arg("verify").args(args).current_dir(self.0.path()).output().unwrap()
    }
}

pub fn rendered(manifest: &str) -> Tree {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}
