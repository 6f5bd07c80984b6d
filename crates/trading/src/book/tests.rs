//! What a book answers, of a day written down in a few lines.

use market::TimeDelta;

use super::*;
use crate::{
    order::{OrderKind, TimeInForce},
    reconcile::Change,
    record::Record,
    tape::Split,
};

#[test]
fn an_attempt_follows_the_dead_and_a_replacement_takes_one_place() {
    let mut day = Day::new();
    day.intent("AAPL", Leg::Stop, 1, OrderState::Rejected);
    assert_eq!(day.next(Leg::Stop), Some(2), "the first is dead");
    day.intent("AAPL", Leg::Stop, 2, OrderState::Working);
    assert_eq!(day.next(Leg::Stop), None, "the second can still act");
    assert_eq!(day.next(Leg::Exit), Some(1), "another leg");
    let replacement =
        |day: &Day, attempt| day.book.replacement_key(day.date, &day.key("AAPL", Leg::Stop, attempt).client_order_id());
    assert_eq!(replacement(&day, 2).map(|key| key.attempt), Some(3));
    assert_eq!(replacement(&day, 1), None, "the dead are not replaced");
    day.intent("AAPL", Leg::Stop, 3, OrderState::Unknown);
    assert_eq!(replacement(&day, 2), None, "a replacement is under way");
}

#[test]
fn failed_attempts_are_counted_and_the_last_of_any_fate_is_told() {
    use OrderState as S;
    let fates = [S::Rejected, S::Expired, S::Canceled, S::NeverArrived, S::Replaced, S::Filled, S::Working];
    let mut day = Day::new();
    for (attempt, state) in (1..).zip(fates) {
        day.later(1);
        day.intent("AAPL", Leg::Stop, attempt, state);
    }
    assert_eq!(day.book.attempts(day.date, symbol("AAPL"), Leg::Stop), (3, Some(day.now)));
    assert_eq!(day.book.attempts(day.date, symbol("AAPL"), Leg::Exit), (0, None));
}

#[test]
fn the_streak_of_refusals_is_the_latest_by_time_and_ends_with_another_fate() {
    let mut day = Day::new();
    for (text, state, expect) in [
        ("MSFT", OrderState::Rejected, 1),
        ("KO", OrderState::Expired, 0),
        ("NVDA", OrderState::Rejected, 1),
        ("AAPL", OrderState::Rejected, 2),
    ] {
        day.later(1);
        day.intent(text, Leg::Entry, 1, state);
        day.intent(text, Leg::Stop, 1, OrderState::Rejected);
        assert_eq!(day.book.reject_streak(day.date), expect, "{text}");
    }
    let made: Vec<Symbol> = day.book.openings(day.date).iter().map(|intent| intent.key.symbol).collect();
    assert_eq!(made, ["MSFT", "KO", "NVDA", "AAPL"].map(symbol), "oldest first, and no stops");
}

#[test]
fn a_symbol_is_consumed_on_its_day_by_an_entry_of_any_fate() {
    let mut day = Day::new();
    day.intent("AAPL", Leg::Entry, 1, OrderState::NeverArrived);
    day.intent("MSFT", Leg::Stop, 1, OrderState::Working);
    assert!(day.book.is_consumed(day.date, symbol("AAPL")));
    assert!(!day.book.is_consumed(day.date, symbol("MSFT")), "a stop is no entry");
    assert!(!day.book.is_consumed(day.date.plus_days(3), symbol("AAPL")), "the next session is another day");
}

