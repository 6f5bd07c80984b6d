//! One QEMU process. Its command line is part of what a saved memory fits, so there is one for saving and resuming.
//!
//! Instructions are counted (`-icount`): the guest's time goes by with its work and leaps over its idleness, the same on a
//! busy host as on a free one. Addresses are not randomised, so that a program's second run finds its code translated.

use std::{
    fs::File,
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::json;

use super::qmp::{self, Qmp};

/// The emulator.
pub const QEMU: &str = "qemu-system-x86_64";
/// What a saved memory depends on beside the version of QEMU: `machine` to `device`.
pub const HARDWARE: [&str; 20] = [
    "-M",
    "pc",
    "-cpu",
    "Nehalem",
    "-smp",
    "1",
    "-m",
    "640",
    "-nodefaults",
    "-no-user-config",
    "-display",
    "none",
    "-accel",
    "tcg,tb-size=1024",
    "-icount",
    "shift=2,sleep=off",
    "-rtc",
    "base=2026-01-05T00:00:00,clock=vm",
    "-device",
    "virtio-rng-pci",
];
/// The kernel's.
pub const COMMAND_LINE: &str = "root=/dev/vda rw console=ttyS0 quiet panic=-1 mitigations=off norandmaps audit=0 \
    systemd.show_status=0 systemd.wants=agent.service";
/// Between two looks at a migration.
const LOOK: Duration = Duration::from_millis(20);
/// Between two looks at how much a machine has worked.
const WORD: Duration = Duration::from_secs(2);
/// So many times slower than a free host a busy one may be.
const BUSY: u32 = 8;
/// A saved memory is read or written by then.
const MEMORY: Duration = Duration::from_secs(120);
/// QEMU ends by then when it is told to.
const END: Duration = Duration::from_secs(10);

/// The disks of a machine, in the order in which the guest sees them.
pub struct Disks<'a> {
    /// `vda`, qcow2: the root.
    pub root: &'a Path,
    /// `vdb`: the programs, never written.
    pub programs: &'a Path,
    /// `vdc`: the scenario's files, a tar.
    pub layer: &'a Path,
    /// `vdd`: what it brings back, a tar.
    pub results: &'a Path,
}

/// A machine that runs; ends with this.
pub struct Machine {
    child: Child,
    qmp: Qmp,
    line: UnixStream,
    heard: Vec<u8>,
}

