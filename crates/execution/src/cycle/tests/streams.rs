//! The account's stream and the drop copy beside the loop: a doorbell, a measure of silence, a second opinion.

use std::time::Duration;

use broker::{Broker, alpaca::stream::Waits};
use broker_sim::{Moment, Venue};
use contract::{ExitCode, KillLevel, KillSwitch};
use market::{TimeDelta, Timestamp};
use service::Pacer;
use trading::{control::Kill, drop_copy::EVERY, polling::Pace, record::Record};

use super::floor::{Floor, alerts, date, is_for_executions, refusals, session, tellable, until};
use crate::{engine::Engine, patience::Patience};

/// Quick at everything, and slow to connect again.
fn slow_to_return() -> Waits {
    Waits { pause_first: Duration::from_secs(600), pause_most: Duration::from_secs(600), ..quick() }
}

/// Quick at everything.
fn quick() -> Waits {
    let milliseconds = Duration::from_millis;
    Waits {
        tick: milliseconds(5),
        pause_first: milliseconds(5),
        pause_most: milliseconds(20),
        compare_in_session: milliseconds(20),
        compare_outside: milliseconds(20),
        grace: milliseconds(100),
        ..Waits::default()
    }
}

/// A loop that looks when it is rung for, and at no other time.
fn without_polls<B>(engine: &mut Engine<B>) {
    let long = TimeDelta::hours(10);
    engine.config.pace = Pace { base: long, market: long, tight: long, hurry: long, ..Pace::default() };
    engine.pacer = Pacer::new(None, "execution").unwrap();
}

/// Takes in what the stream tells until something is so.
async fn hearing<B: Broker>(engine: &mut Engine<B>, is_so: impl Fn(&Engine<B>) -> bool) {
    let hear = async {
        while !is_so(engine) {
            engine.listen();
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), hear).await.expect("the stream tells");
}

fn silent_for<B: Broker>(engine: &Engine<B>, now: Timestamp) -> i64 {
    engine.watch.silent(now, engine.config.limits.stream_silence).num_seconds()
}

/// Moves the venue's clock as a rehearsal does, whenever everybody sleeps, until something is so.
async fn drive(venue: &Venue, is_so: impl Fn(&Venue) -> bool) {
    while !is_so(venue) {
        until(|| !venue.sleepers().is_empty()).await;
        venue.advance_toward(venue.sleepers()[0].until);
    }
}

#[tokio::test]
async fn in_venue_time_a_stop_follows_its_fill_at_the_same_instant() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let tell = tellable(&mut engine);
    let day = async {
        drive(&floor.venue, |venue| venue.truth().orders.len() == 2).await;
        tell.send("SIGTERM").unwrap();
    };
    assert_eq!(tokio::join!(engine.run(), day).0.unwrap(), ExitCode::Ok);
    let truth = floor.venue.truth();
    assert_eq!(truth.orders[1].submitted_at, truth.fills[0].at);
    assert_ne!(truth.fills[0].at.since(truth.orders[0].submitted_at).num_seconds() % 2, 0, "and no poll was due then");
    assert!(floor.is_protected("SOON"));
}

#[tokio::test]
async fn in_real_time_the_stream_rings_for_a_fill_and_its_stop_goes_in_without_a_poll() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    without_polls(&mut engine);
    let tell = tellable(&mut engine);
    let day = async {
        until(|| floor.orders() == ["SOON_entry_1 New"]).await;
        floor.tick();
        until(|| floor.is_protected("SOON")).await;
        tell.send("SIGTERM").unwrap();
    };
    assert_eq!(tokio::join!(engine.run(), day).0.unwrap(), ExitCode::Ok);
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
}

/// The remainder has to go before the broker takes the stop: two looks, each rung for.
#[tokio::test]
async fn in_real_time_a_partial_fill_is_protected_without_a_poll() {
    let floor = Floor::with(&["THIN"]);
    let mut engine = floor.start().await;
    without_polls(&mut engine);
    let tell = tellable(&mut engine);
    let day = async {
        until(|| floor.orders() == ["THIN_entry_1 New"]).await;
        floor.tick();
        until(|| floor.is_protected("THIN")).await;
        tell.send("SIGTERM").unwrap();
    };
    assert_eq!(tokio::join!(engine.run(), day).0.unwrap(), ExitCode::Ok);
    assert_eq!(floor.orders(), ["THIN_entry_1 Canceled", "THIN_stop_1 New"]);
}

