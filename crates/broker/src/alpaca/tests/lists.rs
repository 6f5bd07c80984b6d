//! Lists: page after page to their end, and one strange row hides no other.

use super::*;
use crate::alpaca::bars::{Adjustment, BarsQuery, Timeframe};

#[tokio::test]
async fn orders_are_paged_by_time_and_counted_once() {
    let page = |from: usize, to: usize| {
        let orders: Vec<String> =
            (from..to).map(|n| order_json_at(n, &format!("2026-11-10T14:30:00.{n:09}Z"))).collect();
        Behaviour::json(200, format!("[{}]", orders.join(",")))
    };
    let server = Canned::start(vec![page(0, 500), page(499, 700)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders.len(), 700);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v2/orders?status=open&limit=500&direction=asc&nested=false HTTP"));
    assert!(requests[1].contains("&after=2026-11-10T14%3A30%3A00.000000498Z "), "{}", requests[1]);
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    let orders: Vec<String> = (0..500).map(|n| order_json_at(n, "2026-11-10T14:30:00Z")).collect();
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", orders.join(",")))]).await;
    let after = OrderFilter::SubmittedAfter("2026-11-10T14:00:00Z".parse().unwrap());
    let error = client(&server.base_url).orders(after).await.unwrap_err();
    assert_eq!(error.why, "the list does not end");
}

/// Whatever the pages hold: their number and their time have an end.
#[tokio::test]
async fn a_list_has_so_many_pages_and_so_much_time() {
    let page = |from: usize| {
        let at = |n: usize| format!("2026-11-10T14:{:02}:{:02}.{:09}Z", n / 30_000, n / 500 % 60, n % 500);
        let orders: Vec<String> = (from..from + 500).map(|n| order_json_at(n, &at(n))).collect();
        Behaviour::json(200, format!("[{}]", orders.join(",")))
    };
    let server = Canned::start((0..25).map(|number| page(number * 500)).collect()).await;
    let error = client(&server.base_url).orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!(error.why, "the list does not end within 20 pages");
    assert_eq!(server.requests().len(), 20);

    let server = Canned::start(vec![page(0)]).await;
    let mut config = config(&server.base_url);
    config.limits.patience = Duration::ZERO;
    let error = Alpaca::new(&config).unwrap().orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!(error.why, "the list was not whole within 0 s");

    let server = Canned::start(vec![page(0), Behaviour::Mute]).await;
    let mut config = config_for(&server);
    config.limits.total = Duration::from_secs(30);
    config.limits.patience = Duration::from_millis(150);
    let error = Alpaca::new(&config).unwrap().orders(OrderFilter::Open).await.unwrap_err();
    assert!(error.why.starts_with("no answer: no answer in time"), "{error}");
}

#[tokio::test]
async fn a_full_page_that_does_not_say_where_it_ends_is_an_error() {
    let rows = |count: usize, row: &str| Behaviour::json(200, format!("[{}]", vec![row; count].join(",")));
    let server = Canned::start(vec![rows(500, r#"{"symbol":"AAPL"}"#)]).await;
    let error = client(&server.base_url).orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!((error.why.as_str(), server.requests().len()), ("the list does not end", 1));
    let server = Canned::start(vec![rows(100, r#"{"activity_type":"FILL"}"#)]).await;
    let error = client(&server.base_url).executions("2026-11-10T14:00:00Z".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.why.as_str(), server.requests().len()), ("the list does not end", 1));
}

#[tokio::test]
async fn foreign_instruments_do_not_hide_our_orders() {
    let option = order_json("option", "new").replace("BRK.B", "AAPL250620C00100000");
    let body = format!("[{option},{}]", order_json("id-1", "new"));
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(), ["id-1"]);
}

#[tokio::test]
async fn an_order_of_another_hand_counts_whatever_its_id_looks_like() {
    let long = "x".repeat(129);
    for (given, expect) in [
        ("by-hand", "by-hand"),
        ("sold by hand", "foreign-904837e3"),
        ("früh", "foreign-904837e3"),
        ("", "foreign-904837e3"),
        (long.as_str(), "foreign-904837e3"),
    ] {
        let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", order_json(given, "new")))]).await;
        let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
        assert_eq!(
            orders.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(),
            [expect],
            "{given:?}"
        );
    }
}

#[tokio::test]
async fn one_strange_row_hides_no_other() {
    let fill = |id: &str, symbol: &str, qty: &str, price: &str| {
        format!(
            r#"{{"activity_type":"FILL","id":"{id}","order_id":"o-1","symbol":"{symbol}","side":"buy","qty":{qty},
            "price":{price},"transaction_time":"2026-11-10T14:30:00Z","type":"fill"}}"#
        )
    };
    let fills = [
        fill("coin", "SHIB/USD", "\"1000\"", "\"0.00000889\""),
        fill("odd", "AAPL", "null", "\"10.5\""),
        fill("option", "AAPL250620C00100000", "\"1\"", "\"2\""),
        fill("ours", "AAPL", "\"1\"", "\"10.5\""),
    ];
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", fills.join(",")))]).await;
    let fills = client(&server.base_url).executions("2026-11-10T14:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(fills.iter().map(|fill| fill.id.as_str()).collect::<Vec<_>>(), ["ours"]);

    let position = |symbol: &str, qty: &str| {
        format!(r#"{{"symbol":"{symbol}","qty":"{qty}","side":"long","avg_entry_price":"0.00000889"}}"#)
    };
    let positions =
        [position("SHIBUSD", "20000000000.5"), position("AAPL250620C00100000", "1"), position("AAPL", "12")];
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", positions.join(",")))]).await;
    let positions = client(&server.base_url).positions().await.unwrap();
    assert_eq!(positions.held.iter().map(|held| held.symbol.as_str()).collect::<Vec<_>>(), ["AAPL"]);
    assert_eq!(positions.unreadable, ["SHIBUSD"], "told, so that nothing is opened beside it");
    assert!(positions.whole().is_err());

    let strange = order_json_with("c-1", "b-1", "new", "2026-11-10T14:30:00Z").replace("\"12\"", "[]");
    let body = format!("[{},{strange}]", order_json("c-2", "new"));
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap();
    assert_eq!(orders.listed.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(), ["c-2"]);
    assert_eq!(orders.unreadable, ["c-1"], "told: it may buy what no cap counts");
    assert_eq!(orders.whole().unwrap_err().to_string(), "orders: cannot be read: c-1");
}

#[tokio::test]
async fn words_we_do_not_know_are_kept_not_guessed() {
    let strange =
        order_json("id-1", "quantum_filled").replace("\"limit\"", "\"trailing_stop\"").replace("\"day\"", "\"fok\"");
    let server = Canned::start(vec![Behaviour::json(200, format!("[{strange}]"))]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders[0].status, OrderStatus::Unrecognised("quantum_filled".to_owned()));
    assert_eq!((orders[0].kind, orders[0].time_in_force), (None, None));
}

#[tokio::test]
async fn fills_are_paged_and_cut_at_the_instant() {
    let fill = |n: usize| {
        format!(
            r#"{{"activity_type":"FILL","id":"2026::{n}","order_id":"o-1","symbol":"AAPL","side":"sell","qty":"1",
            "price":"10.5","transaction_time":"2026-11-10T14:30:00.{n:03}Z","type":"fill"}}"#
        )
    };
    let page = |range: std::ops::Range<usize>| {
        Behaviour::json(200, format!("[{}]", range.map(fill).collect::<Vec<_>>().join(",")))
    };
    let server = Canned::start(vec![page(0..100), page(100..130)]).await;
    let after: Timestamp = "2026-11-10T14:30:00.009Z".parse().unwrap();
    let fills = client(&server.base_url).executions(after).await.unwrap();
    assert_eq!((fills.len(), fills[0].id.as_str()), (120, "2026::10"));
    let requests = server.requests();
    assert!(requests[0].contains("after=2026-11-10T14%3A30%3A00Z&"), "{}", requests[0]);
    assert!(requests[1].contains("page_token=2026%3A%3A99"), "{}", requests[1]);
}

#[tokio::test]
async fn candles_come_by_symbol_over_pages_and_end_before_the_end() {
    let bar =
        |t: &str| format!(r#"{{"t":"2026-11-10T{t}Z","o":10.0,"h":11,"l":9.5,"c":10.25,"v":1200,"n":3,"vw":10.1}}"#);
    let first = format!(r#"{{"bars":{{"AAPL":[{}]}},"next_page_token":"next"}}"#, bar("14:30:00"));
    let second = format!(
        r#"{{"bars":{{"AAPL":[{},{}],"MSFT":[{}]}},"next_page_token":null}}"#,
        bar("14:40:00"),
        bar("14:50:00"),
        bar("14:30:00")
    );
    let server = Canned::start(vec![Behaviour::json(200, first), Behaviour::json(200, second)]).await;
    let symbols: Vec<Symbol> = ["AAPL", "MSFT", "NONE"].iter().map(|text| text.parse().unwrap()).collect();
    let (from, to) = ("2026-11-10T14:30:00Z".parse().unwrap(), "2026-11-10T14:50:00Z".parse().unwrap());
    let candles = client(&server.base_url).candles(&symbols, 10, from, to).await.unwrap();
    assert_eq!(candles.keys().copied().collect::<Vec<_>>(), symbols[..2]);
    assert_eq!(candles[&symbols[0]].len(), 2, "the candle at the end is not in it");
    assert_eq!(candles[&symbols[1]][0].volume, Qty::shares(1200));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v2/stocks/bars?symbols=AAPL%2CMSFT%2CNONE&timeframe=10Min&start="));
    assert!(requests[1].contains("&feed=iex&page_token=next "), "{}", requests[1]);
}

/// One spoilt bar, on whatever page, takes its own symbol and no other.
#[tokio::test]
async fn a_bar_that_is_none_takes_only_its_symbol_with_it() {
    let bar = |t: &str, open: &str| {
        format!(r#"{{"t":"2026-11-10T{t}Z","o":{open},"h":11,"l":9.5,"c":10.25,"v":1200,"n":3,"vw":10.1}}"#)
    };
    let page = |bad: &str, good: &str, next: &str| {
        let body = format!(r#"{{"bars":{{"BAD":[{bad}],"GOOD":[{good}]}},"next_page_token":{next}}}"#);
        Behaviour::json(200, body)
    };
    let symbols: Vec<Symbol> = ["BAD", "GOOD"].iter().map(|text| text.parse().unwrap()).collect();
    let (from, to) = ("2026-11-10T14:30:00Z".parse().unwrap(), "2026-11-10T14:50:00Z".parse().unwrap());
    for (first, second) in [("0", "10"), ("10", "0"), ("10", "null"), ("10", "[]"), ("12", "10")] {
        let pages = vec![
            page(&bar("14:30:00", first), &bar("14:30:00", "10"), "\"next\""),
            page(&bar("14:40:00", second), &bar("14:40:00", "10"), "null"),
        ];
        let server = Canned::start(pages).await;
        let candles = client(&server.base_url).candles(&symbols, 10, from, to).await.unwrap();
        assert_eq!(candles.keys().copied().collect::<Vec<_>>(), symbols[1..], "{first} {second}");
        assert_eq!(candles[&symbols[1]].len(), 2, "{first} {second}");
        let query =
            BarsQuery { symbols: &symbols, timeframe: Timeframe::Minutes(10), from, to, adjustment: Adjustment::Raw };
        let server = Canned::start(vec![page(&bar("14:30:00", "0"), &bar("14:30:00", "10"), "null")]).await;
        assert!(client(&server.base_url).bars(query).await.is_err(), "who asks for bars is told");
    }
}

#[tokio::test]
async fn one_sided_and_crossed_quotes_are_absent() {
    let quote = |bp: f64, ap: f64| format!(r#"{{"t":"2026-11-10T14:30:00Z","bp":{bp},"ap":{ap},"bs":1,"as":1}}"#);
    let body = format!(
        r#"{{"quotes":{{"GOOD":{},"NOBID":{},"NOASK":{},"CROSS":{}}}}}"#,
        quote(10.0, 10.02),
        quote(0.0, 10.0),
        quote(10.0, 0.0),
        quote(10.1, 10.0)
    );
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let quotes = client(&server.base_url).quotes(&["GOOD".parse().unwrap()]).await.unwrap();
    assert_eq!(quotes.keys().map(Symbol::as_str).collect::<Vec<_>>(), ["GOOD"]);
}
