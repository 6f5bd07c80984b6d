//! The thin shell: generations on a disk. Whatever is written is whole and durable before it has its name.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::{Content, Image, Journal, Origin, Record, image::digest};
use crate::installation::Installation;

/// So many generations that did well are kept; the current one always.
pub const KEPT: usize = 5;
/// So many of those that did no good are kept beside them, to look at.
pub const FAILED_KEPT: usize = 2;
/// Larger than any record or journal.
const RECORD_MAX: u64 = 1 << 20;

/// Why generations cannot be read or written.
#[derive(Debug, Error)]
pub enum StoreError {
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
    /// A record or journal that says nothing we know.
    #[error("{} cannot be understood: {says}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        says: String,
    },
    /// Somebody else is at it.
    #[error("another apply or rollback is under way on this host ({} is locked)", .0.display())]
    Locked(PathBuf),
}

/// One generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// What is known of it.
    pub record: Record,
    /// Its files.
    pub image: Image,
}

/// Held while an apply or rollback is under way; the kernel lets go of it when the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// The generations of one deployment on one host.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of a deployment below a root; nothing is made yet.
    #[must_use]
    pub fn of(root: &Path, installation: &Installation, deployment: &str) -> Self {
        Self { folder: root.join(installation.generations()).join(deployment) }
    }

    /// The deployments that have generations.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn deployments(root: &Path, installation: &Installation) -> Result<Vec<String>, StoreError> {
        let all = root.join(installation.generations());
        let has_generations =
            |name: &String| Self { folder: all.join(name) }.numbers().is_ok_and(|numbers| !numbers.is_empty());
        Ok(names(&all)?.into_iter().filter(has_generations).collect())
    }

    /// Where it lies.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the lock of all deployments here: they share a directory of units. Nothing of the deployment is made.
    ///
    /// # Errors
    /// When somebody has it, or the directory of all generations cannot be made.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        let path = self.folder.parent().unwrap_or(&self.folder).to_owned();
        make(&path)?;
        let file = File::open(&path).map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path)),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// The numbers of all generations, ascending.
    ///
    /// # Errors
    /// When the store cannot be listed.
    pub fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let mut numbers: Vec<u64> = names(&self.folder)?.iter().filter_map(|name| name.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The number of the generation that is laid now.
    ///
    /// # Errors
    /// When the link is none of ours.
    pub fn current(&self) -> Result<Option<u64>, StoreError> {
        let path = self.folder.join("current");
        match fs::read_link(&path) {
            Ok(target) => match target.to_string_lossy().parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(StoreError::Damaged { path, says: format!("it leads to {}", target.display()) }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &path)(error)),
        }
    }

    /// Reads a generation, and holds what is there against what was kept.
    ///
    /// # Errors
    /// When something of it cannot be read, is missing or was edited.
    pub fn read(&self, number: u64) -> Result<Generation, StoreError> {
        let (folder, record) = (self.folder.join(number.to_string()), self.record(number)?);
        let files = folder.join("files");
        let mut image = Image::default();
        read_files(&files, "", &mut image)?;
        let there: BTreeMap<String, String> =
            image.iter().map(|(path, content)| (path.to_owned(), content.mark())).collect();
        let differs = |path: &&String| there.get(*path) != record.files.get(*path);
        if let Some(path) = there.keys().chain(record.files.keys()).find(differs) {
            let says = "it is not what was kept, so this generation cannot be laid".to_owned();
            return Err(StoreError::Damaged { path: files.join(path), says });
        }
        let name = &record.deployment;
        let is_whole = image.has_unit(&format!("{name}.target")) && image.manifest(name).is_some();
        if record.origin == Origin::Apply && !is_whole {
            let says = "there is no target or no manifest in it, so this generation cannot be laid".to_owned();
            return Err(StoreError::Damaged { path: files, says });
        }
        Ok(Generation { number, record, image })
    }

    /// What is known of a generation.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn record(&self, number: u64) -> Result<Record, StoreError> {
        read_json(&self.record_path(number))
    }

    fn record_path(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string()).join("generation.json")
    }

    /// Keeps a new generation, with the programs its record names, and says its number. Only when all of it is on the disk
    /// does it have one. `programs` says where each program lies.
    ///
    /// # Errors
    /// When it cannot be written; nothing of it is there then.
    pub fn keep(&self, image: &Image, record: &Record, root: &Path) -> Result<u64, StoreError> {
        make(&self.folder)?;
        let number = self.numbers()?.last().copied().unwrap_or(0) + 1;
        let staging = self.folder.join(".new");
        clear(&staging)?;
        let kept = self.fill(&staging, image, record, root).and_then(|()| {
            let place = self.folder.join(number.to_string());
            fs::rename(&staging, &place).map_err(failed("name", &place))?;
            sync(&self.folder)
        });
        if kept.is_err() {
            // What could not be written makes room again; what is wrong was said already.
            let _ = clear(&staging);
        }
        kept.map(|()| number)
    }

    fn fill(&self, staging: &Path, image: &Image, record: &Record, root: &Path) -> Result<(), StoreError> {
        make(staging)?;
        for (path, content) in image.iter() {
            let full = staging.join("files").join(path);
            make(full.parent().unwrap_or(staging))?;
            match content {
                Content::File(bytes) => write_durably(&full, bytes)?,
                Content::Link(target) => symlink(target, &full).map_err(failed("write", &full))?,
            }
        }
        for (path, mark) in &record.programs {
            self.keep_program(&root.join(path.trim_start_matches('/')), mark)?;
        }
        let files = image.iter().map(|(path, content)| (path.to_owned(), content.mark())).collect();
        write_durably(&staging.join("generation.json"), &json(&Record { files, ..record.clone() }))?;
        sync_all(staging)
    }

    /// A program is kept once for all generations: as a copy, since whoever writes into the file that runs would write into
    /// another name of it too. Where the file system can, the copy shares its blocks. What whoever runs this could not put back
    /// is not kept: the programs of a login are mostly root's.
    fn keep_program(&self, from: &Path, mark: &str) -> Result<(), StoreError> {
        let is_ours = from.parent().is_some_and(|folder| access(folder, Access::WRITE_OK).is_ok());
        if !is_ours || self.has_program(mark) {
            return Ok(());
        }
        let (to, folder) = (self.program(mark), self.folder.join("programs"));
        make(&folder)?;
        let staging = folder.join(".new");
        clear(&staging)?;
        fs::copy(from, &staging).map_err(failed("keep", from))?;
        File::open(&staging).and_then(|file| file.sync_all()).map_err(failed("write", &staging))?;
        if fs::read(&staging).map_err(failed("read", &staging)).map(|bytes| digest(&bytes))? != mark {
            clear(&staging)?;
            return Err(failed("keep", from)(io::Error::other("it changed meanwhile")));
        }
        fs::rename(&staging, &to).map_err(failed("name", &to))?;
        sync(&folder)
    }

    /// Where the program of this digest is kept.
    #[must_use]
    pub fn program(&self, mark: &str) -> PathBuf {
        self.folder.join("programs").join(mark.trim_start_matches("sha256:"))
    }

    /// Whether the program of this digest is kept, unharmed.
    #[must_use]
    pub fn has_program(&self, mark: &str) -> bool {
        fs::read(self.program(mark)).is_ok_and(|bytes| digest(&bytes) == mark)
    }

    /// Says which generation is laid now; nothing when none is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_current(&self, number: Option<u64>) -> Result<(), StoreError> {
        let path = self.folder.join("current");
        let Some(number) = number else { return clear(&path).and_then(|()| sync(&self.folder)) };
        let staging = self.folder.join(".current");
        clear(&staging)?;
        symlink(number.to_string(), &staging).map_err(failed("write", &staging))?;
        fs::rename(&staging, &path).map_err(failed("replace", &path))?;
        sync(&self.folder)
    }

    /// Changes what is known of a generation.
    ///
    /// # Errors
    /// When its record cannot be read or replaced.
    pub fn change_record(&self, number: u64, change: impl FnOnce(&mut Record)) -> Result<(), StoreError> {
        let was = self.record(number)?;
        let mut is = was.clone();
        change(&mut is);
        if was == is { Ok(()) } else { replace(&self.record_path(number), &json(&is)) }
    }

    /// Records what a journal that is over says, and ends it.
    ///
    /// # Errors
    /// When that cannot be written; it can be done again then.
    pub fn close(&self, journal: &Journal) -> Result<(), StoreError> {
        if let Some(from) = journal.from.filter(|from| *from != journal.to) {
            self.change_record(from, |record| {
                if journal.is_rollback() {
                    record.was_left(&format!("by hand, to generation {}", journal.to));
                } else if record.origin == Origin::Found {
                    // It lay there and ran: as good to go back to as any.
                    record.did_well();
                }
            })?;
        }
        self.change_record(journal.to, Record::did_well)?;
        self.make_current(Some(journal.to))?;
        self.end_journal()
    }

    /// Removes a generation.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, number: u64) -> Result<(), StoreError> {
        clear(&self.folder.join(number.to_string()))
    }

    /// Removes what is older than the last [`KEPT`] generations that did well and the last [`FAILED_KEPT`] that did not, what
    /// was never laid to its end, and programs that none of those left had. Says which. Nothing is under way meanwhile.
    ///
    /// # Errors
    /// When something cannot be listed or removed.
    pub fn prune(&self) -> Result<Vec<u64>, StoreError> {
        let (numbers, current) = (self.numbers()?, self.current()?);
        let (mut well, mut failed) = (KEPT - usize::from(current.is_some()), FAILED_KEPT);
        let (mut removed, mut used, mut is_known) = (Vec::new(), BTreeSet::new(), true);
        for number in numbers.into_iter().rev() {
            // What cannot be read is nobody's to throw away.
            let Ok(record) = self.record(number) else {
                is_known = false;
                continue;
            };
            let room = if record.is_well { Some(&mut well) } else { record.failed.as_ref().map(|_| &mut failed) };
            let stays = Some(number) == current || room.is_some_and(take);
            if stays {
                used.extend(record.programs.into_values());
            } else {
                self.remove(number)?;
                removed.push(number);
            }
        }
        let folder = self.folder.join("programs");
        let unused = |name: &String| is_known && !used.contains(&format!("sha256:{name}"));
        for name in names(&folder)?.into_iter().filter(unused) {
            clear(&folder.join(name))?;
        }
        removed.reverse();
        Ok(removed)
    }

    /// What is under way, or was when somebody pulled the plug.
    ///
    /// # Errors
    /// When it is there and cannot be understood.
    pub fn journal(&self) -> Result<Option<Journal>, StoreError> {
        let path = self.journal_path();
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Ok(_) | Err(_) => read_json(&path).map(Some),
        }
    }

    /// Writes the journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_journal(&self, journal: &Journal) -> Result<(), StoreError> {
        replace(&self.journal_path(), &json(journal))
    }

    /// Ends the journal: nothing is under way.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn end_journal(&self) -> Result<(), StoreError> {
        clear(&self.journal_path())?;
        sync(&self.folder)
    }

    fn journal_path(&self) -> PathBuf {
        self.folder.join("apply.state")
    }
}

