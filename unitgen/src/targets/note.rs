//! What a render says beside its files: what a target cannot hold, and what was replaced.

use std::fmt;

use manifest::Podman;

use crate::guardrails::Guardrail;

/// One thing to know of a rendered tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// systemd's score says nothing about a unit that runs podman.
    ScoreOfPodman,
    /// Gate and alert run on the host, as the deployment's user and without a sandbox.
    GateOutside,
    /// A guardrail that this target cannot hold.
    Loses {
        /// Which.
        guardrail: Guardrail,
        /// What is held in its place.
        instead: &'static str,
    },
    /// A directive of the sandbox that nothing in this target stands for.
    NotHeld {
        /// The directive.
        directive: &'static str,
        /// What that leaves open.
        leaves: &'static str,
    },
    /// A key that the declared podman's generator does not know, and what says the same to it.
    Replaced {
        /// The key.
        key: &'static str,
        /// The first version with it.
        since: Podman,
        /// What stands in its place.
        by: String,
    },
    /// The generator of this podman makes every unit wait for the network.
    WaitsForNetwork,
    /// The drop-ins are left out; the units say all of it themselves.
    NoDropIns,
    /// Nothing looks at the merged unit tree of the system that imports the file.
    NothingVerifies,
}

impl Note {
    /// Its kind, for programs that read the render's output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ScoreOfPodman => "score-of-podman",
            Self::GateOutside => "gate-outside",
            Self::Loses { .. } => "loses",
            Self::NotHeld { .. } => "not-held",
            Self::Replaced { .. } => "replaced",
            Self::WaitsForNetwork => "waits-for-network",
            Self::NoDropIns => "no-drop-ins",
            Self::NothingVerifies => "nothing-verifies",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScoreOfPodman => f.write_str(
                "systemd-analyze security gives these services 9.8 whatever runs in them: it looks at podman, and the sandbox is the \
                 container's",
            ),
            Self::GateOutside => f.write_str(
                "the gate and the alert run on the host, as the deployment's user without privileges, and without the sandbox that \
                 target systemd gives them",
            ),
            Self::Loses { guardrail, instead } => {
                write!(f, "guardrail {} is not held: {}; {instead}", guardrail.id(), guardrail.entry().without)
            }
            Self::NotHeld { directive, leaves } => write!(f, "this target cannot hold {directive}=: {leaves}"),
            Self::Replaced { key, since, by } => write!(f, "{key}= came with podman {since}; {by} says the same"),
            Self::WaitsForNetwork => f.write_str(
                "the generator makes every service wait for network-online.target; before podman 5.3 it cannot be told otherwise",
            ),
            Self::NoDropIns => f.write_str(
                "the drop-ins 10-watchlist-gate.conf and 20-restart-policy.conf are left out: NixOS writes drop-ins of its own, and \
                 the units say the same",
            ),
            Self::NothingVerifies => f.write_str(
                "another module can lay a drop-in over these units, and no build fails: the flake's module verifies the merged units, \
                 with this file `unitgen verify` has to be run",
            ),
        }
    }
}
