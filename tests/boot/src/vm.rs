//! Guests as virtual machines under emulation, for what a container cannot have: a clock of its own, memory and task limits
//! that are enforced, a boot with its own kernel.
//!
//! The venue runs inside, by the guest's clock. A machine resumes from a snapshot of a booted one and gets its scenario
//! from a disk.

mod disk;
mod layer;
mod machine;
mod qmp;
mod snapshot;

use std::{
    process::{self, Command, Stdio},
    time::Duration,
};

use anyhow::Context;
use tempfile::TempDir;

pub use layer::lay;

use crate::{
    guest::{Backend, Guest, Outcome},
    runner::SCRATCH,
    scenario::Deploy,
};
use disk::Blank;
use machine::{Disks, Machine, QEMU};
use snapshot::Snapshot;

/// A stuck guest has so long to bring home what it has.
const LAST: Duration = Duration::from_secs(60);
const PROGRAMS: [&str; 5] = [QEMU, "qemu-img", "mke2fs", "setpriv", "tar"];

/// The backend.
pub struct Vm;

impl Backend for Vm {
    fn lacks(&self) -> Option<String> {
        let has = |name: &&&str| {
            Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
                || Command::new(name).arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
        };
        let missing = PROGRAMS.iter().find(|name| !has(name));
        missing.map(|name| format!("{name} (Debian: qemu-system-x86, qemu-utils, e2fsprogs, util-linux)"))
    }

    fn run(&self, guest: &Guest<'_>, timeout: Duration) -> anyhow::Result<Outcome> {
        let snapshot = Snapshot::of(guest.root)?;
        let work = work()?;
        let blank = Blank::in_folder(work.path())?;
        let layer = guest.layers.last().context("a scenario has files")?;
        disk::pack(layer, &blank.layer)?;
        let programs = match guest.scenario.deploy {
            Deploy::Nothing => blank.programs.clone(),
            Deploy::Whole | Deploy::Programs => {
                let image = guest.programs.kept().join("programs.ext4");
                disk::programs(&guest.programs.layer()?.join("usr/lib/portcullis"), &image)?;
                image
            }
        };
        let root = work.path().join("root.qcow2");
        disk::overlay(&snapshot.disk(), "qcow2", &root)?;
        let disks = Disks { root: &root, programs: &programs, layer: &blank.layer, results: &blank.results };
        let console = guest.out.join("console.log");
        let machine = Machine::start(&guest.root.dir, &disks, Some(&snapshot.memory()), work.path(), &console)?;
        let trouble = follow(machine, guest, timeout)?;
        if let Err(error) = disk::unpack(&blank.results, &guest.out) {
            return Ok(Outcome::read(&guest.out, trouble.or(Some(format!("no results: {error:#}")))));
        }
        Ok(Outcome::read(&guest.out, trouble))
    }
}

/// Until the guest has brought its results home; what went wrong with that.
fn follow(mut machine: Machine, guest: &Guest<'_>, timeout: Duration) -> anyhow::Result<Option<String>> {
    let programs = if guest.scenario.deploy == Deploy::Nothing { "none" } else { "programs" };
    machine.say(&format!("GO {} {programs}", guest.scenario.at.as_deref().unwrap_or("-")))?;
    let trouble = if machine.hears_within("DONE", timeout)? {
        None
    } else {
        machine.say("STOP")?;
        let more = if machine.hears("DONE", LAST)? { "" } else { ", and it does not answer" };
        Some(format!("not over after {} s of work: ended by force{more}", timeout.as_secs()))
    };
    machine.quit()?;
    Ok(trouble)
}

/// A directory for sockets and disks, by a name that tells whose it is: those of the dead are removed.
fn work() -> anyhow::Result<TempDir> {
    Ok(tempfile::Builder::new().prefix(&format!("{SCRATCH}{}-", process::id())).tempdir()?)
}
