//! The root trees that `prepare` made, in a cache outside of the checkout.
//!
//! In `SUITE-KEY`, the key the digest of the scripts that made it: `root` is the tree, `vmlinuz` and `initrd.img` its kernel,
//! `key` is there when it is whole. It is replaced only while no guest runs on it.

use std::{
    env,
    fmt::{self, Display},
    fs::File,
    path::PathBuf,
    process::{Command, Stdio},
    str::FromStr,
};

use anyhow::{Context, bail, ensure};

/// What a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// bookworm, systemd 252.
    Debian12,
    /// trixie, systemd 257.
    Debian13,
}

/// A root tree that is there, and stays while this is held.
#[derive(Debug)]
pub struct Root {
    /// Which.
    pub host: Host,
    /// `root`, `vmlinuz`, `initrd.img` and what backends keep beside them.
    pub dir: PathBuf,
    _in_use: File,
}

impl Host {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Debian12, Self::Debian13];

    /// Debian's word.
    #[must_use]
    pub fn suite(self) -> &'static str {
        match self {
            Self::Debian12 => "bookworm",
            Self::Debian13 => "trixie",
        }
    }
}

impl Display for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Debian12 => "debian-12",
            Self::Debian13 => "debian-13",
        })
    }
}

impl FromStr for Host {
    type Err = anyhow::Error;

    fn from_str(value: &str) -> anyhow::Result<Self> {
        match value {
            "12" => Ok(Self::Debian12),
            "13" => Ok(Self::Debian13),
            _ => bail!("12 or 13"),
        }
    }
}

/// Where the roots are kept.
#[must_use]
pub fn cache() -> PathBuf {
    let moved = env::var_os("PORTCULLIS_BOOT_CACHE").map(PathBuf::from);
    moved.unwrap_or_else(|| {
        PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cache/portcullis/boot")
    })
}

impl Root {
    /// The root of a host.
    ///
    /// # Errors
    /// When it is not there, or other scripts than these made it; says what to do.
    pub fn find(host: Host) -> anyhow::Result<Self> {
        let prepare = proofs::workspace_root().join("tests/boot/prepare");
        let output = Command::new(&prepare).arg("--key").stderr(Stdio::inherit()).output();
        let key = output.with_context(|| format!("{}", prepare.display()))?.stdout;
        let dir = cache().join(format!("{}-{}", host.suite(), String::from_utf8_lossy(&key).trim()));
        let in_use = File::open(dir.with_extension("lock")).context("the root tree")?;
        in_use.lock_shared().context("the lock of the root tree")?;
        ensure!(dir.join("key").exists(), "the root tree");
        Ok(Self { host, dir, _in_use: in_use })
    }
}
