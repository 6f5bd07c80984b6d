//! Bars files, good and bad: what is read is what was written, and what is bad is refused by name, row and reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::PathBuf};

use bars::{BarTable, Selection, read, write_parquet};
use market::{DailyBar, Feed, NyDate, Symbol};
use tempfile::TempDir;

const HEADER: &str = "symbol,date,open,high,low,close,volume\n";

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn day(text: &str) -> NyDate {
    text.parse().unwrap()
}

fn bar(date: &str, close: f64) -> DailyBar {
    DailyBar { date: day(date), open: close, high: close + 1.0, low: close - 1.0, close, volume: 1000.0 }
}

fn rows(table: &BarTable) -> Vec<(Symbol, DailyBar)> {
    table.iter().flat_map(|(symbol, series)| series.bars().map(move |bar| (symbol, bar))).collect()
}

/// Three symbols over forty days, by day and then symbol: nobody's bars are neighbours.
fn interleaved() -> Vec<(Symbol, DailyBar)> {
    let first = day("2017-01-02");
    let names = ["AAPL", "BRK.B", "SPY"];
    (0..40)
        .flat_map(|ahead| names.map(|name| (name, ahead)))
        .map(|(name, ahead)| {
            let price = 100.0 + f64::from(ahead) + name.len() as f64;
            let date = first.plus_days(ahead);
            (symbol(name), DailyBar { date, ..bar("2017-01-01", price) })
        })
        .collect()
}

fn table() -> BarTable {
    BarTable::from_bars(Feed::Simulated, interleaved()).unwrap()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn parquet(&self) -> PathBuf {
        let path = self.path("bars.parquet");
        write_parquet(&path, &table()).unwrap();
        path
    }

    fn csv(&self, text: &str) -> PathBuf {
        let path = self.path("bars.csv");
        fs::write(&path, text).unwrap();
        path
    }
}

#[test]
fn parquet_gives_back_what_was_written() {
    let folder = Folder::new();
    let back = read(&folder.parquet(), &Selection::default()).unwrap();
    let mut expect = interleaved();
    expect.sort_by_key(|(symbol, bar)| (*symbol, bar.date));
    assert_eq!(rows(&back), expect);
    assert_eq!((back.feed(), back.symbols(), back.bars()), (Feed::Simulated, 3, 120));
    assert_eq!(back.newest(), Some(day("2017-02-10")));
    assert!(!folder.path("bars.parquet.partial").exists());
}

#[test]
fn csv_and_parquet_agree() {
    let folder = Folder::new();
    let mut text = "close,extra,symbol,date,open,high,low,volume\n".to_owned();
    for (symbol, bar) in interleaved() {
        let DailyBar { date, open, high, low, close, volume } = bar;
        text += &format!("{close},x,{symbol},{date},{open},{high},{low},{volume}\n");
    }
    let from_csv = read(&folder.csv(&text), &Selection::default()).unwrap();
    let from_parquet = read(&folder.parquet(), &Selection::default()).unwrap();
    assert_eq!(rows(&from_csv), rows(&from_parquet));
    assert_eq!(from_csv.feed(), Feed::Sip, "a CSV file cannot say otherwise");
}

#[test]
fn only_the_selected_days_are_kept() {
    let folder = Folder::new();
    let path = folder.parquet();
    for (from, to, expect) in [
        (None, Some("2017-01-04"), vec!["2017-01-02", "2017-01-03", "2017-01-04"]),
        (Some("2017-02-09"), None, vec!["2017-02-09", "2017-02-10"]),
        (Some("2017-01-05"), Some("2017-01-05"), vec!["2017-01-05"]),
        (Some("2018-01-01"), None, vec![]),
    ] {
        let table = read(&path, &Selection { from: from.map(day), to: to.map(day) }).unwrap();
        let dates = table.get(symbol("BRK-B")).map_or(vec![], |series| series.dates.to_vec());
        assert_eq!(dates, expect.into_iter().map(day).collect::<Vec<_>>(), "{from:?} to {to:?}");
    }
}

