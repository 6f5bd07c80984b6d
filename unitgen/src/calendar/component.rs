//! One part of an expression: years, months, days, hours, minutes or seconds.
//!
//! A list of values, ranges and repetitions, as in `1,5..9/2,20`. Values are what people write (months and days count from
//! 1). Source: systemd.time(7); the order, the trimming of ranges and what is refused are systemd's.

use std::fmt;

/// No part of an expression has more entries than this, as in systemd.
pub(super) const ENTRIES_MAX: usize = 241;

/// Days counted from the end of a month stay within what every month has. systemd takes this off anew for each entry, so
/// that the second of a list reaches back 25 days only and the fourth 19; beyond that it ignores the whole line.
const DAYS_WITHHELD: i32 = 3;

/// Which values match. None at all is a `*`: every one does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Component {
    entries: Vec<Entry>,
}

/// `start`, `start..stop`, `start/step` or `start..stop/step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) start: i32,
    pub(super) stop: Option<i32>,
    /// None for a single value.
    pub(super) step: Option<i32>,
}

impl Entry {
    pub(super) fn of(value: i32) -> Self {
        Self { start: value, stop: None, step: None }
    }

    pub(super) fn every(step: i32, start: i32) -> Self {
        Self { start, stop: None, step: Some(step) }
    }

    /// A range ends at its last match, and one with a single match is that value.
    fn trimmed(mut self) -> Self {
        let (Some(stop), Some(step)) = (self.stop, self.step) else { return self };
        if stop > self.start {
            self.stop = Some(stop - (stop - self.start) % step);
        }
        if self.stop == Some(self.start) { Self::of(self.start) } else { self }
    }

    fn fits(self, first: i32, last: i32, from_month_end: bool) -> bool {
        let step = self.step.unwrap_or(0);
        let inside = |value| first <= value && value <= last;
        if !inside(self.start) || step > last - first {
            return false;
        }
        match self.stop {
            Some(stop) => inside(stop) && self.start + step <= stop,
            // Days from the end count down, so a repetition runs towards 1.
            None if from_month_end => self.start - step >= first,
            None => self.start + step <= last,
        }
    }
}

impl Component {
    /// As they were written.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self { entries }
    }

    pub(super) fn of(value: i32) -> Self {
        Self::new(vec![Entry::of(value)])
    }

    /// In order, ranges trimmed, each entry once.
    pub(super) fn normalized(self) -> Self {
        let mut entries: Vec<Entry> = self.entries.into_iter().map(Entry::trimmed).collect();
        entries.sort();
        entries.dedup();
        Self { entries }
    }

    /// Years of two digits are those from 1970 to 2069.
    pub(super) fn with_centuries(mut self) -> Self {
        let full = |year: i32| {
            year + if year < 70 {
                2000
            } else if year < 100 {
                1900
            } else {
                0
            }
        };
        for entry in &mut self.entries {
            (entry.start, entry.stop) = (full(entry.start), entry.stop.map(full));
        }
        self
    }

    pub(super) fn is_any(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn has(&self, entry: Entry) -> bool {
        self.entries.contains(&entry)
    }

    /// Whether every entry lies between two values and, where it repeats, does so at least once.
    pub(super) fn fits(&self, first: i32, last: i32, from_month_end: bool) -> bool {
        let mut last = last;
        self.entries.iter().all(|entry| {
            if from_month_end {
                last -= DAYS_WITHHELD;
            }
            entry.fits(first, last, from_month_end)
        })
    }

    /// The first match from a value on; `None` when there is none. A repetition without an end knows no upper bound: what it
    /// answers may lie beyond the month or the hour, and then the next one begins.
    pub(super) fn earliest(&self, from: i32) -> Option<i32> {
        self.earliest_where(from, &mut |value| value)
    }

    /// The same with entries that count days from the end of a month; `day_of` says which day of the month that is, and -1
    /// for one that it has not.
    pub(super) fn earliest_where(&self, from: i32, day_of: &mut dyn FnMut(i32) -> i32) -> Option<i32> {
        if self.is_any() {
            return Some(from);
        }
        let matches = self.entries.iter().filter_map(|entry| {
            let (mut start, mut stop) = (day_of(entry.start), day_of(entry.stop.unwrap_or(-1)));
            if stop > 0 && start > stop {
                (start, stop) = (stop, start);
            }
            if start >= from {
                return Some(start);
            }
            let step = entry.step?;
            let steps = (from - start + step - 1) / step;
            let value = start + steps * step;
            (stop < 0 || value <= stop).then_some(value)
        });
        matches.min()
    }

    /// As systemd writes it, each number with at least so many digits.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, digits: usize) -> fmt::Result {
        if self.is_any() {
            return f.write_str("*");
        }
        for (index, Entry { start, stop, step }) in self.entries.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{start:0digits$}")?;
            if let Some(stop) = stop {
                write!(f, "..{stop:0digits$}")?;
            }
            if let Some(step) = step.filter(|step| stop.is_none() || *step != 1) {
                write!(f, "/{step}")?;
            }
        }
        Ok(())
    }
}
