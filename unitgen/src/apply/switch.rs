//! Files replaced so that a crash at any call leaves each of them old or new, and a full disk leaves all of them old.
//!
//! Everything that needs room happens before the first file changes: new content is written beside the old, on the same
//! file system, and the old files get a second name there. From then on there are renames alone, and so is the way back.

use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::generations::{Content, image::base_of};

/// Hidden, so that systemd passes it over; each deployment has its own, since they share directories.
const STAGE: &str = ".unitgen-stage";
/// Everybody reads units.
const FOLDER_MODE: u32 = 0o755;

/// What a path shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// This.
    Thing(Content),
    /// A program, with the content of this file.
    Program(PathBuf),
    /// Nothing.
    Gone,
}

/// One change, in the order in which it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path below the root.
    pub path: String,
    /// What it shall be.
    pub after: After,
}

/// Why files could not be replaced.
#[derive(Debug, Error)]
#[error("cannot {action} {}", path.display())]
pub struct SwitchError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Changes that are staged: nothing anybody reads has changed yet.
#[derive(Debug)]
pub struct Switch<'a> {
    root: &'a Path,
    stage: String,
    changes: Vec<Staged>,
    stages: BTreeSet<PathBuf>,
    done: usize,
}

#[derive(Debug)]
struct Staged {
    to: PathBuf,
    /// The new content; nothing for a removal.
    new: Option<PathBuf>,
    /// The second name of the old content; nothing where there was none.
    old: Option<PathBuf>,
    is_program: bool,
}

impl<'a> Switch<'a> {
    /// Writes everything beside its place.
    ///
    /// # Errors
    /// When there is no room, or a directory cannot be written; nothing is left behind then.
    pub fn stage(root: &'a Path, deployment: &str, changes: &[Change]) -> Result<Self, SwitchError> {
        let mut switch =
            Self { root, stage: stage_of(deployment), changes: Vec::new(), stages: BTreeSet::new(), done: 0 };
        for (number, change) in changes.iter().enumerate() {
            if let Err(error) = switch.stage_one(number, change) {
                switch.finish();
                return Err(error);
            }
        }
        for stage in &switch.stages {
            if let Err(error) = sync(stage) {
                switch.finish();
                return Err(error);
            }
        }
        Ok(switch)
    }

    fn stage_one(&mut self, number: usize, change: &Change) -> Result<(), SwitchError> {
        let to = self.root.join(&change.path);
        let stage = self.root.join(base_of(&change.path)).join(&self.stage);
        if self.stages.insert(stage.clone()) {
            clear(&stage)?;
            make_folder(&stage)?;
        }
        let new = match &change.after {
            After::Gone => None,
            After::Thing(_) | After::Program(_) => Some(stage.join(format!("new-{number}"))),
        };
        if let Some(new) = &new {
            write(new, &change.after)?;
            make_folder(parent(&to))?;
        }
        let old = stage.join(format!("old-{number}"));
        let old = match fs::symlink_metadata(&to) {
            Ok(_) => {
                // A second name costs no room; where a file system has none, a copy is as good.
                let copied = || fs::copy(&to, &old).map(|_| ());
                fs::hard_link(&to, &old).or_else(|_| copied()).map_err(failed("keep the old content of", &to))?;
                Some(old)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("read", &to)(error)),
        };
        let is_program = matches!(change.after, After::Program(_));
        self.changes.push(Staged { to, new, old, is_program });
        Ok(())
    }

    /// Puts everything in its place, in order.
    ///
    /// # Errors
    /// At the first that cannot be: then [`Switch::undo`] puts back what was done.
    pub fn perform(&mut self) -> Result<(), SwitchError> {
        while let Some(change) = self.changes.get(self.done) {
            // Counted before: one that failed half way is put back too.
            self.done += 1;
            match &change.new {
                Some(new) => fs::rename(new, &change.to).map_err(failed("replace", &change.to))?,
                None => remove(&change.to)?,
            }
        }
        let folders: BTreeSet<&Path> = self.changes.iter().map(|change| parent(&change.to)).collect();
        for folder in folders.into_iter().filter(|folder| folder.exists()) {
            sync(folder)?;
        }
        Ok(())
    }

    /// Puts back what was there, the last change first; programs only `with_programs`.
    ///
    /// # Errors
    /// When something cannot be put back; the rest is.
    pub fn undo(mut self, with_programs: bool) -> Result<(), SwitchError> {
        let mut first_error = None;
        for change in self.changes[..self.done].iter().rev().filter(|change| with_programs || !change.is_program) {
            let put_back = match &change.old {
                Some(old) => make_folder(parent(&change.to))
                    .and_then(|()| fs::rename(old, &change.to).map_err(failed("put back", &change.to))),
                None => remove(&change.to),
            };
            first_error = first_error.or(put_back.err());
        }
        let folders: BTreeSet<&Path> = self.changes.iter().map(|change| parent(&change.to)).collect();
        for folder in folders.into_iter().filter(|folder| folder.exists()) {
            first_error = first_error.or(sync(folder).err());
        }
        self.done = 0;
        self.finish();
        first_error.map_or(Ok(()), Err)
    }

    /// Removes what was staged, and directories of drop-ins that became empty.
    pub fn finish(&self) {
        for stage in &self.stages {
            // Hidden from systemd and cleared by the next apply: leaving it behind harms nobody.
            let _ = clear(stage);
        }
        for change in &self.changes {
            let folder = parent(&change.to);
            if folder.extension().is_some_and(|extension| extension == "d" || extension == "wants") {
                // Only when nothing is in it.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// Removes what an interrupted switch of these paths left beside them.
pub fn sweep(root: &Path, deployment: &str, paths: impl IntoIterator<Item = String>) {
    let stages: BTreeSet<PathBuf> =
        paths.into_iter().map(|path| root.join(base_of(&path)).join(stage_of(deployment))).collect();
    for stage in stages {
        // As above.
        let _ = clear(&stage);
    }
}

fn stage_of(deployment: &str) -> String {
    format!("{STAGE}-{deployment}")
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

fn write(to: &Path, after: &After) -> Result<(), SwitchError> {
    let (bytes, mode) = match after {
        After::Gone => return Ok(()),
        After::Thing(Content::Link(target)) => return symlink(target, to).map_err(failed("write", to)),
        After::Thing(Content::File(bytes)) => (bytes.clone(), 0o644),
        After::Program(from) => (fs::read(from).map_err(failed("read", from))?, 0o755),
    };
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(mode).open(to);
    let written = file.and_then(|mut file| {
        file.write_all(&bytes)?;
        // Whatever mask whoever runs this has.
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()
    });
    written.map_err(failed("write", to))
}

/// With the same mode whatever mask whoever runs this has: units in a directory that others cannot read are as good as gone
/// to whoever looks at them.
fn make_folder(folder: &Path) -> Result<(), SwitchError> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        let made = DirBuilder::new().mode(FOLDER_MODE).create(folder);
        made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)))
            .map_err(failed("create", folder))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), SwitchError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn clear(stage: &Path) -> Result<(), SwitchError> {
    match fs::remove_dir_all(stage) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("clear", stage)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<(), SwitchError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SwitchError + use<> {
    let path = path.to_owned();
    move |source| SwitchError { action, path, source }
}
