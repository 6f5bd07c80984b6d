//! What is lost on a host that runs containers, and found by its files.

use unitgen::{
    containers::installed,
    guardrails::{Enablement, Guardrail, Units, held},
    targets::Target,
    verify::Entry,
};

use super::place::{AVWAP, FILES, GENERATED, Host, UNITS, rendered};

const CONTAINER: &str = "/etc/containers/systemd/execution.container";

#[test]
fn what_was_laid_and_loaded_has_lost_nothing() {
    for target in [Target::Quadlet, Target::PodmanUnits] {
        let host = Host::of(target);
        assert_eq!(host.findings(), [], "{target:?}");
        assert_eq!(installed(&host.listing, "avwap"), Some(target));
        assert_eq!(installed(&host.listing, "other"), None);
    }
}

type Edit = fn(&mut Host);

/// Every way by which another hand, or nobody's, changes what systemd loads.
#[test]
fn every_loss_is_found() {
    let ways: [(&str, Edit, &[&str]); 21] = [
        (
            "a file that is edited and loaded",
            |host| {
                host.edit(CONTAINER, "Restart=on-failure", "Restart=no");
                host.reload();
            },
            &["unit-differs execution.service"],
        ),
        (
            "a file that is gone, and its unit with it",
            |host| {
                host.take(CONTAINER);
                host.take(&format!("{GENERATED}/execution.service"));
            },
            &["unit-missing execution.service", "not-generated execution.service"],
        ),
        ("a file that is gone and not reloaded", |host| host.take(CONTAINER), &["unit-missing execution.service"]),
        ("an empty file", |host| host.lay(CONTAINER, b""), &["unit-masked execution.service"]),
        (
            "a link to /dev/null above, loaded",
            |host| {
                host.put("/run/containers/systemd/execution.container", Entry::Null);
                host.reload();
            },
            &["not-generated execution.service", "unit-masked execution.service"],
        ),
        (
            "a link to /dev/null above, not yet loaded",
            |host| host.put("/run/containers/systemd/execution.container", Entry::Null),
            &["unit-masked execution.service", "generated-differs execution.service"],
        ),
        (
            "a file of the same name above",
            |host| {
                host.lay("/run/containers/systemd/execution.container", b"[Container]\nImage=x\n");
                host.reload();
            },
            &["unit-shadowed execution.service"],
        ),
        (
            "a file of the same name below",
            |host| host.lay("/usr/share/containers/systemd/execution.container", b"[Container]\nImage=x\n"),
            &[],
        ),
        (
            "a drop-in of the file",
            |host| {
                host.lay(&format!("{FILES}/execution.container.d/10-x.conf"), b"[Container]\nPodmanArgs=--privileged\n")
            },
            &["foreign-drop-in execution.service"],
        ),
        (
            "a drop-in of all files",
            |host| host.lay("/run/containers/systemd/container.d/10-x.conf", b"[Service]\nExecCondition=\n"),
            &["foreign-drop-in eod.service", "foreign-drop-in execution.service", "foreign-drop-in scan.service"],
        ),
        (
            "a drop-in that updates the image",
            |host| host.lay(&format!("{FILES}/execution.container.d/10-x.conf"), b"[Container]\nAutoUpdate=registry\n"),
            &["foreign-drop-in execution.service"],
        ),
        (
            "a drop-in that says nothing",
            |host| host.lay(&format!("{FILES}/execution.container.d/10-x.conf"), b"[Container]\n# nothing\n"),
            &[],
        ),
        (
            "a drop-in of the unit",
            |host| host.lay(&format!("{UNITS}/execution.service.d/99-x.conf"), b"[Service]\nExecCondition=\n"),
            &["foreign-drop-in execution.service"],
        ),
        (
            "a unit by hand over the one that is made",
            |host| host.lay(&format!("{UNITS}/execution.service"), b"[Service]\nExecStart=/bin/true\n"),
            &["unit-shadowed execution.service"],
        ),
        (
            "a mask over the one that is made",
            |host| host.put(&format!("{UNITS}/execution.service"), Entry::Null),
            &["unit-masked execution.service"],
        ),
        (
            "no unit of the file",
            |host| host.take(&format!("{GENERATED}/execution.service")),
            &["not-generated execution.service"],
        ),
        (
            "a file that came back and was not reloaded",
            |host| {
                host.edit(
                    &format!("{GENERATED}/execution.service"),
                    "EXECUTION_POLL_SECONDS=60",
                    "EXECUTION_POLL_SECONDS=600",
                )
            },
            &["generated-differs execution.service"],
        ),
        (
            "what was made, opened",
            |host| host.edit(&format!("{GENERATED}/execution.service"), "--cap-drop=all", "--privileged"),
            &["generated-differs execution.service"],
        ),
        (
            "what was made of another file",
            |host| host.edit(&format!("{GENERATED}/execution.service"), "SourcePath=/etc", "SourcePath=/srv"),
            &["generated-differs execution.service"],
        ),
        (
            "another container of the same image",
            |host| {
                let start = format!("[Service]\nExecStart=/usr/bin/podman run {}\n", super::place::IMAGE);
                host.lay(&format!("{GENERATED}/mine.service"), start.as_bytes());
            },
            &["foreign-run mine.service"],
        ),
        (
            "a container of another image",
            |host| {
                host.lay(
                    &format!("{GENERATED}/mine.service"),
                    b"[Service]\nExecStart=/usr/bin/podman run x.example/x@sha256:00\n",
                )
            },
            &[],
        ),
    ];
    for (what, edit, expect) in ways {
        let mut host = Host::of(Target::Quadlet);
        edit(&mut host);
        assert_eq!(host.codes(), *expect, "{what}: {:#?}", host.findings());
    }
}

