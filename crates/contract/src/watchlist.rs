//! `daily_candidates.csv` as execution needs it: the columns by header name, checked row by row.
//!
//! Prices are fixed-point dollars; distances are percent. The scanner writes the file; whoever reads it trusts it only
//! through its attestation. A list with a header and no rows is valid: nothing qualified, or the regime is risk-off.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    str::FromStr,
};

use market::{NyDate, Price, Symbol};
use thiserror::Error;

use crate::record::{self, ReadError};

const SCHEMA: &str = "1";

/// A day's list, in the file's order: best first.
#[derive(Clone, Debug, PartialEq)]
pub struct Watchlist {
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// The data date of the rows; `None` when there are none.
    pub scan_date: Option<NyDate>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The ticker.
    pub symbol: Symbol,
    /// Which way to trade it.
    pub direction: Direction,
    /// The close it was found at.
    pub price: Price,
    /// The anchored VWAP a break must hold above.
    pub entry_level: Price,
    /// How far the price is above the level, in percent.
    pub dist_pct: f64,
    /// Where the idea is wrong.
    pub stop_loss: Price,
    /// The first target.
    pub target_r1: Price,
    /// The second target.
    pub target_r2: Price,
    /// The strength of the trend.
    pub trend_score: f64,
    /// Place in the file's order, from 1.
    pub rank: u32,
}

/// Which way a candidate is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Bought first.
    Long,
}

/// Why a watchlist cannot be used.
#[derive(Debug, Error)]
pub enum WatchlistError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is not CSV.
    #[error("{} is no list: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{} has no column {column}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A field is not what it must be.
    #[error("{} row {row}: {column} is {value:?}: {problem}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The row, from 1, the header not counted.
        row: u32,
        /// The column.
        column: &'static str,
        /// The field.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Watchlist {
    /// Reads a list.
    ///
    /// # Errors
    /// Names the file, and the row and column where there is one.
    pub fn read(path: &Path) -> Result<Self, WatchlistError> {
        Self::parse(&record::read_bytes(path)?, path)
    }

    /// Reads a list from its bytes; `path` is for the errors.
    ///
    /// # Errors
    /// As [`Watchlist::read`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, WatchlistError> {
        let not_csv = |source| WatchlistError::Csv { path: path.to_owned(), source };
        let mut reader = csv::Reader::from_reader(bytes);
        let columns = Columns::find(reader.headers().map_err(not_csv)?, path)?;
        let mut list = Self { candidates: Vec::new(), scan_date: None };
        let mut symbols = BTreeSet::new();
        for (row, fields) in (1..).zip(reader.records()) {
            let fields = fields.map_err(not_csv)?;
            let row = Row { path, columns: &columns, fields: &fields, row };
            let candidate = row.candidate()?;
            let scan_date = row.parse(Column::ScanDate)?;
            if *list.scan_date.get_or_insert(scan_date) != scan_date {
                return Err(row.refuse(Column::ScanDate, "differs from the rows above"));
            }
            if !symbols.insert(candidate.symbol) {
                return Err(row.refuse(Column::Symbol, "is there twice"));
            }
            list.candidates.push(candidate);
        }
        Ok(list)
    }
}

#[derive(Clone, Copy)]
enum Column {
    SchemaVersion,
    ScanDate,
    Symbol,
    Direction,
    Price,
    EntryLevel,
    EntryDistPct,
    StopLoss,
    TargetR1,
    TargetR2,
    TrendScore,
}

const NAMES: [&str; 11] = [
    "SchemaVersion",
    "ScanDate",
    "Symbol",
    "Direction",
    "Price",
    "Entry_Level",
    "Entry_DistPct",
    "Stop_Loss",
    "Target_R1",
    "Target_R2",
    "TrendScore",
];

/// Where each column stands in this file.
struct Columns([usize; NAMES.len()]);

impl Columns {
    fn find(headers: &csv::StringRecord, path: &Path) -> Result<Self, WatchlistError> {
        let mut places = [0; NAMES.len()];
        for (place, column) in places.iter_mut().zip(NAMES) {
            let found = headers.iter().position(|header| header == column);
            *place = found.ok_or_else(|| WatchlistError::Column { path: path.to_owned(), column })?;
        }
        Ok(Self(places))
    }
}

struct Row<'a> {
    path: &'a Path,
    columns: &'a Columns,
    fields: &'a csv::StringRecord,
    row: u32,
}

