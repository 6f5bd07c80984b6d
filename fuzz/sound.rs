//! What holds for any bytes as a manifest: no panic, problems that point into the file, and what is accepted is rendered, each
//! line of it whole. Shared by the fuzzer and by the tests of unitgen.

use manifest::Catalogue;
use unitgen::{problems, source, systemd};

/// Panics when it does not hold; whether the manifest was accepted.
pub fn manifest(bytes: &[u8]) -> bool {
    let mut accepted = false;
    for catalogue in [Catalogue::released(), Catalogue::planned()] {
        match source::check_with(bytes, &catalogue) {
            Err(found) => refused(bytes, &found),
            Ok(checked) => {
                accepted = true;
                let tree = systemd::render(&checked.deployment, bytes, &checked.digest);
                assert_eq!(tree, systemd::render(&checked.deployment, bytes, &checked.digest), "rendered twice");
                for (path, content) in tree.iter().filter(|(path, _)| !path.ends_with(".toml")) {
                    whole(path, std::str::from_utf8(content).expect("units are text"));
                }
            }
        }
    }
    accepted
}

fn refused(bytes: &[u8], found: &[manifest::Problem]) {
    assert!(!found.is_empty(), "refused without a reason");
    for problem in found {
        assert!(problem.span.start <= problem.span.end && problem.span.end <= bytes.len(), "{problem:?}");
    }
    assert!(!problems::human("m.toml".as_ref(), bytes, found, false).is_empty());
    let report = problems::Report::new("m.toml".as_ref(), bytes, found).to_json();
    assert!(!report.contains('\n'), "JSON is one line");
}

/// Every line is a comment, a section or an assignment, and none goes on in the next.
fn whole(path: &str, text: &str) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        let is_key =
            |key: &str| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let known = line.starts_with(['#', '[']) || line.split_once('=').is_some_and(|(key, _)| is_key(key));
        assert!(known && !line.ends_with('\\') && !line.contains(['\0', '\r']), "{path}: {line:?}");
    }
}
