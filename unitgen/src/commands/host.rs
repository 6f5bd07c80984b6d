//! What `check --host` and `render` have in common: the host is judged before anything of it changes.

use std::path::{Path, PathBuf};

use clap::Args;
use manifest::Scope;

use super::{Loaded, tell};
use crate::{
    Tree, containers,
    host::{self, Concern, Trouble, Wanted},
    installation::{Installation, Login},
    output,
    targets::{self, Target},
};

/// Where the manager of a login reads units.
const OF_A_LOGIN: [&str; 2] = [".config/systemd/user", "etc/systemd/user"];

/// Whose host, and what of it may be as it is.
#[derive(Debug, Args)]
pub(super) struct HostArgs {
    /// Look at the host whose root lies here
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// Go on although no server of time keeps the host's clock
    #[arg(long)]
    pub without_ntp: bool,
}

impl HostArgs {
    /// Everything that the host lacks. What is rendered there already, as NixOS has it, needs no room any more.
    pub(super) fn judge_whole(&self, loaded: &Loaded, target: Target) -> Vec<Trouble> {
        let login = || Login::find(&self.root, loaded.checked.deployment.identity().user()).ok();
        let installation = match loaded.checked.deployment.scope() {
            Scope::System => Some(Installation::SYSTEM),
            Scope::User => login().map(Installation::of_login),
        };
        let Some(installation) = installation else { return self.judge(loaded, target, None) };
        let units = self.root.join(installation.for_target(target).base());
        let name = loaded.checked.deployment.name().as_str();
        let is_there = output::compare(&units, &tree(loaded, target), name).is_ok_and(|changes| changes.is_empty());
        self.judge(loaded, target, (!is_there).then_some(units.as_path()))
    }

    /// Everything that the host lacks; `out` is where units are to be written.
    pub(super) fn judge(&self, loaded: &Loaded, target: Target, out: Option<&Path>) -> Vec<Trouble> {
        let out = out.map(|out| self.inside(out));
        let deployment = &loaded.checked.deployment;
        let tree = containers::loaded(&tree(loaded, target));
        let wanted = Wanted::of(&tree, deployment.host().systemd(), out.as_deref());
        let wanted = wanted.with_podman(deployment.host().podman());
        let wanted = match deployment.scope() {
            Scope::System => wanted,
            Scope::User => wanted.for_login(deployment.identity().user()),
        };
        host::judge(&wanted, &host::observe(&self.root, &wanted), self.without_ntp)
    }

    /// Whether a trouble keeps units from being written to `out`. Where the same manifest is rendered already, nothing does
    /// that is lacking already: a guardrail that was lost comes back, whatever else is missing.
    pub(super) fn refuses(&self, trouble: &Trouble, loaded: &Loaded, target: Target, out: &Path) -> bool {
        let (name, digest) = (loaded.checked.deployment.name().as_str(), loaded.checked.digest.as_str());
        let installed = output::installed(out, &tree(loaded, target), name, digest);
        if installed.is_empty() {
            return true;
        }
        match trouble.kind.concerns() {
            Concern::Place => Path::new(&trouble.subject) == self.inside(out),
            Concern::Program => !installed.contains(&trouble.subject),
            Concern::Other => false,
        }
    }

    /// A directory as the host sees it whose root was named.
    fn inside(&self, out: &Path) -> PathBuf {
        let full = std::path::absolute(out).unwrap_or_else(|_| out.to_owned());
        let root = std::path::absolute(&self.root).unwrap_or_else(|_| self.root.clone());
        full.strip_prefix(root).map_or_else(|_| full.clone(), |below| Path::new("/").join(below))
    }

    /// Whether systemd reads units from a directory, on the host whose root was named.
    pub(super) fn is_read_by_systemd(&self, out: &Path) -> bool {
        let inside = self.inside(out);
        let canonical = |path: &Path| path.canonicalize().ok();
        if OF_A_LOGIN.iter().any(|folder| inside.ends_with(folder)) {
            return true;
        }
        let mut read = Installation::SYSTEM.search_path().into_iter().chain(["/lib/systemd/system".to_owned()]);
        read.any(|path| {
            let there = canonical(&self.root.join(path.trim_start_matches('/')));
            inside == Path::new(&path) || (there.is_some() && there == canonical(out))
        })
    }
}

/// Nothing where the target refuses it, which whoever renders is told.
fn tree(loaded: &Loaded, target: Target) -> Tree {
    let rendered = targets::render(target, &loaded.checked.deployment, &loaded.bytes, &loaded.checked.digest);
    rendered.map(|rendered| rendered.tree).unwrap_or_default()
}

/// Every trouble, and how many.
pub(super) fn tell_troubles(troubles: &[Trouble]) {
    let mut text: String = troubles.iter().map(Trouble::to_text).collect();
    text += &match troubles.len() {
        1 => "this host lacks 1 thing that the units need\n".to_owned(),
        many => format!("this host lacks {many} things that the units need\n"),
    };
    tell(&text);
}
