//! The universe: a fund's holdings as CSV, `Ticker,Name,Sector,WeightPct`.
//!
//! Such files carry a preamble, so the header may stand anywhere in the first 120 lines; the delimiter (comma, semicolon
//! or tab) is the one the header parses with. Cash and other lines without a valid ticker are skipped and counted; share
//! classes are canonicalised (`BRK-B` is `BRK.B`) and what then is one symbol is merged, its weights added.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use csv::StringRecord;
use market::Symbol;
use thiserror::Error;

const HEADER_WITHIN_LINES: usize = 120;
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
const WEIGHT_NAMES: [&str; 3] = ["WeightPct", "Weight (%)", "Weight"];

/// The sector of a holding whose file names none.
pub const UNKNOWN_SECTOR: &str = "Unknown";

/// Symbols to scan, in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Universe {
    /// Each symbol once.
    pub members: Vec<Member>,
    /// Lines without a valid ticker.
    pub skipped: usize,
    /// Lines that named a symbol again.
    pub merged: usize,
}

/// A symbol of the universe.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its ticker.
    pub symbol: Symbol,
    /// The company; may be empty.
    pub name: String,
    /// The sector, or [`UNKNOWN_SECTOR`].
    pub sector: String,
    /// Percent of the fund.
    pub weight_pct: Option<f64>,
}

/// A universe file that cannot be used.
#[derive(Debug, Error)]
pub enum UniverseError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No line is a header.
    #[error("{}: no line of the first {lines} is a header with Ticker and Name, Sector or WeightPct", path.display())]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// How many lines were looked at.
        lines: usize,
    },
    /// A line is no CSV record.
    #[error("{}: after the header in line {header_line}: {source}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Where the header stands.
        header_line: usize,
        /// Why.
        source: csv::Error,
    },
    /// It names nobody.
    #[error("{}: no line below the header in line {header_line} holds a ticker", path.display())]
    NoMembers {
        /// The file.
        path: PathBuf,
        /// Where the header stands.
        header_line: usize,
    },
}

/// The header as found.
struct Header {
    line: usize,
    /// Where the rows begin.
    body: usize,
    delimiter: u8,
    ticker: usize,
    name: Option<usize>,
    sector: Option<usize>,
    weight: Option<usize>,
}

/// Reads a universe file.
///
/// # Errors
/// When it cannot be read, has no usable header, or names no symbol.
pub fn read_universe(path: &Path) -> Result<Universe, UniverseError> {
    let bytes = fs::read(path).map_err(|source| UniverseError::Io { path: path.to_owned(), source })?;
    parse(path, &bytes)
}

/// Parses the bytes of a universe file; `path` is for messages.
///
/// # Errors
/// When it has no usable header, or names no symbol.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Universe, UniverseError> {
    let path = || path.to_owned();
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let header = find_header(text).ok_or_else(|| UniverseError::NoHeader {
        path: path(),
        lines: text.lines().count().min(HEADER_WITHIN_LINES),
    })?;
    let universe = read_members(&text[header.body..], &header).map_err(|source| UniverseError::Csv {
        path: path(),
        header_line: header.line,
        source,
    })?;
    if universe.members.is_empty() {
        return Err(UniverseError::NoMembers { path: path(), header_line: header.line });
    }
    Ok(universe)
}

fn find_header(text: &str) -> Option<Header> {
    let mut body = 0;
    for (line, content) in (1..=HEADER_WITHIN_LINES).zip(text.split_inclusive('\n')) {
        body += content.len();
        if let Some(header) = DELIMITERS.iter().find_map(|delimiter| as_header(content, *delimiter, line, body)) {
            return Some(header);
        }
    }
    None
}

