//! One column of a row group, decoded chunk by chunk into plain vectors; a null is an error that names its row.

use market::{NyDate, Symbol};
use parquet::{
    basic::{ConvertedType, LogicalType, TimeUnit, Type},
    column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader},
    data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type},
    schema::types::ColumnDescriptor,
};

use crate::{
    Problem,
    chunk::{Chunk, Span},
};

/// A typed reader with the buffers it decodes into.
pub(crate) struct Decoder<T: DataType> {
    name: &'static str,
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
    levels: Vec<i16>,
}

impl<T: DataType> Decoder<T> {
    fn new(name: &'static str, reader: ColumnReader) -> Self {
        Self { name, reader: get_typed_column_reader(reader), values: Vec::new(), levels: Vec::new() }
    }

    /// Decodes the next `rows` values; `first_row` is the 0-based row they begin at.
    fn next(&mut self, rows: usize, first_row: u64) -> Result<&[T::T], Problem> {
        self.values.clear();
        self.levels.clear();
        let (records, values, _) = self.reader.read_records(rows, Some(&mut self.levels), None, &mut self.values)?;
        let row_after = |records: usize| first_row + records as u64 + 1;
        if values < records {
            let null = self.levels.iter().position(|level| *level == 0).unwrap_or(values);
            return Err(Problem::Null { column: self.name, row: row_after(null) });
        }
        if records < rows {
            return Err(Problem::ShortColumn { column: self.name, row: row_after(records) });
        }
        Ok(&self.values)
    }
}

/// The column of symbols.
pub(crate) struct SymbolColumn(Decoder<ByteArrayType>);

impl SymbolColumn {
    pub(crate) fn new(descriptor: &ColumnDescriptor, reader: ColumnReader) -> Result<Self, Problem> {
        if descriptor.physical_type() == Type::BYTE_ARRAY {
            return Ok(Self(Decoder::new("symbol", reader)));
        }
        Err(wrong_type(descriptor, "symbol", "text"))
    }

    /// Fills the chunk's spans.
    pub(crate) fn fill(&mut self, rows: usize, chunk: &mut Chunk) -> Result<(), Problem> {
        let symbols = self.0.next(rows, chunk.first_row)?;
        let mut start = 0;
        while start < symbols.len() {
            let text = symbols[start].data();
            let end =
                symbols[start..].iter().position(|other| other.data() != text).map_or(symbols.len(), |at| start + at);
            let text = String::from_utf8_lossy(text);
            let symbol =
                Symbol::new(&text).map_err(|source| Problem::Symbol { row: chunk.row_number(start), source })?;
            match chunk.spans.last_mut() {
                // "BRK.B" and "BRK-B" are one symbol.
                Some(span) if span.symbol == symbol => span.end = end,
                Some(_) | None => chunk.spans.push(Span { symbol, end }),
            }
            start = end;
        }
        Ok(())
    }
}

/// The column of days: dates, instants (their day in UTC) or text.
pub(crate) enum DateColumn {
    Days(Decoder<Int32Type>),
    Instants(Decoder<Int64Type>, i64),
    Text(Decoder<ByteArrayType>),
}

impl DateColumn {
    pub(crate) fn new(descriptor: &ColumnDescriptor, reader: ColumnReader) -> Result<Self, Problem> {
        const NAME: &str = "date";
        let is_date = descriptor.logical_type_ref() == Some(&LogicalType::Date)
            || descriptor.converted_type() == ConvertedType::DATE;
        let physical = descriptor.physical_type();
        if physical == Type::INT32 && is_date {
            return Ok(Self::Days(Decoder::new(NAME, reader)));
        }
        if physical == Type::BYTE_ARRAY {
            return Ok(Self::Text(Decoder::new(NAME, reader)));
        }
        match units_a_day(descriptor).filter(|_| physical == Type::INT64) {
            Some(units) => Ok(Self::Instants(Decoder::new(NAME, reader), units)),
            None => Err(wrong_type(descriptor, NAME, "a date")),
        }
    }

