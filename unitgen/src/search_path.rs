//! The thin shell under [`crate::verify`]: reads the directories of a unit search path into a [`Listing`].
//!
//! Units, drop-ins and dependency links are read, nothing else. Links are followed, as systemd follows them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    Tree, containers,
    installation::Installation,
    verify::{self, Directory, Entry, Installed, Link, Listing},
};

/// Larger than any unit: what is longer is a finding.
const READ_MAX: u64 = 1 << 20;
const UNITS: [&str; 7] = [".service", ".timer", ".target", ".path", ".socket", ".slice", ".container"];
/// Deeper than anybody nests them, and a link in a circle ends here.
const DEPTH_MAX: usize = 8;
const FOLDERS: [&str; 4] = [".d", ".wants", ".requires", ".upholds"];

/// The directories of podman's generator below a root, each followed by those below it, which count where it has no file of a
/// name. Those that are not there are left out.
#[must_use]
pub fn of_containers(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in containers::SEARCH_PATH {
        add_with_below(&root.join(path.trim_start_matches('/')), DEPTH_MAX, &mut found);
    }
    found
}

fn add_with_below(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if !folder.is_dir() {
        return;
    }
    found.push(folder.to_owned());
    // What cannot be listed is told when the directory itself is read.
    for name in names_in(folder).unwrap_or_default() {
        let is_of_units = FOLDERS.iter().any(|suffix| name.ends_with(suffix));
        // Those of logins: the system's generator passes them over.
        let is_of_logins = name == "users" && folder.ends_with("etc/containers/systemd");
        if depth > 0 && !is_of_units && !is_of_logins {
            add_with_below(&folder.join(name), depth - 1, found);
        }
    }
}

/// The directories of a rendered tree: itself, or of target `quadlet` that of units and that of files for podman's generator.
#[must_use]
pub fn of_rendered(directory: &Path) -> Vec<PathBuf> {
    let (units, containers) = (directory.join("systemd/system"), directory.join("containers/systemd"));
    if units.is_dir() && containers.is_dir() { vec![units, containers] } else { vec![directory.to_owned()] }
}

/// Why a search path cannot be looked at.
#[derive(Debug, Error)]
pub enum SearchPathError {
    /// A directory that cannot be listed.
    #[error("cannot list {}", path.display())]
    List {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not one of the directories is there.
    #[error("there is no {paths}")]
    Nothing {
        /// All of them.
        paths: String,
    },
}

/// The manifests' copies in a search path, of each name the one that counts.
///
/// # Errors
/// When a directory cannot be listed, or none is there.
pub fn manifests(directories: &[PathBuf]) -> Result<Vec<PathBuf>, SearchPathError> {
    let mut found = BTreeMap::new();
    for directory in present(directories)? {
        for name in names_in(&directory)?.into_iter().filter(|name| name.ends_with(".manifest.toml")) {
            let path = directory.join(&name);
            found.entry(name).or_insert(path);
        }
    }
    Ok(found.into_values().collect())
}

/// Reads a search path. `rendered` are the paths of the files whose whole content counts.
///
/// # Errors
/// When a directory cannot be listed, or none is there.
pub fn read(directories: &[PathBuf], rendered: &BTreeSet<String>) -> Result<Listing, SearchPathError> {
    let present = present(directories)?;
    let canonical: BTreeSet<PathBuf> = present.iter().filter_map(|path| fs::canonicalize(path).ok()).collect();
    let mut reader = Reader { rendered, canonical, parents: BTreeMap::new() };
    let mut listing = Listing::default();
    for directory in present {
        let mut entries = BTreeMap::new();
        for name in names_in(&directory)? {
            if let Some(entry) = reader.entry(&directory, &name) {
                entries.insert(name, entry);
            }
        }
        listing.directories.push(Directory { path: shown(&directory), entries });
    }
    Ok(listing)
}

/// systemd's own path has directories that are not there on every host.
fn present(directories: &[PathBuf]) -> Result<Vec<PathBuf>, SearchPathError> {
    let present: Vec<PathBuf> = directories.iter().filter(|path| path.exists()).cloned().collect();
    if present.is_empty() {
        let paths: Vec<String> = directories.iter().map(|path| path.display().to_string()).collect();
        return Err(SearchPathError::Nothing { paths: paths.join(", ") });
    }
    Ok(without_second_names(&present))
}

/// Of a link and the directory of the same path that it leads to, the directory: `/etc/xdg/systemd/user` is such a link on
/// Debian, and what lies there would be told of by a name that nobody gave it.
fn without_second_names(present: &[PathBuf]) -> Vec<PathBuf> {
    let real = |path: &PathBuf| fs::canonicalize(path).ok();
    let directories: BTreeSet<PathBuf> = present.iter().filter(|path| !path.is_symlink()).filter_map(real).collect();
    let is_second = |path: &&PathBuf| path.is_symlink() && real(path).is_some_and(|real| directories.contains(&real));
    present.iter().filter(|path| !is_second(path)).cloned().collect()
}

/// The manifest that the programs of a tree read on the host whose root lies here.
#[must_use]
pub fn installed(root: &Path, installation: &Installation, tree: &Tree) -> Option<Installed> {
    let said = installation.expanded(verify::installed::path_of(tree)?, "");
    let path = root.join(said.trim_start_matches('/'));
    let entry = match read_up_to(&path, READ_MAX + 1) {
        Ok(content) => Some(Entry::File { content, link: None }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Entry::Unreadable(format!("cannot read it: {error}"))),
    };
    Some(Installed { path: shown(&path), entry })
}

/// The root of the host whose units are looked for in one of some directories; nothing where no directory says.
#[must_use]
pub fn root_of(directories: &[PathBuf], installation: &Installation) -> Option<PathBuf> {
    let search_path = installation.search_path();
    let root = |directory: &PathBuf, path: &str| {
        let below = Path::new(path.trim_start_matches('/'));
        let above = directory.ancestors().nth(below.components().count())?;
        directory.ends_with(below).then(|| above.to_owned())
    };
    directories.iter().find_map(|directory| search_path.iter().find_map(|path| root(directory, path)))
}

struct Reader<'a> {
    rendered: &'a BTreeSet<String>,
    canonical: BTreeSet<PathBuf>,
    /// Whether a directory that links lead into is one of the path.
    parents: BTreeMap<PathBuf, bool>,
}

