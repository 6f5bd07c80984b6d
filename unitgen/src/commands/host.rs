//! What `check --host` and `render` have in common: the host is judged before anything of it changes.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Loaded, tell};
use crate::{
    host::{self, Trouble, Wanted},
    search_path::OF_THE_SYSTEM,
    systemd,
};

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
    /// Everything that the host lacks; `out` is where units are to be written.
    pub(super) fn judge(&self, loaded: &Loaded, out: Option<&Path>) -> Vec<Trouble> {
        let deployment = &loaded.checked.deployment;
        let tree = systemd::render(deployment, &loaded.bytes, &loaded.checked.digest);
        let out = out.map(|out| self.inside(out));
        let wanted = Wanted::of(&tree, deployment.host().systemd(), out.as_deref());
        host::judge(&wanted, &host::observe(&self.root, &wanted), self.without_ntp)
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
        let mut read = OF_THE_SYSTEM.iter().copied().chain(["/lib/systemd/system"]);
        read.any(|path| {
            let there = canonical(&self.root.join(path.trim_start_matches('/')));
            inside == Path::new(path) || (there.is_some() && there == canonical(out))
        })
    }
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
