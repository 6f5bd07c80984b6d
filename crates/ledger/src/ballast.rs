//! A file beside the database that holds room on the disk for the worst day: let go when a write finds the disk full, so
//! that what protects can still be recorded. While it is gone nothing new should be opened.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{fs::FallocateFlags, io::Errno};

/// Room for more than a hundred records of a few pages each, and for the state files beside the ledger.
pub(crate) const BYTES: u64 = 4 * 1024 * 1024;

/// The file, and whether it is there.
#[derive(Debug)]
pub(crate) struct Ballast {
    path: PathBuf,
    bytes: u64,
    held: bool,
}

impl Ballast {
    /// The ballast of a database, made when it is not there and there is room.
    pub fn beside(database: &Path, bytes: u64) -> Self {
        let mut ballast = Self { path: path_of(database), bytes, held: false };
        ballast.take_on();
        ballast
    }

    /// Whether it is there.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Makes it when it is not there. As much again must stay free, or the next write would ask for it back.
    pub fn take_on(&mut self) -> bool {
        if !self.held {
            self.held = self.is_there() || self.has_room() && self.make().is_ok();
        }
        self.held
    }

    /// Gives its room away; whether there was any.
    pub fn release(&mut self) -> bool {
        self.held = false;
        fs::remove_file(&self.path).is_ok()
    }

    /// Allocated in full: a file made while the disk ran full may have its length and no room.
    fn is_there(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes && file.blocks() * 512 >= self.bytes)
    }

    fn has_room(&self) -> bool {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) >= 2 * self.bytes)
    }

    fn make(&self) -> io::Result<()> {
        let made = File::create(&self.path).and_then(|file| allocate(file, self.bytes));
        if made.is_err() {
            // Half of it would look like room that is kept.
            let _ = fs::remove_file(&self.path);
        }
        made
    }
}

/// Where the ballast of a database lies.
pub(crate) fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".ballast");
    name.into()
}

fn allocate(mut file: File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes) {
        // A file system that cannot reserve: what is written is kept.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => file.write_all(&vec![0; bytes as usize])?,
        other => other?,
    }
    file.sync_all()
}
