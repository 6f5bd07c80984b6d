//! The venue without a network: every order type, every refusal, what time does, and that nothing of the future leaks.

use crate::floor::{self, Floor, limit, market, stop};
use broker::report::OrderStatus;
use broker_sim::engine::Engine;
use market::{Qty, Usd};
use serde_json::{Value, json};

#[test]
fn refusals_have_alpacas_status_and_code() {
    let ok = limit("RISE", "buy", 1, "9.00");
    let with = |name: &str, value: Value| {
        let mut order = ok.clone();
        order[name] = value;
        order
    };
    for (body, status, code) in [
        (with("qty", json!("0")), 422, 42_210_000),
        (with("qty", json!("-1")), 422, 42_210_000),
        (with("qty", Value::Null), 422, 42_210_000),
        (with("side", json!("hold")), 422, 42_210_000),
        (with("type", json!("trailing_stop")), 422, 42_210_000),
        (with("type", json!("market")), 422, 42_210_000),
        (with("time_in_force", json!("forever")), 422, 42_210_000),
        (with("limit_price", Value::Null), 422, 42_210_000),
        (with("limit_price", json!("9.005")), 422, 42_210_000),
        (with("limit_price", json!("0.00001")), 422, 42_210_000),
        (with("limit_price", json!("-9")), 422, 42_210_000),
        (with("stop_price", json!("8")), 422, 42_210_000),
        (with("symbol", json!("NOSUCH")), 422, 42_210_000),
        (with("symbol", json!("no such")), 422, 42_210_000),
        (with("symbol", Value::Null), 422, 42_210_000),
        (with("order_class", json!("bracket")), 422, 42_210_000),
        (with("notional", json!("100")), 422, 42_210_000),
        (with("client_order_id", json!("x".repeat(129))), 422, 42_210_000),
        (with("qty", json!("999999")), 403, 40_310_000),
        (with("side", json!("sell")), 403, 40_310_000),
        (json!("no object"), 400, 40_010_000),
    ] {
        let mut floor = Floor::at("10:00");
        let response = floor.post(&body);
        let answer = response.json();
        assert_eq!((response.status, answer["code"].as_u64()), (status, Some(code)), "{body} gave {answer}");
        assert!(floor.truth().orders.is_empty(), "a refused order does not exist: {body}");
    }
    assert_eq!(Floor::at("10:00").post(&ok).status, 200, "the order the table starts from is a good one");
}

#[test]
fn keys_are_checked_before_anything_else() {
    for (key, secret, status) in [
        (None, None, 401),
        (Some("key"), None, 401),
        (Some("key"), Some("wrong"), 403),
        (Some("wrong"), Some("secret"), 403),
        (Some("key"), Some("secret"), 200),
    ] {
        let mut floor = Floor::at("10:00");
        let mut request = floor.request("GET", "/v2/account");
        request.key_id = key.map(str::to_owned);
        request.secret_key = secret.map(str::to_owned);
        assert_eq!(floor.engine.handle(&request).status, status, "{key:?} {secret:?}");
    }
}

#[test]
fn a_client_order_id_is_used_up_for_ever() {
    let mut floor = Floor::at("10:00");
    let mut order = limit("RISE", "buy", 1, "9.00");
    order["client_order_id"] = json!("once");
    let id = floor.post_ok(&order);
    assert_eq!(floor.code(&order), (422, 40_010_001));
    assert_eq!(floor.delete(&id), 204);
    assert_eq!(floor.code(&order), (422, 40_010_001), "not reusable after a cancel");
    order["client_order_id"] = json!("twice");
    assert_eq!(floor.post(&order).status, 200);
    let found = floor.get("/v2/orders:by_client_order_id", &[("client_order_id", "once")]);
    assert_eq!((found["id"].as_str(), found["status"].as_str()), (Some(id.as_str()), Some("canceled")));
    let missing = floor.get("/v2/orders:by_client_order_id", &[("client_order_id", "never")]);
    assert_eq!(missing["code"], 40_410_000);
}

