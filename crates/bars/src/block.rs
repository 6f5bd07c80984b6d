//! Checked rows of a stretch of the file, in file order, with the runs of symbols in them.

use std::ops::Range;

use market::Symbol;

use crate::{Problem, chunk::Chunk, columns::Columns, source::DayRange};

/// The selected rows of a stretch of the file.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub columns: Columns,
    pub runs: Vec<Run>,
}

/// Consecutive rows of one symbol: what was there, and which of it was selected.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub symbol: Symbol,
    /// As a person counts.
    pub first_row: u64,
    pub first_day: i32,
    pub last_day: i32,
    pub kept: Range<usize>,
}

impl Block {
    /// Checks a chunk and keeps its rows within the days.
    pub(crate) fn absorb(&mut self, chunk: &Chunk, days: DayRange) -> Result<(), Problem> {
        let mut start = 0;
        for span in &chunk.spans {
            chunk.check(span.symbol, start, span.end)?;
            self.check_order(chunk, span.symbol, start, span.end)?;
            self.keep(chunk, span.symbol, start..span.end, days)?;
            start = span.end;
        }
        Ok(())
    }

    fn check_order(&self, chunk: &Chunk, symbol: Symbol, start: usize, end: usize) -> Result<(), Problem> {
        let before = self.runs.last().filter(|run| run.symbol == symbol).map(|run| run.last_day);
        if let Some(before) = before.filter(|before| *before >= chunk.days[start]) {
            return Err(out_of_order(symbol, chunk.row_number(start), before, chunk.days[start]));
        }
        let broken = chunk.days[start..end].windows(2).position(|pair| pair[0] >= pair[1]);
        match broken.map(|at| start + at + 1) {
            None => Ok(()),
            Some(at) => Err(out_of_order(symbol, chunk.row_number(at), chunk.days[at - 1], chunk.days[at])),
        }
    }

    fn keep(&mut self, chunk: &Chunk, symbol: Symbol, rows: Range<usize>, days: DayRange) -> Result<(), Problem> {
        let column = &chunk.days[rows.clone()];
        let from = rows.start + column.partition_point(|day| *day < days.first);
        let to = rows.start + column.partition_point(|day| *day <= days.last);
        let kept_from = self.columns.len();
        if from < to {
            // Ascending days lie between the ends: when both are dates, all are.
            chunk.date(from)?;
            chunk.date(to - 1)?;
            let dates = (from..to).filter_map(|at| chunk.date(at).ok());
            self.columns.extend(dates, chunk.numbers.each_ref().map(|numbers| &numbers[from..to]));
        }
        let kept_to = self.columns.len();
        let last_day = chunk.days[rows.end - 1];
        match self.runs.last_mut().filter(|run| run.symbol == symbol) {
            Some(run) => {
                run.last_day = last_day;
                run.kept.end = kept_to;
            }
            None => self.runs.push(Run {
                symbol,
                first_row: chunk.row_number(rows.start),
                first_day: chunk.days[rows.start],
                last_day,
                kept: kept_from..kept_to,
            }),
        }
        Ok(())
    }
}

/// The refusal of a bar that is not later than the one before.
pub(crate) fn out_of_order(symbol: Symbol, row: u64, before: i32, day: i32) -> Problem {
    let date = |day: i32| {
        market::NyDate::from_unix_days(day).ok_or(Problem::Date { row, text: format!("day {day} since 1970") })
    };
    match (date(before), date(day)) {
        (Ok(_), Ok(date)) if before == day => Problem::Duplicate { row, symbol, date },
        (Ok(before), Ok(date)) => Problem::Unordered { row, symbol, date, before },
        (Err(problem), _) | (_, Err(problem)) => problem,
    }
}
