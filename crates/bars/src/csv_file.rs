//! Bars from CSV: a header line with the column names, in any order; further columns are ignored.

use market::{Feed, NyDate, Symbol};

use crate::{
    BarTable, COLUMNS, Problem,
    block::Block,
    chunk::{CHUNK_ROWS, Chunk},
    source::DayRange,
};

/// Decodes the bytes of a CSV file.
pub(crate) fn read(bytes: &[u8], days: DayRange) -> Result<BarTable, Problem> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let fields = field_numbers(reader.headers()?)?;
    let (mut chunk, mut block) = (Chunk::default(), Block::default());
    let mut record = csv::StringRecord::new();
    let mut row = 0;
    while reader.read_record(&mut record)? {
        row += 1;
        push(&mut chunk, &record, fields, row)?;
        if chunk.len() == CHUNK_ROWS {
            block.absorb(&chunk, days)?;
            chunk.clear(row);
        }
    }
    block.absorb(&chunk, days)?;
    // A CSV file has no place to say where it comes from.
    BarTable::assemble(vec![block], Feed::Sip)
}

fn field_numbers(header: &csv::StringRecord) -> Result<[usize; 7], Problem> {
    let mut numbers = [0; 7];
    for (number, column) in numbers.iter_mut().zip(COLUMNS) {
        let found = header.iter().position(|name| name.eq_ignore_ascii_case(column));
        *number = found.ok_or(Problem::MissingColumn(column))?;
    }
    Ok(numbers)
}

fn push(chunk: &mut Chunk, record: &csv::StringRecord, fields: [usize; 7], row: u64) -> Result<(), Problem> {
    let text = |column: usize| match record.get(fields[column]) {
        None | Some("") => Err(Problem::Null { column: COLUMNS[column], row }),
        Some(text) => Ok(text),
    };
    let symbol = Symbol::new(text(0)?).map_err(|source| Problem::Symbol { row, source })?;
    let date: NyDate = text(1)?.parse().map_err(|_| Problem::Date { row, text: excerpt(record, fields[1]) })?;
    let mut numbers = [0.0; 5];
    for (column, number) in (2..).zip(&mut numbers) {
        *number = text(column)?.parse().map_err(|_| Problem::Number {
            column: COLUMNS[column],
            row,
            text: excerpt(record, fields[column]),
        })?;
    }
    chunk.push(symbol, date.unix_days(), numbers);
    Ok(())
}

fn excerpt(record: &csv::StringRecord, field: usize) -> String {
    record.get(field).unwrap_or_default().chars().take(40).collect()
}
