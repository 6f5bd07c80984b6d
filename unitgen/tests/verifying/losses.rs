//! Every way to lose a guardrail, one at a time.

use std::{collections::BTreeSet, ffi::OsStr, fs, os::unix::ffi::OsStrExt};

use unitgen::verify::Code;

use crate::host::{Change, ENABLED, GATE, Host, RESTART};

const RUN: &str = "ExecStart=/usr/lib/portcullis/bin/execution run\n";
const OF_NOBODY: &str = "# Rendered by unitgen 0.1.0 from the manifest of nobody (sha256:00).\n";

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
            "a drop-in of a unit of others runs it",
            |host| {
                host.write("lib/second.service", "[Service]\nExecStart=/bin/true\n");
                host.write("etc/second.service.d/x.conf", &format!("[Service]\nExecStart=\n{RUN}"));
            },
            &[Code::ForeignRun],
        ),
        (
            "an alias's drop-in runs it",
            |host| {
                host.write("lib/second.service", "[Service]\nExecStart=/bin/true\n");
                host.link("etc/zz.service", "../lib/second.service");
                host.write("etc/zz.service.d/x.conf", &format!("[Service]\n{RUN}"));
            },
            &[Code::ForeignRun],
        ),
        (
            "a unit that says it is of a deployment that nobody looks at",
            |host| host.write("etc/second.service", &format!("{OF_NOBODY}[Service]\n{RUN}")),
            &[Code::ForeignRun],
        ),
        (
            "by the way of a link of the system",
            |host| host.write("etc/second.service", "[Service]\nExecStart=/lib/portcullis//bin/execution run\n"),
            &[Code::ForeignRun],
        ),
        (
            "behind many comments",
            |host| host.write("etc/second.service", &format!("{}[Service]\n{RUN}", "# much\n".repeat(20_000))),
            &[Code::ForeignRun],
        ),
        (
            "behind more than is read",
            |host| host.write("etc/second.service", &format!("{}[Service]\n{RUN}", "# much\n".repeat(200_000))),
            &[Code::Unreadable],
        ),
        ("a unit that nobody can read", |host| host.link("etc/second.service", "second.service"), &[Code::Unreadable]),
        (
            "a directory of links that nobody can read",
            |host| host.link("etc/other.target.wants", "other.target.wants"),
            &[Code::Unreadable],
        ),
        (
            "a drop-in of others that nobody can read",
            |host| host.link("etc/second.service.d/x.conf", "x.conf"),
            &[Code::Unreadable],
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
        (
            "a boot of a desktop that starts nothing",
            |host| {
                host.link("lib/default.target", "graphical.target");
                host.write("lib/graphical.target", "[Unit]\nRequires=multi-user.target\n");
                host.write("etc/graphical.target", "[Unit]\nDescription=nothing\n");
            },
            &[Code::BootElsewhere],
        ),
        ("a boot that is masked", |host| host.link("etc/multi-user.target", "/dev/null"), &[Code::BootElsewhere]),
        (
            "a unit of an earlier manifest",
            |host| host.copy("lib/scan.service", "etc/old-scan.service"),
            &[Code::Leftover],
        ),
        (
            "a timer of an earlier manifest",
            |host| host.copy("lib/scan.timer", "lib/old-scan.timer"),
            &[Code::StartedByOthers, Code::Leftover],
        ),
        (
            "another manifest beside the units",
            |host| host.append("lib/avwap.manifest.toml", "# changed\n"),
            &[Code::ManifestDiffers],
        ),
        (
            "a line more in the manifest that programs read",
            |host| host.append("root/etc/portcullis/avwap.toml", "# changed\n"),
            &[Code::InstalledManifestDiffers],
        ),
        (
            "no manifest where programs look for it",
            |host| host.remove("root/etc/portcullis/avwap.toml"),
            &[Code::InstalledManifestDiffers],
        ),
        (
            "a directory in the place of the manifest",
            |host| {
                host.remove("root/etc/portcullis/avwap.toml");
                host.write("root/etc/portcullis/avwap.toml/x", "");
            },
            &[Code::InstalledManifestDiffers],
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
    // Of hosts that run containers: tests/containers.
    met.extend([Code::NotGenerated, Code::GeneratedDiffers].map(Code::as_str));
    let unmet: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).filter(|code| !met.contains(code)).collect();
    assert_eq!(unmet, Vec::<&str>::new(), "never seen to be found");
}
