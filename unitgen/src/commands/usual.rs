//! The manifest that is meant when none is named; one rule for every command.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    installation::{Installation, Login},
    source,
    systemd::manifest_copy,
};

/// Where a host's manifests are installed, below its root.
const INSTALLED: &str = "etc/portcullis";
/// Where they lie before that, in the order in which they are told.
const NEARBY: [&str; 2] = ["manifests", "."];
/// So many are told.
const TOLD: usize = 10;

/// The rule, for `--help`.
pub(super) const RULE: &str = "Without a manifest:
  the one that is installed in /etc/portcullis, or by a login for itself in ~/.config/portcullis; where none is, the
  only one in ./manifests and in the current directory;
  never one of several; `drift` and `verify` take all that lie beside the installed units, each by its copy there";

/// The manifest that is meant below a root, and what to say when it is not clear which.
pub(super) fn usual(root: &Path) -> Result<PathBuf, String> {
    let installed = installed(root);
    let found = if installed.is_empty() { nearby() } else { installed };
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!(
            "error: no manifest is named, and there is none in {}, ./manifests and here\n  hint: name the manifest\n",
            root.join(INSTALLED).display()
        )),
        several => {
            Err(format!("error: no manifest is named, and there are several\n  hint: name one of {}\n", told(several)))
        }
    }
}

/// The installed manifests: of the login that asks, or of the host.
pub(super) fn installed(root: &Path) -> Vec<PathBuf> {
    let of_login = manifests_in(&root.join(installation(root).manifests()));
    if of_login.is_empty() { manifests_in(&root.join(INSTALLED)) } else { of_login }
}

/// Whose deployments are meant: those of the login that asks, on its own host.
pub(super) fn installation(root: &Path) -> Installation {
    let login = if root == Path::new("/") { Login::of_this_process().ok().flatten() } else { None };
    login.map_or(Installation::SYSTEM, Installation::of_login)
}

/// The manifests that are not installed.
pub(super) fn nearby() -> Vec<PathBuf> {
    NEARBY.iter().flat_map(|directory| manifests_in(Path::new(directory))).collect()
}

/// Those and the installed ones, as a hint for a name that leads nowhere.
pub(super) fn hint() -> String {
    let found: Vec<PathBuf> = installed(Path::new("/")).into_iter().chain(nearby()).collect();
    if found.is_empty() { String::new() } else { format!("\n  found: {}", told(&found)) }
}

/// The manifests of a directory by name; a render's copy of one is none.
pub(super) fn manifests_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_copy = |path: &Path| path.to_string_lossy().ends_with(&manifest_copy(""));
    let mut found: Vec<PathBuf> = entries.filter(|path| is_manifest(path) && !is_copy(path)).collect();
    found.sort();
    // As people write it.
    found.into_iter().map(|path| path.strip_prefix("./").map(Path::to_owned).unwrap_or(path)).collect()
}

/// Whether a file says that it is one.
pub(super) fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
        && source::read(path).is_ok_and(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.lines().any(|line| line.starts_with("schema ") || line.starts_with("schema="))
        })
}

fn told(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().take(TOLD).map(|path| path.display().to_string()).collect();
    names.join(" ")
}