#[tokio::test]
async fn a_kill_switch_is_noticed_without_a_poll() {
    for by_venue in [false, true] {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        if !by_venue {
            without_polls(&mut engine);
        }
        let tell = tellable(&mut engine);
        let day = async {
            until(|| floor.orders() == ["SOON_entry_1 New"]).await;
            if by_venue {
                until(|| !floor.venue.sleepers().is_empty()).await;
            }
            floor.kill(KillLevel::Cancel);
            floor.venue.rouse();
            until(|| floor.orders() == ["SOON_entry_1 Canceled"]).await;
            tell.send("SIGTERM").unwrap();
        };
        assert_eq!(tokio::join!(engine.run(), day).0.unwrap(), ExitCode::Ok, "{by_venue}");
    }
}

#[tokio::test]
async fn a_stream_that_never_was_live_keeps_openings_back_and_no_stop() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    floor.tick();
    floor.until_entry_of("LATE");
    let mut engine = floor.start().await;
    engine.watch = crate::stream::Watch::new(floor.venue.now());
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), floor.is_protected("SOON")), (2, true), "no entry of LATE");
    assert_eq!((refusals(&engine), alerts(&engine)), (vec!["stream_silent".to_owned()], vec![]));
    engine.stream.follow_with(quick(), floor.venue.now());
    hearing(&mut engine, |engine| silent_for(engine, floor.venue.now()) == 0).await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "LATE_entry_1 New");
}

#[tokio::test]
async fn a_lost_stream_blocks_entries_after_30_s_cancels_them_after_120_s_and_never_touches_a_stop() {
    let floor = Floor::with(&["SOON", "LATE", "THIN"]);
    let mut engine = floor.start().await;
    engine.stream.follow_with(slow_to_return(), floor.venue.now());
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    floor.sim("/sim/halt", r#"{"symbol":"LATE","halted":true}"#);
    floor.sim("/sim/stream", r#"{"stream":"trade_updates","fault":"cut"}"#);
    hearing(&mut engine, |engine| engine.watch.is_silent_for(floor.venue.now(), TimeDelta::zero())).await;
    floor.seconds(29);
    engine.cycle().await.unwrap();
    assert_eq!((refusals(&engine), alerts(&engine)), (vec![], vec![]));
    floor.until_entry_of("THIN");
    engine.cycle().await.unwrap();
    assert_eq!((refusals(&engine), alerts(&engine)), (vec!["stream_silent".to_owned()], vec!["stream".to_owned()]));
    let entries = ["SOON_entry_1 Filled", "SOON_stop_1 New", "LATE_entry_1 New"];
    assert_eq!(floor.orders(), entries, "what works already goes on, and THIN is not entered");

    floor.cancel_by_hand("SOON_stop_1");
    floor.seconds(56);
    engine.cycle().await.unwrap();
    let withdrawn = ["SOON_entry_1 Filled", "SOON_stop_1 Canceled", "LATE_entry_1 Canceled", "SOON_stop_2 New"];
    assert_eq!(floor.orders(), withdrawn);
    assert_eq!(alerts(&engine), ["stream"], "told once");

    engine.stream.follow_with(quick(), floor.venue.now());
    hearing(&mut engine, |engine| silent_for(engine, floor.venue.now()) == 0).await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "THIN_entry_1 New");
}

#[tokio::test]
async fn a_mute_stream_is_found_out_by_rest_and_keeps_no_stop_back() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.stream.follow_with(quick(), floor.venue.now());
    hearing(&mut engine, |engine| engine.watch.has_a_word()).await;
    engine.cycle().await.unwrap();
    floor.sim("/sim/stream", r#"{"stream":"trade_updates","fault":"silent"}"#);
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    let now = floor.venue.now();
    hearing(&mut engine, |engine| engine.watch.is_silent_for(now, TimeDelta::zero())).await;
    // Another connection may mend it, and did not.
    hearing(&mut engine, |engine| !engine.watch.is_silent_for(now, TimeDelta::zero())).await;
    // What came before it listened again, it reads by REST; what comes then, it should have told.
    let reads = || floor.venue.request_log().into_iter().filter(is_read).count();
    let before = reads();
    hearing(&mut engine, |_| reads() > before + 3).await;
    floor.cancel_by_hand("SOON_stop_1");
    hearing(&mut engine, |engine| engine.watch.is_silent_for(now, TimeDelta::zero())).await;
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"), "{:?}", floor.orders());
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), refusals(&engine)), (3, vec!["stream_silent".to_owned()]), "no entry of LATE");
}

