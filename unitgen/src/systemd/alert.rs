//! Who tells when a unit ended badly.
//!
//! `ExecStopPost=` and not `OnFailure=`: it runs at a skip by the gate too, which is a success to systemd, and once an
//! end on every version, where `OnFailure=` fires once on 252 and at every crash on 257.

use manifest::Deployment;

use crate::unit::{Command, Word};

/// Runs however the unit ended, and why.
pub(crate) fn stop_post(deployment: &Deployment) -> (Command, &'static str) {
    let path = format!("{}/desk", deployment.release().programs());
    let args = vec![Word::from("alert"), Word::from("--unit"), Word::specifier('n')];
    (Command { path, args }, REASON)
}

const REASON: &str = "Tells how it ended when that was no success, a gate's skip included: a scheduled job once crashed \
    every day in silence.";
