//! What a split does to holdings and open orders.

use market::{Qty, Usd};
use serde_json::{Value, json};
use venue::{
    Engine,
    config::SplitOrders,
    traded::{ActionKind, CorporateAction, Market},
};

use crate::floor::{DAY, Floor, bracket, gtc, ids, limit, market_order, on, order, stop, symbol, with};

fn split(floor: &mut Floor, new: u32, old: u32) {
    floor.engine.split(symbol("FLAT"), new, old).unwrap();
}

#[test]
fn shares_are_multiplied_and_the_cost_stays() {
    for (new, old, qty) in [(2, 1, "20"), (3, 2, "15"), (1, 4, "2.5"), (1, 3, "3.333333333")] {
        let mut floor = Floor::at("10:00").holding(10);
        split(&mut floor, new, old);
        let held = floor.engine.book().holdings()[&symbol("FLAT")];
        assert_eq!((held.qty, held.cost), (qty.parse::<Qty>().unwrap(), Usd::dollars(1_000)), "{new} for {old}");
        assert_eq!(floor.engine.book().cash(), Usd::dollars(99_000));
    }
}

#[test]
fn orders_that_stand_alone_are_restated_after_a_forward_split() {
    let stop_limit = with(&order("stop_limit", "sell", 3), &json!({"stop_price": "91.00", "limit_price": "90.99"}));
    for (order, qty, limit_price, stop_price) in [
        (gtc(&limit("buy", 10, "90.00")), "20", json!("45.00"), Value::Null),
        (gtc(&stop("sell", 10, "91.01")), "20", Value::Null, json!("45.50")),
        (stop_limit, "6", json!("45.49"), json!("45.50")),
    ] {
        let mut floor = Floor::at("10:00").holding(10);
        let id = floor.ok(&order);
        let means = (floor.engine.book().reserved(), floor.engine.book().held_for_orders(symbol("FLAT")));
        split(&mut floor, 2, 1);
        let shown = floor.order(&id);
        assert_eq!(
            (&shown["qty"], &shown["limit_price"], &shown["stop_price"]),
            (&json!(qty), &limit_price, &stop_price)
        );
        assert_eq!(shown["status"], "new");
        assert_eq!(floor.engine.book().reserved(), means.0, "{order}");
        assert_eq!(floor.engine.book().held_for_orders(symbol("FLAT")), means.1.plus(means.1), "{order}");
        assert_eq!(floor.story(&id), ["received", "restated"]);
    }
}

#[test]
fn orders_of_a_class_stay_and_trailing_stops_go() {
    let mut floor = Floor::at("10:00").holding(10);
    let trailing = floor.ok(&with(&order("trailing_stop", "sell", 5), &json!({"trail_price": "20"})));
    let group = ids(&floor.taken(&bracket(&limit("buy", 10, "90.00"), "110.00", "80.00")));
    split(&mut floor, 2, 1);
    assert_eq!(floor.status(&trailing), "canceled");
    assert_eq!(floor.statuses(&group), ["new", "held", "held"]);
    assert_eq!(floor.order(&group[0])["limit_price"], "90.00");
}

#[test]
fn a_reverse_split_cancels_every_open_order() {
    let mut floor = Floor::at("10:00").holding(10);
    let mut open = vec![floor.ok(&gtc(&stop("sell", 10, "90.00")))];
    open.extend(ids(&floor.taken(&bracket(&limit("buy", 10, "90.00"), "110.00", "80.00"))));
    let elsewhere = floor.ok(&with(&gtc(&limit("buy", 1, "90.00")), &json!({"symbol": "THIN"})));
    split(&mut floor, 1, 2);
    assert!(floor.statuses(&open).iter().all(|status| status == "canceled"));
    assert_eq!(floor.status(&elsewhere), "new");
}

#[test]
fn the_market_goes_on_in_the_new_terms() {
    let mut floor = Floor::at("10:00").holding(10);
    floor.ok(&market_order("sell", 5));
    split(&mut floor, 2, 1);
    floor.pass(15);
    assert_eq!(floor.fills()[1], ("50.00".to_owned(), "10".to_owned()), "a market order for five is for ten now");
}

