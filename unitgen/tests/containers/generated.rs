//! What we write down of podman's generator, against the generator.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Command};

use unitgen::{
    containers::{differing, generated, loaded, service_of, source_path},
    guardrails::{Units, held},
    targets::Target,
};

use super::place::{in_containers, rendered};

/// Every file that is rendered becomes what is written down here, for a podman of today and for one that lacks half the keys; and
/// the guardrails that come of it are those of the same manifest without a generator.
#[test]
fn podmans_generator_makes_what_is_written_down() {
    let Some(generator) = generator() else { return };
    for podman in ["5.4", "4.6"] {
        let tree = rendered(Target::Quadlet, &in_containers(podman, 257));
        let mut seen = 0;
        for (path, content) in tree.iter().filter(|(path, _)| path.ends_with(".container")) {
            let name = path.rsplit('/').next().unwrap();
            let (from, made) = made(&generator, name, content, &[]);
            let ours = generated(&from, content);
            assert_eq!(
                differing(ours.as_bytes(), &made),
                None,
                "{podman} {name}\n{ours}\n{}",
                String::from_utf8_lossy(&made)
            );
            assert_eq!(source_path(&made).as_deref(), Some(from.as_str()));
            seen += 1;
        }
        assert_eq!(seen, 3);
        let native = held(&Units::of_tree(&rendered(Target::PodmanUnits, &in_containers(podman, 257))));
        let held = held(&Units::of_tree(&loaded(&tree)));
        assert_eq!(held.symmetric_difference(&native).collect::<Vec<_>>(), Vec::<&_>::new(), "{podman}");
    }
}

/// Each edit of what was made is noticed: nothing is compared that is not looked at.
#[test]
fn what_a_generator_made_otherwise_is_noticed() {
    let tree = rendered(Target::Quadlet, &in_containers("5.4", 257));
    let file = tree.get("containers/systemd/execution.container").unwrap();
    let made = generated("/etc/containers/systemd/execution.container", file);
    for (from, to) in [
        ("--cap-drop=all", "--cap-add=SYS_ADMIN"),
        ("--read-only ", ""),
        ("--network=host", "--network=host --privileged"),
        ("@sha256:0123", "@sha256:9999"),
        (" run\n", " run --live\n"),
        ("ExecCondition=", "ExecStartPost="),
        ("EXECUTION_POLL_SECONDS=60", "EXECUTION_POLL_SECONDS=61"),
        ("Restart=on-failure", "Restart=no"),
        ("WatchdogSec=60\n", ""),
        ("[Service]\n", "[Service]\nExecStartPre=/bin/evil\n"),
        ("ExecStop=/usr/bin/podman", "ExecStop=/usr/bin/false"),
        ("Type=notify", "Type=simple"),
        ("PartOf=avwap.target\n", "PartOf=other.target\n"),
    ] {
        assert!(made.contains(from), "{from:?} is not in it");
        let edited = made.replacen(from, to, 1);
        assert!(differing(made.as_bytes(), edited.as_bytes()).is_some(), "{from:?} -> {to:?} is not noticed");
    }
    let reordered = made.replacen("--cap-drop=all", "", 1).replacen("--rm", "--rm --cap-drop=all", 1);
    assert_eq!(differing(made.as_bytes(), reordered.as_bytes()), None, "the order of options means nothing");
}

/// Which file of a name counts, where drop-ins are looked for, and that a link to nothing hides what lies below.
#[test]
fn where_podmans_generator_looks() {
    let Some(generator) = generator() else { return };
    let text = |who: &str| format!("[Unit]\nDescription={who}\n[Container]\nImage=x.example/x@sha256:00\n");
    let place = tempfile::tempdir().unwrap();
    let folders = ["run", "etc", "usr"].map(|name| place.path().join(name));
    let described = || -> Option<String> {
        let out = tempfile::tempdir().unwrap();
        let dirs = folders.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(":");
        let status = Command::new(&generator)
            .arg("-no-kmsg-log")
            .arg(out.path())
            .env("QUADLET_UNIT_DIRS", dirs)
            .output()
            .unwrap();
        let made = fs::read_to_string(out.path().join("a-b.service")).ok();
        assert!(made.is_some() || !status.status.success() || status.stderr.is_empty(), "{status:?}");
        let lines =
            made?.lines().filter_map(|line| line.strip_prefix("Description=").map(str::to_owned)).collect::<Vec<_>>();
        Some(lines.join(" "))
    };
    fs::create_dir_all(folders[1].join("below")).unwrap();
    fs::create_dir_all(folders[2].join("a-.container.d")).unwrap();
    fs::create_dir_all(folders[0].join("container.d")).unwrap();
    assert_eq!(described(), None);
    fs::write(folders[1].join("below/a-b.container"), text("below")).unwrap();
    assert_eq!(described().as_deref(), Some("below"));
    fs::write(folders[1].join("a-b.container"), text("etc")).unwrap();
    assert_eq!(described().as_deref(), Some("etc"));
    fs::write(folders[2].join("a-b.container"), text("usr")).unwrap();
    assert_eq!(described().as_deref(), Some("etc"));
    fs::write(folders[0].join("a-b.container"), text("run")).unwrap();
    assert_eq!(described().as_deref(), Some("run"));
    for (folder, name) in [(2, "a-.container.d/10-x.conf"), (0, "container.d/20-y.conf")] {
        fs::write(folders[folder].join(name), format!("[Unit]\nDescription={name}\n")).unwrap();
    }
    assert_eq!(described().as_deref(), Some("run a-.container.d/10-x.conf container.d/20-y.conf"));
    fs::remove_file(folders[0].join("a-b.container")).unwrap();
    std::os::unix::fs::symlink("/dev/null", folders[0].join("a-b.container")).unwrap();
    assert_eq!(described(), None, "masked");
}

/// The service that the generator makes of a file with drop-ins, and where the file lay.
pub fn made(generator: &PathBuf, name: &str, content: &[u8], drop_ins: &[(&str, &str)]) -> (String, Vec<u8>) {
    let place = tempfile::tempdir().unwrap();
    let (files, out) = (place.path().join("files"), place.path().join("out"));
    fs::create_dir(&files).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(files.join(name), content).unwrap();
    for (path, text) in drop_ins {
        fs::create_dir_all(files.join(path).parent().unwrap()).unwrap();
        fs::write(files.join(path), text).unwrap();
    }
    let output =
        Command::new(generator).arg("-no-kmsg-log").arg(&out).env("QUADLET_UNIT_DIRS", &files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: BTreeSet<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let service = service_of(name).unwrap();
    assert!(names.iter().any(|name| name.to_str() == Some(&service)), "{names:?}");
    (files.join(name).display().to_string(), fs::read(out.join(service)).unwrap())
}

pub fn generator() -> Option<PathBuf> {
    let fetched = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/quadlet/generator")).output();
    match fetched {
        Ok(output) if output.status.success() => Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Ok(_) | Err(_) => {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI has Debian's archive");
            println!("skipped: needs podman's generator (tests/quadlet/generator, apt)");
            None
        }
    }
}
