//! A raw HTTP client, which sees every byte, and a venue to talk to: RISE goes from 10 to 20, FALL from 20 to 10.

use std::{collections::BTreeMap, io, time::Duration};

use broker_sim::{MarketDay, Venue, VenueConfig, VenueServer};
use market::{Calendar, DailyBar, NaiveTime, NyDate, Timestamp, Usd};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A bound on every wait, never reached by a test that passes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Wire {
    pub async fn to(server: &VenueServer) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(server.address()).await.unwrap()) }
    }

    /// Sends a request and reads its answer; an error when the connection ends first.
    pub async fn ask(&mut self, method: &str, path: &str, body: &str) -> io::Result<Reply> {
        self.send(method, path, body).await;
        within(self.reply()).await
    }

    /// The JSON of an answer of status 200.
    pub async fn json(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let reply = self.ask(method, path, &body.to_string()).await.unwrap();
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
        reply.json()
    }

    pub async fn get(&mut self, path: &str) -> Value {
        let reply = self.ask("GET", path, "").await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    pub async fn send(&mut self, method: &str, path: &str, body: &str) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: venue\r\nAPCA-API-KEY-ID: key\r\nAPCA-API-SECRET-KEY: secret\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        // A connection that was cut shows it when its answer is read.
        let _ = self.stream.write_all(request.as_bytes()).await;
    }

    pub async fn reply(&mut self) -> io::Result<Reply> {
        let status_line = self.line().await?;
        let status = status_line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status line: {status_line:?}")))?;
        let mut headers = BTreeMap::new();
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let body = match headers.get("content-length") {
            Some(length) => self.exactly(length.parse().unwrap()).await?,
            None if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") => self.chunks().await?,
            None => Vec::new(),
        };
        Ok(Reply { status, headers, body })
    }

    async fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    async fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(&self.line().await?, 16).map_err(io::Error::other)?;
            body.extend(self.exactly(length).await?);
            self.line().await?;
            if length == 0 {
                return Ok(body);
            }
        }
    }
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A venue at a time of its day, a server, and a connection to it.
pub async fn serve(time: &str) -> (Venue, VenueServer, Wire) {
    serve_with(config(time)).await
}

pub async fn serve_with(config: VenueConfig) -> (Venue, VenueServer, Wire) {
    let venue = Venue::new(config, day());
    let server = venue.serve().await.unwrap();
    let wire = Wire::to(&server).await;
    (venue, server, wire)
}

pub fn config(time: &str) -> VenueConfig {
    VenueConfig::new("PA3TEST", "key", "secret", Usd::dollars(10_000), 1, at(time))
}

/// A time of day of the venue's session.
pub fn at(time: &str) -> Timestamp {
    date().at(format!("{time}:00").parse::<NaiveTime>().unwrap())
}

pub fn order(symbol: &str, side: &str, qty: u32) -> Value {
    json!({"symbol": symbol, "side": side, "qty": qty.to_string(), "type": "market", "time_in_force": "day"})
}

pub fn limit(symbol: &str, side: &str, qty: u32, price: &str) -> Value {
    let mut order = order(symbol, side, qty);
    order["type"] = json!("limit");
    order["limit_price"] = json!(price);
    order
}

pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it happens in time")
}

fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}

pub fn day() -> MarketDay {
    let bar = |date: NyDate, [open, high, low, close]: [f64; 4]| DailyBar { date, open, high, low, close, volume: 5e6 };
    let before = Calendar::nyse().previous_session(date()).unwrap().date;
    let (mut bars, mut history) = (BTreeMap::new(), BTreeMap::new());
    for (symbol, prices, previous) in
        [("RISE", [10.0, 20.0, 10.0, 20.0], 9.9), ("FALL", [20.0, 20.0, 10.0, 10.0], 20.1)]
    {
        let symbol = symbol.parse().unwrap();
        bars.insert(symbol, bar(date(), prices));
        history.insert(symbol, vec![bar(before, [previous; 4])]);
    }
    MarketDay { session: Calendar::nyse().session_on(date()).unwrap().unwrap(), bars, history }
}
