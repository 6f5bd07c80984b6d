//! Where the programs of the release are installed, and the image that holds them for targets that run containers.

use std::ops::Range;

use toml::Spanned;

use crate::{
    fields::{Fields, Later},
    problem::{Code, Problems, Refusal},
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
    image: Option<Spanned<String>>,
}

impl Release {
    pub(crate) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let mut release = Self { programs: PROGRAMS.to_owned(), image: None };
        let Some(mut fields) = fields else { return release };
        if let Some(programs) = fields.parsed("programs", problems, absolute) {
            release.programs = programs.into_inner();
        }
        release.image = fields.parsed("image", problems, pinned);
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
        absolute(programs).map(|programs| Self { programs, image: None }).map_err(refused)
    }

    /// The directory of the programs: absolute, without a trailing slash, and of characters that mean nothing to systemd.
    #[must_use]
    pub fn programs(&self) -> &str {
        &self.programs
    }

    /// The image with the programs, pinned by its digest, where containers are rendered.
    #[must_use]
    pub fn image(&self) -> Option<&str> {
        self.image.as_ref().map(|image| image.get_ref().as_str())
    }

    /// The same image, its programs elsewhere on the host.
    pub(crate) fn with_programs_of(self, other: Self) -> Self {
        Self { programs: other.programs, ..self }
    }

    pub(crate) fn image_span(&self) -> Option<Range<usize>> {
        self.image.as_ref().map(Spanned::span)
    }
}

/// A name without a digest is another program tomorrow.
fn pinned(text: &str) -> Result<String, Refusal> {
    let example = "write it like `registry.example/portcullis@sha256:` and the 64 digits of its digest";
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let inner = |byte: u8| plain(byte) || matches!(byte, b'.' | b'-' | b'_');
    let segment = |part: &str| part.bytes().next().is_some_and(plain) && part.bytes().all(inner);
    let host = |part: &str| match part.split_once(':') {
        Some((name, port)) => segment(name) && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()),
        None => segment(part) && (part.contains('.') || part == "localhost"),
    };
    let Some((name, digest)) = text.split_once("@sha256:") else {
        let message = format!("{text:?} names no digest: what it is today it need not be tomorrow");
        return Err(Refusal::new(Code::MissingGuardrail, message).hint(example));
    };
    let hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let named = name.split_once('/').is_some_and(|(first, rest)| host(first) && rest.split('/').all(segment));
    if text.len() > 500 || !hex || !named {
        return Err(Refusal::bad_value(format!("{text:?} is no pinned image")).hint(example));
    }
    Ok(text.to_owned())
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
    fn images_are_pinned() {
        let digest = "0123456789abcdef".repeat(4);
        for name in ["registry.example/portcullis", "localhost/x", "registry.example:5000/a/b-c_d.e"] {
            assert!(pinned(&format!("{name}@sha256:{digest}")).is_ok(), "{name}");
        }
        for text in ["registry.example/portcullis", "registry.example/portcullis:latest"] {
            assert_eq!(pinned(text).unwrap_err().code, Code::MissingGuardrail, "{text}");
        }
        for name in [
            "",
            "portcullis",
            "library/x",
            "--privileged",
            "r.example/x:1",
            "r.example/-v",
            "r.example/a b",
            "r.example/",
        ] {
            assert_eq!(pinned(&format!("{name}@sha256:{digest}")).unwrap_err().code, Code::BadValue, "{name}");
        }
        for digest in ["", "00", &digest.to_uppercase(), &format!("{digest}0")] {
            assert!(pinned(&format!("r.example/x@sha256:{digest}")).is_err(), "{digest}");
        }
    }

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
