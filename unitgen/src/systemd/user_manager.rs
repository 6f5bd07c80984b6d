//! What the manager of a login cannot hold of a sandbox, and what stands there instead.
//!
//! Measured on 252 and 257, with lingering, without a login. CapabilityBoundingSet= and mounts of any kind work, because
//! PrivateUsers= makes a namespace in which the login may drop and mount. A render never leaves anything out in silence:
//! [`left_out`] goes into the header of every unit and to whoever renders. Source: systemd.exec(5).

use manifest::{Deployment, Scope};

use crate::unit::{Directive, Sandbox};

/// Where a login's manager takes questions, and reads units.
const ASKS: &str = " -%t/systemd -%E/systemd -%h/.local/share/systemd";

/// A directive that a manager cannot hold, with what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The directive.
    pub directive: &'static str,
    /// Why it is not there, and what is there instead.
    pub leaves: &'static str,
}

const OF_A_LOGIN: [LeftOut; 6] = [
    LeftOut {
        directive: "ProtectKernelLogs",
        leaves: "beside ProcSubset=pid the start fails; PrivateDevices= and ProcSubset= hide the kernel's log by themselves",
    },
    LeftOut {
        directive: "DevicePolicy",
        leaves: "not enforced; PrivateDevices= shows no device but the harmless ones",
    },
    LeftOut { directive: "IPAddressDeny", leaves: "not enforced; what has no network of its own reaches any address" },
    LeftOut { directive: "IPAddressAllow", leaves: "not enforced, as IPAddressDeny=" },
    LeftOut {
        directive: "SocketBindDeny",
        leaves: "not enforced; the filter of system calls still refuses to listen to whom it is refused",
    },
    LeftOut {
        directive: "SocketBindAllow",
        leaves: "not enforced; a service that listens could listen at other ports",
    },
];

/// Whether a login's manager cannot hold a directive.
#[must_use]
pub(crate) fn is_left_out(directive: &str) -> bool {
    OF_A_LOGIN.iter().any(|left| left.directive == directive)
}

/// What the units of a deployment are without, because their manager cannot hold it.
#[must_use]
pub fn left_out(deployment: &Deployment) -> &'static [LeftOut] {
    match deployment.scope() {
        Scope::System => &[],
        Scope::User => &OF_A_LOGIN,
    }
}

/// The sandbox as a login's manager can hold it. Of the home nothing is there but the state and the installed manifest: not
/// the units or the other credentials; of the runtime directory, which goes with the home, the socket that hears signs of
/// life, and not the one that takes orders. What asks the manager what is loaded (`asks`) needs that one too, and sees where
/// units lie, all of it read-only: it has no network and runs nothing but `systemctl` and the release's programs.
pub(crate) fn fit(sandbox: Sandbox, deployment: &str, state: &str, asks: bool) -> Sandbox {
    let keep = |directive: &Directive| !OF_A_LOGIN.iter().any(|left| left.directive == directive.key);
    let mut directives = Vec::new();
    for mut directive in sandbox.directives.into_iter().filter(keep) {
        match directive.key {
            "ProtectHome" => "tmpfs".clone_into(&mut directive.value),
            // On 252 the empty home and the runtime directory are writable, and a mount of their own.
            "NoExecPaths" => directive.value += " -%h -%t",
            "BindReadOnlyPaths" => {
                directives.push(Directive { key: "BindPaths", value: format!("%S/{state}") });
                directive.value += &format!(" -%E/portcullis/{deployment}.toml");
                directive.value += if asks { ASKS } else { " -%t/systemd/notify" };
            }
            _ => {}
        }
        directives.push(directive);
    }
    Sandbox { directives, ..sandbox }
}