#[test]
fn the_plan_is_that_of_the_entry_that_made_the_position() {
    let stop = |day: &Day| day.book.trade(symbol("AAPL")).and_then(|trade| trade.plan).map(|plan| plan.stop);
    for state in [OrderState::Recorded, OrderState::Unknown, OrderState::Working, OrderState::Filled] {
        let mut day = Day::new();
        day.intent("AAPL", Leg::Entry, 1, state);
        assert_eq!(stop(&day), Some(price("48")), "{state:?}, and its fills may be late");
    }
    for state in [OrderState::Canceled, OrderState::Expired, OrderState::Rejected, OrderState::NeverArrived] {
        let mut day = Day::new();
        day.intent("AAPL", Leg::Entry, 1, state);
        assert_eq!(day.book.trade(symbol("AAPL")), None, "{state:?} bought nothing");
    }
    let mut day = Day::bought();
    day.fill("AAPL", Leg::Stop, 1, Side::Sell, 10);
    assert_eq!(day.book.trade(symbol("AAPL")), None, "its shares are sold");

    // Bought again on top, under another plan; a third entry never filled.
    let mut day = Day::bought();
    for (attempt, state, at) in [(2, OrderState::Filled, "47"), (3, OrderState::Expired, "46")] {
        day.later(1);
        let key = day.key("AAPL", Leg::Entry, attempt);
        day.intent("AAPL", Leg::Entry, attempt, state);
        day.edit(&key, |intent| intent.trade = Some(TradePlan::stop_only(price(at))));
    }
    day.fill("AAPL", Leg::Entry, 2, Side::Buy, 5);
    assert_eq!(stop(&day), Some(price("47")), "the latest entry that bought");
    assert_eq!(
        day.book.trade(symbol("AAPL")).map(|trade| trade.opened_at),
        Some(day.bought_at),
        "since the first fill"
    );
}

#[test]
fn a_plan_is_told_in_todays_shares() {
    let mut day = Day::bought();
    let split =
        Split { id: "s1".into(), symbol: symbol("AAPL"), effective: day.now + TimeDelta::days(1), new: 2, old: 1 };
    day.book.split(&split);
    day.book.split(&split);
    let trade = day.book.trade(symbol("AAPL")).unwrap();
    let halved =
        TradePlan { stop: price("24"), level: Some(price("25")), r1: Some(price("26")), r2: Some(price("28")) };
    assert_eq!((trade.plan, trade.net), (Some(halved), Qty::shares(20).units()));
    assert_eq!(trade.average_entry, Some(price("25.25")));
}

#[test]
fn a_plan_is_split_by_the_clock_of_the_broker() {
    let mut day = Day::bought();
    let effective = day.now + TimeDelta::hours(1);
    day.book.split(&Split { id: "s1".into(), symbol: symbol("AAPL"), effective, new: 2, old: 1 });
    // Our clock was hours ahead when the entry was recorded.
    let key = day.key("AAPL", Leg::Entry, 1);
    day.edit(&key, |intent| intent.recorded_at = effective + TimeDelta::hours(1));
    let plan = day.book.trade(symbol("AAPL")).unwrap().plan.unwrap();
    assert_eq!(plan.stop, price("24"), "bought before the split, by its fill");
}

#[test]
fn a_plan_is_split_by_the_fills_of_its_own_entry() {
    // Ten bought, then so many for so many, then bought again under another plan; what that plan's stop is told as.
    for (new, old, net) in
        [(1, 20, Qty::shares(5).units() + Qty::shares(1).units() / 2), (1, 10, Qty::shares(6).units())]
    {
        let mut day = Day::bought();
        day.later(1);
        day.book.split(&Split { id: "s1".into(), symbol: symbol("AAPL"), effective: day.now, new, old });
        day.later(1);
        let key = day.key("AAPL", Leg::Entry, 2);
        day.intent("AAPL", Leg::Entry, 2, OrderState::Filled);
        day.edit(&key, |intent| intent.trade = Some(TradePlan::stop_only(price("145"))));
        let awaited = day.book.entry_awaited(symbol("AAPL")).is_some();
        assert_eq!(awaited, old == 20, "half a share that may be cash is no position");
        day.fill("AAPL", Leg::Entry, 2, Side::Buy, 5);
        let trade = day.book.trade(symbol("AAPL")).unwrap();
        assert_eq!((trade.net, trade.plan.map(|plan| plan.stop)), (net, Some(price("145"))), "{new}:{old}");
        assert_eq!(trade.opened_at == day.now, old == 20, "{new}:{old}: without a whole share the trade was over");
    }
}

