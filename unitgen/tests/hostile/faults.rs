//! A disk that fills and a directory that vanishes, at every step of a render: each file is what it was or what it becomes,
//! nothing else is left behind, and the next render mends it. A fault is a system call that strace lets fail.

use std::{collections::BTreeMap, env, fs, path::Path, process::Command};

use super::{AVWAP, Place, answer, source, systemd};

/// The system calls that a render changes a directory with, and how they fail.
const FAULTS: &[(&str, &str)] = &[
    ("mkdir", "ENOSPC"),
    ("mkdir", "ENOENT"),
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("fsync", "EIO"),
    ("fsync", "ENOSPC"),
    // A render copies nothing into place, and if it ever did, this would tear it.
    ("copy_file_range", "ENOSPC"),
    ("rename", "ENOENT"),
    ("rename", "ENOSPC"),
    ("unlink", "EROFS"),
];
const STEPS_MAX: usize = 200;

type Files = BTreeMap<String, Vec<u8>>;

#[test]
fn a_fault_at_any_step_leaves_every_file_whole() {
    if !traces() {
        assert!(env::var_os("CI").is_none(), "CI has strace and lets it trace");
        println!("skipped: needs strace, and to be allowed to trace");
        return;
    }
    let after = AVWAP.replace("Mon..Fri 16:15", "Mon..Fri 16:20").replace("[jobs.eod]", "[jobs.report]");
    let (old, new) = (files_of(AVWAP), files_of(&after));
    let mut struck = 0;
    for (call, error) in FAULTS {
        for step in 1..=STEPS_MAX {
            let place = Place::with(AVWAP.as_bytes());
            let render = ["render", "m.toml", "--target", "systemd", "--out", "units"];
            assert_eq!(place.unitgen(&render).0, 0);
            fs::write(place.path().join("m.toml"), &after).unwrap();
            let strike = format!("inject={call}:error={error}:when={step}");
            let traced = Command::new("strace")
                .args(["-qq", "-f", "-o", "trace", "-e", &strike, env!("CARGO_BIN_EXE_unitgen")])
                .args(render)
                .current_dir(place.path())
                .output()
                .unwrap();
            let was_struck = fs::read_to_string(place.path().join("trace")).unwrap().contains("(INJECTED)");
            let (code, told) = answer(&traced);
            if !was_struck {
                break;
            }
            struck += 1;
            let found = read(&place.path().join("units"));
            judge(&found, &old, &new, &format!("{call} {error} {step}: {code} {told}"));
            if matches!(*call, "write" | "fsync") {
                let seen: Files = found.into_iter().filter(|(path, _)| !path.starts_with(".unitgen-")).collect();
                assert!(seen == old || seen == new, "{call} {error} {step}: half of a render is in place");
            }
            if code != 0 {
                assert!(code == 73 && told.contains("hint: "), "{call} {error} {step}: {code} {told}");
            }
            assert_eq!(place.unitgen(&render).0, 0, "{call} {error} {step}: the next render mends it");
            assert_eq!(read(&place.path().join("units")), new, "{call} {error} {step}");
        }
    }
    assert!(struck > 20, "only {struck} faults struck");
}

#[test]
fn a_small_disk_that_fills_keeps_what_it_holds() {
    let place = Place::with(AVWAP.as_bytes());
    let units = place.path().join("units");
    fs::create_dir(&units).unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=96k", "tmpfs"]).arg(&units).output();
    if !mount.is_ok_and(|mount| mount.status.success()) {
        assert!(env::var_os("CI").is_none(), "CI may mount");
        println!("skipped: needs root, and to be allowed to mount");
        return;
    }
    let render = ["render", "m.toml", "--target", "systemd", "--out", "units"];
    let first = place.unitgen(&render);
    let before = read(&units);
    fs::write(units.join("ballast"), vec![0; 96 << 10]).ok();
    fs::write(place.path().join("m.toml"), AVWAP.replace("Mon..Fri 16:15", "Mon..Fri 16:20")).unwrap();
    let full = place.unitgen(&render);
    fs::remove_file(units.join("ballast")).unwrap();
    let after = read(&units);
    let mended = place.unitgen(&render);
    assert!(Command::new("umount").arg("-l").arg(&units).status().unwrap().success());
    assert_eq!(first.0, 0, "{}", first.1);
    assert!(full.0 == 73 && full.1.contains("No space left on device") && full.1.contains("hint: "), "{full:?}");
    assert_eq!(after, before, "nothing was touched");
    assert_eq!(mended.0, 0, "{}", mended.1);
}

/// Every file is as before or as after; nothing is missing that both have, and nothing half-done stays but what is hidden.
fn judge(found: &Files, old: &Files, new: &Files, what: &str) {
    for (path, content) in found {
        let whole = old.get(path) == Some(content) || new.get(path) == Some(content);
        assert!(whole || path.starts_with(".unitgen-"), "{what}: {path} is torn");
    }
    for path in old.keys().filter(|path| new.contains_key(*path)) {
        assert!(found.contains_key(path), "{what}: {path} is lost");
    }
}

fn files_of(manifest: &str) -> Files {
    let checked = source::check(manifest.as_bytes()).unwrap();
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    tree.iter().map(|(path, content)| (path.to_owned(), content.to_vec())).collect()
}

/// Every file below a directory, by its path.
fn read(directory: &Path) -> Files {
    let mut files = Files::new();
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(read(&entry.path()).into_iter().map(|(path, content)| (format!("{name}/{path}"), content)));
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

fn traces() -> bool {
    Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success())
}
