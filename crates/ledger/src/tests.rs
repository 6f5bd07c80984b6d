//! The ledger over real files.

use std::path::PathBuf;

mod ballast;
mod header;
mod opening;
mod outbox;
mod seen;
mod time;
mod upgrade;

use market::{NyDate, Qty, Symbol, Timestamp};
use tempfile::TempDir;
use trading::{
    book::{Book, Intent, TradePlan},
    order::{AccountId, IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    reconcile::Change,
    record::Record,
    refusal::{Reason, Refusal},
    report::Execution,
    state::OrderState,
    tape::Split,
};

use super::*;

#[test]
fn what_is_recorded_comes_back_word_for_word() {
    let (_folder, path) = place();
    let intent = intent();
    {
        let mut ledger = Ledger::open(&path, &account()).unwrap();
        ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent.clone()))]).unwrap();
        let news = [Record::Change(change(&intent, OrderState::Working)), Record::Execution(fill())];
        ledger.record(date().at_hm(11, 1), &news).unwrap();
    }
    let ledger = Ledger::open(&path, &account()).unwrap();
    let book = ledger.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
    let expect = Intent { state: OrderState::Working, broker_id: Some("b1".parse().unwrap()), ..intent };
    assert_eq!(book.intents().map(|(_, intent)| intent.clone()).collect::<Vec<_>>(), [expect]);
    assert_eq!(book.tapes()[&fill().symbol].fills().cloned().collect::<Vec<_>>(), [fill()]);
}

/// The simulation's ledger is a list that [`Book::replay`] reads; this is why it may stand for the real one.
#[test]
fn what_the_file_gives_back_is_what_a_replay_of_the_records_gives() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let noon = date().at_hm(12, 0);
    let id = intent().request.client_order_id;
    let stop = |attempt, recorded_at| {
        let replaces = Some("pc_PA3_20261119_avwap_AAPL_stop_1".parse().unwrap());
        Intent { trade: None, replaces, ..intent_of(Leg::Stop, attempt, recorded_at) }
    };
    let split = Split { id: "s1".into(), symbol: fill().symbol, effective: noon, new: 2, old: 1 };
    let refusal = Refusal {
        at: noon,
        symbol: fill().symbol,
        purpose: Purpose::Open,
        reason: Reason::KillSwitch,
        detail: "level Entries".into(),
    };
    let records = [
        (date().at_hm(11, 0), Record::Intent(Box::new(intent()))),
        (date().at_hm(11, 0), Record::Note { id: id.clone(), note: "a lost answer".into() }),
        (date().at_hm(11, 1), Record::Change(change(&intent(), OrderState::Working))),
        (date().at_hm(11, 2), Record::Execution(fill())),
        (date().at_hm(11, 2), Record::Execution(fill())),
        (noon, Record::Intent(Box::new(stop(1, noon)))),
        (noon, Record::Split(split.clone())),
        (noon, Record::Split(split)),
        (noon, Record::Refusal(refusal)),
        (noon, Record::Change(carried_on(&intent()))),
        (date().at_hm(13, 0), Record::Change(Change { broker_id: None, ..change(&intent(), OrderState::Filled) })),
        // The clock went back: the later record is the later one all the same.
        (date().at_hm(11, 30), Record::Intent(Box::new(stop(2, date().at_hm(11, 30))))),
        (date().at_hm(11, 31), Record::Intent(Box::new(stop(3, date().at_hm(10, 31))))),
    ];
    for (at, record) in &records {
        ledger.record(*at, std::slice::from_ref(record)).unwrap();
    }
    let read = ledger.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
    assert_eq!(read, Book::replay(account(), "avwap".parse().unwrap(), &records));
}

#[test]
fn what_is_held_for_long_keeps_its_plan_its_stop_and_its_trims() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let intents =
        [intent(), intent_of(Leg::Stop, 1, date().at_hm(11, 2)), intent_of(Leg::Trim1, 1, date().at_hm(12, 0))];
    for intent in &intents {
        let id = intent.request.client_order_id.clone();
        let broker_id = Some(if intent.key.leg == Leg::Entry { fill().order_id } else { id.as_str().parse().unwrap() });
        let dead = Change { id, from: intent.state, to: OrderState::Filled, broker_id };
        let records = [Record::Intent(Box::new(intent.clone())), Record::Change(dead)];
        ledger.record(intent.recorded_at, &records).unwrap();
    }
    let count = |ledger: &Ledger| {
        let next_year = date().plus_days(365).at_hm(0, 0);
        ledger.book(&account(), &"avwap".parse().unwrap(), next_year).unwrap().intents().count()
    };
    assert_eq!(count(&ledger), 0, "nothing is held");
    ledger.record(date().at_hm(11, 1), &[Record::Execution(fill())]).unwrap();
    assert_eq!(count(&ledger), 3);
    let sale = Execution { id: "f2".into(), side: Side::Sell, at: date().at_hm(15, 0), ..fill() };
    ledger.record(date().at_hm(15, 0), &[Record::Execution(sale)]).unwrap();
    assert_eq!(count(&ledger), 0, "it was sold");
}

