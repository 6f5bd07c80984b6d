//! The short run of every test run: some hundred seeds, and that enough happened in them to prove something.

use std::collections::BTreeMap;

use simulation::{Count, Fault, Faults, Scenario, Tally, run, shrink, traced};
use trading::refusal::Reason;

const SEEDS: u64 = 1000;
const STEPS: u64 = 2_000;

/// Reasons that these seeds need not reach: what they refuse is refused by another control before, or never decided.
const UNREACHED: [Reason; 4] = [Reason::MarketClosed, Reason::EntryWindow, Reason::ConsumedToday, Reason::LongOnly];

#[test]
fn no_seed_violates_anything_and_everything_happens() {
    let mut tally = Tally::new();
    for seed in 0..SEEDS {
        let outcome = run(Scenario::new(seed, STEPS));
        if let Some(violation) = &outcome.violation {
            let smaller = shrink(outcome.scenario).map_or_else(String::new, |smaller| smaller.scenario.command());
            panic!("{violation}\nagain:   {}\nsmaller: {smaller}", outcome.scenario.command());
        }
        tally.merge(&outcome.tally);
    }
    let never: Vec<&Count> = Count::ALL.iter().filter(|count| tally.of(**count) == 0).collect();
    assert!(never.is_empty(), "never in {SEEDS} seeds: {never:?}");
    let refused: BTreeMap<Reason, u64> = tally.refusals().clone();
    assert!(refused.len() >= 20, "few reasons: {refused:?}");
    assert!(UNREACHED.iter().all(|reason| Reason::ALL.contains(reason)));
}

#[test]
fn the_same_seed_is_the_same_run_byte_for_byte() {
    for seed in [1, 2, 77] {
        let (first, second) = (traced(Scenario::new(seed, 1_500)), traced(Scenario::new(seed, 1_500)));
        assert!(first.1.len() > 300, "seed {seed} tells {} lines", first.1.len());
        assert_eq!(first, second, "seed {seed}");
        assert_eq!(run(Scenario::new(seed, 1_500)), first.0, "the trace changes nothing");
    }
    assert_ne!(traced(Scenario::new(1, 500)).1, traced(Scenario::new(2, 500)).1);
}

#[test]
fn a_kind_of_fault_that_is_left_out_does_not_happen() {
    let mut tally = Tally::new();
    for seed in 0..40 {
        let faults = [Fault::Crash, Fault::Ledger, Fault::Kill, Fault::Split, Fault::Manual, Fault::Halt];
        let faults = faults.into_iter().fold(Faults::ALL, Faults::without);
        tally.merge(&run(Scenario { faults, ..Scenario::new(seed, 1_000) }).tally);
    }
    let absent =
        [Count::CrashElsewhere, Count::LedgerFailures, Count::KillEntries, Count::Splits, Count::Manual, Count::Halts];
    assert_eq!(absent.map(|count| tally.of(count)), [0; 6]);
    assert!(tally.of(Count::Entries) > 0 && tally.of(Count::GateLost) > 0);
}

#[test]
fn with_nothing_wrong_there_is_trade_and_protection() {
    let mut tally = Tally::new();
    for seed in 0..40 {
        let outcome = run(Scenario { faults: Faults::NONE, ..Scenario::new(seed, STEPS) });
        assert_eq!(outcome.violation, None);
        tally.merge(&outcome.tally);
    }
    for count in
        [Count::Entries, Count::EntryFills, Count::Stops, Count::Raises, Count::Trims1, Count::Trims2, Count::StopsHit]
    {
        assert!(tally.of(count) > 10, "{count:?}: {}", tally.of(count));
    }
    assert_eq!(tally.of(Count::Unknowns), 0);
}
