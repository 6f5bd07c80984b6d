//! Scans that must fail: with which exit code, saying what, and without touching what an earlier scan left.

use std::{fs, path::Path, process::Output};

use market::NyDate;

use crate::rig::{AS_OF, Rig, scanner};
use contract::{ScanRun, ScanStatus};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a scan that must fail after an earlier one that did not.
struct Case {
    rig: Rig,
}

impl Case {
    fn new() -> Self {
        let rig = Rig::new();
        let good = rig.scan(&["--as-of", AS_OF]);
        assert!(good.status.success(), "{}", stderr(&good));
        Self { rig }
    }

    fn check(&self, arguments: &[&str], code: i32, fragments: &[&str]) {
        let before = self.rig.outputs();
        let output = self.rig.scan(arguments);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        for fragment in fragments {
            assert!(text.contains(fragment), "{arguments:?}: {fragment:?} is not in {text}");
        }
        assert_eq!(self.rig.outputs(), before, "{arguments:?}: the previous outputs changed");
        let run = ScanRun::read(&self.rig.path("scan_run.json")).unwrap();
        assert_eq!(run.status, ScanStatus::Failed, "{arguments:?}");
        let reason = run.reason.unwrap();
        assert!(text.contains(&reason), "{reason:?} is what the record says, {text:?} was printed");
    }

    fn with_csv(&self, rows: &str, fragments: &[&str]) {
        let path = self.rig.path("cache/bad.csv");
        fs::write(&path, format!("symbol,date,open,high,low,close,volume\n{rows}")).unwrap();
        self.check(&["--as-of", AS_OF, "--bars", "cache/bad.csv"], 65, fragments);
    }
}

#[test]
fn bars_that_cannot_be_used() {
    let case = Case::new();
    let whole = fs::read(case.rig.path("cache/bars.parquet")).unwrap();
    let mut damaged = whole.clone();
    damaged[200..400].fill(0x55);
    for (name, content, fragment) in [
        ("empty.parquet", &b""[..], "the file is empty"),
        ("truncated.parquet", &whole[..whole.len() / 2], "no readable Parquet file"),
        ("damaged.parquet", &damaged, "damaged.parquet"),
        ("foreign.parquet", b"<html>not found</html>", "no readable Parquet file"),
        ("columns.csv", b"symbol,date,open,high,low,close\n", "column \"volume\" is missing"),
    ] {
        fs::write(case.rig.path(name), content).unwrap();
        let path = case.rig.path(name);
        case.check(&["--as-of", AS_OF, "--bars", path.to_str().unwrap()], 65, &[name, fragment, "hint:"]);
        fs::remove_file(path).unwrap();
    }
    case.check(&["--as-of", AS_OF, "--bars", "missing.parquet"], 65, &["missing.parquet", "No such file"]);
}

#[test]
fn rows_that_cannot_be_true() {
    let case = Case::new();
    let good = "AAPL,2017-11-09,10,11,9,10,100\n";
    for (bad, fragment) in [
        ("AAPL,2017-11-09,10,11,9,10,100", "row 2: a second bar of AAPL on 2017-11-09"),
        ("AAPL,2017-11-08,10,11,9,10,100", "row 2: AAPL on 2017-11-08 comes after its bar of 2017-11-09"),
        ("AAPL,2017-11-10,-10,11,9,10,100", "row 2: AAPL on 2017-11-10: open is -10"),
        ("AAPL,2017-11-10,10,11,9,10,", "row 2: volume is null"),
    ] {
        case.with_csv(&format!("{good}{bad}\n"), &["bad.csv", fragment]);
    }
}

#[test]
fn a_day_the_bars_do_not_reach() {
    let case = Case::new();
    case.check(&["--as-of", "2017-11-13"], 65, &["no bar of 2017-11-13", "the newest is of 2017-11-10"]);
    case.check(&["--as-of", "2017-11-20"], 65, &["no bar of 2017-11-20"]);
    case.check(&["--as-of", "2014-11-20"], 65, &["there is none at all"]);
    // The Saturday after is no session: Friday's bars are the newest there can be.
    assert!(case.rig.scan(&["--as-of", "2017-11-11"]).status.success());
}

#[test]
fn a_universe_that_cannot_be_used() {
    let case = Case::new();
    for (content, fragment) in [
        ("", "is a header with Ticker"),
        ("Symbol,Weight\nAAPL,1\n", "is a header with Ticker"),
        ("Ticker,Name\n-,CASH\n", "holds a ticker"),
    ] {
        fs::write(case.rig.path("cache/other.csv"), content).unwrap();
        case.check(&["--as-of", AS_OF, "--universe", "cache/other.csv"], 65, &["other.csv", fragment]);
    }
    case.check(&["--as-of", AS_OF, "--universe", "nowhere.csv"], 65, &["nowhere.csv", "No such file"]);
}

