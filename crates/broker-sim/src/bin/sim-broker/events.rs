//! The event log in a file, appended as it happens. A reset begins the venue's log anew; the file keeps what was.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use broker_sim::{Seen, Venue};

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
            if let Err(error) = self.catch_up(venue) {
                return error;
            }
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
