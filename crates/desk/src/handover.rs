//! Writing as root in a directory that is a service's.
//!
//! Its user can put a link, a pipe or another directory in the place of anything there, at any moment. So the directory is
//! opened once, without following a link below the deployment's root, and everything else goes through that: nothing is
//! read or written that is not in it, and nothing is waited for.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, PermissionsExt, fchown},
    },
    path::{Component, Path},
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An open directory of a service.
pub struct Handover {
    folder: File,
    /// Whose it is: user and group.
    pub owner: (u32, u32),
}

impl Handover {
    /// Opens a directory of a deployment. What is not there below the root is made, with the owner of what it is made in.
    ///
    /// # Errors
    /// When the root is not there, or a link or a file is in the way.
    pub fn open(root: &Path, path: &Path) -> io::Result<Self> {
        let (from, below) = match (path.strip_prefix(root), path.parent(), path.file_name()) {
            (Err(_), Some(parent), Some(name)) => (parent, Path::new(name)), // Moved elsewhere, by root's configuration.
            (Ok(below), ..) => (root, below),
            (Err(_), ..) => (path, Path::new("")),
        };
        let mut folder = File::from(rustix::fs::openat(CWD, from, FOLDER, Mode::empty())?);
        for component in below.components() {
            if let Component::Normal(name) = component {
                folder = enter(&folder, name)?;
            }
        }
        let found = folder.metadata()?;
        Ok(Self { owner: (found.uid(), found.gid()), folder })
    }

    /// The content of a regular file; `None` when it is anything else, larger, or cannot be read.
    pub fn read(&self, name: &OsStr, most: u64) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.folder, name, flags, Mode::empty()).ok()?);
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= most).then_some(bytes)
    }

    /// Replaces a file, with this mode, user and group: the old one or the new one, whatever crashes in between.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &OsStr, bytes: &[u8], mode: u32, owner: (u32, u32)) -> io::Result<()> {
        let staged = format!(".tmp-{}", random_hex()?);
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.folder, staged.as_str(), flags, Mode::RUSR | Mode::WUSR)?;
        let published = fill(file, bytes, mode, owner).and_then(|()| {
            rustix::fs::renameat(&self.folder, staged.as_str(), &self.folder, name)?;
            self.folder.sync_all()
        });
        if published.is_err() {
            let _ = rustix::fs::unlinkat(&self.folder, staged.as_str(), AtFlags::empty());
        }
        published
    }
}

/// Sixteen random bytes.
pub fn random_hex() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn enter(folder: &File, name: &OsStr) -> io::Result<File> {
    let open = || rustix::fs::openat(folder, name, FOLDER | OFlags::NOFOLLOW, Mode::empty()).map(File::from);
    match open() {
        Err(rustix::io::Errno::NOENT) => {}
        opened => return Ok(opened?),
    }
    rustix::fs::mkdirat(folder, name, Mode::RWXU)?;
    let (made, owner) = (open()?, folder.metadata()?);
    fchown(&made, Some(owner.uid()), Some(owner.gid()))?;
    folder.sync_all()?;
    Ok(made)
}

