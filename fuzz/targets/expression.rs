//! Any text as a calendar expression: no panic, a normalized form that is its own, and elapses that go forward.

#![no_main]

use libfuzzer_sys::fuzz_target;
use market::Timestamp;
use unitgen::calendar::{Expression, next_after};

fuzz_target!(|input: (u32, &str)| {
    let (seconds, text) = input;
    let Ok(expression) = text.parse::<Expression>() else { return };
    let normalized = expression.to_string();
    let again: Expression = normalized.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(again.to_string(), normalized, "{text:?}");
    let mut at = Timestamp::from_unix_seconds(i64::from(seconds));
    for _ in 0..5 {
        let Some(next) = next_after(&expression, at) else { return };
        assert!(next > at, "{text:?}: {next} after {at}");
        assert_eq!(next_after(&again, at), Some(next), "{text:?} after {at}");
        at = next;
    }
});
