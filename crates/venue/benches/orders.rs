//! Order requests a second in process on one core: a limit order, its replacement and a cancel in turn, over 500 symbols
//! with 1,000 orders open. Typed requests, and the same as JSON through [`Engine::handle`]; the target is 500,000.
//!
//! Time is what the thread had of a core, as Linux counts it, so that what else the machine does is not measured; a kernel
//! that does not tell is no failure, the wall clock serves then.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    collections::VecDeque,
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{
    BatchSize, Criterion, Throughput, criterion_group, criterion_main,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use market::{Calendar, DailyBar, Price, Qty, Symbol, Timestamp, Usd};
use venue::{
    Config, Engine, Market, Request,
    order::{Size, Uuid},
    ticket::{Change, Ticket},
    words::{OrderClass, OrderType, Side, TimeInForce},
};

const SYMBOLS: usize = 500;
const OPEN: usize = 1_000;
/// Requests of one run: enough to forget the start, few enough for the memory of many runs.
const REQUESTS: usize = 30_000;

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CoreTime(WallTime));
    targets = typed, json
}
criterion_main!(benches);

/// Nanoseconds the thread spent on a core.
struct CoreTime(WallTime);

fn core_nanos() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

impl Measurement for CoreTime {
    type Intermediate = (Option<u64>, Instant);
    type Value = Duration;

    fn start(&self) -> Self::Intermediate {
        (core_nanos(), self.0.start())
    }

    fn end(&self, (core, wall): Self::Intermediate) -> Duration {
        match (core, core_nanos()) {
            (Some(start), Some(end)) => Duration::from_nanos(end - start),
            _ => self.0.end(wall),
        }
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        self.0.add(one, other)
    }

    fn zero(&self) -> Duration {
        self.0.zero()
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        self.0.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        self.0.formatter()
    }
}

fn typed(criterion: &mut Criterion<CoreTime>) {
    let mut group = criterion.benchmark_group("orders");
    group.throughput(Throughput::Elements(REQUESTS as u64)).sample_size(20);
    let symbols = symbols();
    group.bench_function("typed", |bencher| {
        let setup = || {
            let mut engine = engine();
            let open = (0..OPEN).map(|number| engine.submit(&ticket(&symbols, number)).unwrap()).collect();
            (engine, open)
        };
        bencher.iter_batched(setup, |(engine, open)| run_typed(engine, open, &symbols), BatchSize::PerIteration);
    });
    group.finish();
}

fn run_typed(mut engine: Engine, mut open: VecDeque<Uuid>, symbols: &[Symbol]) -> Engine {
    for number in 0..REQUESTS / 3 {
        open.push_back(engine.submit(&ticket(symbols, number)).unwrap());
        let replaced = open.pop_front().unwrap();
        let change = Change { limit_price: Some(price(9_100 + number as i64 % 50)), ..Change::default() };
        open.push_back(engine.replace(replaced, &change).unwrap());
        engine.cancel(open.pop_front().unwrap()).unwrap();
    }
    black_box(engine)
}

fn json(criterion: &mut Criterion<CoreTime>) {
    let mut group = criterion.benchmark_group("orders");
    group.throughput(Throughput::Elements(REQUESTS as u64)).sample_size(20);
    let bodies: Vec<String> = symbols()
        .iter()
        .enumerate()
        .map(|(number, symbol)| {
            let limit = 9_000 + number % 50;
            let price = format!("{}.{:02}", limit / 100, limit % 100);
            format!(
                r#"{{"symbol":"{symbol}","qty":"10","side":"buy","type":"limit","time_in_force":"day","limit_price":"{price}"}}"#
            )
        })
        .collect();
    group.bench_function("json", |bencher| {
        let setup = || {
            let mut engine = engine();
            let mut client = Client::new();
            let open = (0..OPEN).map(|number| client.post(&mut engine, &bodies[number % SYMBOLS])).collect();
            (engine, open)
        };
        bencher.iter_batched(setup, |(engine, open)| run_json(engine, open, &bodies), BatchSize::PerIteration);
    });
    group.finish();
}

