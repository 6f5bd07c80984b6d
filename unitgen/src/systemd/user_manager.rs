//! What the manager of a login cannot hold of a sandbox, and what stands there instead.
//!
//! Measured on 252 and 257. A render never leaves anything out in silence: [`left_out`] go into the header of every unit and
//! to whoever renders.

use manifest::{Deployment, Scope};

use crate::unit::{Directive, Sandbox};

/// A directive that a target cannot hold, with what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The directive.
    pub directive: &'static str,
    /// Why it is not there, and what is there instead.
    pub leaves: &'static str,
}

/// What is left out of every unit of a login's manager.
const OF_USER_MANAGER: [LeftOut; 5] = [
    LeftOut { directive: "IPAddressDeny", leaves: "accepted and not enforced: addresses are not filtered" },
    LeftOut { directive: "IPAddressAllow", leaves: "accepted and not enforced: addresses are not filtered" },
    LeftOut {
        directive: "SocketBindDeny",
        leaves: "accepted and not enforced: the filter of system calls still refuses to listen",
    },
    LeftOut { directive: "SocketBindAllow", leaves: "accepted and not enforced" },
    LeftOut {
        directive: "DevicePolicy",
        leaves: "device access is the system manager's: PrivateDevices= hides what is not needed",
    },
];

/// What the units of a deployment are without, because their manager cannot hold it.
#[must_use]
pub fn left_out(deployment: &Deployment) -> &'static [LeftOut] {
    match deployment.scope() {
        Scope::System => &[],
        Scope::User => &OF_USER_MANAGER,
    }
}

/// The sandbox as a login's manager can hold it: the home is empty but for the state and the installed manifest.
pub(crate) fn fit(sandbox: Sandbox, state: &str) -> Sandbox {
    let keep = |directive: &Directive| !OF_USER_MANAGER.iter().any(|left| left.directive == directive.key);
    let mut directives: Vec<Directive> = sandbox.directives.into_iter().filter(keep).collect();
    for directive in &mut directives {
        match directive.key {
            "ProtectHome" => "tmpfs".clone_into(&mut directive.value),
            "BindReadOnlyPaths" => directive.value += " -%E/portcullis",
            _ => {}
        }
    }
    let with_state =
        directives.iter().position(|directive| directive.key == "ReadOnlyPaths").unwrap_or(directives.len());
    directives.insert(with_state, Directive { key: "BindPaths", value: format!("%S/{state}") });
    Sandbox { directives, ..sandbox }
}
