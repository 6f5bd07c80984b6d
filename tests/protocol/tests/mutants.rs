//! Drivers that are broken on purpose: the checker finds each of them, with the rule that it breaks.

use protocol::{
    Bounds, Protocol, Scenario, Variant, explore,
    invariant::{ALONE, DURABLE, HONEST, ONCE, PROTECTION, QUIET, SUM},
};

/// No counterexample needs more.
const STATES_MAX: usize = 300_000;

fn finds(variant: Variant, scenario: Scenario, rule: &str) {
    let model = Protocol::new(scenario, variant);
    let model = if rule == QUIET { model } else { model.restless() };
    let report = explore(&model, STATES_MAX);
    println!("{variant:?}: {report}");
    let found = report.counterexample.unwrap_or_else(|| panic!("{variant:?} passes for a driver"));
    assert_eq!(found.violation.rule, rule, "{found}");
    assert!(!found.trace.is_empty(), "a counterexample says how");
}

#[test]
fn a_driver_that_resends_on_unknown() {
    finds(Variant::ResendOnUnknown, Scenario::two_entries(Bounds::SMALL), ONCE);
}

#[test]
fn a_driver_that_retries_under_a_new_id() {
    finds(Variant::RetryUnderNewId, Scenario::two_entries(Bounds::SMALL), DURABLE);
}

#[test]
fn a_driver_that_takes_silence_for_a_proof() {
    finds(Variant::UnknownIsRetryable, Scenario::two_entries(Bounds::SMALL), ONCE);
}

#[test]
fn a_driver_that_records_after_the_send() {
    finds(Variant::RecordAfterSend, Scenario::two_entries(Bounds::SMALL), DURABLE);
}

#[test]
fn a_driver_that_believes_no_such_order_at_once() {
    finds(Variant::BelieveNotFoundAtOnce, Scenario::two_entries(Bounds::SMALL), ONCE);
}

#[test]
fn a_driver_that_takes_an_answer_for_younger_than_its_question() {
    finds(Variant::StampLooksLate, Scenario::two_entries(Bounds::SMALL), ONCE);
}

#[test]
fn a_process_that_starts_without_doubt() {
    finds(Variant::ForgetDoubt, Scenario::two_entries(Bounds::SMALL), ONCE);
}

#[test]
fn a_process_that_starts_without_what_is_unsettled() {
    finds(Variant::ForgetUnsettled, Scenario::two_entries(Bounds::SMALL), QUIET);
}

#[test]
fn a_driver_that_counts_executions_twice() {
    finds(Variant::CountTwice, Scenario::entry_and_stop(Bounds::SMALL), SUM);
}

#[test]
fn a_kill_switch_that_stops_protection() {
    finds(Variant::KillStopsProtection, Scenario::entry_and_stop(Bounds::SMALL), PROTECTION);
}

#[test]
fn a_driver_that_never_hears_what_became_of_an_order() {
    finds(Variant::HearsNothing, Scenario::two_entries(Bounds::SMALL), QUIET);
}

#[test]
fn two_processes_without_a_lock() {
    finds(Variant::NoLock, Scenario::two_entries(Bounds::SMALL), ALONE);
}

#[test]
fn two_processes_without_a_lock_take_each_others_orders_for_foreign() {
    finds(Variant::NoLockUnchecked, Scenario::two_entries(Bounds::SMALL), HONEST);
}