#[test]
fn a_split_of_the_market_takes_effect_at_the_open_of_its_day() {
    let bar = |price: f64, date: &str| market::DailyBar {
        date: date.parse().unwrap(),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: 1_560_000.0,
    };
    let mut market = Market::default();
    for (date, price) in [(DAY, 100.0), ("2026-11-11", 50.0)] {
        let session = market::Calendar::nyse().session_on(date.parse().unwrap()).unwrap().unwrap();
        market.days.push((session, [(symbol("FLAT"), bar(price, date))].into()));
    }
    market.actions = vec![CorporateAction {
        symbol: symbol("FLAT"),
        ex_date: "2026-11-11".parse().unwrap(),
        kind: ActionKind::Split { new: 2, old: 1 },
    }];
    let config = venue::Config::new("PA3TEST", "key", "secret", Usd::dollars(100_000), 1, on(DAY, "15:00"));
    let mut floor = Floor { engine: Engine::new(config, market) }.holding(10);
    let stop = floor.ok(&gtc(&stop("sell", 10, "90.00")));
    floor.engine.advance_to(on("2026-11-11", "09:29:59"));
    assert_eq!(floor.held("FLAT"), 10);
    floor.engine.advance_to(on("2026-11-11", "10:00"));
    assert_eq!(floor.held("FLAT"), 20);
    let shown = floor.order(&stop);
    assert_eq!((&shown["status"], &shown["qty"], &shown["stop_price"]), (&json!("new"), &json!("20"), &json!("45.00")));
    assert_eq!(floor.engine.event_log().matches("\"event\":\"split\"").count(), 1);
}

/// What a split makes of a stop that stands alone, of an entry of a class, and of a trailing stop: the status of each, and
/// shares and stop of what protects the position then.
#[test]
fn open_orders_fare_as_the_venue_is_configured() {
    for (way, forward, protects, reverse) in [
        (SplitOrders::Restate, ["new", "new", "canceled"], ("20", "45.00"), "canceled"),
        (SplitOrders::Replace, ["replaced", "new", "canceled"], ("20", "45.00"), "canceled"),
        (SplitOrders::Untouched, ["new", "new", "new"], ("10", "90.00"), "new"),
        (SplitOrders::Cancel, ["canceled", "canceled", "canceled"], ("", ""), "canceled"),
    ] {
        let mut floor = Floor::with("10:00", |config| config.split_orders = way).holding(20);
        let protective = floor.ok(&gtc(&stop("sell", 10, "90.00")));
        let trailing = floor.ok(&with(&order("trailing_stop", "sell", 5), &json!({"trail_price": "20"})));
        let entry = floor.ok(&bracket(&limit("buy", 10, "90.00"), "110.00", "80.00"));
        split(&mut floor, 2, 1);
        assert_eq!(floor.statuses(&[protective.clone(), entry, trailing]), forward, "{way:?}");
        let (_, open) = floor.request("GET", "/v2/orders", &[("side", "sell")], "");
        let open = open.as_array().unwrap().iter().find(|order| order["type"] == "stop" && order["status"] == "new");
        let text = |name: &str| open.map_or("", |order| order[name].as_str().unwrap());
        assert_eq!((text("qty"), text("stop_price")), protects, "{way:?}");

        let mut floor = Floor::with("10:00", |config| config.split_orders = way).holding(10);
        let protective = floor.ok(&gtc(&stop("sell", 10, "90.00")));
        split(&mut floor, 1, 2);
        assert_eq!(floor.status(&protective), reverse, "{way:?}");
    }
}

#[test]
fn an_order_that_a_split_replaces_names_its_successor_and_hands_over_what_is_left() {
    let replacing = || Floor::with("10:00", |config| config.split_orders = SplitOrders::Replace);
    for (order, filled, qty, limit_price) in
        [(gtc(&limit("sell", 10, "120.00")), 4, "12", "60.00"), (gtc(&limit("buy", 10, "90.00")), 0, "20", "45.00")]
    {
        let mut floor = replacing().holding(10);
        let id = floor.ok(&order);
        if filled > 0 {
            floor.quoted("120.00", "120.00", "120.00", filled);
        }
        floor.engine.set_streaming(true);
        let (reserved, held) = (floor.engine.book().reserved(), floor.engine.book().held_for_orders(symbol("FLAT")));
        split(&mut floor, 2, 1);
        let words: Vec<_> = floor.engine.take_updates().iter().map(|update| update.kind.word(false)).collect();
        assert_eq!(words, ["replaced", "new"]);
        let old = floor.order(&id);
        let new = floor.order(old["replaced_by"].as_str().unwrap());
        assert_eq!((&old["status"], &new["status"], &new["replaces"]), (&json!("replaced"), &json!("new"), &old["id"]));
        assert_ne!(old["client_order_id"], new["client_order_id"]);
        assert_eq!((&new["qty"], &new["filled_qty"]), (&json!(qty), &json!("0")));
        assert_eq!((&new["limit_price"], &new["time_in_force"]), (&json!(limit_price), &json!("gtc")));
        assert_eq!(floor.engine.book().reserved(), reserved);
        assert_eq!(floor.engine.book().held_for_orders(symbol("FLAT")), held.plus(held));
    }
    // What is under way is not replaced under its feet.
    let mut floor = Floor::with("10:00", |config| {
        (config.split_orders, config.latency) = (SplitOrders::Replace, market::TimeDelta::seconds(1));
    });
    let id = floor.ok(&limit("buy", 10, "90.00"));
    split(&mut floor, 2, 1);
    floor.pass(1);
    assert_eq!((floor.status(&id).as_str(), &floor.order(&id)["qty"]), ("new", &json!("20")));
}
