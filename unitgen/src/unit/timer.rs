//! `[Timer]`: when a unit starts. Source: systemd.timer(5), systemd.time(7).

use crate::unit::Lines;

/// The section `[Timer]`.
#[derive(Clone, Debug)]
pub struct Timer {
    /// `OnCalendar=`, each with its time zone.
    pub on_calendar: Vec<String>,
    /// Whether it starts its unit for a slot that was missed while the host was off.
    pub catches_up: bool,
    /// The unit it starts.
    pub unit: String,
}

impl Timer {
    /// Writes the section.
    pub fn write(&self, lines: &mut Lines) {
        lines.section("Timer");
        for expression in &self.on_calendar {
            lines.set("OnCalendar", expression);
        }
        lines.reason("systemd's own slack is a minute.");
        lines.set("AccuracySec", "1s");
        if self.catches_up {
            lines.reason(
                "A slot missed while the host was off starts the instant the timer does, at boot or at deploy; the unit's own \
                 ExecStartPre= judges how late that may be.",
            );
            lines.set("Persistent", "true");
        } else {
            lines.reason(
                "A catch-up run would start the instant the timer does, at boot or at deploy, whatever the hour.",
            );
            lines.set("Persistent", "false");
        }
        lines.set("Unit", &self.unit);
    }
}
