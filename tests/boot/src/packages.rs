//! The Debian package of this build, as `packaging/deb/build` makes it: once for each release a scenario names, made anew
//! when a program or the packaging changed.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::programs::{self, Programs};

/// What the package holds of this build.
const PROGRAMS: [&str; 5] = ["desk", "execution", "gate", "scanner", "unitgen"];
/// What else it is made of, below the workspace's root.
const SOURCES: [&str; 3] = ["packaging/deb", "docs", "manifests"];

/// The package of a release; every release has the programs of this build.
///
/// # Errors
/// When it cannot be built; says what the build said.
pub fn package(release: &str, programs: &Programs) -> anyhow::Result<PathBuf> {
    let folder = programs.kept().join("deb");
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let lock = fs::File::create(folder.join("lock"))?;
    lock.lock()?;
    let (made_of, stamp) = (made_of(programs)?, folder.join(format!("{release}.made-of")));
    let package = folder.join(format!("portcullis_{release}_amd64.deb"));
    if package.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == made_of) {
        return Ok(package);
    }
    let built = programs.find(PROGRAMS[0])?;
    let said = Command::new(proofs::workspace_root().join("packaging/deb/build"))
        .args(["--profile", "dev", "--version", release, "--programs"])
        .arg(built.parent().context("a program lies in a folder")?)
        .arg("--out")
        .arg(&folder)
        .output()
        .context("packaging/deb/build")?;
    ensure!(said.status.success(), "packaging/deb/build: {}", String::from_utf8_lossy(&said.stderr));
    fs::write(stamp, made_of)?;
    Ok(package)
}

fn made_of(programs: &Programs) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut note = |path: &Path| -> anyhow::Result<()> {
        let metadata = fs::metadata(path).with_context(|| format!("{}", path.display()))?;
        if metadata.is_file() {
            writeln!(text, "{} {}", path.display(), programs::identity(&metadata))?;
        }
        Ok(())
    };
    for name in PROGRAMS {
        note(&programs.find(name)?)?;
    }
    for source in SOURCES {
        let folder = proofs::workspace_root().join(source);
        let mut paths: Vec<_> =
            fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.sort();
        paths.iter().try_for_each(|path| note(path))?;
    }
    Ok(text)
}
