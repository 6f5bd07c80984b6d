//! `desk status --json` says whether there is something to protect: whoever deploys asks that before anything is stopped.

use std::{fs, process::Command};

use serde_json::Value;

fn view(positions: &str, orders: u32, unknown: u32) -> String {
    format!(
        "{{\"schema\": 1, \"account\": \"PA30000000\", \"written_at\": \"2026-11-20T18:00:00-05:00\", \"session\": \"2026-11-20\", \
         \"positions\": {positions}, \"working_orders\": {orders}, \"unknown_outcomes\": {unknown}}}"
    )
}

/// What cannot be read is not flat, whether there is a ledger or not.
#[test]
fn only_what_can_be_read_is_flat() {
    let one = "[{\"symbol\": \"AAPL\", \"qty\": \"5\"}]";
    for (exposure, kind, why) in [
        (None, "flat", ""),
        (Some(view("[]", 0, 0)), "flat", ""),
        (Some(view(one, 0, 0)), "held", "1 positions (AAPL)"),
        (Some(view("[]", 1, 0)), "held", "1 working orders"),
        (Some(view("[]", 0, 1)), "held", "1 unknown outcomes"),
        (Some("{\"schema\": 1, \"positi".to_owned()), "unknown", "exposure.json"),
        (Some(String::new()), "unknown", "exposure.json"),
        (Some(view("[]", 0, 0).replace("\"schema\": 1", "\"schema\": 2")), "unknown", "exposure.json"),
    ] {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("state")).unwrap();
        if let Some(text) = &exposure {
            fs::write(root.path().join("state/exposure.json"), text).unwrap();
        }
        let mut desk = Command::new(env!("CARGO_BIN_EXE_desk"));
        let said = desk.args(["status", "--json", "--root"]).arg(root.path()).env_clear().output().unwrap();
        let status: Value = serde_json::from_slice(&said.stdout).unwrap();
        let holding = &status["holding"];
        assert_eq!(holding["kind"], kind, "{exposure:?}: {status:#}");
        assert!(holding["why"].as_str().unwrap_or_default().contains(why), "{exposure:?}: {holding}");
    }
}
