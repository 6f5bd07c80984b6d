//! What hands do to a deployment's files, and to the broker behind its back.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use broker_sim::{Venue, engine::Request};
use contract::Layout;
use rusqlite::Connection;

use crate::scratch::Paths;

/// The copy of the ledger that is made at the open.
pub const MORNING: &str = "morning";
/// Longer than any program waits for the lock.
const LOCKED: Duration = Duration::from_secs(6);
const NOISE_BYTES: usize = 8 * 1024;

/// Keeps the first half of a file.
pub fn cut_off(path: &Path) -> anyhow::Result<()> {
    let bytes = fs::read(path)?;
    Ok(fs::write(path, &bytes[..bytes.len() / 2])?)
}

/// Says a line of a file twice.
pub fn edit(path: &Path) -> anyhow::Result<()> {
    let text = fs::read_to_string(path)?;
    let last = text.lines().last().context("an empty list")?.to_owned();
    Ok(writeln!(OpenOptions::new().append(true).open(path)?, "{last}")?)
}

fn kept(scratch: &Paths, name: &str) -> io::Result<PathBuf> {
    let folder = scratch.aside().join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Copies the list that lies there in the morning.
pub fn keep_yesterdays_list(scratch: &Paths, layout: &Layout) -> anyhow::Result<()> {
    let folder = kept(scratch, "yesterday")?;
    for path in [layout.candidates(), layout.attestation()] {
        if path.exists() {
            fs::copy(&path, folder.join(path.file_name().context("a file has a name")?))?;
        }
    }
    Ok(())
}

/// Puts that list back.
pub fn put_back_yesterdays_list(scratch: &Paths, layout: &Layout) -> anyhow::Result<()> {
    let folder = kept(scratch, "yesterday")?;
    for path in [layout.candidates(), layout.attestation()] {
        fs::copy(folder.join(path.file_name().context("a file has a name")?), &path)?;
    }
    Ok(())
}

/// The database and what SQLite keeps beside it.
fn files(database: &Path) -> Vec<PathBuf> {
    with_suffixes(database, &["", "-wal", "-shm"])
}

fn with_suffixes(database: &Path, suffixes: &[&str]) -> Vec<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    suffixes.iter().map(|suffix| beside(suffix)).collect()
}

/// Copies the ledger while nobody writes.
pub fn copy_ledger(scratch: &Paths, database: &Path, name: &str) -> anyhow::Result<()> {
    let folder = kept(scratch, name)?;
    for file in files(database).into_iter().filter(|file| file.exists()) {
        fs::copy(&file, folder.join(file.file_name().context("a file has a name")?))?;
    }
    Ok(())
}

/// The same, once, when its time has come.
pub fn copy_ledger_once(scratch: &Paths, layout: &Layout, is_time: bool) -> anyhow::Result<()> {
    if !is_time || scratch.aside().join(MORNING).exists() || !layout.database().exists() {
        return Ok(());
    }
    copy_ledger(scratch, layout.database(), MORNING)
}

/// Puts a copy back, nothing of what was there left over.
pub fn restore_ledger(scratch: &Paths, database: &Path, name: &str) -> anyhow::Result<()> {
    remove_database(database)?;
    let folder = kept(scratch, name)?;
    for file in files(database) {
        let copy = folder.join(file.file_name().context("a file has a name")?);
        if copy.exists() {
            fs::copy(copy, &file)?;
        }
    }
    Ok(())
}

/// Takes the ledger away, and everything that lies beside it.
pub fn remove_ledger(database: &Path) -> anyhow::Result<()> {
    let folder = database.parent().context("the ledger lies in a folder")?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Takes the database away, and leaves what we keep beside it.
pub fn remove_database(database: &Path) -> anyhow::Result<()> {
    for file in files(database).into_iter().filter(|file| file.exists()) {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// A database that is none.
pub fn overwrite_with_noise(database: &Path) -> anyhow::Result<()> {
    remove_database(database)?;
    let noise: Vec<u8> = (0..NOISE_BYTES).map(|at| (at * 131 % 251) as u8).collect();
    Ok(fs::write(database, noise)?)
}

/// Another connection takes the write lock, and lets go of it after a while of real time; or why it could not.
pub fn hold_the_write_lock(database: PathBuf) -> Result<String, String> {
    let begin = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(&database)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(connection)
    };
    match begin() {
        Ok(connection) => {
            thread::spawn(move || {
                thread::sleep(LOCKED);
                drop(connection);
            });
            Ok(format!("another connection holds the ledger's write lock for {} s", LOCKED.as_secs()))
        }
        Err(error) => Err(format!("the ledger could not be locked: {error}")),
    }
}

/// An order by hand.
pub fn order(venue: &Venue, body: &str) -> anyhow::Result<()> {
    let (key_id, secret_key) = crate::rehearsal::KEYS;
    let request = Request {
        method: "POST".to_owned(),
        path: "/v2/orders".to_owned(),
        query: Default::default(),
        key_id: Some(key_id.to_owned()),
        secret_key: Some(secret_key.to_owned()),
        body: body.to_owned(),
    };
    let response = venue.handle(&request);
    ensure!(response.status == 200, "the venue does not take it: {}", response.body);
    Ok(())
}