#[test]
fn a_market_order_fills_on_the_next_tick_at_the_quote() {
    let mut floor = Floor::at("10:00");
    let id = floor.post_ok(&market("RISE", "buy", 10));
    assert_eq!(floor.status(&id), OrderStatus::New);
    floor.advance("10:00:14");
    assert_eq!(floor.status(&id), OrderStatus::New, "no tick yet");
    floor.advance("10:00:15");
    assert_eq!(floor.status(&id), OrderStatus::Filled);
    let fill = &floor.truth().fills[0];
    let quote = floor.get("/v2/stocks/quotes/latest", &[("symbols", "RISE")]);
    assert_eq!(json!(fill.price.to_f64()), quote["quotes"]["RISE"]["ap"]);
    assert_eq!(floor.truth().positions[0].qty, Qty::shares(10));
}

#[test]
fn a_limit_fills_at_the_limit_or_better_and_not_before_the_market_is_there() {
    // FALL goes from 20 down to 10: a buy at 15 waits, and fills when the market has come down.
    let mut floor = Floor::at("09:31");
    let id = floor.post_ok(&limit("FALL", "buy", 10, "15.00"));
    floor.advance("16:00");
    let fill = &floor.truth().fills[0];
    assert_eq!(floor.status(&id), OrderStatus::Filled);
    assert!(fill.price <= "15.00".parse().unwrap(), "{}", fill.price);

    // Far above the market it is a purchase at the ask, not at the limit.
    let mut floor = Floor::at("09:31");
    floor.post_ok(&limit("FALL", "buy", 10, "30.00"));
    floor.advance("09:32");
    assert!(floor.truth().fills[0].price <= "20.00".parse().unwrap());

    let mut floor = Floor::at("09:31").holding("RISE", 10);
    let id = floor.post_ok(&limit("RISE", "sell", 10, "15.00"));
    floor.advance("16:00");
    assert_eq!(floor.status(&id), OrderStatus::Filled);
    assert!(floor.truth().fills[1].price >= "15.00".parse().unwrap());
}

#[test]
fn a_stop_is_triggered_by_the_last_price_and_fills_a_tick_later_wherever_the_market_is() {
    let mut floor = Floor::at("09:31").holding("FALL", 10);
    let id = floor.post_ok(&stop("FALL", "sell", 10, "15.00", "gtc"));
    floor.advance("16:00");
    assert_eq!(floor.status(&id), OrderStatus::Filled);
    let log = floor.engine.event_log();
    let at = |word: &str| log.lines().position(|line| line.contains(word) && line.contains(&id)).unwrap();
    assert!(at("triggered") < at("filled"));
    let instant = |line: usize| serde_json::from_str::<Value>(log.lines().nth(line).unwrap()).unwrap()["at"].clone();
    assert_ne!(instant(at("triggered")), instant(at("filled")), "a tick apart");
    let fill = floor.truth().fills[1].clone();
    assert!(fill.price < "15.50".parse().unwrap() && fill.price > "13.00".parse().unwrap(), "{}", fill.price);

    // A stop the market never reaches does nothing.
    let mut floor = Floor::at("09:31").holding("RISE", 10);
    let id = floor.post_ok(&stop("RISE", "sell", 10, "9.00", "gtc"));
    floor.advance("16:00");
    assert_eq!(floor.status(&id), OrderStatus::New);
}

#[test]
fn day_orders_end_at_the_close_and_gtc_orders_live_on() {
    let mut floor = Floor::at("15:00");
    let day = floor.post_ok(&limit("RISE", "buy", 1, "2.00"));
    let mut gtc = limit("RISE", "buy", 1, "2.01");
    gtc["time_in_force"] = json!("gtc");
    let gtc = floor.post_ok(&gtc);
    floor.advance("15:59:59");
    assert_eq!(floor.status(&day), OrderStatus::New);
    floor.advance("16:00");
    assert_eq!((floor.status(&day), floor.status(&gtc)), (OrderStatus::Expired, OrderStatus::New));
    assert_eq!(floor.delete(&day), 422, "what has ended cannot be cancelled");
    assert_eq!(floor.delete(&gtc), 204);
    assert_eq!(floor.delete(&gtc), 422);
    assert_eq!(floor.delete("00000000-0000-4000-a000-000000000000"), 404);
}

