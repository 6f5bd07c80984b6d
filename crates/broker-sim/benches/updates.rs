//! How long the news of an order takes over loopback: from the request to the venue until our client tells the event.
//!
//! The venue has a thread of its own. Each order is a limit order that waits; its `new` is awaited, then it is cancelled.
//! Run with `cargo bench -p broker-sim --bench updates`; with `--test` it is a small run that only shows that it works.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{env, sync::mpsc, thread, time::Instant};

use broker::{
    alpaca::{
        Alpaca, Config,
        stream::{AccountEvent, Events, Start, Waits, follow_account},
    },
    report::OrderReport,
};
use broker_sim::{Pace, Source, Venue, VenueConfig, engine::Request};
use market::{Feed, NyDate, TimeDelta, Usd};

const ORDERS: usize = 10_000;

fn main() {
    let orders = if env::args().any(|argument| argument == "--test") { 50 } else { ORDERS };
    let (venue, base_url) = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut micros = runtime.block_on(measure(&venue, &base_url, orders));
    micros.sort_unstable();
    let at = |share: f64| micros[((orders as f64 * share) as usize).min(orders - 1)];
    println!(
        "{{\"bench\":\"trade_updates\",\"orders\":{orders},\"p50_us\":{},\"p90_us\":{},\"p99_us\":{},\"max_us\":{}}}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

async fn measure(venue: &Venue, base_url: &str, orders: usize) -> Vec<u128> {
    let url = || base_url.parse().unwrap();
    let config = Config::new(url(), url(), "key".into(), "secret".into(), Feed::Iex);
    let clock = {
        let venue = venue.clone();
        move || venue.now()
    };
    let start = Start { since: venue.now() - TimeDelta::minutes(1), known: Vec::new() };
    let (run, mut events) =
        follow_account(&config, Alpaca::new(&config).unwrap(), clock, start, Waits::default()).unwrap();
    tokio::spawn(run);
    while !matches!(events.next().await.unwrap(), AccountEvent::Gap(_)) {}
    let mut micros = Vec::with_capacity(orders);
    for number in 0..orders {
        let order = format!(
            r#"{{"symbol":"SPY","side":"buy","qty":"1","type":"limit","limit_price":"1.00","time_in_force":"day","client_order_id":"bench-{number}"}}"#
        );
        let asked = Instant::now();
        assert_eq!(venue.handle(&request("POST", "/v2/orders", order)).status, 200);
        let report = order_event(&mut events).await;
        micros.push(asked.elapsed().as_micros());
        let path = format!("/v2/orders/{}", report.id);
        assert_eq!(venue.handle(&request("DELETE", &path, String::new())).status, 204);
        order_event(&mut events).await;
    }
    micros
}

async fn order_event(events: &mut Events<AccountEvent>) -> OrderReport {
    loop {
        if let AccountEvent::Order { report, event: Some(_), .. } = events.next().await.unwrap() {
            return *report;
        }
    }
}

/// A venue whose server has a thread of its own, for as long as the process lives.
fn server() -> (Venue, String) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let start = "2026-10-15".parse::<NyDate>().unwrap().at_hm(10, 0);
            let config = VenueConfig {
                orders_max: 1_000_000,
                ..VenueConfig::new("PA30000000", "key", "secret", Usd::dollars(900_000_000), 1, start)
            };
            let venue = Venue::of(config, Source::synthetic(1), Pace::Stepped).unwrap();
            let server = venue.serve().await.unwrap();
            sender.send((venue, server.base_url().to_owned())).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

fn request(method: &str, path: &str, body: String) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        key_id: Some("key".to_owned()),
        secret_key: Some("secret".to_owned()),
        body,
        ..Request::default()
    }
}
