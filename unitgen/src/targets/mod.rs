//! What a deployment is rendered for: units of systemd, a module of NixOS, files for podman's generator, units that run podman.
//!
//! One model behind all: `systemd::units` says what a unit is, a target says it in its own words. What a target cannot say
//! is a [`Note`] of the render and never silence. What the declared host would ignore is refused ([`Refused`]) or replaced
//! by its documented fallback, with a note: [`matrix`] knows which version each line came with.

mod container;
mod host_part;
pub mod matrix;
mod native;
mod nixos;
mod note;
mod option;
mod page;
mod podman_units;
mod quadlet;
mod refused;
pub mod run;
mod sandbox;

use manifest::{Deployment, Scope};

use crate::{Tree, guardrails::Guardrail, systemd};

pub use note::Note;
pub use page::page;
pub use refused::Refused;
pub use sandbox::{Means, means};

/// What units are rendered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Units of systemd's manager.
    Systemd,
    /// One module for a configuration of NixOS.
    Nixos,
    /// Files for podman's generator (4.6 and later), and the units beside them.
    Quadlet,
    /// Units that run podman themselves, for one without a generator.
    PodmanUnits,
}

impl Target {
    /// Every target.
    pub const ALL: [Self; 4] = [Self::Systemd, Self::Nixos, Self::Quadlet, Self::PodmanUnits];

    /// The target of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.as_str() == name)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Nixos => "nixos",
            Self::Quadlet => "quadlet",
            Self::PodmanUnits => "podman-units",
        }
    }
}

/// Rendered files, and what they do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The files.
    pub tree: Tree,
    /// What a reader of them must know, each once and in order.
    pub notes: Vec<Note>,
}

impl Rendered {
    /// Files of which there is nothing to say.
    #[must_use]
    pub fn plain(tree: Tree) -> Self {
        Self { tree, notes: Vec::new() }
    }
}

/// What a login's manager cannot hold: the directives, and the guardrails that need them.
fn notes_of_a_login(deployment: &Deployment) -> Vec<Note> {
    let left_out = systemd::left_out(deployment).iter();
    let not_held = left_out.map(|left| Note::NotHeld { directive: left.directive, leaves: left.leaves });
    let loses = [
        (Guardrail::KernelShielded, "PrivateDevices= and ProcSubset= hide devices and the kernel's log"),
        (
            Guardrail::NetworkBounded,
            "offline jobs have a network of their own, and what does not listen is refused the call",
        ),
    ];
    not_held.chain(loses.map(|(guardrail, instead)| Note::Loses { guardrail, instead })).collect()
}

/// Renders a deployment for a target. `manifest` is the file's content and `digest` its digest.
///
/// # Errors
/// When the target cannot run it, or the declared host would ignore a line that has no fallback.
pub fn render(target: Target, deployment: &Deployment, manifest: &[u8], digest: &str) -> Result<Rendered, Refused> {
    if deployment.scope() == Scope::User && target != Target::Systemd {
        return Err(Refused::OfALogin);
    }
    let mut rendered = match target {
        Target::Systemd => {
            let notes = match deployment.scope() {
                Scope::System => Vec::new(),
                Scope::User => notes_of_a_login(deployment),
            };
            Rendered { tree: systemd::render(deployment, manifest, digest), notes }
        }
        Target::Nixos => nixos::render(deployment, manifest, digest)?,
        Target::Quadlet => quadlet::render(deployment, manifest, digest)?,
        Target::PodmanUnits => podman_units::render(deployment, manifest, digest)?,
    };
    rendered.notes.sort();
    rendered.notes.dedup();
    match matrix::ignored(&rendered.tree, deployment.host()).into_iter().next() {
        Some(line) => Err(Refused::Ignored(line)),
        None => Ok(rendered),
    }
}
