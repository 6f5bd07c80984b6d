//! Guests as containers: `host/nspawn` in namespaces of its own, so that whatever happens to a test, ending one process
//! ends guest, venue and mounts.
//!
//! The venue listens on 127.0.0.1:8080 in the guest's network namespace but outside of the container: a reboot of the
//! guest leaves it running, like a real broker.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context;

use crate::guest::{Backend, Guest, Outcome};

/// How often a guest's end is looked for.
const LOOK: Duration = Duration::from_millis(10);
const PROGRAMS: [&str; 6] = ["systemd-nspawn", "unshare", "setpriv", "ip", "curl", "strip"];

/// The backend.
pub struct Nspawn;

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Backend for Nspawn {
    fn lacks(&self) -> Option<String> {
        let has = |name: &&&str| {
            Command::new("which").arg(name).stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        if let Some(missing) = PROGRAMS.iter().find(|name| !has(name)) {
            return Some(format!("{missing} (Debian: systemd-container, util-linux, iproute2, curl, binutils)"));
        }
        let mut tried = Command::new("unshare");
        tried.args(["--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"]);
        let works = tried.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        (!works).then(|| "root, allowed to mount".to_owned())
    }

    fn run(&self, guest: &Guest<'_>, timeout: Duration) -> anyhow::Result<Outcome> {
        let name = format!("portcullis-boot-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut child = start(guest, &name)?;
        let ended = wait(&mut child, timeout)?;
        sweep(&name)?;
        let trouble = match ended {
            true => None,
            false => Some(format!("not over after {} s: ended by force", timeout.as_secs())),
        };
        read_journal(guest);
        Ok(Outcome::read(&guest.out, trouble))
    }
}

fn host_script(name: &str) -> PathBuf {
    proofs::workspace_root().join("tests/boot/host").join(name)
}

fn start(guest: &Guest<'_>, name: &str) -> anyhow::Result<Child> {
    // Overlayfs takes the topmost first.
    let layers: Vec<String> = guest.layers.iter().rev().map(|layer| layer.display().to_string()).collect();
    let console = File::create(guest.out.join("console.log"))?;
    Command::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child"])
        .args(["--mount-proc", "--propagation", "private", "bash"])
        .arg(host_script("nspawn"))
        .env("NAME", name)
        .env("ROOT", guest.root.dir.join("root"))
        .env("LAYERS", layers.join(":"))
        .env("OUT", &guest.out)
        .env("VENUE", guest.programs.find("sim-broker")?)
        .env("VENUE_ARGUMENTS", guest.scenario.venue.join(" "))
        .env("EXTRA", guest.scenario.extra.join(" "))
        .stdin(Stdio::null())
        .stdout(console.try_clone()?)
        .stderr(console)
        .spawn()
        .context("setpriv")
}

/// Whether it ended by itself.
fn wait(child: &mut Child, timeout: Duration) -> anyhow::Result<bool> {
    let begun = Instant::now();
    while begun.elapsed() < timeout {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        thread::sleep(LOOK);
    }
    child.kill()?;
    child.wait()?;
    Ok(false)
}

/// Removes the control groups that an ended guest left, and those of tests that no longer are.
fn sweep(name: &str) -> anyhow::Result<()> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "bash"]).arg(host_script("sweep")).arg(name);
    command.status().context("unshare")?;
    Ok(())
}

/// What a guest that could not tell left in its journal.
fn read_journal(guest: &Guest<'_>) {
    let (journal, warnings) = (guest.out.join("journal"), guest.out.join("warnings"));
    if warnings.exists() || !journal.exists() {
        return;
    }
    let read = Command::new("journalctl").arg("-D").arg(&journal).args(["-p", "warning", "-o", "short-iso"]).output();
    if let Ok(output) = read {
        // Help for a reader of a failed test; without it the rest is shown.
        let _ = fs::write(warnings, output.stdout);
    }
}