#[test]
fn outside_the_session_an_order_is_accepted_and_works_from_the_open() {
    let mut floor = Floor::at("08:00");
    let id = floor.post_ok(&market("RISE", "buy", 1));
    assert_eq!(floor.status(&id), OrderStatus::Accepted);
    floor.advance("09:29:59");
    assert_eq!(floor.status(&id), OrderStatus::Accepted);
    floor.advance("09:30");
    assert_eq!(floor.status(&id), OrderStatus::Filled, "at the first tick");

    let mut floor = Floor::at("16:30");
    let id = floor.post_ok(&limit("RISE", "buy", 1, "9.00"));
    floor.advance("17:00");
    assert_eq!(floor.status(&id), OrderStatus::Accepted, "waits for the next session");
}

#[test]
fn an_order_larger_than_its_tick_fills_in_parts() {
    let mut floor = Floor::at("12:00");
    let id = floor.post_ok(&market("THIN", "buy", 40));
    floor.advance("12:01");
    assert_eq!(floor.status(&id), OrderStatus::PartiallyFilled);
    floor.advance("16:00");
    let truth = floor.truth();
    assert!(truth.fills.len() > 2, "{} fills", truth.fills.len());
    let filled = truth.fills.iter().fold(Qty::ZERO, |sum, fill| sum.plus(fill.qty));
    assert_eq!((filled, truth.orders[0].filled_qty), (Qty::shares(40), Qty::shares(40)));
    let activities = floor.get("/v2/account/activities/FILL", &[("direction", "asc")]);
    let last = activities.as_array().unwrap().last().unwrap();
    assert_eq!((last["type"].as_str(), last["leaves_qty"].as_str()), (Some("fill"), Some("0")));
    assert_eq!(activities[0]["type"], "partial_fill");
}

#[test]
fn opposite_orders_that_could_meet_are_refused() {
    let wash = (403, 40_310_000);
    let mut floor = Floor::at("10:00").holding("RISE", 10);
    let buy = floor.post_ok(&limit("RISE", "buy", 5, "5.00"));
    assert_eq!(floor.code(&stop("RISE", "sell", 5, "4.00", "gtc")), wash);
    assert_eq!(floor.code(&market("RISE", "sell", 5)), wash);
    assert_eq!(floor.code(&limit("RISE", "sell", 5, "5.00")), wash);
    assert_eq!(floor.post(&limit("RISE", "sell", 5, "30.00")).status, 200, "two limits that do not cross");
    assert_eq!(floor.delete(&buy), 204);
    assert_eq!(floor.post(&stop("RISE", "sell", 5, "4.00", "gtc")).status, 200);
}

#[test]
fn shares_are_sold_once() {
    let mut floor = Floor::at("10:00").holding("RISE", 10);
    let first = floor.post_ok(&stop("RISE", "sell", 6, "4.00", "gtc"));
    assert_eq!(floor.code(&stop("RISE", "sell", 5, "4.00", "gtc")), (403, 40_310_000));
    let position = floor.get("/v2/positions/RISE", &[]);
    assert_eq!((position["qty"].as_str(), position["qty_available"].as_str()), (Some("10"), Some("4")));
    assert_eq!(floor.delete(&first), 204);
    assert_eq!(floor.post(&stop("RISE", "sell", 10, "4.00", "gtc")).status, 200);
}

#[test]
fn buying_power_is_cash_less_what_open_orders_may_take() {
    let mut floor = Floor::at("10:00");
    assert_eq!(floor.truth().account.buying_power, Usd::dollars(10_000));
    floor.post_ok(&limit("RISE", "buy", 1_000, "6.00"));
    assert_eq!(floor.truth().account.buying_power, Usd::dollars(4_000));
    assert_eq!(floor.code(&limit("RISE", "buy", 1_000, "4.01")), (403, 40_310_000));
    assert_eq!(floor.post(&limit("RISE", "buy", 1_000, "4.00")).status, 200);
}

#[test]
fn a_market_order_before_the_first_price_ever_still_needs_the_money() {
    let mut day = floor::day();
    day.history.clear();
    let mut floor = Floor { engine: Engine::new(floor::config(1, "08:00"), day) };
    assert_eq!(floor.code(&market("RISE", "buy", 1_001)), (403, 40_310_000));
    assert_eq!(floor.post(&market("RISE", "buy", 1_000)).status, 200);
}

