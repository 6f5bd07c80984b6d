//! The built programs: where they are, and as a guest gets them, without debugging sections, made once per build.

use std::{
    env,
    fs::{self, Metadata},
    path::{Path, PathBuf},
    process::Command,
    time::UNIX_EPOCH,
};

use anyhow::{Context, ensure};

/// What a deployment runs, and what scenarios use.
const IN_GUESTS: [&str; 6] = ["desk", "execution", "gate", "scanner", "sim-broker", "unitgen"];
/// Where they lie in a guest.
const FOLDER_IN_GUEST: &str = "usr/lib/portcullis/bin";
/// Another folder of built programs, for what this build does not hold.
const ELSEWHERE: &str = "PORTCULLIS_BOOT_PROGRAMS";

/// The programs of one build.
#[derive(Clone, Debug)]
pub struct Programs {
    built: PathBuf,
    kept: PathBuf,
}

impl Programs {
    /// Those of the build that this test belongs to.
    ///
    /// # Errors
    /// When the folder beside it, `target/boot`, cannot be made.
    pub fn new() -> anyhow::Result<Self> {
        let built = proofs::programs(&[]);
        let kept = built.parent().context("programs lie in target/PROFILE")?.join("boot");
        fs::create_dir_all(&kept).with_context(|| format!("{}", kept.display()))?;
        Ok(Self { built, kept })
    }

    /// A program.
    ///
    /// # Errors
    /// When it was not built; says how to.
    pub fn find(&self, name: &str) -> anyhow::Result<PathBuf> {
        let elsewhere = env::var_os(ELSEWHERE).map(PathBuf::from);
        let found = [Some(&self.built), elsewhere.as_ref()].into_iter().flatten().map(|folder| folder.join(name));
        found
            .into_iter()
            .find(|path| path.is_file())
            .with_context(|| format!("{name} is missing: run `cargo build --workspace --bins` first"))
    }

    /// `target/boot`, where the tests keep what they make.
    #[must_use]
    pub fn kept(&self) -> &Path {
        &self.kept
    }

    /// A layer with every program that guests use.
    ///
    /// # Errors
    /// When one is missing or cannot be stripped.
    pub fn layer(&self) -> anyhow::Result<PathBuf> {
        let layer = self.kept.join("programs");
        let bin = layer.join(FOLDER_IN_GUEST);
        fs::create_dir_all(&bin).with_context(|| format!("{}", bin.display()))?;
        // Tests run side by side, in processes of their own.
        let lock = fs::File::create(self.kept.join("programs.lock"))?;
        lock.lock()?;
        for name in IN_GUESTS {
            strip(&self.find(name)?, &bin.join(name), &self.kept.join(format!("{name}.made-of")))?;
        }
        Ok(layer)
    }
}

fn strip(from: &Path, to: &Path, stamp: &Path) -> anyhow::Result<()> {
    let made_of = identity(&fs::metadata(from).with_context(|| format!("{}", from.display()))?);
    if to.exists() && fs::read_to_string(stamp).is_ok_and(|text| text == made_of) {
        return Ok(());
    }
    let new = to.with_extension("new");
    let status = Command::new("strip").arg("-o").arg(&new).arg(from).status().context("strip")?;
    ensure!(status.success(), "strip {}: {status}", from.display());
    fs::rename(&new, to)?;
    Ok(fs::write(stamp, made_of)?)
}

/// What tells one build of a program from another.
#[must_use]
pub fn identity(metadata: &Metadata) -> String {
    let at = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {}", metadata.len(), at.as_nanos())
}
