//! Whole scans of a small generated market: what is written, for which session, and what the gate will believe.

use std::{fs, process::Output};

use crate::rig::{AS_OF, Rig, VERDICTS, venue_clock};
use contract::{Attestation, ScanRun, ScanStatus, sha256_hex};
use market::{Feed, NyDate};
use serde_json::Value;

fn finished(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn day(text: &str) -> NyDate {
    text.parse().unwrap()
}

#[test]
fn every_symbol_gets_its_verdict_and_the_list_is_attested() {
    let rig = Rig::new();
    let text = finished(&rig.scan(&["--as-of", AS_OF]));
    assert_eq!(rig.read("verdicts.csv"), VERDICTS);
    assert_eq!(rig.read("tradingview_watchlist.txt"), "CLIMB\nCLIMB.B\n");
    let csv = rig.read("daily_candidates.csv");
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    assert_eq!(
        (attestation.session, attestation.as_of, attestation.newest_bar),
        (day("2017-11-13"), day(AS_OF), day(AS_OF)),
        "Friday's data is for Monday"
    );
    assert_eq!((attestation.feed, attestation.candidates), (Feed::Simulated, 2));
    assert_eq!(attestation.csv_sha256, sha256_hex(csv.as_bytes()));
    assert_eq!(attestation.bars_sha256, sha256_hex(&fs::read(rig.path("cache/bars.parquet")).unwrap()));
    assert_eq!(attestation.universe_sha256, sha256_hex(rig.read("cache/universe.csv").as_bytes()));
    assert_eq!(attestation.verdicts.values().sum::<u64>(), 8);
    assert_eq!(attestation.remark.as_deref(), Some("no earnings file: nothing is excluded for earnings"));
    let run = ScanRun::read(&rig.path("scan_run.json")).unwrap();
    assert_eq!((run.status, run.run_id, run.session), (ScanStatus::Finished, attestation.run_id, attestation.session));
    assert!(text.contains("Scan for the session of 2017-11-13") && text.contains("daily_candidates.csv"), "{text}");
}

#[test]
fn a_row_says_where_the_candidate_stands() {
    let rig = Rig::new();
    finished(&rig.scan(&["--as-of", AS_OF]));
    let csv = rig.read("daily_candidates.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let field = |row: usize, name: &str| rows[row][header.iter().position(|column| column == name).unwrap()].to_owned();
    assert_eq!((rows.len(), header.len()), (2, 33));
    assert_eq!(field(0, "ScanDate"), AS_OF);
    // The bar's close is 60 + 0.05 * 319 + 0.5.
    let climb = (0..2).find(|row| field(*row, "Symbol") == "CLIMB").unwrap();
    assert_eq!((field(climb, "Price").as_str(), field(climb, "TrendTier").as_str()), ("76.45", "A"));
    // Of two, the stronger trend is one deviation above the mean and the other one below.
    assert_eq!([field(0, "TrendScore_Zscore"), field(1, "TrendScore_Zscore")], ["1.0", "-1.0"]);
    assert_eq!([field(0, "TrendScore_Pctile"), field(1, "TrendScore_Pctile")], ["100.0", "50.0"]);
    let mut ranks = [field(0, "Composite_Rank"), field(1, "Composite_Rank")];
    ranks.sort();
    assert_eq!(ranks, ["1", "2"]);
    // In 20 days SPY rose 0.9 %, CLIMB's sector fund fell 2.1 % and CLIMB.B's rose 1.3 %.
    assert!(field(climb, "Sector_RS").starts_with("-0.0"), "{}", field(climb, "Sector_RS"));
    assert!(field(1 - climb, "Sector_RS").starts_with("0.0"), "{}", field(1 - climb, "Sector_RS"));
}

#[test]
fn the_same_inputs_at_the_same_time_give_the_same_bytes() {
    let rig = Rig::new();
    let address = venue_clock("2017-11-13T08:30:00-05:00");
    let scan = || {
        let mut command = rig.command(&[]);
        command.env("PORTCULLIS_CLOCK", "venue").env("APCA_API_BASE_URL", format!("http://{address}"));
        finished(&command.output().unwrap());
        (rig.outputs(), rig.read("scan_run.json"))
    };
    let first = scan();
    assert_eq!(first, scan());
    assert_eq!(first.0.len(), 4);
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    assert_eq!((attestation.as_of, attestation.session), (day(AS_OF), day("2017-11-13")), "from the clock");
}

#[test]
fn risk_off_empties_the_list_and_says_so() {
    let rig = Rig::new();
    finished(&rig.scan(&["--as-of", AS_OF]));
    let full = rig.read("daily_candidates.csv");
    let falling = Rig::with_market(-0.1);
    fs::copy(falling.path("cache/bars.parquet"), rig.path("cache/bars.parquet")).unwrap();
    let text = finished(&rig.scan(&["--as-of", AS_OF]));
    let header = full.lines().next().unwrap();
    assert_eq!(rig.read("daily_candidates.csv"), format!("{header}\n"), "yesterday's list must not survive");
    assert_eq!(rig.read("tradingview_watchlist.txt"), "");
    assert_eq!(rig.read("verdicts.csv").matches(",risk_off\n").count(), 7, "all that are in the bars");
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    assert!(attestation.remark.unwrap().contains("risk-off: SPY closed at"));
    assert_eq!(attestation.candidates, 0);
    assert!(text.contains("The list is empty"), "{text}");
}

#[test]
fn bars_after_the_as_of_date_are_not_seen() {
    let (rig, early) = (Rig::new(), "2017-10-31");
    finished(&rig.scan(&["--as-of", early]));
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    assert_eq!((attestation.newest_bar, attestation.session), (day(early), day("2017-11-01")));
    // The same scan of a file that ends there: everything but the digest of the file is the same.
    let seen = bars::Selection { from: None, to: Some(day(early)) };
    let cut = bars::read(&rig.path("cache/bars.parquet"), &seen).unwrap();
    let blind = Rig::new();
    bars::write_parquet(&blind.path("cache/bars.parquet"), &cut).unwrap();
    finished(&blind.scan(&["--as-of", early]));
    for name in ["daily_candidates.csv", "verdicts.csv", "tradingview_watchlist.txt"] {
        assert_eq!(rig.read(name), blind.read(name), "{name}");
    }
}

#[test]
fn earnings_and_rejected_tickers_are_left_out() {
    let rig = Rig::new();
    fs::write(rig.path("cache/earnings.csv"), "symbol,date\nCLIMB,2017-11-15\nCLIMB-B,2017-11-16\n").unwrap();
    fs::write(rig.path("cache/bad_tickers.txt"), "FALL,2017-11-01\nYOUNG,2017-10-01\n").unwrap();
    finished(&rig.scan(&["--as-of", AS_OF]));
    let verdicts = rig.read("verdicts.csv");
    for expect in
        ["\nCLIMB,320,earnings\n", "\nCLIMB.B,320,candidate\n", "\nFALL,320,bad_ticker\n", "\nYOUNG,70,too_short\n"]
    {
        assert!(verdicts.contains(expect), "{expect:?} in {verdicts}");
    }
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    assert_eq!(attestation.remark, None);
}

#[test]
fn a_partial_scan_vouches_for_nothing() {
    let rig = Rig::new();
    finished(&rig.scan(&["--as-of", AS_OF]));
    let before = rig.read("daily_candidates.attest.json");
    let text = finished(&rig.scan(&["--as-of", AS_OF, "--stages", "4-7"]));
    assert!(text.contains("Not attested"), "{text}");
    assert_eq!(rig.read("daily_candidates.attest.json"), before);
    let attestation = Attestation::read(&rig.path("daily_candidates.attest.json")).unwrap();
    let run = ScanRun::read(&rig.path("scan_run.json")).unwrap();
    let list = rig.read("daily_candidates.csv");
    assert!(attestation.csv_sha256 != sha256_hex(list.as_bytes()) && attestation.run_id != run.run_id);
    assert!(rig.read("verdicts.csv").contains("\nTHIN,320,candidate\n"), "nobody looked at its volume");
}

#[test]
fn the_summary_for_programs_is_one_object() {
    let rig = Rig::new();
    let summary: Value = serde_json::from_str(&finished(&rig.scan(&["--as-of", AS_OF, "--json"]))).unwrap();
    for (key, expect) in [
        ("schema_version", Value::from(1)),
        ("session", Value::from("2017-11-13")),
        ("as_of", Value::from(AS_OF)),
        ("feed", Value::from("simulated")),
        ("attested", Value::from(true)),
        ("candidates", Value::from(2)),
    ] {
        assert_eq!(summary[key], expect, "{key}");
    }
    assert_eq!((&summary["verdicts"]["too_short"], &summary["universe"]["skipped"]), (&1.into(), &1.into()));
    assert_eq!(summary["top"].as_array().unwrap().len(), 2);
    assert_eq!(finished(&rig.scan(&["--as-of", AS_OF, "--quiet"])), "");
}
