//! Bad input: every answer is quick, short and says what to do; nothing panics, and nothing that was there is lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "hostile/faults.rs"]
mod faults;
#[path = "hostile/loaded.rs"]
mod loaded;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use unitgen::{source, systemd};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");
/// Far above what any of these takes on a busy machine, far below what a quadratic answer would.
const LONG: Duration = Duration::from_secs(20);
/// No answer is longer than somebody reads.
const BYTES_TOLD_MAX: usize = 64 * 1024;

/// Manifests nobody should write, and what must stand in the answer.
#[test]
fn hostile_manifests_are_refused_in_words() {
    let many = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();
    let with = |bytes: &[u8]| [AVWAP.as_bytes(), bytes].concat();
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("schema 2", AVWAP.replace("schema = 1", "schema = 2").into(), "schema 2 is another version"),
        ("schema \"1\"", AVWAP.replace("schema = 1", "schema = \"1\"").into(), "`schema` is a whole number"),
        ("nothing", Vec::new(), "the manifest is empty"),
        ("blanks", b" \n\t\r\n".to_vec(), "the manifest is empty"),
        ("half a file", AVWAP.as_bytes()[..AVWAP.len() / 2].to_vec(), "error["),
        ("5 MB of blanks", vec![b' '; 5 << 20], "are no manifest"),
        ("5 MB in one line", format!("name = \"{}\"", "a".repeat(5 << 20)).into(), "are no manifest"),
        ("invalid UTF-8", with(b"# \xff\xfe\n"), "is not UTF-8"),
        ("half a character", with("# €".as_bytes().split_last().unwrap().1), "is not UTF-8"),
        ("NUL", with(b"x = \"\0\"\n"), "error[syntax]"),
        (
            "a NUL in a value",
            AVWAP.replace("args = [\"eod\"]", "args = [\"eod\", \"\\u0000\"]").into(),
            "no control characters",
        ),
        (
            "a newline in a value",
            AVWAP.replace("args = [\"eod\"]", "args = [\"eod\", \"a\\nb\"]").into(),
            "no control characters",
        ),
        ("a program", (0..4096_u32).flat_map(u32::to_le_bytes).collect(), "error["),
        ("a duplicate key", AVWAP.replace("schema = 1", "schema = 1\nschema = 1").into(), "duplicate key"),
        ("a duplicate table", with(b"[jobs.eod]\nprogram = \"desk\"\n"), "duplicate key"),
        ("10,000 services", with(many(10_000, |n| format!("[services.s{n}]\n")).as_bytes()), "more are not shown"),
        ("10,000 jobs", with(many(10_000, |n| format!("[jobs.j{n}]\n")).as_bytes()), "more are not shown"),
        ("20,000 keys", with(many(20_000, |n| format!("k{n} = 1\n")).as_bytes()), "more are not shown"),
        ("40,000 broken lines", "a = \n".repeat(40_000).into(), "more are not shown"),
        ("20,000 duplicates", with("schema = 1\n".repeat(20_000).as_bytes()), "error["),
        ("nested lists", format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000)).into(), "error["),
        ("nested tables", format!("x = {}1{}", "{a=".repeat(50_000), "}".repeat(50_000)).into(), "error["),
        ("a deep key", format!("a{} = 1", ".a".repeat(100_000)).into(), "error["),
        ("a deep table", format!("[a{}]", ".a".repeat(100_000)).into(), "error["),
        ("a deep list of tables", format!("[[a{}]]", ".a".repeat(100_000)).into(), "error["),
        (
            "unknown followers",
            AVWAP.replace("on_success = [", &format!("on_success = [{}", "\"x\",".repeat(50_000))).into(),
            "there is no job",
        ),
        ("text that goes on", AVWAP.replace("name = \"avwap\"", "name = \"\"\"avwap").into(), "error[syntax]"),
    ];
    for (name, bytes, says) in cases {
        let place = Place::with(bytes);
        for arguments in
            [["check", "m.toml"].as_slice(), &["render", "m.toml", "--target", "systemd", "--out", "units"]]
        {
            let (code, told) = place.unitgen(arguments);
            assert_eq!(code, 78, "{name}: {told:.2000}");
            assert!(told.contains(says), "{name}: {told:.2000}");
            assert!(told.len() <= BYTES_TOLD_MAX, "{name}: an answer of {} bytes", told.len());
        }
        assert!(!place.0.path().join("units").exists(), "{name}: something was rendered");
        let (code, json) = place.unitgen(&["check", "m.toml", "--json"]);
        assert_eq!((code, json.lines().count()), (78, 1), "{name}");
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{name}");
    }
}

