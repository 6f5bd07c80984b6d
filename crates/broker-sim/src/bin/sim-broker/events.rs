//! The event log in a file, appended as it happens. A reset begins the venue's log anew; the file keeps what was.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use broker_sim::{Seen, Venue};
use tokio::time::Instant;

/// Between two looks at the log, so many times as long as the first one took.
const IDLE_SHARE: u32 = 9;

/// The file, and how much of the venue's log is in it.
pub struct EventsFile {
    file: File,
    written: Seen,
}

impl EventsFile {
    /// Opens a file for appending, made when there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, written: Seen::default() })
    }

    /// Follows the venue until writing fails.
    pub async fn follow(&mut self, venue: &Venue) -> io::Error {
        let mut happenings = venue.happenings();
        loop {
            let before = Instant::now();
            if let Err(error) = self.catch_up(venue) {
                return error;
            }
            // The log is written out whole to find what is new: a long one is looked at less often.
            tokio::time::sleep(before.elapsed() * IDLE_SHARE).await;
            if happenings.changed().await.is_err() {
                return io::Error::other("the venue is gone");
            }
        }
    }

    /// Writes what is not written yet.
    pub fn catch_up(&mut self, venue: &Venue) -> io::Result<()> {
        let (seen, log) = venue.news(self.written);
        self.written = seen;
        self.file.write_all(log.as_bytes())
    }
}