#[test]
fn data_that_may_not_pass_for_other_data() {
    let case = Case::new();
    case.check(&["--as-of", AS_OF, "--feed", "sip"], 65, &["its bars are simulated data"]);
    case.check(&["--as-of", AS_OF, "--feed", "iex"], 65, &["its bars are simulated data"]);
    let rows: String = bars::read(&case.rig.path("cache/bars.parquet"), &bars::Selection::default())
        .unwrap()
        .iter()
        .flat_map(|(symbol, series)| {
            series.bars().map(move |bar| {
                let (date, open, high, low, close, volume) =
                    (bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume);
                format!("{symbol},{date},{open},{high},{low},{close},{volume}\n")
            })
        })
        .collect();
    fs::write(case.rig.path("cache/one.csv"), format!("symbol,date,open,high,low,close,volume\n{rows}")).unwrap();
    let arguments = ["--as-of", AS_OF, "--bars", "cache/one.csv", "--feed", "iex"];
    case.check(&arguments, 65, &["iex volumes are a few percent"]);
}

#[test]
fn one_bad_price_drops_its_symbol_and_not_the_scan() {
    let case = Case::new();
    let path = case.rig.path("cache/bars.parquet");
    let table = bars::read(&path, &bars::Selection::default()).unwrap();
    let spoiled: NyDate = "2017-10-17".parse().unwrap();
    let bars = table.iter().flat_map(|(symbol, series)| {
        series.bars().map(move |bar| {
            // A low of nearly nothing, seventeen bars ago: no range of the last fourteen sees it, the stop does.
            let low = if symbol.as_str() == "CLIMB" && bar.date == spoiled { 0.004 } else { bar.low };
            (symbol, market::DailyBar { low, ..bar })
        })
    });
    let table = bars::BarTable::from_bars(table.feed(), bars.collect::<Vec<_>>()).unwrap();
    bars::write_parquet(&path, &table).unwrap();
    let output = case.rig.scan(&["--as-of", AS_OF]);
    assert!(output.status.success(), "{}", stderr(&output));
    let verdicts = case.rig.read("verdicts.csv");
    assert!(verdicts.contains("CLIMB,320,bad_levels") && verdicts.contains("CLIMB.B,320,candidate"), "{verdicts}");
}

#[test]
fn a_directory_that_cannot_be_written() {
    let case = Case::new();
    let before = case.rig.outputs();
    let below_a_file = case.rig.path("verdicts.csv/out");
    let output = case.rig.scan(&["--as-of", AS_OF, "--out", below_a_file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write state") && stderr(&output).contains("hint:"));
    assert_eq!(case.rig.outputs(), before);
}

#[test]
fn a_list_that_cannot_be_replaced_leaves_the_attestation_alone() {
    let case = Case::new();
    let attestation = case.rig.read("daily_candidates.attest.json");
    fs::remove_file(case.rig.path("daily_candidates.csv")).unwrap();
    fs::create_dir_all(case.rig.path("daily_candidates.csv/in the way")).unwrap();
    let output = case.rig.scan(&["--as-of", AS_OF]);
    assert_eq!(output.status.code(), Some(73), "{}", stderr(&output));
    assert_eq!(case.rig.read("daily_candidates.attest.json"), attestation);
    assert_eq!(ScanRun::read(&case.rig.path("scan_run.json")).unwrap().status, ScanStatus::Failed);
}

#[test]
fn command_lines_and_environments_that_make_no_sense() {
    for (arguments, code, fragment) in [
        (&["scan", "--as-of", "10.11.2017"][..], 64, "--as-of"),
        (&["scan", "--stages", "2-5"], 64, "4-7"),
        (&["scan", "--feed", "otc"], 64, "known are sip, iex and simulated"),
        (&["scna"], 64, "scan"),
        (&[], 64, "Usage"),
        (&["scan", "--as-of", AS_OF], 78, "STATE_DIRECTORY is not set"),
    ] {
        let output = scanner().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(fragment), "{arguments:?}: {}", stderr(&output));
    }
    assert!(scanner().arg("--help").output().unwrap().status.success());
}

#[test]
fn a_clock_that_is_no_clock() {
    let rig = Rig::new();
    for (url, code) in [("https://paper-api.alpaca.markets", 78), ("http://127.0.0.1:9", 69)] {
        let mut command = rig.command(&[]);
        let output = command.env("PORTCULLIS_CLOCK", "venue").env("APCA_API_BASE_URL", url).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{url}: {}", stderr(&output));
    }
    assert!(!Path::new(&rig.path("scan_run.json")).exists(), "no session, no record");
}