fn is_read(request: &broker_sim::RequestSeen) -> bool {
    request.agent.ends_with("(stream)") && is_for_executions(request)
}

/// One of our orders has a fill in the ledger that the broker never had.
async fn with_a_fill_too_many(floor: &Floor) -> Box<Engine<broker::alpaca::Alpaca>> {
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    let mut fill = floor.venue.truth().fills[0].clone();
    fill.id = "of another world".to_owned();
    engine.ledger.record(floor.venue.now(), &[Record::Execution(fill)]).unwrap();
    drop(engine);
    floor.start().await
}

/// Reads and compares at the present instant. Whether a look is due after it.
async fn copy_once<B: Broker>(floor: &Floor, engine: &mut Engine<B>) -> bool {
    let now = floor.venue.now();
    let listed = engine.list_fills(now).await;
    let looks = engine.compare(listed, now);
    engine.write_words();
    looks
}

/// A difference is seen, lasts for a grace, and is still there after the next look.
async fn copy_until_it_lasts<B: Broker>(floor: &Floor, engine: &mut Engine<B>) {
    assert!(copy_once(floor, engine).await, "a look is due");
    floor.venue.advance_to(floor.venue.now() + EVERY);
    engine.cycle().await.unwrap();
    assert!(copy_once(floor, engine).await, "and another");
    engine.cycle().await.unwrap();
    let now = floor.venue.now();
    assert_eq!(engine.copying.due(&session(), now), Some(now), "which is compared at once");
}

/// How often humans were alerted of a drop copy that differs.
fn told<B: Broker>(engine: &Engine<B>) -> usize {
    alerts(engine).iter().filter(|subject| *subject == "drop copy").count()
}

fn switch(floor: &Floor) -> KillSwitch {
    KillSwitch::read_file(&floor.layout.kill_switch())
}

#[tokio::test]
async fn fills_that_do_not_agree_for_long_latch_the_kill_switch_and_leave_the_stops() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = with_a_fill_too_many(&floor).await;
    copy_until_it_lasts(&floor, &mut engine).await;
    assert_eq!(switch(&floor), KillSwitch::Clear, "it may be late");
    assert!(!copy_once(&floor, &mut engine).await);
    let KillSwitch::Latched(latch) = switch(&floor) else { panic!("not latched") };
    assert_eq!((latch.level, latch.by.as_deref()), (KillLevel::Entries, Some("execution: drop copy")));
    let order = floor.venue.truth().orders[0].id.to_string();
    assert!(latch.reason.contains(&order), "{}", latch.reason);
    assert_eq!(told(&engine), 1);
    assert_eq!(engine.kill_level(), Some(Kill::Entries));
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    KillSwitch::clear(&floor.layout.kill_switch()).unwrap();
    for restarts in [false, true] {
        if restarts {
            drop(engine);
            engine = floor.start().await;
        }
        for _ in 0..3 {
            floor.venue.advance_to(floor.venue.now() + EVERY);
            assert!(!copy_once(&floor, &mut engine).await);
            engine.cycle().await.unwrap();
        }
        assert_eq!(engine.kill_level(), None, "who cleared it knew ({restarts})");
    }
}

/// A stop fills while the broker's positions cannot be read, or its executions take longer than a look waits.
#[tokio::test]
async fn fills_that_no_look_has_read_halt_nothing() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    for _ in 0..5 {
        assert!(copy_once(&floor, &mut engine).await, "a look is due");
        floor.venue.advance_to(floor.venue.now() + EVERY);
    }
    engine.cycle().await.unwrap();
    assert!(!copy_once(&floor, &mut engine).await);
    assert_eq!((switch(&floor), alerts(&engine)), (KillSwitch::Clear, vec![]));
}