#[test]
fn a_symbol_across_row_groups_is_whole() {
    let folder = Folder::new();
    let path = folder.path("long.parquet");
    let first = day("1970-01-01");
    let long = |name: &'static str| {
        (0..130_000)
            .map(move |ahead| (symbol(name), DailyBar { date: first.plus_days(ahead), ..bar("2017-01-01", 9.0) }))
    };
    write_parquet(&path, &BarTable::from_bars(Feed::Sip, long("A").chain(long("B"))).unwrap()).unwrap();
    let table = read(&path, &Selection::default()).unwrap();
    for name in ["A", "B"] {
        let dates = table.get(symbol(name)).unwrap().dates;
        assert_eq!(dates.len(), 130_000);
        assert!(dates.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn bad_rows_are_refused_by_row_and_reason() {
    let good = "AAPL,2017-11-09,10,11,9,10,100\n";
    let check = |bad: &str, expect: &str| {
        let folder = Folder::new();
        let path = folder.csv(&format!("{HEADER}{good}{bad}"));
        let error = read(&path, &Selection::default()).unwrap_err().to_string();
        assert!(error.contains("bars.csv") && error.contains(expect), "{bad:?}: {error}");
    };
    check("AAPL,2017-11-10,-10,11,9,10,100", "row 2: AAPL on 2017-11-10: open is -10");
    check("AAPL,2017-11-10,10,11,0,10,100", "row 2: AAPL on 2017-11-10: low is 0");
    check("AAPL,2017-11-10,10,NaN,9,10,100", "high is NaN");
    check("AAPL,2017-11-10,10,inf,9,10,100", "high is inf");
    check("AAPL,2017-11-10,10,9.5,9,10,100", "do not enclose");
    check("AAPL,2017-11-10,10,11,10.5,10,100", "do not enclose");
    check("AAPL,2017-11-10,10,11,9,10,-1", "volume is -1");
    check("AAPL,2017-11-09,10,11,9,10,100", "row 2: a second bar of AAPL on 2017-11-09");
    check("AAPL,2017-11-08,10,11,9,10,100", "row 2: AAPL on 2017-11-08 comes after its bar of 2017-11-09");
    check("SPY,2017-11-09,10,11,9,10,100\nAAPL,2017-11-09,10,11,9,10,100", "row 3: a second bar of AAPL");
    check("AAPL,2017-11-31,10,11,9,10,100", "row 2: \"2017-11-31\" is no date");
    check("A B,2017-11-10,10,11,9,10,100", "row 2: symbol \"A B\"");
    check("AAPL,2017-11-10,ten,11,9,10,100", "row 2: open is \"ten\", which is no number");
    check("AAPL,2017-11-10,,11,9,10,100", "row 2: open is null");
    check("AAPL,2017-11-10,10", "no readable CSV");
}

#[test]
fn bad_rows_beyond_the_selection_are_refused_too() {
    let folder = Folder::new();
    let path = folder.csv(&format!("{HEADER}AAPL,2017-11-09,10,11,9,10,100\nAAPL,2017-11-10,10,11,9,-10,100\n"));
    let before = Selection { from: None, to: Some(day("2017-11-09")) };
    assert!(read(&path, &before).unwrap_err().to_string().contains("row 2"));
}

#[test]
fn a_zero_volume_day_and_a_rounded_high_are_real() {
    let folder = Folder::new();
    let path = folder.csv(&format!("{HEADER}AAPL,2017-11-09,10,10,10,10,0\nAAPL,2017-11-10,10,10.995,9,11,5\n"));
    assert_eq!(read(&path, &Selection::default()).unwrap().bars(), 2);
}

#[test]
fn missing_empty_and_foreign_files_are_refused() {
    let folder = Folder::new();
    let check = |name: &str, content: Option<&[u8]>, expect: &str| {
        let path = folder.path(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let error = read(&path, &Selection::default()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expect), "{name}: {error}");
    };
    check("missing.parquet", None, "No such file");
    check("empty.parquet", Some(b""), "the file is empty");
    check("text.parquet", Some(b"symbol,date,open\n"), "no readable Parquet file");
    check("magic.parquet", Some(b"PAR1PAR1PAR1"), "no readable Parquet file");
    check("empty.csv", Some(b""), "the file is empty");
    check("header.csv", Some(HEADER.as_bytes()), "the file holds no bars");
    check("columns.csv", Some(b"symbol,date,open,high,low,close\n"), "column \"volume\" is missing");
}

#[test]
fn a_parquet_file_cut_anywhere_is_refused() {
    let folder = Folder::new();
    let whole = fs::read(folder.parquet()).unwrap();
    let path = folder.path("cut.parquet");
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(read(&path, &Selection::default()).is_err(), "cut to {length} of {} bytes", whole.len());
    }
}

#[test]
fn a_damaged_parquet_file_never_panics() {
    let folder = Folder::new();
    let whole = fs::read(folder.parquet()).unwrap();
    let path = folder.path("damaged.parquet");
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        fs::write(&path, &damaged).unwrap();
        refused += usize::from(read(&path, &Selection::default()).is_err());
    }
    // Some bytes carry no meaning (statistics, the writer's name); most do.
    assert!(refused > whole.len() / 4, "{refused} of {} damaged files were refused", whole.len());
}
