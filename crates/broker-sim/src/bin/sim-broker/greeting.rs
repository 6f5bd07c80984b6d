//! What the program says when it listens.

use broker_sim::{Pace, Venue};
use market::{Calendar, Session, Symbol, Timestamp};
use serde_json::json;

use crate::arguments::Arguments;

/// The greeting, as text for people or one line of JSON.
pub fn greeting(arguments: &Arguments, venue: &Venue, url: &str) -> String {
    if arguments.json { in_json(arguments, venue, url) } else { in_words(arguments, venue, url) }
}

fn in_json(arguments: &Arguments, venue: &Venue, url: &str) -> String {
    let clock = match venue.pace() {
        Pace::Stepped => json!("stepped"),
        Pace::Speed(speed) => json!({"speed": speed}),
        Pace::Real => json!("real"),
    };
    let greeting = json!({
        "listening": url,
        "key_id": arguments.key_id,
        "account": arguments.account,
        "seed": arguments.seed,
        "clock": clock,
        "timestamp": venue.now(),
        "symbols": venue.symbols(),
    });
    format!("{greeting}\n")
}

fn in_words(arguments: &Arguments, venue: &Venue, url: &str) -> String {
    let symbols: Vec<Symbol> = venue.symbols();
    let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
    let first = names.first().copied().unwrap_or("SPY");
    let keys = format!("-H 'APCA-API-KEY-ID: {}' -H 'APCA-API-SECRET-KEY: {}'", arguments.key_id, arguments.secret_key);
    let order = format!(r#"{{"symbol":"{first}","qty":"1","side":"buy","type":"market","time_in_force":"day"}}"#);
    let mut text = format!("listening on {url}\n");
    text += &format!("  streams  {0}/stream and {0}/v2/iex\n", url.replacen("http", "ws", 1));
    text += &format!("  account  {}, {} dollars, key {}\n", arguments.account, arguments.cash, arguments.key_id);
    text += &format!("  clock    {}; {}\n", clock(venue), exchange(venue.now()));
    text += &format!("  symbols  {}\n", wrapped(&names));
    text += "try it:\n";
    text += &format!("  curl -s {keys} {url}/v2/orders -d '{order}'\n");
    text += &match venue.pace() {
        Pace::Stepped => format!("  curl -s {url}/sim/advance -d '{{\"seconds\":60}}'\n"),
        Pace::Speed(_) | Pace::Real => String::new(),
    };
    text += &format!("  curl -s {keys} {url}/v2/positions\n");
    text
}

fn clock(venue: &Venue) -> String {
    let now = venue.now().to_ny_rfc3339();
    match venue.pace() {
        Pace::Stepped => format!("{now}, moved by POST /sim/advance"),
        Pace::Speed(speed) => format!("{now}, {speed} seconds in one"),
        Pace::Real => format!("{now}, the world's"),
    }
}

/// Whether the exchange is open, and until or from when.
fn exchange(now: Timestamp) -> String {
    let next = |after: Session| Calendar::nyse().next_session(after.date).ok();
    let session = Calendar::nyse().session_on_or_after(now.ny_date()).ok();
    let session = session.and_then(|session| if session.close <= now { next(session) } else { Some(session) });
    match session {
        Some(session) if session.contains(now) => format!("open until {}", session.close.to_ny_rfc3339()),
        Some(session) => format!("closed until {}: orders are accepted and wait", session.open.to_ny_rfc3339()),
        None => "closed".to_owned(),
    }
}

fn wrapped(names: &[&str]) -> String {
    let lines: Vec<String> = names.chunks(16).map(|chunk| chunk.join(" ")).collect();
    lines.join("\n           ")
}
