//! LIVE: the live gate at the start, in every cycle and before every opening, and that losing it loses no protection. At a
//! venue on loopback, armed by whoever runs the test.

use std::fs;

use contract::{Env, ExitCode, OrdersToday, View, arming::ArmingFile, env, sha256_hex};
use market::NyDate;

use super::floor::{Floor, MANIFEST, date, intents, refusals};
use crate::config::Config;

pub const ACCOUNT: &str = "123456789";
const AVWAP: &str = include_str!("../../../../../manifests/avwap.toml");
const TOKEN: &str = "0123456789abcdef";

/// A floor whose deployment is live and armed for the day.
pub fn armed(symbols: &[&str]) -> Floor {
    let floor = Floor::of_account(symbols, ACCOUNT);
    let root = floor.layout.root().to_owned();
    let manifest = manifest("armed");
    fs::write(root.join(MANIFEST), &manifest).unwrap();
    fs::create_dir_all(floor.layout.state_dir()).unwrap();
    fs::create_dir(root.join("arming")).unwrap();
    fs::write(floor.layout.live_confirm_token(), TOKEN).unwrap();
    arm(&floor, date());
    floor
        .and(&env::EXECUTION_MODE, "LIVE")
        .and(&env::LIVE_TRADING, "1")
        .and(&env::LIVE_CONFIRM_TOKEN, TOKEN)
        .and(&env::PORTCULLIS_ARMING_DIR, root.join("arming"))
        .and(&env::PORTCULLIS_MANIFEST_DIGEST, format!("sha256:{}", sha256_hex(manifest.as_bytes())))
}

fn manifest(live: &str) -> String {
    AVWAP
        .replacen("mode = \"paper\"", "mode = \"live\"", 1)
        .replacen("live = \"never\"", &format!("live = \"{live}\""), 1)
        .replacen("account = \"PA30000000\"", &format!("account = \"{ACCOUNT}\""), 1)
        .replacen("keys = [", "keys = [\"LIVE_CONFIRM_TOKEN\", ", 1)
}

/// What `desk arm` writes.
fn arm(floor: &Floor, armed_for: NyDate) {
    let file = ArmingFile {
        schema: ArmingFile::SCHEMA,
        armed_for,
        account: ACCOUNT.to_owned(),
        token_sha256: sha256_hex(TOKEN.as_bytes()),
        armed_at: floor.venue.now(),
    };
    file.write(&floor.layout.root().join("arming")).unwrap();
    OrdersToday::empty(armed_for, ACCOUNT).write(&floor.layout.live_orders_today()).unwrap();
}

fn armed_file(floor: &Floor) -> std::path::PathBuf {
    ArmingFile::path(&floor.layout.root().join("arming"), ACCOUNT)
}

fn yesterday() -> NyDate {
    "2026-11-09".parse().unwrap()
}

