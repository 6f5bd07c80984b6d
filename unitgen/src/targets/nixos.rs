//! Target `nixos`: one file that a configuration of NixOS imports, without the flake of this repository.
//!
//! `systemd.units.NAME.text` takes a unit as it is, where `systemd.services` would write one of its own (docs/decisions/0025).
//! The text is that of target `systemd`, byte for byte; where the programs lie is an argument of the file, so that a package of
//! the configuration stays in the store. Source: nixos/modules/system/boot/systemd.nix, the manual of Nix on strings.

use manifest::{Deployment, Release};

use super::{Note, Refused, Rendered, native};
use crate::{
    Tree,
    systemd::{self, manifest_copy, surroundings},
};

const INDENT: &str = "    ";

/// Renders `NAME.nix` and the manifest beside it.
pub(super) fn render(deployment: &Deployment, manifest: &[u8], digest: &str) -> Result<Rendered, Refused> {
    let programs = deployment.release().programs();
    if programs.starts_with("/nix/store/") {
        return Err(Refused::InTheStore(programs.to_owned()));
    }
    // A path that no manifest can name: it would have to hold its own digest.
    let stand_in = format!("/programs-{}", digest.trim_start_matches("sha256:"));
    let release = Release::at(&stand_in).expect("a path of plain characters");
    let units = systemd::render(&deployment.clone().with_release(release), manifest, digest);
    let name = deployment.name().as_str();
    let (user, group) = (deployment.identity().user(), deployment.identity().group());
    let mut text = format!(
        "{}\n#\n# imports = [ (import ./{name}.nix {{ }}) ];\n\
         # imports = [ (import ./{name}.nix {{ programs = \"${{the-programs}}/bin\"; }}) ];\n\
         {{\n  programs ? \"{programs}\",\n}}:\n{{ ... }}:\n{{\n",
        native::header(deployment, digest)
    );
    for (path, content) in units.iter().filter(|(path, _)| is_unit(path)) {
        let content = String::from_utf8_lossy(content);
        let body = string(&content).replace(&stand_in, "${programs}");
        if path.ends_with(".target") {
            text += "  # NixOS looks at no [Install] section.\n";
            text += &format!("  systemd.units.\"{path}\".wantedBy = [ \"multi-user.target\" ];\n");
        }
        text += &format!("  systemd.units.\"{path}\".text = ''\n{body}  '';\n\n");
    }
    text += &format!(
        "  environment.etc.\"portcullis/{name}.toml\".source = ./{copy};\n\n\
         \x20 users.users.{user} = {{\n    isSystemUser = true;\n    group = \"{group}\";\n    description = \"Portcullis, deployment {name}\";\n  }};\n\
         \x20 users.groups.{group} = {{ }};\n\n{}}}\n",
        directories(deployment, &units),
        copy = manifest_copy(name),
    );
    let mut tree = Tree::default();
    tree.add(format!("{name}.nix"), text);
    tree.add(manifest_copy(name), manifest);
    Ok(Rendered { tree, notes: vec![Note::NoDropIns, Note::NothingVerifies] })
}

fn is_unit(path: &str) -> bool {
    !path.contains('/') && !path.ends_with(".toml")
}

/// The inside of an indented string, whose indentation Nix takes away again. Every unit has a line that begins at the margin.
fn string(text: &str) -> String {
    let line = |line: &str| {
        let line = line.replace("''", "'''").replace("${", "''${");
        if line.is_empty() { "\n".to_owned() } else { format!("{INDENT}{line}\n") }
    };
    text.lines().map(line).collect()
}

/// As target `tmpfiles` makes them, in the words of NixOS.
fn directories(deployment: &Deployment, units: &Tree) -> String {
    let (user, group) = (deployment.identity().user(), deployment.identity().group());
    let state = deployment.paths().state_directory();
    let folder = |path: &str, mode: &str, user: &str, group: &str| {
        format!(
            "{INDENT}\"{path}\".d = {{\n      mode = \"{mode}\";\n      user = \"{user}\";\n      group = \"{group}\";\n    }};\n"
        )
    };
    let mut folders = vec![folder("/etc/portcullis/arming", "0755", "root", "root")];
    for name in surroundings::folders_of_credentials(deployment, units).iter().flatten() {
        folders.push(folder(&format!("/etc/portcullis/{name}"), "0700", "root", "root"));
    }
    folders.push(folder(&format!("/var/lib/{state}"), "0700", user, group));
    folders.push(folder(&format!("/var/lib/{state}/cache"), "0700", user, group));
    format!("  systemd.tmpfiles.settings.\"10-portcullis\" = {{\n{}  }};\n", folders.concat())
}
