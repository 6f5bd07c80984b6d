//! A file beside the database that holds room on the disk for the worst day: let go when a write finds the disk full, so
//! that what protects can still be recorded. While it is gone nothing new should be opened.
//!
//! Reserved blocks where the file system has them. One that compresses, or only says that it reserved, is given bytes that
//! do not compress, and is believed when it has blocks for all of them, which some tell seconds later.

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
    /// Every byte of it was written by us: what is missing is the file system's word for it.
    written: bool,
}

impl Ballast {
    /// The ballast of a database, made when it is not there and there is room.
    pub fn beside(database: &Path, bytes: u64) -> Self {
        let mut ballast = Self { path: path_of(database), bytes, held: false, written: false };
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
            let is_long = fs::metadata(&self.path).is_ok_and(|file| file.len() >= self.bytes);
            let was_written = self.written && is_long;
            if !self.is_there() && !was_written && self.has_room() {
                self.written = self.make().is_ok();
            }
            self.held = self.is_there();
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
        let made = File::create(&self.path).and_then(|file| {
            allocate(&file, self.bytes)?;
            if self.is_there() { Ok(()) } else { fill(file, self.bytes) }
        });
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

fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    match rustix::fs::fallocate(file, FallocateFlags::empty(), 0, bytes) {
        // A file system that cannot reserve: what is written is kept.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        other => Ok(other?),
    }
    .and_then(|()| file.sync_all())
}

fn fill(mut file: File, bytes: u64) -> io::Result<()> {
    let words = incompressible(bytes.div_ceil(8)).flat_map(u64::to_le_bytes);
    file.write_all(&words.take(bytes as usize).collect::<Vec<u8>>())?;
    file.sync_all()
}

/// Words in which a file system finds nothing to save: the same each time, without a pattern.
fn incompressible(words: u64) -> impl Iterator<Item = u64> {
    (1..=words).map(|number| {
        // The finalizer of splitmix64.
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_file_system_that_reserves_nothing_is_given_bytes_that_take_their_room() {
        let folder = tempfile::tempdir().expect("a place");
        let path = folder.path().join("ballast");
        fill(File::create(&path).expect("a file"), 1 << 20).expect("room");
        let bytes = fs::read(&path).expect("it is there");
        let words: BTreeSet<&[u8]> = bytes.chunks(8).collect();
        assert_eq!((bytes.len(), words.len()), (1 << 20, 1 << 17), "no word comes twice");
        let mut counts = [0_u32; 256];
        bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        assert!(counts.iter().all(|count| (3_700..4_500).contains(count)), "no byte is rare: {counts:?}");
    }

    #[test]
    fn room_is_kept_when_there_are_blocks_for_all_of_it_and_not_before() {
        let folder = tempfile::tempdir().expect("a place");
        let path = folder.path().join("ballast");
        // What a file system that compresses, or has not counted yet, says of it: its length, and no blocks.
        File::create(&path).and_then(|file| file.set_len(1 << 20)).expect("a file");
        let mut ballast = Ballast { path: path.clone(), bytes: 1 << 20, held: false, written: true };
        assert!(!ballast.take_on(), "made by us, and not believed");
        assert_eq!(fs::read(&path).expect("it is there"), vec![0; 1 << 20], "nor made again, which would begin anew");
        fill(File::create(&path).expect("a file"), 1 << 20).expect("room");
        assert!(ballast.take_on());
        assert!(ballast.release() && ballast.take_on(), "made anew when it is gone");
    }
}