impl Row<'_> {
    fn candidate(&self) -> Result<Candidate, WatchlistError> {
        if self.text(Column::SchemaVersion) != SCHEMA {
            return Err(self.refuse(Column::SchemaVersion, "this release reads 1"));
        }
        if self.text(Column::Direction) != "Long" {
            return Err(self.refuse(Column::Direction, "only Long is traded"));
        }
        let candidate = Candidate {
            symbol: self.parse(Column::Symbol)?,
            direction: Direction::Long,
            price: self.parse(Column::Price)?,
            entry_level: self.parse(Column::EntryLevel)?,
            dist_pct: self.number(Column::EntryDistPct)?,
            stop_loss: self.parse(Column::StopLoss)?,
            target_r1: self.parse(Column::TargetR1)?,
            target_r2: self.parse(Column::TargetR2)?,
            trend_score: self.number(Column::TrendScore)?,
            rank: self.row,
        };
        if candidate.stop_loss >= candidate.entry_level {
            return Err(self.refuse(Column::StopLoss, "a long stop lies below the entry level"));
        }
        Ok(candidate)
    }

    fn text(&self, column: Column) -> &str {
        self.fields.get(self.columns.0[column as usize]).unwrap_or("").trim()
    }

    fn parse<T: FromStr<Err: ToString>>(&self, column: Column) -> Result<T, WatchlistError> {
        self.text(column).parse().map_err(|error: T::Err| self.refuse(column, &error.to_string()))
    }

    fn number(&self, column: Column) -> Result<f64, WatchlistError> {
        let number: f64 = self.parse(column)?;
        if number.is_finite() { Ok(number) } else { Err(self.refuse(column, "not a finite number")) }
    }

    fn refuse(&self, column: Column, problem: &str) -> WatchlistError {
        WatchlistError::Field {
            path: self.path.to_owned(),
            row: self.row,
            column: NAMES[column as usize],
            value: self.text(column).chars().take(60).collect(),
            problem: problem.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "SchemaVersion,ScanDate,Symbol,Direction,TrendTier,Price,Entry_Level,Entry_DistPct,Stop_Loss,\
        Target_R1,Target_R2,TrendScore,Sector";
    const GOOD: &str =
        "1,2017-11-10,ANAB,Long,A,66.5,66.06,0.66,63.26,67.76,69.01,72.676538,\"Health Care, Equipment\"";

    fn parse(rows: &[&str]) -> Result<Watchlist, WatchlistError> {
        let text = format!("{HEADER}\n{}\n", rows.join("\n"));
        Watchlist::parse(text.as_bytes(), Path::new("list.csv"))
    }

    #[test]
    fn columns_are_found_by_name_and_quoted_fields_read() {
        let other = GOOD.replace("ANAB", "BRK-B");
        let list = parse(&[GOOD, &other]).unwrap();
        assert_eq!(list.scan_date, "2017-11-10".parse().ok());
        assert_eq!(
            list.candidates.iter().map(|c| (c.symbol.to_string(), c.rank)).collect::<Vec<_>>(),
            [("ANAB".to_owned(), 1), ("BRK.B".to_owned(), 2)]
        );
        assert_eq!(list.candidates[0].stop_loss, "63.26".parse().unwrap());
    }

    #[test]
    fn a_list_without_rows_is_valid() {
        let list = Watchlist::parse(format!("{HEADER}\n").as_bytes(), Path::new("list.csv")).unwrap();
        assert_eq!(list, Watchlist { candidates: vec![], scan_date: None });
    }

    #[test]
    fn what_is_wrong_is_named_with_file_and_row() {
        for (row, expect) in [
            (GOOD.to_owned(), "list.csv row 2: Symbol is \"ANAB\": is there twice"),
            (GOOD.replace("ANAB", "AN AB"), "list.csv row 2: Symbol is \"AN AB\""),
            (GOOD.replace("Long", "Short"), "row 2: Direction is \"Short\": only Long"),
            (GOOD.replace("ANAB", "B").replace("66.06", "\"66,06\""), "row 2: Entry_Level is \"66,06\""),
            (GOOD.replace("ANAB", "B").replace("63.26", "70"), "row 2: Stop_Loss is \"70\": a long stop"),
            (GOOD.replace("ANAB", "B").replace("72.676538", "NaN"), "row 2: TrendScore is \"NaN\""),
            (GOOD.replace("ANAB", "B").replace("11-10", "11-09"), "row 2: ScanDate is \"2017-11-09\": differs"),
            (GOOD.replace("1,2017", "2,2017"), "row 2: SchemaVersion is \"2\""),
            ("1,2017-11-10,B".to_owned(), "list.csv is no list"),
        ] {
            let error = parse(&[GOOD, &row]).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}\n{row}");
        }
        let error = Watchlist::parse(b"", Path::new("list.csv")).unwrap_err();
        assert_eq!(error.to_string(), "list.csv has no column SchemaVersion");
    }
}