type Loss = (&'static str, fn(&Floor));

/// What happens to a key in the day.
const LOSSES: [Loss; 6] = [
    ("disarmed", |floor| fs::remove_file(armed_file(floor)).unwrap()),
    ("armed for another day", |floor| arm(floor, yesterday())),
    ("the token's file is gone", |floor| fs::remove_file(floor.layout.live_confirm_token()).unwrap()),
    ("another token", |floor| fs::write(floor.layout.live_confirm_token(), "fedcba").unwrap()),
    ("the live ledger is gone", |floor| fs::remove_file(floor.layout.live_orders_today()).unwrap()),
    ("the live ledger is damaged", |floor| fs::write(floor.layout.live_orders_today(), "{").unwrap()),
];

#[tokio::test]
async fn armed_it_opens_protects_and_writes_the_orders_of_its_day() {
    let floor = armed(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    let file = OrdersToday::read(&floor.layout.live_orders_today()).unwrap();
    let order = file.orders.first().unwrap();
    assert_eq!((file.orders.len(), file.date, order.symbol.as_str()), (1, date(), "SOON"));
    assert!(order.client_order_id.starts_with(&format!("pc_{ACCOUNT}_")) && order.notional > market::Usd::ZERO);
    let events = engine.ledger.events_since(market::Timestamp::from_unix_nanos(0)).unwrap();
    let said = events.iter().find(|event| event.kind == "gate").unwrap();
    let expect = "Gate mode=LIVE status=PASS reason=live trading confirmed\nGate allowlist=ALL\n\
        Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)";
    assert_eq!(said.text, expect);
}

#[tokio::test]
async fn flat_without_a_key_it_does_not_start_and_asks_nobody() {
    for (what, happens) in LOSSES {
        let floor = armed(&["SOON"]);
        happens(&floor);
        assert_eq!(floor.refusal().await, ExitCode::LiveRefused, "{what}");
        assert_eq!(floor.venue.request_log(), [], "{what}");
        assert!(!floor.layout.database().exists(), "{what}");
    }
    for variable in [&env::LIVE_TRADING, &env::LIVE_CONFIRM_TOKEN, &env::PORTCULLIS_ARMING_DIR] {
        let floor = armed(&["SOON"]);
        assert_eq!(floor.and(variable, "").refusal().await, ExitCode::LiveRefused, "{}", variable.name);
    }
}

#[tokio::test]
async fn a_key_lost_in_the_day_withdraws_entries_keeps_stops_and_opens_again_when_it_is_back() {
    for (what, happens) in LOSSES {
        let floor = armed(&["SOON", "LATE", "THIN"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        engine.cycle().await.unwrap();
        floor.until_entry_of("LATE");
        engine.cycle().await.unwrap();
        happens(&floor);
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New", "LATE_entry_1 Canceled"], "{what}");
        floor.cancel_by_hand("SOON_stop_1");
        engine.cycle().await.unwrap();
        assert!(floor.is_protected("SOON"), "{what}: protection goes on");
        floor.until_entry_of("THIN");
        let end = engine.cycle().await.unwrap();
        assert_eq!((refusals(&engine), engine.is_over(&end)), (vec!["gate".to_owned()], None), "{what}");

        fs::write(floor.layout.live_confirm_token(), TOKEN).unwrap();
        arm(&floor, date());
        engine.cycle().await.unwrap();
        assert!(intents(&engine).contains(&"THIN_entry_1 Working".to_owned()), "{what}: {:?}", intents(&engine));
    }
}

/// `desk disarm` has returned: the cycle under way, whose decision is made, opens nothing either.
#[tokio::test]
async fn a_key_lost_between_decision_and_send_sends_no_opening() {
    for (what, happens) in LOSSES {
        let floor = std::sync::Arc::new(armed(&["SOON", "LATE"]));
        let mut engine = floor.start().await;
        let (weak, mut is_first) = (std::sync::Arc::downgrade(&floor), true);
        // The last thing that is read before the decision.
        floor.at(
            broker_sim::Moment::After,
            |request| request.path.starts_with("/v2/stocks/"),
            move || {
                if let Some(floor) = weak.upgrade().filter(|_| std::mem::take(&mut is_first)) {
                    happens(&floor);
                }
            },
        );
        engine.cycle().await.unwrap();
        assert_eq!((floor.orders().len(), intents(&engine).len()), (0, 0), "{what}: {:?}", floor.orders());
        assert_eq!(refusals(&engine), ["gate"], "{what}");
    }
}

#[tokio::test]
async fn with_something_to_protect_it_starts_without_a_key_manages_and_ends_with_the_refusal_once_flat() {
    let floor = armed(&["SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    drop(engine);
    LOSSES[0].1(&floor);

    let mut engine = floor.start().await;
    let end = engine.cycle().await.unwrap();
    assert!(engine.is_over(&end).is_none() && floor.is_protected("SINK"));
    floor.venue.advance_to(date().at_hm(11, 50));
    assert_eq!(engine.run().await.unwrap(), ExitCode::LiveRefused);
    assert!(floor.exposure().is_flat());
}

/// What makes openings unsafe, and the code of a flat start.
#[tokio::test]
async fn a_reservation_refuses_a_flat_start_and_lets_one_that_holds_something_manage_it() {
    type Change = fn(Floor) -> Floor;
    let table: [(&str, Change); 9] = [
        ("a limit nobody can read", |floor| floor.and(&env::MAX_LIVE_GROSS_NOTIONAL, "5.000,00")),
        ("another system's flag", |floor| floor.and_named("IS_PAPER_TRADING", "false")),
        ("a limit that nothing enforces", |floor| floor.and_named("MAX_LIVE_POSITONS", "1")),
        ("another system's limits", |floor| floor.and_named("EXECUTION_CONFIG_PATH", "execution.yaml")),
        ("half a manifest", |floor| floor.and(&env::PORTCULLIS_MANIFEST_DIGEST, "")),
        ("a manifest that climbs", |floor| floor.and(&env::PORTCULLIS_MANIFEST, "../avwap.toml")),
        ("market data of somebody else", |floor| floor.and(&env::APCA_API_DATA_URL, "https://data.alpaca.example")),
        ("a folder of records that root made", |floor| {
            let _ = fs::remove_dir_all(floor.layout.ledger_dir());
            std::os::unix::fs::symlink("/proc/1", floor.layout.ledger_dir()).unwrap();
            floor
        }),
        ("a kill switch where nobody looks", |floor| {
            fs::write(floor.layout.root().join("KILL_SWITCH"), "").unwrap();
            floor
        }),
    ];
    for (what, change) in table {
        let floor = change(Floor::with(&["SOON"]));
        assert_eq!(floor.refusal().await, ExitCode::BadConfig, "{what}");
        assert!(!floor.layout.database().exists() && floor.venue.request_log().is_empty(), "{what}");

        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        drop(engine);
        let floor = change(floor);
        let mut engine = floor.start().await;
        floor.until_entry_of("LATE");
        engine.cycle().await.unwrap();
        assert_eq!((floor.is_protected("SOON"), floor.sends()), (true, 2), "{what}: {:?}", floor.orders());
        assert_eq!(refusals(&engine), ["gate"], "{what}");
    }
}

#[tokio::test]
async fn the_manifest_must_say_live_armed_and_this_account() {
    for (what, text) in [
        ("never", manifest("never")),
        ("another mode", AVWAP.replacen("live = \"never\"", "live = \"armed\"", 1)),
        ("another account", manifest("armed").replacen(ACCOUNT, "987654321", 1)),
        ("errors", manifest("armed").replacen("schema = 1", "schema = 2", 1)),
    ] {
        let floor = armed(&["SOON"]);
        fs::write(floor.layout.root().join(MANIFEST), &text).unwrap();
        let digest = format!("sha256:{}", sha256_hex(text.as_bytes()));
        let floor = floor.and(&env::PORTCULLIS_MANIFEST_DIGEST, digest);
        let config = Config::from_env(floor.env()).unwrap();
        assert_eq!(config.reservations.len(), 1, "{what}: {:?}", config.reservations);
        assert_eq!(floor.refusal().await, ExitCode::BadConfig, "{what}");
    }
    let floor = armed(&["SOON"]);
    let floor = floor.and(&env::PORTCULLIS_MANIFEST, "").and(&env::PORTCULLIS_MANIFEST_DIGEST, "");
    assert_eq!(floor.refusal().await, ExitCode::BadConfig, "no manifest");
}

#[tokio::test]
async fn a_dry_run_never_takes_the_place_of_what_manages_something() {
    let floor = Floor::with(&["SOON"]);
    let mode = |floor: &Floor| Config::for_start(floor.env()).unwrap().mode;
    let dry = |floor: Floor| floor.and(&env::DRY_RUN, "1");
    let floor = dry(floor);
    assert_eq!(mode(&floor), contract::Mode::DryRun, "flat");
    let floor = floor.and(&env::DRY_RUN, "0");
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    drop(engine);
    let floor = dry(floor);
    let config = Config::for_start(floor.env()).unwrap();
    assert_eq!(config.mode, contract::Mode::Paper);
    assert!(config.reservations[0].starts_with("DRY_RUN enabled"), "{:?}", config.reservations);
    let floor = floor.and(&env::EXECUTION_MODE, "DRY_RUN");
    let config = Config::for_start(floor.env()).unwrap();
    assert_eq!((config.mode, config.warnings.len()), (contract::Mode::DryRun, 1), "there is no mode to manage it in");
    let mistyped = floor.and(&env::EXECUTION_MODE, "paper");
    for floor in [mistyped, Floor::with(&["SOON"]).and(&env::EXECUTION_MODE, "paper")] {
        let is_held = !contract::Exposure::assess(&floor.layout).is_flat();
        let problems = Config::for_start(floor.env()).err().map(|problems| problems.to_string());
        assert_eq!(problems.is_some(), is_held, "{problems:?}");
        assert!(problems.is_none_or(|text| text.contains("no mode to manage it in")));
    }
}

#[tokio::test]
async fn a_dry_run_can_ignore_the_hours_and_nothing_else() {
    let floor = Floor::with(&["SOON"]).and(&env::DRY_RUN, "1");
    floor.venue.advance_to(date().at_hm(17, 0));
    let config = |ignore_hours| {
        let mut config = Config::from_env(floor.env()).unwrap();
        config.ignore_hours = ignore_hours;
        config
    };
    assert_eq!(floor.refusal_of(config(false)).await, Some(ExitCode::GateRefused));
    let mut engine = floor.start_dry_with(config(true)).await;
    engine.cycle().await.unwrap();
    let heartbeat = fs::read_to_string(floor.layout.heartbeat()).unwrap();
    let heartbeat: serde_json::Value = serde_json::from_str(&heartbeat).unwrap();
    assert_eq!((&heartbeat["ignore_market_hours"], &heartbeat["market_open"]), (&true.into(), &true.into()));
    assert_eq!(heartbeat["authority"], "open", "{heartbeat}");
    drop(engine);
    floor.make_list_stale();
    assert_eq!(floor.refusal_of(config(true)).await, Some(ExitCode::GateRefused));
}

#[test]
fn the_whole_day_counts_when_hours_are_ignored_and_none_are_under_way() {
    let env = Env::from_pairs([
        ("PORTCULLIS_ACCOUNT", "PA3"),
        ("APCA_API_BASE_URL", "http://127.0.0.1:1"),
        ("APCA_API_DATA_URL", "http://127.0.0.1:1"),
        ("APCA_API_KEY_ID", "key"),
        ("APCA_API_SECRET_KEY", "hush"),
        ("STATE_DIRECTORY", "/nowhere"),
    ]);
    let mut config = Config::from_env(&env).unwrap();
    let session = super::floor::session();
    let hours = |config: &Config, hour, session| config.hours(session, date().at_hm(hour, 0));
    assert_eq!(hours(&config, 18, Some(session)), Some(session));
    assert_eq!(hours(&config, 18, None), None);
    config.ignore_hours = true;
    assert_eq!(hours(&config, 11, Some(session)), Some(session));
    for (hour, session) in [(8, Some(session)), (18, Some(session)), (12, None)] {
        assert!(hours(&config, hour, session).unwrap().contains(date().at_hm(hour, 0)));
    }
}
