//! Reading and writing the small JSON files: bounded, schema first, unknown fields refused.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::atomic::{WriteError, write_atomically};

/// No state file of ours is larger; a watchlist of every symbol there is would be about 2 MB.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system refuses; see [`ReadError::is_missing`].
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Larger than any file of ours.
    #[error("{} is larger than {MAX_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// Not the JSON it should be.
    #[error("{} is not what it should be: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: serde_json::Error,
    },
    /// Written by another release.
    #[error("{} has schema {found}, this release reads {expected}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u64,
        /// Ours.
        expected: u64,
    },
}

impl ReadError {
    /// Whether the file simply is not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// The bytes of a file, bounded.
pub(crate) fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    open_regular(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Opening a pipe would wait for its writer, and whoever decides must not wait.
fn open_regular(path: &Path) -> io::Result<File> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    File::open(path)
}

/// A record of the given schema.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, expected: u64) -> Result<T, ReadError> {
    #[derive(Deserialize)]
    struct Header {
        schema: u64,
    }
    let bytes = read_bytes(path)?;
    let malformed = |source| ReadError::Json { path: path.to_owned(), source };
    let Header { schema: found } = serde_json::from_slice(&bytes).map_err(malformed)?;
    if found != expected {
        return Err(ReadError::Schema { path: path.to_owned(), found, expected });
    }
    serde_json::from_slice(&bytes).map_err(malformed)
}

/// Pretty JSON with the keys in the order of the type's fields, and a final newline.
pub(crate) fn to_json<T: Serialize>(record: &T) -> Vec<u8> {
    let mut json = serde_json::to_vec_pretty(record).expect("records hold only strings, numbers and lists");
    json.push(b'\n');
    json
}

pub(crate) fn write<T: Serialize>(path: &Path, record: &T) -> Result<(), WriteError> {
    write_atomically(path, &to_json(record))
}

/// A view of the ledger in a file of its own: written whole, read with its schema checked.
pub trait View: Serialize + DeserializeOwned {
    /// The schema this release writes and reads.
    const SCHEMA: u64;

    /// Reads the view.
    ///
    /// # Errors
    /// When missing, unreadable, of another schema or with unknown fields.
    fn read(path: &Path) -> Result<Self, ReadError> {
        read(path, Self::SCHEMA)
    }

    /// Replaces the view.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&self, path: &Path) -> Result<(), WriteError> {
        write(path, self)
    }

    /// The bytes of the file.
    #[must_use]
    fn to_json(&self) -> Vec<u8> {
        to_json(self)
    }
}