impl Reader<'_> {
    fn entry(&mut self, directory: &Path, name: &str) -> Option<Entry> {
        let path = directory.join(name);
        if self.rendered.contains(name) || UNITS.iter().any(|suffix| name.ends_with(suffix)) {
            let entry = self.read(&path, name, READ_MAX);
            // Gone since its directory was listed: that is not there, and nothing that cannot be read.
            let is_gone = || fs::symlink_metadata(&path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            return (!matches!(entry, Entry::Unreadable(_)) || !is_gone()).then_some(entry);
        }
        let folder = FOLDERS.iter().any(|suffix| name.ends_with(suffix));
        folder.then(|| self.folder(&path, name)).flatten()
    }

    fn folder(&mut self, path: &Path, name: &str) -> Option<Entry> {
        let names = match files_in(path) {
            Ok(names) => names,
            // No directory: systemd passes it over too.
            Err(SearchPathError::List { source, .. })
                if matches!(source.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) =>
            {
                return None;
            }
            Err(error) => return Some(Entry::Unreadable(error.to_string())),
        };
        let limit = if name.ends_with(".d") { READ_MAX } else { 1 };
        Some(Entry::Folder(
            names
                .into_iter()
                .map(|file| match file.into_string() {
                    Ok(file) => {
                        let entry = self.read(&path.join(&file), &file, limit);
                        let entry = if limit == 1 { self.dependency(&path.join(&file), &file, entry) } else { entry };
                        (file, entry)
                    }
                    // systemd reads it all the same.
                    Err(file) => {
                        let entry = Entry::Unreadable("its name is no UTF-8".to_owned());
                        (file.as_encoded_bytes().escape_ascii().to_string(), entry)
                    }
                })
                .collect(),
        ))
    }

    /// What a dependency link leads to does not matter, even when that is no file.
    fn dependency(&mut self, path: &Path, name: &str, entry: Entry) -> Entry {
        match (entry, fs::read_link(path)) {
            (Entry::Folder(_) | Entry::Unreadable(_), Ok(target)) => Entry::Dangling(self.link(path, &target, name)),
            (entry, _) => entry,
        }
    }

    fn read(&mut self, path: &Path, name: &str, limit: u64) -> Entry {
        let link = fs::read_link(path).ok().map(|target| self.link(path, &target, name));
        if link.is_some() && fs::canonicalize(path).is_ok_and(|target| target == Path::new("/dev/null")) {
            return Entry::Null;
        }
        match read_up_to(path, if limit == READ_MAX { READ_MAX + 1 } else { limit }) {
            Ok(content) if content.len() as u64 > READ_MAX => {
                Entry::Unreadable(format!("it is larger than {READ_MAX} bytes"))
            }
            Ok(content) => Entry::File { content, link },
            Err(error) => match (error.kind(), link) {
                (io::ErrorKind::NotFound, Some(link)) => Entry::Dangling(link),
                (io::ErrorKind::IsADirectory, _) => Entry::Folder(BTreeMap::new()),
                (_, _) => Entry::Unreadable(format!("cannot read it: {error}")),
            },
        }
    }

    /// A link into the search path under another name makes an alias; one to anywhere else only says where the file lies.
    fn link(&mut self, path: &Path, target: &Path, name: &str) -> Link {
        let full = path.parent().unwrap_or(Path::new("/")).join(target);
        let other = full.file_name().map(|base| base.to_string_lossy().into_owned()).filter(|base| base != name);
        let inside = full.parent().is_some_and(|parent| self.is_of_the_path(parent));
        Link { target: shown(target), alias_of: other.filter(|_| inside) }
    }

    fn is_of_the_path(&mut self, parent: &Path) -> bool {
        let canonical = &self.canonical;
        *self
            .parents
            .entry(parent.to_owned())
            .or_insert_with(|| fs::canonicalize(parent).is_ok_and(|parent| canonical.contains(&parent)))
    }
}

fn read_up_to(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // What is no file (a pipe, a device) could be read for ever.
    if !fs::metadata(path)?.is_file() {
        let kind = if path.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
        return Err(io::Error::new(kind, "it is no file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut content)?;
    Ok(content)
}

/// Names that are no UTF-8 are no units. A directory that went since it was seen holds nothing: a reload makes those of the
/// generators anew.
fn names_in(directory: &Path) -> Result<Vec<String>, SearchPathError> {
    match files_in(directory) {
        Ok(names) => Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect()),
        Err(SearchPathError::List { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn files_in(directory: &Path) -> Result<Vec<OsString>, SearchPathError> {
    let failed = |source| SearchPathError::List { path: directory.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort();
    Ok(names)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_a_reload_takes_away_holds_nothing() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("a.service"), "").unwrap();
        assert_eq!(names_in(place.path()).unwrap(), ["a.service"]);
        assert_eq!(names_in(&place.path().join("gone")).unwrap(), Vec::<String>::new());
        assert!(matches!(names_in(&place.path().join("a.service")), Err(SearchPathError::List { .. })));
    }
}
