//! `[Service]`: what runs, as whom, with what, and in which sandbox. Source: systemd.service(5), systemd.exec(5).

use crate::unit::{Lines, Word};

/// A command line: an absolute path of plain characters, then arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub path: String,
    /// Its arguments.
    pub args: Vec<Word>,
}

impl Command {
    /// As `ExecStart=` and its like want it.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = self.path.clone();
        for arg in &self.args {
            line.push(' ');
            line += &arg.argument();
        }
        line
    }
}

/// When a service counts as started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// When its program says so; it must then give a sign of life within this many seconds, again and again.
    Notify {
        /// The longest silence.
        watchdog_seconds: u32,
    },
    /// When its program has ended.
    Oneshot,
}

/// What a unit runs.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    /// When it counts as started.
    pub kind: Type,
    /// The longest that a start (for a oneshot: the run) may take.
    pub timeout_start_seconds: u32,
    /// What must succeed first, with the reason.
    pub condition: Option<(Command, &'static str)>,
    /// What must not fail before the program runs, with the reason: unlike a condition, it fails the unit.
    pub start_pre: Option<(Command, &'static str)>,
    /// The program.
    pub start: Command,
    /// What runs however it ended, with the reason.
    pub stop_post: (Command, &'static str),
    /// The longest that a stop may take, when it is not systemd's default.
    pub timeout_stop_seconds: Option<u32>,
}

/// What follows a crash. `SuccessExitStatus=` is absent on purpose.
#[derive(Clone, Debug)]
pub struct RestartPolicy {
    /// When to start again.
    pub restart: &'static str,
    /// The pause before.
    pub delay_seconds: u32,
    /// The exit codes that are final.
    pub prevent: Vec<u8>,
    /// Why.
    pub reason: &'static str,
}

impl RestartPolicy {
    /// Writes the directives.
    pub fn write(&self, lines: &mut Lines) {
        lines.set("Restart", self.restart);
        lines.set("RestartSec", self.delay_seconds);
        let codes: Vec<String> = self.prevent.iter().map(u8::to_string).collect();
        lines.set("RestartPreventExitStatus", codes.join(" "));
    }
}

/// One directive of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its name.
    pub key: &'static str,
    /// Its value, escaped.
    pub value: String,
}

/// A profile: what the programs of a kind may do.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// The directives.
    pub directives: Vec<Directive>,
    /// Why they are what they are.
    pub reason: &'static str,
}

/// A credential: a file that systemd reads as root and hands to the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// The file.
    pub file: Word,
    /// Whether the file is encrypted for this host.
    pub encrypted: bool,
    /// Whether the process starts without it, with an empty one.
    pub may_be_missing: bool,
}

/// The section `[Service]`.
#[derive(Clone, Debug)]
pub struct Service {
    /// What it runs.
    pub lifecycle: Lifecycle,
    /// What follows a crash; `None` for work that ends.
    pub restart: Option<RestartPolicy>,
    /// Whether a switch to a new configuration leaves a running process alone (NixOS).
    pub keep_on_switch: bool,
    /// User and group; `None` in a manager that runs everything as its own login.
    pub identity: Option<(String, String)>,
    /// State directory below the manager's own: `/var/lib`, or in a login's home.
    pub state_directory: String,
    /// Directory below the manager's own (`/run`) that outlives the process, if it needs one.
    pub runtime_directory: Option<&'static str>,
    /// Credentials, by name.
    pub credentials: Vec<Credential>,
    /// Environment variables, in this order.
    pub environment: Vec<(String, Word)>,
    /// What it may do.
    pub sandbox: Sandbox,
}

impl Service {
    /// Writes the section.
    pub fn write(&self, lines: &mut Lines) {
        lines.section("Service");
        self.write_lifecycle(lines);
        if let Some(policy) = &self.restart {
            lines.reason(policy.reason);
            policy.write(lines);
        }
        if self.keep_on_switch {
            lines.reason("A switch of the system's configuration never restarts what holds positions.");
            lines.set("X-RestartIfChanged", "false");
        }
        self.write_surroundings(lines);
        lines.reason(self.sandbox.reason);
        for directive in &self.sandbox.directives {
            lines.set(directive.key, &directive.value);
        }
    }

    fn write_lifecycle(&self, lines: &mut Lines) {
        let Lifecycle { kind, timeout_start_seconds, condition, start_pre, start, stop_post, timeout_stop_seconds } =
            &self.lifecycle;
        match kind {
            Type::Notify { watchdog_seconds } => {
                lines.set("Type", "notify");
                lines.set("NotifyAccess", "main");
                lines.set("WatchdogSec", watchdog_seconds);
            }
            Type::Oneshot => lines.set("Type", "oneshot"),
        }
        lines.set("TimeoutStartSec", timeout_start_seconds);
        if let Some((command, reason)) = condition {
            lines.reason(reason);
            lines.set("ExecCondition", command.line());
        }
        if let Some((command, reason)) = start_pre {
            lines.reason(reason);
            lines.set("ExecStartPre", command.line());
        }
        lines.set("ExecStart", start.line());
        let (command, reason) = stop_post;
        lines.reason(reason);
        lines.set("ExecStopPost", command.line());
        if let Some(seconds) = timeout_stop_seconds {
            lines.set("KillSignal", "SIGTERM");
            lines.set("TimeoutStopSec", seconds);
        }
    }

    fn write_surroundings(&self, lines: &mut Lines) {
        if let Some((user, group)) = &self.identity {
            lines.set("User", user);
            lines.set("Group", group);
        }
        lines.set("StateDirectory", &self.state_directory);
        lines.set("StateDirectoryMode", "0700");
        if let Some(directory) = self.runtime_directory {
            lines.reason("Account locks lie here: one process acts for an account, whichever unit it belongs to.");
            lines.set("RuntimeDirectory", directory);
            lines.set("RuntimeDirectoryMode", "0700");
            lines.set("RuntimeDirectoryPreserve", "yes");
        }
        self.write_credentials(lines);
        for (name, value) in &self.environment {
            lines.set("Environment", value.assigned_to(name).item());
        }
    }

    /// Writes where its credentials come from.
    pub(crate) fn write_credentials(&self, lines: &mut Lines) {
        if !self.credentials.is_empty() {
            lines.reason(
                "With a path a missing credential stops the start; without one systemd would skip it silently.",
            );
        }
        for Credential { name, file, encrypted, .. } in &self.credentials {
            let key = if *encrypted { "LoadCredentialEncrypted" } else { "LoadCredential" };
            lines.set(key, format!("{name}:{}", file.plain()));
        }
        let permissions: Vec<_> = self.credentials.iter().filter(|credential| credential.may_be_missing).collect();
        if !permissions.is_empty() {
            lines.reason("Not these: a missing one keeps openings back, and nobody from what it holds. Then it is an empty line.");
        }
        for Credential { name, .. } in permissions {
            // An empty value is a syntax error, which systemd says and ignores.
            lines.set("SetCredential", format!("{name}:\\n"));
        }
    }
}
