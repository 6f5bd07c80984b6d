//! `unitgen explain` as operators meet it: whatever they type finds its answer, or what they may have meant.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[test]
fn a_directive_is_told_from_its_manifest_line_to_its_drop_in() {
    let place = Place::new();
    let told = place.explain(&["execution.service.ExecCondition", "avwap.toml"]);
    insta::assert_snapshot!("gate", out(&told));
    for other in
        [&["execution.service", "ExecCondition", "avwap.toml"][..], &["execution", "execcondition=", "avwap.toml"]]
    {
        assert_eq!(out(&place.explain(other)), out(&told), "{other:?}");
    }
}

#[test]
fn what_is_not_written_and_what_follows_from_no_line() {
    let place = Place::new();
    insta::assert_snapshot!(
        "default",
        out(&place.explain(&["execution-restart.service.TimeoutStartSec", "avwap.toml"]))
    );
    insta::assert_snapshot!("policy", out(&place.explain(&["scan.service.ExecStopPost", "avwap.toml"])));
    insta::assert_snapshot!("credentials", out(&place.explain(&["eod.service.LoadCredential", "avwap.toml"])));
}

#[test]
fn a_unit_is_told_briefly() {
    let place = Place::new();
    insta::assert_snapshot!("timer", out(&place.explain(&["scan.timer", "avwap.toml"])));
    let whole = out(&place.explain(&["execution", "avwap.toml"]));
    assert!(
        whole.contains("\nExecCondition=/usr/lib/portcullis/bin/gate execution\n    services.execution.gates in line "),
        "{whole}"
    );
    // A list that only a drop-in clears.
    assert!(whole.contains("\nSuccessExitStatus=\n"), "{whole}");
    assert!(out(&place.explain(&["tmpfiles.d", "avwap.toml"])).contains("\nd /etc/portcullis 0755 root root -\n"));
}

/// Each asks for something else; each answer is held against what is rendered, not against a list of this test.
#[test]
fn every_unit_directive_and_variable_has_an_answer() {
    let place = Place::new();
    let rendered = place.unitgen(&["render", "avwap.toml", "--target", "systemd", "--out", "units"]);
    assert_eq!(code(&rendered), 0);
    let mut asked = 0;
    for unit in
        ["execution.service", "scan.service", "eod.service", "execution-restart.service", "scan.timer", "avwap.target"]
    {
        let text = fs::read_to_string(place.0.path().join("units").join(unit)).unwrap();
        for line in text.lines().filter(|line| !line.starts_with(['#', '[']) && line.contains('=')) {
            let (directive, value) = line.split_once('=').unwrap();
            let name = if directive == "Environment" { value.split('=').next().unwrap() } else { directive };
            let told = place.explain(&[&format!("{unit}.{name}"), "avwap.toml", "--json"]);
            let answer: serde_json::Value = serde_json::from_str(&out(&told)).unwrap();
            let lines =
                answer["explanations"].as_array().unwrap().iter().flat_map(|told| told["lines"].as_array().unwrap());
            assert!(lines.clone().any(|told| told["text"] == line), "{unit} {line}: {answer}");
            assert!(answer["explanations"].as_array().unwrap().iter().all(|told| told["rule"].is_string()), "{answer}");
            asked += 1;
        }
    }
    assert!(asked > 200, "{asked}");
}

#[test]
fn a_bare_directive_or_variable_is_told_of_every_unit_that_has_it() {
    let place = Place::new();
    for (subject, units) in [
        ("OnCalendar", &["eod.timer", "execution-restart.timer", "scan.timer"][..]),
        ("LoadCredential", &["eod.service", "execution.service"]),
        ("PORTCULLIS_ACCOUNT", &["eod.service", "execution.service"]),
        ("WantedBy", &["avwap.target"]),
    ] {
        let answer: serde_json::Value =
            serde_json::from_str(&out(&place.explain(&[subject, "avwap.toml", "--json"]))).unwrap();
        let told: Vec<&str> =
            answer["explanations"].as_array().unwrap().iter().map(|told| told["unit"].as_str().unwrap()).collect();
        assert_eq!(told, units, "{subject}");
        assert_eq!(answer["schema_version"], 1);
    }
}

