//! What takes away the permission to open while the process runs, and what it leaves alone: protection.

use std::{collections::BTreeMap, fs, path::Path};

use broker::alpaca::Alpaca;
use broker_sim::{Moment, RequestSeen};
use contract::{ExitCode, KillLevel, KillSwitch, ScanStatus, env};
use market::Timestamp;
use serde_json::Value;
use trading::{
    control::Authority,
    engine::{Event, Surroundings},
};

use super::floor::{Floor, alerts, date, intents, is_send, refusals};
use crate::engine::{Engine, evaluate};

type Loss = (&'static str, fn(&Floor), &'static str);

/// What happens, how, and the reason that is recorded.
const LOSSES: [Loss; 6] = [
    ("another list, validly attested", |floor| floor.attest(&["SOON", "LATE", "THIN"], date(), "run-2"), "gate"),
    ("a later scan failed", |floor| floor.scan_run("run-2", date(), ScanStatus::Failed), "gate"),
    ("the list was altered", |floor| fs::write(floor.layout.candidates(), "Symbol\nSOON\n").unwrap(), "gate"),
    ("the attestation is gone", |floor| fs::remove_file(floor.layout.attestation()).unwrap(), "gate"),
    ("the manifest was edited", Floor::edit_manifest, "gate"),
    ("the kill switch, level cancel", |floor| floor.kill(KillLevel::Cancel), "kill_switch"),
];

#[tokio::test]
async fn without_permission_nothing_is_opened_and_the_reason_is_recorded() {
    let entries: Loss = ("the kill switch, level entries", |floor| floor.kill(KillLevel::Entries), "kill_switch");
    for (what, happens, reason) in LOSSES.into_iter().chain([entries]) {
        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        happens(&floor);
        engine.cycle().await.unwrap();
        floor.until_entry_of("LATE");
        engine.cycle().await.unwrap();
        assert_eq!((floor.sends(), intents(&engine)), (0, vec![]), "{what}");
        assert_eq!(refusals(&engine), [reason], "{what}");
    }
}

#[tokio::test]
async fn lost_permission_withdraws_what_is_being_opened_and_leaves_the_stops() {
    for (what, happens, _) in LOSSES {
        let (floor, mut engine) = holding_soon_and_buying_late().await;
        happens(&floor);
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New", "LATE_entry_1 Canceled"], "{what}");
        let end = engine.cycle().await.unwrap();
        assert!(end.settled && !end.flat, "{what}");
        assert_eq!(engine.is_over(&end), None, "{what}: what is held is managed");
        floor.cancel_by_hand("SOON_stop_1");
        engine.cycle().await.unwrap();
        assert!(floor.is_protected("SOON"), "{what}");
    }
}

#[tokio::test]
async fn at_level_entries_what_works_already_goes_on() {
    let (floor, mut engine) = holding_soon_and_buying_late().await;
    floor.kill(KillLevel::Entries);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders()[2], "LATE_entry_1 New");
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("LATE"));
}

#[tokio::test]
async fn at_level_flatten_everything_is_sold() {
    let (floor, mut engine) = holding_soon_and_buying_late().await;
    floor.kill(KillLevel::Flatten);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 Canceled", "LATE_entry_1 Canceled"]);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "SOON_exit_1 New");
    engine.cycle().await.unwrap();
    floor.tick();
    let end = engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "SOON_exit_1 Filled");
    assert!(end.flat && end.settled && floor.exposure().is_flat() && floor.venue.truth().positions.is_empty());
    assert_eq!(engine.is_over(&end), None, "somebody may clear the switch: it waits");
    assert_eq!(floor.sends(), 4, "two entries, a stop, an exit");
}

