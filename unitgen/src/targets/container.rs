//! A unit's program in a container: what podman is told, whoever tells it.
//!
//! Paths are the same inside and outside, so the unit's variables hold in both; the container takes them by name, and no
//! value stands on a command line. Its user is the host's: gate, desk and program share files and locks.

use manifest::Deployment;

use super::{
    Note, Refused,
    option::Setting,
    sandbox::{self, Translated},
};
use crate::{
    guardrails::Guardrail,
    unit::{self, Directive, Type, Word},
};

/// Where the image has its programs.
const PROGRAMS: &str = "/usr/lib/portcullis/bin";
/// Where a container finds its credentials.
pub(super) const CREDENTIALS: &str = "/run/credentials";
/// Below `/run`; account locks lie here.
const LOCKS: &str = "portcullis";

/// The first systemd that Debian builds with `SocketBindDeny=`.
const SOCKET_BIND_EVERYWHERE: u16 = 257;
const LISTENS: &str =
    "Debian 12 builds its systemd without SocketBindDeny=, and what may be called is for podman's filter to say";
const FILTER: &str = "podman's own filter holds, which lets more pass";

/// A container.
#[derive(Debug)]
pub(super) struct Container<'a> {
    /// Its name, for `podman ps`.
    pub name: String,
    /// The image with its digest.
    pub image: &'a str,
    /// Whether it says itself that it is ready.
    pub is_notify: bool,
    /// Options, in order.
    pub settings: Vec<Setting>,
    /// Arguments of its program.
    pub args: Vec<Word>,
    /// Directives of the sandbox that stay in the unit.
    pub host: Vec<Directive>,
    /// Directories below the state that must be there because they are mounted apart.
    pub mounted_apart: Vec<Word>,
    /// What is lost.
    pub notes: Vec<Note>,
}

impl<'a> Container<'a> {
    /// The container of a unit's section.
    pub(super) fn of(deployment: &'a Deployment, name: &str, section: &unit::Service) -> Result<Self, Refused> {
        let image = deployment.release().image().ok_or(Refused::NoImage)?;
        let state = deployment.paths().state_directory();
        let Translated { settings: sandbox, host, read_only, mut notes } =
            sandbox::translate(&section.sandbox.directives, state);
        let is_notify = matches!(section.lifecycle.kind, Type::Notify { .. });
        notes.extend([
            Note::ScoreOfPodman,
            Note::GateOutside,
            Note::Loses { guardrail: Guardrail::CallsFiltered, instead: FILTER },
        ]);
        // Target `systemd` refuses the call `listen` as well; here podman's own filter would have to.
        let is_bound = host.iter().any(|directive| directive.key == "SocketBindDeny");
        if is_bound && deployment.host().systemd() < SOCKET_BIND_EVERYWHERE {
            notes.push(Note::Loses { guardrail: Guardrail::NetworkBounded, instead: LISTENS });
        }
        let (user, group) = super::host_part::identity(section);
        let program = section.lifecycle.start.path.rsplit('/').next().unwrap_or_default();
        let mut settings = vec![
            Setting::NeverPull,
            Setting::LogToUnit,
            Setting::StopSignal,
            Setting::NoVariablesOfImage,
            Setting::NoVolumesOfImage,
            Setting::User(user.to_owned(), group.to_owned()),
            Setting::Entrypoint(format!("{PROGRAMS}/{program}")),
        ];
        settings.extend(section.lifecycle.timeout_stop_seconds.map(Setting::StopTimeout));
        settings.extend(sandbox);
        settings.extend(volumes(state, section, name, &read_only));
        settings.extend(variables(section).map(Setting::Variable));
        if !section.credentials.is_empty() {
            settings.push(Setting::Assigned("CREDENTIALS_DIRECTORY", CREDENTIALS));
        }
        Ok(Self {
            // No name has a dot: with a dash two deployments could mean one container, and the second would end the first.
            name: format!("{}.{name}", deployment.name()),
            image,
            is_notify,
            settings,
            args: section.lifecycle.start.args.clone(),
            host,
            mounted_apart: read_only,
            notes,
        })
    }
}

/// Below `/run`: the unit's credentials, as its user may read them.
pub(super) fn credentials_directory(name: &str) -> String {
    format!("{name}.credentials")
}

/// The names of what a unit's program finds in its environment.
fn variables(section: &unit::Service) -> impl Iterator<Item = String> + '_ {
    let watchdog = matches!(section.lifecycle.kind, Type::Notify { .. }).then_some("WATCHDOG_USEC");
    let runtime = section.runtime_directory.map(|_| "RUNTIME_DIRECTORY");
    let of_systemd = ["STATE_DIRECTORY"].into_iter().chain(runtime).chain(watchdog);
    of_systemd.map(str::to_owned).chain(section.environment.iter().map(|(name, _)| name.clone()))
}

fn volumes(state: &str, section: &unit::Service, name: &str, read_only: &[Word]) -> Vec<Setting> {
    let etc = || Word::specifier('E').then("/portcullis");
    // By name the image would have to know the user; the host's files know it, and its number.
    let mut volumes = vec![
        Word::from("/etc/passwd:/etc/passwd:ro"),
        Word::from("/etc/group:/etc/group:ro"),
        // The directory and not the file: one that was replaced must be seen, and so must a day that is armed.
        mounted(&etc(), "ro,noexec,nosuid,nodev"),
    ];
    let whole = Word::specifier('S').then(&format!("/{state}"));
    if !read_only.contains(&whole) {
        volumes.push(mounted(&whole, "rw,noexec,nosuid,nodev"));
    }
    volumes.extend(read_only.iter().map(|path| mounted(path, "ro,noexec,nosuid,nodev")));
    if section.runtime_directory.is_some() {
        volumes.push(mounted(&Word::specifier('t').then(&format!("/{LOCKS}")), "rw,noexec,nosuid,nodev"));
    }
    if !section.credentials.is_empty() {
        let from = Word::specifier('t').then(&format!("/{}", credentials_directory(name)));
        volumes.push(from.then(&format!(":{CREDENTIALS}:ro,noexec,nosuid,nodev")));
    }
    let hidden = etc().then("/credentials:").then_word(&etc()).then("/credentials.encrypted");
    volumes.into_iter().map(Setting::Volume).chain([Setting::Mask(hidden)]).collect()
}

fn mounted(path: &Word, options: &str) -> Word {
    path.clone().then(":").then_word(path).then(&format!(":{options}"))
}
