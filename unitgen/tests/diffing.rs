//! `unitgen diff` as its users meet it: what it means first, then the text; exit codes; no secret.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;
use unitgen::{
    diff::{self, Questions, Scores, Side, Style},
    guardrails::Units,
    source, systemd,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

struct Place(tempfile::TempDir);

impl Place {
    /// Rendered units in `a` and `b`.
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for directory in ["a", "b"] {
            for (path, content) in tree(AVWAP).iter() {
                place.write(&format!("{directory}/{path}"), std::str::from_utf8(content).unwrap());
            }
        }
        place.write("m.toml", AVWAP);
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn edit(&self, path: &str, with: &str, without: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(with), "{with} is not in {path}");
        self.write(path, &text.replace(with, without));
    }

    fn diff(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
        command.arg("diff").args(args).current_dir(self.0.path()).output().unwrap()
    }

    fn code(&self, args: &[&str]) -> i32 {
        self.diff(args).status.code().unwrap()
    }

    fn text(&self, args: &[&str]) -> String {
        String::from_utf8(self.diff(args).stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_slice(&self.diff(&args).stdout).unwrap()
    }
}

fn tree(manifest: &str) -> unitgen::Tree {
    let checked = source::check(manifest.as_bytes()).unwrap();
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}

/// Who says of every service what its length is.
struct Lengths;

impl Scores for Lengths {
    fn score(&self, _unit: &str, text: &str) -> Option<u32> {
        (!text.contains("unknown")).then(|| u32::from(text.contains("ProtectSystem=no")) * 40 + 11)
    }
}

/// The pure part, on a Friday before the clocks change.
fn difference(before: &unitgen::Tree, after: &unitgen::Tree) -> diff::Difference {
    let side = |label: &str, tree| {
        let units = Units::of_tree(tree);
        let names = units.names().map(str::to_owned).collect();
        Side { label: label.to_owned(), units, names }
    };
    let now = "2026-10-30T20:30:00Z".parse().unwrap();
    diff::compare(
        &side("before", before),
        &side("after", after),
        &Questions { now, scores: &Lengths, context: Some(1) },
    )
}

/// A tree with some of its files changed, or gone.
fn changed(changes: &[(&str, &dyn Fn(&str) -> Option<String>)]) -> unitgen::Tree {
    let mut out = unitgen::Tree::default();
    let original = tree(AVWAP);
    for (path, content) in original.iter() {
        let text = std::str::from_utf8(content).unwrap().to_owned();
        let change = changes.iter().find(|(name, _)| *name == path);
        if let Some(text) = change.map_or(Some(text.clone()), |(_, change)| change(&text)) {
            out.add(path, text);
        }
    }
    for (path, change) in changes.iter().filter(|(path, _)| original.get(path).is_none()) {
        out.add(*path, change("").unwrap());
    }
    out
}

#[test]
fn what_a_change_means() {
    let by_hand =
        "[Service]\nExecCondition=\nProtectSystem=no\nEnvironment=EXECUTION_MODE=LIVE API_TOKEN=hunter2\nRestart=no\n";
    let after = changed(&[
        ("execution.service.d/99-by-hand.conf", &|_| Some(by_hand.to_owned())),
        ("scan.timer", &|text| Some(text.replace("08:30:00", "09:15:00"))),
        ("eod.timer", &|_| None),
        ("eod.service", &|text| Some(text.replace("# Keys", "# keys"))),
        ("scan.service", &|text| Some(text.replace("TimeoutStartSec=540", "TimeoutStartSec=600"))),
        ("weekly.service", &|_| {
            Some("[Service]\nType=oneshot\nExecStart=/usr/lib/portcullis/bin/desk status\n".to_owned())
        }),
    ]);
    let found = difference(&tree(AVWAP), &after);
    let digest = source::check(AVWAP.as_bytes()).unwrap().digest;
    insta::assert_snapshot!("meaning", found.to_text(Style::default()).replace(&digest, "sha256:DIGEST"));
    let json = found.to_json();
    assert!(!json.contains("hunter2"), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["schema_version"], &json["same"]), (&1.into(), &false.into()));
    assert_eq!(json["guardrails"]["lost"].as_array().unwrap().len(), 6, "{json}");
    assert_eq!(json["exposure"][0]["after_tenths"], 51);
}

