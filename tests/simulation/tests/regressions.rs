//! Seeds that once violated an invariant, each with what it found. They stay, whatever they draw today.

use simulation::{Scenario, run};

/// Seed, steps, and what was wrong.
const FOUND: [(u64, u64, &str); 15] = [
    (4, 2_000, "a PATCH that arrived twice: its second answer was believed, and the first order lived on"),
    (20, 2_000, "the same, with the replacement still waiting"),
    (110, 2_000, "fills of a day on which no process ran were never read"),
    (279, 2_000, "the same, over a weekend"),
    (398, 2_000, "the same, after a clean end"),
    (249, 2_000, "a clock put back kept an alert from being repeated"),
    (3_012, 2_000, "the same, for longer than the clock was put back"),
    (420, 2_000, "a clock put back kept an unknown outcome unknown, and hurried for an hour"),
    (473, 2_000, "shares bought and split while no process ran were managed at the old price for a cycle"),
    (2_184, 2_000, "the clock went back between the record of an entry and its send, and it was sent"),
    (3_152, 2_000, "a process started with a clock that was ahead, and opened when it was put right"),
    (2_320, 2_000, "a stop recorded by a clock that was behind was forgotten, and a lower one was placed"),
    (1_369, 2_000, "a bid told to protection was forgotten in the same cycle, and a stop placed above it"),
    (4_902, 2_000, "a stop sent after a split by a clock that stood before it was read in old shares, and lowered"),
    (
        4_525,
        2_000,
        "the check itself: what replaces a stop carried through a split was held against the old order's shares",
    ),
];

#[test]
fn what_was_found_once_is_not_found_again() {
    for (seed, steps, what) in FOUND {
        let outcome = run(Scenario::new(seed, steps));
        assert_eq!(outcome.violation, None, "{what}: {}", outcome.scenario.command());
    }
}
