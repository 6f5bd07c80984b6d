//! Where the proofs find things: the workspace, the built programs, the shared data.
//!
//! A proof that lacks something says so. On a developer's machine shared data may be missing, then a proof that needs it
//! is skipped with a line; under `CI=true` it fails, so that nothing is green because nothing ran.

mod day;
mod hostile;
mod manifests;
mod queue;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use day::{Day, document_outcome, faults_page, program, rehearse, updates_docs};
pub use hostile::{HOSTILE, quoted};
pub use manifests::random_manifest;
pub use queue::a_few_at_once;

/// The root of the workspace.
#[must_use]
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the proofs are a folder of the workspace").to_owned()
}

/// The folder of the built programs: the one this test binary was built into.
///
/// # Panics
/// When one of the programs is not there, with the command that builds it.
#[must_use]
pub fn programs(names: &[&str]) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("a test binary lies in target/PROFILE/deps").to_owned();
    for name in names {
        let program = folder.join(name);
        assert!(program.is_file(), "{} is missing: run `cargo build --workspace --bins` first", program.display());
    }
    folder
}

/// A file of the shared data, `../shared` beside the workspace or `$PORTCULLIS_SHARED`; `None` where there is none.
///
/// # Panics
/// When it is missing although `CI=true`.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| workspace_root().join("../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(!is_ci(), "{} is missing, and CI skips nothing", file.display());
    println!("skipped: needs ../shared ({})", file.display());
    None
}

/// Whether strace is here and may trace.
///
/// # Panics
/// When it is not although `CI=true`.
#[must_use]
pub fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "/bin/true"]).stderr(Stdio::null()).status();
    works(tried.is_ok_and(|status| status.success()), "strace")
}

/// Whether a mount namespace can be had, as root or as a user.
///
/// # Panics
/// When none can be had although `CI=true`.
#[must_use]
pub fn can_mount() -> bool {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let works_by = |way: &&[&str]| {
        let tried = Command::new("unshare").args(*way).arg("/bin/true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    works(ways.iter().any(works_by), "a mount namespace")
}

/// Whether nix is here, and what judges the text of its files.
///
/// # Panics
/// When something is missing although `CI=true`.
#[must_use]
pub fn has_nix() -> bool {
    let tools = Command::new(workspace_root().join(".ci/nix-tools")).arg("--path").output();
    let tools = tools.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    let runs = |program: &str, argument: &str| {
        let tried = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let formatter = format!("{tools}/nixfmt");
    let judges = runs(&formatter, "--version") && runs(&format!("{tools}/deadnix"), "--version");
    let rest = ["nix", "shellcheck", "python3"].iter().all(|program| runs(program, "--version"));
    works(judges && rest, "nix, shellcheck, python3 and .ci/nix-tools")
}

fn works(works: bool, what: &str) -> bool {
    if !works {
        assert!(!is_ci(), "{what} is missing, and CI skips nothing");
        println!("skipped: needs {what}");
    }
    works
}

fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
