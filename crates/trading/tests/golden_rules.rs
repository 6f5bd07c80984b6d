//! The predecessor's cases for sizing, break and hold, the session, caps and the pace of the loop, against ours.
//!
//! A case agrees, or it is of a kind that docs/decisions/0008 or 0009 explains; every kind is counted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use market::{Bps, Calendar, Candle, NyDate, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use serde_json::Value;
use trading::{
    confirm::break_and_hold,
    control::{Authority, Facts, Used, approve},
    limits::Limits,
    order::{OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    phase::{self, Phase},
    polling::Pace,
    refusal::Reason,
    report::AccountReport,
    sizing,
};

#[test]
fn sizes_by_distance() {
    let mut agreed = 0;
    for case in cases("size_shares") {
        let equity = Usd::from_f64_rounded(case["equity"].as_f64().unwrap()).unwrap();
        let price = Price::from_f64_rounded(case["price"].as_f64().unwrap()).unwrap();
        let distance = sizing::distance_rounded(case["dist_pct"].as_f64().unwrap()).unwrap();
        let correlation = Bps::new((case["corr"].as_f64().unwrap() * 10_000.0).round() as u32).unwrap();
        let shares = sizing::by_distance(equity, Limits::default().distance_stake, price, distance, correlation);
        assert_eq!(u64::from(shares), case["out"].as_u64().unwrap(), "{case}");
        agreed += 1;
    }
    assert!(agreed == 100 || agreed == 0);
}

#[test]
fn breaks_that_hold() {
    for case in cases("boh") {
        let price = |name: &str| Price::from_f64_rounded(case[name].as_f64().unwrap()).unwrap();
        let average = case["avg_vol"].as_f64().unwrap() as u32;
        let candle = |minutes: i64, close: Price, volume: u32| Candle {
            start: "2026-01-15T15:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes),
            open: close,
            high: close,
            low: close,
            close,
            volume: Qty::shares(volume),
        };
        // The last candle of every case traded 1,000 shares.
        let candles = [candle(0, price("prev"), average), candle(10, price("last"), 1_000)];
        let confirmed = break_and_hold(&candles, price("pivot")).is_some();
        assert_eq!(Some(confirmed), case["out"].as_bool(), "{case}");
    }
}

/// Kind: the predecessor names a phase by the clock alone, also at night and on a Saturday. Ours is closed when the
/// market is.
#[test]
fn phases_and_windows() {
    let (mut agreed, mut named_while_closed) = (0, 0);
    let cases = cases("session");
    for case in &cases {
        let now: Timestamp = case["utc"].as_str().unwrap().parse().unwrap();
        let session = session_of(now.ny_date());
        let ours = session.map_or(Phase::Closed, |session| Phase::at(&session, now));
        assert_eq!(Some(phase::is_open(session.as_ref(), now)), case["market_open"].as_bool(), "{case}");
        let window = session.is_some_and(|session| phase::in_entry_window(&session, now, TimeDelta::zero()));
        assert_eq!(Some(window), case["entry_window"].as_bool(), "{case}");
        if serde_json::to_value(ours).unwrap() == case["phase"] {
            agreed += 1;
        } else {
            assert!(ours == Phase::Closed && case["market_open"] == false, "{case}");
            named_while_closed += 1;
        }
    }
    assert!(cases.is_empty() || (agreed, named_while_closed) == (25, 12), "{agreed} {named_while_closed}");
}

/// Kind: a symbol that is missing. Ours cannot be built.
#[test]
fn caps() {
    let (mut agreed, mut cannot_be_built) = (0, 0);
    let cases = cases("enforce_caps");
    for case in &cases {
        let (passes, why) = (case["out"][0].as_bool().unwrap(), case["out"][1].as_str().unwrap());
        let Ok(symbol) = Symbol::new(case["symbol"].as_str().unwrap()) else {
            assert_eq!((passes, why), (false, "symbol missing"));
            cannot_be_built += 1;
            continue;
        };
        let expect = match why {
            "caps ok" => None,
            "max orders/day reached" => Some(Reason::MaxOrdersPerDay),
            "max positions reached" => Some(Reason::MaxPositions),
            "max symbol notional reached" => Some(Reason::MaxSymbolNotional),
            other => panic!("{other}"),
        };
        assert_eq!(refused(case, symbol), expect, "{case}");
        agreed += 1;
    }
    assert!(cases.is_empty() || (agreed, cannot_be_built) == (5, 1));
}

/// Kind: the wait before the open. The predecessor sleeps its five minutes through the open; ours ends with it.
#[test]
fn waits() {
    let (mut agreed, mut ends_with_the_open) = (0, 0);
    let cases = cases("poll_seconds");
    for case in &cases {
        let (date, time) = case["et"].as_str().unwrap().split_once('T').unwrap();
        let date: NyDate = date.parse().unwrap();
        let now = date.at(market::NaiveTime::parse_from_str(time, "%H:%M").unwrap());
        let pace = Pace { base: TimeDelta::seconds(case["base"].as_i64().unwrap()), ..Pace::default() };
        let session = session_of(date);
        let wait = pace.wait(session.as_ref(), now, None);
        if Some(wait.num_seconds()) == case["out"].as_i64() {
            agreed += 1;
        } else {
            assert_eq!(now + wait, session.unwrap().open, "{case}");
            ends_with_the_open += 1;
        }
    }
    assert!(cases.is_empty() || (agreed, ends_with_the_open) == (6, 1), "{agreed} {ends_with_the_open}");
}

/// The case as an opening that everything but its caps lets pass.
fn refused(case: &Value, symbol: Symbol) -> Option<Reason> {
    let dollars = |name: &str| Usd::from_f64_rounded(case[name].as_f64().unwrap()).unwrap();
    let limit = Price::from_f64_rounded(case["price"].as_f64().unwrap()).unwrap();
    let session = session_of("2026-01-15".parse().unwrap());
    let now = session.unwrap().date.at_hm(11, 0);
    let allowlist = case["allow"].as_array().into_iter().flatten();
    let allowlist = allowlist.map(|symbol| symbol.as_str().unwrap().parse().unwrap()).collect();
    let used = Used {
        orders_today: case["ledger_n"].as_u64().unwrap() as u32,
        positions: case["open_positions"].as_u64().unwrap() as u32,
        gross: dollars("ledger_gross"),
        symbol: dollars("ledger_sym"),
        ..Used::default()
    };
    let rich = Usd::dollars(1_000_000);
    let facts = Facts {
        now,
        high_water: now,
        clock_skew: Some(TimeDelta::zero()),
        session,
        authority: &Authority::Open,
        kill: None,
        account: Some(&AccountReport {
            number: "PA3".parse().unwrap(),
            equity: rich,
            last_equity: rich,
            cash: rich,
            buying_power: rich,
            trading_blocked: false,
        }),
        limits: &Limits { allowlist, ..Limits::default() },
        quote: Quote::new(now, limit, limit),
        newest_candle: Some(now),
        average_volume: Some(Qty::shares(1_000_000)),
        used,
        consumed_today: false,
        blocked: None,
        mismatch: None,
        stream_silent: None,
        executions_read_at: now,
        held: Qty::ZERO,
        held_for_orders: Qty::ZERO,
        replaced: None,
        id_used: false,
    };
    let order = OrderRequest {
        client_order_id: "pc_PA3_20260115_avwap_AAPL_entry_1".parse().unwrap(),
        symbol,
        side: Side::Buy,
        qty: Qty::shares(case["qty"].as_u64().unwrap() as u32),
        kind: OrderKind::Limit { limit },
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    };
    approve(order, &facts).err().map(|refusal| refusal.reason)
}

fn session_of(date: NyDate) -> Option<Session> {
    Calendar::nyse().session_on(date).unwrap()
}

/// The cases of one rule; none when the given material is not there.
fn cases(rule: &str) -> Vec<Value> {
    let shared = std::env::var_os("PORTCULLIS_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = shared.join("golden/execution/vectors.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
        println!("skipped: needs ../shared ({})", path.display());
        return Vec::new();
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    vectors[rule].as_array().unwrap().clone()
}
