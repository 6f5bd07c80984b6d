//! Plan, apply and rollback of containers on a root of its own, by the program.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use super::place::{AVWAP, in_containers};

/// A root with podman and all that units need.
struct Root(tempfile::TempDir);

const CONTAINERS: &str = "etc/containers/systemd";
const UNITS: &str = "etc/systemd/system";

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for program in ["desk", "execution", "gate", "scanner"] {
            root.write(&format!("usr/lib/portcullis/bin/{program}"), program, 0o755);
        }
        for tool in ["podman", "setpriv", "install", "rm"] {
            root.write(&format!("usr/bin/{tool}"), tool, 0o755);
        }
        root.write("usr/lib/systemd/system-generators/podman-system-generator", "x", 0o755);
        for name in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
            root.write(&format!("etc/portcullis/credentials/avwap/{name}"), "x", 0o600);
        }
        root.write("usr/share/zoneinfo/America/New_York", "TZif2", 0o644);
        root.write("usr/lib/systemd/libsystemd-shared-257.so", "", 0o644);
        root.write("etc/passwd", "trading:x:900:900::/:/bin/false\n", 0o644);
        root.write("etc/group", "trading:x:900:\n", 0o644);
        for folder in [UNITS, "var/lib"] {
            fs::create_dir_all(root.path(folder)).unwrap();
        }
        root
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn write(&self, path: &str, text: &str, mode: u32) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// How it ended, and all it said.
    fn unitgen(&self, args: &[&str]) -> (i32, String) {
        let output =
            Command::new(env!("CARGO_BIN_EXE_unitgen")).args(args).current_dir(self.0.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), said)
    }

    fn plan(&self, manifest: &str, target: &[&str]) -> (i32, String) {
        self.write("m.toml", manifest, 0o644);
        self.unitgen(&[&["plan", "m.toml", "-o", "m.plan", "--root", ".", "--without-ntp"], target].concat())
    }

    fn lay(&self, manifest: &str, target: &[&str]) -> String {
        let (code, said) = self.plan(manifest, target);
        assert_eq!(code, 0, "{said}");
        let (code, said) = self.unitgen(&["apply", "m.plan", "--without-ntp"]);
        assert_eq!(code, 0, "{said}");
        said
    }

    /// The services of the deployment that lie there, each with where.
    fn services(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (folder, end) in [(CONTAINERS, ".container"), (UNITS, ".service")] {
            for entry in fs::read_dir(self.path(folder)).into_iter().flatten() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                found.extend(name.ends_with(end).then(|| format!("{folder}/{name}")));
            }
        }
        found.sort();
        found
    }
}

fn polling(manifest: &str) -> String {
    manifest.replace("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_POLL_SECONDS = \"45\"")
}

const OF_QUADLET: [&str; 4] = [
    "etc/containers/systemd/eod.container",
    "etc/containers/systemd/execution.container",
    "etc/containers/systemd/scan.container",
    "etc/systemd/system/execution-restart.service",
];
const OF_UNITS: [&str; 4] = [
    "etc/systemd/system/eod.service",
    "etc/systemd/system/execution-restart.service",
    "etc/systemd/system/execution.service",
    "etc/systemd/system/scan.service",
];

#[test]
fn containers_are_laid_changed_and_rolled_back() {
    let root = Root::new();
    let manifest = in_containers("5.4", 257);
    root.lay(&manifest, &["--target", "quadlet"]);
    assert_eq!(root.services(), OF_QUADLET);
    let (code, said) = root.unitgen(&["verify", UNITS, CONTAINERS]);
    assert_eq!(code, 0, "{said}");
    // Without a word the target is the one that lies there.
    let (code, said) = root.plan(&polling(&manifest), &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("replace /etc/containers/systemd/execution.container"), "{said}");
    assert!(!said.contains("is taken out") && !said.contains("lost"), "{said}");
    let (code, said) = root.unitgen(&["diff", "m.toml", "--root", "."]);
    assert!(code == 1 && said.contains("EXECUTION_POLL_SECONDS"), "{said}");
    root.lay(&polling(&manifest), &[]);
    assert_eq!(root.services(), OF_QUADLET);
    let (code, said) = root.unitgen(&["rollback", "--root", "."]);
    assert_eq!(code, 0, "{said}");
    let text = fs::read_to_string(root.path(OF_QUADLET[1])).unwrap();
    assert!(text.contains("EXECUTION_POLL_SECONDS=60"), "{text}");
    let programs = fs::read_dir(root.path("var/lib/portcullis/generations/avwap/programs")).unwrap().count();
    assert_eq!(programs, 2, "gate and desk are the release's; podman is the host's");
}

