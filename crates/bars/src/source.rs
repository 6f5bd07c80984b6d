//! A bars file: opened once, its bytes at hand for a digest, read by its kind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use market::NyDate;

use crate::{BarTable, BarsError, Problem, csv_file, parquet_file};

/// Which days to keep, both ends included; an open end keeps everything on its side. Rows beyond are checked all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// First day.
    pub from: Option<NyDate>,
    /// Last day.
    pub to: Option<NyDate>,
}

/// The same as numbers of days since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayRange {
    pub first: i32,
    pub last: i32,
}

impl DayRange {
    pub(crate) const ALL: Self = Self { first: i32::MIN, last: i32::MAX };
}

impl From<&Selection> for DayRange {
    fn from(selection: &Selection) -> Self {
        Self {
            first: selection.from.map_or(i32::MIN, NyDate::unix_days),
            last: selection.to.map_or(i32::MAX, NyDate::unix_days),
        }
    }
}

/// A bars file in memory: a digest of [`Source::bytes`] is of exactly what was read.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    bytes: Bytes,
}

impl Source {
    /// Reads the whole file into memory.
    ///
    /// # Errors
    /// When it cannot be read or has no bytes.
    pub fn open(path: &Path) -> Result<Self, BarsError> {
        let bytes = fs::read(path).map_err(|error| Problem::Io(error).at(path))?;
        if bytes.is_empty() {
            return Err(Problem::Empty.at(path));
        }
        Ok(Self { path: path.to_owned(), bytes: bytes.into() })
    }

    /// What the file holds.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Decodes and checks the bars: as CSV when the name ends in `.csv`, as Parquet otherwise.
    ///
    /// # Errors
    /// Names the file, and the row or column that is not as it must be.
    pub fn read(&self, selection: &Selection) -> Result<BarTable, BarsError> {
        let days = DayRange::from(selection);
        let is_csv = self.path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let table = if is_csv { csv_file::read(&self.bytes, days) } else { parquet_file::read(&self.bytes, days) };
        table.map_err(|problem| problem.at(&self.path))
    }
}

/// Reads a file into a table.
///
/// # Errors
/// Names the file, and the row or column that is not as it must be.
pub fn read(path: &Path, selection: &Selection) -> Result<BarTable, BarsError> {
    Source::open(path)?.read(selection)
}
