//! A tree into a directory: only what changed is replaced, each file in one step, and nothing of anybody else's.
//!
//! New files are written beside their places, made durable, and renamed; drop-ins first, so that a gate is never the
//! last to arrive. Files of an earlier render of the same deployment that are rendered no more are removed. A file of
//! the same name that unitgen did not render, a masked unit among them, stops the write before it begins.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::Serialize;
use thiserror::Error;

use crate::{
    Tree,
    systemd::{header, manifest_copy},
};

/// What distinguishes a directory from a tree; paths are below the directory.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// Files that are not there, or differ.
    pub written: Vec<String>,
    /// Files of an earlier render that are rendered no more.
    pub removed: Vec<String>,
    /// Files that are what they should be.
    pub unchanged: Vec<String>,
}

impl Changes {
    /// Whether the directory is what the manifest renders.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.removed.is_empty()
    }
}

/// Why a tree cannot be put into a directory.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The system said no.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else's file stands in the way.
    #[error("{} was not rendered for this deployment", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

impl OutputError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the directory's owner and mode, and that its disk has room",
            Self::Foreign { .. } => {
                "a hand-written or masked unit is never replaced: move it away, or render elsewhere"
            }
        }
    }
}

/// Compares a directory with a tree and touches nothing.
///
/// # Errors
/// When a file cannot be read, or a foreign one stands in the way.
pub fn compare(directory: &Path, tree: &Tree, deployment: &str) -> Result<Changes, OutputError> {
    let mut changes = Changes::default();
    for (path, content) in tree.iter() {
        let full = directory.join(path);
        match read_if_there(&full)? {
            Some(present) if present == content => changes.unchanged.push(path.to_owned()),
            Some(present) if !is_ours(path, &present, deployment) => return Err(OutputError::Foreign { path: full }),
            Some(_) | None => changes.written.push(path.to_owned()),
        }
    }
    changes.removed = stale(directory, tree, deployment)?;
    changes.written.sort_by_key(|path| (!path.contains(".d/"), path.clone()));
    Ok(changes)
}

/// What is there already of the very manifest with this digest, in one text; empty when there is nothing.
#[must_use]
pub fn installed(directory: &Path, tree: &Tree, deployment: &str, digest: &str) -> String {
    let there = tree.iter().filter_map(|(path, _)| fs::read_to_string(directory.join(path)).ok());
    there.filter(|text| header::deployment_of(text.as_bytes()) == Some(deployment) && text.contains(digest)).collect()
}

/// Makes a directory what the tree says.
///
/// # Errors
/// When something cannot be read or written, or a foreign file stands in the way; nothing is changed then, unless the
/// disk failed between two renames.
pub fn write(directory: &Path, tree: &Tree, deployment: &str) -> Result<Changes, OutputError> {
    fs::create_dir_all(directory).map_err(failed("create", directory))?;
    let changes = compare(directory, tree, deployment)?;
    if changes.is_empty() {
        return Ok(changes);
    }
    // Inside the directory, so that a rename never crosses to another file system; systemd ignores hidden directories.
    let staging =
        tempfile::Builder::new().prefix(".unitgen-").tempdir_in(directory).map_err(failed("write into", directory))?;
    let mut staged = Vec::new();
    for (number, path) in changes.written.iter().enumerate() {
        let from = staging.path().join(number.to_string());
        write_durably(&from, tree.get(path).unwrap_or_default())?;
        staged.push((from, directory.join(path)));
    }
    for (from, to) in staged {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(failed("create", parent))?;
        }
        fs::rename(&from, &to).map_err(failed("replace", &to))?;
    }
    for path in &changes.removed {
        remove(directory, path)?;
    }
    File::open(directory).and_then(|open| open.sync_all()).map_err(failed("sync", directory))?;
    Ok(changes)
}

