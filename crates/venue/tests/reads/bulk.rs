//! Much at a time: full pages, and more paths than are kept.

use venue::{Config, Engine, Request, synthetic};

#[test]
fn a_full_page_is_whole_and_stays_the_same() {
    let calendar = market::Calendar::nyse();
    let session = calendar.session_on("2026-11-10".parse().unwrap()).unwrap().unwrap();
    let market = synthetic::market_days(7, session, 2, &calendar).unwrap();
    let symbols: Vec<String> = market.days[0].1.keys().map(ToString::to_string).collect();
    let config = Config::new("PA1", "key", "secret", market::Usd::dollars(1), 7, session.open);
    let mut engine = Engine::new(config, market);
    engine.advance_to(session.close);
    let mut page = |timeframe: &str, start: &str| {
        let query = [
            ("symbols", symbols.join(",")),
            ("timeframe", timeframe.into()),
            ("start", start.into()),
            ("limit", "10000".into()),
        ];
        let request = Request {
            method: "GET".into(),
            path: "/v2/stocks/bars".into(),
            query: query.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            key_id: Some("key".into()),
            secret_key: Some("secret".into()),
            body: String::new(),
        };
        engine.handle(&request)
    };
    for (timeframe, start) in [("1Min", "2026-11-10"), ("1Day", "2024-01-01")] {
        let first = page(timeframe, start);
        let rows: usize =
            first.json()["bars"].as_object().unwrap().values().map(|rows| rows.as_array().unwrap().len()).sum();
        assert_eq!((first.status, rows), (200, 10_000), "{timeframe}");
        assert!(first.json()["next_page_token"].is_string());
        assert_eq!(page(timeframe, start), first);
    }
}

#[test]
fn a_path_that_was_dropped_comes_back_the_same() {
    let calendar = market::Calendar::nyse();
    let session = calendar.session_on("2026-11-10".parse().unwrap()).unwrap().unwrap();
    let market = synthetic::market_days(7, session, 30, &calendar).unwrap();
    let end = market.days[29].0.close;
    let symbols: Vec<market::Symbol> = market.days[0].1.keys().copied().collect();
    assert!(symbols.len() * market.days.len() > venue::tape::PATHS_MAX);
    let config = Config::new("PA1", "key", "secret", market::Usd::dollars(1), 7, session.open);
    let mut engine = Engine::new(config, market);
    engine.advance_to(end);
    let mut first_hour = |symbol: &market::Symbol, day: &str| {
        let query = [("timeframe", "1Hour"), ("start", day), ("limit", "1")];
        engine.handle(&Request {
            method: "GET".into(),
            path: format!("/v2/stocks/{symbol}/bars"),
            query: query.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            key_id: Some("key".into()),
            secret_key: Some("secret".into()),
            body: String::new(),
        })
    };
    let before = first_hour(&symbols[0], "2026-11-10");
    for symbol in &symbols {
        for day in calendar.sessions(session.date, end.ny_date()).unwrap() {
            assert_eq!(first_hour(symbol, &day.date.to_string()).status, 200);
        }
    }
    assert_eq!(first_hour(&symbols[0], "2026-11-10"), before);
}
