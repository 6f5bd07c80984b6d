//! Every way to lose a guardrail is found, one at a time, and nothing else is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::Value;
use unitgen::{Tree, output, search_path, source, systemd, verify};
use verify::Code;

const AVWAP: &str = include_str!("../../manifests/avwap.toml");
const GATE: &str = "execution.service.d/10-watchlist-gate.conf";
const RESTART: &str = "execution.service.d/20-restart-policy.conf";
const ENABLED: &str = "multi-user.target.wants/avwap.target";

/// A change to a host.
type Change = fn(&Host);

#[test]
fn a_host_as_rendered_has_lost_nothing() {
    for place in ["etc", "lib"] {
        let host = Host::with_units_in(place);
        assert_eq!(host.codes(), Vec::<&str>::new(), "{place}: {:#?}", host.verify());
    }
}

#[test]
fn every_loss_is_found() {
    let losses: &[(&str, Change, &[Code])] = &[
        ("a unit is gone", |host| host.remove("lib/scan.timer"), &[Code::UnitMissing]),
        ("the target is gone", |host| host.remove("lib/avwap.target"), &[Code::UnitMissing]),
        (
            "the gate is commented out",
            |host| host.edit("lib/execution.service", "ExecCondition=", "#ExecCondition="),
            &[Code::UnitDiffers],
        ),
        ("one byte more", |host| host.append("lib/eod.service", "\n"), &[Code::UnitDiffers]),
        (
            "a refusal counts as success",
            |host| host.append("lib/execution.service", "\n[Service]\nSuccessExitStatus=75\n"),
            &[Code::UnitDiffers],
        ),
        ("windows line ends", |host| host.edit("lib/scan.service", "[Unit]\n", "[Unit]\r\n"), &[Code::UnitDiffers]),
        (
            "a schedule of another zone",
            |host| host.edit("lib/scan.timer", "America/New_York", "Europe/Berlin"),
            &[Code::UnitDiffers],
        ),
        ("a unit is cut short", |host| host.write("lib/scan.service", "[Unit]\n"), &[Code::UnitDiffers]),
        (
            "a directory in its place",
            |host| {
                host.remove("lib/scan.service");
                host.write("lib/scan.service/x", "");
            },
            &[Code::UnitDiffers],
        ),
        (
            "a link that leads nowhere",
            |host| host.link("lib/scan.service", "/nowhere/scan.service"),
            &[Code::UnitDiffers],
        ),
        (
            "an older copy above",
            |host| host.write("etc/execution.service", "[Service]\nExecStart=/opt/old\n"),
            &[Code::UnitShadowed],
        ),
        (
            "a transient one above",
            |host| host.write("run/eod.timer", "[Timer]\nOnCalendar=daily\n"),
            &[Code::UnitShadowed],
        ),
        ("masked", |host| host.link("etc/execution.service", "/dev/null"), &[Code::UnitMasked]),
        ("masked until the next boot", |host| host.link("run/scan.timer", "/dev/null"), &[Code::UnitMasked]),
        ("masked by an empty file", |host| host.write("etc/avwap.target", ""), &[Code::UnitMasked]),
        (
            "masked in a roundabout way",
            |host| {
                host.link("etc/null", "/dev/null");
                host.link("etc/eod.service", "null");
            },
            &[Code::UnitMasked],
        ),
        (
            "an alias",
            |host| {
                host.copy("lib/execution.service", "lib/trader.service");
                host.link("etc/execution.service", "../lib/trader.service");
            },
            &[Code::UnitAliased, Code::Leftover],
        ),
        (
            "a drop-in of an operator",
            |host| host.write("etc/execution.service.d/50-x.conf", "[Service]\nExecCondition=\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "before ours",
            |host| host.write("etc/execution.service.d/05-x.conf", "[Service]\nUser=root\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of a timer",
            |host| host.write("etc/scan.timer.d/x.conf", "[Timer]\nOnCalendar=*:0/1\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of the target",
            |host| host.write("etc/avwap.target.d/x.conf", "[Unit]\nRequires=x.service\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of every timer",
            |host| host.write("lib/timer.d/x.conf", "[Timer]\nRandomizedDelaySec=1h\n"),
            &[Code::ForeignDropIn; 3],
        ),
        (
            "of every service",
            |host| host.write("lib/service.d/x.conf", "[Service]\nSuccessExitStatus=75\n"),
            &[Code::ForeignDropIn; 4],
        ),
        (
            "of every service, in one of them behind ours of that name",
            |host| host.write("etc/service.d/10-watchlist-gate.conf", "[Service]\nNice=1\n"),
            &[Code::ForeignDropIn; 3],
        ),
        (
            "of every target",
            |host| host.write("run/target.d/x.conf", "[Unit]\nConflicts=x.service\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of a prefix",
            |host| host.write("etc/execution-.service.d/x.conf", "[Service]\nExecStart=\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of an alias",
            |host| {
                host.link("etc/trader.service", "../lib/execution.service");
                host.write("etc/trader.service.d/x.conf", "[Service]\nRestart=no\n");
            },
            &[Code::ForeignDropIn],
        ),
        (
            "of an alias of an alias",
            |host| {
                host.link("etc/a.service", "b.service");
                host.link("etc/b.service", "../lib/execution.service");
                host.write("run/a.service.d/x.conf", "[Service]\nRestart=no\n");
            },
            &[Code::ForeignDropIn],
        ),
        (
            "of systemctl set-property",
            |host| host.write("control/execution.service.d/50-MemoryMax.conf", "[Service]\nMemoryMax=1M\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "of a NixOS module",
            |host| host.write("etc/execution.service.d/overrides.conf", "[Service]\nEnvironment=PATH=/x\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "that only NixOS acts on",
            |host| host.write("etc/execution.service.d/overrides.conf", "[Service]\nX-RestartIfChanged=true\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "that is a link",
            |host| {
                host.write("elsewhere", "[Service]\nExecCondition=\n");
                host.link("etc/execution.service.d/60-x.conf", "../../elsewhere");
            },
            &[Code::ForeignDropIn],
        ),
        ("a directory of that name", |host| host.write("etc/execution.service.d/60-x.conf/x", ""), &[]),
        (
            "a drop-in of an earlier render",
            |host| host.copy(&format!("lib/{GATE}"), "lib/execution.service.d/15-older.conf"),
            &[Code::ForeignDropIn],
        ),
        ("our drop-in is gone", |host| host.remove(&format!("lib/{GATE}")), &[Code::DropInMissing]),
        (
            "all of them are",
            |host| fs::remove_dir_all(host.path("lib/execution.service.d")).unwrap(),
            &[Code::DropInMissing; 2],
        ),
        (
            "our drop-in is replaced",
            |host| host.write(&format!("etc/{RESTART}"), "[Service]\nRestart=always\n"),
            &[Code::DropInReplaced],
        ),
        (
            "our drop-in is edited",
            |host| host.edit(&format!("lib/{GATE}"), "ExecCondition=/", "# ExecCondition=/"),
            &[Code::DropInReplaced],
        ),
        (
            "our drop-in is replaced by nothing",
            |host| host.write(&format!("etc/{GATE}"), "# none\n"),
            &[Code::DropInReplaced],
        ),
        ("our drop-in is masked", |host| host.link(&format!("etc/{GATE}"), "/dev/null"), &[Code::DropInMasked]),
        (
            "our drop-in is masked by an empty file",
            |host| host.write(&format!("run/{GATE}"), ""),
            &[Code::DropInMasked],
        ),
        ("not enabled", |host| host.remove(&format!("etc/{ENABLED}")), &[Code::NotEnabled]),
        (
            "enabled for a desktop",
            |host| {
                host.remove(&format!("etc/{ENABLED}"));
                host.link("etc/graphical.target.wants/avwap.target", "/lib/avwap.target");
            },
            &[Code::NotEnabled, Code::StartedByOthers],
        ),
        ("enabled and masked", |host| host.link(&format!("control/{ENABLED}"), "/dev/null"), &[Code::EnabledWrongly]),
        (
            "a copy instead of a link",
            |host| {
                host.remove(&format!("etc/{ENABLED}"));
                host.write(&format!("etc/{ENABLED}"), "[Unit]\n");
            },
            &[Code::EnabledWrongly],
        ),
        (
            "a link to another target",
            |host| host.link(&format!("etc/{ENABLED}"), "../other.target"),
            &[Code::EnabledWrongly],
        ),
        (
            "a job at every boot",
            |host| host.link("etc/multi-user.target.wants/scan.service", "../scan.service"),
            &[Code::StartedByOthers],
        ),
        (
            "a job at every login",
            |host| host.link("etc/default.target.wants/eod.service", "../eod.service"),
            &[Code::StartedByOthers],
        ),
        (
            "trading whenever something runs",
            |host| host.link("lib/cron.service.requires/execution.service", "../execution.service"),
            &[Code::StartedByOthers],
        ),
        (
            "restarted whatever the gate says",
            |host| host.link("etc/multi-user.target.upholds/execution.service", "../execution.service"),
            &[Code::StartedByOthers],
        ),
        (
            "the end of day starts trading",
            |host| host.link("etc/eod.service.requires/execution.service", "../execution.service"),
            &[Code::StartedByOthers, Code::TiedToOthers],
        ),
        (
            "the job of the target itself",
            |host| host.link("etc/avwap.target.wants/execution-restart.service", "../x"),
            &[Code::StartedByOthers],
        ),
        (
            "falls with something of others",
            |host| host.link("etc/avwap.target.requires/x.service", "../x.service"),
            &[Code::TiedToOthers],
        ),
        (
            "a job starts something of others",
            |host| host.link("etc/scan.service.wants/x.service", "../x.service"),
            &[Code::TiedToOthers],
        ),
        (
            "every service falls with something of others",
            |host| host.link("etc/service.requires/cron.service", "../cron.service"),
            &[Code::TiedToOthers; 4],
        ),
        (
            "every timer starts something",
            |host| host.link("etc/timer.wants/x.service", "../x.service"),
            &[Code::TiedToOthers; 3],
        ),
        (
            "every target falls with something",
            |host| host.link("run/target.requires/x.service", "../x.service"),
            &[Code::TiedToOthers],
        ),
        (
            "every target starts a job",
            |host| host.link("etc/target.wants/scan.service", "../scan.service"),
            &[Code::StartedByOthers],
        ),
        (
            "a prefix falls with something",
            |host| host.link("etc/execution-.service.requires/x.service", "../x.service"),
            &[Code::TiedToOthers],
        ),
        (
            "an alias falls with something",
            |host| {
                host.link("etc/trader.service", "../lib/execution.service");
                host.link("etc/trader.service.requires/x.service", "../x.service");
            },
            &[Code::TiedToOthers],
        ),
        (
            "a job at every boot by an alias",
            |host| {
                host.link("etc/zz.service", "../lib/scan.service");
                host.link("etc/multi-user.target.wants/zz.service", "../zz.service");
            },
            &[Code::StartedByOthers],
        ),
        (
            "tied by a link to a directory",
            |host| host.link("etc/execution.service.requires/x.service", "/usr"),
            &[Code::TiedToOthers],
        ),
        (
            "a comment that systemd ends at a carriage return",
            |host| host.write("etc/execution.service.d/x.conf", "[Service]\n# note\rExecCondition=\r"),
            &[Code::ForeignDropIn],
        ),
        (
            "a drop-in whose name is no text",
            |host| {
                let folder = host.path("etc/scan.service.d");
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(OsStr::from_bytes(b"\xff.conf")), "[Service]\nNice=1\n").unwrap();
            },
            &[Code::ForeignDropIn],
        ),
        (
            "a drop-in that says it behind a megabyte of comments",
            |host| host.write("etc/scan.service.d/x.conf", &("#\n".repeat(1 << 19) + "[Service]\nNice=1\n")),
            &[Code::ForeignDropIn],
        ),
        (
            "a path of others starts a job by its name",
            |host| host.write("etc/scan.path", "[Path]\nPathExists=/x\n"),
            &[Code::StartedByOthers],
        ),
        (
            "a timer of others starts trading by its name",
            |host| host.write("run/execution.timer", "[Timer]\nOnBootSec=1\n"),
            &[Code::StartedByOthers],
        ),
        (
            "a socket starts an alias by its name",
            |host| {
                host.link("etc/trader.service", "../lib/execution.service");
                host.write("etc/trader.socket", "[Socket]\nListenStream=1\n");
            },
            &[Code::StartedByOthers],
        ),
        (
            "a unit of others runs a program of ours",
            |host| {
                let text = "[Service]\nExecStart=/bin/sh -c 'exec /usr/lib/portcullis/bin/execution run'\n";
                host.write("etc/old.service", text);
            },
            &[Code::ForeignRun],
        ),
        (
            "a scan of others, by a unit that is not enabled",
            |host| host.write("etc/old.service", "[Service]\nExecStart=-/usr/lib/portcullis/bin/scanner scan\n"),
            &[Code::ForeignRun],
        ),
        (
            "a limit of every service of the system",
            |host| host.write("control/system.slice.d/50-MemoryMax.conf", "[Slice]\nMemoryMax=64M\n"),
            &[Code::ForeignDropIn],
        ),
        (
            "a limit of every slice",
            |host| host.write("etc/slice.d/x.conf", "[Slice]\nMemoryMax=64M\n"),
            &[Code::ForeignDropIn; 2],
        ),
        (
            "a boot that ends early",
            |host| host.link("etc/default.target", "../lib/rescue.target"),
            &[Code::BootElsewhere],
        ),
        ("a boot that is masked", |host| host.link("etc/multi-user.target", "/dev/null"), &[Code::BootElsewhere]),
        (
            "a unit of an earlier manifest",
            |host| host.copy("lib/scan.service", "etc/old-scan.service"),
            &[Code::Leftover],
        ),
        ("a timer of an earlier manifest", |host| host.copy("lib/scan.timer", "lib/old-scan.timer"), &[Code::Leftover]),
        (
            "another manifest beside the units",
            |host| host.append("lib/avwap.manifest.toml", "# changed\n"),
            &[Code::ManifestDiffers],
        ),
    ];
    let mut met = BTreeSet::new();
    for (what, change, expect) in losses {
        let host = Host::with_units_in("lib");
        change(&host);
        let expect: Vec<&str> = expect.iter().map(|code| code.as_str()).collect();
        assert_eq!(host.codes(), expect, "{what}: {:#?}", host.verify());
        met.extend(expect);
    }
    let unmet: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).filter(|code| !met.contains(code)).collect();
    assert_eq!(unmet, Vec::<&str>::new(), "never seen to be found");
}

#[test]
fn what_takes_nothing_away_is_left_alone() {
    let harmless: &[(&str, Change)] = &[
        ("an empty drop-in", |host| host.write("etc/execution.service.d/overrides.conf", "")),
        ("a drop-in of comments", |host| host.write("etc/service.d/x.conf", "# [Service]\n; ExecCondition=\n\n")),
        ("wantedBy of a NixOS module", |host| host.write("etc/avwap.target.d/overrides.conf", "[Unit]\n\n")),
        ("a drop-in by another name", |host| host.write("etc/execution.service.d/README", "[Service]\nRestart=no\n")),
        ("a hidden one", |host| host.write("etc/execution.service.d/.50-x.conf", "[Service]\nRestart=no\n")),
        ("a drop-in that is masked", |host| {
            host.write("lib/execution.service.d/50-x.conf", "[Service]\nRestart=no\n");
            host.link("etc/execution.service.d/50-x.conf", "/dev/null");
        }),
        ("of other units", |host| {
            host.write("etc/scan-.service.d/x.conf", "[Service]\nRestart=no\n");
            host.write("etc/execution@.service.d/x.conf", "[Service]\nRestart=no\n");
            host.write("etc/other.service.d/x.conf", "[Service]\nRestart=no\n");
            host.write("etc/socket.d/x.conf", "[Socket]\nBacklog=1\n");
        }),
        ("the same unit above", |host| host.copy("lib/scan.service", "etc/scan.service")),
        ("another unit below", |host| {
            host.copy("lib/scan.service", "etc/scan.service");
            host.write("lib/scan.service", "[Service]\nExecStart=/opt/old\n");
        }),
        ("links to the units", |host| {
            fs::rename(host.path("lib/execution.service"), host.path("elsewhere")).unwrap();
            host.link("lib/execution.service", "../elsewhere");
            fs::rename(host.path("lib/execution.service.d"), host.path("drop-ins")).unwrap();
            host.link("lib/execution.service.d", "../drop-ins");
        }),
        ("enabled by what is required", |host| {
            host.remove(&format!("etc/{ENABLED}"));
            host.link("etc/multi-user.target.requires/avwap.target", "../avwap.target");
        }),
        ("enabled by the vendor", |host| {
            host.remove(&format!("etc/{ENABLED}"));
            host.link(&format!("lib/{ENABLED}"), "../avwap.target");
        }),
        ("enabled from a root that is not here", |host| {
            host.link(&format!("etc/{ENABLED}"), "/usr/lib/nowhere/avwap.target")
        }),
        ("enabled one by one as well", |host| {
            host.link("etc/timers.target.wants/scan.timer", "../scan.timer");
            host.link("etc/multi-user.target.wants/execution.service", "../execution.service");
        }),
        ("the target starts something else", |host| host.link("etc/avwap.target.wants/x.service", "../x.service")),
        ("enabled by an alias of the target", |host| {
            host.remove(&format!("etc/{ENABLED}"));
            host.link("etc/zz.target", "../lib/avwap.target");
            host.link("etc/multi-user.target.wants/zz.target", "../zz.target");
        }),
        ("a boot of a desktop", |host| host.link("lib/default.target", "graphical.target")),
        ("a boot of its own that reaches ours", |host| {
            host.write("etc/kiosk.target", "[Unit]\nRequires=multi-user.target\n");
            host.link("etc/default.target", "kiosk.target");
        }),
        ("a report of an operator", |host| {
            let text =
                "[Service]\n# not /usr/lib/portcullis/bin/execution\nExecStart=/usr/lib/portcullis/bin/desk report\n";
            host.write("etc/report.service", text);
        }),
        ("a timer of others that is masked", |host| host.link("etc/execution.timer", "/dev/null")),
        ("a dependency that is masked everywhere", |host| {
            host.link("lib/service.requires/x.service", "../x.service");
            host.link("etc/service.requires/x.service", "/dev/null");
        }),
        ("a dependency that is masked", |host| host.link("etc/eod.service.requires/x.service", "/dev/null")),
        ("an alias", |host| host.link("etc/trader.service", "../lib/execution.service")),
        ("another deployment", |host| {
            host.write("lib/x.service", "# Rendered by unitgen 0 from the manifest of x (sha256:0)\n[Service]\n");
        }),
        ("units of others", |host| host.write("etc/cron.service", "[Service]\nExecStart=/usr/sbin/cron\n")),
        ("the manifest's copy is kept elsewhere", |host| host.remove("lib/avwap.manifest.toml")),
    ];
    for (what, change) in harmless {
        let host = Host::with_units_in("lib");
        change(&host);
        assert_eq!(host.codes(), Vec::<&str>::new(), "{what}: {:#?}", host.verify());
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
    for part in
        ["lost[unit-differs]: etc/execution.service: line ", "#ExecCondition=", "  help: render", "1 guardrail of"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let json: Value = serde_json::from_slice(&host.unitgen(&["etc", "--json"]).stdout).unwrap();
    assert_eq!((&json["schema_version"], &json["ok"]), (&1.into(), &false.into()));
    assert_eq!(json["findings"][0]["code"], "unit-differs");
    assert_eq!(json["findings"][0]["deployment"], "avwap");
    assert_eq!(json["notes"].as_array().unwrap().len(), 4, "an empty drop-in of four services: {json}");
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
    host.write("etc/second-.service.d/x.conf", "[Service]\nRestart=no\n");
    let output = host.unitgen(&["control", "etc", "run", "lib", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(json["findings"].as_array().unwrap().len(), 3, "{json}");
    assert!(json["findings"].as_array().unwrap().iter().all(|finding| finding["deployment"] == "second"));
}

/// A switch of a system waits for this, and a host has hundreds of units: at most 50 ms, measured on the quickest of some.
#[test]
fn a_host_full_of_units_is_verified_quickly() {
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
    let quickest = (0..5).map(|_| {
        let begun = Instant::now();
        assert_eq!(host.codes(), Vec::<&str>::new());
        begun.elapsed()
    });
    let quickest = quickest.min().unwrap();
    println!("700 units, 233 aliases, 70 drop-ins: {quickest:?}");
    assert!(quickest < Duration::from_millis(250), "{quickest:?} in a build that is not optimised for it");
}

/// A host's search path: what an operator controls, `/etc`, `/run`, and the vendor's directory.
struct Host(tempfile::TempDir);

const DIRECTORIES: [&str; 4] = ["control", "etc", "run", "lib"];

impl Host {
    fn with_units_in(place: &str) -> Self {
        let host = Self(tempfile::tempdir().unwrap());
        for directory in DIRECTORIES {
            fs::create_dir(host.path(directory)).unwrap();
        }
        output::write(&host.path(place), &rendered(AVWAP), "avwap").unwrap();
        host.link(&format!("etc/{ENABLED}"), &format!("../../{place}/avwap.target"));
        host
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }

    fn append(&self, path: &str, text: &str) {
        self.write(path, &(fs::read_to_string(self.path(path)).unwrap() + text));
    }

    fn edit(&self, path: &str, with: &str, without: &str) {
        let text = fs::read_to_string(self.path(path)).unwrap();
        assert!(text.contains(with), "{with} is not in {path}");
        self.write(path, &text.replacen(with, without, 1));
    }

    fn copy(&self, from: &str, to: &str) {
        self.write(to, &fs::read_to_string(self.path(from)).unwrap());
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).unwrap();
        }
        symlink(target, path).unwrap();
    }

    fn verify(&self) -> verify::Outcome {
        let tree = rendered(AVWAP);
        let directories = DIRECTORIES.map(|directory| self.path(directory));
        let names = tree.iter().map(|(path, _)| path.to_owned()).collect();
        let listing = search_path::read(&directories, &names).unwrap();
        verify::verify(&verify::Expected { deployment: "avwap", tree: &tree, enabled: true }, &listing)
    }

    /// The codes found, in the order of the list of codes.
    fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<Code> = self.verify().findings.iter().map(|finding| finding.code).collect();
        codes.sort();
        codes.into_iter().map(Code::as_str).collect()
    }

    fn unitgen(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
        command.arg("verify").args(args).current_dir(self.0.path()).output().unwrap()
    }
}

fn rendered(manifest: &str) -> Tree {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}
