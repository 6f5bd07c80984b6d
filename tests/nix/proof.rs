//! The flake, its module and its refusals, as `tests/nix/run` proves them without a network.
//!
//! Needs nix, nixfmt, deadnix and shellcheck (.ci/run installs them). Without them it says so and passes, except where
//! CI=true. With NIXPKGS naming a checkout the same is evaluated against the real nixpkgs.

use std::process::Command;

use proofs::{has_nix, programs, workspace_root};

#[test]
fn a_system_in_which_a_guardrail_is_lost_is_not_built() {
    if !has_nix() {
        return;
    }
    let folder = programs(&["desk", "execution", "gate", "scanner", "unitgen"]);
    let run = workspace_root().join("tests/nix/run");
    let output = Command::new(run).arg(folder).output().expect("the script is there and can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stderr));
}
