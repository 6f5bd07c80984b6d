//! What a `podman run` does, read back from the words that it is given, and the guardrails that its container holds.
//!
//! Written apart from what renders, and for whatever wrote the words: our units or podman's generator. `--option value`,
//! `--option=value` and `-v` are one to podman and to this. Source: podman-run(1).

use std::collections::BTreeMap;

use crate::guardrails::{Guardrail, Verdict, redacted};

/// Options that take no value.
const FLAGS: [&str; 7] =
    ["--detach", "--read-only", "--read-only-tmpfs", "--replace", "--rm", "--unsetenv-all", "--privileged"];
const SHORT: [(&str, &str); 4] = [("-d", "--detach"), ("-v", "--volume"), ("-e", "--env"), ("-u", "--user")];
/// Options that take from a container what it has by itself.
const OPENS: [&str; 8] =
    ["--privileged", "--cap-add", "--device", "--pid", "--ipc", "--userns", "--cgroupns", "--volumes-from"];

/// The guardrails of a unit's sandbox that are the container's business where there is one.
pub const OF_CONTAINER: [Guardrail; 9] = [
    Guardrail::AccountLock,
    Guardrail::Unprivileged,
    Guardrail::ReadOnlySystem,
    Guardrail::KernelShielded,
    Guardrail::ProcessesApart,
    Guardrail::CallsFiltered,
    Guardrail::OwnPrograms,
    Guardrail::NetworkBounded,
    Guardrail::PrivateFiles,
];

/// One `podman run`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Options by their long names, in order; nothing for a flag.
    pub options: Vec<(String, String)>,
    /// The image.
    pub image: String,
    /// What its program is given.
    pub args: Vec<String>,
}