impl Machine {
    /// Starts one: from `kernel_dir`, or where `memory` was saved. `work` takes its sockets, `console` what it prints.
    ///
    /// # Errors
    /// When QEMU does not start, or does not take the memory.
    pub fn start(
        kernel_dir: &Path,
        disks: &Disks<'_>,
        memory: Option<&Path>,
        work: &Path,
        console: &Path,
    ) -> anyhow::Result<Self> {
        let (line, control) = (work.join("line"), work.join("control"));
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", QEMU]).args(HARDWARE);
        command.arg("-kernel").arg(kernel_dir.join("vmlinuz")).arg("-initrd").arg(kernel_dir.join("initrd.img"));
        command.args(["-append", COMMAND_LINE]);
        for (disk, options) in [
            (disks.root, "format=qcow2,cache=unsafe"),
            (disks.programs, "format=raw,readonly=on"),
            (disks.layer, "format=raw,readonly=on"),
            (disks.results, "format=raw,cache=unsafe"),
        ] {
            command.arg("-drive").arg(format!("if=virtio,{options},file={}", disk.display()));
        }
        command.arg("-serial").arg(format!("file:{}", console.display()));
        command.arg("-chardev").arg(format!("socket,id=line,path={},server=on,wait=off", line.display()));
        command.args(["-serial", "chardev:line", "-qmp"]);
        command.arg(format!("unix:{},server=on,wait=off", control.display()));
        if let Some(memory) = memory {
            command.arg("-incoming").arg(format!("exec:cat {}", memory.display()));
        }
        let said = work.join("qemu.log");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&said)?).spawn();
        let mut child = child.context("setpriv")?;
        let connected = qmp::connect(&line).and_then(|line| Ok((line, Qmp::connect(&control)?)));
        let (line, qmp) = connected.inspect_err(|_| end(&mut child)).with_context(|| said_by(&said))?;
        let mut machine = Self { child, qmp, line, heard: Vec::new() };
        machine.resume(memory.is_some()).with_context(|| said_by(&said))?;
        Ok(machine)
    }

    fn resume(&mut self, is_incoming: bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while is_incoming && self.status("query-status")? == "inmigrate" {
            ensure!(begun.elapsed() < MEMORY, "the saved memory was not read in {} s", MEMORY.as_secs());
            thread::sleep(LOOK);
        }
        if self.status("query-status")? != "running" {
            self.qmp.execute("cont", &json!({}))?;
        }
        Ok(())
    }

    /// Says a line to the agent.
    ///
    /// # Errors
    /// When the machine is gone.
    pub fn say(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(self.line, "{text}").context("the line to the guest")
    }

    /// Whether the agent says the word by then.
    ///
    /// # Errors
    /// When the machine is gone.
    pub fn hears(&mut self, word: &str, bound: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        loop {
            if self.heard.windows(word.len()).any(|part| part == word.as_bytes()) {
                self.heard.clear();
                return Ok(true);
            }
            let Some(left) = bound.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
                return Ok(false);
            };
            self.line.set_read_timeout(Some(left))?;
            let mut chunk = [0; 256];
            match self.line.read(&mut chunk) {
                Ok(0) => bail!("the machine ended"),
                Ok(length) => self.heard.extend_from_slice(&chunk[..length]),
                Err(error) if is_only_late(&error) => {}
                Err(error) => return Err(error).context("the line to the guest"),
            }
        }
    }

    /// Whether the agent says the word within so much work of the machine: on a busy host that takes longer by the clock.
    ///
    /// # Errors
    /// When the machine is gone.
    pub fn hears_within(&mut self, word: &str, work: Duration) -> anyhow::Result<bool> {
        let begun = Instant::now();
        while !self.hears(word, WORD)? {
            if self.worked()? > work || begun.elapsed() > BUSY * work {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How much of a core it has had.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn worked(&self) -> anyhow::Result<Duration> {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).context("the machine's process")?;
        // After the name in brackets: user and system time are the 12th and 13th field, in hundredths of a second.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let hundredths: u64 = fields.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(hundredths * 10))
    }

    /// Stops the machine, writes its memory and ends it; its disk is then as that memory knows it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(mut self, memory: &Path) -> anyhow::Result<()> {
        self.qmp.execute("stop", &json!({}))?;
        // The bound is the disk's, not that of a network.
        self.qmp.execute("migrate-set-parameters", &json!({"max-bandwidth": 1_u64 << 40}))?;
        self.qmp.execute("migrate", &json!({"uri": format!("exec:cat > {}", memory.display())}))?;
        let begun = Instant::now();
        loop {
            match self.status("query-migrate")?.as_str() {
                "completed" => break,
                word @ ("failed" | "cancelled") => bail!("saving the memory: {word}"),
                _ => ensure!(begun.elapsed() < MEMORY, "the memory was not saved in {} s", MEMORY.as_secs()),
            }
            thread::sleep(LOOK);
        }
        self.quit()
    }

    /// Ends it; what it wrote to its disks is there.
    ///
    /// # Errors
    /// When it does not end.
    pub fn quit(mut self) -> anyhow::Result<()> {
        // The answer may be lost with the process.
        let _ = self.qmp.execute("quit", &json!({}));
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(begun.elapsed() < END, "qemu does not end");
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn status(&mut self, query: &str) -> anyhow::Result<String> {
        Ok(self.qmp.execute(query, &json!({}))?["status"].as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // Both fail only for a process that has ended.
    let _ = child.kill();
    let _ = child.wait();
}

fn is_only_late(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn said_by(log: &PathBuf) -> String {
    format!("{QEMU}: {}", std::fs::read_to_string(log).unwrap_or_default().trim())
}