#[tokio::test]
async fn a_kill_switch_that_cannot_be_latched_halts_the_process_and_the_next_one_until_it_can() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = with_a_fill_too_many(&floor).await;
    copy_until_it_lasts(&floor, &mut engine).await;
    // Somebody else is at it, and does not end.
    let lock = std::fs::File::open(floor.layout.kill_switch().parent().unwrap()).unwrap();
    lock.lock().unwrap();
    copy_once(&floor, &mut engine).await;
    assert_eq!((switch(&floor), engine.kill_level()), (KillSwitch::Clear, Some(Kill::Entries)));
    assert_eq!(told(&engine), 1);
    drop(engine);
    let mut engine = floor.start().await;
    assert_eq!(engine.kill_level(), Some(Kill::Entries), "a restart forgets nothing");
    copy_once(&floor, &mut engine).await;
    assert_eq!((switch(&floor), engine.kill_level()), (KillSwitch::Clear, Some(Kill::Entries)));
    drop(lock);
    copy_once(&floor, &mut engine).await;
    assert_eq!((switch(&floor).level(), told(&engine)), (Some(KillLevel::Entries), 2));
    KillSwitch::clear(&floor.layout.kill_switch()).unwrap();
    assert_eq!(engine.kill_level(), None, "a human lifts it");
    drop(engine);
    assert_eq!(floor.start().await.kill_level(), None);
}

#[tokio::test]
async fn a_drop_copy_that_cannot_be_read_is_no_difference_and_is_told_after_a_while() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = with_a_fill_too_many(&floor).await;
    for minute in 0..7 {
        let now = floor.venue.now();
        assert_eq!(engine.copy_due(now).map(|due| due <= now), Some(true));
        engine.compare(Err("no answer".to_owned()), now);
        engine.write_words();
        assert_eq!(engine.copying.due(&session(), now), Some(now + EVERY));
        assert_eq!(alerts(&engine).len(), usize::from(minute >= 5), "{minute}");
        floor.venue.advance_to(now + EVERY);
    }
    assert_eq!((engine.kill_level(), alerts(&engine)), (None, vec!["drop copy/uncompared".to_owned()]));
    floor.venue.advance_to(session().close + EVERY);
    engine.copy_due(floor.venue.now());
    engine.write_words();
    assert_eq!(alerts(&engine), ["drop copy/uncompared", "drop copy/close"], "and when the day ends so");
    copy_once(&floor, &mut engine).await;
    engine.copy_due(floor.venue.now());
    engine.write_words();
    assert_eq!(alerts(&engine).len(), 2);
}

#[tokio::test]
async fn the_drop_copy_keeps_to_the_rate_limit_and_looks_go_on() {
    let floor = Floor::with(&["SOON"]).limited(4);
    let mut engine = floor.start().await;
    let now = floor.venue.now();
    let mut said = Ok(());
    for _ in 0..4 {
        said = engine.list_fills(now).await.map(drop);
    }
    assert!(said.unwrap_err().contains("the rate limit has room for it in"));
    engine.cycle().await.unwrap();
}

/// The program's clock stands still here, which is how one that is set back looks to a wait.
#[tokio::test]
async fn a_clock_that_is_set_back_in_mid_wait_holds_no_poll_up() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    copy_once(&floor, &mut engine).await;
    engine.pacer = Pacer::new(None, "execution").unwrap();
    let almost_due = floor.venue.now() + EVERY - TimeDelta::milliseconds(20);
    let wait = engine.wait(almost_due, almost_due + TimeDelta::milliseconds(200));
    assert!(tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it ends").unwrap().is_none());
}

#[tokio::test]
async fn a_drop_copy_that_is_not_answered_keeps_no_look_waiting() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.stream.follow_with(quick(), floor.venue.now());
    engine.cycle().await.unwrap();
    hearing(&mut engine, |engine| engine.watch.has_a_word()).await;
    engine.pacer = Pacer::new(None, "execution").unwrap();
    engine.patience.market = Duration::from_secs(600);
    floor.hang(is_for_executions);
    let asked = || floor.requests("GET", "/v2/account/activities/FILL");
    let (before, now) = (asked(), floor.venue.now());
    let wait = engine.wait(now, now + TimeDelta::milliseconds(500));
    let ended = tokio::time::timeout(Duration::from_secs(20), wait).await.expect("a poll is a poll");
    assert!(ended.unwrap().is_none());
    assert_eq!(asked(), before + 1);
    // A ring ends it as well.
    let wait = engine.wait(now, now + TimeDelta::hours(10));
    let ring = async {
        until(|| asked() > before + 1).await;
        floor.cancel_by_hand("SOON_entry_1");
    };
    let both = async { tokio::join!(wait, ring) };
    let (ended, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("a ring is a ring");
    assert!(ended.unwrap().is_none());
}

