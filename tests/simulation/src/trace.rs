//! What is told of a run. Nothing is written down unless asked for: a run that broke something is run again with the
//! trace on, which the seed makes the same run.

use std::fmt;

use market::Timestamp;

/// Lines, when wanted.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// One that writes down.
    #[must_use]
    pub fn on() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.lines.is_some()
    }

    /// Writes a line.
    pub fn say(&mut self, step: u64, now: Timestamp, line: fmt::Arguments<'_>) {
        if let Some(lines) = &mut self.lines {
            lines.push(format!("{step:>6} {} {line}", now.ny_date_and_time()));
        }
    }

    /// What was written.
    #[must_use]
    pub fn into_lines(self) -> Vec<String> {
        self.lines.unwrap_or_default()
    }
}

/// The text of an instant in a trace.
trait InNewYork {
    fn ny_date_and_time(self) -> String;
}

impl InNewYork for Timestamp {
    fn ny_date_and_time(self) -> String {
        format!("{} {}", self.ny_date(), self.ny_time().format("%H:%M:%S%.3f"))
    }
}
