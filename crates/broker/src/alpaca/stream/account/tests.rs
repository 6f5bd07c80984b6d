//! The account's core against a broker that is all lists: told once, filled, doubted, noticed.

use std::collections::{BTreeSet, VecDeque};

use market::{Calendar, NyDate, Price, Qty};
use proptest::prelude::*;
use serde_json::json;

use super::{super::refusal::Again, *};

mod world;

use world::{Names, World};

/// Orders of the world.
const ORDERS: usize = 5;

#[test]
fn a_day_without_trouble() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.fill(0, 4);
    world.fill(0, 6);
    world.deliver_all();
    world.settle();
    assert_eq!(world.told(), ["e0 4", "e1 6"]);
    assert_eq!(world.events_of("gap"), 1, "what was before the connection");
    assert_eq!((world.events_of("disagreement"), world.events_of("silent"), world.events_of("lost")), (0, 0, 0));
}

#[test]
fn what_a_cut_has_swallowed_is_read_by_rest() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.fill(0, 4);
    world.deliver_all();
    world.cut();
    world.fill(0, 2);
    world.fill(1, 5);
    world.connect();
    world.settle();
    assert_eq!(world.told(), ["e0 4", "e1 2", "e2 5"]);
    assert_eq!(world.gaps(), [true, true]);
}

#[test]
fn a_hole_that_cannot_be_filled_is_said_once_and_tried_again() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.cut();
    world.fill(0, 1);
    world.rest_is_down = true;
    world.connect();
    world.settle();
    assert_eq!(world.gaps(), [true, false]);
    assert!(world.told().is_empty());
    world.rest_is_down = false;
    world.settle();
    assert_eq!((world.gaps(), world.told()), (vec![true, false, true], vec!["e0 1".to_owned()]));
}

#[test]
fn duplicates_and_old_frames_change_nothing() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.fill(0, 4);
    world.fill(0, 3);
    let sent: Vec<Value> = world.wire.iter().cloned().collect();
    world.wire.make_contiguous().reverse();
    world.wire.extend(sent);
    world.deliver_all();
    world.settle();
    assert_eq!(world.told_set(), ["e0 4", "e1 3"].map(str::to_owned).into());
    assert_eq!(world.filled_told(0), [7], "the older report came later and is not told");
}

#[test]
fn a_final_order_never_works_again() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.happen(0, "pending_cancel", "pending_cancel");
    world.happen(0, "canceled", "canceled");
    world.wire.make_contiguous().reverse();
    world.deliver_all();
    assert_eq!(world.statuses_told(0), ["New", "Canceled"]);
}

#[test]
fn of_two_reports_that_say_as_much_the_later_change_counts() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.happen(0, "pending_replace", "pending_replace");
    world.happen(0, "new", "new");
    world.happen(0, "pending_cancel", "pending_cancel");
    world.wire.make_contiguous().reverse();
    world.deliver_all();
    assert_eq!(world.statuses_told(0), ["New", "PendingCancel"]);
}

#[test]
fn an_answer_does_not_undo_what_was_heard_after_the_question() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    while world.asking.is_none() {
        world.run(1);
    }
    let before = world.answer(&Ask { after: world.began, open: Vec::new() });
    world.happen(0, "pending_cancel", "pending_cancel");
    world.deliver_all();
    let at = world.moment();
    world.account.answered(before, at);
    world.read_all();
    assert_eq!(world.statuses_told(0), ["New", "PendingCancel"]);
}

#[test]
fn under_two_names_nothing_is_counted_twice() {
    let mut world = World::new(Names::Apart);
    world.connect();
    world.fill(0, 4);
    world.deliver_all();
    world.cut();
    world.fill(0, 6);
    world.connect();
    world.settle();
    assert_eq!(world.told(), ["e0 4"], "REST's two are not told: one of them is the same");
    assert_eq!(world.disputed(), ["order-0"].map(str::to_owned).into());
}

