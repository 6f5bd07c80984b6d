//! What a user types comes out of systemd's own parsing unchanged: the argv is judged, not the text.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use manifest::Catalogue;
use proptest::prelude::*;
use unitgen::{
    source, systemd,
    unit::{Command, Word},
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn every_argument_survives(args in proptest::collection::vec("[ -~äß€\t\n]{0,20}", 0..6)) {
        let command = Command { path: "/usr/bin/x".to_owned(), args: args.iter().map(|arg| Word::from(arg.as_str())).collect() };
        let line = command.line();
        prop_assert!(!line.contains('\n') && !line.ends_with('\\'));
        let argv: Vec<String> = split(&line).iter().map(|word| expand(word, true)).collect();
        prop_assert_eq!(&argv[1..], &args[..], "{}", line);
    }

    #[test]
    fn every_variable_survives(value in "[ -~äß€\t\n]{0,40}") {
        let item = Word::from(value.as_str()).assigned_to("NAME").item();
        let words: Vec<String> = split(&item).iter().map(|word| expand(word, false)).collect();
        prop_assert_eq!(words, [format!("NAME={value}")], "{}", item);
    }

    #[test]
    fn a_plain_value_stays_on_its_line(text in "[ -~äß€\t\n]{0,40}") {
        let plain = Word::from(text.as_str()).plain();
        prop_assert!(!plain.contains('\n') && !plain.ends_with('\\'));
        let expect: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let read = expand(&plain, false);
        prop_assert_eq!(read.trim(), expect.trim());
    }
}

/// Where a service listens and is asked for its health, in its command line; a strange value in its environment.
#[test]
fn what_a_service_is_told_of_its_port_survives() {
    let manifest = include_str!("../../manifests/traderunner.toml")
        .replacen("127.0.0.1:8090", "[::1]:65535", 1)
        .replacen("\"/health\"", "\"/v1/Is-well_2.json\"\nenv = { RUST_LOG = \"a  b%n $X 'q' ;# \\\\\" }", 1);
    let checked = source::check_with(manifest.as_bytes(), &Catalogue::planned())
        .unwrap_or_else(|problems| panic!("{problems:#?}"));
    let tree = systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest);
    let text = String::from_utf8(tree.get("marketdata-stream.service").unwrap().to_vec()).unwrap();
    let value = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap();
    let argv: Vec<String> = split(value("ExecStart=")).iter().map(|word| expand(word, true)).collect();
    assert_eq!(argv[1..], ["stream", "--listen", "[::1]:65535", "--health", "/v1/Is-well_2.json"]);
    let set = text.lines().find(|line| line.starts_with("Environment=\"RUST_LOG=")).unwrap();
    let words: Vec<String> =
        split(set.strip_prefix("Environment=").unwrap()).iter().map(|word| expand(word, false)).collect();
    assert_eq!(words, ["RUST_LOG=a  b%n $X 'q' ;# \\"]);
    assert_eq!(value("SocketBindAllow="), "tcp:65535");
}

#[test]
fn the_reader_of_these_tests_reads_like_systemd() {
    assert_eq!(split(r#"a  "b c" 'd "e' "f\"g\\h\n\x41" """#), ["a", "b c", "d \"e", "f\"g\\h\nA", ""]);
    assert_eq!(expand("100%%$$x", true), "100%$x");
}

/// Splits and unquotes as systemd.syntax(7) says.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return words;
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(c) = chars.next() {
            match (c, quote) {
                ('\\', _) => match chars.next().expect("no escape at the end of a line") {
                    'n' => word.push('\n'),
                    't' => word.push('\t'),
                    'x' => {
                        let hex: String = [chars.next().unwrap(), chars.next().unwrap()].iter().collect();
                        word.push(char::from(u8::from_str_radix(&hex, 16).unwrap()));
                    }
                    other => word.push(other),
                },
                (c, Some(open)) if c == open => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, None) if c.is_ascii_whitespace() => break,
                (c, _) => word.push(c),
            }
        }
        assert_eq!(quote, None, "an open quote in {line}");
        words.push(word);
    }
}

/// Expands `%%` and, in command lines, `$$`; anything else behind them would be an injected expansion.
fn expand(word: &str, dollar: bool) -> String {
    let mut text = String::new();
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        text.push(c);
        if c == '%' || (dollar && c == '$') {
            assert_eq!(chars.next(), Some(c), "{word:?} would be expanded");
        }
    }
    text
}
