//! The thin shell: what a host has of a deployment, read for a plan.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{ABSENT, Found, Wanted, named_below};
use crate::{
    apply::Account,
    containers,
    generations::{
        Content, Image, Place, Schema, Store, StoreError,
        image::{digest, unit_of_file},
        schema_of,
    },
    guardrails::Manager,
    installation::Installation,
    output::{self, OutputError},
    search_path::{self, SearchPathError},
    targets::Target,
    verify::Listing,
};

/// Larger than any program of a release: what is longer is not read.
const PROGRAM_MAX: u64 = 1 << 30;
/// So much of a ledger's log is looked at.
const LOG_MAX: u64 = 64 << 20;
const PAGE_BYTES: u64 = 100;

/// Why a host cannot be looked at.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The generations.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory of units, or a file of somebody else in it.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The unit search path.
    #[error(transparent)]
    SearchPath(#[from] SearchPathError),
    /// Another file.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Systemd.
    #[error("systemd does not say what runs: {0}")]
    Systemd(String),
    /// The units are the host's configuration's.
    #[error("{} cannot be written: it is a link into {}", path.display(), target.display())]
    Immutable {
        /// The directory.
        path: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
}

/// Looks. What systemd, the clock and the environment say is the caller's to add.
///
/// # Errors
/// When something cannot be read, or a file of somebody else stands in the way.
pub fn observe(root: &Path, wanted: &Wanted, programs: &[String]) -> Result<Found, ObserveError> {
    let installation = &wanted.installation;
    let (units, base) = (root.join(installation.units()), installation.base());
    if let Ok(target) = fs::read_link(&units) {
        return Err(ObserveError::Immutable { path: units, target });
    }
    let store = Store::of(root, installation, &wanted.deployment);
    let (mut current, mut damaged) = (None, None);
    if let Some(number) = store.current()? {
        match store.read(number) {
            Ok(generation) => current = Some(generation),
            // What lies on the host is what it was: it is kept anew.
            Err(error @ StoreError::Damaged { .. }) => damaged = Some(format!("generation {number}: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    let rendered = wanted.image.tree_below(&base);
    let changes = output::compare(&root.join(&base), &rendered, &wanted.deployment)?;
    let mut stale: Vec<String> = changes.removed.into_iter().map(|path| format!("{base}/{path}")).collect();
    if installation.manager() == Manager::System {
        of_another_target(root, wanted, &mut stale)?;
    }
    let mut found = Found { current, damaged, stale, ..Found::default() };
    let paths = wanted.image.paths().into_iter().chain(found.base().paths()).chain(found.stale.clone());
    found.installed = installed(root, paths)?;
    found.listing = listing(root, installation, &found.installed, &wanted.image)?;
    for path in programs {
        found.programs.insert(path.clone(), program(root, path));
    }
    Ok(found)
}

/// Files for podman's generator of a deployment that has none any more; and somebody's unit that would take the place of one that
/// the generator makes.
fn of_another_target(root: &Path, wanted: &Wanted, stale: &mut Vec<String>) -> Result<(), ObserveError> {
    if wanted.installation.target() != Target::Quadlet {
        let files = output::containers_of(&root.join(containers::FILES), &wanted.deployment)?;
        stale.extend(files.into_iter().map(|name| format!("{}/{name}", containers::FILES)));
    }
    for (path, _) in wanted.image.iter() {
        let (Place::Containers { .. }, Some(unit)) = (Place::of(path), unit_of_file(path)) else { continue };
        let full = root.join(wanted.installation.units()).join(unit.as_ref());
        if fs::symlink_metadata(&full).is_ok() && !output::is_of(&full, &wanted.deployment)? {
            return Err(OutputError::Foreign { path: full }.into());
        }
    }
    Ok(())
}

/// What lies at some paths.
///
/// # Errors
/// When one cannot be read.
pub fn installed(root: &Path, paths: impl IntoIterator<Item = String>) -> Result<Image, ObserveError> {
    let mut image = Image::default();
    for path in paths {
        if let Some(content) = content(&root.join(&path))? {
            image.add(path, content);
        }
    }
    Ok(image)
}

fn content(path: &Path) -> Result<Option<Content>, ObserveError> {
    let failed = |source| ObserveError::Read { path: path.to_owned(), source };
    let there = match fs::symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    if !there.is_symlink() {
        return fs::read(path).map(|bytes| Some(Content::File(bytes))).map_err(failed);
    }
    let target = fs::read_link(path).map_err(failed)?;
    // `systemctl enable` writes the whole path; what counts is the unit that it leads to.
    let is_dependency = path.parent().and_then(Path::extension).is_some_and(|extension| extension == "wants");
    let said = if is_dependency && target.file_name() == path.file_name() {
        Path::new("..").join(path.file_name().unwrap_or_default())
    } else {
        target
    };
    Ok(Some(Content::Link(said.to_string_lossy().into_owned())))
}

/// The unit search path below a root, as the manager reads it.
///
/// # Errors
/// When a directory cannot be listed.
pub fn listing(
    root: &Path,
    installation: &Installation,
    installed: &Image,
    wanted: &Image,
) -> Result<Listing, ObserveError> {
    let below = |path: String| match Place::of(&path) {
        Place::Units { below, .. } | Place::Containers { below, .. } => Some(below.to_owned()),
        Place::Manifests | Place::Elsewhere => None,
    };
    let names = installed.paths().into_iter().chain(wanted.paths()).filter_map(below).collect();
    match search_path::read(&installation.directories(root), &names) {
        Ok(mut listing) => {
            let (units, folder) = (installation.units(), root.join(installation.units()));
            for directory in &mut listing.directories {
                if Path::new(&directory.path) == folder {
                    directory.path = named_below(&root.display().to_string(), &units);
                }
            }
            Ok(listing)
        }
        Err(SearchPathError::Nothing { .. }) => Ok(Listing::default()),
        Err(error) => Err(error.into()),
    }
}

/// A program's digest.
#[must_use]
pub fn program(root: &Path, path: &str) -> String {
    let full = root.join(path.trim_start_matches('/'));
    let is_readable = fs::metadata(&full).is_ok_and(|there| there.is_file() && there.len() <= PROGRAM_MAX);
    let bytes = is_readable.then(|| fs::read(&full).ok()).flatten();
    bytes.map_or_else(|| ABSENT.to_owned(), |bytes| digest(&bytes))
}

/// The schemas of the ledgers of some accounts, by path; of one that cannot be read the highest.
#[must_use]
pub fn ledgers_of(root: &Path, accounts: &[Account]) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for account in accounts {
        let state = root.join(account.state.strip_prefix("/").unwrap_or(&account.state));
        found.extend(ledgers(&state).into_iter().filter_map(|(path, schema)| match schema {
            Schema::Number(number) => Some((path, number)),
            Schema::Unknown => Some((path, u32::MAX)),
            Schema::Foreign => None,
        }));
    }
    found
}

/// The ledgers below a state directory, each with its schema; what is none is not among them.
#[must_use]
pub fn ledgers(state: &Path) -> BTreeMap<String, Schema> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(state.join("data")).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "sqlite") {
            // The log first: what is written back in between is in the file then.
            let log = beginning(&PathBuf::from(format!("{}-wal", path.display())), LOG_MAX);
            match schema_of(&beginning(&path, PAGE_BYTES), &log) {
                Schema::Foreign => {}
                schema @ (Schema::Number(_) | Schema::Unknown) => {
                    found.insert(path.display().to_string(), schema);
                }
            }
        }
    }
    found
}

fn beginning(path: &Path, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path) {
        // What cannot be read is short, and a short database is of unknown schema.
        let _ = io::Read::read_to_end(&mut io::Read::take(file, limit), &mut bytes);
    }
    bytes
}