/// Nothing that differs is silent: what no guardrail judges is told with both values.
#[test]
fn a_setting_that_no_guardrail_judges_is_told() {
    let text = "[Service]\nCPUQuota=1%\nNice=19\nTasksMax=1\nIOReadBandwidthMax=/dev/vda 1\n";
    let found = difference(&tree(AVWAP), &changed(&[("execution.service.d/x.conf", &|_| Some(text.to_owned()))]));
    assert_eq!(found.guardrails, diff::Turns::default());
    let told: Vec<_> = found.settings.iter().map(|value| (value.name.as_str(), value.after.as_deref())).collect();
    let expect = [("CPUQuota", "1%"), ("IOReadBandwidthMax", "/dev/vda 1"), ("Nice", "19"), ("TasksMax", "1")];
    assert_eq!(told, expect.map(|(name, value)| (name, Some(value))));
    assert!(
        found.to_text(Style::default()).contains("\nother settings\n  execution.service CPUQuota: not set -> 1%\n")
    );
}

/// A timer that fires by a span as well says so among its fires.
#[test]
fn a_second_time_of_a_timer_is_told_with_its_fires() {
    let text = "[Timer]\nOnUnitInactiveSec=10\n";
    let found = difference(&tree(AVWAP), &changed(&[("scan.timer.d/x.conf", &|_| Some(text.to_owned()))]));
    let [schedule] = &found.schedules[..] else { panic!("{:#?}", found.schedules) };
    assert_eq!(schedule.after.last().unwrap(), "OnUnitInactiveSec=10 (scan.timer.d/x.conf)");
    assert_eq!(found.guardrails.lost[0].guardrail, "punctual");
}

#[test]
fn nothing_secret_is_shown_however_it_is_written() {
    let hidden = "hunter2";
    for text in [
        "SetCredential=A:\\\n hunter2",
        "SetCredential = A:hunter2",
        "Environment=\"API_KEY=x \\\n hunter2\"",
        "ExecStopPost=/opt/tell --token hunter2",
        "ExecStopPost=/opt/tell --token \\\n hunter2",
        "ExecStopPost=/usr/bin/curl -u me:hunter2 https://h/",
        "ExecStopPost=/usr/bin/curl -H \"Authorization: Bearer hunter2\"",
        "ExecStopPost=/usr/bin/curl -H 'X-Api-Key: hunter2'",
    ] {
        let by_hand = format!("[Service]\n{text}\n");
        let after = changed(&[("execution.service.d/x.conf", &|_| Some(by_hand.clone()))]);
        let found = difference(&tree(AVWAP), &after);
        assert!(!found.files.is_empty());
        for shown in [found.to_text(Style::default()), found.to_json()] {
            assert!(!shown.contains(hidden), "{text}\n{shown}");
        }
    }
}

/// Said twice, in another order, with comments: the same to systemd, and so to us.
#[test]
fn other_words_for_the_same_are_no_change_of_meaning() {
    let after = changed(&[
        ("execution.service", &|text| Some(text.replace("Restart=on-failure\n", "Restart=no\nRestart=on-failure\n"))),
        ("scan.service", &|text| Some(text.replace("[Service]\n", "[Service]\n# a note\n"))),
        ("eod.timer", &|text| {
            Some(text.replace("Description=", "Description=the ").replace("AccuracySec=1s", "AccuracySec = 1s"))
        }),
        ("scan.service.d/x.conf", &|_| Some("[Service]\n".to_owned())),
    ]);
    let found = difference(&tree(AVWAP), &after);
    assert!(found.guardrails == diff::Turns::default() && found.schedules.is_empty() && found.policy.is_empty());
    let becomes: Vec<diff::Becomes> = found.units.iter().map(|fate| fate.becomes).collect();
    assert_eq!(becomes, [diff::Becomes::TextOnly; 3], "{:#?}", found.units);
    assert!(!found.is_none() && found.files.len() == 4, "the text differs all the same");
}

