//! The catalogue against everything that is rendered: no line without a rule, no rule without a line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use unitgen::{explain::Rendered, rules, source};

#[test]
fn every_rendered_line_has_a_rule_and_every_rule_a_line() {
    let mut without: BTreeMap<String, String> = BTreeMap::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for (name, manifest) in manifests() {
        let checked = source::check(manifest.as_bytes()).unwrap();
        let rendered = Rendered::of(&checked.deployment, manifest.as_bytes(), &checked.digest);
        for line in rendered.lines() {
            match rules::rule_of(line, rendered.element_of(line)) {
                Some(rule) => {
                    seen.insert(rule.id);
                }
                None => {
                    without.insert(
                        format!("[{}] {}={}", line.section, line.key, line.value),
                        format!("{name}: {}", line.file),
                    );
                }
            }
        }
    }
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
