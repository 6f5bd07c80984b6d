//! Late, doubled and shuffled fills halt nothing; a real difference always does.

use market::{Calendar, Price};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::order::{IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce};
use crate::report::OrderStatus;
use crate::tape::Split;

fn session() -> Session {
    Calendar::nyse().session_on("2026-11-20".parse().unwrap()).unwrap().unwrap()
}

fn second(second: i64) -> Timestamp {
    session().open + TimeDelta::seconds(second)
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// An order of ours, `o1` for attempt 1.
fn intent(attempt: u32, shares: u32, state: OrderState) -> Intent {
    let key = IntentKey {
        account: "PA3".parse().unwrap(),
        date: session().date,
        strategy: "avwap".parse().unwrap(),
        symbol: "AAPL".parse().unwrap(),
        leg: Leg::Entry,
        attempt,
    };
    let request = OrderRequest {
        client_order_id: key.client_order_id(),
        symbol: key.symbol,
        side: Side::Buy,
        qty: Qty::shares(shares),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    };
    let broker_id = Some(format!("o{attempt}").parse().unwrap());
    let (recorded_at, note) = (second(0), String::new());
    Intent { request, state, recorded_at, doubted_since: None, broker_id, replaces: None, trade: None, note, key }
}

fn book() -> Book {
    let mut book = Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap());
    [1, 2].into_iter().for_each(|attempt| book.restore(intent(attempt, 1_000, OrderState::Working)));
    book
}

fn fill(id: &str, order: &str, shares: u32, at: Timestamp) -> Execution {
    let (symbol, side, price) = ("AAPL".parse().unwrap(), Side::Buy, price("50"));
    Execution { id: id.into(), order_id: order.parse().unwrap(), symbol, side, qty: Qty::shares(shares), price, at }
}

fn report(order: &str, filled: u32) -> OrderReport {
    let attempt: u32 = order[1..].parse().unwrap();
    let request = intent(attempt, 1_000, OrderState::Working).request;
    OrderReport {
        id: order.parse().unwrap(),
        client_order_id: request.client_order_id,
        symbol: request.symbol,
        side: request.side,
        qty: request.qty,
        filled_qty: Qty::shares(filled),
        filled_avg_price: None,
        kind: Some(request.kind),
        time_in_force: Some(request.time_in_force),
        status: OrderStatus::PartiallyFilled,
        submitted_at: second(0),
        replaces: None,
    }
}

/// Two comparisons a grace apart, and one after the next look: what waits after the first, what lasts at the last.
fn twice(book: &Book, listing: &Listing) -> (usize, Vec<String>) {
    let mut copy = DropCopy::default();
    let session = session();
    let first = copy.compare(book, listing, &session, 7, second(600));
    assert_eq!(first.lasting, [], "one comparison may be unlucky");
    for minute in 0..20 {
        let now = second(600) + GRACE + TimeDelta::minutes(minute);
        assert_eq!(copy.compare(book, listing, &session, 8, now).lasting, [], "no look has read the executions since");
        assert_eq!(copy.due(&session, 8, now), Some(now + EVERY));
    }
    let now = second(1_900);
    let ripe = !first.waiting.is_empty();
    assert!(!ripe || copy.due(&session, 9, now) == Some(now), "after the look it is read again at once");
    let then = copy.compare(book, listing, &session, 9, now);
    assert!(copy.compare(book, listing, &session, 10, second(2_000)).lasting.is_empty(), "each is told once");
    let told = then.lasting.iter().map(ToString::to_string).collect();
    let mut next = DropCopy::resumed(&session, told);
    for (looks, second) in [(1, 2_100), (2, 2_200), (3, 2_300)] {
        let outcome = next.compare(book, listing, &session, looks, self::second(second));
        assert_eq!((outcome.waiting, outcome.lasting), (vec![], vec![]), "a restart tells nothing again");
    }
    (first.waiting.len(), then.lasting.iter().map(ToString::to_string).collect())
}

