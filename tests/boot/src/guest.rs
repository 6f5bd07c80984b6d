//! What every backend boots, and what it brings back.
//!
//! A backend lays `layers` over the root in order, the last on top, boots it with `/scenario/main` as what runs after
//! `multi-user.target`, and fills `out`: `stdout`, `stderr`, `rc`, `journal.json`, `console.log`, `figures`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;

use crate::{
    programs::Programs,
    roots::Root,
    scenario::{On, Scenario},
};

/// So much of a file is shown when a scenario fails, in bytes.
const SHOWN_BYTES: usize = 12_000;

/// A guest about to boot.
pub struct Guest<'a> {
    /// What it is made of.
    pub root: &'a Root,
    /// What it runs.
    pub scenario: &'a Scenario,
    /// Trees laid over the root, the last on top. Their files belong to root.
    pub layers: Vec<PathBuf>,
    /// Where results go; an empty directory.
    pub out: PathBuf,
    /// The programs of this build, `sim-broker` among them.
    pub programs: &'a Programs,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The script's exit status; `None` when there is none, for the reason that `trouble` gives.
    pub code: Option<i32>,
    /// What went wrong outside of the script.
    pub trouble: Option<String>,
}

/// Something that boots guests.
pub trait Backend {
    /// What it lacks on this machine, in words that follow "needs"; `None` when it can boot.
    fn lacks(&self) -> Option<String>;

    /// Boots the guest, waits for its end, at most so long, and leaves nothing behind but `out`.
    ///
    /// # Errors
    /// When it cannot be booted at all.
    fn run(&self, guest: &Guest<'_>, timeout: Duration) -> anyhow::Result<Outcome>;
}

/// The backend that a scenario asks for.
#[must_use]
pub fn backend(on: On) -> Box<dyn Backend> {
    match on {
        On::Nspawn => Box::new(crate::nspawn::Nspawn),
        On::Vm => Box::new(crate::vm::Vm),
    }
}

impl Outcome {
    /// Reads the script's exit status out of `out`.
    #[must_use]
    pub fn read(out: &Path, trouble: Option<String>) -> Self {
        let code = fs::read_to_string(out.join("rc")).ok().and_then(|text| text.trim().parse().ok());
        let trouble = trouble.or_else(|| code.is_none().then(|| "the guest ended without a result".to_owned()));
        Self { code, trouble }
    }

    /// Whether the scenario passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.code == Some(0) && self.trouble.is_none()
    }

    /// What a reader needs when it did not.
    #[must_use]
    pub fn story(&self, out: &Path) -> String {
        let mut story = match (&self.trouble, self.code) {
            (Some(trouble), _) => format!("{trouble}\n"),
            (None, code) => format!("the script ended {}\n", code.unwrap_or_default()),
        };
        for name in ["stdout", "stderr", "failed-units", "warnings", "venue.log", "console.log"] {
            let text = tail(&out.join(name)).unwrap_or_default();
            if !text.trim().is_empty() {
                story.push_str(&format!("--- {name}\n{}\n", text.trim_end()));
            }
        }
        story
    }
}

/// The end of a file.
fn tail(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path).with_context(|| format!("{}", path.display()))?;
    let from = bytes.len().saturating_sub(SHOWN_BYTES);
    Ok(String::from_utf8_lossy(&bytes[from..]).into_owned())
}
