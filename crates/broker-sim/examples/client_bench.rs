//! Our client against a running `sim-broker`, doing what tests/alpaca-py/bench.py does with alpaca-py.
//!
//! `client_bench --url http://127.0.0.1:PORT [--orders N] [--pages N]`: orders one after another, and pages of 10,000
//! daily bars read into typed rows. Prints one line of JSON: microseconds for orders, milliseconds for pages. Run by
//! `just broker-bench`, both clients in one go against one server.

use std::{collections::BTreeMap, future::Future, time::Instant};

use anyhow::{Context, Result, ensure};
use broker::{
    SubmitOutcome,
    alpaca::{
        Alpaca, BaseUrl, Config, Environment, Expected,
        bars::{Adjustment, BarsQuery, Timeframe},
        ticket::{Amount, Class, Kind, Lifetime, Ticket},
    },
};
use market::{Calendar, Feed, NyDate, Price, Qty, Symbol};
use serde_json::json;
use trading::order::{Purpose, Side};

const SESSIONS: usize = 250;
const SYMBOLS: usize = 40;

/// Command line: words in pairs.
struct Arguments(BTreeMap<String, String>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::read()?;
    let url = arguments.0.get("--url").context("--url is needed")?;
    reset(url).await?;
    let client = client(url)?;
    let orders = timed(arguments.count("--orders", 2_000)?, |number| order(&client, number)).await?;
    let (symbols, first, today) = bars_wanted(&client).await?;
    let query = BarsQuery {
        symbols: &symbols,
        timeframe: Timeframe::Day,
        from: first.at_hm(0, 0),
        to: today.at_hm(0, 0),
        adjustment: Adjustment::Raw,
    };
    let pages = timed(arguments.count("--pages", 30)?, |_| page(&client, query)).await?;
    let total: f64 = orders.iter().sum();
    let figures = json!({
        "client": "broker",
        "orders": orders.len(),
        "orders_a_second": (orders.len() as f64 / total).round() as u64,
        "order_p50_us": (percentile(&orders, 50) * 1e6).round() as u64,
        "order_p99_us": (percentile(&orders, 99) * 1e6).round() as u64,
        "bars_a_page": SESSIONS * SYMBOLS,
        "page_p50_ms": (percentile(&pages, 50) * 1e5).round() / 100.0,
        "page_p99_ms": (percentile(&pages, 99) * 1e5).round() / 100.0,
    });
    println!("{figures}");
    Ok(())
}

impl Arguments {
    fn read() -> Result<Self> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        ensure!(words.len().is_multiple_of(2), "every option has a value");
        Ok(Self(words.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()))
    }

    fn count(&self, name: &str, otherwise: usize) -> Result<usize> {
        self.0.get(name).map_or(Ok(otherwise), |text| text.parse().with_context(|| format!("{name} {text}")))
    }
}

async fn reset(url: &str) -> Result<()> {
    // An error means that one was chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let body = r#"{"seed":7,"rate_limit":null}"#;
    let answer = reqwest::Client::new().post(format!("{url}/sim/reset")).body(body).send().await?;
    ensure!(answer.status().is_success(), "the venue cannot be reset: {}", answer.text().await?);
    Ok(())
}

fn client(url: &str) -> Result<Alpaca> {
    let url: BaseUrl = url.parse()?;
    let expected = Expected { environment: Environment::Local, account: "PA30000000".parse()? };
    let config = Config::new(url.clone(), url, "SIMKEY".into(), "SIMSECRET".into(), Feed::Simulated);
    Ok(Alpaca::new(&config.trading_for(expected))?)
}

/// One POST and nothing else: an order of any other purpose than opening is not compared with those that work.
async fn order(client: &Alpaca, number: usize) -> Result<()> {
    let ticket = Ticket {
        client_order_id: format!("bench-rs-{number}").parse()?,
        purpose: Purpose::Reduce,
        symbol: Symbol::new("AVNQ")?,
        side: Side::Buy,
        amount: Amount::Shares(Qty::shares(1)),
        kind: Kind::Limit { limit: Price::from_cents(100)? },
        lifetime: Lifetime::Day,
        extended_hours: false,
        class: Class::Simple,
    };
    let outcome = client.by_hand().submit(&ticket).await;
    ensure!(matches!(outcome, SubmitOutcome::Accepted(_)), "an order was not taken: {outcome:?}");
    Ok(())
}

/// The symbols, the first day and the day after the last: 10,000 daily bars in all.
async fn bars_wanted(client: &Alpaca) -> Result<(Vec<Symbol>, NyDate, NyDate)> {
    let today = client.clock().await?.now.ny_date();
    let calendar = Calendar::nyse();
    let mut first = today;
    for _ in 0..SESSIONS {
        first = calendar.previous_session(first)?.date;
    }
    let mut symbols: Vec<Symbol> = client.assets(&Default::default()).await?.iter().map(|asset| asset.symbol).collect();
    symbols.truncate(SYMBOLS);
    Ok((symbols, first, today))
}

async fn page(client: &Alpaca, query: BarsQuery<'_>) -> Result<()> {
    let bars: usize = client.bars(query).await?.values().map(Vec::len).sum();
    ensure!(bars == SESSIONS * SYMBOLS, "a page of {bars} bars");
    Ok(())
}

/// Seconds of each; the first, which opens the connection, does not count.
async fn timed<F: Future<Output = Result<()>>>(times: usize, mut work: impl FnMut(usize) -> F) -> Result<Vec<f64>> {
    work(times).await?;
    let mut seconds = Vec::with_capacity(times);
    for number in 0..times {
        let started = Instant::now();
        work(number).await?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut ranked = values.to_vec();
    ranked.sort_by(f64::total_cmp);
    ranked.get((ranked.len() * percent / 100).min(ranked.len().saturating_sub(1))).copied().unwrap_or_default()
}
