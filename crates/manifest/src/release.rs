//! Where the programs of the release are installed.

use crate::{
    fields::{Fields, Later},
    problem::{Problems, Refusal},
};

pub(crate) const LATER: Later = &[(
    "lock",
    "pinned and signed releases are not checked by this release; remove it and keep `environment = \"staging\"`",
)];

const PROGRAMS: &str = "/usr/lib/portcullis/bin";

/// The installed release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    programs: String,
}

impl Release {
    pub(crate) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let mut release = Self { programs: PROGRAMS.to_owned() };
        let Some(mut fields) = fields else { return release };
        if let Some(programs) = fields.parsed("programs", problems, absolute) {
            release.programs = programs.into_inner();
        }
        fields.finish(problems);
        release
    }

    /// A release whose programs lie in this directory, wherever the manifest has them.
    ///
    /// # Errors
    /// When it is not absolute or has characters that mean something to systemd; the text says what to write.
    pub fn at(programs: &str) -> Result<Self, String> {
        let refused = |refusal: Refusal| match refusal.hint {
            Some(hint) => format!("{}; {hint}", refusal.message),
            None => refusal.message,
        };
        absolute(programs).map(|programs| Self { programs }).map_err(refused)
    }

    /// The directory of the programs: absolute, without a trailing slash, and of characters that mean nothing to systemd.
    #[must_use]
    pub fn programs(&self) -> &str {
        &self.programs
    }
}

fn absolute(text: &str) -> Result<String, Refusal> {
    // systemd expands no `$$` in the path of an executable, so a path with a dollar could not be written at all.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'@');
    let segment = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(plain);
    match text.strip_prefix('/') {
        Some(relative) if text.len() <= 1000 && relative.split('/').all(segment) => Ok(text.to_owned()),
        _ => Err(Refusal::bad_value(format!("{text:?} is no directory of programs"))
            .hint(format!("write an absolute path of plain characters, like {PROGRAMS}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_programs() {
        for text in [PROGRAMS, "/nix/store/0abc-portcullis-0.1.0+x@y/bin"] {
            assert_eq!(absolute(text).unwrap(), text);
        }
        for text in ["", "/", "bin", "/usr/", "/usr//bin", "/usr/../bin", "/a b", "/a$b", "/a%b", "/a\"b", "/a\\b"] {
            assert!(absolute(text).is_err(), "{text}");
        }
    }
}