#[test]
fn a_guardrail_that_comes_back_is_gained_and_one_held_otherwise_is_told() {
    let cleared = changed(&[("execution.service.d/x.conf", &|_| Some("[Service]\nExecStopPost=\n".to_owned()))]);
    let found = difference(&cleared, &tree(AVWAP));
    assert!(found.guardrails.lost.is_empty());
    assert_eq!(found.guardrails.gained[0].guardrail, "alert");
    let other = changed(&[("execution.service.d/x.conf", &|_| {
        Some("[Service]\nExecCondition=\nExecCondition=/opt/other-gate\n".to_owned())
    })]);
    let found = difference(&tree(AVWAP), &other);
    let [turn] = &found.guardrails.changed[..] else { panic!("{:#?}", found.guardrails) };
    assert_eq!((turn.guardrail, turn.after.as_str()), ("gate", "/opt/other-gate"));
}

#[test]
fn nobody_to_ask_is_unknown_and_not_zero() {
    let unknown = changed(&[("scan.service", &|text| {
        Some(text.replace("ProtectSystem=strict", "ProtectSystem=full\n# unknown"))
    })]);
    let found = difference(&tree(AVWAP), &unknown);
    assert_eq!((found.exposure[0].before_tenths, found.exposure[0].after_tenths), (Some(11), None));
    assert!(found.to_text(Style::default()).contains("scan.service: 1.1 -> unknown"));
}

