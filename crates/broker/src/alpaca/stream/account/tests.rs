//! The account's core against a broker that is all lists: told once, filled, doubted, noticed.

use std::collections::{BTreeSet, VecDeque};

use market::{Calendar, NyDate, Price, Qty};
use serde_json::json;

use super::{super::refusal::Again, *};

mod doubts;
mod steps;
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
