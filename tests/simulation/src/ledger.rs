//! The ledger, in memory: what is in it is durable, and nothing else is. Beside the records it keeps the book they make up,
//! so that a process can start without reading them all; [`Ledger::is_true`] compares the two.

use market::Timestamp;
use trading::{book::Book, record::Record};

/// Records, in the order they were written.
#[derive(Debug)]
pub struct Ledger {
    records: Vec<(Timestamp, Record)>,
    book: Book,
}

impl Ledger {
    /// An empty one.
    pub fn new() -> Self {
        Self { records: Vec::new(), book: empty() }
    }

    /// Writes records in one transaction.
    pub fn write(&mut self, at: Timestamp, records: Vec<Record>) {
        for record in records {
            self.book.apply(&record, at);
            self.records.push((at, record));
        }
    }

    /// What a process that starts now reads.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Whether the book is the one that all records make up.
    pub fn is_true(&self) -> bool {
        let (account, strategy) = (self.book.account.clone(), self.book.strategy.clone());
        Book::replay(account, strategy, &self.records) == self.book
    }
}

fn empty() -> Book {
    let account = "PA1".parse().expect("letters and digits");
    Book::new(account, "avwap".parse().expect("lower-case letters"))
}
