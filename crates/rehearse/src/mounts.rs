//! A small disk of the rehearsal's own, to be filled or made read-only: a tmpfs in a mount namespace of this process.
//!
//! The namespace comes from `unshare`: as root, or with a user namespace where the kernel allows one. Everything in it is
//! gone with the process.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, anyhow};
use contract::ExitCode;
use rustix::mount::{MountFlags, UnmountFlags, mount, mount_remount, unmount};

/// Said to itself by a rehearsal that has its own mounts.
pub const OWN_MOUNTS: &str = "--own-mounts";
const SIZE: &std::ffi::CStr = c"size=48m,mode=0700";
const BALLAST: &str = "somebody-elses-data";
const CHUNK: usize = 64 * 1024;

/// Starts this program again, with the same arguments, in a mount namespace of its own. Comes back only when it cannot.
pub fn enter() -> anyhow::Error {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works = |way: &&&[&str]| {
        let tried = Command::new("unshare").args(**way).arg("/bin/true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(way) = ways.iter().find(works) else {
        let why = "this fault needs a mount namespace: run as root, or where users may have namespaces";
        return anyhow!(why).context(ExitCode::BadConfig);
    };
    let own = match env::current_exe() {
        Ok(own) => own,
        Err(error) => return anyhow::Error::new(error).context("finding this program"),
    };
    let arguments = env::args_os().skip(1).chain([OsString::from(OWN_MOUNTS)]);
    let error = Command::new("unshare").args(*way).arg(own).args(arguments).exec();
    anyhow::Error::new(error).context("starting in a mount namespace").context(ExitCode::BadConfig)
}

/// The small disk. Unmounted when dropped.
pub struct Disk {
    place: PathBuf,
}

impl Disk {
    /// Mounts it over a directory.
    pub fn mount(place: &Path) -> anyhow::Result<Self> {
        mount("tmpfs", place, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, SIZE)
            .with_context(|| format!("mounting a tmpfs at {}", place.display()))
            .context(ExitCode::BadConfig)?;
        Ok(Self { place: place.to_owned() })
    }

    /// Leaves no byte free.
    pub fn fill(&self) -> anyhow::Result<()> {
        let mut file = File::create(self.place.join(BALLAST))?;
        let mut size = CHUNK;
        while size > 0 {
            match file.write(&vec![0; size]) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull => size /= 2,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// There is room again.
    pub fn clear(&self) -> anyhow::Result<()> {
        Ok(fs::remove_file(self.place.join(BALLAST))?)
    }

    /// Read-only, or not. The kernel refuses the first while a file is open for writing.
    pub fn set_read_only(&self, read_only: bool) -> anyhow::Result<()> {
        let flags = if read_only { MountFlags::RDONLY } else { MountFlags::empty() };
        mount_remount(&self.place, flags, SIZE).with_context(|| format!("remounting {}", self.place.display()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The namespace takes it along in any case; this lets the directory under it be removed.
        let _ = unmount(&self.place, UnmountFlags::DETACH);
    }
}
