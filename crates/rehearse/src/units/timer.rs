//! A timer: its schedules and the unit it starts.

use market::Timestamp;

use super::{file::UnitFile, keys, schedule::Schedule, tree::UnitError};

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    /// With its suffix.
    pub name: String,
    /// The unit it starts.
    pub unit: String,
    schedules: Vec<Schedule>,
}

impl Timer {
    /// Reads a merged unit file. Catch-up after downtime (`Persistent=`) and slack (`AccuracySec=`) are not rehearsed: the
    /// machine of a rehearsal is up all day, and every timer fires on its slot.
    pub fn read(name: &str, file: &UnitFile) -> Result<Self, UnitError> {
        keys::check_timer(file)?;
        let mut schedules = Vec::new();
        for entry in file.list("Timer", "OnCalendar") {
            schedules.push(Schedule::parse(&entry.value).map_err(|error| UnitError::Value {
                place: entry.place.clone(),
                assignment: format!("{}={}", entry.key, entry.value),
                problem: error.to_string(),
            })?);
        }
        if schedules.is_empty() {
            let problem = "has no OnCalendar=".to_owned();
            return Err(UnitError::Service { unit: name.to_owned(), problem });
        }
        let stem = name.trim_end_matches(".timer");
        let unit = file.last("Timer", "Unit").map_or_else(|| format!("{stem}.service"), |entry| entry.value.clone());
        Ok(Self { name: name.to_owned(), unit, schedules })
    }

    /// The next slot strictly after an instant.
    pub fn next_after(&self, after: Timestamp) -> Timestamp {
        let next = self.schedules.iter().map(|schedule| schedule.next_after(after)).min();
        next.expect("a timer has at least one schedule")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Timer, UnitError> {
        Timer::read("scan.timer", &UnitFile::parse("scan.timer", text).unwrap())
    }

    #[test]
    fn the_earliest_schedule_counts_and_the_unit_is_the_namesake() {
        let timer = read(
            "[Timer]\nOnCalendar=Mon..Fri 08:40 America/New_York\nOnCalendar=Mon..Fri 08:30 America/New_York\n[Install]\nWantedBy=timers.target\n",
        )
        .unwrap();
        assert_eq!(timer.unit, "scan.service");
        let next = timer.next_after("2017-11-10T00:00:00Z".parse().unwrap());
        assert_eq!(next.to_string(), "2017-11-10T13:30:00Z");
    }

    #[test]
    fn timers_that_cannot_be_followed_are_refused() {
        for lines in [
            "Unit=x.service",
            "OnBootSec=5min",
            "OnCalendar=daily",
            "OnCalendar=Mon 08:30 UTC\nRandomizedDelaySec=5min",
        ] {
            assert!(read(&format!("[Timer]\n{lines}\n")).is_err(), "{lines}");
        }
    }
}
