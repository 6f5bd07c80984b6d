//! Time by our clock and time as it passes.

use std::time::Duration;

use market::TimeDelta;

use crate::cycle::ran_ahead;

#[test]
fn a_clock_that_is_set_forward_is_noticed_and_one_that_drifts_is_not() {
    let tolerance = TimeDelta::seconds(2);
    // Seconds by our clock, seconds that passed, set.
    let table =
        [(60.0, 60.0, false), (61.9, 60.0, false), (62.1, 60.0, true), (42.0, 2.0, true), (-3_600.0, 2.0, false)];
    for (wall, steady, expect) in table {
        let wall_ms = TimeDelta::milliseconds((wall * 1_000.0_f64) as i64);
        assert_eq!(ran_ahead(wall_ms, Duration::from_secs_f64(steady), tolerance), expect, "{wall} {steady}");
    }
}