#[test]
fn exit_codes_are_those_of_diff() {
    let place = Place::new();
    for (args, code) in [
        (&["a", "b"][..], 0),
        (&["m.toml", "b"], 0),
        (&["b", "m.toml"], 0),
        (&["nowhere", "b"], 2),
        (&["a", "nowhere.toml"], 2),
        (&["host", "host"], 2),
        (&["--frobnicate"], 64),
        (&["a", "b", "--host"], 64),
        (&[], 64),
    ] {
        assert_eq!(place.code(args), code, "{args:?}");
    }
    place.edit("b/scan.timer", "08:30", "08:31");
    assert_eq!(place.code(&["a", "b"]), 1);
    place.write("m.toml", &AVWAP.replace("gates = [", "gates = [\"x\", "));
    let refused = place.diff(&["m.toml", "b"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("error["), "it says what is wrong with the manifest");
    fs::create_dir(place.path("empty")).unwrap();
    assert_eq!(place.code(&["empty", "b"]), 2);
}

#[test]
fn counts_context_and_colour() {
    let place = Place::new();
    place.edit("b/scan.timer", "08:30:00", "09:00:00");
    let stat = place.text(&["a", "b", "--stat"]);
    assert!(stat.contains("scan.timer: +1 -1\n") && !stat.contains("@@"), "{stat}");
    let none = place.text(&["a", "b", "-U0"]);
    assert!(none.contains("@@ -9 +9 @@\n") || none.contains("@@ -9,1 +9,1 @@\n"), "{none}");
    assert!(!none.contains('\x1b'), "no colour where nobody looks");
    assert_eq!(place.json(&["a", "b"])["files"][0]["file"], "scan.timer");
    let coloured = difference(&tree(AVWAP), &changed(&[("scan.timer", &|_| None)]));
    let text = coloured.to_text(Style { colour: true, stat: true });
    assert!(text.contains("\x1b[31m- scan.timer can-start"), "{text}");
}

/// A host has hundreds of units of others; the deployment's are compared, and who else starts them.
#[test]
fn a_host_is_compared_by_its_whole_search_path() {
    let place = Place::new();
    let units = "root/etc/systemd/system";
    for (path, content) in tree(AVWAP).iter() {
        place.write(&format!("{units}/{path}"), std::str::from_utf8(content).unwrap());
    }
    fs::create_dir_all(place.path(&format!("{units}/multi-user.target.wants"))).unwrap();
    std::os::unix::fs::symlink("../avwap.target", place.path(&format!("{units}/multi-user.target.wants/avwap.target")))
        .unwrap();
    place.write("root/usr/lib/systemd/system/other.service", "[Service]\nExecStart=/bin/other\n");
    assert_eq!(place.code(&["m.toml", "--root", "root"]), 0, "{}", place.text(&["m.toml", "--root", "root"]));
    place.write("root/run/systemd/system/service.d/99-x.conf", "[Service]\nSuccessExitStatus=75\n");
    let lost = place.json(&["m.toml", "host", "--root", "root"]);
    assert_eq!(lost["guardrails"]["lost"].as_array().unwrap().len(), 4, "of every service: {lost}");
    let restored = place.json(&["m.toml", "--root", "root"]);
    assert_eq!(restored["guardrails"]["gained"].as_array().unwrap().len(), 4, "the other way round it comes back");
    assert_eq!(restored["to"], "m.toml");
}

/// A release renders by itself: what is compared is what it would install.
#[test]
fn a_release_is_asked_for_its_units() {
    let place = Place::new();
    let script = format!(
        "#!/bin/sh\nset -e\n{} \"$@\"\nfor unit in \"$6\"/*.timer; do sed -i s/AccuracySec=1s/AccuracySec=2s/ \"$unit\"; done\n",
        env!("CARGO_BIN_EXE_unitgen")
    );
    place.write("release/bin/unitgen", &script);
    fs::set_permissions(place.path("release/bin/unitgen"), fs::Permissions::from_mode(0o755)).unwrap();
    let found = place.json(&["m.toml", "release"]);
    let lost: Vec<&Value> =
        found["guardrails"]["lost"].as_array().unwrap().iter().map(|turn| &turn["guardrail"]).collect();
    assert_eq!(lost, ["punctual"; 3], "by the manifest that it is compared with: {found}");
    place.write("release/avwap.toml", &AVWAP.replace("08:30", "08:29"));
    assert!(
        place.json(&["m.toml", "release"])["schedules"].as_array().unwrap().is_empty(),
        "its own is an example: what is named counts"
    );
    place.write("release/bin/unitgen", "#!/bin/sh\necho no >&2\nexit 78\n");
    let refused = place.diff(&["m.toml", "release"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no\n"));
}

/// Which manifest two releases render, when no side is one: a tree as our package lays it, and what the host has.
#[test]
fn releases_render_the_manifest_that_is_meant() {
    let place = Place::new();
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_unitgen"));
    for release in ["old", "new"] {
        let unitgen = format!("{release}/usr/lib/portcullis/bin/unitgen");
        place.write(&unitgen, &script);
        fs::set_permissions(place.path(&unitgen), fs::Permissions::from_mode(0o755)).unwrap();
        place.write(&format!("{release}/usr/share/portcullis/avwap.toml"), AVWAP);
        fs::create_dir(place.path(&format!("{release}/etc"))).unwrap();
    }
    fs::create_dir(place.path("host")).unwrap();
    let sides = ["old", "new", "--root", "host"];
    let label = |args: &[&str], side: &str| place.json(args)[side].as_str().unwrap().to_owned();
    assert_eq!(label(&sides, "from"), "old with old/usr/share/portcullis/avwap.toml");
    assert_eq!(label(&sides, "to"), "new with new/usr/share/portcullis/avwap.toml");
    place.write("host/etc/portcullis/avwap.toml", AVWAP);
    assert_eq!(label(&sides, "from"), "old with host/etc/portcullis/avwap.toml");
    assert_eq!(label(&["a", "new", "--root", "host"], "to"), "new with a/avwap.manifest.toml");
    assert_eq!(label(&["old", "new", "--root", "host", "--manifest", "m.toml"], "to"), "new with m.toml");
    place.write("host/etc/portcullis/second.toml", AVWAP);
    let refused = place.diff(&sides);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains("hint: name one with --manifest: host/etc/portcullis/avwap.toml host/etc"), "{said}");
    fs::remove_dir_all(place.path("host/etc")).unwrap();
    fs::remove_dir_all(place.path("old/usr/share")).unwrap();
    let none = String::from_utf8_lossy(&place.diff(&sides).stderr).into_owned();
    assert!(none.contains("no manifest for the release old to render\n  hint: name one with --manifest"), "{none}");
}
