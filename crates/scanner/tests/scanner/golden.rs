//! Three real days against lists an independent implementation made: the same symbols in the same order with the same
//! verdicts, text columns equal, numbers within a cent, the TrendScore within 1e-6.

use std::{collections::BTreeMap, path::Path};

use crate::rig::{scanner, shared};

/// Filled by us and empty there; and one that the other implementation is known to get wrong.
const NOT_COMPARED: [&str; 6] =
    ["Sector_RS", "TrendScore_Zscore", "TrendScore_Pctile", "DistPct_Zscore", "Composite_Rank", "Setup_Gap_Reset"];
const CENTS: [&str; 8] = [
    "Price",
    "Entry_Level",
    "Entry_DistPct",
    "Stop_Loss",
    "Target_R1",
    "Target_R2",
    "Setup_VWAP_DistPct",
    "Setup_AVWAP_DistPct",
];

type Table = (Vec<String>, Vec<Vec<String>>);

fn table(path: &Path) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let texts = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let header = texts(reader.headers().unwrap());
    (header, reader.records().map(|record| texts(&record.unwrap())).collect())
}

fn tolerance(column: &str) -> Option<f64> {
    match column {
        "TrendScore" => Some(1e-6),
        "AVWAP_Slope" => Some(1e-4),
        _ if CENTS.contains(&column) => Some(0.01),
        _ => None,
    }
}

fn agree(column: &str, ours: &str, theirs: &str) -> bool {
    match (tolerance(column), ours.parse::<f64>(), theirs.parse::<f64>()) {
        // A tenth of the tolerance allows for both texts being rounded.
        (Some(tolerance), Ok(ours), Ok(theirs)) => (ours - theirs).abs() <= tolerance * 1.1,
        _ => ours == theirs,
    }
}

fn compare(as_of: &str, universe_of_the_day: bool) {
    let Some(shared) = shared() else { return };
    let golden = shared.join("golden/scan").join(as_of);
    let out = tempfile::tempdir().unwrap();
    let mut command = scanner();
    command.args(["scan", "--stages", "4-7", "--quiet", "--as-of", as_of]);
    command.arg("--bars").arg(shared.join("data/us-daily-2014-2017.parquet"));
    command.arg("--universe").arg(shared.join("data/universe-2017-11.csv"));
    let output = command.arg("--out").arg(out.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    compare_candidates(&table(&out.path().join("daily_candidates.csv")), &table(&golden.join("candidates.csv")));
    let list = |folder: &Path| std::fs::read(folder.join("tradingview_watchlist.txt")).unwrap();
    assert_eq!(list(out.path()), list(&golden));
    let ours = verdicts(&out.path().join("verdicts.csv"));
    let theirs = verdicts(&golden.join("verdicts.csv"));
    assert_eq!(ours.len(), 3_000, "a verdict for every symbol");
    for (symbol, verdict) in &theirs {
        assert_eq!(ours.get(symbol), Some(verdict), "{symbol}");
    }
    // Symbols that had not begun to trade are missing there.
    let extra: Vec<_> = ours.iter().filter(|(symbol, _)| !theirs.contains_key(*symbol)).collect();
    assert_eq!(extra.is_empty(), universe_of_the_day);
    assert!(extra.iter().all(|(_, verdict)| verdict.0 == "0" && verdict.1 == "too_short"), "{extra:?}");
}

fn compare_candidates((our_header, ours): &Table, (header, theirs): &Table) {
    assert_eq!(our_header, header);
    let symbols = |rows: &[Vec<String>]| rows.iter().map(|row| row[2].clone()).collect::<Vec<_>>();
    assert_eq!(symbols(ours), symbols(theirs));
    for (our, their) in ours.iter().zip(theirs) {
        for (column, (our_field, their_field)) in header.iter().zip(our.iter().zip(their)) {
            let compared = !NOT_COMPARED.contains(&column.as_str());
            assert!(
                !compared || agree(column, our_field, their_field),
                "{} {column}: {our_field}, not {their_field}",
                our[2]
            );
        }
    }
}

fn verdicts(path: &Path) -> BTreeMap<String, (String, String)> {
    let (header, rows) = table(path);
    assert_eq!(header, ["Ticker", "Bars", "Verdict"]);
    rows.into_iter().map(|row| (row[0].clone(), (row[1].clone(), row[2].clone()))).collect()
}

#[test]
fn a_friday() {
    compare("2017-11-10", true);
}

#[test]
fn a_wednesday_a_year_before() {
    compare("2016-11-09", false);
}

#[test]
fn a_saturday_has_weekend_rules() {
    compare("2017-11-11", true);
}