#[tokio::test]
async fn a_kill_switch_latched_after_the_decision_stops_the_sends_that_are_left() {
    let table: [(&str, Moment, fn(&RequestSeen) -> bool, &[&str]); 2] = [
        ("while the market is looked at", Moment::Before, is_for_quotes, &[]),
        ("while the first is sent", Moment::After, is_send, &["SOON_entry_1 New"]),
    ];
    for (when, moment, which, expect) in table {
        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        floor.until_entry_of("LATE");
        let (switch, now) = (floor.layout.kill_switch(), floor.venue.now());
        floor.at(moment, which, move || {
            KillSwitch::latch(&switch, KillLevel::Entries, "drill", "test", now).unwrap();
        });
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), expect, "{when}");
        assert_eq!(floor.sends(), expect.len(), "{when}");
        assert_eq!(refusals(&engine), ["kill_switch"], "{when}");
    }
}

#[tokio::test]
async fn the_same_list_scanned_again_takes_nothing_away() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    floor.attest(&["SOON"], date(), "run-2");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"]);
}

#[tokio::test]
async fn an_exposure_view_that_cannot_be_written_opens_nothing_and_keeps_no_stop_back() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    become_directory(&floor.layout.exposure());
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    assert_eq!(alerts(&engine), ["exposure"]);
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.sends(), 2, "no entry of LATE");
    fs::remove_dir(floor.layout.exposure()).unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "LATE_entry_1 New");
}

#[tokio::test]
async fn an_exposure_view_lost_while_the_market_is_looked_at_opens_nothing() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let exposure = floor.layout.exposure();
    floor.at(Moment::Before, is_for_quotes, move || become_directory(&exposure));
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), intents(&engine)), (0, vec![]));
    assert_eq!(alerts(&engine), ["exposure"]);
}

#[tokio::test]
async fn a_dry_run_decides_the_same_and_sends_nothing() {
    let paper = Floor::with(&["SOON", "LATE"]);
    let mut engine = paper.start().await;
    paper.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(paper.sends(), 2);

    let dry = Floor::with(&["SOON", "LATE"]).and(&env::DRY_RUN, "1");
    let mut engine = dry.start_dry().await;
    dry.until_entry_of("LATE");
    for _ in 0..3 {
        engine.cycle().await.unwrap();
        dry.tick();
    }
    assert_eq!(decided(&dry), decided(&paper));
    assert_eq!(intents(&engine), ["LATE_entry_1 Canceled", "SOON_entry_1 Canceled"]);
    let reads_only = dry.venue.request_log().iter().all(|request| request.method == "GET");
    assert!(reads_only && dry.orders().is_empty());
    assert!(!dry.layout.exposure().exists() && !dry.layout.database().exists(), "both belong to the real thing");
}

/// What a dry run decides reaches nobody, so it decides it again; at the pace of attempts that failed.
#[tokio::test]
async fn a_dry_run_beside_something_held_repeats_itself_slowly_and_ends_well() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    drop(engine);
    let floor = floor.and(&env::DRY_RUN, "1");
    floor.kill(KillLevel::Flatten);
    let mut engine = floor.start_dry().await;
    for _ in 0..20 {
        let end = engine.cycle().await.unwrap();
        assert!(end.settled, "nothing is under way");
        floor.seconds(15);
    }
    let exits = intents(&engine).iter().filter(|intent| intent.starts_with("SOON_exit")).count();
    assert!((5..=10).contains(&exits), "{exits}: five at once, then one a minute");
    assert_eq!(engine.wind_down("SIGTERM").await.unwrap(), ExitCode::Ok);
    assert!(alerts(&engine).iter().all(|subject| !subject.contains("rejected")), "{:?}", alerts(&engine));
    assert_eq!(floor.sends(), 1, "the entry of the real thing");
}

#[tokio::test]
async fn beside_a_position_that_cannot_be_read_nothing_is_opened() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let now = floor.venue.now();
    let verdict = evaluate(&engine.config, &engine.env, Ok(now));
    assert_eq!(engine.authority(&verdict), Authority::Open);
    engine.memory.unreadable = vec!["SHIBUSD".to_owned()];
    let Authority::ManageOnly(why) = engine.authority(&verdict) else { panic!("it may open") };
    assert!(why.contains("SHIBUSD"), "{why}");
    engine.tell_unreadable(now);
    engine.write_words();
    assert_eq!(alerts(&engine), ["positions"]);
}

