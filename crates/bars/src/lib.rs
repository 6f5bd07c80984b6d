//! Daily bars and the universe, read from files and checked row by row.
//!
//! A [`BarTable`] holds columns of `f64` per symbol: prices in dollars, volume in shares, dates ascending without
//! duplicates. Bars come as Parquet or CSV with the columns `symbol,date,open,high,low,close,volume`, the universe as a
//! fund-holdings CSV. Nothing is repaired: a file with one bad row is refused by name, row and reason.

mod block;
mod chunk;
mod columns;
mod csv_file;
mod error;
mod parquet_column;
mod parquet_file;
mod parquet_write;
mod source;
mod table;
pub mod universe;

pub use columns::Series;
pub use error::{BarsError, Problem};
pub use parquet_write::write_parquet;
pub use source::{Selection, Source, read};
pub use table::BarTable;
pub use universe::{Member, Universe, read_universe};

/// The columns of a bars file, in the order they are written.
pub const COLUMNS: [&str; 7] = ["symbol", "date", "open", "high", "low", "close", "volume"];