impl Run {
    /// Reads a command line's words, the program first.
    ///
    /// # Errors
    /// When it is no `podman run`, or ends before its image.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let [podman, run, rest @ ..] = words else { return Err("no command".to_owned()) };
        if !podman.ends_with("/podman") || run != "run" {
            return Err(format!("{podman} {run} is no podman run"));
        }
        let mut read = Self::default();
        let mut words = rest.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                word.clone_into(&mut read.image);
                read.args = words.cloned().collect();
                return Ok(read);
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let name = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, long)| long);
            let value = match value {
                Some(value) => value,
                None if FLAGS.contains(&name) => String::new(),
                None => words.next().cloned().ok_or_else(|| format!("{name} has no value"))?,
            };
            read.options.push((name.to_owned(), value));
        }
        Err("it names no image".to_owned())
    }

    /// Every value of an option.
    pub fn values<'a>(&'a self, option: &'a str) -> impl Iterator<Item = &'a str> {
        self.options.iter().filter(move |(name, _)| name == option).map(|(_, value)| value.as_str())
    }

    /// What another run of the same container does not do as this one, or does besides: in words. The order of options means
    /// nothing.
    #[must_use]
    pub fn differing(&self, other: &Self) -> Option<String> {
        let sorted = |run: &Self| {
            let mut options = run.options.clone();
            // Named by some versions, and the host's default either way.
            options.retain(|(name, _)| name != "--runtime");
            options.sort();
            options
        };
        let (ours, its) = (sorted(self), sorted(other));
        let said = |(name, value): &(String, String)| {
            if value.is_empty() { name.clone() } else { redacted(&format!("{name}={value}")) }
        };
        let more = its.iter().find(|option| count(&its, option) > count(&ours, option));
        let less = || ours.iter().find(|option| count(&ours, option) > count(&its, option));
        if let Some(option) = more {
            return Some(format!("it runs with {}", said(option)));
        }
        if let Some(option) = less() {
            return Some(format!("it runs without {}", said(option)));
        }
        if self.image != other.image {
            return Some(format!("it runs the image {:?}", other.image));
        }
        (self.args != other.args).then(|| "its program is given other arguments".to_owned())
    }

    /// Which of [`OF_CONTAINER`] the container holds; `keeps_locks` when its unit's does on target `systemd`, and
    /// `denies_binds` when its unit's control group keeps it from listening.
    #[must_use]
    pub fn judge(&self, keeps_locks: bool, denies_binds: bool) -> BTreeMap<Guardrail, Verdict> {
        let mut verdicts = BTreeMap::new();
        let mut put = |guardrail: Guardrail, lost: Option<String>, held: &str| {
            verdicts.insert(guardrail, lost.map_or_else(|| Verdict::Held(held.to_owned()), Verdict::Lost));
        };
        if keeps_locks {
            let mounted = self.has("--volume", |volume| volume.contains("/portcullis:") && volume.contains(":rw"));
            put(
                Guardrail::AccountLock,
                missing(mounted, "the directory of locks is not mounted"),
                "its locks are the host's",
            );
        }
        put(Guardrail::Unprivileged, self.privileged(), "a user, no capability, and no way to more");
        put(Guardrail::ReadOnlySystem, self.writable(), "--read-only");
        put(Guardrail::KernelShielded, self.opened(), "no capability, no device, the kernel's files read-only");
        put(Guardrail::ProcessesApart, self.opened(), "processes, mounts and IPC of its own");
        let filter = "podman's own filter is wider than an allow-list of what our programs call";
        put(Guardrail::CallsFiltered, Some(filter.to_owned()), "");
        put(Guardrail::OwnPrograms, self.foreign_program(), "a pinned image, and nothing that is written can be run");
        put(Guardrail::NetworkBounded, self.open_network(denies_binds), "--network");
        put(Guardrail::PrivateFiles, missing(self.is("--umask", "0077"), "--umask=0077 is missing"), "--umask=0077");
        verdicts
    }

    fn has(&self, option: &str, mut is: impl FnMut(&str) -> bool) -> bool {
        self.values(option).any(&mut is)
    }

    fn is(&self, option: &str, value: &str) -> bool {
        let mut values = self.values(option).peekable();
        values.peek().is_some() && values.all(|said| said == value)
    }

    fn opened(&self) -> Option<String> {
        let opens = |(name, _): &&(String, String)| OPENS.contains(&name.as_str());
        if let Some((name, value)) = self.options.iter().find(opens) {
            return Some(if value.is_empty() { name.clone() } else { format!("{name}={value}") });
        }
        let weak = |value: &str| {
            ["unmask", "seccomp=", "apparmor=", "label=", "systempaths="].iter().any(|weak| value.starts_with(weak))
        };
        self.values("--security-opt").find(|value| weak(value)).map(|value| format!("--security-opt={value}"))
    }

    fn privileged(&self) -> Option<String> {
        let user = self.values("--user").last().unwrap_or_default();
        let is_root = ["", "root", "0"].contains(&user.split(':').next().unwrap_or_default());
        let lost = [
            (is_root, format!("--user={user}")),
            (!self.has("--cap-drop", |dropped| dropped == "all"), "--cap-drop=all is missing".to_owned()),
            (
                !self.has("--security-opt", |said| said == "no-new-privileges"),
                "no-new-privileges is missing".to_owned(),
            ),
        ];
        lost.into_iter().find(|(is_lost, _)| *is_lost).map(|(_, why)| why).or_else(|| self.opened())
    }

    fn writable(&self) -> Option<String> {
        let read_only = self.values("--read-only").last().is_some_and(|value| ["", "true"].contains(&value));
        let memory = self.values("--read-only-tmpfs").last().is_some_and(|value| value == "false");
        let own = |volume: &str| {
            volume.starts_with("%S/") || volume.starts_with("/var/lib/") || volume.contains("/portcullis:")
        };
        let other = self
            .values("--volume")
            .find(|volume| !volume.split(':').nth(2).unwrap_or("rw").starts_with("ro") && !own(volume));
        missing(read_only, "--read-only is missing")
            .or_else(|| missing(memory, "--read-only-tmpfs=false is missing"))
            .or_else(|| other.map(|volume| format!("{volume} can be written")))
    }

    fn foreign_program(&self) -> Option<String> {
        let pinned = self.image.contains("@sha256:");
        let entrypoint = self.values("--entrypoint").last().is_some_and(|path| path.starts_with('/'));
        let runs = |mount: &&str| !mount.contains(":ro") && !mount.contains("noexec");
        let runnable = self.values("--volume").chain(self.values("--tmpfs")).find(runs);
        missing(pinned, "the image has no digest")
            .or_else(|| missing(entrypoint, "the image says what runs"))
            .or_else(|| missing(self.is("--image-volume", "ignore"), "the image says what can be written"))
            .or_else(|| runnable.map(|mount| format!("what is written to {mount} can be run")))
    }

    fn open_network(&self, denies_binds: bool) -> Option<String> {
        let bound = self.is("--network", "none") || (self.is("--network", "host") && denies_binds);
        let published =
            self.options.iter().any(|(name, _)| ["--publish", "-p", "--publish-all", "-P"].contains(&name.as_str()));
        missing(bound && !published, "a process in it can listen")
    }
}

fn count(options: &[(String, String)], option: &(String, String)) -> usize {
    options.iter().filter(|one| *one == option).count()
}

fn missing(is_there: bool, why: &str) -> Option<String> {
    (!is_there).then(|| why.to_owned())
}
