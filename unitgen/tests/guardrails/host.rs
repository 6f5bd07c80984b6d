//! A host with the units of the shipped manifest, and what each look at it says.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use unitgen::{
    Tree,
    diff::{Turns, turns},
    guardrails::{Enablement, Units},
    installation::Installation,
    search_path, source, systemd,
    verify::{self, Listing},
};

pub const AVWAP: &str = include_str!("../../../manifests/avwap.toml");
/// Where the programs look for it.
pub const MANIFEST: &str = "root/etc/portcullis/avwap.toml";
/// What an operator controls, `/etc`, `/run`, the vendor's: the first wins.
const DIRECTORIES: [&str; 4] = ["control", "etc", "run", "lib"];

pub struct Host(tempfile::TempDir);

impl Host {
    /// Rendered into `/etc`, or installed by a package, and enabled.
    pub fn with_units_in(place: &str) -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        for directory in DIRECTORIES {
            fs::create_dir(host.path(directory)).unwrap();
        }
        // Not by `output::write`, which waits for the disk.
        for (path, content) in rendered().iter() {
            host.write(&format!("{place}/{path}"), std::str::from_utf8(content).unwrap());
        }
        host.link("etc/multi-user.target.wants/avwap.target", "../avwap.target");
        host.write(MANIFEST, AVWAP);
        host
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    pub fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
    }

    pub fn listing(&self) -> Listing {
        let names = rendered().iter().map(|(path, _)| path.to_owned()).collect();
        let mut listing = search_path::read(&DIRECTORIES.map(|directory| self.path(directory)), &names).unwrap();
        let installed = search_path::installed(&self.path("root"), &Installation::SYSTEM, rendered()).unwrap();
        listing.manifests.insert("avwap".to_owned(), installed);
        listing
    }

    pub fn units(&self) -> Units {
        Units::of_listing(&self.listing(), Enablement::AsLinked)
    }

    /// The codes that `verify` finds.
    pub fn verified(&self) -> Vec<&'static str> {
        let expected = verify::Expected {
            deployment: "avwap",
            installation: &Installation::SYSTEM,
            tree: rendered(),
            enabled: true,
        };
        verify::verify(&expected, &self.listing()).findings.iter().map(|finding| finding.code.as_str()).collect()
    }

    /// What `diff` says of the guardrails, from the manifest to this host.
    pub fn turns(&self) -> Turns {
        let expected = Units::of_tree(rendered());
        let names = expected.names().map(str::to_owned).collect();
        turns(&expected, &self.units(), &names)
    }
}

/// The shipped deployment's files.
pub fn rendered() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let checked = source::check(AVWAP.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
        systemd::render(&checked.deployment, AVWAP.as_bytes(), &checked.digest)
    })
}
