//! The schema of a ledger, read off its bytes: databases go forward only, so older programs may not come back over them.
//!
//! SQLite keeps a number of ours in bytes 60 to 63 of page 1, and bytes 68 to 71 say that it is a ledger ("PCLS"). Newer
//! copies of the page lie in the write-ahead log until they are written back: the highest number counts. Source:
//! sqlite.org/fileformat2.html, sections 1.3 and 4.1.

/// What a ledger's files say of its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// This one.
    Number(u32),
    /// It is no ledger.
    Foreign,
    /// It cannot be told.
    Unknown,
}

const LEDGER: u32 = u32::from_be_bytes(*b"PCLS");
const PAGE_BYTES: usize = 72;
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The magic number of a log without its last bit, which tells the order of bytes in checksums.
const LOG_MAGIC: u32 = 0x377f_0682 >> 1;

/// Reads the schema off a database file (its beginning suffices) and its log, which may be empty.
#[must_use]
pub fn schema_of(database: &[u8], log: &[u8]) -> Schema {
    if database.len() < PAGE_BYTES {
        return Schema::Unknown;
    }
    let mut found: Vec<u32> = schema_at(database).into_iter().collect();
    if !log.is_empty() {
        let Some(page) = number(log, 8).filter(|page| (512..=65536).contains(page)) else { return Schema::Unknown };
        if number(log, 0).is_none_or(|magic| magic >> 1 != LOG_MAGIC) {
            return Schema::Unknown;
        }
        let frames = log[LOG_HEADER.min(log.len())..].chunks(page as usize + FRAME_HEADER);
        let first_pages = frames.filter(|frame| number(frame, 0) == Some(1));
        found.extend(first_pages.filter_map(|frame| schema_at(frame.get(FRAME_HEADER..)?)));
    }
    found.into_iter().max().map_or(Schema::Foreign, Schema::Number)
}

fn schema_at(page: &[u8]) -> Option<u32> {
    (number(page, 68)? == LEDGER).then(|| number(page, 60)).flatten()
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(schema: u32, id: &[u8; 4]) -> Vec<u8> {
        let mut page = vec![0; 512];
        page[60..64].copy_from_slice(&schema.to_be_bytes());
        page[68..72].copy_from_slice(id);
        page
    }

    fn log(frames: &[(u32, Vec<u8>)]) -> Vec<u8> {
        let mut log = vec![0; LOG_HEADER];
        log[..4].copy_from_slice(&0x377f_0683_u32.to_be_bytes());
        log[8..12].copy_from_slice(&512_u32.to_be_bytes());
        for (number, page) in frames {
            log.extend(number.to_be_bytes());
            log.extend([0; FRAME_HEADER - 4]);
            log.extend(page);
        }
        log
    }

    #[test]
    fn the_highest_number_of_file_and_log_counts() {
        let ours = |schema| page(schema, b"PCLS");
        for (database, log, expect) in [
            (ours(3), vec![], Schema::Number(3)),
            (ours(3), log(&[(2, ours(9)), (1, ours(4))]), Schema::Number(4)),
            (ours(3), log(&[(1, ours(4)), (1, ours(2))]), Schema::Number(4)),
            (ours(3), log(&[]), Schema::Number(3)),
            (ours(3), b"no log at all, of some length and more".to_vec(), Schema::Unknown),
            (page(3, b"abcd"), vec![], Schema::Foreign),
            (ours(3)[..60].to_vec(), vec![], Schema::Unknown),
            (vec![], vec![], Schema::Unknown),
        ] {
            assert_eq!(schema_of(&database, &log), expect, "{} bytes, log {}", database.len(), log.len());
        }
    }
}
