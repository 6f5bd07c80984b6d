//! Every way to lose a guardrail is found, one at a time, and nothing else is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod harmless;
mod host;
mod losses;

use std::fs;

use serde_json::Value;
use unitgen::output;

use host::{AVWAP, ENABLED, Host, rendered};

#[test]
fn a_host_as_rendered_has_lost_nothing() {
    for place in ["etc", "lib"] {
        let host = Host::with_units_in(place);
        assert_eq!(host.codes(), Vec::<&str>::new(), "{place}: {:#?}", host.verify());
    }
}

/// With the tree's own manifest, with another, for programs elsewhere, and as a package that enables nothing.
#[test]
fn the_program_tells_by_its_exit_code() {
    let host = Host::with_units_in("etc");
    fs::write(host.path("m.toml"), AVWAP).unwrap();
    for (args, code) in [
        (&["etc"][..], 0),
        (&["control", "etc", "lib"], 0),
        (&["etc", "--manifest", "m.toml"], 0),
        (&["etc", "--programs", "/nix/store/0-p/bin"], 1),
        (&["etc", "--programs", "bin"], 64),
        (&["nowhere"], 65),
        (&["m.toml"], 65),
        (&["lib"], 78),
        (&["etc", "--manifest", "n.toml"], 78),
        (&["--frobnicate"], 64),
    ] {
        let output = host.unitgen(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
    }
    host.remove(&format!("etc/{ENABLED}"));
    assert_eq!(host.unitgen(&["etc"]).status.code(), Some(1));
    assert_eq!(host.unitgen(&["etc", "--package"]).status.code(), Some(0));
    host.append("etc/avwap.manifest.toml", "colour = 7\n");
    assert_eq!(host.unitgen(&["etc"]).status.code(), Some(78), "a manifest that is none verifies nothing");
}

/// Nobody takes "nothing is lost" for more than it is.
#[test]
fn the_help_says_what_is_not_looked_at() {
    let host = Host::with_units_in("etc");
    let help = String::from_utf8(host.unitgen(&["--help"]).stdout).unwrap();
    for part in ["Not looked at", "DefaultEnvironment=", "systemd.unit=", "Conflicts=", "systemctl show"] {
        assert!(help.contains(part), "{part} in {help}");
    }
}

#[test]
fn a_finding_says_what_it_means_and_what_to_do() {
    let host = Host::with_units_in("etc");
    host.edit("etc/execution.service", "ExecCondition=/usr", "#ExecCondition=/usr");
    host.write("etc/service.d/empty.conf", "# nothing\n");
    let output = host.unitgen(&["etc"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "lost[unit-differs]: etc/execution.service: line ",
        "rendered \"ExecCondition=",
        "  help: render",
        "1 guardrail of",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let json: Value = serde_json::from_slice(&host.unitgen(&["etc", "--json"]).stdout).unwrap();
    assert_eq!((&json["schema_version"], &json["ok"]), (&1.into(), &false.into()));
    assert_eq!(json["findings"][0]["code"], "unit-differs");
    assert_eq!(json["findings"][0]["deployment"], "avwap");
    assert_eq!(json["notes"].as_array().unwrap().len(), 4, "an empty drop-in of four services: {json}");
}

/// The root is known by where the directory lies; a key that somebody pasted into the manifest is not shown.
#[test]
fn the_manifest_that_programs_read_is_held_against_the_units() {
    let host = Host::with_units_in("etc");
    fs::create_dir_all(host.path("root/etc/systemd")).unwrap();
    fs::rename(host.path("etc"), host.path("root/etc/systemd/system")).unwrap();
    let (units, path) = ("root/etc/systemd/system", "root/etc/portcullis/avwap.toml");
    assert_eq!(host.unitgen(&[units]).status.code(), Some(0));
    host.append(path, "APCA_API_SECRET_KEY = \"pasted\"\nAPCA_API_SECRET_KEY=pasted\n");
    let output = host.unitgen(&[units]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.starts_with(&format!("lost[installed-manifest-differs]: {path}: line ")), "{text}");
    assert!(!text.contains("pasted"), "{text}");
    assert_eq!(host.unitgen(&[units, "--package"]).status.code(), Some(0), "a package brings none");
}

/// What is found ends in a journal that others read.
#[test]
fn nothing_secret_is_told_of_any_file() {
    let host = Host::with_units_in("etc");
    let secrets = "[Service]\nEnvironment=APCA_API_SECRET_KEY=hunter2\nExecStartPost=/bin/x --token=hunter2\n";
    let more = "SetCredential=NAME:\\\nhunter2\nEnvironment=\"A=b\" \\\n \"PASSWORD=hunter2\"\n";
    for path in
        ["etc/scan.service.d/x.conf", "etc/execution.service.d/20-restart-policy.conf", "etc/system.slice.d/x.conf"]
    {
        host.write(path, &format!("{secrets}{more}"));
    }
    host.append("etc/eod.service", more);
    host.edit("etc/execution.service", "Type=notify\n", more);
    host.write("etc/scan.timer", &format!("{more}{}", fs::read_to_string(host.path("etc/scan.timer")).unwrap()));
    host.append("etc/avwap.manifest.toml", "# APCA_API_SECRET_KEY = \"hunter2\"\n");
    fs::write(host.path("m.toml"), AVWAP).unwrap();
    for arguments in [&["etc", "--manifest", "m.toml"][..], &["etc", "--manifest", "m.toml", "--json"]] {
        let output = host.unitgen(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.matches("unit-differs").count() == 3 && text.contains("SetCredential=NAME:"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// Two deployments on a host are each verified, and a loss of either is a loss.
#[test]
fn every_deployment_of_a_host_is_verified() {
    let host = Host::with_units_in("lib");
    let second = AVWAP
        .replace("name = \"avwap\"", "name = \"second\"")
        .replace("/var/lib/avwap", "/var/lib/second")
        .replace("[services.execution", "[services.second")
        .replace("[jobs.execution-restart]", "[jobs.second-restart]")
        .replace("[\"execution-restart\"]", "[\"second-restart\"]")
        .replace("restart = \"execution\"", "restart = \"second\"")
        .replace("serves = \"execution\"", "serves = \"second\"")
        .replace("[jobs.scan]", "[jobs.second-scan]")
        .replace("[jobs.eod]", "[jobs.second-eod]");
    output::write(&host.path("lib"), &rendered(&second), "second").unwrap();
    host.link("etc/multi-user.target.wants/second.target", "../second.target");
    assert_eq!(host.unitgen(&["control", "etc", "run", "lib"]).status.code(), Some(0));
    // Looked at alone, the other one's units are those of others.
    let alone = host.unitgen(&["lib", "etc", "--manifest", "lib/avwap.manifest.toml"]);
    let text = String::from_utf8(alone.stdout).unwrap();
    assert!(alone.status.code() == Some(1) && text.matches("lost[foreign-run]").count() == 2, "{text}");
    host.write("etc/second-.service.d/x.conf", "[Service]\nRestart=no\n");
    let output = host.unitgen(&["control", "etc", "run", "lib", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(json["findings"].as_array().unwrap().len(), 3, "{json}");
    assert!(json["findings"].as_array().unwrap().iter().all(|finding| finding["deployment"] == "second"));
}

/// How long it takes is measured by `cargo bench -p unitgen`.
#[test]
fn a_host_full_of_units_of_others_is_clean() {
    let host = Host::with_units_in("lib");
    for number in 0..700 {
        let text =
            format!("[Unit]\nDescription={number}\n\n[Service]\nExecStart=/usr/bin/true\n{}", "Nice=1\n".repeat(100));
        host.write(&format!("lib/other-{number}.service"), &text);
        if number % 3 == 0 {
            host.link(&format!("etc/alias-{number}.service"), &format!("../lib/other-{number}.service"));
        }
        if number % 10 == 0 {
            host.write(&format!("lib/other-{number}.service.d/x.conf"), "[Service]\nNice=5\n");
            host.link(&format!("etc/other-{number}.target.wants/other-{number}.service"), "../x");
        }
    }
    assert_eq!(host.codes(), Vec::<&str>::new());
}