#[test]
fn under_two_names_nothing_is_counted_twice_though_rest_books_late() {
    for mute_first in [true, false] {
        let mut world = World::new(Names::Apart);
        world.connect();
        world.settle();
        world.mute = mute_first;
        world.fill(0, 4);
        world.mute = !mute_first;
        world.fill(0, 6);
        world.mute = false;
        if mute_first {
            // REST tells 4 and 6 is still on the wire; the stream's 4 comes late.
            world.hidden.insert("e1".to_owned());
            world.wire.clear();
            while world.told().is_empty() {
                world.run(1);
            }
            world.connect();
            world.resend("e0");
        } else {
            // The stream tells 4; REST lists its own 4 and not yet the 6.
            world.hidden.insert("e1".to_owned());
        }
        world.deliver_all();
        world.run(5);
        assert!(world.told().len() <= 1, "{mute_first}: {:?}", world.told());
    }
}

#[test]
fn two_fills_alike_are_two_once_both_sources_have_named_one_alike() {
    for named_before in [true, false] {
        let mut world = World::new(Names::Alike);
        world.connect();
        world.settle();
        if named_before {
            world.fill(1, 1);
            world.deliver_all();
            world.run(70);
        }
        world.fill(0, 4);
        world.deliver_all();
        world.hidden.insert(if named_before { "e1" } else { "e0" }.to_owned());
        world.mute = true;
        world.fill(0, 4);
        world.run(65);
        assert_eq!(world.disputed().is_empty(), named_before, "before that, one may be the other");
    }
}

#[test]
fn an_order_on_no_list_is_told_by_rest_unless_the_stream_has_told_of_it() {
    for (streamed, told, disputed) in [(false, 2, 0), (true, 1, 1)] {
        let mut world = World::new(Names::Alike);
        world.connect();
        world.settle();
        if streamed {
            world.fill(0, 4);
            world.deliver_all();
            world.mute = true;
        } else {
            world.mute = true;
            world.fill(0, 4);
        }
        world.fill(0, 2);
        world.unlisted.insert(0);
        world.run(65);
        assert_eq!((world.told().len(), world.disputed().len()), (told, disputed), "{streamed}");
    }
}

#[test]
fn rest_may_be_faster_than_the_stream() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    for _ in 0..200 {
        world.fill(0, 1);
        // Told some seconds later, within the grace.
        world.run(3);
        world.deliver_all();
    }
    assert_eq!((world.events_of("silent"), world.reconnects), (0, 0));
    assert_eq!(world.told().len(), 200);
}

#[test]
fn an_answer_closes_no_hole_that_opened_after_the_question() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    while world.asking.is_none() {
        world.run(1);
    }
    world.cut();
    world.connect();
    let at = world.moment();
    let stale = world.answer(&Ask { after: world.began, open: Vec::new() });
    world.mute = true;
    world.fill(0, 4);
    world.asking = None;
    world.account.answered(stale, at);
    world.run(4);
    assert_eq!(world.told(), ["e0 4"], "asked about at once, not with the next comparison");
}

#[test]
fn an_overflow_is_read_again_from_the_first_thing_that_was_thrown_away() {
    let mut world = World::bounded(Names::Alike, 1_000, 6);
    world.connect();
    world.settle();
    world.reads = false;
    world.fill(0, 1);
    world.deliver_all();
    // Longer than what every question overlaps with the one before.
    world.run(OVERLAP.num_seconds() * 3);
    for _ in 0..6 {
        world.fill(0, 1);
        world.deliver_all();
    }
    world.reads = true;
    world.settle();
    assert_eq!(world.told().len(), 7);
    assert!(world.disputed().is_empty());
}

#[test]
fn an_order_whose_executions_never_come_is_in_dispute_at_last() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.fill(0, 4);
    world.fill(0, 2);
    world.hidden.insert("e0".to_owned());
    world.wire.pop_front();
    world.deliver_all();
    world.run(30);
    assert!(world.disputed().is_empty(), "it may only be late");
    world.run(90);
    assert_eq!(world.disputed(), ["order-0"].map(str::to_owned).into());
}

