//! Owned columns for tests: rows of prices on consecutive weekdays, ending on Friday 2017-11-10.

use market::NyDate;

use crate::History;

pub(crate) struct Sample {
    dates: Vec<NyDate>,
    columns: [Vec<f64>; 5],
}

impl Sample {
    /// Rows of open, high, low, close; volume 1,000.
    pub(crate) fn of(rows: &[[f64; 4]]) -> Self {
        Self::with_volume(&rows.iter().map(|[o, h, l, c]| [*o, *h, *l, *c, 1000.0]).collect::<Vec<_>>())
    }

    /// Rows of open, high, low, close, volume.
    pub(crate) fn with_volume(rows: &[[f64; 5]]) -> Self {
        let friday = NyDate::new(2017, 11, 10).unwrap();
        let weekdays = (0..).map(|ago| friday.plus_days(-ago)).filter(|date| !date.is_weekend());
        let mut dates: Vec<NyDate> = weekdays.take(rows.len()).collect();
        dates.reverse();
        Self { dates, columns: std::array::from_fn(|column| rows.iter().map(|row| row[column]).collect()) }
    }

    /// The same without the days that `gone` names.
    pub(crate) fn without(&self, gone: impl Fn(&NyDate) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.dates.len()).filter(|at| !gone(&self.dates[*at])).collect();
        Self {
            dates: kept.iter().map(|at| self.dates[*at]).collect(),
            columns: std::array::from_fn(|column| kept.iter().map(|at| self.columns[column][*at]).collect()),
        }
    }

    pub(crate) fn history(&self) -> History<'_> {
        let [open, high, low, close, volume] = &self.columns;
        History::new(&self.dates, open, high, low, close, volume).unwrap()
    }
}
