//! Thousands of random days, each with a network of its own kind of bad.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use market::TimeDelta;
use tokio::task::LocalSet;

use crate::{
    caller::{Belief, Caller},
    floor::Floor,
};

const SEEDS: u64 = 10_000;
const STEPS: usize = 20;
/// Seeds under way at once on a thread: most of the time they wait for each other's requests.
const TOGETHER: usize = 48;
const THREADS: u64 = 2;

#[test]
fn nothing_is_sent_twice_nothing_lost_and_nothing_believed_dead_lives() {
    let of_thread = |part| (0..SEEDS).filter(move |seed| seed % THREADS == part);
    let threads = (0..THREADS).map(|part| std::thread::spawn(move || walk(of_thread(part))));
    let threads: Vec<_> = threads.collect();
    let mut tally = BTreeMap::new();
    for thread in threads {
        add(&mut tally, thread.join().expect("no seed fails"));
    }
    println!("{SEEDS} seeds: {tally:?}");
    for word in ["accepted", "rejected", "retryable", "unknown"] {
        assert!(tally.contains_key(word), "the runs never saw {word}: {tally:?}");
    }
}

fn walk(seeds: impl Iterator<Item = u64> + 'static) -> BTreeMap<&'static str, usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (seeds, days) = (Rc::new(RefCell::new(seeds)), LocalSet::new());
    let walker = |_| {
        let seeds = Rc::clone(&seeds);
        days.spawn_local(async move {
            let mut tally = BTreeMap::new();
            loop {
                let next = seeds.borrow_mut().next();
                let Some(seed) = next else { return tally };
                match tokio::task::spawn_local(day(seed)).await {
                    Ok(counts) => add(&mut tally, counts),
                    Err(error) => {
                        // One failing seed is enough to read.
                        seeds.borrow_mut().by_ref().for_each(drop);
                        panic!("seed {seed}: {error}");
                    }
                }
            }
        })
    };
    let walkers: Vec<_> = (0..TOGETHER).map(walker).collect();
    runtime.block_on(days);
    let mut tally = BTreeMap::new();
    for walker in walkers {
        add(&mut tally, runtime.block_on(walker).expect("no seed fails"));
    }
    tally
}

fn add(tally: &mut BTreeMap<&'static str, usize>, counts: BTreeMap<&'static str, usize>) {
    for (word, count) in counts {
        *tally.entry(word).or_default() += count;
    }
}

async fn day(seed: u64) -> BTreeMap<&'static str, usize> {
    // A broker that acts at once, one that takes a moment, one whose answers are about what has yet to happen.
    let latency = TimeDelta::milliseconds([0, 200, 2_000][usize::try_from(seed % 3).unwrap()]);
    let floor = Floor::slow(seed, latency).await;
    let mut caller = Caller::new(&floor, seed);
    floor.disturb(seed);
    for _ in 0..STEPS {
        caller.step().await;
        check(&floor, &caller);
    }
    floor.calm();
    caller.settle().await;
    check(&floor, &caller);
    nothing_is_lost(&floor, &caller);
    caller.tally
}

fn check(floor: &Floor, caller: &Caller<'_>) {
    let truth = floor.truth();
    for (id, belief) in &caller.beliefs {
        let order = truth.orders.iter().find(|order| order.client_order_id == *id);
        match belief {
            Belief::There(broker_id) => {
                assert_eq!(order.map(|order| &order.id), Some(broker_id), "{id} is there, and the venue has it not");
            }
            Belief::Dead(why) => {
                let lives = order.is_some_and(|order| !order.status.is_final());
                assert!(!lives, "{id} was believed dead ({why}) and lives: {order:?}");
            }
            Belief::NotSent => assert_eq!(order, None, "{id} was not acted on, and the venue has it"),
            Belief::Unknown(_) => {}
        }
    }
    for (id, times) in &caller.sent {
        let arrived = floor.arrivals(id);
        assert!(arrived <= *times, "{id} was given to the client {times} times and arrived {arrived} times");
    }
}

/// Every order of the venue is one the caller knows to be there.
fn nothing_is_lost(floor: &Floor, caller: &Caller<'_>) {
    for order in floor.truth().orders {
        let belief = caller.beliefs.get(&order.client_order_id);
        assert_eq!(belief, Some(&Belief::There(order.id.clone())), "{order:?}");
    }
}
