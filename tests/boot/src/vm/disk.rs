//! Files that are disks of a guest. Sizes are fixed, since a saved machine knows those it was saved with; all are sparse.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// Of programs, layer and results.
pub const SIZES_MIB: [u32; 3] = [256, 64, 128];
const MIB: u64 = 1 << 20;

/// Disks with nothing on them.
pub struct Blank {
    /// Where programs will be.
    pub programs: PathBuf,
    /// Where the scenario's files will be.
    pub layer: PathBuf,
    /// Where results will be.
    pub results: PathBuf,
}

impl Blank {
    /// Makes them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let [programs, layer, results] = ["programs", "layer", "results"].map(|name| folder.join(name));
        for (path, mib) in [&programs, &layer, &results].into_iter().zip(SIZES_MIB) {
            File::create(path)?.set_len(u64::from(mib) * MIB)?;
        }
        Ok(Self { programs, layer, results })
    }
}

/// A file system with the tree in it.
///
/// # Errors
/// When the tree does not fit, or mke2fs is not there.
pub fn file_system(tree: &Path, image: &Path, mib: u32) -> anyhow::Result<()> {
    let mut command = Command::new("mke2fs");
    command.args(["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E"]);
    command.args(["lazy_itable_init=1,root_owner=0:0", "-d"]).arg(tree).arg(image).arg(format!("{mib}M"));
    run(&mut command)
}

/// The programs of a layer, as a disk kept beside it and made anew when one of them is newer.
///
/// # Errors
/// When it cannot be made.
pub fn programs(folder: &Path, image: &Path) -> anyhow::Result<()> {
    let lock = File::create(image.with_extension("lock"))?;
    lock.lock()?;
    let made = fs::metadata(image).and_then(|metadata| metadata.modified()).ok();
    let mut newest = None;
    for entry in fs::read_dir(folder.join("bin"))? {
        newest = newest.max(Some(entry?.metadata()?.modified()?));
    }
    if made.is_some_and(|made| Some(made) > newest) {
        return Ok(());
    }
    let new = image.with_extension("new");
    file_system(folder, &new, SIZES_MIB[0])?;
    Ok(fs::rename(new, image)?)
}

/// Writes a tree, all of it root's, as a tar to the beginning of a disk.
///
/// # Errors
/// When it does not fit.
pub fn pack(tree: &Path, disk: &Path) -> anyhow::Result<()> {
    let size = fs::metadata(disk)?.len();
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(tree).args(["--owner=0", "--group=0", "--numeric-owner", "-cf"]).arg(disk).arg(".");
    run(&mut tar)?;
    let file = File::options().write(true).open(disk)?;
    ensure!(file.metadata()?.len() <= size, "the scenario's files are larger than {} MiB", size / MIB);
    Ok(file.set_len(size)?)
}

/// Reads the tar that a guest left on a disk.
///
/// # Errors
/// When there is none.
pub fn unpack(disk: &Path, folder: &Path) -> anyhow::Result<()> {
    run(Command::new("tar").arg("-C").arg(folder).args(["--no-same-owner", "-xf"]).arg(disk))
}

/// A disk whose changes go to a file of its own.
///
/// # Errors
/// When it cannot be made.
pub fn overlay(base: &Path, format: &str, disk: &Path) -> anyhow::Result<()> {
    let mut command = Command::new("qemu-img");
    command.args(["create", "-q", "-f", "qcow2", "-F", format, "-b"]).arg(base).arg(disk);
    run(&mut command)
}

/// Runs a command to its end.
///
/// # Errors
/// What it said when it failed.
pub fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| name.clone())?;
    ensure!(output.status.success(), "{name}: {} {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_comes_back_from_a_disk_and_a_larger_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("tree/etc")).unwrap();
        fs::create_dir(path("back")).unwrap();
        fs::write(path("tree/etc/unit"), "[Unit]").unwrap();
        let disk = Blank::in_folder(folder.path()).unwrap().layer;
        pack(&path("tree"), &disk).unwrap();
        assert_eq!(fs::metadata(&disk).unwrap().len(), u64::from(SIZES_MIB[1]) * MIB, "the guest knows its size");
        unpack(&disk, &path("back")).unwrap();
        assert_eq!(fs::read_to_string(path("back/etc/unit")).unwrap(), "[Unit]");

        File::create(path("small")).unwrap().set_len(4_096).unwrap();
        let error = pack(&path("tree"), &path("small")).unwrap_err().to_string();
        assert!(error.contains("larger than"), "{error}");
    }
}