#[test]
fn a_replaced_order_hands_over_to_a_new_one() {
    let mut floor = Floor::at("10:00").holding("RISE", 10);
    let old = floor.post_ok(&stop("RISE", "sell", 10, "4.00", "gtc"));
    let response = floor.patch(&old, &json!({"stop_price": "5.00"}));
    let new = response.json();
    assert_eq!((response.status, new["stop_price"].as_str(), new["qty"].as_str()), (200, Some("5.00"), Some("10")));
    assert_eq!((new["replaces"].as_str(), floor.status(&old)), (Some(old.as_str()), OrderStatus::Replaced));
    assert_eq!(floor.patch(&old, &json!({"stop_price": "6.00"})).status, 422, "it is no longer there");

    let mut floor = Floor::at("08:00");
    let waiting = floor.post_ok(&limit("RISE", "buy", 1, "9.00"));
    assert_eq!(floor.patch(&waiting, &json!({"limit_price": "8.00"})).status, 422, "refused while accepted");
}

#[test]
fn everything_open_is_cancelled_at_once_with_a_status_each() {
    let mut floor = Floor::at("10:00");
    for price in ["5.00", "5.01", "5.02"] {
        floor.post_ok(&limit("RISE", "buy", 1, price));
    }
    let request = floor.request("DELETE", "/v2/orders");
    let response = floor.engine.handle(&request);
    assert_eq!((response.status, response.json().as_array().unwrap().len()), (207, 3));
    assert_eq!(floor.get("/v2/orders", &[]).as_array().unwrap().len(), 0, "none is open");
    assert_eq!(floor.get("/v2/orders", &[("status", "closed")]).as_array().unwrap().len(), 3);
}

#[test]
fn lists_are_filtered_ordered_and_bounded() {
    let mut floor = Floor::at("10:00");
    for minute in 0..5 {
        floor.advance(&format!("10:0{minute}"));
        floor.post_ok(&limit("RISE", "buy", 1, "2.00"));
    }
    let instant = |minute: u32| floor::at(&format!("10:0{minute}")).to_string();
    for (query, expect) in [
        (vec![("status", "all"), ("direction", "asc")], vec![0, 1, 2, 3, 4]),
        (vec![("status", "all")], vec![4, 3, 2, 1, 0]),
        (vec![("limit", "2")], vec![4, 3]),
        (vec![("after", instant(2).as_str()), ("direction", "asc")], vec![3, 4]),
        (vec![("until", instant(2).as_str()), ("direction", "asc")], vec![0, 1]),
        (vec![("symbols", "FALL,THIN")], vec![]),
    ] {
        let list = floor.get("/v2/orders", &query);
        let got: Vec<&str> = list.as_array().unwrap().iter().map(|o| o["submitted_at"].as_str().unwrap()).collect();
        assert_eq!(got, expect.iter().map(|minute| instant(*minute)).collect::<Vec<_>>(), "{query:?}");
    }
    assert_eq!(floor.get("/v2/orders", &[("limit", "501")])["code"], 42_210_000);
}

#[test]
fn clock_and_calendar_tell_the_session() {
    for (at, open, next_open, next_close) in [
        ("08:00", false, "2026-11-10T09:30:00-05:00", "2026-11-10T16:00:00-05:00"),
        ("09:30", true, "2026-11-11T09:30:00-05:00", "2026-11-10T16:00:00-05:00"),
        ("16:00", false, "2026-11-11T09:30:00-05:00", "2026-11-11T16:00:00-05:00"),
    ] {
        let clock = Floor::at(at).get("/v2/clock", &[]);
        assert_eq!(clock["is_open"], open, "{at}");
        assert_eq!((clock["next_open"].as_str(), clock["next_close"].as_str()), (Some(next_open), Some(next_close)));
    }
    let days = Floor::at("10:00").get("/v2/calendar", &[("start", "2026-11-25"), ("end", "2026-11-29")]);
    let days: Vec<(&str, &str)> =
        days.as_array().unwrap().iter().map(|d| (d["date"].as_str().unwrap(), d["close"].as_str().unwrap())).collect();
    assert_eq!(days, [("2026-11-25", "16:00"), ("2026-11-27", "13:00")]);
}