fn as_header(line_text: &str, delimiter: u8, line: usize, body: usize) -> Option<Header> {
    let names = reader(line_text, delimiter).into_records().next()?.ok()?;
    let find = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let header = Header {
        line,
        body,
        delimiter,
        ticker: find("Ticker")?,
        name: find("Name"),
        sector: find("Sector"),
        weight: WEIGHT_NAMES.iter().find_map(|name| find(name)),
    };
    (header.name.is_some() || header.sector.is_some() || header.weight.is_some()).then_some(header)
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

fn read_members(body: &str, header: &Header) -> Result<Universe, csv::Error> {
    let mut universe = Universe::default();
    let mut places: BTreeMap<Symbol, usize> = BTreeMap::new();
    for record in reader(body, header.delimiter).into_records() {
        let Some(member) = member(&record?, header) else {
            universe.skipped += 1;
            continue;
        };
        match places.get(&member.symbol) {
            None => {
                places.insert(member.symbol, universe.members.len());
                universe.members.push(member);
            }
            Some(place) => {
                universe.merged += 1;
                merge(&mut universe.members[*place], &member);
            }
        }
    }
    Ok(universe)
}

fn member(record: &StringRecord, header: &Header) -> Option<Member> {
    let text = |column: Option<usize>| column.and_then(|column| record.get(column)).unwrap_or_default();
    let sector = match text(header.sector) {
        "" | "-" => UNKNOWN_SECTOR,
        sector => sector,
    };
    Some(Member {
        symbol: Symbol::new(text(Some(header.ticker))).ok()?,
        name: text(header.name).to_owned(),
        sector: sector.to_owned(),
        weight_pct: text(header.weight).parse().ok().filter(|weight: &f64| weight.is_finite()),
    })
}

fn merge(member: &mut Member, again: &Member) {
    member.weight_pct = match (member.weight_pct, again.weight_pct) {
        (Some(weight), Some(more)) => Some(weight + more),
        (one, other) => one.or(other),
    };
    if member.sector == UNKNOWN_SECTOR {
        member.sector.clone_from(&again.sector);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn universe(text: &str) -> Universe {
        parse(Path::new("holdings.csv"), text.as_bytes()).unwrap()
    }

    fn symbols(universe: &Universe) -> Vec<&str> {
        universe.members.iter().map(|member| member.symbol.as_str()).collect()
    }

    #[test]
    fn the_header_may_follow_a_preamble_and_use_any_delimiter() {
        for delimiter in [",", ";", "\t"] {
            let text = "Some Fund\n\nAs of, 10-Nov-2017\nTicker,Name,Sector,WeightPct\nAAPL,\"APPLE, INC\",Tech,2.5\n";
            let quoted = text.replace("\"APPLE, INC\"", "APPLE").replace(',', delimiter);
            let universe = universe(&quoted);
            let expect = Member {
                symbol: Symbol::new("AAPL").unwrap(),
                name: "APPLE".into(),
                sector: "Tech".into(),
                weight_pct: Some(2.5),
            };
            assert_eq!(universe.members, [expect], "delimiter {delimiter:?}");
        }
    }

    #[test]
    fn cash_is_skipped_share_classes_merge() {
        let universe = universe(
            "\u{feff}Ticker,Name,Sector,WeightPct\nBRK-B,BERKSHIRE,,1.5\n-,CASH,Cash,0.2\nBRK.B,BERKSHIRE,Financials,0.5\n\
             AAPL,APPLE,Tech,n/a\n\"The content of this file\"\n",
        );
        assert_eq!(symbols(&universe), ["BRK.B", "AAPL"]);
        assert_eq!((universe.skipped, universe.merged), (2, 1));
        assert_eq!((universe.members[0].sector.as_str(), universe.members[0].weight_pct), ("Financials", Some(2.0)));
        assert_eq!((universe.members[1].sector.as_str(), universe.members[1].weight_pct), ("Tech", None));
    }

    #[test]
    fn unusable_files_say_why() {
        let check = |text: &str, expect: &str| {
            let error = parse(Path::new("holdings.csv"), text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("holdings.csv") && error.contains(expect), "{error}");
        };
        check("", "no line of the first 0");
        check("a,b\nc,d\n", "no line of the first 2");
        check("Ticker\nAAPL\n", "no line of the first 2");
        check("Ticker,Name\n-,CASH\n", "below the header in line 1");
        check(&format!("{}Ticker,Name\nAAPL,APPLE\n", "preamble\n".repeat(120)), "no line of the first 120");
    }
}