#[test]
fn what_an_order_bought_under_an_earlier_id_is_its_own() {
    let mut day = Day::bought();
    let key = day.key("AAPL", Leg::Entry, 1);
    // As a ledger tells it: the intent with its latest id, and apart from that the ids it had before.
    let mut read = Book::new(day.book.account.clone(), day.book.strategy.clone());
    day.edit(&key, |intent| intent.broker_id = Some("b2".parse().unwrap()));
    day.book.tapes()[&symbol("AAPL")].fills().for_each(|fill| read.count(fill));
    read.restore(day.book.intent(&key.client_order_id()).unwrap().clone());
    assert_eq!(read.trade(symbol("AAPL")).unwrap().plan, None);
    read.carried(broker_id(&key), &key.client_order_id());
    assert_eq!(read.trade(symbol("AAPL")), day.book.trade(symbol("AAPL")));
    read.carried("b0".parse().unwrap(), &day.key("MSFT", Leg::Entry, 1).client_order_id());
    assert!(read.carried_by(&"b0".parse().unwrap()).is_none(), "of an order that nobody recorded");
}

#[test]
fn a_fill_of_an_unknown_order_may_be_of_an_entry_that_was_given_up() {
    let mut day = Day::new();
    day.intent("AAPL", Leg::Entry, 1, OrderState::NeverArrived);
    day.intent("MSFT", Leg::Entry, 1, OrderState::Canceled);
    day.intent("AAPL", Leg::Stop, 1, OrderState::NeverArrived);
    day.intent("KO", Leg::Entry, 1, OrderState::NeverArrived);
    let known = broker_id(&day.key("KO", Leg::Entry, 1));
    let unknown = day.execution("AAPL", "never-heard-of", Side::Buy, 10);
    let yesterday = unknown.at - TimeDelta::days(1);
    let table = [
        (unknown.clone(), true, "a buy of its symbol and day"),
        (Execution { side: Side::Sell, ..unknown.clone() }, false, "a sale"),
        (Execution { symbol: symbol("MSFT"), ..unknown.clone() }, false, "an entry that came to another end"),
        (Execution { symbol: symbol("NVDA"), ..unknown.clone() }, false, "no entry"),
        (Execution { at: yesterday, ..unknown.clone() }, false, "another day"),
        (Execution { symbol: symbol("KO"), order_id: known, ..unknown }, false, "an order we know"),
    ];
    for (fill, expect, why) in table {
        let found = day.book.given_up_for(&fill);
        let entry = day.key("AAPL", Leg::Entry, 1).client_order_id();
        assert_eq!(found, expect.then_some(&entry), "{why}");
    }
}

#[test]
fn an_entry_is_awaited_while_the_book_holds_nothing() {
    let awaited = |day: &Day| day.book.entry_awaited(symbol("AAPL")).map(|entry| entry.key.attempt);
    for state in [OrderState::Unknown, OrderState::Working, OrderState::Filled] {
        let mut day = Day::new();
        day.intent("AAPL", Leg::Entry, 1, state);
        assert_eq!(awaited(&day), Some(1), "{state:?}");
        day.fill("AAPL", Leg::Entry, 1, Side::Buy, 3);
        assert_eq!(awaited(&day), None, "{state:?}, and its executions arrive");
    }
    let mut day = Day::new();
    day.intent("AAPL", Leg::Entry, 1, OrderState::Expired);
    assert_eq!(awaited(&day), None);
}

#[test]
fn a_trim_counts_while_it_can_sell_and_when_it_sold() {
    use OrderState as S;
    let table = [
        (S::Recorded, 0, true),
        (S::Unknown, 0, true),
        (S::Working, 0, true),
        (S::Canceling, 0, true),
        // Filled, and its fills are late.
        (S::Filled, 0, true),
        (S::Filled, 5, true),
        (S::Canceled, 0, false),
        (S::Canceled, 1, true),
        (S::Rejected, 0, false),
        (S::NeverArrived, 0, false),
    ];
    for (state, sold, counts) in table {
        let mut day = Day::bought();
        day.later(1);
        day.intent("AAPL", Leg::Trim1, 1, state);
        if sold > 0 {
            day.fill("AAPL", Leg::Trim1, 1, Side::Sell, sold);
        }
        let trims = day.book.trade(symbol("AAPL")).unwrap().trims;
        assert_eq!(trims.contains(&Leg::Trim1), counts, "{state:?}, {sold} sold");
        assert!(!trims.contains(&Leg::Trim2));
    }
    // Some of it under the id that it had before the broker put another order in its place.
    let mut carried = Day::bought();
    carried.later(1);
    carried.intent("AAPL", Leg::Trim1, 1, S::Canceled);
    carried.fill("AAPL", Leg::Trim1, 1, Side::Sell, 1);
    let key = carried.key("AAPL", Leg::Trim1, 1);
    carried.edit(&key, |intent| intent.broker_id = Some("b2".parse().unwrap()));
    assert!(carried.book.trade(symbol("AAPL")).unwrap().trims.contains(&Leg::Trim1));
    let mut again = Day::bought();
    again.intent("AAPL", Leg::Trim1, 1, S::Filled);
    again.fill("AAPL", Leg::Trim1, 1, Side::Sell, 10);
    again.later(1);
    again.intent("AAPL", Leg::Entry, 2, S::Filled);
    again.fill("AAPL", Leg::Entry, 2, Side::Buy, 10);
    assert!(again.book.trade(symbol("AAPL")).unwrap().trims.is_empty(), "it belongs to the trade before");
}

