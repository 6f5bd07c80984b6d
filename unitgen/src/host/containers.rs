//! What units that run podman need of a host, beside what all units need. Pure.

use manifest::Podman;

use super::{Kind, Trouble};
use crate::{Tree, guardrails::assignments, targets::run::Run, unit::words};

/// Where podman's generator lies: systemd runs it at every boot and reload.
pub const GENERATOR: &str = "/usr/lib/systemd/system-generators/podman-system-generator";
/// Where a host says which images may be fetched; the first that is there counts.
pub const POLICIES: [&str; 2] = ["/etc/containers/policy.json", "/usr/share/containers/policy.json"];

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainersWanted {
    /// The oldest podman; `None` when the manifest does not say.
    pub podman: Option<Podman>,
    /// Every image that a unit runs, each with its digest.
    pub images: Vec<String>,
    /// Whether units come of files for podman's generator.
    pub generated: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainersFound {
    /// The version that podman says.
    pub podman: PodmanFound,
    /// Whether its generator is where systemd looks.
    pub has_generator: bool,
    /// The images, in the order in which they are wanted.
    pub images: Vec<ImageFound>,
    /// Whether anything says which images may be fetched.
    pub has_policy: bool,
}

/// A host's podman.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PodmanFound {
    /// There is none.
    #[default]
    Missing,
    /// Of this version.
    Version(Podman),
    /// It is there, and of a host that is not this one; or it says nothing that is a version, and what it says.
    Unknown(Option<String>),
}

/// An image in podman's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageFound {
    /// It is there.
    Fine,
    /// It is not.
    Missing,
    /// Of a host that is not this one nobody can say.
    NotAsked,
    /// podman did not say, and why.
    Unknown(String),
}

impl ContainersWanted {
    /// Reads a tree of units as they are loaded; nothing when none of them runs podman.
    #[must_use]
    pub fn of(tree: &Tree, podman: Option<Podman>) -> Option<Self> {
        let mut images: Vec<String> = tree.iter().filter_map(|(path, content)| image_of(path, content)).collect();
        images.sort();
        images.dedup();
        let generated = tree.iter().any(|(path, _)| path.ends_with(".container"));
        (!images.is_empty()).then_some(Self { podman, images, generated })
    }
}

/// The image that a unit runs.
fn image_of(path: &str, content: &[u8]) -> Option<String> {
    let said = assignments(path, content);
    let start = said.iter().find(|said| said.section == "Service" && said.key == "ExecStart")?;
    Run::read(&words(&start.value)).ok().map(|run| run.image)
}

/// Everything that is lacking.
#[must_use]
pub fn judge(wanted: &ContainersWanted, found: &ContainersFound) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, subject: &str, says: String| {
        troubles.push(Trouble { kind, subject: subject.to_owned(), says });
    };
    match &found.podman {
        PodmanFound::Missing => add(Kind::PodmanMissing, "podman", "there is no /usr/bin/podman".to_owned()),
        PodmanFound::Unknown(Some(said)) => add(Kind::PodmanUnknown, "podman", said.clone()),
        PodmanFound::Version(found) => {
            if let Some(wanted) = wanted.podman.filter(|wanted| found < wanted) {
                add(Kind::PodmanTooOld, "podman", format!("it is {found}, and the manifest relies on {wanted}"));
            }
        }
        PodmanFound::Unknown(None) => {}
    }
    if wanted.generated && !found.has_generator {
        add(Kind::GeneratorMissing, GENERATOR, "there is no such file, or not everybody may run it".to_owned());
    }
    let is_there = found.podman != PodmanFound::Missing;
    for (image, found) in wanted.images.iter().zip(&found.images).filter(|_| is_there) {
        match found {
            ImageFound::Fine | ImageFound::NotAsked => {}
            ImageFound::Missing => {
                add(Kind::ImageMissing, image, format!("it is not on this host; as root: `podman pull {image}`"));
            }
            ImageFound::Unknown(error) => add(Kind::ImageUnknown, image, error.clone()),
        }
    }
    if found.images.contains(&ImageFound::Missing) && is_there && !found.has_policy {
        add(
            Kind::PolicyMissing,
            POLICIES[0],
            "there is no such file, and podman fetches nothing without it".to_owned(),
        );
    }
    troubles
}