#[test]
fn an_execution_that_rest_books_late_is_told_when_it_is_there() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.cut();
    world.fill(0, 4);
    world.hidden.insert("e0".to_owned());
    world.connect();
    world.run(5);
    assert!(world.told().is_empty());
    world.hidden.clear();
    world.run(30);
    assert_eq!(world.told(), ["e0 4"]);
    assert!(world.disputed().is_empty());
}

#[test]
fn a_mute_stream_is_noticed_within_a_comparison_and_a_grace() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.mute = true;
    world.fill(0, 4);
    let waits = Waits::default();
    let within = (waits.compare_in_session + waits.grace).as_secs() as i64 + 3;
    world.run(within);
    assert_eq!((world.events_of("silent"), world.reconnects), (1, 1));
    assert_eq!(world.told(), ["e0 4"], "REST has told it by then");
}

#[test]
fn a_quiet_account_is_not_a_mute_stream() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.run(3_600);
    assert_eq!((world.events_of("silent"), world.reconnects, world.events_of("gap")), (0, 0, 1));
    assert!(world.asked >= 60, "compared every minute: {}", world.asked);
}

#[test]
fn a_consumer_that_does_not_read_loses_nothing() {
    let mut world = World::bounded(Names::Alike, 1_000, 6);
    world.connect();
    world.settle();
    world.reads = false;
    for _ in 0..20 {
        world.fill(0, 1);
        world.deliver_all();
    }
    world.run(120);
    assert!(world.account.outbox_len() <= 12, "{}", world.account.outbox_len());
    world.reads = true;
    world.settle();
    let expect: BTreeSet<String> = (0..20).map(|number| format!("e{number} 1")).collect();
    assert_eq!(world.told_set(), expect);
    assert_eq!(world.told().len(), 20);
    assert!(world.gaps().contains(&false), "the overflow is said");
    assert_eq!(world.gaps().last(), Some(&true));
}

#[test]
fn what_is_forgotten_is_doubted_and_not_told_twice() {
    let mut world = World::bounded(Names::Alike, 3, 100);
    world.connect();
    for _ in 0..6 {
        world.fill(0, 1);
    }
    world.deliver_all();
    world.settle();
    assert_eq!(world.told().len(), 6);
    assert_eq!(world.disputed(), ["order-0"].map(str::to_owned).into(), "REST lists again what nobody remembers");
}

#[test]
fn what_the_consumer_has_is_not_told_again() {
    let mut world = World::new(Names::Alike);
    world.fill(0, 4);
    world.fill(0, 3);
    world.wire.clear();
    let known = vec![world.execution("e0")];
    world.account = Account::new(Start { since: world.began, known }, Waits::default());
    world.connect();
    world.settle();
    assert_eq!(world.told(), ["e1 3"]);
    assert!(world.disputed().is_empty());
}

#[test]
fn fills_before_the_start_are_none_of_ours() {
    let mut world = World::new(Names::Alike);
    world.fill(0, 4);
    world.wire.clear();
    world.run(60);
    world.account = Account::new(Start { since: world.moment().now, known: Vec::new() }, Waits::default());
    world.connect();
    world.run(2);
    world.fill(0, 3);
    world.deliver_all();
    world.settle();
    assert_eq!(world.told(), ["e1 3"]);
    assert!(world.disputed().is_empty());
}

#[test]
fn what_cannot_be_read_is_said_with_its_symbol_and_looked_up() {
    let mut world = World::new(Names::Alike);
    world.connect();
    world.settle();
    world.fill(0, 4);
    world.wire[0]["data"]["qty"] = json!("many");
    world.deliver_all();
    world.settle();
    assert_eq!(world.events_of("unreadable AAPL"), 1);
    assert_eq!(world.told(), ["e0 4"], "REST knows how many");
}

