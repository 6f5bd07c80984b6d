//! Disagreements, one by one.

mod splits;

use market::Price;

use super::*;
use crate::{
    order::{Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    record::Record,
};

#[test]
fn agreement_changes_nothing() {
    let (book, order) = world(OrderState::Working, OrderStatus::New);
    let plan = plan(&book, &said(vec![order]));
    assert_eq!(plan, Plan::default());
}

#[test]
fn a_crash_between_record_and_outcome_is_settled_by_what_the_broker_has() {
    let (mut book, order) = world(OrderState::Recorded, OrderStatus::New);
    book.edit(|intent| intent.broker_id = None);
    let plan = plan(&book, &said(vec![order.clone()]));
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!((change.from, change.to), (OrderState::Recorded, OrderState::Working));
    assert_eq!(change.broker_id.as_ref(), Some(&order.id));
}

#[test]
fn what_the_broker_does_not_list_is_asked_for_never_assumed() {
    for state in [OrderState::Recorded, OrderState::Unknown, OrderState::Working, OrderState::Canceling] {
        let (book, order) = world(state, OrderStatus::New);
        let plan = plan(&book, &said(vec![]));
        assert_eq!(plan.questions, [order.client_order_id]);
        assert!(plan.changes.is_empty());
    }
}

#[test]
fn no_such_order_is_believed_only_when_nothing_can_be_on_its_way() {
    let (book, _) = world(OrderState::Unknown, OrderStatus::New);
    let intent = book.intents().next().unwrap().1;
    let early = intent.recorded_at + TimeDelta::seconds(29);
    assert_eq!(answered(intent, None, early), Ok(None));
    let late = intent.recorded_at + ARRIVAL_LIMIT;
    assert_eq!(answered(intent, None, late).unwrap().unwrap().to, OrderState::NeverArrived);
}

#[test]
fn an_order_the_broker_had_cannot_be_unknown_to_it() {
    let (book, _) = world(OrderState::Working, OrderStatus::New);
    let intent = book.intents().next().unwrap().1;
    let late = intent.recorded_at + TimeDelta::hours(1);
    assert!(matches!(answered(intent, None, late), Err(Finding::Contradiction { .. })));
}

#[test]
fn what_filled_while_no_process_ran_is_read_too() {
    let (mut book, order) = world(OrderState::Working, OrderStatus::New);
    let now = order.submitted_at + TimeDelta::days(5);
    assert!(executions_from(&book, now) < order.submitted_at, "no fill is known, and one may be five days old");
    book.count(&fill(&order));
    assert_eq!(executions_from(&book, now), order.submitted_at - TimeDelta::hours(1));
}

#[test]
fn what_was_bought_and_split_while_no_process_ran_agrees_at_the_first_look() {
    let (book, order) = world(OrderState::Filled, OrderStatus::Filled);
    let effective = order.submitted_at + TimeDelta::days(1);
    let split = Split { id: "s1".into(), symbol: symbol(), effective, new: 2, old: 1 };
    let of_another = Split { id: "s2".into(), symbol: Symbol::new("MSFT").unwrap(), ..split.clone() };
    let shares = u32::try_from(order.qty.whole_shares()).unwrap();
    let plan = plan(
        &book,
        &Reported {
            executions: vec![fill(&order)],
            positions: [(symbol(), position(2 * shares))].into(),
            splits: vec![split.clone(), of_another],
            ..Reported::default()
        },
    );
    assert_eq!((plan.splits, plan.findings), (vec![split.clone()], BTreeSet::new()));
    let mut book = book;
    book.count(&fill(&order));
    book.split(&split);
    let again = Reported { splits: vec![split], positions: [(symbol(), position(2 * shares))].into(), ..said(vec![]) };
    assert_eq!(super::plan(&book, &again), Plan::default(), "a split is news once");
}

#[test]
fn orders_and_positions_that_are_not_ours_are_found() {
    let (book, mut order) = world(OrderState::Filled, OrderStatus::Filled);
    order.client_order_id = "by-hand".parse().unwrap();
    order.status = OrderStatus::New;
    let mut said = said(vec![order.clone()]);
    said.positions.insert(order.symbol, position(10));
    let findings = plan(&book, &said).findings;
    let mismatch = Finding::QuantityMismatch { ours: 0, theirs: Qty::shares(10).units() };
    assert!(findings.contains(&(order.symbol, Finding::ForeignOrder { order: order.id })));
    assert!(findings.contains(&(order.symbol, mismatch)));
}

#[test]
fn each_execution_is_news_once_and_explains_the_position() {
    let (mut book, order) = world(OrderState::Working, OrderStatus::Filled);
    let fill = Execution {
        id: "f1".into(),
        order_id: order.id.clone(),
        symbol: order.symbol,
        side: Side::Buy,
        qty: Qty::shares(10),
        price: price("50"),
        at: order.submitted_at,
    };
    let mut said = said(vec![order.clone()]);
    said.executions = vec![fill];
    said.positions.insert(order.symbol, position(10));
    let first = plan(&book, &said);
    assert_eq!((first.executions.len(), first.findings.len()), (1, 0));
    first.executions.iter().for_each(|fill| book.count(fill));
    let now = order.submitted_at;
    first.changes.iter().for_each(|change| book.apply(&Record::Change(change.clone()), now));
    assert_eq!(plan(&book, &said), Plan::default(), "the same again is no news");
}

#[test]
fn what_was_sold_is_news_that_explains_what_is_left() {
    let (mut book, order) = world(OrderState::Filled, OrderStatus::Filled);
    book.count(&fill(&order));
    let sale = Execution { id: "f2".into(), side: Side::Sell, qty: Qty::shares(4), ..fill(&order) };
    for (left, agrees) in [(6, true), (10, false), (5, false)] {
        let positions = [(symbol(), position(left))].into();
        let plan = plan(&book, &Reported { executions: vec![sale.clone()], positions, ..Reported::default() });
        assert_eq!(plan.findings.is_empty(), agrees, "{left}: {:?}", plan.findings);
    }
}

#[test]
fn an_unknown_status_keeps_the_order_alive_and_is_found() {
    let (book, order) = world(OrderState::Working, OrderStatus::Unrecognised("frozen".into()));
    let plan = plan(&book, &said(vec![order]));
    assert!(plan.changes.is_empty());
    assert!(matches!(plan.findings.first(), Some((_, Finding::UnrecognisedStatus { .. }))));
}

#[test]
fn a_short_position_is_found() {
    let (book, _) = world(OrderState::Filled, OrderStatus::Filled);
    let mut said = said(vec![]);
    said.positions.insert(symbol(), PositionReport { short: true, ..position(5) });
    assert!(plan(&book, &said).findings.contains(&(symbol(), Finding::Short)));
}

#[test]
fn an_execution_that_one_list_tells_twice_counts_once() {
    let (book, order) = world(OrderState::Filled, OrderStatus::Filled);
    let (twice, positions) = (vec![fill(&order), fill(&order)], [(symbol(), position(10))].into());
    let plan = plan(&book, &Reported { executions: twice, positions, ..Reported::default() });
    assert_eq!((plan.executions.len(), plan.findings), (1, BTreeSet::new()));
}

#[test]
fn shares_owed_are_no_shares_held() {
    let (mut book, order) = world(OrderState::Filled, OrderStatus::Filled);
    book.count(&fill(&order));
    let mut said = said(vec![]);
    said.positions.insert(symbol(), PositionReport { short: true, ..position(10) });
    let (ours, theirs) = (Qty::shares(10).units(), -Qty::shares(10).units());
    assert!(plan(&book, &said).findings.contains(&(symbol(), Finding::QuantityMismatch { ours, theirs })));
}

#[test]
fn an_order_of_ours_that_the_ledger_lost_is_foreign_while_it_works_and_when_it_filled() {
    let (book, order) = world(OrderState::Working, OrderStatus::New);
    let ours = |status, filled: u32| {
        let client_order_id = "pc_PA3_20261119_avwap_AAPL_entry_7".parse().unwrap();
        OrderReport { client_order_id, status, filled_qty: Qty::shares(filled), ..order.clone() }
    };
    let by_hand = |order: OrderReport| OrderReport { client_order_id: "by-hand".parse().unwrap(), ..order };
    let table = [
        (ours(OrderStatus::New, 0), true),
        (ours(OrderStatus::Filled, 10), true),
        (ours(OrderStatus::Canceled, 0), false),
        (by_hand(ours(OrderStatus::New, 0)), true),
        (by_hand(ours(OrderStatus::Filled, 10)), false),
    ];
    for (told, found) in table {
        let finding = (symbol(), Finding::ForeignOrder { order: told.id.clone() });
        let findings = plan(&book, &said(vec![told.clone()])).findings;
        assert_eq!(findings.contains(&finding), found, "{} {:?}", told.client_order_id, told.status);
    }
}

#[test]
fn another_end_of_a_dead_order_is_a_contradiction() {
    let (book, order) = world(OrderState::Canceled, OrderStatus::Filled);
    let plan = plan(&book, &said(vec![order]));
    assert!(plan.changes.is_empty());
    assert!(matches!(plan.findings.first(), Some((_, Finding::Contradiction { .. }))), "{plan:?}");
}

#[test]
fn the_brokers_id_of_an_order_is_news_whatever_its_state() {
    let (mut book, order) = world(OrderState::Working, OrderStatus::New);
    book.edit(|intent| intent.broker_id = None);
    let [change] = &plan(&book, &said(vec![order.clone()])).changes[..] else { panic!("one change") };
    assert_eq!(
        (change.from, change.to, &change.broker_id),
        (OrderState::Working, OrderState::Working, &Some(order.id))
    );
}

fn symbol() -> Symbol {
    Symbol::new("AAPL").unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn position(shares: u32) -> PositionReport {
    let avg_entry_price = Some(price("50"));
    PositionReport { symbol: symbol(), qty: Qty::shares(shares), short: false, avg_entry_price, current_price: None }
}

/// All of an order, filled when it arrived.
fn fill(order: &OrderReport) -> Execution {
    Execution {
        id: "x".into(),
        order_id: order.id.clone(),
        symbol: order.symbol,
        side: order.side,
        qty: order.qty,
        price: price("50"),
        at: order.submitted_at,
    }
}

fn said(orders: Vec<OrderReport>) -> Reported {
    Reported { orders, ..Reported::default() }
}

/// A book with one entry in the given state, and the broker's report of it.
fn world(state: OrderState, status: OrderStatus) -> (Book, OrderReport) {
    let mut book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
    let date = "2026-11-20".parse().unwrap();
    let key = book.next_key(date, symbol(), Leg::Entry).unwrap();
    let id: BrokerOrderId = "b1".parse().unwrap();
    let request = OrderRequest {
        client_order_id: key.client_order_id(),
        symbol: symbol(),
        side: Side::Buy,
        qty: Qty::shares(10),
        kind: OrderKind::Limit { limit: price("50") },
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    };
    let order = OrderReport {
        id: id.clone(),
        client_order_id: request.client_order_id.clone(),
        symbol: symbol(),
        side: Side::Buy,
        qty: request.qty,
        filled_qty: Qty::ZERO,
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(TimeInForce::Day),
        status,
        submitted_at: date.at_hm(11, 0),
        replaces: None,
    };
    let intent = Intent {
        key,
        state,
        recorded_at: date.at_hm(11, 0),
        broker_id: Some(id),
        doubted_since: None,
        replaces: None,
        trade: None,
        note: String::new(),
        request: request.clone(),
    };
    book.restore(intent);
    (book, order)
}
