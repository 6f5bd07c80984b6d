//! Targets that run containers, booted: Debian 13's podman by its generator, Debian 12's by units of ours. The image is made in
//! the guest of a stand-in for the programs; what is proved is what systemd and podman make of the rendered files.
//!
//! Needs what scenarios need, and podman's packages (`tests/quadlet/packages`).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use boot::{Host, Scenario, boot_once};

const BODY: &str = include_str!("../containers/scenario.sh");
const PROGRAM: &str = include_str!("../containers/program");
const CREDENTIALS: [(&str, &str); 2] = [("APCA_API_KEY_ID", "SIMKEY"), ("APCA_API_SECRET_KEY", "SIMSECRET")];
/// podman without what only networks, signatures and other users need.
const OF_DEBIAN_12: &str = "podman conmon crun golang-github-containers-common golang-github-containers-image libgpgme11 \
    libassuan0 libglib2.0-0 libsubid4 libyajl2";
const OF_DEBIAN_13: &str = "podman conmon crun golang-github-containers-common golang-github-containers-image libgpgme11t64 \
    libassuan9 libglib2.0-0t64 libatomic1 libsubid5 libyajl2 libgpg-error0 netavark";

/// podman 5.4 runs in a container of systemd's.
#[test]
fn debian_13_runs_quadlet() {
    boots(Host::Debian13, "quadlet", "nspawn", OF_DEBIAN_13, "systemd/system/avwap.manifest.toml");
}

/// podman 4.3 wants a machine.
#[test]
fn debian_12_runs_podman_units() {
    boots(Host::Debian12, "podman-units", "vm", OF_DEBIAN_12, "avwap.manifest.toml");
}

fn boots(host: Host, target: &str, on: &str, packages: &str, manifest: &str) {
    let Some(packages) = fetched(host, packages) else { return };
    let script = format!(
        "#: about target {target} with its podman: gate, readiness, watchdog, keys, stop\n#: on {on}\n#: deploy nothing\n#: timeout 400\n#: extra {}\n{BODY}",
        if on == "nspawn" { "--capability=CAP_NET_ADMIN" } else { "" }
    );
    let scenario = Scenario::parse(&format!("containers_{}", target.replace('-', "_")), &script).unwrap();
    let rendered = proofs::workspace_root().join("tests/rendered").join(target).join("avwap");
    let lay = |layer: &Path| -> anyhow::Result<()> {
        let scenario = layer.join("scenario");
        copy(&rendered, &scenario.join("rendered"));
        copy(&packages, &scenario.join("packages"));
        write(&scenario.join("program"), PROGRAM);
        write(&layer.join("etc/portcullis/avwap.toml"), &fs::read_to_string(rendered.join(manifest)).unwrap());
        for (name, value) in CREDENTIALS {
            write(&layer.join("etc/portcullis/credentials").join(name), value);
        }
        write(&layer.join("usr/lib/sysusers.d/portcullis-avwap.conf"), "u trading - \"Portcullis\" /var/lib/avwap\n");
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
            assert!(!env::var("CI").is_ok_and(|value| value == "true" || value == "1"), "CI has Debian's archive");
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
