//! Orders over loopback HTTP: requests a second and how long each takes, with keep-alive connections.
//!
//! The server has a thread of its own, the clients another: what is measured is both on one machine. Three in five
//! requests submit a limit order that waits, one replaces one, one cancels one. Run with `cargo bench -p broker-sim
//! --bench http`; with `--test` it is a small run that only shows that it works.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    env,
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use broker_sim::{Pace, Source, Venue, VenueConfig};
use market::{NyDate, Usd};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
};

const CONNECTIONS: usize = 8;
const REQUESTS_EACH: usize = 12_500;
const SYMBOLS: [&str; 4] = ["SPY", "IWM", "XLK", "XLF"];

fn main() {
    let each = if env::args().any(|argument| argument == "--test") { 50 } else { REQUESTS_EACH };
    let address = server();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (elapsed, mut latencies) = runtime.block_on(clients(address, each));
    latencies.sort_unstable();
    let count = latencies.len();
    let at = |share: f64| latencies[((count as f64 * share) as usize).min(count - 1)].as_micros();
    let rate = count as f64 / elapsed.as_secs_f64();
    println!("{CONNECTIONS} connections, {count} order requests in {:.2} s", elapsed.as_secs_f64());
    println!("{rate:.0} requests a second");
    println!("p50 {} us, p90 {} us, p99 {} us, p99.9 {} us, max {} us", at(0.5), at(0.9), at(0.99), at(0.999), at(1.0));
}

/// A venue in a thread of its own, for as long as the process lives.
fn server() -> SocketAddr {
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
            sender.send(server.address()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

async fn clients(address: SocketAddr, each: usize) -> (Duration, Vec<Duration>) {
    let before = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..CONNECTIONS {
        clients.spawn(client(address, number, each));
    }
    let latencies = clients.join_all().await.concat();
    (before.elapsed(), latencies)
}

async fn client(address: SocketAddr, number: usize, each: usize) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let (mut latencies, mut ids) = (Vec::with_capacity(each), Vec::new());
    for place in 0..each {
        let (method, path, body) = request(number + place, &mut ids);
        let before = Instant::now();
        let (status, answer) = exchange(&mut stream, method, &path, &body).await;
        latencies.push(before.elapsed());
        assert!(status == 200 || status == 204, "{method} {path} {body}: {status} {answer}");
        if status == 200 {
            let id = answer.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap();
            ids.push(id.to_owned());
        }
    }
    latencies
}

/// Submit, submit, replace, submit, cancel; what is cancelled or replaced is the latest order there is.
fn request(place: usize, ids: &mut Vec<String>) -> (&'static str, String, String) {
    match (place % 5, ids.pop()) {
        (2, Some(id)) => {
            let body = format!(r#"{{"limit_price":"5.{:02}"}}"#, place % 100);
            ("PATCH", format!("/v2/orders/{id}"), body)
        }
        (4, Some(id)) => ("DELETE", format!("/v2/orders/{id}"), String::new()),
        (_, id) => {
            ids.extend(id);
            let symbol = SYMBOLS[place % SYMBOLS.len()];
            let body = format!(
                r#"{{"symbol":"{symbol}","qty":"1","side":"buy","type":"limit","limit_price":"4.00","time_in_force":"day"}}"#
            );
            ("POST", "/v2/orders".to_owned(), body)
        }
    }
}

async fn exchange(stream: &mut BufReader<TcpStream>, method: &str, path: &str, body: &str) -> (u16, String) {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: venue\r\nAPCA-API-KEY-ID: key\r\nAPCA-API-SECRET-KEY: secret\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut line, mut status, mut length) = (String::new(), 0, 0);
    loop {
        line.clear();
        stream.read_line(&mut line).await.unwrap();
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.trim().parse().unwrap();
        } else if line == "\r\n" {
            break;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.unwrap();
    (status, String::from_utf8(answer).unwrap())
}
