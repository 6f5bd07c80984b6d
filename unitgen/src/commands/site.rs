//! What `plan`, `apply` and `rollback` have in common: a deployment on a host, looked at before anything of it changes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use contract::ExitCode;
use manifest::{Deployment, Release};

use super::{Loaded, say, tell};
use crate::{
    apply::{
        Account, Event, Host, Real,
        accounts::accounts,
        host::now,
        hours::{Hours, hours},
        permission::{Permission, Refusal, Waivers, permit},
        shown::Shown,
    },
    generations::{Image, StoreError},
    host::{ContainersWanted, Trouble, Wanted as Needs, is_own},
    installation::Installation,
    plan::{
        Found, ManifestOf, Plan, Running, Wanted,
        observe::{self, ObserveError},
        orders,
    },
};

/// Flags of what changes a host.
#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// Go on while something is held, or a trading day is under way; stops nothing that holds, and loses no guardrail
    #[arg(long)]
    during_session: bool,
    /// Let what places orders run on as it is; its next start takes the new units
    #[arg(long)]
    keep_running: bool,
    /// How long units may take to become well, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(1..=86400))]
    timeout: u64,
    /// Change nothing; say what would be done, and whether it may be
    #[arg(long)]
    pub dry_run: bool,
    /// Print a line of JSON for each thing that happens
    #[arg(long)]
    pub json: bool,
}

impl ChangeArgs {
    pub(super) fn waivers(&self) -> Waivers {
        Waivers { during_session: self.during_session, keep_running: self.keep_running }
    }