/// Two targets of one deployment at a time: what is of the other one is found, whichever is asked for.
#[test]
fn what_another_target_left_is_found() {
    let mut host = Host::of(Target::Quadlet);
    let native = rendered(Target::Systemd, AVWAP);
    host.lay(&format!("{UNITS}/execution.service"), native.get("execution.service").unwrap());
    assert_eq!(installed(&host.listing, "avwap"), Some(Target::Quadlet));
    assert_eq!(host.codes(), ["unit-shadowed execution.service"]);
    host.loaded = native;
    let codes = host.codes();
    for file in ["eod", "execution", "scan"] {
        assert!(codes.contains(&format!("leftover {file}.container")), "{codes:#?}");
    }
}

/// A guardrail of the container is one of its unit: what opens the container loses it, by whichever file it comes.
#[test]
fn a_container_that_is_opened_loses_its_guardrails() {
    let held_by = |host: &Host| held(&Units::of_listing(&host.listing, Enablement::AsLinked));
    let whole = held_by(&Host::of(Target::Quadlet));
    for (from, to, guardrail) in [
        ("--cap-drop=all", "", Guardrail::Unprivileged),
        ("--read-only ", "", Guardrail::ReadOnlySystem),
        ("--network=host", "--network=bridge", Guardrail::NetworkBounded),
        ("--env=PORTCULLIS_MANIFEST_DIGEST", "", Guardrail::ManifestDigest),
        ("--env=WATCHDOG_USEC", "", Guardrail::Watchdog),
        ("--sdnotify=container", "--sdnotify=conmon", Guardrail::Readiness),
        (":/run/credentials:ro", ":/run/keys:ro", Guardrail::CredentialsAsFiles),
        ("/portcullis:rw", "/portcullis:ro", Guardrail::AccountLock),
        ("@sha256:", ":sha256-", Guardrail::OwnPrograms),
        ("ExecStart=/usr/bin/podman run", "ExecStart=/usr/bin/podman start", Guardrail::Unprivileged),
    ] {
        let entry = ("execution.service".to_owned(), guardrail);
        assert!(whole.contains(&entry), "{guardrail:?} is not held to begin with");
        let mut host = Host::of(Target::Quadlet);
        host.edit_command(&format!("{GENERATED}/execution.service"), from, to);
        assert!(!held_by(&host).contains(&entry), "{from:?} -> {to:?} keeps {guardrail:?}");
    }
}