#[tokio::test]
async fn a_ring_whose_look_fails_is_not_forgotten() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let pace = engine.config.pace;
    floor.cut(Moment::Before, |request| request.path == "/v2/positions");
    assert!(engine.cycle().await.is_err());
    assert_eq!(engine.after_failure(), pace.tight, "nobody rang");
    engine.bell.ring(tokio::time::Instant::now());
    for _ in 0..2 {
        assert!(engine.cycle().await.is_err());
        assert_eq!(engine.after_failure(), pace.hurry);
    }
    floor.calm();
    engine.cycle().await.unwrap();
    assert_eq!(engine.after_failure(), pace.tight);
}

/// What one hour of the loop asks the broker, what the venue made of it, and what the ledger holds of the drop copy.
async fn an_hour() -> (Vec<String>, String, Vec<String>) {
    let floor = Floor::with(&["SOON", "LATE", "THIN", "SINK"]);
    let mut engine = floor.start().await;
    let tell = tellable(&mut engine);
    // A machine that is busy for some seconds is no broker that does not answer.
    let long = Duration::from_secs(600);
    engine.patience = Patience { aside: long, market: long, executions: long, ..Patience::default() };
    let end = date().at_hm(10, 50);
    let day = async {
        drive(&floor.venue, |venue| venue.now() >= end).await;
        until(|| !floor.venue.sleepers().is_empty()).await;
        tell.send("SIGTERM").unwrap();
    };
    assert_eq!(tokio::join!(engine.run(), day).0.unwrap(), ExitCode::Ok);
    let seen = floor.seen().into_iter().map(|request| {
        let broker_sim::RequestSeen { method, path, query, body, .. } = request;
        format!("{method} {path} {query} {body}")
    });
    let events = engine.ledger.events_since(Timestamp::from_unix_nanos(0)).unwrap();
    let copies = events.into_iter().filter(|event| event.kind == "drop_copy").map(|event| event.text);
    let mut seen: Vec<String> = seen.collect();
    // What is asked for at once arrives in any order.
    seen.sort();
    (seen, floor.venue.event_log(), copies.collect())
}

#[tokio::test]
async fn the_same_hour_goes_the_same_way_and_its_fills_agree() {
    let (one, two) = (an_hour().await, an_hour().await);
    assert_eq!(one.1, two.1, "what the venue made of it");
    let differs = one.0.iter().zip(&two.0).find(|(one, two)| one != two);
    assert!(one.0.len() == two.0.len() && differs.is_none(), "{differs:?}");
    assert_eq!(one.2, two.2);
    assert_eq!(one.2.len(), 1, "{:?}", one.2);
    assert!(one.2[0].starts_with("drop copy: "), "{:?}", one.2);
    assert!(one.1.contains("filled"));
}

/// Also a measurement: `PORTCULLIS_MEASURE=1 cargo test -p execution --release from_its_fill -- --nocapture`.
#[tokio::test]
async fn a_stop_follows_its_fill_without_a_poll_and_takes_so_long_from_its_fill() {
    let measures = std::env::var_os("PORTCULLIS_MEASURE").is_some();
    let mut took = Vec::new();
    for _ in 0..if measures { 21 } else { 1 } {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        without_polls(&mut engine);
        let tell = tellable(&mut engine);
        let day = async {
            until(|| floor.orders() == ["SOON_entry_1 New"]).await;
            if measures {
                // What the send itself has told is heard by now.
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            let filled = std::time::Instant::now();
            floor.tick();
            until(|| floor.venue.truth().orders.len() == 2).await;
            took.push(filled.elapsed());
            tell.send("SIGTERM").unwrap();
        };
        tokio::join!(engine.run(), day).0.unwrap();
    }
    took.sort();
    let (median, longest) = (took[took.len() / 2], took.last());
    println!("from a fill to its stop at the venue: median {median:?}, longest {longest:?} of {}", took.len());
}