    /// Fills the chunk's days.
    pub(crate) fn fill(&mut self, rows: usize, chunk: &mut Chunk) -> Result<(), Problem> {
        match self {
            Self::Days(decoder) => chunk.days.extend_from_slice(decoder.next(rows, chunk.first_row)?),
            Self::Instants(decoder, units_a_day) => {
                let instants = decoder.next(rows, chunk.first_row)?;
                chunk.days.extend(instants.iter().map(|instant| clamp(instant.div_euclid(*units_a_day))));
            }
            Self::Text(decoder) => {
                let first_row = chunk.first_row;
                for (at, text) in decoder.next(rows, first_row)?.iter().enumerate() {
                    chunk.days.push(parse_day(text, first_row + at as u64 + 1)?);
                }
            }
        }
        Ok(())
    }
}

fn parse_day(text: &ByteArray, row: u64) -> Result<i32, Problem> {
    let text = String::from_utf8_lossy(text.data());
    let date: Result<NyDate, _> = text.parse();
    date.map(NyDate::unix_days).map_err(|_| Problem::Date { row, text: text.chars().take(40).collect() })
}

/// How many of a timestamp's units make a day; `None` when the column is no timestamp.
fn units_a_day(descriptor: &ColumnDescriptor) -> Option<i64> {
    const SECONDS: i64 = 86_400;
    let Some(LogicalType::Timestamp(timestamp)) = descriptor.logical_type_ref() else { return None };
    Some(match timestamp.unit {
        TimeUnit::MILLIS => SECONDS * 1_000,
        TimeUnit::MICROS => SECONDS * 1_000_000,
        TimeUnit::NANOS => SECONDS * 1_000_000_000,
    })
}

/// A day outside 32 bits is no date; the chunk says so when it is asked for it.
fn clamp(day: i64) -> i32 {
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

/// A column of prices or volumes.
pub(crate) enum NumberColumn {
    Double(Decoder<DoubleType>),
    Float(Decoder<FloatType>),
    Long(Decoder<Int64Type>),
    Int(Decoder<Int32Type>),
}

impl NumberColumn {
    /// A price is a floating-point number; a volume may be an integer.
    pub(crate) fn new(
        name: &'static str,
        descriptor: &ColumnDescriptor,
        reader: ColumnReader,
    ) -> Result<Self, Problem> {
        let is_plain_integer = name == "volume"
            && matches!(descriptor.logical_type_ref(), None | Some(LogicalType::Integer(_)))
            && descriptor.converted_type() != ConvertedType::DECIMAL;
        let physical = descriptor.physical_type();
        if physical == Type::DOUBLE {
            Ok(Self::Double(Decoder::new(name, reader)))
        } else if physical == Type::FLOAT {
            Ok(Self::Float(Decoder::new(name, reader)))
        } else if physical == Type::INT64 && is_plain_integer {
            Ok(Self::Long(Decoder::new(name, reader)))
        } else if physical == Type::INT32 && is_plain_integer {
            Ok(Self::Int(Decoder::new(name, reader)))
        } else {
            Err(wrong_type(descriptor, name, "numbers"))
        }
    }

    /// Appends the next values to `column`.
    pub(crate) fn fill(&mut self, rows: usize, first_row: u64, column: &mut Vec<f64>) -> Result<(), Problem> {
        match self {
            Self::Double(decoder) => column.extend_from_slice(decoder.next(rows, first_row)?),
            Self::Float(decoder) => column.extend(decoder.next(rows, first_row)?.iter().copied().map(f64::from)),
            Self::Long(decoder) => column.extend(decoder.next(rows, first_row)?.iter().map(|value| *value as f64)),
            Self::Int(decoder) => column.extend(decoder.next(rows, first_row)?.iter().copied().map(f64::from)),
        }
        Ok(())
    }
}

fn wrong_type(descriptor: &ColumnDescriptor, column: &'static str, expected: &'static str) -> Problem {
    let found = match descriptor.logical_type_ref() {
        Some(logical) => format!("{} ({logical:?})", descriptor.physical_type()),
        None => descriptor.physical_type().to_string(),
    };
    Problem::ColumnType { column, found, expected }
}
