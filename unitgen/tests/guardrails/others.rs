//! Ways that are no assignment: files and links that are there or not.

use crate::{
    host::{Host, MANIFEST},
    running::{Running, is_ok},
};

/// What is done, by what verify finds it, and the unit and guardrail that diff names as lost or held by something else;
/// nothing where the unit says the same.
pub struct Other {
    pub name: &'static str,
    pub done: fn(&Host),
    pub verify: &'static [&'static str],
    pub lost: &'static [(&'static str, &'static str)],
}

pub const OTHERS: [Other; 18] = [
    Other {
        name: "a timer is deleted",
        done: |host| host.remove("etc/eod.timer"),
        verify: &["unit-missing"],
        lost: &[("eod.service", "runs-each-time"), ("eod.timer", "can-start")],
    },
    Other {
        name: "the service is deleted",
        done: |host| host.remove("etc/execution.service"),
        verify: &["unit-missing"],
        lost: &[("execution.service", "can-start")],
    },
    Other {
        name: "masked by a link to /dev/null",
        done: |host| host.link("etc/execution.service", "/dev/null"),
        verify: &["unit-masked"],
        lost: &[("execution.service", "can-start")],
    },
    Other {
        name: "masked by an empty file",
        done: |host| host.write("etc/scan.timer", ""),
        verify: &["unit-masked"],
        lost: &[("scan.service", "runs-each-time"), ("scan.timer", "can-start")],
    },
    Other {
        name: "the target is masked: nothing of it starts",
        done: |host| host.link("etc/avwap.target", "/dev/null"),
        verify: &["enabled-wrongly", "unit-masked"],
        lost: &[
            ("avwap.target", "can-start"),
            ("eod.timer", "starts-at-boot"),
            ("execution-restart.timer", "starts-at-boot"),
            ("execution.service", "starts-at-boot"),
            ("scan.timer", "starts-at-boot"),
        ],
    },
    Other {
        name: "the target is disabled",
        done: |host| host.remove("etc/multi-user.target.wants/avwap.target"),
        verify: &["not-enabled"],
        lost: &[
            ("avwap.target", "starts-at-boot"),
            ("eod.timer", "starts-at-boot"),
            ("execution-restart.timer", "starts-at-boot"),
            ("execution.service", "starts-at-boot"),
            ("scan.timer", "starts-at-boot"),
        ],
    },
    Other {
        name: "a boot starts a job (multi-user.target.wants)",
        done: |host| host.link("etc/multi-user.target.wants/scan.service", "../scan.service"),
        verify: &["started-by-others"],
        lost: &[("scan.service", "single-start")],
    },
    Other {
        name: "something upholds the service, whatever its gate says",
        done: |host| host.link("etc/other.service.upholds/execution.service", "../execution.service"),
        verify: &["started-by-others"],
        lost: &[("execution.service", "single-start")],
    },
    Other {
        name: "a unit of others wants the service in its own text",
        done: |host| {
            host.write("etc/foreign.service", "[Unit]\nWants=execution.service\n[Service]\nExecStart=/bin/x\n")
        },
        verify: &[],
        lost: &[("execution.service", "single-start")],
    },
    Other {
        name: "a timer of another name triggers it",
        done: |host| host.write("etc/foreign.timer", "[Timer]\nOnCalendar=daily\nUnit=execution.service\n"),
        verify: &["started-by-others"],
        lost: &[("execution.service", "single-start")],
    },
    Other {
        name: "a second timer starts it by its name",
        done: |host| host.write("etc/execution.timer", "[Timer]\nOnCalendar=daily\n"),
        verify: &["started-by-others"],
        lost: &[("execution.service", "single-start")],
    },
    Other {
        name: "the report requires trading (eod.service.requires)",
        done: |host| host.link("etc/eod.service.requires/execution.service", "../execution.service"),
        verify: &["started-by-others", "tied-to-others"],
        lost: &[("execution.service", "single-start")],
    },
    Other {
        name: "a gate moved into a unit of its own: Requires= without After=",
        done: |host| {
            host.write(
                "etc/seed-gate.service",
                "[Service]\nType=oneshot\nExecStart=/usr/lib/portcullis/bin/gate execution\n",
            );
            let text = "[Unit]\nRequires=seed-gate.service\n[Service]\nExecCondition=\n";
            host.write("etc/execution.service.d/99-by-hand.conf", text);
        },
        verify: &["foreign-drop-in"],
        lost: &[("execution.service", "gate")],
    },
    Other {
        name: "a gate that does nothing",
        done: |host| {
            host.write("etc/execution.service.d/99-x.conf", "[Service]\nExecCondition=\nExecCondition=/bin/true\n");
        },
        verify: &["foreign-drop-in"],
        lost: &[("execution.service", "gate")],
    },
    Other {
        name: "a program with full privileges (+)",
        done: |host| {
            let text = "[Service]\nExecStart=\nExecStart=+/usr/lib/portcullis/bin/execution run\n";
            host.write("etc/execution.service.d/99-x.conf", text);
        },
        verify: &["foreign-drop-in"],
        lost: &[("execution.service", "unprivileged")],
    },
    Other {
        name: "a drop-in of ours is masked",
        done: |host| host.link("control/execution.service.d/10-watchlist-gate.conf", "/dev/null"),
        verify: &["drop-in-masked"],
        lost: &[],
    },
    Other {
        name: "a drop-in of ours is deleted",
        done: |host| host.remove("etc/execution.service.d/20-restart-policy.conf"),
        verify: &["drop-in-missing"],
        lost: &[],
    },
    Other {
        name: "the manifest that the programs read is edited and not applied",
        done: |host| {
            host.write(MANIFEST, &host.read(MANIFEST).replace("mode = \"paper\"", "mode = \"live\""));
        },
        verify: &["installed-manifest-differs"],
        lost: &[],
    },
];

/// Units that Debian brings end the host when they are asked to.
#[test]
fn what_a_distribution_brings_takes_nothing_away() {
    let host = Host::with_units_in("etc");
    let text = "[Unit]\nSuccessAction=reboot\nFailureAction=reboot\n[Service]\nType=oneshot\nExecStart=/bin/x\n";
    for unit in ["system-update-cleanup", "systemd-reboot", "systemd-storagetm"] {
        host.write(&format!("lib/{unit}.service"), text);
    }
    assert!(is_ok(&Running::of(&host).drift(&host)), "{:?}", host.turns().lost);
    host.write("etc/by-hand.service", text);
    assert_eq!(host.turns().lost[0].guardrail, "stands-alone");
}

#[test]
fn every_other_way_is_found_for_what_it_is() {
    let mut wrong = Vec::new();
    for Other { name, done, verify, lost } in OTHERS {
        let host = Host::with_units_in("etc");
        done(&host);
        let verified: std::collections::BTreeSet<&str> = host.verified().into_iter().collect();
        if !verified.iter().eq(verify) {
            wrong.push(format!("{name}: verify finds {verified:?}"));
        }
        let turns = host.turns();
        let named = if turns.lost.is_empty() { &turns.changed } else { &turns.lost };
        let found: Vec<(&str, &str)> = named.iter().map(|turn| (turn.unit.as_str(), turn.guardrail)).collect();
        if found != lost {
            wrong.push(format!("{name}: diff names {found:?}"));
        }
        if is_ok(&Running::of(&host).drift(&host)) {
            wrong.push(format!("{name}: drift finds nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