fn run_json(mut engine: Engine, mut open: VecDeque<[u8; 36]>, bodies: &[String]) -> Engine {
    let mut client = Client::new();
    for number in 0..REQUESTS / 3 {
        open.push_back(client.post(&mut engine, &bodies[number % SYMBOLS]));
        let replaced = open.pop_front().unwrap();
        open.push_back(client.patch(&mut engine, &replaced, if number % 2 == 0 { "91.00" } else { "91.50" }));
        client.delete(&mut engine, &open.pop_front().unwrap());
    }
    black_box(engine)
}

/// What an HTTP shell would hand over, its texts used again.
struct Client(Request);

impl Client {
    fn new() -> Self {
        let (key_id, secret_key) = (Some("key".to_owned()), Some("secret".to_owned()));
        Self(Request { key_id, secret_key, ..Request::default() })
    }

    fn send(&mut self, engine: &mut Engine, method: &str, id: Option<&[u8; 36]>, body: &str) -> venue::Response {
        for (text, value) in [(&mut self.0.method, method), (&mut self.0.path, "/v2/orders"), (&mut self.0.body, body)]
        {
            text.clear();
            text.push_str(value);
        }
        if let Some(id) = id {
            self.0.path.push('/');
            self.0.path.push_str(str::from_utf8(id).unwrap());
        }
        engine.handle(&self.0)
    }

    fn post(&mut self, engine: &mut Engine, body: &str) -> [u8; 36] {
        id_of(&self.send(engine, "POST", None, body))
    }

    fn patch(&mut self, engine: &mut Engine, id: &[u8; 36], limit: &str) -> [u8; 36] {
        let body = if limit == "91.00" { r#"{"limit_price":"91.00"}"# } else { r#"{"limit_price":"91.50"}"# };
        id_of(&self.send(engine, "PATCH", Some(id), body))
    }

    fn delete(&mut self, engine: &mut Engine, id: &[u8; 36]) {
        assert_eq!(self.send(engine, "DELETE", Some(id), "").status, 204);
    }
}

/// The id is the first member of an order.
fn id_of(response: &venue::Response) -> [u8; 36] {
    assert_eq!(response.status, 200, "{}", response.body);
    response.body.as_bytes()[7..43].try_into().unwrap()
}

fn ticket(symbols: &[Symbol], number: usize) -> Ticket {
    Ticket {
        symbol: symbols[number % symbols.len()],
        side: Side::Buy,
        size: Size::Shares(Qty::shares(10)),
        order_type: OrderType::Limit,
        time_in_force: TimeInForce::Day,
        limit_price: Some(price(9_000 + number as i64 % 50)),
        stop_price: None,
        trail: None,
        extended_hours: false,
        class: OrderClass::Simple,
        take_profit: None,
        stop_loss: None,
        client_order_id: None,
    }
}

fn price(cents: i64) -> Price {
    Price::from_cents(cents).unwrap()
}

fn symbols() -> Vec<Symbol> {
    let letter = |number: usize| char::from(b'A' + (number % 26) as u8);
    let text = |number: usize| format!("{}{}{}", letter(number / 676), letter(number / 26), letter(number));
    (0..SYMBOLS).map(|number| text(number).parse().unwrap()).collect()
}

fn engine() -> Engine {
    let session = Calendar::nyse().session_on("2026-11-10".parse().unwrap()).unwrap().unwrap();
    let bar = DailyBar { date: session.date, open: 100.0, high: 101.0, low: 99.0, close: 100.5, volume: 1e6 };
    let bars = symbols().into_iter().map(|symbol| (symbol, bar)).collect();
    let market = Market { days: vec![(session, bars)], ..Market::default() };
    let start: Timestamp = "2026-11-10T15:00:00Z".parse().unwrap();
    let mut config = Config::new("PA3TEST", "key", "secret", Usd::dollars(100_000_000), 1, start);
    config.orders_max = 10_000_000;
    Engine::new(config, market)
}