fn write_durably(path: &Path, content: &[u8]) -> Result<(), OutputError> {
    fs::write(path, content).and_then(|()| File::open(path)?.sync_all()).map_err(failed("write", path))
}

fn remove(directory: &Path, path: &str) -> Result<(), OutputError> {
    let full = directory.join(path);
    fs::remove_file(&full).map_err(failed("remove", &full))?;
    if let Some((drop_ins, _)) = path.rsplit_once('/').filter(|(folder, _)| folder.ends_with(".d")) {
        // Fails when an operator keeps a drop-in of their own there, and then it must stay.
        drop(fs::remove_dir(directory.join(drop_ins)));
    }
    Ok(())
}

/// Units, drop-ins and the manifest's copy that an earlier render of the deployment left.
fn stale(directory: &Path, tree: &Tree, deployment: &str) -> Result<Vec<String>, OutputError> {
    let rendered: BTreeSet<&str> = tree.iter().map(|(path, _)| path).collect();
    if !rendered.iter().any(|path| path.ends_with(".target")) {
        return Ok(Vec::new());
    }
    let mut candidates = Vec::new();
    for folder in folders(&rendered) {
        for name in entries(&directory.join(&folder))? {
            if name.ends_with(".d") {
                let files = entries(&directory.join(&folder).join(&name))?;
                candidates.extend(files.into_iter().map(|file| format!("{folder}{name}/{file}")));
            } else {
                candidates.push(format!("{folder}{name}"));
            }
        }
    }
    let mut stale = Vec::new();
    for path in candidates {
        // A file of another target (sysusers, tmpfiles) is no drop-in, and no unit is one of theirs.
        let drop_in = path.contains(".d/") && path.ends_with(".conf");
        let units = [".service", ".timer", ".target", ".container"];
        let unit = drop_in || units.iter().any(|suffix| path.ends_with(suffix));
        if unit
            && !rendered.contains(path.as_str())
            && read_if_there(&directory.join(&path))?.is_some_and(|content| is_ours(&path, &content, deployment))
        {
            stale.push(path);
        }
    }
    stale.sort();
    Ok(stale)
}

/// The files for podman's generator in a directory that were rendered for a deployment.
///
/// # Errors
/// When the directory or a file cannot be read.
pub fn containers_of(directory: &Path, deployment: &str) -> Result<Vec<String>, OutputError> {
    let mut found = Vec::new();
    for name in entries(directory)?.into_iter().filter(|name| name.ends_with(".container")) {
        if is_of(&directory.join(&name), deployment)? {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file was rendered for a deployment.
///
/// # Errors
/// When it cannot be read.
pub fn is_of(path: &Path, deployment: &str) -> Result<bool, OutputError> {
    Ok(read_if_there(path)?.is_some_and(|content| header::deployment_of(&content) == Some(deployment)))
}

/// Where units lie below the directory, each with a slash at its end: most targets put them right into it.
fn folders(rendered: &BTreeSet<&str>) -> BTreeSet<String> {
    let folder = |path: &&str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    rendered.iter().map(folder).filter(|folder| !folder.ends_with(".d/")).collect()
}

fn is_ours(path: &str, content: &[u8], deployment: &str) -> bool {
    path.rsplit('/').next() == Some(manifest_copy(deployment).as_str())
        || header::deployment_of(content) == Some(deployment)
}

/// File names in a directory; none when it is not there or is no directory.
fn entries(directory: &Path) -> Result<Vec<String>, OutputError> {
    let listing = match fs::read_dir(directory) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed("list", directory)(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        let entry = entry.map_err(failed("list", directory))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, OutputError> {
    match fs::read(path) {
        Ok(content) => Ok(Some(content)),
        // A dangling link is somebody's too: it is there, and it is not ours.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::symlink_metadata(path).is_ok().then(Vec::new)),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(failed("read", path)(error)),
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OutputError + use<> {
    let path = path.to_owned();
    move |source| OutputError::Io { action, path, source }
}
