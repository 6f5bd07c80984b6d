//! Every interleaving within the small bounds, in every run of the tests: each rule holds, and nothing of what the rules
//! are about has gone unseen.

use protocol::{Bounds, Protocol, Scenario, Variant, explore};

/// What happens in every world.
const ALWAYS: &[&str] = &[
    "a crash after an order left, before its outcome was known",
    "a crash between the record and the send",
    "a doubled request was refused by its id",
    "a process started while a request of its predecessor was under way",
    "a process started with an intent without outcome",
    "a question got no answer",
    "a read failed",
    "a request never left",
    "a request was lost for good",
    "a second process was refused the lock",
    "an order arrived after its sender gave up waiting",
    "an order in doubt was found",
    "an order never arrived",
    "an order was recorded and never sent",
    "the outcome of a send was unknown",
];

fn holds(scenario: Scenario, also: &[&str]) {
    let name = scenario.name;
    let model = Protocol::new(scenario, Variant::Honest);
    let report = explore(&model, usize::MAX);
    println!("{name}: {report}");
    assert!(report.counterexample.is_none() && report.complete, "{name}: {report}");
    let seen = model.seen();
    let unseen: Vec<&&str> = ALWAYS.iter().chain(also).filter(|what| !seen.contains_key(**what)).collect();
    assert!(unseen.is_empty(), "{name}: never seen: {unseen:?}");
}

#[test]
fn two_entries_of_two_symbols() {
    holds(Scenario::two_entries(Bounds::SMALL), &["the exposure view could not be written"]);
}

#[test]
fn one_entry_then_its_stop() {
    let also = [
        "a cancel took effect",
        "a fill crossed a cancel",
        "a stop was replaced",
        "an execution was reported late",
        "protection left although the kill switch was latched",
        "the outcome of a cancel was unknown",
    ];
    holds(Scenario::entry_and_stop(Bounds::SMALL), &also);
}

#[test]
fn a_stop_is_replaced() {
    let also = [
        "a fill crossed a replacement",
        "a replacement found its place gone",
        "a stop was replaced",
        "an order was refused",
    ];
    holds(Scenario::stop_replaced(Bounds::SMALL), &also);
}

#[test]
fn an_entry_is_withdrawn_while_it_fills() {
    let also = [
        "a cancel took effect",
        "a fill crossed a cancel",
        "an execution was reported late",
        "protection left although the kill switch was latched",
        "the outcome of a cancel was unknown",
    ];
    holds(Scenario::withdrawn(Bounds::SMALL), &also);
}

#[test]
fn a_position_is_taken_off_while_its_stop_fills() {
    let also = [
        "a cancel took effect",
        "a fill crossed a cancel",
        "protection left although the kill switch was latched",
        "the outcome of a cancel was unknown",
    ];
    holds(Scenario::flattened(Bounds::SMALL), &also);
}
