//! A systemd calendar expression: `Mon..Fri *-*-* 08:30:00 America/New_York`.

use std::fmt;

use chrono_tz::Tz;

use super::component::{Component, Entry};

const WEEK: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A calendar expression as systemd.time(7) defines it, in its normalized form. Text is that form.
///
/// ```
/// let daily: unitgen::calendar::Expression = "mon-fri 8:30 America/New_York".parse()?;
/// assert_eq!(daily.to_string(), "Mon..Fri *-*-* 08:30:00 America/New_York");
/// # Ok::<(), unitgen::calendar::ExpressionError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// A bit a day, Monday the lowest; 0 for every day.
    pub(super) weekdays: u8,
    pub(super) from_month_end: bool,
    /// Year, month, day, hour, minute, second.
    pub(super) components: [Component; 6],
    pub(super) zone: Option<Tz>,
}

impl Expression {
    /// The zone it names; without one systemd takes the host's.
    #[must_use]
    pub fn zone(&self) -> Option<Tz> {
        self.zone
    }

    /// The same on a host of that zone: an expression that names none takes it.
    #[must_use]
    pub fn on_host_in(self, zone: Tz) -> Self {
        Self { zone: self.zone.or(Some(zone)), ..self }
    }

    pub(super) fn component(&self, field: usize) -> &Component {
        &self.components[field]
    }

    pub(super) fn counts_from_month_end(&self) -> bool {
        self.from_month_end
    }

    /// Whether a weekday matches; Monday is 0.
    pub(super) fn has_weekday(&self, day: u32) -> bool {
        self.weekdays == 0 || self.weekdays & (1 << day) != 0
    }
}

/// Every second, as the `*` of the last component is kept.
pub(super) fn every_second() -> Component {
    Component::new(vec![Entry::every(1, 0)])
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.weekdays != 0 {
            write!(f, "{} ", weekdays_text(self.weekdays))?;
        }
        let [year, month, day, hour, minute, second] = &self.components;
        year.write(f, 4)?;
        f.write_str("-")?;
        month.write(f, 2)?;
        f.write_str(if self.from_month_end { "~" } else { "-" })?;
        day.write(f, 2)?;
        f.write_str(" ")?;
        hour.write(f, 2)?;
        f.write_str(":")?;
        minute.write(f, 2)?;
        f.write_str(":")?;
        if second.has(Entry::every(1, 0)) {
            f.write_str("*")?
        } else {
            second.write(f, 2)?
        }
        self.zone.map_or(Ok(()), |zone| write!(f, " {}", zone.name()))
    }
}

/// Runs of three and more are written as ranges.
fn weekdays_text(days: u8) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut day = 0;
    while day < WEEK.len() {
        let run = (day..WEEK.len()).take_while(|day| days & (1 << day) != 0).count();
        match run {
            0 => {}
            1 | 2 => words.extend(WEEK[day..day + run].iter().map(|name| (*name).to_owned())),
            _ => words.push(format!("{}..{}", WEEK[day], WEEK[day + run - 1])),
        }
        day += run.max(1);
    }
    words.join(",")
}
