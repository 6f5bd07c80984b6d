//! Targets that run containers, as both Debians take them. Booted: Debian 13's podman by its generator, Debian 12's by units of ours. The image is made in
//! the guest of a stand-in for the programs; what is proved is what systemd and podman make of the rendered files.
//!
//! Needs what scenarios need, and podman's packages (`tests/quadlet/packages`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use boot::{Host, Root, Scenario, boot_once};

const PODMAN: &str = include_str!("../containers/podman.sh");
const BY_HAND: &str = include_str!("../containers/scenario.sh");
const PROGRAM: &str = include_str!("../containers/program");
const CREDENTIALS: [(&str, &str); 2] = [("APCA_API_KEY_ID", "SIMKEY"), ("APCA_API_SECRET_KEY", "SIMSECRET")];
/// podman without what only networks, signatures and other users need.
const OF_DEBIAN_12: &str = "podman conmon crun golang-github-containers-common golang-github-containers-image libgpgme11 \
    libassuan0 libglib2.0-0 libsubid4 libyajl2";
const OF_DEBIAN_13: &str = "podman conmon crun golang-github-containers-common golang-github-containers-image libgpgme11t64 \
    libassuan9 libglib2.0-0t64 libatomic1 libsubid5 libyajl2 libgpg-error0 netavark";

/// A host with its podman, and what it runs of.
struct Kind {
    host: Host,
    target: &'static str,
    on: &'static str,
    packages: &'static str,
    manifest: &'static str,
}

/// podman 5.4 runs in a container of systemd's.
const QUADLET: Kind = Kind {
    host: Host::Debian13,
    target: "quadlet",
    on: "nspawn",
    packages: OF_DEBIAN_13,
    manifest: "systemd/system/avwap.manifest.toml",
};
/// podman 4.3 wants a machine.
const PODMAN_UNITS: Kind = Kind {
    host: Host::Debian12,
    target: "podman-units",
    on: "vm",
    packages: OF_DEBIAN_12,
    manifest: "avwap.manifest.toml",
};

#[test]
fn debian_13_runs_quadlet() {
    runs(&QUADLET);
}

#[test]
fn debian_12_runs_podman_units() {
    runs(&PODMAN_UNITS);
}

/// Nothing in any rendered tree is unknown to either systemd, nor in what podman's generator makes of target `quadlet`.
#[test]
fn both_systemds_know_every_line_of_every_target() {
    let Some(generator) = generator() else { return };
    let rendered = proofs::workspace_root().join("tests/rendered");
    let place = tempfile::tempdir().unwrap();
    let trees = ["systemd", "podman-units", "quadlet"].map(|target| place.path().join(target));
    copy(&rendered.join("avwap"), &trees[0]);
    copy(&rendered.join("podman-units/avwap"), &trees[1]);
    copy(&rendered.join("quadlet/avwap/systemd/system"), &trees[2]);
    let containers = rendered.join("quadlet/avwap/containers/systemd");
    let made = Command::new(generator).arg("-no-kmsg-log").arg(&trees[2]).env("QUADLET_UNIT_DIRS", containers).status();
    assert!(made.unwrap().success(), "the generator refuses what is rendered");
    trees.iter().for_each(|tree| stand_in_programs(tree));
    for host in Host::ALL {
        let Ok(root) = Root::find(host) else {
            assert!(!is_ci(), "CI has root trees");
            println!("skipped: needs the root tree of {host} (tests/boot/prepare)");
            return;
        };
        for tree in &trees {
            let units = fs::read_dir(tree).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            let names: Vec<String> = units.filter_map(|path| path.file_name()?.to_str().map(str::to_owned)).collect();
            let units: Vec<&String> = names.iter().filter(|name| !name.ends_with(".toml")).collect();
            assert!(units.len() >= 7, "{units:?}");
            let said = verified(&root.dir.join("root"), tree, &units);
            assert_eq!(said, "", "{host}, {}", tree.display());
            let strange = tree.join("scan.service");
            let text = fs::read_to_string(&strange).unwrap();
            fs::write(&strange, format!("{text}\n[Service]\nProtectHoem=yes\n")).unwrap();
            assert!(
                verified(&root.dir.join("root"), tree, &units).contains("ProtectHoem"),
                "{host} says nothing of a mistake"
            );
            fs::write(&strange, text).unwrap();
        }
    }
}

