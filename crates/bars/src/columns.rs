//! Bars of one or more symbols as columns, and one symbol's view of them.

use std::ops::Range;

use market::{DailyBar, NyDate};

/// Owned columns of equal length.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns {
    dates: Vec<NyDate>,
    /// Open, high, low, close, volume.
    numbers: [Vec<f64>; 5],
}

/// One symbol's bars, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// The days, ascending.
    pub dates: &'a [NyDate],
    /// First prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Last prices.
    pub close: &'a [f64],
    /// Shares traded.
    pub volume: &'a [f64],
}

impl Columns {
    pub(crate) fn len(&self) -> usize {
        self.dates.len()
    }

    pub(crate) fn reserve(&mut self, rows: usize) {
        self.dates.reserve_exact(rows);
        for column in &mut self.numbers {
            column.reserve_exact(rows);
        }
    }

    pub(crate) fn extend(&mut self, dates: impl Iterator<Item = NyDate>, numbers: [&[f64]; 5]) {
        self.dates.extend(dates);
        for (column, values) in self.numbers.iter_mut().zip(numbers) {
            column.extend_from_slice(values);
        }
    }

    pub(crate) fn append(&mut self, series: Series<'_>) {
        let Series { dates, open, high, low, close, volume } = series;
        self.extend(dates.iter().copied(), [open, high, low, close, volume]);
    }

    pub(crate) fn series(&self, rows: Range<usize>) -> Series<'_> {
        let [open, high, low, close, volume] = self.numbers.each_ref().map(|column| &column[rows.clone()]);
        Series { dates: &self.dates[rows], open, high, low, close, volume }
    }
}

impl<'a> Series<'a> {
    /// How many bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// The bars from a day on.
    #[must_use]
    pub fn since(&self, first: NyDate) -> Self {
        let start = self.dates.partition_point(|date| *date < first);
        Self {
            dates: &self.dates[start..],
            open: &self.open[start..],
            high: &self.high[start..],
            low: &self.low[start..],
            close: &self.close[start..],
            volume: &self.volume[start..],
        }
    }

    /// The bars one by one.
    pub fn bars(&self) -> impl Iterator<Item = DailyBar> + use<'a> {
        let Self { dates, open, high, low, close, volume } = *self;
        (0..dates.len()).map(move |at| DailyBar {
            date: dates[at],
            open: open[at],
            high: high[at],
            low: low[at],
            close: close[at],
            volume: volume[at],
        })
    }
}
