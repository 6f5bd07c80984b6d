//! Why a deployment is not rendered for a target, and what to do instead.

use manifest::Podman;
use thiserror::Error;

use super::matrix::Ignored;

/// Why nothing is rendered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The manifest names no image, so there is nothing to run.
    #[error("the manifest names no image to run")]
    NoImage,
    /// The host's podman has no generator.
    #[error("podman {0} has no generator that reads these files, or one that lacks PodmanArgs=")]
    NoGenerator(Podman),
    /// The generator drops an empty argument and every one behind it.
    #[error("{unit} has an empty argument, and podman's generator drops it with all that follow")]
    EmptyArgument {
        /// The job.
        unit: String,
    },
    /// The generator takes the quotes from it, and systemd takes what follows for another command, which root would run.
    #[error("{unit} has the argument `;`, and what podman's generator makes of it ends the command there")]
    Separator {
        /// The job.
        unit: String,
    },
    /// A path in the Nix store that nothing would keep from being collected.
    #[error("{0} lies in the Nix store, and this file would not keep it there")]
    InTheStore(String),
    /// Only target `systemd` has units for a login's manager.
    #[error("a login's manager runs the units of target systemd alone")]
    OfALogin,
    /// The declared host would ignore a line.
    #[error("{0}")]
    Ignored(Ignored),
}

impl Refused {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoImage => "write `image = \"...@sha256:...\"` in [release] and `podman = \"5.4\"` in [host]",
            Self::NoGenerator(_) => "render --target podman-units: the same containers, run by units of their own",
            Self::EmptyArgument { .. } | Self::Separator { .. } => {
                "remove the argument, or render --target podman-units"
            }
            Self::InTheStore(_) => {
                "render without --programs and give the path where the file is imported, or use the flake's module"
            }
            Self::OfALogin => "render --target systemd, or write `scope = \"system\"`",
            Self::Ignored(_) => "name a newer version in [host] if the host has one; else this target is not for it",
        }
    }
}
