//! Bars to Parquet: compressed with Zstandard, sorted by symbol and date, with a note of the feed.

use std::{fs::File, path::Path, sync::Arc};

use parquet::{
    basic::{Compression, ZstdLevel},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};

use crate::{BarTable, BarsError, Problem, parquet_file::FEED_KEY};

const SCHEMA: &str = "message bars {
    required binary symbol (string);
    required int32 date (date);
    required double open;
    required double high;
    required double low;
    required double close;
    required double volume;
}";
const GROUP_ROWS: usize = 240_000;

/// The columns of a row group, as Parquet takes them.
#[derive(Default)]
struct Group {
    symbols: Vec<ByteArray>,
    days: Vec<i32>,
    numbers: [Vec<f64>; 5],
}

/// Writes a table to a file beside `path`, syncs it and moves it there: a reader sees the old file or the new one.
///
/// # Errors
/// Names the file, when it cannot be written.
pub fn write_parquet(path: &Path, table: &BarTable) -> Result<(), BarsError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let write = || -> Result<(), Problem> {
        let file = File::create(&partial)?;
        write_groups(&file, table)?;
        file.sync_all()?;
        Ok(std::fs::rename(&partial, path)?)
    };
    write().map_err(|problem| problem.at(path))
}

fn write_groups(file: &File, table: &BarTable) -> Result<(), ParquetError> {
    let feed = KeyValue::new(FEED_KEY.to_owned(), table.feed().to_string());
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(vec![feed]))
        .build();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties))?;
    let mut group = Group::default();
    for (symbol, series) in table.iter() {
        let name = ByteArray::from(symbol.as_str());
        for bar in series.bars() {
            group.symbols.push(name.clone());
            group.days.push(bar.date.unix_days());
            let numbers = [bar.open, bar.high, bar.low, bar.close, bar.volume];
            group.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.push(number));
        }
        if group.days.len() >= GROUP_ROWS {
            group.write(writer.next_row_group()?)?;
            group = Group::default();
        }
    }
    if !group.days.is_empty() {
        group.write(writer.next_row_group()?)?;
    }
    writer.close().map(drop)
}

impl Group {
    fn write<W: std::io::Write + Send>(&self, mut writer: SerializedRowGroupWriter<'_, W>) -> Result<(), ParquetError> {
        write_column::<ByteArrayType, W>(&mut writer, &self.symbols)?;
        write_column::<Int32Type, W>(&mut writer, &self.days)?;
        for column in &self.numbers {
            write_column::<DoubleType, W>(&mut writer, column)?;
        }
        writer.close().map(drop)
    }
}

fn write_column<T: DataType, W: std::io::Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has fewer columns than the table".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}