#[test]
fn slips_are_answered_with_what_was_meant() {
    let place = Place::new();
    for (args, says) in [
        (&["executon.service", "avwap.toml"][..], "did you mean execution.service?"),
        (&["executon.service.ExecCondition", "avwap.toml"], "did you mean execution.service?"),
        (&["execution.service.ExecConditon", "avwap.toml"], "did you mean ExecCondition?"),
        (&["execution.service", "OnCalendar", "avwap.toml"], "`unitgen explain execution.service` lists what it has"),
        (&["ExecStrat", "avwap.toml"], "did you mean ExecStart?"),
        (&["unit-shadowd", "avwap.toml"], "did you mean unit-shadowed?"),
        (&["something-else-entirely", "avwap.toml"], "there are avwap.target, eod.service"),
        (&["a", "avwap.toml", "b"], "a manifest stands last"),
    ] {
        let told = place.explain(args);
        assert_eq!((code(&told), out(&told).as_str()), (64, ""), "{args:?}");
        assert!(err(&told).contains(says), "{args:?}: {}", err(&told));
    }
}

#[test]
fn containers_are_explained_as_well() {
    let place = Place::new();
    let image = format!("[release]\nimage = \"r.example/portcullis@sha256:{}\"\n", "0".repeat(64));
    let text = AVWAP.replacen("[host]\n", "[host]\npodman = \"5.4\"\n", 1).replacen("[release]\n", &image, 1);
    fs::write(place.0.path().join("avwap.toml"), text).unwrap();
    let told = out(&place.explain(&["execution.container.Image", "avwap.toml", "--target", "quadlet"]));
    assert!(told.contains("[pinned-image]: execution.container: Image= follows from release.image"), "{told}");
    assert!(told.contains("--> containers/systemd/execution.container:"), "{told}");
    let told = out(&place.explain(&["scan.service.ExecStart", "avwap.toml", "--target", "podman-units"]));
    assert!(told.contains("[runs-podman]"), "{told}");
    fs::write(place.0.path().join("avwap.toml"), AVWAP).unwrap();
    let refused = place.explain(&["scan.service", "avwap.toml", "--target", "quadlet"]);
    assert_eq!(code(&refused), 78, "{}", err(&refused));
}

#[test]
fn nixos_is_explained_by_the_units_in_its_file() {
    let place = Place::new();
    let told = place.explain(&["scan.timer.OnCalendar", "avwap.toml", "--target", "nixos"]);
    assert_eq!(code(&told), 0, "{}", err(&told));
    assert_eq!(out(&told), out(&place.explain(&["scan.timer.OnCalendar", "avwap.toml"])));
    assert!(err(&told).contains("is `systemd.units.\"UNIT\".text` in avwap.nix"), "{}", err(&told));
}

#[test]
fn codes_are_explained_without_a_manifest() {
    let place = Place::new();
    let told = place.explain(&["missing-guardrail"]);
    assert_eq!(code(&told), 0);
    assert!(out(&told).starts_with("missing-guardrail, told by unitgen check\n  means: "), "{}", out(&told));
    let json: serde_json::Value = serde_json::from_str(&out(&place.explain(&["foreign-drop-in", "--json"]))).unwrap();
    assert_eq!(
        (&json["codes"][0]["code"], &json["codes"][0]["told_by"]),
        (&"foreign-drop-in".into(), &"verify".into())
    );
}

#[test]
fn without_a_name_the_one_installed_manifest_is_meant() {
    let place = Place::new();
    let installed = place.0.path().join("host/etc/portcullis");
    fs::create_dir_all(&installed).unwrap();
    let explain = || place.explain(&["scan.timer", "OnCalendar", "--root", "host"]);
    assert_eq!((code(&explain()), err(&explain()).as_str()), (0, "manifest: avwap.toml\n"));
    fs::write(installed.join("avwap.toml"), AVWAP).unwrap();
    fs::write(installed.join("notes.toml"), "x = 1\n").unwrap();
    assert_eq!(code(&explain()), 0, "{}", err(&explain()));
    fs::write(installed.join("other.toml"), AVWAP).unwrap();
    assert!(err(&explain()).contains("there are several"), "{}", err(&explain()));
}

#[test]
fn a_manifest_with_errors_is_told_and_explains_nothing() {
    let place = Place::new();
    fs::write(place.0.path().join("bad.toml"), AVWAP.replacen("\"watchlist\", ", "", 1)).unwrap();
    let told = place.explain(&["execution.service", "bad.toml"]);
    assert_eq!((code(&told), out(&told).as_str()), (78, ""));
    assert!(err(&told).contains("error[missing-guardrail]"));
}

/// A directory of its own with the manifest `avwap.toml`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("avwap.toml"), AVWAP).unwrap();
        Self(place)
    }

    fn explain(&self, args: &[&str]) -> Output {
        self.unitgen(&[&["explain"], args].concat())
    }

    fn unitgen(&self, args: &[&str]) -> Output {
        run(self.0.path(), args)
    }
}

fn run(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_unitgen")).args(args).current_dir(directory).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
