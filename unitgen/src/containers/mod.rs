//! Files of podman's generator as systemd loads them: `NAME.container` becomes `NAME.service` at every boot and reload.
//!
//! What comes of a file is written down here ([`generated`]), so that a tree of target `quadlet` is judged, predicted and
//! compared as the units that it becomes. What a generator really made is held against it ([`compare`]). Pure. Source:
//! podman-systemd.unit(5), and what podman 5.4.2's generator was measured to do.

mod compare;
mod generator;
mod loaded;
mod reloaded;

pub use compare::{differing, source_path};
pub use generator::{generated, generated_with};
pub(crate) use loaded::{add, deployment_of, runs_podman};
pub use loaded::{installed, loaded};
pub use reloaded::{reload, services};

/// Where the system's generator looks for files, in order: the first directory that has one of a name decides, and one in a
/// directory below counts where the directory itself has none. Drop-ins lie beside, as systemd's do.
pub const SEARCH_PATH: [&str; 3] =
    ["/run/containers/systemd", "/etc/containers/systemd", "/usr/share/containers/systemd"];

/// Where a deployment's files lie, below the root.
pub const FILES: &str = "etc/containers/systemd";

/// The ending of a file of the generator that becomes a service.
const CONTAINER: &str = ".container";

/// The service that comes of a file; nothing of a file that is no container.
#[must_use]
pub fn service_of(file: &str) -> Option<String> {
    Some(format!("{}.service", file.strip_suffix(CONTAINER)?))
}

/// The file that a service would come of.
#[must_use]
pub fn file_of(service: &str) -> Option<String> {
    Some(format!("{}{CONTAINER}", service.strip_suffix(".service")?))
}

/// Whether a directory of a unit search path is written by generators, and by nobody else.
#[must_use]
pub fn is_generators(directory: &str) -> bool {
    ["/generator", "/generator.early", "/generator.late"].iter().any(|end| directory.ends_with(end))
}
