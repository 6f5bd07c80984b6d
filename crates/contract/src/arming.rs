//! Arming LIVE: a file in a directory that only root may write, good for one account on one New York day. Every account has
//! a file of its own, so that arming one leaves the others as they are.
//!
//! Services read it, `desk arm` run by root writes it. Whatever is missing, unreadable, writable by others or for another
//! day means not armed. The file holds the token's digest, so that whoever may read it learns no token; digests are
//! compared in constant time.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use market::{NyDate, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{ReadError, Secret, WriteError, atomic, layout::file_name, record, sha256_hex};

/// Who arms.
pub(crate) const ROOT: u32 = 0;
const PREFIX: &str = "armed";
const SUFFIX: &str = ".json";
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Whether LIVE is armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arming {
    /// For this account, today.
    Armed,
    /// Not, and why not.
    NotArmed(String),
}

/// The content of the arming file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmingFile {
    /// [`ArmingFile::SCHEMA`].
    pub schema: u64,
    /// The day it is good for.
    pub armed_for: NyDate,
    /// The account it is good for.
    pub account: String,
    /// sha256 of the token that the process must present.
    pub token_sha256: String,
    /// When it was armed.
    pub armed_at: Timestamp,
}

impl ArmingFile {
    /// The schema this release writes and reads.
    pub const SCHEMA: u64 = 1;

    /// Where an account's file lies.
    #[must_use]
    pub fn path(directory: &Path, account: &str) -> PathBuf {
        directory.join(format!("{PREFIX}-{}{SUFFIX}", file_name(account)))
    }

    /// Every file of a directory that arms, or did in a release before, sorted.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn files(directory: &Path) -> io::Result<Vec<PathBuf>> {
        let paths = fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
        let arms = |name: &str| name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        paths.retain(|path| path.file_name().and_then(OsStr::to_str).is_some_and(arms));
        paths.sort();
        Ok(paths)
    }

    /// Reads the file of an account, whoever owns it.
    ///
    /// # Errors
    /// When it is missing, unreadable, of another schema or with unknown fields.
    pub fn read(directory: &Path, account: &str) -> Result<Self, ReadError> {
        Self::read_at(&Self::path(directory, account))
    }

    /// The same, by its path.
    ///
    /// # Errors
    /// As [`ArmingFile::read`].
    pub fn read_at(path: &Path) -> Result<Self, ReadError> {
        record::read(path, Self::SCHEMA)
    }

    /// Replaces it, readable for all and writable for its owner.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, directory: &Path) -> Result<(), WriteError> {
        atomic::write_atomically_for_all(&Self::path(directory, &self.account), &record::to_json(self))
    }
}

/// Whether everybody but the owner is kept from writing a directory or file that arms, and root owns it.
///
/// # Errors
/// Says what is wrong with it.
pub fn check_owner(path: &Path) -> Result<(), String> {
    is_kept_by(ROOT, path)
}

fn is_kept_by(owner: u32, path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.uid() == owner && found.mode() & WRITABLE_BY_OTHERS == 0 => Ok(()),
        Ok(_) => Err(format!("others than root may write {}", path.display())),
        Err(error) => Err(format!("cannot look at {}: {error}", path.display())),
    }
}

impl Arming {
    /// Whether an account is armed today, for a process that presents this token. `owner` is whose directory arms: root's.
    #[must_use]
    pub fn check(owner: u32, directory: &Path, account: &str, today: NyDate, token: &Secret) -> Self {
        let path = ArmingFile::path(directory, account);
        for protected in [directory, &path] {
            if let Err(why) = is_kept_by(owner, protected) {
                return Self::NotArmed(why);
            }
        }
        match record::read::<ArmingFile>(&path, ArmingFile::SCHEMA) {
            Err(error) => Self::NotArmed(error.to_string()),
            Ok(file) if file.armed_for != today => {
                Self::NotArmed(format!("armed for {}, today is {today}", file.armed_for))
            }
            Ok(file) if file.account != account => Self::NotArmed(format!("armed for account {}", file.account)),
            Ok(file) if !is_in_constant_time(&file.token_sha256, token) => {
                Self::NotArmed("armed with another token".to_owned())
            }
            Ok(_) => Self::Armed,
        }
    }
}

/// Whether a token has this digest. Neither where two digests differ nor how long the token is shows in the time it takes.
pub(crate) fn is_in_constant_time(sha256: &str, token: &Secret) -> bool {
    let of_token = sha256_hex(token.expose().as_bytes());
    let difference = sha256.bytes().zip(of_token.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b));
    !token.expose().is_empty() && sha256.len() == of_token.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Env;

    fn check(content: Option<&str>, file_mode: u32, owner_shift: u32) -> Arming {
        let directory = tempfile::tempdir().unwrap();
        let path = ArmingFile::path(directory.path(), "PA3X");
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(file_mode)).unwrap();
        }
        let owner = fs::metadata(directory.path()).unwrap().uid() + owner_shift;
        let token = Env::from_pairs([("LIVE_CONFIRM_TOKEN", "t0")]).secret(&crate::env::LIVE_CONFIRM_TOKEN);
        let today = "2026-07-06".parse().unwrap();
        Arming::check(owner, directory.path(), "PA3X", today, &token.unwrap().unwrap())
    }

    #[test]
    fn everything_must_agree() {
        let good = format!(
            r#"{{"schema":1,"armed_for":"2026-07-06","account":"PA3X","token_sha256":"{}","armed_at":"2026-07-06T12:00:00Z"}}"#,
            sha256_hex(b"t0")
        );
        assert_eq!(check(Some(&good), 0o644, 0), Arming::Armed);
        for (content, mode, owner_shift, expect) in [
            (None, 0o644, 0, "cannot look at"),
            (Some(good.clone()), 0o666, 0, "others than root may write"),
            (Some(good.clone()), 0o644, 1, "others than root may write"),
            (Some(good.replace("07-06", "07-02")), 0o644, 0, "armed for 2026-07-02, today is 2026-07-06"),
            (Some(good.replace("PA3X", "PA4")), 0o644, 0, "armed for account PA4"),
            (Some(good.replace(&sha256_hex(b"t0"), &sha256_hex(b"t1"))), 0o644, 0, "armed with another token"),
            (Some(good.replace(&sha256_hex(b"t0"), "")), 0o644, 0, "armed with another token"),
            (Some(good.replace(":1,", ":2,")), 0o644, 0, "has schema 2"),
            (Some(String::new()), 0o644, 0, "is not what it should be"),
        ] {
            let Arming::NotArmed(reason) = check(content.as_deref(), mode, owner_shift) else {
                panic!("armed by {content:?}, mode {mode:o}");
            };
            assert!(reason.contains(expect), "{reason}");
        }
    }
}
