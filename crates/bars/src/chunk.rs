//! A few thousand rows as they come out of a file, before anything is believed of them.

use market::{DailyBar, NyDate, Symbol};

use crate::Problem;

/// How many rows are decoded at a time: small enough to stay in the processor's cache.
pub(crate) const CHUNK_ROWS: usize = 8192;

/// Raw rows. Symbols come as spans: a file sorted by symbol has few.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// 0-based row of the first one in the file.
    pub first_row: u64,
    pub spans: Vec<Span>,
    /// Days since 1970-01-01.
    pub days: Vec<i32>,
    /// Open, high, low, close, volume.
    pub numbers: [Vec<f64>; 5],
}

/// Neighbouring rows of one symbol, up to and without `end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub symbol: Symbol,
    pub end: usize,
}

impl Chunk {
    pub(crate) fn clear(&mut self, first_row: u64) {
        self.first_row = first_row;
        self.spans.clear();
        self.days.clear();
        self.numbers.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn len(&self) -> usize {
        self.days.len()
    }

    /// A row's number as a person counts.
    pub(crate) fn row_number(&self, at: usize) -> u64 {
        self.first_row + at as u64 + 1
    }

    pub(crate) fn date(&self, at: usize) -> Result<NyDate, Problem> {
        let day = self.days[at];
        NyDate::from_unix_days(day)
            .ok_or_else(|| Problem::Date { row: self.row_number(at), text: format!("day {day} since 1970") })
    }

    /// Checks every bar of a span.
    pub(crate) fn check(&self, symbol: Symbol, start: usize, end: usize) -> Result<(), Problem> {
        let [open, high, low, close, volume] = self.numbers.each_ref().map(|column| &column[start..end]);
        // The strict rule decides almost every row without leaving this loop; the rest is DailyBar's to judge.
        let strict = |at: usize| {
            let (floor, ceiling) = (open[at].min(close[at]), open[at].max(close[at]));
            (low[at] > 0.0)
                & (low[at] <= floor)
                & (high[at] >= ceiling)
                & (high[at] < f64::INFINITY)
                & (volume[at] >= 0.0)
                & (volume[at] < f64::INFINITY)
                & !(open[at].is_nan() | close[at].is_nan())
        };
        for at in (0..end - start).filter(|at| !strict(*at)) {
            let bar = DailyBar {
                date: self.date(start + at)?,
                open: open[at],
                high: high[at],
                low: low[at],
                close: close[at],
                volume: volume[at],
            };
            bar.check().map_err(|source| Problem::Bar {
                row: self.row_number(start + at),
                symbol,
                date: bar.date,
                source,
            })?;
        }
        Ok(())
    }
}
