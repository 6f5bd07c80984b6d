//! Addresses at which services say that they are well, read from the manifest that goes along with their units. Pure.

use manifest::Deployment;

use super::Endpoint;
use crate::{generations::Image, source};

/// Those of a deployment.
#[must_use]
pub fn endpoints(deployment: Option<&Deployment>) -> Vec<Endpoint> {
    let services = deployment.into_iter().flat_map(Deployment::services);
    let endpoint = |service: &manifest::Service| {
        let (listen, unit) = (service.listen()?, format!("{}.service", service.name()));
        Some(Endpoint { unit, address: listen.address(), path: listen.health()?.to_owned() })
    };
    services.filter_map(endpoint).collect()
}

/// Those of the units of an image; none when this unitgen cannot read its manifest.
#[must_use]
pub fn of_image(image: &Image, deployment: &str) -> Vec<Endpoint> {
    endpoints(manifest_of(image, deployment).as_ref())
}

/// The manifest that goes along with the units of an image, when this unitgen can read it.
#[must_use]
pub fn manifest_of(image: &Image, deployment: &str) -> Option<Deployment> {
    source::check(image.manifest(deployment)?.as_bytes()).ok().map(|checked| checked.deployment)
}
