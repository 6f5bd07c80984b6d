//! Which version of systemd or podman each rendered line came with.
//!
//! A host that is older than a line ignores it, most often without a word: so what a manifest's `[host]` declares is held
//! against every line of a render. Printed as docs/host-matrix.md ([`page`]).

mod rows;

use std::{collections::BTreeSet, fmt};

use manifest::{Host, Podman};

use crate::Tree;

/// The version that a line came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Since {
    /// Of systemd; 183 for whatever is older than the count of its manual pages.
    Systemd(u16),
    /// Of podman; 4.3 for whatever is older than the oldest that is rendered for.
    Podman(Podman),
}

impl Since {
    /// Whether a host lacks it; a host without podman reads no line of it.
    fn is_newer_than(self, host: &Host) -> bool {
        match self {
            Self::Systemd(version) => version > host.systemd(),
            Self::Podman(version) => host.podman().is_some_and(|podman| version > podman),
        }
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Systemd(version) => write!(f, "systemd {version}"),
            Self::Podman(version) => write!(f, "podman {version}"),
        }
    }
}

/// One line that units can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The section it stands in; `podman run` for an option.
    pub section: &'static str,
    /// The directive, key or option.
    pub name: &'static str,
    /// What it came with.
    pub since: Since,
    /// Where that is written.
    pub source: &'static str,
    /// What else must be known.
    pub remark: &'static str,
}

/// A line that the declared host would ignore.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ignored {
    /// The file.
    pub file: String,
    /// The directive, key or option.
    pub name: String,
    /// What it came with.
    pub since: Since,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} came with {}, and [host] names an older one, which would ignore it",
            self.file, self.name, self.since
        )
    }
}

/// Every row.
#[must_use]
pub fn rows() -> &'static [Row] {
    rows::ROWS
}

/// The version of podman that a key of its generator came with.
pub(super) fn key_since(key: &str) -> Option<Podman> {
    let row = rows::ROWS.iter().find(|row| row.name == key && ["Container", "Quadlet"].contains(&row.section))?;
    match row.since {
        Since::Podman(version) => Some(version),
        Since::Systemd(_) => None,
    }
}

/// The lines of a tree that the host would ignore.
#[must_use]
pub fn ignored(tree: &Tree, host: &Host) -> Vec<Ignored> {
    let newer = lines(tree).into_iter().filter_map(|line| {
        let row = row(&line)?;
        let (_, file, name) = line;
        row.since.is_newer_than(host).then_some(Ignored { file, name, since: row.since })
    });
    newer.collect()
}

/// The lines of a tree that have no row: section, file and name.
#[must_use]
pub fn unknown(tree: &Tree) -> Vec<(String, String, String)> {
    lines(tree).into_iter().filter(|line| row(line).is_none()).collect()
}

fn row((section, _, name): &(String, String, String)) -> Option<&'static Row> {
    rows::ROWS.iter().find(|row| row.section == section && row.name == name)
}

/// Section, file and name of every line, options of podman among them.
fn lines(tree: &Tree) -> BTreeSet<(String, String, String)> {
    let mut lines = BTreeSet::new();
    let kinds = [".service", ".timer", ".target", ".socket", ".conf", ".container"];
    for (file, content) in tree.iter().filter(|(file, _)| kinds.iter().any(|kind| file.ends_with(kind))) {
        let mut section = String::new();
        for line in String::from_utf8_lossy(content).lines().filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                name.clone_into(&mut section);
            } else if let Some((key, value)) = line.split_once('=') {
                lines.insert((section.clone(), file.to_owned(), key.to_owned()));
                lines.extend(options(key, value).map(|option| ("podman run".to_owned(), file.to_owned(), option)));
            }
        }
    }
    lines
}

/// The options before the image, by the word; none in a line that does not run podman.
fn options<'a>(key: &str, value: &'a str) -> impl Iterator<Item = String> + 'a {
    let run = value.strip_prefix("/usr/bin/podman run ").filter(|_| key == "ExecStart");
    let words = run.or((key == "PodmanArgs").then_some(value)).unwrap_or_default();
    let before_image = words.split(' ').take_while(|word| !word.contains("@sha256:"));
    let options = before_image.filter(|word| word.starts_with("--"));
    options.map(|word| word.split('=').next().unwrap_or(word).to_owned())
}

/// docs/host-matrix.md.
#[must_use]
pub fn page() -> String {
    let mut page = PAGE.to_owned();
    for (title, section) in SECTIONS {
        page += &format!("\n## {title}\n\n| line | since | source | |\n|---|---|---|---|\n");
        for row in rows::ROWS.iter().filter(|row| row.section == *section) {
            let equals = if row.name.starts_with("--") { "" } else { "=" };
            let since = match row.since {
                Since::Systemd(..=183) => "systemd 183 or before".to_owned(),
                Since::Podman(version) if version == Podman::MIN => "podman 4.3 or before".to_owned(),
                Since::Systemd(_) | Since::Podman(_) => row.since.to_string(),
            };
            page += &format!("| `{}{equals}` | {since} | {} | {} |\n", row.name, row.source, row.remark);
        }
    }
    page
}

const SECTIONS: &[(&str, &str)] = &[
    ("`[Unit]`", "Unit"),
    ("`[Service]`", "Service"),
    ("`[Timer]`", "Timer"),
    ("`[Install]`", "Install"),
    ("`[Container]`", "Container"),
    ("`[Quadlet]`", "Quadlet"),
    ("Options of `podman run`", "podman run"),
];

const PAGE: &str = "# The host matrix

Every line that `unitgen` renders, for any target, and the version it came with. A host that is older ignores the line, most
often without a word. So `[host]` of a manifest says what the host has, and what it would ignore is refused, or replaced by
what its documentation names instead, with a note of the render. The manifest's least is systemd 252 and podman 4.3 (Debian
12); a host without podman runs no containers and needs none of the lower tables.

| what | before | instead |
|---|---|---|
| files for podman's generator | podman 4.6 | refused: `--target podman-units` |
| a key of `[Container]` that came later than the declared podman | as in the table | `PodmanArgs=` with the option it stands for |
| `DefaultDependencies=` in `[Quadlet]` | podman 5.3 | left out: services wait for the network |
| `RestartMode=direct`, which makes `OnFailure=` fire once on 257 | systemd 254 | never rendered: `ExecStopPost=` tells, once an end on every version |
| `SocketBindDeny=` | Debian 12's build of 252 | target systemd refuses the call `listen` besides; targets that run containers say that they cannot hold it |

This page is printed by the program (`targets::matrix::page`); a test keeps it so, and another finds every rendered line here.
";
