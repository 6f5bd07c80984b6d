//! A copy of the sources that mutants are made in: the pure crates and the suites that test them, as a small workspace
//! with a target directory of its own. The real sources and their target directory are never touched.
//!
//! Files are written only when they differ, so that a second run builds little.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use toml::{Table, Value};

/// Members of the copy, where they exist.
const MEMBERS: [&str; 4] = ["crates/market", "crates/trading", "tests/simulation", "tests/protocol"];
/// What of a member is copied. Benches are not: what they need takes long to build.
const PARTS: [&str; 3] = ["Cargo.toml", "src", "tests"];
/// Files that suites read besides.
const BESIDES: [&str; 3] = ["Cargo.lock", "rust-toolchain.toml", "docs/controls.md"];

/// The copy.
#[derive(Debug)]
pub struct Scratch {
    root: PathBuf,
    members: Vec<&'static str>,
    /// Held for as long as this copy is worked in.
    _lock: fs::File,
}

impl Scratch {
    /// Brings a copy in line with the sources.
    ///
    /// # Errors
    /// A file cannot be read or written, or another run works in the copy.
    pub fn prepare(source: &Path, root: PathBuf) -> Result<Self> {
        fs::create_dir_all(&root)?;
        let lock = fs::File::create(root.join("lock"))?;
        lock.try_lock().with_context(|| format!("another run works in {}", root.display()))?;
        let members: Vec<&str> = MEMBERS.into_iter().filter(|member| source.join(member).is_dir()).collect();
        let mut kept = BTreeSet::new();
        for member in &members {
            for part in PARTS {
                copy(source, &root, &Path::new(member).join(part), &mut kept)?;
            }
            strip_benches(&root.join(member).join("Cargo.toml"))?;
        }
        for file in BESIDES {
            copy(source, &root, Path::new(file), &mut kept)?;
        }
        for member in &members {
            remove_others(&root, &root.join(member), &kept)?;
        }
        write_if_new(&root.join("Cargo.toml"), workspace(source, &members)?.as_bytes())?;
        Ok(Self { root, members, _lock: lock })
    }

    /// Its root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its target directory.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// Whether a package is among its members.
    #[must_use]
    pub fn has(&self, package: &str) -> bool {
        self.members.iter().any(|member| member.ends_with(&format!("/{package}")))
    }

    /// The text of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, file: &str) -> io::Result<String> {
        fs::read_to_string(self.root.join(file))
    }

    /// Writes other texts into files; what is returned takes them back.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn change(&self, files: &BTreeMap<String, String>) -> io::Result<Change> {
        let mut originals = BTreeMap::new();
        for (file, text) in files {
            let path = self.root.join(file);
            originals.insert(path.clone(), fs::read_to_string(&path)?);
            fs::write(path, text)?;
        }
        Ok(Change { originals })
    }
}

/// Files that differ from their sources for a while.
#[must_use]
#[derive(Debug)]
pub struct Change {
    originals: BTreeMap<PathBuf, String>,
}

impl Change {
    /// Takes it back.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn revert(self) -> io::Result<()> {
        self.originals.iter().try_for_each(|(path, text)| fs::write(path, text))
    }
}

/// The root manifest with these members alone. Ours are not optimised: they are built often and run for a second.
fn workspace(source: &Path, members: &[&str]) -> Result<String> {
    let mut manifest: Table = fs::read_to_string(source.join("Cargo.toml"))?.parse()?;
    let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut).context("no workspace")?;
    workspace.insert("members".to_owned(), Value::from(members.to_vec()));
    let profile = manifest.get_mut("profile").and_then(|profile| profile.get_mut("dev")).and_then(Value::as_table_mut);
    let profile = profile.context("no dev profile")?;
    profile.insert("opt-level".to_owned(), Value::from(0));
    profile.insert("debug".to_owned(), Value::from(false));
    Ok(manifest.to_string())
}

fn strip_benches(path: &Path) -> Result<()> {
    let mut manifest: Table = fs::read_to_string(path)?.parse()?;
    manifest.remove("bench");
    if let Some(dependencies) = manifest.get_mut("dev-dependencies").and_then(Value::as_table_mut) {
        dependencies.remove("criterion");
    }
    Ok(write_if_new(path, manifest.to_string().as_bytes())?)
}

fn copy(source: &Path, root: &Path, path: &Path, kept: &mut BTreeSet<PathBuf>) -> Result<()> {
    let from = source.join(path);
    if from.is_dir() {
        for entry in fs::read_dir(&from)? {
            copy(source, root, &path.join(entry?.file_name()), kept)?;
        }
    } else if from.is_file() {
        let bytes = fs::read(&from).with_context(|| format!("failed to read {}", from.display()))?;
        let to = root.join(path);
        write_if_new(&to, &bytes).with_context(|| format!("failed to write {}", to.display()))?;
        kept.insert(path.to_owned());
    }
    Ok(())
}

fn write_if_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// A file that is gone from the sources must go here too: the suites would find it.
fn remove_others(root: &Path, folder: &Path, kept: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(root, &path, kept)?;
        } else if path.strip_prefix(root).is_ok_and(|relative| !kept.contains(relative)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
