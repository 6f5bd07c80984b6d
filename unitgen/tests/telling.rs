//! Whatever is wrong with a manifest, telling it never fails: every span fits the file that is shown.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use proptest::prelude::*;
use unitgen::{
    problems::{Report, human},
    source,
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_mutated_manifest_is_told(at in 0..AVWAP.len(), length in 0_usize..60, new in "[a-z0-9\"=\\[\\]{}.,# \n\r\t\\\\%$é€-]{0,12}", cut in any::<bool>()) {
        let mut bytes = AVWAP.as_bytes().to_vec();
        bytes.splice(at..(at + length).min(AVWAP.len()), new.bytes());
        bytes.truncate(if cut { at + new.len() } else { bytes.len() });
        tell(&bytes)?;
    }

    #[test]
    fn windows_line_ends_and_broken_bytes_are_told(at in 0..AVWAP.len(), byte in any::<u8>()) {
        let mut bytes = AVWAP.replace('\n', "\r\n").replace("# ", "# ä ").into_bytes();
        bytes[at] = byte;
        tell(&bytes)?;
    }
}

fn tell(bytes: &[u8]) -> Result<(), TestCaseError> {
    let path = Path::new("m.toml");
    let problems = match source::check(bytes) {
        Ok(checked) => checked.warnings,
        Err(problems) => problems,
    };
    for colour in [false, true] {
        let told = human(path, bytes, &problems, colour);
        prop_assert_eq!(told.is_empty(), problems.is_empty());
        prop_assert!(problems.iter().all(|problem| told.contains(problem.code.as_str())));
    }
    let report: serde_json::Value = serde_json::from_str(&Report::new(path, bytes, &problems).to_json()).unwrap();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    for problem in report["problems"].as_array().unwrap() {
        prop_assert!((1..=lines).contains(&problem["line"].as_u64().unwrap()));
        prop_assert!(problem["column"].as_u64().unwrap() >= 1);
    }
    Ok(())
}