/// Editors of other systems: the same units come of it, but for the digest of the file.
#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    let plain = rendered(AVWAP.as_bytes());
    for (name, bytes) in [
        ("CRLF", AVWAP.replace('\n', "\r\n").into_bytes()),
        ("a byte order mark", [b"\xef\xbb\xbf", AVWAP.as_bytes()].concat()),
        ("no newline at the end", AVWAP.trim_end().as_bytes().to_vec()),
    ] {
        assert_eq!(rendered(&bytes), plain, "{name}");
    }
}

/// Every way in which a file can be half-written.
#[test]
fn every_prefix_is_refused_or_a_whole_manifest() {
    let mut accepted = Vec::new();
    for end in 0..AVWAP.len() {
        match source::check(&AVWAP.as_bytes()[..end]) {
            Ok(_) => accepted.push(end),
            Err(problems) => {
                assert!(!problems.is_empty(), "{end}");
                assert!(
                    problems.iter().all(|problem| problem.span.start <= problem.span.end && problem.span.end <= end)
                );
            }
        }
    }
    // A cut between two tables leaves a manifest that is whole, though not the one that was meant; any other is refused.
    let end_of = |text: &str| AVWAP.rfind(text).unwrap() + text.len();
    let last_table = AVWAP.rfind("[jobs.eod]").unwrap();
    let between = end_of("schedule = \"Mon..Fri 08:40\"")..=last_table;
    let behind = end_of("serves = \"execution\"")..=AVWAP.len();
    let stray = accepted.iter().find(|end| !between.contains(end) && !behind.contains(end));
    assert_eq!(stray, None, "accepted although it is cut");
    assert!(accepted.contains(&last_table) && accepted.contains(&end_of("\"10m\"")));
}

#[test]
fn what_is_no_file_is_told() {
    let place = Place::with(AVWAP.as_bytes());
    fs::create_dir(place.0.path().join("folder.toml")).unwrap();
    std::os::unix::fs::symlink("loop.toml", place.0.path().join("loop.toml")).unwrap();
    for (path, says) in [
        ("folder.toml", "Is a directory"),
        ("absent.toml", "No such file"),
        ("loop.toml", "Too many levels"),
        ("m.toml/x", "Not a directory"),
        ("/dev/null", "the manifest is empty"),
        ("/dev/zero", "are no manifest"),
    ] {
        let (code, told) = place.unitgen(&["check", path]);
        assert!(code == 78 && told.contains(says), "{path}: {code} {told}");
    }
}

/// The rendered files of a manifest, without what names its bytes.
fn rendered(bytes: &[u8]) -> Vec<(String, String)> {
    let checked = source::check(bytes).unwrap();
    let tree = systemd::render(&checked.deployment, bytes, &checked.digest);
    let units = tree.iter().filter(|(path, _)| !path.ends_with(".toml"));
    let text = |content: &[u8]| String::from_utf8(content.to_vec()).unwrap().replace(&checked.digest, "DIGEST");
    units.map(|(path, content)| (path.to_owned(), text(content))).collect()
}

/// A directory with `m.toml` in it.
struct Place(tempfile::TempDir);

impl Place {
    fn with(manifest: &[u8]) -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("m.toml"), manifest).unwrap();
        Self(place)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Code and text of both streams; a signal or a panic fails.
    fn unitgen(&self, arguments: &[&str]) -> (i32, String) {
        let began = Instant::now();
        let output =
            Command::new(env!("CARGO_BIN_EXE_unitgen")).args(arguments).current_dir(self.path()).output().unwrap();
        assert!(began.elapsed() < LONG, "{arguments:?} took {:?}", began.elapsed());
        answer(&output)
    }
}

fn answer(output: &Output) -> (i32, String) {
    let told = [output.stdout.as_slice(), &output.stderr].concat();
    let told = String::from_utf8(told).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("{}: {told:.2000}", output.status));
    assert!(code != 101 && !told.contains("panicked"), "{told:.2000}");
    (code, told)
}