    pub(super) fn bound(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    pub(super) fn event(&self, event: &Event) {
        say(&if self.json { event.to_json() + "\n" } else { event.to_text() + "\n" });
    }

    /// Says why it is refused.
    pub(super) fn refuse(&self, refusals: &[Refusal]) -> ExitCode {
        for Refusal { code, says, remedy } in refusals {
            if self.json {
                self.event(&Event::new("refused", format!("[{code}] {says}; {remedy}")));
            } else {
                tell(&format!("refused[{code}]: {says}\n  help: {remedy}\n"));
            }
        }
        ExitCode::GateRefused
    }
}

/// What a manifest wants of a host.
///
/// # Errors
/// When the target refuses it, which is told.
pub(super) fn wanted(
    loaded: &Loaded,
    root: &Path,
    installation: &Installation,
    programs: Option<&Release>,
) -> Result<Wanted, ExitCode> {
    let Loaded { path, bytes, checked } = loaded;
    let deployment = checked.deployment.name().as_str();
    let tree = loaded.rendered(installation.target())?;
    Ok(Wanted {
        deployment: deployment.to_owned(),
        manifest: ManifestOf {
            path: path.display().to_string(),
            digest: checked.digest.clone(),
            text: String::from_utf8_lossy(bytes).into_owned(),
            programs: programs.map(|release| release.programs().to_owned()),
        },
        root: root.display().to_string(),
        installation: installation.clone(),
        image: Image::of(&tree, installation, deployment, bytes),
        orders: orders::of_roles(&checked.deployment),
    })
}

/// What containers of an image lack on a host: podman, its generator, what they run. Without it no start would succeed.
pub(super) fn lacks_of_containers(root: &Path, image: &Image) -> Vec<Trouble> {
    let Some(containers) = ContainersWanted::of(&image.tree(), None) else { return Vec::new() };
    let needs = Needs { containers: Some(containers.clone()), ..Needs::default() };
    let found = crate::host::observe(root, &needs).containers.unwrap_or_default();
    crate::host::judge_containers(&containers, &found)
}

/// The programs that units run.
pub(super) fn programs_of(image: &Image) -> Vec<String> {
    Needs::of(&image.tree(), 0, None).programs
}

/// Looks at the host.
pub(super) fn look(root: &Path, wanted: &Wanted, host: Option<&dyn Host>) -> Result<Found, ExitCode> {
    observed(root, wanted, host).map_err(|error| cannot_look(&error))
}

/// The same, with what is wrong.
pub(super) fn observed(root: &Path, wanted: &Wanted, host: Option<&dyn Host>) -> Result<Found, ObserveError> {
    let mut found = observe::observe(root, wanted, &programs_of(&wanted.image))?;
    if let Some(damaged) = &found.damaged {
        tell(&format!(
            "warning: {damaged}\n  help: what lies on the host is as it was, and is kept anew by the next apply\n"
        ));
    }
    if let Some(host) = host {
        found.running = Some(running(wanted, &found, host)?);
    }
    found.now = now().ok();
    found.ledgers = observe::ledgers_of(root, &accounts(&[&found.installed, &wanted.image], &wanted.installation));
    found.who = who();
    Ok(found)
}

/// What systemd says of the deployment.
fn running(wanted: &Wanted, found: &Found, host: &dyn Host) -> Result<Running, ObserveError> {
    let target = format!("{}.target", wanted.deployment);
    let names: BTreeSet<String> = found.installed.unit_names().chain(wanted.image.unit_names()).collect();
    let properties = format!("--property={}", Running::PROPERTIES);
    let mut arguments = vec!["show", &properties, "--", &target];
    arguments.extend(names.iter().map(String::as_str).filter(|unit| *unit != target));
    let shown = Shown::read(&host.systemctl(&arguments).map_err(ObserveError::Systemd)?);
    Ok(Running::read(&shown, &wanted.image, &target))
}

/// The running host, when the root is its own.
pub(super) fn host_of(root: &Path, installation: &Installation) -> Option<Real> {
    is_own(root).then(|| Real::of(installation))
}

/// May this be done now?
pub(super) fn ask(
    plan: &Plan,
    waivers: Waivers,
    host: Option<&dyn Host>,
    accounts: &[Account],
    deployments: &[&Deployment],
) -> Permission {
    // Nothing runs on a root that is not this host's own.
    let Some(host) = host else { return Permission::Granted };
    let holding = accounts.iter().map(|account| host.holding(account));
    let holding = holding.fold(crate::apply::holding::Holding::Flat, crate::apply::holding::Holding::and);
    let at: Hours = hours(&host.now(), deployments);
    permit(&plan.nature(), waivers, &holding, &at)
}

/// Who runs this, as far as the environment says.
fn who() -> String {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let user = variable("USER").or_else(|| variable("LOGNAME"));
    let uid = rustix::process::geteuid().as_raw();
    let user = user.unwrap_or_else(|| if uid == 0 { "root".to_owned() } else { format!("uid {uid}") });
    match variable("SUDO_USER") {
        Some(by) => format!("{user} for {by}"),
        None => user,
    }
}

pub(super) fn cannot_look(error: &ObserveError) -> ExitCode {
    match error {
        ObserveError::Output(error) => {
            let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
            tell(&format!("error: {error}{source}\n  hint: {}\n", error.hint()));
            ExitCode::CannotWrite
        }
        ObserveError::Store(error) => cannot_keep(error),
        ObserveError::SearchPath(_) | ObserveError::Read { .. } => {
            tell(&format!("error: {error}\n  hint: run as root, or as the login whose units they are\n"));
            ExitCode::BadData
        }
        ObserveError::Systemd(_) => {
            tell(&format!(
                "refused[no-systemd]: {error}\n  help: nothing may be stopped or started unknown; `systemctl status` must work here\n"
            ));
            ExitCode::GateRefused
        }
        ObserveError::Immutable { .. } => {
            tell(&format!(
                "error: {error}\n  hint: on such a host its own configuration lays units: `nixos-rebuild`\n"
            ));
            ExitCode::CannotWrite
        }
    }
}

/// Says what is wrong with the generations.
pub(super) fn cannot_keep(error: &StoreError) -> ExitCode {
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    let (code, hint) = match error {
        StoreError::Io { .. } => {
            (ExitCode::CannotWrite, "run as root, or as the login whose units they are, and see that the disk has room")
        }
        StoreError::Damaged { path, .. } if path.ends_with("apply.state") => (
            ExitCode::BadData,
            "it says what an interrupted apply was doing, and the files on the host may be of two generations: compare them with \
             `unitgen verify`; once it is moved away, plan and apply what shall lie there",
        ),
        StoreError::Damaged { .. } => (
            ExitCode::BadData,
            "the files on the host are what they were; take another generation, `unitgen rollback --list` has them",
        ),
        StoreError::Locked(_) => (ExitCode::LockHeld, "wait until it has ended"),
    };
    tell(&format!("error: {error}{source}\n  hint: {hint}\n"));
    code
}

/// A root as it was named, absolute.
pub(super) fn absolute(root: &Path) -> PathBuf {
    std::path::absolute(root).unwrap_or_else(|_| root.to_owned())
}