#[test]
fn nothing_of_the_future_leaks() {
    let candles = |at: &str, timeframe: &str| {
        let query = [("symbols", "RISE"), ("timeframe", timeframe), ("start", "2026-11-10")];
        Floor::at(at).get("/v2/stocks/bars", &query)["bars"]["RISE"].as_array().map_or(0, Vec::len)
    };
    for (at, minute, ten) in [
        ("08:00", 0, 0),
        ("09:30", 0, 0),
        ("09:30:59", 0, 0),
        ("09:31", 1, 0),
        ("09:39:59", 9, 0),
        ("09:40", 10, 1),
        ("16:00", 390, 39),
        ("20:00", 390, 39),
    ] {
        assert_eq!((candles(at, "1Min"), candles(at, "10Min")), (minute, ten), "{at}");
    }
    let quotes = |at: &str| Floor::at(at).get("/v2/stocks/quotes/latest", &[("symbols", "RISE")])["quotes"].clone();
    assert_eq!(quotes("09:29:59"), json!({}));
    assert_eq!(quotes("09:30")["RISE"]["t"], "2026-11-10T14:30:00Z");
    assert_eq!((candles("15:59:59", "1Day"), candles("16:00", "1Day")), (0, 1), "the day's bar comes at the close");
}

#[test]
fn the_days_candles_make_the_days_bar() {
    let query = [("symbols", "RISE"), ("timeframe", "5Min"), ("start", "2026-11-10")];
    let bars = Floor::at("16:00").get("/v2/stocks/bars", &query)["bars"]["RISE"].clone();
    let bars = bars.as_array().unwrap();
    let value = |bar: &Value, name: &str| bar[name].as_f64().unwrap();
    assert_eq!((value(&bars[0], "o"), value(&bars[77], "c")), (10.0, 20.0));
    assert_eq!(bars.iter().map(|bar| value(bar, "h")).fold(0.0, f64::max), 20.0);
    assert_eq!(bars.iter().map(|bar| value(bar, "v")).sum::<f64>(), 5e6);
}

#[test]
fn pages_of_bars_join_to_the_whole() {
    let mut floor = Floor::at("16:00");
    fn query<'a>(limit: &'a str, token: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
        let mut query =
            vec![("symbols", "THIN,RISE,FALL"), ("timeframe", "10Min"), ("start", "2026-11-10"), ("limit", limit)];
        if let Some(token) = token {
            query.push(("page_token", token));
        }
        query
    }
    let count = |page: &Value| {
        page["bars"].as_object().unwrap().values().map(|bars| bars.as_array().unwrap().len()).sum::<usize>()
    };
    let whole = floor.get("/v2/stocks/bars", &query("10000", None));
    let (mut token, mut joined) = (None, 0);
    for _ in 0..100 {
        let page = floor.get("/v2/stocks/bars", &query("7", token.as_deref()));
        assert!(count(&page) <= 7);
        joined += count(&page);
        token = page["next_page_token"].as_str().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!((joined, token), (count(&whole), None));
    assert!(joined > 100);
}

#[test]
fn bad_data_requests_are_refused() {
    let mut floor = Floor::at("10:00");
    for query in [
        vec![("timeframe", "10Min")],
        vec![("symbols", "RISE")],
        vec![("symbols", "RISE"), ("timeframe", "0Min")],
        vec![("symbols", "RISE"), ("timeframe", "1Year")],
        vec![("symbols", "RI SE"), ("timeframe", "1Min")],
        vec![("symbols", "RISE"), ("timeframe", "1Min"), ("limit", "10001")],
        vec![("symbols", "RISE"), ("timeframe", "1Min"), ("page_token", "x")],
        vec![("symbols", "RISE"), ("timeframe", "1Min"), ("start", "yesterday")],
    ] {
        assert_eq!(floor.response("/v2/stocks/bars", &query).status, 400, "{query:?}");
    }
    assert_eq!(floor.response("/v2/nothing", &[]).status, 404);
}
