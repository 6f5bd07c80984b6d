//! Splits, as they are told: which are news, what they make of the books, and what becomes of orders the broker carried on.

use super::*;

#[test]
fn a_split_is_news_once_whoever_tells_it() {
    let (mut book, order) = world(OrderState::Filled, OrderStatus::Filled);
    book.count(&fill(&order));
    let known = split("s1", 3, 2, 1);
    book.split(&known);
    // told, and whether it is news
    let table = [
        (known.clone(), false),
        (Split { new: 3, ..known.clone() }, false),
        (Split { id: "hand".into(), ..known.clone() }, false),
        (Split { id: "hand".into(), new: 4, old: 2, ..known.clone() }, false),
        (Split { id: "hand".into(), ..split("", 9, 2, 1) }, false),
        (Split { id: "s2".into(), ..split("", 10, 2, 1) }, true),
        (Split { id: "s2".into(), new: 3, ..known.clone() }, true),
        (Split { id: "s2".into(), new: 1, old: 2, ..known.clone() }, true),
    ];
    for (told, is_news) in table {
        let plan = plan(&book, &Reported { splits: vec![told.clone()], ..Reported::default() });
        assert_eq!(plan.splits.len(), usize::from(is_news), "{told:?}");
    }
    let twice = vec![split("s3", 20, 5, 1), split("s4", 21, 5, 1), split("s5", 20, 1, 7)];
    let plan = plan(&book, &Reported { splits: twice, ..Reported::default() });
    let ids: Vec<&str> = plan.splits.iter().map(|split| split.id.as_str()).collect();
    assert_eq!(ids, ["s3", "s5"], "announced twice in one list");
}

#[test]
fn cash_for_a_part_of_a_share_is_no_mismatch() {
    // bought, split, what the broker holds in 1e-9 share, and whether the books agree
    let share = Qty::shares(1).units();
    let table = [
        (15, (1, 10), share + share / 2, true),
        (15, (1, 10), share, true),
        (15, (1, 10), 2 * share, false),
        (15, (1, 10), share + share / 4, false),
        (15, (1, 10), 0, false),
        (20, (1, 10), 2 * share, true),
        (20, (1, 10), share, false),
        (15, (3, 2), 22 * share, true),
        (15, (2, 1), 30 * share, true),
        (15, (2, 1), 29 * share, false),
        (9, (1, 10), 0, true),
    ];
    for (bought, (new, old), holds, agrees) in table {
        let (mut book, order) = world(OrderState::Filled, OrderStatus::Filled);
        book.count(&Execution { qty: Qty::shares(bought), ..fill(&order) });
        let position = PositionReport { qty: Qty::from_units(holds).unwrap(), ..position(1) };
        let positions = if holds == 0 { BTreeMap::new() } else { [(symbol(), position)].into() };
        let said = Reported { splits: vec![split("s1", 1, new, old)], positions, ..Reported::default() };
        let findings = plan(&book, &said).findings;
        assert_eq!(findings.is_empty(), agrees, "{bought} {new}:{old} {holds}: {findings:?}");
        book.split(&said.splits[0]);
        let findings = plan(&book, &said).findings;
        assert_eq!(findings.is_empty(), agrees, "and at the next look: {findings:?}");
    }
}

#[test]
fn what_happens_to_shares_beside_splits_is_found() {
    let (book, _) = world(OrderState::Filled, OrderStatus::Filled);
    let notice = Notice { symbol: symbol(), what: "a merger: AAPL is bought on 2026-11-20".into() };
    let said = Reported { notices: vec![notice.clone()], ..Reported::default() };
    let expect = (symbol(), Finding::CorporateAction { what: notice.what });
    assert_eq!(plan(&book, &said).findings, [expect].into());
}

