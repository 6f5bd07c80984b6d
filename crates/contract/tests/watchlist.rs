//! The watchlist reader on lists made by an independent implementation of the scan.

use std::path::PathBuf;

use contract::Watchlist;

fn shared() -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    std::env::var_os("PORTCULLIS_SHARED").map_or_else(beside, PathBuf::from)
}

#[test]
fn the_golden_lists_are_read_whole() {
    for date in ["2016-11-09", "2017-11-10", "2017-11-11"] {
        let path = shared().join("golden/scan").join(date).join("candidates.csv");
        let Ok(text) = std::fs::read_to_string(&path) else {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
            println!("skipped: needs ../shared (golden/scan/{date}/candidates.csv)");
            continue;
        };
        let list = Watchlist::read(&path).unwrap();
        assert_eq!(list.candidates.len(), text.lines().count() - 1, "{date}");
        assert!(list.candidates.len() > 10, "{date}");
        assert_eq!(list.scan_date, Some(date.parse().unwrap()));
        for candidate in &list.candidates {
            assert!(
                candidate.stop_loss < candidate.entry_level && candidate.entry_level <= candidate.price,
                "{candidate:?}"
            );
        }
        println!("{date}: {} candidates", list.candidates.len());
    }
}
