//! Arming LIVE: a file in a directory that only root may write, good for one account on one New York day.
//!
//! Read only: services see it, `desk arm` run by root writes it. Whatever is missing, unreadable, writable by others or
//! for another day means not armed. Tokens are compared in constant time.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use market::NyDate;
use serde::{Deserialize, Serialize};

use crate::{Secret, record};

/// The file's name in the arming directory.
pub const FILE_NAME: &str = "armed.json";
const ROOT: u32 = 0;
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
    /// What the process must present.
    pub token: String,
}

impl ArmingFile {
    /// The schema this release writes and reads.
    pub const SCHEMA: u64 = 1;
}

impl Arming {
    /// Whether an account is armed today, for a process that presents this token.
    #[must_use]
    pub fn check(directory: &Path, account: &str, today: NyDate, token: &Secret) -> Self {
        Self::check_owned_by(ROOT, directory, account, today, token)
    }

    fn check_owned_by(owner: u32, directory: &Path, account: &str, today: NyDate, token: &Secret) -> Self {
        let path = directory.join(FILE_NAME);
        for protected in [directory, &path] {
            match fs::symlink_metadata(protected) {
                Ok(found) if found.uid() == owner && found.mode() & WRITABLE_BY_OTHERS == 0 => {}
                Ok(_) => return Self::NotArmed(format!("others than root may write {}", protected.display())),
                Err(error) => return Self::NotArmed(format!("cannot look at {}: {error}", protected.display())),
            }
        }
        match record::read::<ArmingFile>(&path, ArmingFile::SCHEMA) {
            Err(error) => Self::NotArmed(error.to_string()),
            Ok(file) if file.armed_for != today => {
                Self::NotArmed(format!("armed for {}, today is {today}", file.armed_for))
            }
            Ok(file) if file.account != account => Self::NotArmed(format!("armed for account {}", file.account)),
            Ok(file) if !same_in_constant_time(&file.token, token.expose()) => {
                Self::NotArmed("the token does not match".to_owned())
            }
            Ok(_) => Self::Armed,
        }
    }
}

fn same_in_constant_time(left: &str, right: &str) -> bool {
    let difference = left.bytes().zip(right.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b));
    !left.is_empty() && left.len() == right.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Env;

    fn check(content: Option<&str>, file_mode: u32, owner_shift: u32) -> Arming {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(FILE_NAME);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(file_mode)).unwrap();
        }
        let owner = fs::metadata(directory.path()).unwrap().uid() + owner_shift;
        let token = Env::from_pairs([("LIVE_CONFIRM_TOKEN", "t0")]).secret(&crate::env::LIVE_CONFIRM_TOKEN);
        let today = "2026-07-06".parse().unwrap();
        Arming::check_owned_by(owner, directory.path(), "PA3X", today, &token.unwrap().unwrap())
    }

    #[test]
    fn everything_must_agree() {
        const GOOD: &str = r#"{"schema":1,"armed_for":"2026-07-06","account":"PA3X","token":"t0"}"#;
        assert_eq!(check(Some(GOOD), 0o644, 0), Arming::Armed);
        for (content, mode, owner_shift, expect) in [
            (None, 0o644, 0, "cannot look at"),
            (Some(GOOD.to_owned()), 0o666, 0, "others than root may write"),
            (Some(GOOD.to_owned()), 0o644, 1, "others than root may write"),
            (Some(GOOD.replace("07-06", "07-02")), 0o644, 0, "armed for 2026-07-02, today is 2026-07-06"),
            (Some(GOOD.replace("PA3X", "PA4")), 0o644, 0, "armed for account PA4"),
            (Some(GOOD.replace("t0", "t1")), 0o644, 0, "the token does not match"),
            (Some(GOOD.replace("t0", "")), 0o644, 0, "the token does not match"),
            (Some(GOOD.replace(":1,", ":2,")), 0o644, 0, "has schema 2"),
            (Some(String::new()), 0o644, 0, "is not what it should be"),
        ] {
            let Arming::NotArmed(reason) = check(content.as_deref(), mode, owner_shift) else {
                panic!("armed by {content:?}, mode {mode:o}");
            };
            assert!(reason.contains(expect), "{reason}");
        }
    }
}
