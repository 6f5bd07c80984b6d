//! What REST and the stream say of the same order in different words: taken back, older, not there, not readable.

use super::{
    world::{Names, World},
    *,
};

#[test]
fn a_trade_taken_back_is_a_disagreement_and_the_order_is_told_as_it_is() {
    for (order, mute) in [(0, false), (0, true), (3, false), (4, true)] {
        let mut world = World::new(Names::Alike);
        world.connect();
        world.settle();
        world.fill(order, 4);
        world.fill(order, 3);
        world.deliver_all();
        world.run(130);
        assert!(world.disputed().is_empty());
        world.mute = mute;
        world.bust(order, 3);
        world.deliver_all();
        assert_eq!(world.disputed().is_empty(), mute, "the stream's word is enough");
        world.run(65);
        assert_eq!(world.disputed(), [format!("order-{order}")].into(), "{order} {mute}");
        assert_eq!(world.filled_told(order).last(), Some(&world.filled(order)), "{order} {mute}");
        assert_eq!(world.told(), ["e0 4", "e1 3"]);
    }
}

#[test]
fn an_older_report_is_no_trade_taken_back() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.fill(0, 4);
    world.fill(0, 3);
    world.fill(0, 2);
    // REST tells all three, and the second comes late, and the first later.
    world.wire.pop_back();
    let late: Vec<Value> = world.wire.drain(..).rev().collect();
    world.run(61);
    assert_eq!(world.told().len(), 3);
    world.wire.extend(late);
    world.deliver_all();
    world.run(2);
    assert_eq!((world.disputed(), world.filled_told(0)), (BTreeSet::new(), vec![9]));
}

#[test]
fn an_order_older_than_the_start_that_filled_in_the_hole_and_on_the_stream() {
    for order in [3, 4] {
        let mut world = World::new(Names::Alike);
        world.fill(order, 4);
        world.connect();
        world.fill(order, 2);
        world.deliver_all();
        assert_eq!(world.told(), ["e1 2"], "before REST answers");
        world.settle();
        world.fill(order, 1);
        world.deliver_all();
        world.settle();
        assert_eq!(world.told_set(), ["e0 4", "e1 2", "e2 1"].map(str::to_owned).into());
        assert!(world.disputed().is_empty());
    }
}

#[test]
fn a_hole_is_filled_when_something_is_known_of_every_open_order() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.cut();
    world.fill(0, 4);
    world.unreadable.insert(1);
    world.connect();
    world.run(20);
    assert_eq!(world.told(), ["e0 4"], "what could be read is told");
    assert_eq!(world.gaps(), [true, false]);
    world.unreadable.clear();
    world.settle();
    assert_eq!(world.gaps(), [true, false, true]);
}

#[test]
fn each_question_begins_behind_the_order_that_was_looked_up_last() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    let mut firsts = Vec::new();
    for last in ["order-1", "order-4", "order-3"] {
        while world.asking.is_none() {
            world.run(1);
        }
        let ask = world.asking.take().unwrap();
        assert_eq!(ask.open.len(), ORDERS);
        firsts.push(ask.open[0].0.to_string());
        let (answer, at) = (world.answer(&ask).unwrap(), world.moment());
        world.account.answered(Ok(Answer { last: last.parse().ok(), ..answer }), at);
    }
    assert_eq!(firsts, ["order-0", "order-2", "order-0"]);
}

#[test]
fn pings_are_no_proof_that_the_hole_is_short() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    let verified = world.moment().now - TimeDelta::seconds(70);
    world.mute = true;
    world.run(50);
    world.cut();
    world.connect();
    world.rest_is_down = true;
    world.run(2);
    let gap = world.last_gap();
    assert!(!gap.filled && gap.from < verified + TimeDelta::seconds(80), "{gap:?}");
}

#[test]
fn an_order_that_does_not_fill_is_no_proof_that_the_stream_is_mute() {
    let mut world = World::new(Names::Alike);
    world.unlisted.insert(2);
    world.connect();
    world.settle();
    // REST is the first to tell of it, and the stream has no word for orders that wait.
    world.unlisted.clear();
    world.run(120);
    assert_eq!((world.events_of("order order-2"), world.events_of("silent")), (1, 0));
    world.mute = true;
    world.cancel(2);
    world.run(75);
    assert_eq!(world.events_of("silent"), 1, "its end is one");
}

#[test]
fn a_fill_keeps_the_id_of_who_told_it_and_has_one_key() {
    let mut world = World::new(Names::Alike);
    world.fill(0, 4);
    world.connect();
    world.settle();
    world.fill(0, 3);
    world.deliver_all();
    assert_eq!(world.told(), ["e0 4", "e1 3"], "the keys");
    assert_eq!(world.ids(), ["20261120100000000::e0", "e1"]);
}