#[tokio::test]
async fn beside_an_order_that_cannot_be_read_nothing_is_opened() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let now = floor.venue.now();
    let verdict = evaluate(&engine.config, &engine.env, Ok(now));
    engine.memory.unreadable_orders = vec!["of another hand".to_owned()];
    let Authority::ManageOnly(why) = engine.authority(&verdict) else { panic!("it may open") };
    assert!(why.contains("orders of another hand"), "{why}");
    engine.tell_unreadable(now);
    engine.write_words();
    assert_eq!(alerts(&engine), ["orders"]);
    let around = Surroundings {
        session: None,
        hours: None,
        authority: Authority::Open,
        kill: None,
        clock_skew: None,
        stream_silent: None,
        quotes: BTreeMap::new(),
    };
    for (unreadable, unknown) in [(vec!["of another hand".to_owned()], 1), (vec![], 0)] {
        engine.memory.unreadable_orders = unreadable;
        engine.feed(Event::Look(Box::default()), now).await.unwrap();
        engine.feed(Event::Protect(Box::new(around.clone())), now).await.unwrap();
        assert_eq!(floor.exposure().unknown_outcomes, unknown, "what nobody can read is not flat");
    }
}

#[tokio::test]
async fn an_asset_is_known_before_its_quote_is_asked_for_and_nothing_is_read_before_the_send() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    let seen: Vec<String> = floor.seen().into_iter().map(|request| request.path).collect();
    let of = |path: &str| seen.iter().position(|seen| seen == path).unwrap();
    assert!(of("/v2/assets/SOON") < of("/v2/stocks/quotes/latest"), "{seen:?}");
    assert_eq!((floor.sends(), seen.last().unwrap().as_str()), (1, "/v2/orders"));
}

#[tokio::test]
async fn what_the_broker_does_not_trade_is_refused_once_a_day_and_keeps_nothing_else_back() {
    let floor = Floor::with_untraded(&["SOON", "LATE"], "SOON");
    let mut engine = floor.start().await;
    for _ in 0..3 {
        engine.cycle().await.unwrap();
        floor.seconds(5);
    }
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["LATE_entry_1 New"]);
    let counts = engine.ledger.refusals_since(Timestamp::from_unix_nanos(0)).unwrap();
    let counts: Vec<_> = counts.into_iter().map(|count| (count.reason, count.count)).collect();
    assert_eq!(counts, [("symbol_blocked".to_owned(), 1)]);
    assert_eq!(intents(&engine), ["LATE_entry_1 Working"], "nothing of SOON is recorded");
}

/// An opening that is recorded and then held back would use up its symbol's day.
#[tokio::test]
async fn what_the_rate_limit_would_hold_back_is_not_recorded_and_what_works_is_left_alone() {
    // Half of it is for what only openings need: clock, calendar, account and asset use that up.
    let tight = 8;
    let floor = Floor::with(&["SOON"]).limited(tight);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), intents(&engine), refusals(&engine)), (0, vec![], vec!["gate".to_owned()]));
    drop(engine);

    let floor = floor.limited(200);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"], "the symbol's day was not used up");
    drop(engine);

    let floor = floor.limited(tight);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"]);
}

async fn holding_soon_and_buying_late() -> (Floor, Box<Engine<Alpaca>>) {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New", "LATE_entry_1 New"]);
    (floor, engine)
}

fn is_for_quotes(request: &RequestSeen) -> bool {
    request.path == "/v2/stocks/quotes/latest"
}

fn become_directory(path: &Path) {
    fs::remove_file(path).unwrap();
    fs::create_dir(path).unwrap();
}

/// The actions of the day's first decision.
fn decided(floor: &Floor) -> Value {
    let text = fs::read_to_string(floor.layout.portfolio_decisions(date())).unwrap();
    let record: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(!record["actions"].as_array().unwrap().is_empty(), "{record}");
    record["actions"].clone()
}
