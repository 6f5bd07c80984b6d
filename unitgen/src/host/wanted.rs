//! What a deployment's units want of a host, read from the units themselves.

use std::{collections::BTreeSet, path::Path};

use manifest::Podman;

use super::ContainersWanted;
use crate::Tree;

/// What is kept in the state directory.
pub(super) const STATE: &str = "the state";
/// Where `StateDirectory=` lies.
const STATES: &str = "/var/lib";
/// A day's ledger, watchlist and log, many times over.
const STATE_BYTES: u64 = 64 << 20;
const STATE_FILES: u64 = 1024;
/// While a render replaces its files, old and new lie side by side.
const COPIES: u64 = 2;
/// What units of containers run of the host's.
const SETPRIV: &str = "/usr/bin/setpriv";
const TOOLS: [&str; 3] = [SETPRIV, "/usr/bin/install", "/usr/bin/rm"];
const PODMAN: &str = "/usr/bin/podman";
/// A file takes whole blocks.
const BLOCK: u64 = 4096;

/// What is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The oldest systemd.
    pub systemd: u16,
    /// The user that units run as.
    pub user: String,
    /// Their group; empty in a login's manager, which has no choice of it.
    pub group: String,
    /// Whether they run in that user's own manager, and it must run from boot on.
    pub lingers: bool,
    /// Time zones of timers, each once.
    pub zones: Vec<String>,
    /// Programs of the release, each once.
    pub programs: Vec<String>,
    /// Programs of the host that units run beside them, each once.
    pub tools: Vec<String>,
    /// Credentials, each once.
    pub credentials: Vec<CredentialFile>,
    /// Places that are written to.
    pub places: Vec<Place>,
    /// What units that run podman want besides.
    pub containers: Option<ContainersWanted>,
}

/// A file that systemd reads a credential from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialFile {
    /// The file.
    pub path: String,
    /// The credential's name.
    pub name: String,
    /// Whether it is encrypted for this host.
    pub encrypted: bool,
    /// Whether its unit starts without it.
    pub may_be_missing: bool,
}

impl CredentialFile {
    /// Where releases before looked for it: one file for every deployment of a host.
    #[must_use]
    pub fn once_shared(&self) -> Option<String> {
        let folder = Path::new(&self.path).parent()?.parent()?;
        Some(folder.join(&self.name).display().to_string())
    }

    /// What makes the file of an encrypted credential, from what is typed.
    #[must_use]
    pub fn encrypt_command(&self) -> String {
        format!("systemd-creds encrypt --name={} - {}", self.name, self.path)
    }
}

/// A place that is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory; it need not be there, its parents must.
    pub path: String,
    /// What is written there.
    pub purpose: &'static str,
    /// Bytes that must be free.
    pub bytes: u64,
    /// Files that must be able to be added.
    pub files: u64,
}

