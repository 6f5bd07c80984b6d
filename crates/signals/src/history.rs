//! One symbol's daily bars as columns, oldest first.

use market::{DailyBar, NyDate};

/// Borrowed columns of equal length, dates ascending. `Copy`: it is six slices.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    dates: &'a [NyDate],
    open: &'a [f64],
    high: &'a [f64],
    low: &'a [f64],
    close: &'a [f64],
    volume: &'a [f64],
}

impl<'a> History<'a> {
    /// The columns as a history; `None` when their lengths differ.
    #[must_use]
    pub fn new(
        dates: &'a [NyDate],
        open: &'a [f64],
        high: &'a [f64],
        low: &'a [f64],
        close: &'a [f64],
        volume: &'a [f64],
    ) -> Option<Self> {
        let equal = [open, high, low, close, volume].iter().all(|column| column.len() == dates.len());
        equal.then_some(Self { dates, open, high, low, close, volume })
    }

    /// How many bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there is no bar at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// The days.
    #[must_use]
    pub fn dates(&self) -> &'a [NyDate] {
        self.dates
    }

    /// First prices.
    #[must_use]
    pub fn open(&self) -> &'a [f64] {
        self.open
    }

    /// Highest prices.
    #[must_use]
    pub fn high(&self) -> &'a [f64] {
        self.high
    }

    /// Lowest prices.
    #[must_use]
    pub fn low(&self) -> &'a [f64] {
        self.low
    }

    /// Last prices.
    #[must_use]
    pub fn close(&self) -> &'a [f64] {
        self.close
    }

    /// Shares traded.
    #[must_use]
    pub fn volume(&self) -> &'a [f64] {
        self.volume
    }

    /// The newest bar.
    #[must_use]
    pub fn last(&self) -> Option<DailyBar> {
        self.len().checked_sub(1).map(|at| self.bar(at))
    }

    /// The bar at an index.
    ///
    /// # Panics
    /// When there is no such bar.
    #[must_use]
    pub fn bar(&self, at: usize) -> DailyBar {
        DailyBar {
            date: self.dates[at],
            open: self.open[at],
            high: self.high[at],
            low: self.low[at],
            close: self.close[at],
            volume: self.volume[at],
        }
    }

    /// The close `ago` bars before the newest.
    #[must_use]
    pub fn close_ago(&self, ago: usize) -> Option<f64> {
        self.len().checked_sub(ago + 1).map(|at| self.close[at])
    }

    /// The index the last `count` bars begin at; 0 when there are fewer.
    #[must_use]
    pub fn start_of_last(&self, count: usize) -> usize {
        self.len().saturating_sub(count)
    }

    /// The typical price of a bar, (high + low + close) / 3.
    pub(crate) fn typical(&self, at: usize) -> f64 {
        (self.high[at] + self.low[at] + self.close[at]) / 3.0
    }
}