/// From any target to any other and back: nothing of the other is left, and guardrails are lost only as the targets say.
#[test]
fn a_deployment_goes_from_target_to_target() {
    let root = Root::new();
    let manifest = in_containers("5.4", 257);
    let laid = |target: &str| if target == "quadlet" { OF_QUADLET } else { OF_UNITS };
    let mut number = 0;
    for target in ["systemd", "quadlet", "podman-units", "systemd", "podman-units", "quadlet", "systemd"] {
        root.lay(&manifest, &["--target", target]);
        number += 1;
        assert_eq!(root.services(), laid(target), "{target}, generation {number}");
        let podmans = fs::read_to_string(root.path("etc/systemd/system/execution.service"));
        assert_eq!(podmans.is_ok_and(|text| text.contains("/usr/bin/podman run")), target == "podman-units");
    }
    for target in ["quadlet", "podman-units"] {
        let (code, said) = root.unitgen(&["rollback", "--root", "."]);
        assert_eq!(code, 0, "{said}");
        assert_eq!(root.services(), laid(target), "{said}");
        if target == "quadlet" {
            root.unitgen(&["rollback", "--root", ".", "--to", "5"]);
        }
    }
}

#[test]
fn what_stands_in_the_way_stops_a_plan() {
    let root = Root::new();
    let manifest = in_containers("5.4", 257);
    let by_hand = "etc/systemd/system/execution.service";
    root.write(by_hand, "[Service]\nExecStart=/bin/true\n", 0o644);
    let (code, said) = root.plan(&manifest, &["--target", "quadlet"]);
    assert_eq!((code, said.contains("was not rendered for this deployment")), (73, true), "{said}");
    fs::remove_file(root.path(by_hand)).unwrap();
    for (path, kind) in [
        ("usr/bin/podman", "podman-missing"),
        ("usr/lib/systemd/system-generators/podman-system-generator", "generator-missing"),
        ("usr/bin/setpriv", "tool-missing"),
        ("usr/lib/portcullis/bin/gate", "program-missing"),
    ] {
        let mode = fs::metadata(root.path(path)).unwrap().permissions().mode();
        fs::remove_file(root.path(path)).unwrap();
        let (code, said) = root.plan(&manifest, &["--target", "quadlet"]);
        assert_eq!((code, said.contains(&format!("host[{kind}]"))), (75, true), "{path}: {said}");
        root.write(path, "x", mode);
    }
    // What is the image's is not wanted of the host.
    fs::remove_file(root.path("usr/lib/portcullis/bin/execution")).unwrap();
    let (code, said) = root.plan(&manifest, &["--target", "quadlet"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = root.plan(AVWAP, &["--target", "quadlet"]);
    assert_eq!((code, said.contains("names no image")), (78, true), "{said}");
}

/// What somebody rendered by hand, and never applied, is of a target too.
#[test]
fn what_was_rendered_by_hand_becomes_a_generation_of_its_target() {
    let root = Root::new();
    let manifest = in_containers("5.4", 257);
    root.write("m.toml", &manifest, 0o644);
    let (code, said) =
        root.unitgen(&["render", "m.toml", "--target", "quadlet", "--out", "etc", "--root", ".", "--without-ntp"]);
    assert_eq!(code, 0, "{said}");
    let said = root.lay(&manifest, &["--target", "systemd"]);
    assert_eq!(root.services(), OF_UNITS, "{said}");
    let (code, said) = root.unitgen(&["rollback", "--root", "."]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(root.services(), OF_QUADLET, "{said}");
}
