//! Target `systemd`: units of the system's manager or of a login's, flat in one directory.
//!
//! A service becomes `NAME.service` with the drop-ins an operator looks for, a job `NAME.service` and, when it has a
//! schedule, `NAME.timer`; `DEPLOYMENT.target` starts what runs by itself. The drop-ins repeat what the unit says itself, so deleting them disarms nothing. Each policy
//! ([`gates`], [`restart_policy`], [`hardening`], [`alert`]) is one module with its reason.

mod alert;
pub(crate) mod drop_ins;
pub(crate) mod gates;
mod hardening;
pub mod header;
mod restart_policy;
pub(crate) mod surroundings;
pub(crate) mod units;
mod user_manager;

use manifest::Deployment;
pub(crate) use user_manager::is_left_out;
pub use user_manager::{LeftOut, left_out};

use crate::Tree;

/// Renders every file of a deployment. `manifest` is the file's content and `digest` its digest, both of which go along.
#[must_use]
pub fn render(deployment: &Deployment, manifest: &[u8], digest: &str) -> Tree {
    let header = header::text(deployment.name().as_str(), digest);
    let of_services = header_of_services(deployment, &header);
    let mut tree = Tree::default();
    for service in deployment.services() {
        units::add_service(&mut tree, &of_services, deployment, digest, service);
        drop_ins::add(&mut tree, &header, service, gates::condition(deployment, service).as_ref());
    }
    for job in deployment.jobs() {
        units::add_job(&mut tree, &of_services, deployment, digest, job);
    }
    units::add_timers(&mut tree, &header, deployment);
    units::add_target(&mut tree, &header, deployment);
    tree.add(manifest_copy(deployment.name().as_str()), manifest);
    tree
}

/// The first lines of a service: whose it is, and what its manager cannot hold.
fn header_of_services(deployment: &Deployment, header: &str) -> String {
    let mut header = header.to_owned();
    for LeftOut { directive, leaves } in left_out(deployment) {
        header += &format!("\n# Without {directive}=: {leaves}.");
    }
    header
}

/// The name of the manifest's copy, which is installed where the units say.
#[must_use]
pub fn manifest_copy(deployment: &str) -> String {
    format!("{deployment}.manifest.toml")
}