fn fill(file: OwnedFd, bytes: &[u8], mode: u32, (user, group): (u32, u32)) -> io::Result<()> {
    let mut file = File::from(file);
    file.write_all(bytes)?;
    fchown(&file, Some(user), Some(group))?;
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    const NAME: &str = "live_confirm_token.txt";

    struct Place {
        root: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            fs::create_dir_all(root.path().join("avwap/state")).unwrap();
            fs::create_dir(root.path().join("secret")).unwrap();
            fs::write(root.path().join("secret/shadow"), "root:hash").unwrap();
            Self { root }
        }

        fn path(&self, path: &str) -> std::path::PathBuf {
            self.root.path().join(path)
        }

        fn open(&self) -> io::Result<Handover> {
            Handover::open(&self.path("avwap"), &self.path("avwap/state"))
        }

        fn read(&self) -> Option<Vec<u8>> {
            self.open().unwrap().read(NAME.as_ref(), 1_024)
        }
    }

    /// A link to a file of root's, a pipe that would hang, a device that never ends, a directory, too much.
    #[test]
    fn only_a_small_regular_file_is_read() {
        let token = "avwap/state/live_confirm_token.txt";
        let place = Place::new();
        assert_eq!(place.read(), None);
        fs::write(place.path(token), "0123").unwrap();
        assert_eq!(place.read().as_deref(), Some(b"0123".as_slice()));
        fs::write(place.path(token), [b'a'; 1_025]).unwrap();
        assert_eq!(place.read(), None, "too much");
        for target in ["../../secret/shadow", "/dev/zero", "/dev/tty"] {
            fs::remove_file(place.path(token)).unwrap();
            symlink(target, place.path(token)).unwrap();
            assert_eq!(place.read(), None, "{target}");
        }
        fs::remove_file(place.path(token)).unwrap();
        rustix::fs::mkfifoat(CWD, place.path(token), Mode::RWXU).unwrap();
        assert_eq!(place.read(), None, "a pipe without a writer");
        fs::remove_file(place.path(token)).unwrap();
        fs::create_dir(place.path(token)).unwrap();
        assert_eq!(place.read(), None, "a directory");
    }

    #[test]
    fn no_link_below_the_root_is_followed() {
        let place = Place::new();
        fs::remove_dir(place.path("avwap/state")).unwrap();
        symlink(place.path("secret"), place.path("avwap/state")).unwrap();
        assert!(place.open().is_err());
        symlink(place.path("secret"), place.path("avwap/moved")).unwrap();
        assert!(Handover::open(&place.path("avwap"), &place.path("avwap/moved/state")).is_err());
        symlink(place.path("avwap"), place.path("alias")).unwrap();
        assert!(
            Handover::open(&place.path("alias"), &place.path("alias/data")).is_ok(),
            "the root's own name is root's"
        );
        assert!(Handover::open(&place.path("avwap"), &place.path("elsewhere")).is_ok(), "moved by configuration");
    }

    #[test]
    fn what_takes_the_directorys_place_afterwards_gets_nothing() {
        let place = Place::new();
        let state = place.open().unwrap();
        fs::rename(place.path("avwap/state"), place.path("avwap/away")).unwrap();
        symlink(place.path("secret"), place.path("avwap/state")).unwrap();
        state.write(NAME.as_ref(), b"0123", 0o640, state.owner).unwrap();
        assert_eq!(fs::read(place.path("avwap/away").join(NAME)).unwrap(), b"0123");
        let names = |path: &str| fs::read_dir(place.path(path)).unwrap().count();
        assert_eq!((names("secret"), names("avwap/away")), (1, 1));
    }

    #[test]
    fn a_link_in_the_place_of_a_file_is_replaced_and_not_followed() {
        let place = Place::new();
        let state = place.open().unwrap();
        symlink(place.path("secret/shadow"), place.path("avwap/state").join(NAME)).unwrap();
        state.write(NAME.as_ref(), b"0123", 0o640, state.owner).unwrap();
        assert_eq!(fs::read(place.path("secret/shadow")).unwrap(), b"root:hash");
        let found = fs::symlink_metadata(place.path("avwap/state").join(NAME)).unwrap();
        assert!(found.is_file() && found.mode() & 0o777 == 0o640);
        fs::remove_file(place.path("avwap/state").join(NAME)).unwrap();
        fs::create_dir(place.path("avwap/state").join(NAME)).unwrap();
        assert!(state.write(NAME.as_ref(), b"0123", 0o640, state.owner).is_err());
        assert_eq!(fs::read_dir(place.path("avwap/state")).unwrap().count(), 1, "nothing staged is left behind");
    }

    #[test]
    fn random_names_are_long_and_never_twice_the_same() {
        let (one, other) = (random_hex().unwrap(), random_hex().unwrap());
        assert!(one.len() == 32 && one != other);
    }
}
