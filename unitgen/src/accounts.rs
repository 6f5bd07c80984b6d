//! Targets `sysusers` and `tmpfiles`: whom the units run as, and the directories that have to be there before them.
//!
//! Source: sysusers.d(5), tmpfiles.d(5). Both are one file, `portcullis-NAME.conf`; every word in them is a checked name or
//! path of plain characters, so nothing needs quoting.

use manifest::Deployment;

use crate::{
    Tree,
    systemd::{self, header, surroundings},
};

/// The user and group of a deployment; nobody logs in as either.
#[must_use]
pub fn sysusers(deployment: &Deployment, digest: &str) -> Tree {
    let (user, group) = (deployment.identity().user(), deployment.identity().group());
    let (name, state) = (deployment.name(), deployment.paths().state_directory());
    let mut lines =
        vec!["# A system user without a shell or a password; it owns the state and nothing else.".to_owned()];
    let id = if user == group {
        "-".to_owned()
    } else {
        lines.push(format!("g {group} -"));
        format!("-:{group}")
    };
    lines.push(format!("u {user} {id} \"Portcullis, deployment {name}\" /var/lib/{state}"));
    file(deployment, digest, &lines)
}

/// The directories of a deployment that systemd does not make when its units start, or makes too late.
#[must_use]
pub fn tmpfiles(deployment: &Deployment, manifest: &[u8], digest: &str) -> Tree {
    let (user, group) = (deployment.identity().user(), deployment.identity().group());
    let state = deployment.paths().state_directory();
    let mut lines = vec!["# Who may write what lies here may trade: root alone.".to_owned()];
    lines.push("d /etc/portcullis 0755 root root -".to_owned());
    let rendered = systemd::render(deployment, manifest, digest);
    for folder in surroundings::folders_of_credentials(deployment, &rendered).iter().flatten() {
        lines.push(format!("d /etc/portcullis/{folder} 0700 root root -"));
    }
    lines.push("# Root arms a day; every process may see that it has.".to_owned());
    lines.push("d /etc/portcullis/arming 0755 root root -".to_owned());
    lines.push("# The units make their state themselves, but the first bars come before the first start.".to_owned());
    lines.push(format!("d /var/lib/{state} 0700 {user} {group} -"));
    lines.push(format!("d /var/lib/{state}/cache 0700 {user} {group} -"));
    file(deployment, digest, &lines)
}

fn file(deployment: &Deployment, digest: &str, lines: &[String]) -> Tree {
    let name = deployment.name().as_str();
    let mut tree = Tree::default();
    tree.add(format!("portcullis-{name}.conf"), format!("{}\n\n{}\n", header::text(name, digest), lines.join("\n")));
    tree
}