/// One less, where there is one.
fn take(room: &mut usize) -> bool {
    let has = *room > 0;
    *room -= usize::from(has);
    has
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { action, path, source }
}

/// Root's alone, or the login's: a generation says what trades, and with which settings.
fn make(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed("create", folder))
}

fn clear(path: &Path) -> Result<(), StoreError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("list", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in listing {
        names.extend(entry.map_err(failed("list", folder))?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn read_files(folder: &Path, below: &str, image: &mut Image) -> Result<(), StoreError> {
    for name in names(folder)? {
        let (full, path) = (folder.join(&name), format!("{below}{name}"));
        let there = fs::symlink_metadata(&full).map_err(failed("read", &full))?;
        if there.is_dir() {
            read_files(&full, &format!("{path}/"), image)?;
        } else if there.is_symlink() {
            let target = fs::read_link(&full).map_err(failed("read", &full))?;
            image.add(path, Content::Link(target.to_string_lossy().into_owned()));
        } else {
            image.add(path, Content::File(fs::read(&full).map_err(failed("read", &full))?));
        }
    }
    Ok(())
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(value).expect("texts and numbers are always JSON");
    text.push(b'\n');
    text
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let damaged = |says: String| StoreError::Damaged { path: path.to_owned(), says };
    let file = File::open(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, RECORD_MAX), &mut bytes).map_err(failed("read", path))?;
    serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))
}

fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| io::Write::write_all(&mut file, bytes).and_then(|()| file.sync_all()));
    written.map_err(failed("write", path))
}

/// Replaces a file in one step.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make(folder)?;
    let staging = path.with_extension("new");
    write_durably(&staging, bytes)?;
    fs::rename(&staging, path).map_err(failed("replace", path))?;
    sync(folder)
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn sync_all(folder: &Path) -> Result<(), StoreError> {
    for name in names(folder)? {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|there| there.is_dir()) {
            sync_all(&path)?;
        }
    }
    sync(folder)
}
