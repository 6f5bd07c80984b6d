//! What takes nothing away.

use std::fs;

use crate::host::{Change, ENABLED, Host, RESTART};

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
        ("rendered by another release that renders the same", |host| {
            for path in ["lib/execution.service", "lib/scan.timer", "lib/avwap.target", &format!("lib/{RESTART}")] {
                host.edit(path, "by unitgen ", "by unitgen 9.");
            }
        }),
        ("a unit that asks our gate, and one that tells of ours", |host| {
            host.write("etc/a.service", "[Service]\nExecStart=/usr/lib/portcullis/bin/gate execution\n");
            host.write(
                "etc/b.service",
                "[Service]\nExecStart=/usr/lib/portcullis/bin/desk alert --unit execution.service\n",
            );
        }),
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
        ("a boot of a desktop that says so", |host| {
            host.link("lib/default.target", "graphical.target");
            host.write("lib/graphical.target", "[Unit]\nRequires=multi-user.target\nWants=display-manager.service\n");
        }),
        ("a boot that reaches ours by a drop-in and a link", |host| {
            host.link("etc/default.target", "../lib/a.target");
            host.write("lib/a.target", "[Unit]\n");
            host.write("etc/a.target.d/x.conf", "[Unit]\nWants=b.target\n");
            host.link("etc/b.target.wants/multi-user.target", "../x");
        }),
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
