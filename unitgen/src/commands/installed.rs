//! Where the deployment of a manifest lives on a host, and whether whoever runs this may change it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use contract::ExitCode;
use manifest::Scope;

use super::{Loaded, tell};
use crate::{
    Tree, containers,
    host::is_own,
    installation::{Installation, Login, NoLogin},
    search_path,
    systemctl::{Systemctl, ThisHost},
    targets::{self, Target},
};

/// What a manifest is rendered for, where that is units of a host.
#[derive(Debug, Args)]
pub(super) struct TargetArgs {
    /// What the manifest is rendered for [default: what lies there of the deployment; where nothing does, systemd]
    #[arg(long)]
    target: Option<OnHost>,
}

/// The targets that are units of a host.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum OnHost {
    /// Units of the manager
    Systemd,
    /// Files for podman's generator, and units beside them
    Quadlet,
    /// Units that run podman themselves
    PodmanUnits,
}

impl TargetArgs {
    /// The target that was named.
    pub(super) fn named(&self) -> Option<Target> {
        self.target.map(|target| match target {
            OnHost::Systemd => Target::Systemd,
            OnHost::Quadlet => Target::Quadlet,
            OnHost::PodmanUnits => Target::PodmanUnits,
        })
    }
}

impl Loaded {
    /// Where it lives on the host whose root lies here, rendered for a target: the one that is named, or that lies there.
    pub(super) fn installation(&self, root: &Path, target: Option<Target>) -> Result<Installation, ExitCode> {
        let deployment = &self.checked.deployment;
        let installation = match deployment.scope() {
            Scope::System => Installation::SYSTEM,
            Scope::User => login(root, deployment.identity().user()).map(Installation::of_login)?,
        };
        let target = target.unwrap_or_else(|| self.target_in(&installation.directories(root)));
        Ok(installation.for_target(target))
    }

    /// The same for whoever looks at files alone, in some directories: of a login that is not here its home is where homes are.
    pub(super) fn installation_of_files(
        &self,
        directories: &[PathBuf],
        target: Option<Target>,
    ) -> Result<Installation, ExitCode> {
        let (root, user) = (Path::new("/"), self.checked.deployment.identity().user());
        if self.checked.deployment.scope() == Scope::User && Login::find(root, user).is_err() {
            return Ok(Installation::of_login(Login::at_home(user, 0, &format!("/home/{user}"))));
        }
        let there = (!directories.is_empty()).then(|| self.target_in(directories));
        self.installation(root, target.or(there))
    }

    /// Which target of it lies in some directories: without an image no other than systemd can.
    pub(super) fn target_in(&self, directories: &[PathBuf]) -> Target {
        let deployment = &self.checked.deployment;
        if deployment.release().image().is_none() {
            return Target::Systemd;
        }
        let listing = search_path::read(directories, &BTreeSet::new()).unwrap_or_default();
        containers::installed(&listing, deployment.name().as_str()).unwrap_or(Target::Systemd)
    }

    /// Its tree for a target; a refusal is told.
    pub(super) fn rendered(&self, target: Target) -> Result<Tree, ExitCode> {
        let rendered = targets::render(target, &self.checked.deployment, &self.bytes, &self.checked.digest);
        rendered.map(|rendered| rendered.tree).map_err(|refused| {
            tell(&format!("error: {}: {refused}\n  hint: {}\n", self.path.display(), refused.hint()));
            ExitCode::BadConfig
        })
    }

    /// The same as it is loaded.
    pub(super) fn units(&self, target: Target) -> Result<Tree, ExitCode> {
        self.rendered(target).map(|tree| containers::loaded(&tree))
    }
}

/// A login of a host.
pub(super) fn login(root: &Path, name: &str) -> Result<Login, ExitCode> {
    Login::find(root, name).map_err(|error| no_login(&error))
}

/// The installation that a command without a manifest means: that of a login it names, or of the login that runs it.
pub(super) fn named(root: &Path, name: Option<&str>) -> Result<Installation, ExitCode> {
    let found = match name {
        Some(name) => login(root, name).map(Some)?,
        None if is_own(root) => Login::of_this_process().map_err(|error| no_login(&error))?,
        None => None,
    };
    Ok(found.map_or(Installation::SYSTEM, Installation::of_login))
}

fn no_login(error: &NoLogin) -> ExitCode {
    let hint = "make the login, with a home: `useradd --create-home LOGIN`, then `loginctl enable-linger LOGIN`";
    tell(&format!("refused[no-login]: {error}\n  help: {hint}\n"));
    ExitCode::GateRefused
}

/// The manifests' copies among the units: of the system, and of the login that runs this.
pub(super) fn manifests_here() -> Result<Vec<PathBuf>, search_path::SearchPathError> {
    let root = Path::new("/");
    let mut found = search_path::manifests(&Installation::SYSTEM.directories(root))?;
    if let Ok(Some(login)) = Login::of_this_process() {
        // Where a login's manager reads nothing there is nothing of it.
        found.extend(search_path::manifests(&Installation::of_login(login).directories(root)).unwrap_or_default());
    }
    Ok(found)
}

/// Refuses what a login's manager would not hear of: from root and from other logins, which it does not answer, and while
/// it does not run. On a root that is not this host's own nobody is asked.
pub(super) fn may_act(installation: &Installation, root: &Path) -> Result<(), ExitCode> {
    let Some(login) = installation.login().filter(|_| is_own(root)) else { return Ok(()) };
    let refused = |code: &str, says: String, help: String| {
        tell(&format!("refused[{code}]: {says}\n  help: {help}\n"));
        Err(ExitCode::GateRefused)
    };
    let Login { name, uid, runtime, .. } = login;
    let me = rustix::process::geteuid();
    if me.as_raw() != *uid {
        let says = format!("these units are those of {name}'s own manager, and this runs as user id {}", me.as_raw());
        let help = format!(
            "run this as {name}: in `machinectl shell {name}@`, or by `sudo -iu {name} env XDG_RUNTIME_DIR={runtime} unitgen ...`"
        );
        return refused("not-the-login", says, help);
    }
    if !Path::new(runtime).join("systemd/private").exists() {
        let says = format!("the manager of {name} does not run: there is no {runtime}/systemd/private");
        let help = format!("`loginctl enable-linger {name}` starts it, now and at every boot");
        return refused("no-manager", says, help);
    }
    let units = format!("/{}", installation.units());
    let read = ThisHost::of(installation).systemctl(&["show", "--property=UnitPath", "--value"]);
    match read {
        Ok(path) if path.split_whitespace().any(|folder| folder == units) => Ok(()),
        Ok(path) => {
            let says = format!("the manager of {name} reads no units in {units}, but in {}", path.trim());
            let help = "XDG_CONFIG_HOME here is not the manager's: unset it here, or set it for both";
            refused("other-home", says, help.to_owned())
        }
        Err(error) => {
            let help = format!("`systemctl --user status` must work here; XDG_RUNTIME_DIR is {runtime}");
            refused("no-manager", format!("the manager of {name} does not answer: {error}"), help)
        }
    }
}