#[test]
fn the_latest_stop_is_the_last_the_broker_took_in_this_trade() {
    let latest = |day: &Day| {
        let found = day.book.latest(symbol("AAPL"), Leg::Stop, day.bought_at);
        found.map(|intent| intent.key.attempt)
    };
    let mut day = Day::new();
    day.intent("AAPL", Leg::Stop, 1, OrderState::Expired);
    let mut day = day.buy();
    assert_eq!(latest(&day), None, "one of before the entry is another trade's");
    day.later(1);
    day.intent("AAPL", Leg::Stop, 2, OrderState::Canceled);
    // The clock goes back: the next attempt seems older than the entry.
    day.later(-60);
    day.intent("AAPL", Leg::Stop, 3, OrderState::Replaced);
    day.intent("AAPL", Leg::Stop, 4, OrderState::Rejected);
    assert_eq!(latest(&day), Some(3), "by attempt, not by the clock, and a refused one never worked");
    day.intent("AAPL", Leg::Stop, 5, OrderState::Unknown);
    let key = day.key("AAPL", Leg::Stop, 5);
    day.edit(&key, |intent| intent.broker_id = None);
    assert_eq!(latest(&day), Some(3), "one that nobody took did not work");

    // Shares that no entry of ours bought: since an instant.
    let mut strange = Day::new();
    strange.intent("AAPL", Leg::Stop, 1, OrderState::Canceled);
    strange.later(1);
    let found = |day: &Day, since| day.book.latest(symbol("AAPL"), Leg::Stop, since).map(|intent| intent.key.attempt);
    assert_eq!(found(&strange, strange.now), None);
    assert_eq!(found(&strange, strange.now - TimeDelta::minutes(1)), Some(1));
}

#[test]
fn a_replay_knows_what_was_recorded() {
    let mut day = Day::new();
    day.intent("AAPL", Leg::Entry, 1, OrderState::Recorded);
    let key = day.key("AAPL", Leg::Entry, 1);
    day.edit(&key, |intent| intent.broker_id = None);
    let id = key.client_order_id();
    let intent = day.book.intent(&id).unwrap().clone();
    let change = |from, to, broker_id: Option<&str>| {
        let broker_id = broker_id.map(|id| id.parse().unwrap());
        Record::Change(Change { id: id.clone(), from, to, broker_id })
    };
    let (first, then) = (day.now, day.now + TimeDelta::seconds(5));
    let records = [
        (first, Record::Intent(Box::new(intent))),
        (then, change(OrderState::Recorded, OrderState::Unknown, None)),
        (first, Record::Note { id: id.clone(), note: "no answer".into() }),
    ];
    let book = Book::replay(day.book.account.clone(), day.book.strategy.clone(), &records);
    let intent = book.intent(&id).unwrap();
    assert_eq!((intent.state, intent.note.as_str()), (OrderState::Unknown, "no answer"));
    assert_eq!(intent.in_doubt_since(), then, "since the loss, not since the record");
    assert_eq!(book.high_water(), Some(then), "the latest instant, though the last record is of an earlier one");
    assert_eq!((book.live().count(), book.is_consumed(day.date, symbol("AAPL"))), (1, true));

    let settled = [records.as_slice(), &[(then, change(OrderState::Unknown, OrderState::Filled, Some("b1")))]].concat();
    let mut book = Book::replay(day.book.account.clone(), day.book.strategy.clone(), &settled);
    assert_eq!(book.live().count(), 0);
    let fill = day.execution("AAPL", "b1", Side::Buy, 4);
    let earlier = Execution { id: "earlier".into(), at: fill.at - TimeDelta::hours(1), ..fill.clone() };
    [&fill, &fill, &earlier].into_iter().for_each(|fill| book.apply(&Record::Execution(fill.clone()), then));
    assert_eq!(book.filled(book.intent(&id).unwrap()), Qty::shares(8), "each once");
    assert_eq!(book.last_fill(), Some(fill.at), "a late one is not the last");
    assert_eq!(book.trade(symbol("AAPL")).unwrap().plan.map(|plan| plan.stop), Some(price("48")), "ours by its id");
}

