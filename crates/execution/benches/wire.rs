//! From the decision to the wire: how long a stop takes from the event that asks for it until its bytes are at the
//! broker's socket, with everything durable that has to be before; and, in the same run, what the disk alone takes for it.
//!
//! The steps are those of `act`: exposure view, record, send. Run with `cargo bench -p execution --bench wire`; with
//! `--test` it is a small run that only shows that it works. Target: less than 0.3 ms beyond the disk.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use broker::{
    Broker,
    alpaca::{
        self, Alpaca,
        agreement::{Environment, Expected},
    },
};
use broker_sim::{Market, MarketDay, Moment as Seen, Venue, VenueConfig, Verdict};
use contract::{ExposureView, Held};
use ledger::Ledger;
use market::{Calendar, Feed, NyDate, Qty, Symbol, TimeDelta, Timestamp, Usd};
use trading::{
    book::{Book, Intent, TradePlan},
    control::Authority,
    engine::{Core, Effect, Event, Moment, Surroundings},
    limits::Limits,
    order::{IntentKey, Leg, OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    reconcile::Reported,
    report::{Execution, PositionReport},
    state::OrderState,
};

const ACCOUNT: &str = "PA3BENCH";
const ROUNDS: u32 = 400;
/// The first ones open connections and ask for the account.
const WARM_UP: u32 = 20;

/// Microseconds of one round.
#[derive(Default)]
struct Took {
    decide: Vec<f64>,
    expose: Vec<f64>,
    record: Vec<f64>,
    send: Vec<f64>,
    whole: Vec<f64>,
    disk: Vec<f64>,
    beyond: Vec<f64>,
}

fn main() {
    let rounds = if env::args().any(|argument| argument == "--test") { 5 } else { ROUNDS };
    let (sockets, arrived) = venue();
    let alpaca = connect(&sockets);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // What the same costs where a sync is free is what we add to the disk; the difference of two spans on a disk that
    // others use too is mostly theirs.
    for (what, place) in [("on the disk", "."), ("in memory (/dev/shm), where a sync is free", "/dev/shm")] {
        let Ok(folder) = tempfile::Builder::new().prefix("wire-").tempdir_in(place) else { continue };
        let mut ledger = Ledger::open(&folder.path().join("l.sqlite"), &ACCOUNT.parse().unwrap()).unwrap();
        let mut took = Took::default();
        for round in 0..rounds + WARM_UP {
            let one = runtime.block_on(one(round, &alpaca, &mut ledger, folder.path(), &arrived));
            let disk = disk(folder.path(), round);
            if round >= WARM_UP {
                took.note(one, disk);
            }
        }
        took.tell(what);
    }
}

/// One stop: what the core is told of, and the instants at which each step was done.
async fn one(
    round: u32,
    alpaca: &Alpaca,
    ledger: &mut Ledger,
    folder: &Path,
    arrived: &mpsc::Receiver<Instant>,
) -> [Instant; 5] {
    let (mut core, now) = holding(round);
    let begin = Instant::now();
    core.handle(Event::Protect(Box::new(surroundings(now))), now);
    let moment = Moment { now, kill: None, no_openings: None };
    let mut effect = core.poll(&moment);
    let decided = Instant::now();
    let (mut exposed, mut recorded) = (decided, decided);
    while let Some(todo) = effect {
        match todo {
            Effect::Expose(exposure) => {
                let positions = exposure.positions.iter().map(|(symbol, qty)| Held { symbol: *symbol, qty: *qty });
                let view = ExposureView {
                    schema: ExposureView::SCHEMA,
                    account: ACCOUNT.to_owned(),
                    written_at: exposure.at,
                    session: exposure.at.ny_date(),
                    positions: positions.collect(),
                    working_orders: exposure.working_orders,
                    unknown_outcomes: exposure.unknown_outcomes,
                };
                view.write(&folder.join("exposure.json")).unwrap();
                exposed = Instant::now();
                core.handle(Event::Exposed(true), now);
            }
            Effect::Record { at, records } => {
                ledger.record(at, &records).unwrap();
                recorded = Instant::now();
            }
            Effect::Submit(order) => {
                let _ = alpaca.submit(&order).await;
                let at = arrived.recv_timeout(Duration::from_secs(5)).unwrap();
                return [begin, decided, exposed, recorded, at];
            }
            other @ (Effect::Ask(_) | Effect::Replace(_) | Effect::Cancel { .. } | Effect::Alert { .. }) => {
                panic!("{other:?}")
            }
        }
        effect = core.poll(&moment);
    }
    panic!("no stop was sent")
}

/// A core that has looked: an entry of the day that filled, and no stop.
fn holding(round: u32) -> (Core, Timestamp) {
    let (date, symbol) = (date(), Symbol::new("SOON").unwrap());
    let now = date.at_hm(10, 0) + TimeDelta::seconds(i64::from(round));
    let mut book = Book::new(ACCOUNT.parse().unwrap(), "avwap".parse().unwrap());
    let key = |leg, attempt| IntentKey {
        account: ACCOUNT.parse().unwrap(),
        date,
        strategy: "avwap".parse().unwrap(),
        symbol,
        leg,
        attempt,
    };
    let intent = |key: IntentKey, state| {
        let is_entry = key.leg == Leg::Entry;
        let stop = "48".parse().unwrap();
        Intent {
            request: OrderRequest {
                client_order_id: key.client_order_id(),
                symbol,
                side: if is_entry { Side::Buy } else { Side::Sell },
                qty: Qty::shares(10),
                kind: if is_entry { OrderKind::Market } else { OrderKind::Stop { stop } },
                time_in_force: TimeInForce::Gtc,
                purpose: if is_entry { Purpose::Open } else { Purpose::Protect },
            },
            broker_id: is_entry.then(|| "b1".parse().unwrap()),
            trade: is_entry.then(|| TradePlan::stop_only(stop)),
            key,
            state,
            recorded_at: date.at_hm(9, 50),
            doubted_since: None,
            replaces: None,
            note: String::new(),
        }
    };
    book.restore(intent(key(Leg::Entry, 1), OrderState::Filled));
    if round > 0 {
        // So that this round's stop has an id of its own.
        book.restore(intent(key(Leg::Stop, round), OrderState::Expired));
    }
    book.count(&Execution {
        id: "f1".into(),
        order_id: "b1".parse().unwrap(),
        symbol,
        side: Side::Buy,
        qty: Qty::shares(10),
        price: "50.47".parse().unwrap(),
        at: date.at_hm(9, 51),
    });
    let mut core = Core::new(book, Limits::default(), now);
    let cost = Some("50.47".parse().unwrap());
    let position =
        PositionReport { symbol, qty: Qty::shares(10), short: false, avg_entry_price: cost, current_price: cost };
    let said = Reported { positions: [(symbol, position)].into(), ..Reported::default() };
    core.handle(Event::Look(Box::new(said)), now);
    while core.poll(&Moment { now, kill: None, no_openings: None }).is_some() {}
    (core, now)
}

fn surroundings(now: Timestamp) -> Surroundings {
    let session = Calendar::nyse().session_on(now.ny_date()).unwrap();
    Surroundings {
        session,
        hours: session,
        authority: Authority::Open,
        kill: None,
        clock_skew: Some(TimeDelta::zero()),
        stream_silent: None,
        quotes: BTreeMap::new(),
    }
}

/// What the disk alone takes for the same: an appended record that is synced, a small file that is made, synced, renamed,
/// and its folder synced.
fn disk(folder: &Path, round: u32) -> f64 {
    let page = [round as u8; 4096];
    let (log, name, fresh) = (folder.join("log"), folder.join("view"), folder.join("view.new"));
    let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
    let begin = Instant::now();
    let mut file = File::create(&fresh).unwrap();
    file.write_all(&page[..400]).and_then(|()| file.sync_all()).unwrap();
    fs::rename(&fresh, &name).unwrap();
    File::open(folder).and_then(|folder| folder.sync_all()).unwrap();
    log.write_all(&page).and_then(|()| log.sync_data()).unwrap();
    begin.elapsed().as_secs_f64() * 1e6
}

impl Took {
    fn note(&mut self, at: [Instant; 5], disk: f64) {
        let span = |from: usize, to: usize| at[to].duration_since(at[from]).as_secs_f64() * 1e6;
        self.decide.push(span(0, 1));
        self.expose.push(span(1, 2));
        self.record.push(span(2, 3));
        self.send.push(span(3, 4));
        self.whole.push(span(0, 4));
        self.disk.push(disk);
        self.beyond.push(span(0, 4) - disk);
    }

    fn tell(self, what: &str) {
        println!("{what}: median of {} stops, in microseconds", self.whole.len());
        let rows = [
            ("decide", self.decide),
            ("exposure view, durable", self.expose),
            ("record, durable", self.record),
            ("to the broker's socket", self.send),
            ("decision to wire", self.whole),
            ("the files alone (3 syncs)", self.disk),
            ("beyond them", self.beyond),
        ];
        for (what, mut values) in rows {
            values.sort_by(f64::total_cmp);
            let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
            println!("{what:<26} {:>9.1}   (p10 {:.1}, p90 {:.1})", at(0.5), at(0.1), at(0.9));
        }
    }
}

/// A venue on a thread of its own, and the instants at which orders reached it.
fn venue() -> (String, mpsc::Receiver<Instant>) {
    let (say, said) = mpsc::channel();
    let (reach, reached) = mpsc::channel();
    let session = Calendar::nyse().session_on(date()).unwrap().unwrap();
    let day = MarketDay { session, bars: [].into(), history: [].into() };
    let config = VenueConfig::new(ACCOUNT, "key", "secret", Usd::dollars(10_000), 1, date().at_hm(10, 0));
    let venue = Venue::new(config, Market::from(day));
    venue.intercept(Box::new(move |request, moment| {
        if request.method == "POST" && moment == Seen::Before {
            let _ = reach.send(Instant::now());
        }
        Verdict::Pass
    }));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = venue.serve().await.unwrap();
            say.send(server.base_url().to_owned()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    (said.recv().unwrap(), reached)
}

fn connect(url: &str) -> Alpaca {
    let (key, secret) = ("key".to_owned().into(), "secret".to_owned().into());
    let mut config = alpaca::Config::new(url.parse().unwrap(), url.parse().unwrap(), key, secret, Feed::Simulated);
    config.expected = Some(Expected { environment: Environment::Local, account: ACCOUNT.parse().unwrap() });
    Alpaca::new(&config).unwrap()
}

fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}
