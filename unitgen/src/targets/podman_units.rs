//! Target `podman-units`: units that run podman themselves, for a host whose podman has no generator (Debian 12: 4.3.1).
//!
//! What podman's generator would make of target `quadlet`, written down; a test compares the two. Source: podman-run(1) and
//! the documented output of podman-systemd.unit(5).

use manifest::Deployment;

use super::{
    Refused, Rendered,
    container::Container,
    host_part::{self, Podman},
    native::{self, Program},
};
use crate::{
    Tree,
    unit::{Lines, Word},
};

/// Renders units of the system's manager, flat in one directory.
pub(super) fn render(deployment: &Deployment, manifest: &[u8], digest: &str) -> Result<Rendered, Refused> {
    let mut tree = Tree::default();
    let mut notes = Vec::new();
    let header = native::header(deployment, digest);
    for Program { name, unit, section } in native::programs(deployment, digest) {
        let container = Container::of(deployment, &name, &section)?;
        let mut lines = Lines::with_header(&header);
        unit.write(&mut lines);
        host_part::write_mounts(&mut lines, deployment);
        lines.set("RequiresMountsFor", "%t/containers");
        let podman = Podman { start: command_line(&container) };
        host_part::write(&mut lines, deployment, &name, &section, &container, Some(&podman));
        tree.add(format!("{name}.service"), lines.into_text());
        notes.extend(container.notes);
    }
    native::add(&mut tree, "", deployment, manifest, digest);
    Ok(Rendered { tree, notes })
}

/// `podman run` with all its words; what follows the image is the program's.
fn command_line(container: &Container<'_>) -> String {
    let mut words = vec!["/usr/bin/podman run".to_owned(), format!("--name={}", container.name)];
    words.push("--cidfile=%t/%N.cid --replace --rm --cgroups=split".to_owned());
    if container.is_notify {
        words.push("--sdnotify=container -d".to_owned());
    }
    words.extend(container.settings.iter().map(|setting| setting.option().argument()));
    words.push(container.image.to_owned());
    words.extend(container.args.iter().map(Word::argument));
    words.join(" ")
}
