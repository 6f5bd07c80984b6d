//! A booted guest, saved: a disk image of the root tree, what a boot wrote to it, and the memory of the machine that waits
//! for its scenario. Made by the first test that needs it, in `vm-KEY` beside the root tree, and gone with it.
//!
//! A boot under emulation takes a quarter of a minute, a resumed memory a second. A saved memory fits one version of QEMU
//! and one command line, so both are in the key.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};

use super::{
    disk,
    machine::{COMMAND_LINE, Disks, HARDWARE, Machine, QEMU},
};
use crate::roots::Root;

const AGENT: &str = include_str!("../../guest/agent");
const AGENT_UNIT: &str = include_str!("../../guest/agent.service");
/// The root's disk: the tree and room for a scenario, a sparse file.
const ROOT_MIB: u32 = 2_560;
/// The longest boot, of a core's work.
const BOOT: Duration = Duration::from_secs(90);

/// A saved guest.
pub struct Snapshot {
    dir: PathBuf,
}

impl Snapshot {
    /// That of a root tree, made now if there is none.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(root: &Root) -> anyhow::Result<Self> {
        let dir = root.dir.join(format!("vm-{:016x}", key()?));
        let lock = File::create(root.dir.join("vm.lock"))?;
        lock.lock()?;
        if !dir.join("memory").exists() {
            forget_others(&root.dir)?;
            let new = dir.with_extension("new");
            make(root, &new).inspect_err(|_| drop(fs::remove_dir_all(&new)))?;
            fs::rename(&new, &dir)?;
        }
        Ok(Self { dir })
    }

    /// The disk that the memory belongs to; never to be written.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.dir.join("disk.qcow2")
    }

    /// The memory.
    #[must_use]
    pub fn memory(&self) -> PathBuf {
        self.dir.join("memory")
    }
}

fn key() -> anyhow::Result<u64> {
    let version = Command::new(QEMU).arg("--version").output().context(QEMU)?.stdout;
    let mut hasher = DefaultHasher::new();
    (version, HARDWARE, COMMAND_LINE, AGENT, AGENT_UNIT, ROOT_MIB, disk::SIZES_MIB).hash(&mut hasher);
    Ok(hasher.finish())
}

fn forget_others(dir: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("vm-")) {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

fn make(root: &Root, dir: &Path) -> anyhow::Result<()> {
    println!("saving a booted {} (about a minute, once) ...", root.host);
    fs::create_dir(dir)?;
    let (image, overlay) = (dir.join("root.img"), dir.join("disk.qcow2"));
    image_of(&root.dir.join("root"), &dir.join("tree"), &image)?;
    // By its name alone: the directory is moved when it is whole.
    disk::overlay(Path::new("root.img"), "raw", &overlay)?;
    let work = super::work()?;
    let blank = disk::Blank::in_folder(work.path())?;
    let disks = Disks { root: &overlay, programs: &blank.programs, layer: &blank.layer, results: &blank.results };
    let console = dir.join("console.log");
    let mut machine = Machine::start(&root.dir, &disks, None, work.path(), &console)?;
    let is_up = machine.hears_within("READY", BOOT)?;
    ensure!(is_up, "not booted in {} s of work: {}", BOOT.as_secs(), fs::read_to_string(console).unwrap_or_default());
    machine.save(&dir.join("memory"))
}

/// The tree with the agent in it, as a file system in a file.
fn image_of(root: &Path, tree: &Path, image: &Path) -> anyhow::Result<()> {
    // Links, not copies: nothing in it is written to, new files apart.
    disk::run(Command::new("cp").args(["-al", "--"]).args([root, tree]))?;
    fs::write(tree.join("agent"), AGENT)?;
    let units = tree.join("etc/systemd/system");
    fs::write(units.join("agent.service"), AGENT_UNIT)?;
    // A network is nobody's here.
    for unit in ["systemd-networkd-wait-online.service", "networking.service"] {
        let path = units.join(unit);
        if path.symlink_metadata().is_err() {
            symlink("/dev/null", path)?;
        }
    }
    disk::file_system(tree, image, ROOT_MIB)?;
    Ok(fs::remove_dir_all(tree)?)
}