#[test]
fn a_dispute_that_nobody_has_read_is_said_again() {
    use Step::{Cancel, Connect, Cut, Deliver, Fill, Pass, Read};
    let mut world = World::bounded(Names::Apart, 1_000, 7);
    let steps =
        [Read(false), Connect, Cut, Connect, Fill(1, 1), Connect, Deliver, Cut, Connect, Pass(2), Cancel(1), Cut];
    steps.into_iter().for_each(|step| take(&mut world, step));
    world.heal();
    assert_eq!((world.shares_told(1), world.disputed()), (0, ["order-1"].map(str::to_owned).into()));
}

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

#[derive(Clone, Copy, Debug)]
enum Step {
    Fill(usize, u32),
    Cancel(usize),
    Deliver,
    Late,
    Reorder,
    Duplicate,
    Cut,
    Connect,
    Mute(bool),
    RestDown(bool),
    Read(bool),
    /// REST books the newest execution late.
    Lag,
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..ORDERS, 1..4_u32).prop_map(|(order, shares)| Step::Fill(order, shares)),
        1 => (0..ORDERS).prop_map(Step::Cancel),
        6 => Just(Step::Deliver),
        2 => Just(Step::Late),
        2 => Just(Step::Reorder),
        2 => Just(Step::Duplicate),
        1 => Just(Step::Cut),
        2 => Just(Step::Connect),
        1 => any::<bool>().prop_map(Step::Mute),
        1 => any::<bool>().prop_map(Step::RestDown),
        1 => any::<bool>().prop_map(Step::Read),
        3 => (1..40_i64).prop_map(Step::Pass),
    ]
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Fill(order, shares) => world.fill(order, shares),
        Step::Cancel(order) => world.cancel(order),
        Step::Deliver => world.deliver(),
        Step::Late => world.postpone(),
        Step::Reorder => world.wire.make_contiguous().reverse(),
        Step::Duplicate => world.duplicate(),
        Step::Cut => world.cut(),
        Step::Connect => world.connect(),
        Step::Mute(mute) => world.mute = mute,
        Step::RestDown(down) => world.rest_is_down = down,
        Step::Read(reads) => world.reads = reads,
        Step::Lag => world.lag(),
        Step::Pass(seconds) => world.run(seconds),
    }
}

proptest! {

    /// Whatever happens to frames, connections, REST and the consumer: once all of them work again, every execution has
    /// been told exactly once, every order as it is, and nothing was doubted that is not doubtful.
    #[test]
    fn every_execution_is_told_exactly_once(steps in proptest::collection::vec(step(), 1..120), events in 4..40_usize) {
        let mut world = World::bounded(Names::Alike, 1_000, events);
        steps.into_iter().for_each(|step| take(&mut world, step));
        world.heal();
        let told = world.told();
        prop_assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), world.true_executions());
        prop_assert_eq!(told.len(), world.true_executions().len());
        prop_assert_eq!(world.disputed(), BTreeSet::new());
        for order in 0..ORDERS {
            let told = world.filled_told(order);
            prop_assert!(told.is_sorted(), "{:?}", told);
            prop_assert_eq!(told.last().copied().unwrap_or(0), world.filled(order));
        }
    }

    /// When REST and the stream name fills differently, no share is told twice, and an order of which not every share
    /// was told is in dispute.
    #[test]
    fn names_that_differ_are_found_out(steps in proptest::collection::vec(prop_oneof![9 => step(), 1 => Just(Step::Lag)], 1..120), events in 4..40_usize) {
        let mut world = World::bounded(Names::Apart, 1_000, events);
        steps.into_iter().for_each(|step| take(&mut world, step));
        world.heal();
        for order in 0..ORDERS {
            let (told, filled) = (world.shares_told(order), world.to_tell(order));
            prop_assert!(told <= filled, "order {}: {} of {} told", order, told, filled);
            let disputed = world.disputed().contains(&format!("order-{order}"));
            prop_assert!(told == filled || disputed, "order {}: {} of {} told", order, told, filled);
        }
    }
}
