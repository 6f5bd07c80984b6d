//! What is wrong with a bars file, and where.

use std::path::PathBuf;

use market::{BarError, NyDate, Symbol, SymbolError};
use parquet::errors::ParquetError;
use thiserror::Error;

/// A bars file that cannot be used. Rows count from 1, a CSV's header line not included.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub struct BarsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a bars file.
#[derive(Debug, Error)]
pub enum Problem {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It has no bytes.
    #[error("the file is empty")]
    Empty,
    /// It has no rows.
    #[error("the file holds no bars")]
    NoBars,
    /// It is truncated, damaged, or something else.
    #[error("no readable Parquet file: {0}")]
    Parquet(#[from] ParquetError),
    /// Decoding it failed in a way its reader did not foresee.
    #[error("no readable Parquet file: its contents are damaged")]
    Damaged,
    /// A line is no CSV record.
    #[error("no readable CSV: {0}")]
    Csv(#[from] csv::Error),
    /// A column is not there.
    #[error("column {0:?} is missing")]
    MissingColumn(&'static str),
    /// A column holds something else.
    #[error("column {column:?} holds {found}, not {expected}")]
    ColumnType {
        /// The column.
        column: &'static str,
        /// Its type.
        found: String,
        /// What it must hold.
        expected: &'static str,
    },
    /// A column ends before the others.
    #[error("column {column:?} ends at row {row}")]
    ShortColumn {
        /// The column.
        column: &'static str,
        /// The first row it has no value for.
        row: u64,
    },
    /// A value is missing.
    #[error("row {row}: {column} is null")]
    Null {
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
    },
    /// A text is no number.
    #[error("row {row}: {column} is {text:?}, which is no number")]
    Number {
        /// The column.
        column: &'static str,
        /// The row.
        row: u64,
        /// What it says.
        text: String,
    },
    /// No date of the calendar.
    #[error("row {row}: {text:?} is no date")]
    Date {
        /// The row.
        row: u64,
        /// What it says.
        text: String,
    },
    /// No ticker.
    #[error("row {row}: {source}")]
    Symbol {
        /// The row.
        row: u64,
        /// Why not.
        source: SymbolError,
    },
    /// Numbers that make no bar.
    #[error("row {row}: {symbol} on {date}: {source}")]
    Bar {
        /// The row.
        row: u64,
        /// The symbol.
        symbol: Symbol,
        /// The day.
        date: NyDate,
        /// Which rule they break.
        source: BarError,
    },
    /// Two bars for one day.
    #[error("row {row}: a second bar of {symbol} on {date}")]
    Duplicate {
        /// The second one's row.
        row: u64,
        /// The symbol.
        symbol: Symbol,
        /// The day.
        date: NyDate,
    },
    /// A symbol's bars go back in time.
    #[error("row {row}: {symbol} on {date} comes after its bar of {before}")]
    Unordered {
        /// The row.
        row: u64,
        /// The symbol.
        symbol: Symbol,
        /// The day.
        date: NyDate,
        /// The later day that came first.
        before: NyDate,
    },
    /// The note of where the data comes from says something unknown.
    #[error("it says its feed is {0:?}; known are sip, iex and simulated")]
    Feed(String),
}
