//! `[Install]`: what `systemctl enable` ties a unit to. Source: systemd.unit(5).

use crate::unit::Lines;

/// The section `[Install]`.
#[derive(Clone, Debug)]
pub struct Install {
    /// The target that wants the unit.
    pub wanted_by: &'static str,
}

impl Install {
    /// Writes the section.
    pub fn write(&self, lines: &mut Lines) {
        lines.section("Install");
        lines.set("WantedBy", self.wanted_by);
    }
}