impl Wanted {
    /// Reads a rendered tree; `out` is where it is to be written, if anywhere.
    #[must_use]
    pub fn of(tree: &Tree, systemd: u16, out: Option<&Path>) -> Self {
        let mut wanted = Self { systemd, ..Self::default() };
        let (mut programs, mut credentials, mut zones) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut tools = BTreeSet::new();
        let mut state = STATES.to_owned();
        let services = tree.iter().filter(|(path, _)| path.ends_with(".service"));
        for (_, content) in services {
            let text = String::from_utf8_lossy(content);
            for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
                match key {
                    // Where the ledger grows; it may be a volume of its own.
                    "StateDirectory" => state = format!("{STATES}/{value}"),
                    "Environment" => {
                        if let Some(below) = value.strip_prefix("STATE_DIRECTORY=%S/") {
                            state = format!("{STATES}/{below}");
                        }
                    }
                    "User" => value.clone_into(&mut wanted.user),
                    "Group" => value.clone_into(&mut wanted.group),
                    "ExecCondition" | "ExecStartPre" | "ExecStart" | "ExecStopPost" => {
                        let (of_host, of_release): (Vec<String>, Vec<String>) =
                            programs_of(value).into_iter().partition(|path| TOOLS.contains(&path.as_str()));
                        tools.extend(of_host);
                        programs.extend(of_release);
                        if let Some((user, group)) = becomes(value) {
                            wanted.user = user;
                            wanted.group = group;
                        }
                    }
                    "LoadCredential" | "LoadCredentialEncrypted" => {
                        credentials.extend(credential(key, value, &text));
                    }
                    _ => {}
                }
            }
        }
        for (_, content) in tree.iter().filter(|(path, _)| path.ends_with(".timer")) {
            let text = String::from_utf8_lossy(content);
            let fires = text.lines().filter_map(|line| line.strip_prefix("OnCalendar="));
            zones.extend(fires.filter_map(|fires| fires.rsplit(' ').next()).map(str::to_owned));
        }
        wanted.zones = zones.into_iter().collect();
        wanted.programs = programs.into_iter().collect();
        wanted.tools = tools.into_iter().collect();
        wanted.credentials = credentials.into_iter().collect();
        wanted.places = places(tree, out, state);
        wanted.containers = ContainersWanted::of(tree, None);
        wanted
    }

    /// The same with the podman that the manifest relies on, where units run it.
    #[must_use]
    pub fn with_podman(mut self, podman: Option<Podman>) -> Self {
        if let Some(containers) = &mut self.containers {
            containers.podman = podman;
        }
        self
    }

    /// The same in the manager of a login: `~` is its home, whose owner owns everything.
    #[must_use]
    pub fn for_login(mut self, login: &str) -> Self {
        login.clone_into(&mut self.user);
        self.group.clear();
        self.lingers = true;
        for credential in &mut self.credentials {
            if let Some(below) = credential.path.strip_prefix("/etc/portcullis/") {
                credential.path = format!("~/.config/portcullis/{below}");
            }
        }
        for place in &mut self.places {
            if let Some(below) = place.path.strip_prefix(STATES) {
                // Before 254 it is ~/.config, of the same file system or nobody's guess.
                place.path = format!("~/.local/state{below}");
            }
        }
        self
    }
}

/// What a command runs. podman is its own chapter.
fn programs_of(command: &str) -> Vec<String> {
    let words: Vec<&str> = command.trim_start_matches('-').split(' ').collect();
    let own = (words[0] == SETPRIV).then(|| words.iter().skip_while(|word| **word != "--").nth(1)).flatten();
    let all = words.first().into_iter().chain(own).filter(|word| **word != PODMAN);
    all.map(|word| (*word).to_owned()).collect()
}

/// As whom a command runs that becomes somebody else.
fn becomes(command: &str) -> Option<(String, String)> {
    let option = |name: &str| command.split(' ').find_map(|word| word.strip_prefix(name)).map(str::to_owned);
    (command.split(' ').next() == Some(SETPRIV)).then(|| Some((option("--reuid=")?, option("--regid=")?))).flatten()
}

fn credential(key: &str, value: &str, unit: &str) -> Option<CredentialFile> {
    let (name, path) = value.split_once(':')?;
    Some(CredentialFile {
        path: path.replace("%E", "/etc"),
        name: name.to_owned(),
        encrypted: key == "LoadCredentialEncrypted",
        may_be_missing: unit.contains(&format!("\nSetCredential={name}:")),
    })
}

fn places(tree: &Tree, out: Option<&Path>, state: String) -> Vec<Place> {
    let blocks = |content: &[u8]| (content.len() as u64).div_ceil(BLOCK) * BLOCK;
    let bytes: u64 = tree.iter().map(|(_, content)| blocks(content)).sum();
    let units = out.map(|out| Place {
        path: out.display().to_string(),
        purpose: "the rendered units",
        bytes: COPIES * bytes,
        files: COPIES * tree.iter().count() as u64,
    });
    let state = Place { path: state, purpose: STATE, bytes: STATE_BYTES, files: STATE_FILES };
    units.into_iter().chain([state]).collect()
}