#[test]
fn what_an_order_bought_before_it_was_carried_on_keeps_its_plan() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let records = [
        Record::Intent(Box::new(intent())),
        Record::Change(change(&intent(), OrderState::Working)),
        Record::Execution(fill()),
        Record::Change(carried_on(&intent())),
        Record::Change(Change { broker_id: None, ..change(&intent(), OrderState::Canceled) }),
    ];
    records.iter().for_each(|record| ledger.record(date().at_hm(11, 0), std::slice::from_ref(record)).unwrap());
    drop(ledger);
    let ledger = Ledger::open(&path, &account()).unwrap();
    let book = ledger.book(&account(), &"avwap".parse().unwrap(), date().plus_days(30).at_hm(0, 0)).unwrap();
    assert_eq!(book.trade(fill().symbol).unwrap().plan, intent().trade, "bought under its first id");
    for id in ["b1", "b2"] {
        assert!(book.carried_by(&id.parse().unwrap()).is_some(), "{id}");
    }
}

#[test]
fn an_intent_is_recorded_once() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    assert!(ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).is_err());
}

#[test]
fn an_execution_told_twice_is_one() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    for _ in 0..2 {
        ledger.record(date().at_hm(11, 1), &[Record::Execution(fill())]).unwrap();
    }
    assert_eq!(ledger.executions_since(date().at_hm(0, 0)).unwrap().len(), 1);
}

#[test]
fn what_can_still_act_is_never_too_old() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    let next_year = date().plus_days(365).at_hm(0, 0);
    assert_eq!(ledger.intents_since(next_year).unwrap().len(), 1);
    ledger.record(date().at_hm(12, 0), &[Record::Change(change(&intent(), OrderState::Filled))]).unwrap();
    assert_eq!(ledger.intents_since(next_year).unwrap().len(), 0);
}

#[test]
fn a_row_edited_by_hand_is_an_error_not_a_guess() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    Connection::open(&path).unwrap().execute("UPDATE intents SET symbol = 'MSFT'", []).unwrap();
    let error = ledger.intents_since(date().at_hm(0, 0)).unwrap_err().to_string();
    assert!(error.contains("disagree"), "{error}");
}

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data/execution_v2.sqlite");
    (folder, path)
}

fn account() -> AccountId {
    "PA3".parse().unwrap()
}

fn date() -> NyDate {
    "2026-11-20".parse().unwrap()
}

fn intent() -> Intent {
    let symbol = Symbol::new("AAPL").unwrap();
    let key = Book::new(account(), "avwap".parse().unwrap()).next_key(date(), symbol, Leg::Entry).unwrap();
    let request = OrderRequest {
        client_order_id: key.client_order_id(),
        symbol,
        side: Side::Buy,
        qty: Qty::shares(10),
        kind: OrderKind::Limit { limit: "50.53".parse().unwrap() },
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    };
    Intent {
        key,
        request,
        state: OrderState::Recorded,
        recorded_at: date().at_hm(11, 0),
        broker_id: None,
        doubted_since: None,
        replaces: None,
        trade: Some(TradePlan::stop_only("48".parse().unwrap())),
        note: String::new(),
    }
}

/// The same order in another part.
fn intent_of(leg: Leg, attempt: u32, recorded_at: Timestamp) -> Intent {
    let Intent { key, request, .. } = intent();
    let key = IntentKey { leg, attempt, ..key };
    Intent { request: OrderRequest { client_order_id: key.client_order_id(), ..request }, key, recorded_at, ..intent() }
}

fn change(intent: &Intent, to: OrderState) -> Change {
    let broker_id = Some("b1".parse().unwrap());
    Change { id: intent.request.client_order_id.clone(), from: intent.state, to, broker_id }
}

/// Another order took the place of the first at the broker.
fn carried_on(intent: &Intent) -> Change {
    let broker_id = Some("b2".parse().unwrap());
    Change { from: OrderState::Working, broker_id, ..change(intent, OrderState::Working) }
}

fn fill() -> Execution {
    Execution {
        id: "f1".into(),
        order_id: "b1".parse().unwrap(),
        symbol: Symbol::new("AAPL").unwrap(),
        side: Side::Buy,
        qty: Qty::shares(10),
        price: "50.47".parse().unwrap(),
        at: Timestamp::from_unix_seconds(1_795_190_400),
    }
}
