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
        Account, Endpoint, Event, Host, Outcome, Real,
        accounts::accounts,
        host::now,
        hours::{Hours, hours},
        permission::{Permission, Refusal, Waivers, permit},
    },
    generations::{Image, Schema, StoreError},
    host::{Wanted as Needs, is_own},
    installation::Installation,
    plan::{
        Found, ManifestOf, Plan, Wanted,
        observe::{self, ObserveError},
        places_orders,
    },
    source, systemd,
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

    /// Says how it ended.
    pub(super) fn end(&self, outcome: &Outcome, folder: &Path) -> ExitCode {
        let (code, event, says) = match outcome {
            Outcome::Done(_) => return ExitCode::Ok,
            Outcome::Unchanged(why) => (ExitCode::CannotWrite, "unchanged", format!("{why}\n  nothing has changed")),
            Outcome::WentBack(why) => {
                (ExitCode::Unexpected, "went-back", format!("{why}\n  what was laid before is laid again, and is well"))
            }
            Outcome::Unrecorded(number, why) => {
                let says = format!(
                    "generation {number} is laid and well, but that cannot be recorded: {why}\n  help: make room, then do the same again"
                );
                (ExitCode::Halfway, "unrecorded", says)
            }
            Outcome::Halfway(wrong) => {
                let journal = folder.join("apply.state");
                let help = format!(
                    "{}\n  neither the new units nor those before are whole and well.\n  help: mend what is said above, then `unitgen rollback` \
                     goes back to where this began ({} says where); what is held keeps its stops at the broker meanwhile",
                    wrong.join("\n  "),
                    journal.display()
                );
                (ExitCode::Halfway, "halfway", help)
            }
        };
        if self.json {
            self.event(&Event::new(event, says.replace("\n  ", "; ")));
        } else {
            tell(&format!("{event}: {says}\n"));
        }
        code
    }
}

/// What a manifest wants of a host.
pub(super) fn wanted(loaded: &Loaded, root: &Path, installation: &Installation, programs: Option<&Release>) -> Wanted {
    let Loaded { path, bytes, checked } = loaded;
    let deployment = checked.deployment.name().as_str();
    let tree = systemd::render(&checked.deployment, bytes, &checked.digest);
    Wanted {
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
        orders: checked
            .deployment
            .services()
            .filter(|service| service.role().opens_positions())
            .map(|service| format!("{}.service", service.name()))
            .collect(),
    }
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
    let has_units = found.installed.units().chain(wanted.image.units()).next().is_some();
    if let Some(host) = host {
        let target = format!("{}.target", wanted.deployment);
        let active = host.systemctl(&["show", "--property=ActiveState", "--value", "--", &target]);
        found.is_active = active.ok().filter(|_| has_units).map(|state| state.trim() == "active");
    }
    found.now = now().ok();
    for account in accounts(&[&found.installed, &wanted.image], &wanted.installation) {
        let state = root.join(account.state.strip_prefix("/").unwrap_or(&account.state));
        let known = observe::ledgers(&state).into_iter().filter_map(|(path, schema)| match schema {
            Schema::Number(number) => Some((path, number)),
            Schema::Unknown => Some((path, u32::MAX)),
            Schema::Foreign => None,
        });
        found.ledgers.extend(known);
    }
    found.who = who();
    Ok(found)
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

/// What the manifest says that lies beside the units, when this unitgen can read it.
pub(super) fn installed_deployment(found: &Found, name: &str) -> Option<Deployment> {
    source::check(found.installed.manifest(name)?.as_bytes()).ok().map(|checked| checked.deployment)
}

/// The units that place orders, of those that lie there and those that shall.
pub(super) fn orders_of(wanted: &Wanted, found: &Found) -> BTreeSet<String> {
    let placed = found.installed.units().filter(|(_, text)| places_orders(text)).map(|(unit, _)| unit.into_owned());
    wanted.orders.iter().cloned().chain(placed).collect()
}

/// Addresses at which services say that they are well.
pub(super) fn endpoints(deployment: Option<&Deployment>) -> Vec<Endpoint> {
    let services = deployment.into_iter().flat_map(Deployment::services);
    let endpoint = |service: &manifest::Service| {
        let (listen, unit) = (service.listen()?, format!("{}.service", service.name()));
        Some(Endpoint { unit, address: listen.address(), path: listen.health()?.to_owned() })
    };
    services.filter_map(endpoint).collect()
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
        StoreError::Damaged { .. } => {
            (ExitCode::BadData, "move the file away; the files on the host are what they were")
        }
        StoreError::Locked(_) => (ExitCode::LockHeld, "wait until it has ended"),
    };
    tell(&format!("error: {error}{source}\n  hint: {hint}\n"));
    code
}

/// A root as it was named, absolute.
pub(super) fn absolute(root: &Path) -> PathBuf {
    std::path::absolute(root).unwrap_or_else(|_| root.to_owned())
}