#[test]
fn each_difference_is_named() {
    let alike = |listing: &mut Listing| listing.fills.push(fill("x", "o1", 5, second(60)));
    type Spoil = fn(&mut Book, &mut Listing);
    let table: [(&str, Spoil, &[&str]); 9] = [
        ("nothing", |_, _| {}, &[]),
        ("a fill that is not listed", |_, listing| listing.fills.clear(), &["counted, not listed"]),
        (
            "a fill that is not counted",
            |_, listing| listing.fills.push(fill("late", "o1", 2, second(70))),
            &["listed by the broker, not counted"],
        ),
        (
            "another price",
            |_, listing| listing.fills[0].price = price("50.01"),
            &["counted, not listed", "listed by the broker, not counted"],
        ),
        ("an order that says more", |_, listing| listing.orders[0].filled_qty = Qty::shares(6), &["less is counted"]),
        ("an order that says less", |_, listing| listing.orders[0].filled_qty = Qty::shares(4), &["more is counted"]),
        (
            "a fill under two names",
            |book, listing| {
                book.count(&fill("again", "o1", 5, second(60)));
                listing.fills.push(fill("again", "o1", 5, second(60)));
            },
            &["more is counted"],
        ),
        ("a fill of somebody else's order", |_, listing| listing.fills.push(fill("by hand", "o9", 7, second(80))), &[]),
        (
            "an order that was split since",
            |book, listing| {
                let symbol = "AAPL".parse().unwrap();
                book.split(&Split { id: "s".into(), symbol, effective: second(100), new: 2, old: 1 });
                listing.orders[0].filled_qty = Qty::shares(10);
            },
            &[],
        ),
    ];
    for (what, spoil, expect) in table {
        let mut book = book();
        book.count(&fill("x", "o1", 5, second(60)));
        let mut listing = Listing { orders: vec![report("o1", 5)], ..Listing::default() };
        alike(&mut listing);
        spoil(&mut book, &mut listing);
        let (waiting, lasting) = twice(&book, &listing);
        assert_eq!((waiting, lasting.len()), (expect.len(), expect.len()), "{what}: {lasting:?}");
        assert!(lasting.iter().zip(expect).all(|(found, part)| found.contains(part)), "{what}: {lasting:?}");
    }
}

#[test]
fn what_is_known_to_be_filled_needs_no_report() {
    let mut book = book();
    book.restore(intent(2, 9, OrderState::Filled));
    book.count(&fill("x", "o2", 5, second(60)));
    let listing = Listing { fills: vec![fill("x", "o2", 5, second(60))], orders: Vec::new() };
    assert_eq!(twice(&book, &listing).1, ["AAPL: less is counted of order o2 than it says is filled"]);
}

#[test]
fn a_day_is_compared_from_its_open_until_it_agrees_after_the_close() {
    let (session, book, mut copy) = (session(), book(), DropCopy::default());
    let whole = Listing::default();
    let late = Listing { fills: vec![fill("x", "o1", 5, session.close - TimeDelta::seconds(1))], orders: Vec::new() };
    assert_eq!(copy.due(&session, 0, second(0)), Some(session.open + EVERY));
    for (listing, at, due) in [
        (&whole, second(61), Some(second(121))),
        (&whole, session.close - TimeDelta::seconds(5), Some(session.close + TimeDelta::seconds(55))),
        (&late, session.close + TimeDelta::seconds(55), Some(session.close + TimeDelta::seconds(115))),
        (&whole, session.close + TimeDelta::seconds(115), None),
    ] {
        copy.compare(&book, listing, &session, 0, at);
        assert_eq!(copy.due(&session, 0, at), due);
    }
    let monday = Calendar::nyse().next_session(session.date).unwrap();
    assert_eq!(copy.due(&monday, 0, session.close), Some(monday.open + EVERY), "another day begins anew");
}

#[test]
fn a_clock_that_is_set_back_holds_no_comparison_up() {
    let (session, book, mut copy) = (session(), book(), DropCopy::default());
    let listing = Listing { fills: vec![fill("x", "o1", 5, second(60))], orders: Vec::new() };
    copy.compare(&book, &listing, &session, 1, second(9_000));
    let back = second(5_400);
    assert_eq!(copy.due(&session, 1, back), Some(back));
    copy.compare(&book, &listing, &session, 2, back);
    copy.compare(&book, &listing, &session, 3, back + GRACE);
    assert_eq!(copy.compare(&book, &listing, &session, 4, back + GRACE).lasting.len(), 1);
}

/// A true fill: its order, shares, when it happened, and how late each source tells of it, in seconds.
#[derive(Clone, Debug)]
struct True {
    order: u32,
    shares: u32,
    at: i64,
    counted_after: i64,
    listed_after: i64,
    summed_after: i64,
    doubled: bool,
}

