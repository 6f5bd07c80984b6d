//! The options of a container, each as podman's command line and as a key of its generator has it.
//!
//! Source: podman-run(1), podman-systemd.unit(5). An option and its value are one word (`--option=value`), so that no
//! value can be taken for another option.

use manifest::Podman;

use super::matrix;
use crate::unit::Word;

/// One option of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// Never fetch an image: a start does not wait for a registry.
    NeverPull,
    /// What it says goes straight to the unit's journal.
    LogToUnit,
    /// The root is read-only.
    ReadOnly,
    /// No directory is made writable besides.
    NoWritableTmpfs,
    /// Memory that can be written and not run.
    Tmpfs(&'static str),
    /// No capability at all.
    DropAllCapabilities,
    /// No set-user program makes more of it.
    NoNewPrivileges,
    /// `host` or `none`.
    Network(&'static str),
    /// How long a stop waits.
    StopTimeout(u32),
    /// What a stop sends, whatever the image says.
    StopSignal,
    /// A limit.
    Ulimit(&'static str),
    /// The mask of new files.
    Umask(String),
    /// User and group, by the host's files.
    User(String, String),
    /// A directory of the host at the same place, or at another.
    Volume(Word),
    /// Directories of a volume that are hidden.
    Mask(Word),
    /// A variable of the unit, by its name.
    Variable(String),
    /// A variable of the container alone.
    Assigned(&'static str, &'static str),
    /// No variable of the image.
    NoVariablesOfImage,
    /// No volume that the image declares.
    NoVolumesOfImage,
    /// The program, whatever the image would run.
    Entrypoint(String),
}

impl Setting {
    /// The option on podman's command line, as one word.
    pub(super) fn option(&self) -> Word {
        let word = |text: &str| Word::from(text);
        match self {
            Self::NeverPull => word("--pull=never"),
            Self::LogToUnit => word("--log-driver=passthrough"),
            Self::ReadOnly => word("--read-only"),
            Self::NoWritableTmpfs => word("--read-only-tmpfs=false"),
            Self::Tmpfs(path) => word(&format!("--tmpfs={}", tmpfs(path))),
            Self::DropAllCapabilities => word("--cap-drop=all"),
            Self::NoNewPrivileges => word("--security-opt=no-new-privileges"),
            Self::Network(network) => word(&format!("--network={network}")),
            Self::StopTimeout(seconds) => word(&format!("--stop-timeout={seconds}")),
            Self::StopSignal => word("--stop-signal=SIGTERM"),
            Self::Ulimit(limit) => word(&format!("--ulimit={limit}")),
            Self::Umask(mask) => word(&format!("--umask={mask}")),
            Self::User(user, group) => word(&format!("--user={user}:{group}")),
            Self::Volume(volume) => volume.assigned_to("--volume"),
            Self::Mask(paths) => paths.assigned_to("--security-opt=mask"),
            Self::Variable(name) => word(&format!("--env={name}")),
            Self::Assigned(name, value) => word(&format!("--env={name}={value}")),
            Self::NoVariablesOfImage => word("--unsetenv-all"),
            Self::NoVolumesOfImage => word("--image-volume=ignore"),
            Self::Entrypoint(path) => word(&format!("--entrypoint={path}")),
        }
    }

    /// The keys of the generator that say the same, each with its value; empty when it has none.
    pub(super) fn keys(&self) -> Vec<(&'static str, String)> {
        let text = |text: &str| text.to_owned();
        match self {
            Self::NeverPull => vec![("Pull", text("never"))],
            Self::LogToUnit => vec![("LogDriver", text("passthrough"))],
            Self::ReadOnly => vec![("ReadOnly", text("true"))],
            Self::NoWritableTmpfs => vec![("ReadOnlyTmpfs", text("false"))],
            Self::Tmpfs(path) => vec![("Tmpfs", tmpfs(path))],
            Self::DropAllCapabilities => vec![("DropCapability", text("all"))],
            Self::NoNewPrivileges => vec![("NoNewPrivileges", text("true"))],
            Self::Network(network) => vec![("Network", text(network))],
            Self::StopTimeout(seconds) => vec![("StopTimeout", seconds.to_string())],
            Self::StopSignal => vec![("StopSignal", text("SIGTERM"))],
            Self::Ulimit(limit) => vec![("Ulimit", text(limit))],
            Self::User(user, group) => vec![("User", user.clone()), ("Group", group.clone())],
            Self::Volume(volume) => vec![("Volume", volume.plain())],
            Self::Mask(paths) => vec![("Mask", paths.plain())],
            Self::Entrypoint(path) => vec![("Entrypoint", path.clone())],
            // Environment= with a name and no value is dropped by the generator without a word.
            Self::Variable(_)
            | Self::Assigned(..)
            | Self::Umask(_)
            | Self::NoVariablesOfImage
            | Self::NoVolumesOfImage => Vec::new(),
        }
    }

    /// The first of its keys that this podman's generator does not know.
    pub(super) fn unknown_key(&self, podman: Podman) -> Option<(&'static str, Podman)> {
        let keys = self.keys().into_iter().map(|(key, _)| key);
        let mut since = keys.filter_map(|key| Some((key, matrix::key_since(key)?)));
        since.find(|(_, since)| *since > podman)
    }
}

fn tmpfs(path: &str) -> String {
    format!("{path}:rw,noexec,nosuid,nodev,size=64m,mode=1777")
}