// A day: a book, and intents and fills in a line each.

struct Day {
    book: Book,
    date: NyDate,
    now: Timestamp,
    bought_at: Timestamp,
}

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

impl Day {
    fn new() -> Self {
        let date: NyDate = "2026-11-20".parse().unwrap();
        let now = date.at_hm(11, 0);
        Self { book: Book::new("PA3".parse().unwrap(), "avwap".parse().unwrap()), date, now, bought_at: now }
    }

    /// Ten shares of AAPL at 50.50, under a plan.
    fn bought() -> Self {
        Self::new().buy()
    }

    fn buy(mut self) -> Self {
        self.later(1);
        self.intent("AAPL", Leg::Entry, 1, OrderState::Filled);
        self.later(1);
        self.bought_at = self.now;
        self.fill("AAPL", Leg::Entry, 1, Side::Buy, 10);
        self
    }

    fn later(&mut self, minutes: i64) {
        self.now = self.now + TimeDelta::minutes(minutes);
    }

    fn key(&self, text: &str, leg: Leg, attempt: u32) -> IntentKey {
        let (account, strategy) = (self.book.account.clone(), self.book.strategy.clone());
        IntentKey { account, date: self.date, strategy, symbol: symbol(text), leg, attempt }
    }

    fn next(&self, leg: Leg) -> Option<u32> {
        self.book.next_key(self.date, symbol("AAPL"), leg).map(|key| key.attempt)
    }

    fn intent(&mut self, text: &str, leg: Leg, attempt: u32, state: OrderState) {
        let key = self.key(text, leg, attempt);
        let (side, purpose) = match leg {
            Leg::Entry => (Side::Buy, Purpose::Open),
            Leg::Stop => (Side::Sell, Purpose::Protect),
            Leg::Trim1 | Leg::Trim2 => (Side::Sell, Purpose::Reduce),
            Leg::Exit => (Side::Sell, Purpose::Flatten),
        };
        let plan =
            TradePlan { stop: price("48"), level: Some(price("50")), r1: Some(price("52")), r2: Some(price("56")) };
        self.book.restore(Intent {
            request: OrderRequest {
                client_order_id: key.client_order_id(),
                symbol: key.symbol,
                side,
                qty: Qty::shares(10),
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Day,
                purpose,
            },
            state,
            recorded_at: self.now,
            doubted_since: None,
            broker_id: Some(broker_id(&key)),
            replaces: None,
            trade: (leg == Leg::Entry).then_some(plan),
            note: String::new(),
            key,
        });
    }

    fn edit(&mut self, key: &IntentKey, edit: impl Fn(&mut Intent)) {
        let mut intent = self.book.intent(&key.client_order_id()).unwrap().clone();
        edit(&mut intent);
        self.book.restore(intent);
    }

    fn execution(&self, text: &str, order: &str, side: Side, shares: u32) -> Execution {
        Execution {
            id: format!("{order} {}", self.now),
            order_id: order.parse().unwrap(),
            symbol: symbol(text),
            side,
            qty: Qty::shares(shares),
            price: price("50.50"),
            at: self.now,
        }
    }

    fn fill(&mut self, text: &str, leg: Leg, attempt: u32, side: Side, shares: u32) {
        let order = broker_id(&self.key(text, leg, attempt));
        let fill = self.execution(text, order.as_str(), side, shares);
        self.book.count(&fill);
    }
}

fn broker_id(key: &IntentKey) -> BrokerOrderId {
    format!("broker-{}", key.client_order_id()).parse().unwrap()
}
