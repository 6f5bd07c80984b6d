//! What the units may rely on.

use std::{fmt, ops::Range};

use toml::Spanned;

use crate::{
    fields::{Fields, Later},
    problem::{Code, Problems, Refusal},
};

pub(crate) const LATER: Later = &[];

/// A version of podman.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Podman {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

impl Podman {
    /// The oldest podman whose every rendered option is known (Debian 12).
    pub const MIN: Self = Self { major: 4, minor: 3 };

    fn parse(text: &str) -> Result<Self, Refusal> {
        let number =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u16>().ok()).flatten();
        let version = text.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
        let (major, minor) = version.ok_or_else(|| {
            Refusal::bad_value(format!("{text:?} is no version of podman")).hint("write two numbers, like \"5.4\"")
        })?;
        let version = Self { major, minor };
        if version < Self::MIN {
            let message = format!("podman {version} would ignore part of what is rendered");
            return Err(Refusal::bad_value(message)
                .hint(format!("the oldest that obeys every option is {} (Debian 12)", Self::MIN)));
        }
        Ok(version)
    }
}

impl fmt::Display for Podman {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The host the units are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    systemd: u16,
    podman: Option<Spanned<Podman>>,
}

impl Host {
    /// The oldest systemd whose every rendered directive is known and measured.
    pub const SYSTEMD_MIN: u16 = 252;

    pub(crate) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let mut host = Self { systemd: Self::SYSTEMD_MIN, podman: None };
        let Some(mut fields) = fields else { return host };
        if let Some(systemd) = fields.integer("systemd", problems) {
            match u16::try_from(*systemd.get_ref()).ok().filter(|version| (1..1000).contains(version)) {
                Some(version) if version < Self::SYSTEMD_MIN => {
                    let message = format!("systemd {version} would ignore part of what is rendered");
                    problems.error(
                        systemd.span(),
                        Refusal::new(Code::BadValue, message)
                            .hint(format!("the oldest that obeys every line is {} (Debian 12)", Self::SYSTEMD_MIN)),
                    );
                }
                Some(version) => host.systemd = version,
                None => problems.error(systemd.span(), Refusal::bad_value("that is no version of systemd")),
            }
        }
        host.podman = fields.parsed("podman", problems, Podman::parse);
        fields.finish(problems);
        host
    }

    /// The version of systemd that the host has at least.
    #[must_use]
    pub fn systemd(&self) -> u16 {
        self.systemd
    }

    /// The version of podman that the host has at least, where containers are rendered.
    #[must_use]
    pub fn podman(&self) -> Option<Podman> {
        self.podman.as_ref().map(|podman| *podman.get_ref())
    }

    pub(crate) fn podman_span(&self) -> Option<Range<usize>> {
        self.podman.as_ref().map(Spanned::span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_podman() {
        for (text, expect) in [("4.3", (4, 3)), ("5.4", (5, 4)), ("4.10", (4, 10))] {
            let Podman { major, minor } = Podman::parse(text).unwrap();
            assert_eq!((major, minor), expect, "{text}");
        }
        for text in ["", "5", "5.", ".4", "5.4.2", "v5.4", "+5.4", "4.2", "3.9", "99999.1"] {
            assert!(Podman::parse(text).is_err(), "{text}");
        }
    }
}
