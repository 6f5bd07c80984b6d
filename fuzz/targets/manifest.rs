//! Any bytes as a manifest: no panic, problems that point into the file, and what is accepted is rendered, each line of it whole.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unitgen::{problems, source, systemd};

fuzz_target!(|bytes: &[u8]| {
    match source::check(bytes) {
        Err(found) => {
            assert!(!found.is_empty(), "refused without a reason");
            for problem in &found {
                assert!(problem.span.start <= problem.span.end && problem.span.end <= bytes.len(), "{problem:?}");
            }
            assert!(!problems::human("m.toml".as_ref(), bytes, &found, false).is_empty());
            let report = problems::Report::new("m.toml".as_ref(), bytes, &found).to_json();
            assert!(!report.contains('\n'), "JSON is one line");
        }
        Ok(checked) => {
            let tree = systemd::render(&checked.deployment, bytes, &checked.digest);
            assert_eq!(tree, systemd::render(&checked.deployment, bytes, &checked.digest), "rendered twice");
            for (path, content) in tree.iter().filter(|(path, _)| !path.ends_with(".toml")) {
                let text = std::str::from_utf8(content).expect("units are text");
                for line in text.lines().filter(|line| !line.is_empty()) {
                    let whole = line.starts_with(['#', '[']) || line.split_once('=').is_some_and(|(key, _)| is_key(key));
                    assert!(whole && !line.ends_with('\\') && !line.contains(['\0', '\r']), "{path}: {line:?}");
                }
            }
        }
    }
});

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