/// What systemd looks for is not in a root tree: programs of ours, podman.
fn stand_in_programs(tree: &Path) {
    for entry in fs::read_dir(tree).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            stand_in_programs(&path);
        } else {
            let text = fs::read_to_string(&path).unwrap().replace("/usr/bin/podman ", "/bin/true ");
            let word = |word: &str| {
                if word.contains("/usr/lib/portcullis/bin/") && word.starts_with(['E', '/']) {
                    stand_in(word)
                } else {
                    word.to_owned()
                }
            };
            let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
            fs::write(&path, text.lines().map(line).collect::<String>()).unwrap();
        }
    }
}

fn stand_in(word: &str) -> String {
    let key = word.split_once('=').filter(|(key, _)| key.starts_with("Exec")).map_or("", |(key, _)| key);
    if key.is_empty() { "/bin/true".to_owned() } else { format!("{key}=/bin/true") }
}

/// What the root tree's own systemd says of units; nothing is written there.
fn verified(root: &Path, tree: &Path, units: &[&String]) -> String {
    let script = "mount --bind \"$TREE\" \"$ROOT/mnt\" && mount -t proc proc \"$ROOT/proc\" && cd / && \
        chroot \"$ROOT\" systemd-analyze verify --man=no --recursive-errors=one \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "bash", "-c", script, "verify"]).env("TREE", tree).env("ROOT", root);
    let output = command.args(units.iter().map(|unit| format!("/mnt/{unit}"))).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

fn generator() -> Option<PathBuf> {
    let output = Command::new(proofs::workspace_root().join("tests/quadlet/generator")).output();
    match output {
        Ok(output) if output.status.success() => Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Ok(_) | Err(_) => {
            assert!(!is_ci(), "CI has Debian's archive");
            println!("skipped: needs podman's generator (tests/quadlet/generator, apt)");
            None
        }
    }
}

fn is_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// The rendered files laid by hand.
fn runs(kind: &Kind) {
    let lay = |layer: &Path, rendered: &Path| copy(rendered, &layer.join("scenario/rendered"));
    let needs = format!("#: on {}\n#: deploy nothing{}", kind.on, extra(kind));
    let about = "gate, readiness, watchdog, keys, stop";
    boots(kind, &format!("containers_{}", kind.target.replace('-', "_")), about, &needs, BY_HAND, lay);
}

fn extra(kind: &Kind) -> &'static str {
    if kind.on == "nspawn" { "\n#: extra --capability=CAP_NET_ADMIN" } else { "" }
}

fn boots(kind: &Kind, name: &str, about: &str, needs: &str, body: &str, lay: impl FnOnce(&Path, &Path)) {
    let Kind { host, target, packages, manifest, .. } = *kind;
    let Some(packages) = fetched(host, packages) else { return };
    let header = format!("#: about target {target} and its podman: {about}\n{needs}\n#: timeout 400\n");
    let scenario = Scenario::parse(name, &format!("{header}target={target}\n{PODMAN}{body}")).unwrap();
    let rendered = proofs::workspace_root().join("tests/rendered").join(target).join("avwap");
    let lay = |layer: &Path| -> anyhow::Result<()> {
        copy(&packages, &layer.join("scenario/packages"));
        write(&layer.join("scenario/program"), PROGRAM);
        write(&layer.join("etc/portcullis/avwap.toml"), &fs::read_to_string(rendered.join(manifest)).unwrap());
        for (name, value) in CREDENTIALS {
            let path = layer.join("etc/portcullis/credentials/avwap").join(name);
            write(&path, value);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        write(&layer.join("usr/lib/sysusers.d/portcullis-avwap.conf"), "u trading - \"Portcullis\" /var/lib/avwap\n");
        lay(layer, &rendered);
        Ok(())
    };
    boot_once(&scenario, host, lay, |_| Ok(())).unwrap_or_else(|error| panic!("{error:#}"));
}

fn fetched(host: Host, packages: &str) -> Option<PathBuf> {
    let script = proofs::workspace_root().join("tests/quadlet/packages");
    let output = Command::new(script).arg(host.suite()).args(packages.split_whitespace()).output();
    match output {
        Ok(output) if output.status.success() => Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())),
        Ok(_) | Err(_) => {
            assert!(!is_ci(), "CI has Debian's archive");
            println!("skipped: needs podman's packages (tests/quadlet/packages, apt)");
            None
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