fn truth() -> impl Strategy<Value = True> {
    // A few values and many alike, so that fills can be mistaken for each other.
    let late = || 0_i64..60;
    (1_u32..3, 1_u32..3, 0_i64..400, late(), late(), late(), any::<bool>()).prop_map(
        |(order, shares, at, counted_after, listed_after, summed_after, doubled)| True {
            order,
            shares,
            at,
            counted_after,
            listed_after,
            summed_after,
            doubled,
        },
    )
}

fn looks() -> impl Strategy<Value = Vec<(i64, bool)>> {
    vec((0_i64..60, any::<bool>()), 1..20)
}

/// What is wrong with one of the fills, for ever.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    NeverCounted,
    NeverListed,
    AnotherPrice,
    CountedTwice,
}

/// Everything that lasts over a morning's comparisons. Before each there is a look, by so many seconds, which reads the
/// executions or does not; the last of them do.
fn morning(
    fills: &[True],
    turns: usize,
    pauses: &[i64],
    looks: &[(i64, bool)],
    wrong: Option<(usize, Wrong)>,
) -> Vec<Difference> {
    let (mut copy, mut now, mut lasting) = (DropCopy::default(), 0, Vec::new());
    let (mut looked, mut looked_at, mut turn) = (0, 0, 0);
    let is = |place: usize, what: fn(Wrong) -> bool| wrong.is_some_and(|(at, wrong)| at == place && what(wrong));
    while now < 2_000 {
        now += 60 + pauses[(now as usize) % pauses.len()];
        let (before, reads) = looks[turn % looks.len()];
        turn += 1;
        if reads || now > 1_500 {
            (looked, looked_at) = (looked + 1, now - before);
        }
        let (mut book, mut listing) = (book(), Listing::default());
        let mut filled = [0, 0, 0];
        for (place, truth) in fills.iter().enumerate() {
            let execution = fill(&format!("f{place}"), &format!("o{}", truth.order), truth.shares, second(truth.at));
            if truth.at + truth.counted_after <= looked_at && !is(place, |wrong| matches!(wrong, Wrong::NeverCounted)) {
                book.count(&execution);
                if is(place, |wrong| matches!(wrong, Wrong::CountedTwice)) {
                    book.count(&Execution { id: "again".into(), ..execution.clone() });
                }
            }
            if truth.at + truth.listed_after <= now && !is(place, |wrong| matches!(wrong, Wrong::NeverListed)) {
                let mut entry = execution.clone();
                if is(place, |wrong| matches!(wrong, Wrong::AnotherPrice)) {
                    entry.price = price("49.99");
                }
                listing.fills.extend(std::iter::repeat_n(entry, 1 + usize::from(truth.doubled)));
            }
            if truth.at + truth.summed_after <= now {
                filled[truth.order as usize] += truth.shares;
            }
        }
        let turns = turns % listing.fills.len().max(1);
        listing.fills.rotate_left(turns);
        listing.orders = vec![report("o1", filled[1]), report("o2", filled[2])];
        lasting.extend(copy.compare(&book, &listing, &session(), looked, second(now)).lasting);
    }
    lasting
}

proptest! {
    #[test]
    fn true_fills_however_late_doubled_or_shuffled_halt_nothing(
        fills in vec(truth(), 0..25), turns: usize, pauses in vec(0_i64..30, 1..5), looks in looks(),
    ) {
        prop_assert_eq!(morning(&fills, turns, &pauses, &looks, None), []);
    }

    #[test]
    fn a_real_difference_always_halts_and_names_its_order(
        fills in vec(truth(), 1..25), turns: usize, pauses in vec(0_i64..30, 1..5), looks in looks(),
        place: prop::sample::Index, wrong in prop_oneof![
            Just(Wrong::NeverCounted), Just(Wrong::NeverListed), Just(Wrong::AnotherPrice), Just(Wrong::CountedTwice),
        ],
    ) {
        let place = place.index(fills.len());
        let lasting = morning(&fills, turns, &pauses, &looks, Some((place, wrong)));
        let order: BrokerOrderId = format!("o{}", fills[place].order).parse().unwrap();
        prop_assert!(!lasting.is_empty(), "{wrong:?}");
        prop_assert!(lasting.iter().all(|difference| *difference.order() == order), "{lasting:?}");
    }
}
