//! `[Unit]`: what a unit is, and what it follows. Source: systemd.unit(5).

use crate::unit::{Lines, Word};

/// How often a unit may start before systemd gives up.
#[derive(Clone, Debug)]
pub struct StartLimit {
    /// The span that is looked at.
    pub interval_seconds: u32,
    /// Starts within it.
    pub burst: u32,
}

impl StartLimit {
    /// Writes the limit; it belongs into `[Unit]`, in `[Service]` systemd ignores it.
    pub fn write(&self, lines: &mut Lines) {
        lines.set("StartLimitIntervalSec", self.interval_seconds);
        lines.set("StartLimitBurst", self.burst);
    }
}

const FAILED_RESTART_REASON: &str = "However its own start fails, the service was stopped already and something may be held: it \
    comes back all the same, through its gate. A oneshot is never restarted by itself, so this fires once, on 257 too.";

/// The section `[Unit]`.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// One line for `systemctl status`.
    pub description: Word,
    /// The deployment's target, whose stop is this unit's stop.
    pub part_of: Option<String>,
    /// The units that start when this one does, with the reason.
    pub wants: Option<(Vec<String>, &'static str)>,
    /// Whether the network must be up first.
    pub wants_network: bool,
    /// The units that are started before this one, where both are, with the reason.
    pub after: Option<(Vec<String>, &'static str)>,
    /// The service that this unit stops before it runs and starts afresh however it ended, with the reason.
    pub restarts: Option<(String, &'static str)>,
    /// The units that this unit's success starts, with the reason.
    pub on_success: Option<(Vec<String>, &'static str)>,
    /// Keep it running when a switch of the system's configuration takes it out, with the reason.
    pub keep_on_removal: Option<&'static str>,
    /// How often it may start.
    pub start_limit: Option<(StartLimit, &'static str)>,
}

impl Unit {
    /// Writes the section.
    pub fn write(&self, lines: &mut Lines) {
        lines.section("Unit");
        lines.set("Description", self.description.plain());
        if let Some(target) = &self.part_of {
            lines.set("PartOf", target);
        }
        if let Some((units, reason)) = &self.wants {
            lines.reason(reason);
            for unit in units {
                lines.set("Wants", unit);
            }
        }
        if self.wants_network {
            lines.set("Wants", "network-online.target");
            lines.set("After", "network-online.target");
        }
        if let Some((units, reason)) = &self.after {
            lines.reason(reason);
            for unit in units {
                lines.set("After", unit);
            }
        }
        if let Some((service, reason)) = &self.restarts {
            lines.reason(reason);
            lines.set("Conflicts", service);
            lines.set("After", service);
            lines.set("OnSuccess", service);
            lines.set("OnSuccessJobMode", "replace");
            lines.reason(FAILED_RESTART_REASON);
            lines.set("OnFailure", service);
            lines.set("OnFailureJobMode", "replace");
        }
        if let Some((units, reason)) = &self.on_success {
            lines.reason(reason);
            lines.set("OnSuccess", units.join(" "));
            lines.set("OnSuccessJobMode", "replace");
        }
        if let Some((limit, reason)) = &self.start_limit {
            lines.reason(reason);
            limit.write(lines);
        }
        if let Some(reason) = self.keep_on_removal {
            lines.reason(reason);
            lines.set("X-StopOnRemoval", "false");
        }
    }
}