#[test]
fn an_order_that_the_broker_put_in_the_place_of_ours_is_ours() {
    let other = |order: &OrderReport| OrderReport {
        id: "b9".parse().unwrap(),
        client_order_id: "of-the-broker".parse().unwrap(),
        replaces: Some(order.id.clone()),
        ..order.clone()
    };
    // What the intent was, and whether it goes on.
    let table = [
        (OrderState::Working, true),
        (OrderState::Canceling, true),
        (OrderState::Replaced, true),
        (OrderState::Unknown, true),
        (OrderState::Filled, false),
        (OrderState::Canceled, false),
        (OrderState::Expired, false),
    ];
    for (state, goes_on) in table {
        let (mut book, order) = world(state, OrderStatus::New);
        let mut said = said(vec![other(&order)]);
        carry_on(&book, &mut said);
        assert_eq!(said.orders[0].client_order_id, order.client_order_id, "{state:?}");
        let first = plan(&book, &said);
        if !goes_on {
            assert!(matches!(first.findings.first(), Some((_, Finding::Contradiction { .. }))), "{state:?}: {first:?}");
            continue;
        }
        assert!(first.findings.is_empty() && first.questions.is_empty(), "{state:?}: {first:?}");
        let [change] = first.changes.as_slice() else { panic!("{state:?}: {first:?}") };
        assert_eq!(
            (change.to, &change.broker_id),
            (OrderState::Working, &Some(said.orders[0].id.clone())),
            "{state:?}"
        );
        book.apply(&Record::Change(change.clone()), order.submitted_at);
        assert_eq!(plan(&book, &said), Plan::default(), "{state:?}: it is news once");
        let mut again = Reported { orders: vec![other(&order)], ..Reported::default() };
        carry_on(&reread(&book), &mut again);
        assert_eq!(plan(&reread(&book), &again), Plan::default(), "{state:?}: also to a process that starts");
    }
}

#[test]
fn no_other_order_is_taken_for_ours() {
    let (book, order) = world(OrderState::Working, OrderStatus::New);
    let base = OrderReport {
        id: "b9".parse().unwrap(),
        client_order_id: "other".parse().unwrap(),
        replaces: Some(order.id.clone()),
        ..order.clone()
    };
    let table = [
        ("another symbol", OrderReport { symbol: Symbol::new("MSFT").unwrap(), ..base.clone() }),
        ("another side", OrderReport { side: Side::Sell, ..base.clone() }),
        ("in nobody's place", OrderReport { replaces: None, ..base.clone() }),
        ("in a stranger's", OrderReport { replaces: Some("b8".parse().unwrap()), ..base.clone() }),
        (
            "of a ledger that was lost",
            OrderReport { client_order_id: "pc_PA3_20261119_avwap_AAPL_entry_7".parse().unwrap(), ..base.clone() },
        ),
    ];
    for (what, order) in table {
        let mut said = said(vec![order.clone()]);
        carry_on(&book, &mut said);
        assert_eq!(said.orders, [order], "{what}");
    }
}

#[test]
fn asked_by_our_id_the_broker_tells_of_the_order_that_was_carried_on() {
    let (mut book, order) = world(OrderState::Working, OrderStatus::Replaced);
    book.edit(|intent| intent.broker_id = Some("b9".parse().unwrap()));
    let intent = book.intents().next().unwrap().1;
    let change = answered(intent, Some(&order), order.submitted_at).unwrap().unwrap();
    assert_eq!((change.to, change.broker_id), (OrderState::Replaced, None), "its fills are those of the last id");
}

/// The book as it is read from a ledger.
fn reread(book: &Book) -> Book {
    let mut read = Book::new(book.account.clone(), book.strategy.clone());
    book.intents().for_each(|(_, intent)| read.restore(intent.clone()));
    read
}

fn split(id: &str, days: i64, new: u32, old: u32) -> Split {
    let effective = "2026-11-20".parse::<market::NyDate>().unwrap().at_hm(0, 0) + TimeDelta::days(days);
    Split { id: id.into(), symbol: symbol(), effective, new, old }
}
