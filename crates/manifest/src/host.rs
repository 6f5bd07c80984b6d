//! What the units may rely on.

use crate::{
    fields::{Fields, Later},
    problem::{Code, Problems, Refusal},
};

pub(crate) const LATER: Later = &[("podman", "containers are not rendered by this release; remove it")];

/// The host the units are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    systemd: u16,
}

impl Host {
    /// The oldest systemd whose every rendered directive is known and measured.
    pub const SYSTEMD_MIN: u16 = 252;

    pub(crate) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Self {
        let mut host = Self { systemd: Self::SYSTEMD_MIN };
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
        fields.finish(problems);
        host
    }

    /// The version of systemd that the host has at least.
    #[must_use]
    pub fn systemd(&self) -> u16 {
        self.systemd
    }
}
