//! The catalogue against everything that is rendered: no line without a rule, no rule without a line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use manifest::Catalogue;
use unitgen::{explain::Rendered, rules, source, targets::Target};

#[test]
fn every_rendered_line_has_a_rule_and_every_rule_a_line() {
    let mut without: BTreeMap<String, String> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut rendered_for: BTreeSet<&str> = BTreeSet::new();
    for (name, manifest) in manifests() {
        let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned());
        let checked = checked.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        for target in [Target::Systemd, Target::Quadlet, Target::PodmanUnits] {
            let of = Rendered::of_target(target, &checked.deployment, manifest.as_bytes(), &checked.digest);
            let Ok(rendered) = of else { continue };
            rendered_for.insert(target.as_str());
            for line in rendered.lines() {
                match rules::rule_of(line, rendered.element_of(line)) {
                    Some(rule) => {
                        seen.insert(rule.id);
                    }
                    None => {
                        let said = format!("[{}] {}={}", line.section, line.key, line.value);
                        without.insert(said, format!("{name}, {}: {}", target.as_str(), line.file));
                    }
                }
            }
        }
    }
    assert_eq!(rendered_for.len(), 3, "{rendered_for:?}");
    assert!(without.is_empty(), "rendered lines without a rule in unitgen/src/rules: {without:#?}");
    let unseen: Vec<&str> = rules::all().map(|rule| rule.id).filter(|id| !seen.contains(id)).collect();
    assert!(unseen.is_empty(), "rules of nothing that is rendered: {unseen:?}");
}

/// Every shipped manifest, and one with what none of them has.
fn manifests() -> Vec<(String, String)> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../manifests");
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut manifests: Vec<(String, String)> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    manifests.sort();
    assert!(!manifests.is_empty());
    manifests.push(("live and encrypted".to_owned(), live_and_encrypted()));
    manifests.push(("every role".to_owned(), ROLES.to_owned()));
    let of_a_login = ROLES.replacen("scope = \"system\"", "scope = \"user\"", 1);
    manifests.push(("every role, of a login".to_owned(), of_a_login));
    for podman in ["5.4", "4.6", "4.3"] {
        manifests.push((format!("podman {podman}"), in_containers(&live_and_encrypted(), podman)));
    }
    manifests
}

fn live_and_encrypted() -> String {
    let mut text = include_str!("../../manifests/avwap.toml").to_owned();
    for (with, instead) in [
        ("group = \"trading\"", "group = \"desk\""),
        ("account = \"PA30000000\"", "account = \"300000000\""),
        ("mode = \"paper\"", "mode = \"live\""),
        ("live = \"never\"", "live = \"armed\""),
        ("secrets = [\"alpaca\"]", "secrets = [\"alpaca\", \"live\"]"),
        (
            "\"APCA_API_SECRET_KEY\"]",
            "\"APCA_API_SECRET_KEY\"]\nencrypted = true\n[secrets.live]\nkeys = [\"LIVE_CONFIRM_TOKEN\"]",
        ),
    ] {
        assert!(text.contains(with), "{with}");
        text = text.replacen(with, instead, 1);
    }
    text
}

fn in_containers(manifest: &str, podman: &str) -> String {
    let image = format!("image = \"registry.example/portcullis@sha256:{}\"", "0123456789abcdef".repeat(4));
    let text = manifest.replacen("[host]\n", &format!("[host]\npodman = \"{podman}\"\n"), 1);
    text.replacen("[release]\n", &format!("[release]\n{image}\n"), 1)
}

/// What services of other roles are rendered with, programs of releases to come included.
const ROLES: &str = r#"
schema = 1
name = "roles"
timezone = "America/Chicago"
scope = "system"
environment = "staging"
[identity]
user = "trading"
[secrets.alpaca]
keys = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"]
[secrets.marketdata]
keys = ["EODHD_API_KEY"]
[services.stream]
program = "marketdata"
role = "stream"
listen = "127.0.0.1:8090"
health = "/health"
secrets = ["marketdata"]
[services.api]
program = "intents"
role = "api"
listen = "127.0.0.1:8080"
after = ["stream"]
[services.worker]
program = "intents"
role = "worker"
account = "PA30000000"
mode = "paper"
secrets = ["alpaca"]
gates = ["session-window", "kill-switch"]
after = ["api"]
[services.pages]
program = "analytics"
role = "dashboard"
listen = "127.0.0.1:9001"
[jobs.fetch]
program = "marketdata"
args = ["fetch"]
schedule = "Mon..Fri 16:00"
secrets = ["marketdata"]
[jobs.worker-restart]
restart = "worker"
schedule = "Mon..Fri 08:00"
"#;
