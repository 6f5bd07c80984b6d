//! Bars from Parquet: row groups are decoded side by side, each into a block of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use market::Feed;
use parquet::file::{
    metadata::RowGroupMetaData,
    reader::{FileReader, RowGroupReader, SerializedFileReader},
};

use crate::{
    BarTable, COLUMNS, Problem,
    block::Block,
    chunk::{CHUNK_ROWS, Chunk},
    parquet_column::{DateColumn, NumberColumn, SymbolColumn},
    source::DayRange,
};

/// The key under which a file says where its bars come from; without it they are the consolidated tape's.
pub(crate) const FEED_KEY: &str = "portcullis.feed";
const THREADS_MOST: usize = 4;
/// A footer may lie about its rows; memory is taken in advance for no more than these.
const RESERVED_ROWS_MOST: usize = 1 << 20;

/// Decodes the bytes of a Parquet file.
pub(crate) fn read(bytes: &Bytes, days: DayRange) -> Result<BarTable, Problem> {
    guarded(|| {
        let reader = SerializedFileReader::new(bytes.clone())?;
        let feed = feed(&reader)?;
        let blocks = read_blocks(&reader, days)?;
        BarTable::assemble(blocks, feed)
    })
}

/// The Parquet reader promises errors for damaged files; should it panic instead, that is a damaged file, too.
fn guarded<T>(decode: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(Problem::Damaged))
}

fn feed(reader: &SerializedFileReader<Bytes>) -> Result<Feed, Problem> {
    let notes = reader.metadata().file_metadata().key_value_metadata();
    let note = notes.into_iter().flatten().find(|note| note.key == FEED_KEY).and_then(|note| note.value.as_deref());
    match note {
        None => Ok(Feed::Sip),
        Some(name) => [Feed::Sip, Feed::Iex, Feed::Simulated]
            .into_iter()
            .find(|feed| feed.to_string() == name)
            .ok_or_else(|| Problem::Feed(name.chars().take(40).collect())),
    }
}

fn read_blocks(reader: &SerializedFileReader<Bytes>, days: DayRange) -> Result<Vec<Block>, Problem> {
    let mut first_rows = vec![0_u64];
    for group in reader.metadata().row_groups() {
        first_rows.push(first_rows[first_rows.len() - 1].saturating_add(group.num_rows().max(0).unsigned_abs()));
    }
    let groups = reader.num_row_groups();
    let next = AtomicUsize::new(0);
    let blocks: Vec<Mutex<Option<Result<Block, Problem>>>> = (0..groups).map(|_| Mutex::new(None)).collect();
    let worker = || {
        loop {
            let group = next.fetch_add(1, Ordering::Relaxed);
            let Some(slot) = blocks.get(group) else { break };
            let block = guarded(|| read_group(&*reader.get_row_group(group)?, first_rows[group], days));
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(block);
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(groups).clamp(1, THREADS_MOST);
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(worker)));
        worker();
    });
    // In file order: of several bad row groups the first is reported, whichever thread met it.
    blocks
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or(Err(Problem::Damaged)))
        .collect()
}

fn read_group(group: &dyn RowGroupReader, first_row: u64, days: DayRange) -> Result<Block, Problem> {
    let numbers = column_numbers(group.metadata())?;
    let descriptor = |column: usize| group.metadata().column(numbers[column]).column_descr();
    let reader = |column: usize| group.get_column_reader(numbers[column]);
    let mut symbols = SymbolColumn::new(descriptor(0), reader(0)?)?;
    let mut dates = DateColumn::new(descriptor(1), reader(1)?)?;
    let mut values = Vec::with_capacity(5);
    for (column, name) in COLUMNS.iter().enumerate().skip(2) {
        values.push(NumberColumn::new(name, descriptor(column), reader(column)?)?);
    }
    let (mut block, mut chunk) = (Block::default(), Chunk::default());
    let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
    block.columns.reserve(rows.min(RESERVED_ROWS_MOST));
    let mut done = 0;
    while done < rows {
        let count = CHUNK_ROWS.min(rows - done);
        chunk.clear(first_row + done as u64);
        symbols.fill(count, &mut chunk)?;
        dates.fill(count, &mut chunk)?;
        for (value, column) in values.iter_mut().zip(&mut chunk.numbers) {
            value.fill(count, chunk.first_row, column)?;
        }
        block.absorb(&chunk, days)?;
        done += count;
    }
    Ok(block)
}

/// Where the columns are in the file; further ones are ignored.
fn column_numbers(group: &RowGroupMetaData) -> Result<[usize; 7], Problem> {
    let mut numbers = [0; 7];
    for (number, name) in numbers.iter_mut().zip(COLUMNS) {
        let found = group.columns().iter().position(|column| column.column_path().parts() == [name]);
        *number = found.ok_or(Problem::MissingColumn(name))?;
        if group.column(*number).column_descr().max_rep_level() > 0 {
            let found = "a list".to_owned();
            return Err(Problem::ColumnType { column: name, found, expected: "one value a row" });
        }
    }
    Ok(numbers)
}
