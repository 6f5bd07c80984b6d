//! What containers are rendered beside: timers, the target, and jobs that run nothing of their own.

use manifest::{Deployment, Job, Service, Work};

use super::host_part;
use crate::{
    Tree,
    systemd::{drop_ins, gates, header, manifest_copy, units},
    unit,
};

/// One unit that runs a program.
pub(super) struct Program {
    /// The unit's name, without an ending.
    pub name: String,
    /// `[Unit]`.
    pub unit: unit::Unit,
    /// `[Service]` as target `systemd` has it.
    pub section: unit::Service,
}

/// The first lines of every file.
pub(super) fn header(deployment: &Deployment, digest: &str) -> String {
    header::text(deployment.name().as_str(), digest)
}

/// Everything of a deployment that runs a program.
pub(super) fn programs(deployment: &Deployment, digest: &str) -> Vec<Program> {
    let service = |service: &Service| {
        let (unit, section) = units::service_sections(deployment, digest, service);
        Program { name: service.name().to_string(), unit, section }
    };
    let job = |job: &Job| {
        let (unit, section) = units::job_sections(deployment, digest, job);
        Program { name: job.name().to_string(), unit, section }
    };
    let runs = |job: &&Job| matches!(job.work(), Work::Run(_));
    deployment.services().map(service).chain(deployment.jobs().filter(runs).map(job)).collect()
}

/// Everything else, below `folder`, which is empty or ends with a slash.
pub(super) fn add(tree: &mut Tree, folder: &str, deployment: &Deployment, manifest: &[u8], digest: &str) {
    let header = header(deployment, digest);
    let mut rest = Tree::default();
    for service in deployment.services() {
        let (_, section) = units::service_sections(deployment, digest, service);
        let condition = gates::condition(deployment, service)
            .map(|(command, reason)| (host_part::as_user(&section, &command), reason));
        drop_ins::add(&mut rest, &header, service, condition.as_ref());
    }
    for job in deployment.jobs() {
        if matches!(job.work(), Work::Restart(_)) {
            units::add_job(&mut rest, &header, deployment, digest, job);
        }
    }
    units::add_timers(&mut rest, &header, deployment);
    units::add_target(&mut rest, &header, deployment);
    rest.add(manifest_copy(deployment.name().as_str()), manifest);
    for (path, content) in rest.iter() {
        tree.add(format!("{folder}{path}"), content);
    }
}
