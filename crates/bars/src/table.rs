//! The bars of many symbols in memory.

use std::{collections::BTreeMap, ops::Range, path::Path};

use market::{DailyBar, Feed, NyDate, Symbol};

use crate::{
    BarsError, Problem, Series,
    block::{Block, out_of_order},
    chunk::{CHUNK_ROWS, Chunk, Span},
    columns::Columns,
    source::DayRange,
};

/// Daily bars by symbol: checked, dates ascending, none twice.
#[derive(Debug)]
pub struct BarTable {
    blocks: Vec<Columns>,
    places: BTreeMap<Symbol, Place>,
    feed: Feed,
    newest: Option<NyDate>,
}

/// Where a symbol's bars lie.
#[derive(Clone, Debug)]
struct Place {
    block: usize,
    rows: Range<usize>,
}

/// What was seen of a symbol while blocks are put together.
#[derive(Default)]
struct Seen {
    last_day: Option<i32>,
    pieces: Vec<Place>,
}

impl BarTable {
    /// A table of bars given one by one, in any order of symbols, each symbol's in order of time.
    ///
    /// # Errors
    /// As reading a file; rows count in the order given, and the path is empty.
    pub fn from_bars(feed: Feed, bars: impl IntoIterator<Item = (Symbol, DailyBar)>) -> Result<Self, BarsError> {
        let mut chunk = Chunk::default();
        let mut block = Block::default();
        let mut rows = 0;
        let mut flush = |chunk: &mut Chunk| {
            let absorbed = block.absorb(chunk, DayRange::ALL);
            rows += chunk.len() as u64;
            chunk.clear(rows);
            absorbed
        };
        let filled = bars.into_iter().try_for_each(|(symbol, bar)| {
            chunk.push(symbol, bar.date.unix_days(), [bar.open, bar.high, bar.low, bar.close, bar.volume]);
            if chunk.len() < CHUNK_ROWS { Ok(()) } else { flush(&mut chunk) }
        });
        filled
            .and_then(|()| flush(&mut chunk))
            .and_then(|()| Self::assemble(vec![block], feed))
            .map_err(|problem| problem.at(Path::new("")))
    }

    /// Puts blocks together, in file order. A symbol whose rows lie apart is copied to one place.
    pub(crate) fn assemble(blocks: Vec<Block>, feed: Feed) -> Result<Self, Problem> {
        let mut seen: BTreeMap<Symbol, Seen> = BTreeMap::new();
        for (number, block) in blocks.iter().enumerate() {
            for run in &block.runs {
                let symbol = seen.entry(run.symbol).or_default();
                if let Some(before) = symbol.last_day.filter(|before| *before >= run.first_day) {
                    return Err(out_of_order(run.symbol, run.first_row, before, run.first_day));
                }
                symbol.last_day = Some(run.last_day);
                if !run.kept.is_empty() {
                    symbol.pieces.push(Place { block: number, rows: run.kept.clone() });
                }
            }
        }
        if seen.is_empty() {
            return Err(Problem::NoBars);
        }
        let mut table = Self {
            blocks: blocks.into_iter().map(|block| block.columns).collect(),
            places: BTreeMap::new(),
            feed,
            newest: None,
        };
        table.place(seen);
        Ok(table)
    }

    fn place(&mut self, seen: BTreeMap<Symbol, Seen>) {
        let stitched_block = self.blocks.len();
        let mut stitched = Columns::default();
        for (symbol, Seen { pieces, .. }) in seen {
            let place = match pieces.as_slice() {
                [] => continue,
                [whole] => whole.clone(),
                apart => {
                    let start = stitched.len();
                    apart.iter().for_each(|piece| stitched.append(self.blocks[piece.block].series(piece.rows.clone())));
                    Place { block: stitched_block, rows: start..stitched.len() }
                }
            };
            self.places.insert(symbol, place);
        }
        self.blocks.push(stitched);
        self.free_unused_blocks();
        self.newest = self.iter().filter_map(|(_, series)| series.dates.last().copied()).max();
    }

    fn free_unused_blocks(&mut self) {
        let mut used = vec![false; self.blocks.len()];
        self.places.values().for_each(|place| used[place.block] = true);
        for (block, used) in self.blocks.iter_mut().zip(used) {
            if !used {
                *block = Columns::default();
            }
        }
    }

    /// A symbol's bars.
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> Option<Series<'_>> {
        self.places.get(&symbol).map(|place| self.blocks[place.block].series(place.rows.clone()))
    }

    /// Every symbol with its bars, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, Series<'_>)> {
        self.places.iter().map(|(symbol, place)| (*symbol, self.blocks[place.block].series(place.rows.clone())))
    }

    /// How many symbols.
    #[must_use]
    pub fn symbols(&self) -> usize {
        self.places.len()
    }

    /// How many bars.
    #[must_use]
    pub fn bars(&self) -> usize {
        self.places.values().map(|place| place.rows.len()).sum()
    }

    /// The newest bar's day over all symbols.
    #[must_use]
    pub fn newest(&self) -> Option<NyDate> {
        self.newest
    }

    /// Where the data comes from.
    #[must_use]
    pub fn feed(&self) -> Feed {
        self.feed
    }
}

impl Chunk {
    /// Adds one row.
    pub(crate) fn push(&mut self, symbol: Symbol, day: i32, numbers: [f64; 5]) {
        self.days.push(day);
        for (column, number) in self.numbers.iter_mut().zip(numbers) {
            column.push(number);
        }
        let end = self.days.len();
        match self.spans.last_mut() {
            Some(span) if span.symbol == symbol => span.end = end,
            Some(_) | None => self.spans.push(Span { symbol, end }),
        }
    }
}

impl Problem {
    pub(crate) fn at(self, path: &Path) -> BarsError {
        BarsError { path: path.to_owned(), problem: self }
    }
}
