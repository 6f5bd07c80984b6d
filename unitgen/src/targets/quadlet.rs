//! Target `quadlet`: `NAME.container` for podman's generator, which makes `NAME.service` of it at every boot and reload.
//!
//! Below `containers/systemd` and `systemd/system`, as both lie below `/etc`. A key that the declared podman's generator does
//! not know is replaced by the option it stands for. Source: podman-systemd.unit(5).

use manifest::{Deployment, Podman};

use super::{
    Note, Refused, Rendered,
    container::Container,
    host_part, matrix,
    native::{self, Program},
    option::Setting,
};
use crate::{
    Tree,
    unit::{Lines, Word},
};

/// Where the generator looks.
pub(super) const CONTAINERS: &str = "containers/systemd/";
/// Where systemd looks.
pub(super) const UNITS: &str = "systemd/system/";

/// Renders files for podman's generator, and units beside them.
pub(super) fn render(deployment: &Deployment, manifest: &[u8], digest: &str) -> Result<Rendered, Refused> {
    let podman = deployment.host().podman().ok_or(Refused::NoImage)?;
    if matrix::key_since("PodmanArgs").is_none_or(|since| podman < since) {
        return Err(Refused::NoGenerator(podman));
    }
    let mut tree = Tree::default();
    let mut notes = Vec::new();
    let header = native::header(deployment, digest);
    for Program { name, unit, section } in native::programs(deployment, digest) {
        let container = Container::of(deployment, &name, &section)?;
        if container.args.iter().any(|arg| *arg == Word::from("")) {
            return Err(Refused::EmptyArgument { unit: name });
        }
        if container.args.iter().any(|arg| *arg == Word::from(";")) {
            return Err(Refused::Separator { unit: name });
        }
        let mut lines = Lines::with_header(&header);
        unit.write(&mut lines);
        host_part::write_mounts(&mut lines, deployment);
        notes.extend(write_network_wait(&mut lines, podman));
        notes.extend(write_container(&mut lines, &container, podman));
        host_part::write(&mut lines, deployment, &name, &section, &container, None);
        tree.add(format!("{CONTAINERS}{name}.container"), lines.into_text());
        notes.extend(container.notes);
    }
    native::add(&mut tree, UNITS, deployment, manifest, digest);
    Ok(Rendered { tree, notes })
}

/// A job that works on files must not wait for a network.
fn write_network_wait(lines: &mut Lines, podman: Podman) -> Option<Note> {
    if matrix::key_since("DefaultDependencies").is_none_or(|since| podman < since) {
        return Some(Note::WaitsForNetwork);
    }
    lines.section("Quadlet");
    lines.reason("What needs the network says so in [Unit]; nothing else waits for it.");
    lines.set("DefaultDependencies", "false");
    None
}

fn write_container(lines: &mut Lines, container: &Container<'_>, podman: Podman) -> Vec<Note> {
    lines.section("Container");
    lines.set("ContainerName", &container.name);
    lines.set("Image", container.image);
    if container.is_notify {
        lines.reason("Without it the unit would be active when the container has started, whatever the program says.");
        lines.set("Notify", "true");
    }
    let mut notes = Vec::new();
    let mut options = Vec::new();
    lines.reason("The sandbox: [Service] is podman's, which needs the run of the host.");
    for setting in &container.settings {
        let unknown = setting.unknown_key(podman);
        if let Some((key, since)) = unknown {
            notes.push(Note::Replaced { key, since, by: format!("PodmanArgs={}", setting.option().argument()) });
        }
        let keys = setting.keys();
        if unknown.is_some() || keys.is_empty() {
            options.push(setting);
        } else {
            keys.iter().for_each(|(key, value)| lines.set(key, value));
        }
    }
    write_options(lines, &options);
    if !container.args.is_empty() {
        let words: Vec<String> = container.args.iter().map(Word::argument).collect();
        lines.set("Exec", words.join(" "));
    }
    notes
}

/// What has no key, or none that this generator knows. Variables go by name, their values stand in `[Service]`.
fn write_options(lines: &mut Lines, options: &[&Setting]) {
    for option in options {
        lines.set("PodmanArgs", option.option().argument());
    }
}
