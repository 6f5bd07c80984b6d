//! Random steps of frames, connections, REST and the consumer; then everything heals.

use proptest::prelude::*;

use super::{
    world::{Names, World},
    *,
};

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
