//! The floor the loop is tested on: the real venue, our real client over loopback, a state directory with an attested
//! watchlist. A test drives one cycle at a time; the venue's clock stands still unless the test moves it.

mod faults;

use std::{ffi::OsString, fs, os::unix::fs::MetadataExt, path::Path, sync::mpsc, thread, time::Duration};

use broker::{
    Broker,
    alpaca::{self, Alpaca},
    null::Null,
};
use broker_sim::{Market, MarketDay, RequestSeen, SplitOrders, Venue, VenueConfig};
use contract::{
    Attestation, Env, ExitCode, ExposureView, KillLevel, KillSwitch, Layout, ScanRun, ScanStatus, env, sha256_hex,
    write_all_atomically,
};
use market::{Calendar, DailyBar, Feed, NyDate, Qty, Session, Symbol, TimeDelta, Timestamp, Usd};
use service::log::LogClock;
use tempfile::TempDir;
use tokio::sync::{mpsc::UnboundedSender, mpsc::unbounded_channel, oneshot};
use trading::{
    confirm,
    order::{ClientOrderId, OrderKind, Side},
    report::OrderReport,
};

use crate::{
    config::Config,
    engine::{Engine, Start},
    signals::Signals,
};

use faults::is_of_the_loop;
pub use faults::{is_cancel, is_for_executions, is_question, is_send};

const ACCOUNT: &str = "PA3TEST";
/// The seed under which every candidate breaks its level and holds in the first twenty minutes.
const SEED: u64 = 6;
/// When they have: two candles of ten minutes.
const CONFIRMED: (u32, u32) = (9, 50);
pub const MANIFEST: &str = "avwap.toml";
const MANIFEST_TEXT: &str = "schema = 1\n";
/// Symbol, open, high, low, close, shares a day, entry level, stop. Between confirmation and entry SOON waits 64 s,
/// LATE 142 s, THIN 206 s and SINK 214 s. THIN trades few shares a tick; SINK falls through its stop before the close.
const STOCKS: [(&str, [f64; 5], &str, &str); 4] = [
    ("SOON", [50.0, 50.6, 49.5, 50.3, 5e6], "49.00", "48.00"),
    ("LATE", [50.0, 50.6, 49.5, 50.3, 5e6], "49.00", "48.00"),
    ("THIN", [50.0, 50.6, 49.5, 50.3, 6e3], "49.00", "48.00"),
    ("SINK", [50.0, 50.4, 46.0, 46.2, 5e6], "48.90", "47.90"),
];

/// Venue, files and environment of one deployment.
pub struct Floor {
    pub venue: Venue,
    pub layout: Layout,
    env: Env,
    requests_a_minute: Option<u32>,
    _root: TempDir,
    _stop: oneshot::Sender<()>,
}

impl Floor {
    /// The desk at the instant at which the first of these candidates may be entered.
    pub fn with(symbols: &[&str]) -> Self {
        Self::of_account(symbols, ACCOUNT)
    }

    /// The same with another account.
    pub fn of_account(symbols: &[&str], account: &str) -> Self {
        Self::of(symbols, market_day().into(), account)
    }

    /// The same where the venue lists a symbol and does not trade it.
    pub fn with_untraded(symbols: &[&str], untraded: &str) -> Self {
        let mut market = Market::from(market_day());
        market.traits.entry(untraded.parse().unwrap()).or_default().tradable = false;
        Self::of(symbols, market, ACCOUNT)
    }

    /// The same at a venue that does this to open orders when their shares are split.
    pub fn splitting(symbols: &[&str], split_orders: SplitOrders) -> Self {
        Self::at_venue(symbols, market_day().into(), split_orders, ACCOUNT)
    }

    fn of(symbols: &[&str], market: Market, account: &str) -> Self {
        Self::at_venue(symbols, market, SplitOrders::default(), account)
    }

    fn at_venue(symbols: &[&str], market: Market, split_orders: SplitOrders, account: &str) -> Self {
        let first = symbols.iter().map(|symbol| entry_time(symbol)).min().unwrap();
        let venue = Venue::new(VenueConfig { split_orders, ..config(first, account) }, market);
        let (url, stop) = serve(venue.clone());
        let root = tempfile::tempdir().unwrap();
        let env = environment(&url, root.path()).with(&env::PORTCULLIS_ACCOUNT, account);
        fs::write(root.path().join(MANIFEST), MANIFEST_TEXT).unwrap();
        let layout = Layout::new(root.path());
        let floor = Self { venue, layout, env, requests_a_minute: None, _root: root, _stop: stop };
        floor.attest(symbols, date(), "run-1");
        floor
    }

    /// The same with another variable.
    pub fn and(mut self, variable: &env::Variable, value: impl Into<OsString>) -> Self {
        self.env = self.env.with(variable, value);
        self
    }

    /// The same with another variable that is not ours.
    pub fn and_named(mut self, name: &str, value: &str) -> Self {
        self.env = self.env.with_named(name, value);
        self
    }

    /// The same, reckoning with the broker's rate limit.
    pub fn limited(mut self, requests_a_minute: u32) -> Self {
        self.requests_a_minute = Some(requests_a_minute);
        self
    }

    /// Writes a watchlist the way a good scan for a session does.
    pub fn attest(&self, symbols: &[&str], session: NyDate, run_id: &str) {
        let before = Calendar::nyse().previous_session(session).unwrap().date;
        let csv = csv(symbols, before);
        let attestation = Attestation {
            schema: Attestation::SCHEMA,
            run_id: run_id.to_owned(),
            session,
            as_of: before,
            newest_bar: before,
            bars_sha256: sha256_hex(b"bars"),
            universe_sha256: sha256_hex(b"universe"),
            feed: Feed::Simulated,
            verdicts: [("candidate".to_owned(), symbols.len() as u64)].into(),
            candidates: symbols.len() as u64,
            average_volumes: STOCKS.map(|(symbol, ..)| (symbol.parse().unwrap(), Qty::shares(1_000_000))).into(),
            remark: None,
            scanner_version: "0.1.0".to_owned(),
            rules_sha256: sha256_hex(b"rules"),
            written_at: session.at_hm(8, 31),
            csv_sha256: sha256_hex(csv.as_bytes()),
        };
        let (list, vouched) = (self.layout.candidates(), self.layout.attestation());
        write_all_atomically(&[(&list, csv.as_bytes()), (&vouched, &attestation.to_json())]).unwrap();
        self.scan_run(run_id, session, ScanStatus::Finished);
    }

    /// Writes what a scan says of itself.
    pub fn scan_run(&self, run_id: &str, session: NyDate, status: ScanStatus) {
        let run = ScanRun {
            schema: ScanRun::SCHEMA,
            run_id: run_id.to_owned(),
            session,
            as_of: Calendar::nyse().previous_session(session).unwrap().date,
            started_at: session.at_hm(8, 30),
            status,
            reason: None,
        };
        run.write(&self.layout.scan_run()).unwrap();
    }

    /// The watchlist becomes one of the session before.
    pub fn make_list_stale(&self) {
        self.attest(&["SOON"], Calendar::nyse().previous_session(date()).unwrap().date, "run-0");
    }

    pub fn edit_manifest(&self) {
        fs::write(self.layout.root().join(MANIFEST), "schema = 1 \n").unwrap();
    }

    pub fn kill(&self, level: KillLevel) {
        KillSwitch::latch(&self.layout.kill_switch(), level, "drill", "test", self.venue.now()).unwrap();
    }

    pub fn env(&self) -> &Env {
        &self.env
    }

    /// What `main` makes of the environment, but that whoever runs the test arms.
    pub fn config(&self) -> Config {
        let owner = fs::metadata(self.layout.root()).unwrap().uid();
        let config = Config::from_env(&self.env).unwrap();
        Config { layout: config.layout.armed_by(owner), ..config }
    }

    pub fn connect(&self) -> Alpaca {
        connect(&self.config(), self.requests_a_minute)
    }

    pub async fn try_start(&self) -> anyhow::Result<Start<Alpaca>> {
        let config = self.config();
        let alpaca = connect(&config, self.requests_a_minute);
        Engine::start(config, self.env.clone(), LogClock::default(), alpaca).await
    }

    pub async fn start(&self) -> Box<Engine<Alpaca>> {
        running(self.try_start().await.unwrap())
    }

    /// A dry run, with the broker `main` gives it.
    pub async fn start_dry(&self) -> Box<Engine<Null<Alpaca>>> {
        self.start_dry_with(Config::from_env(&self.env).unwrap()).await
    }

    /// The same with this configuration.
    pub async fn start_dry_with(&self, config: Config) -> Box<Engine<Null<Alpaca>>> {
        let broker = Null::new(connect(&config, self.requests_a_minute));
        running(Engine::start(config, self.env.clone(), LogClock::default(), broker).await.unwrap())
    }

    /// Why a dry run with this configuration does not start.
    pub async fn refusal_of(&self, config: Config) -> Option<ExitCode> {
        let broker = Null::new(connect(&config, self.requests_a_minute));
        match Engine::start(config, self.env.clone(), LogClock::default(), broker).await.unwrap() {
            Start::Engine(_) => None,
            Start::Refused(code) => Some(code),
        }
    }

    /// Why there was no start.
    pub async fn refusal(&self) -> ExitCode {
        match self.try_start().await {
            Ok(Start::Engine(_)) => panic!("it started"),
            Ok(Start::Refused(code)) => code,
            Err(error) => *error.downcast_ref::<ExitCode>().unwrap(),
        }
    }

    pub fn seconds(&self, seconds: i64) {
        self.venue.advance_to(self.venue.now() + TimeDelta::seconds(seconds));
    }

    /// To the next tick but one at the latest: what is sent meets it.
    pub fn tick(&self) {
        self.seconds(15);
    }

    /// To the instant at which a candidate may be entered.
    pub fn until_entry_of(&self, symbol: &str) {
        self.venue.advance_to(entry_time(symbol));
    }

    pub fn until_second_before_entry_of(&self, symbol: &str) {
        self.venue.advance_to(entry_time(symbol) - TimeDelta::seconds(1));
    }

    /// Every order the venue ever got, oldest first: what is left of its id without the deployment, and its status.
    pub fn orders(&self) -> Vec<String> {
        let orders = self.venue.truth().orders;
        orders.iter().map(|order| format!("{} {:?}", short(&order.client_order_id), order.status)).collect()
    }

    /// How many requests of a method came to a path.
    pub fn requests(&self, method: &str, path: &str) -> usize {
        let seen = self.seen();
        seen.iter().filter(|request| request.method == method && request.path == path).count()
    }

    /// The loop's own requests; what the stream's follower reads beside it comes when it comes.
    pub fn seen(&self) -> Vec<RequestSeen> {
        self.venue.request_log().into_iter().filter(is_of_the_loop).collect()
    }

    /// Orders sent, whether they arrived or not.
    pub fn sends(&self) -> usize {
        self.requests("POST", "/v2/orders")
    }

    /// Shares held of a symbol, and shares that working stops protect.
    pub fn held_and_protected(&self, symbol: &str) -> (Qty, Qty) {
        let (symbol, truth) = (symbol.parse::<Symbol>().unwrap(), self.venue.truth());
        let held = truth.positions.iter().find(|position| position.symbol == symbol);
        let is_stop = |order: &&OrderReport| {
            order.symbol == symbol
                && order.side == Side::Sell
                && matches!(order.kind, Some(OrderKind::Stop { .. }))
                && !order.status.is_final()
        };
        let protected = truth.orders.iter().filter(is_stop).fold(Qty::ZERO, |sum, order| sum.plus(order.qty));
        (held.map_or(Qty::ZERO, |position| position.qty), protected)
    }

    /// Something is held, and all of it is protected.
    pub fn is_protected(&self, symbol: &str) -> bool {
        let (held, protected) = self.held_and_protected(symbol);
        !held.is_zero() && held == protected
    }

    /// The view the gate reads.
    pub fn exposure(&self) -> ExposureView {
        ExposureView::read(&self.layout.exposure()).unwrap()
    }
}

/// Waits for something that comes by itself.
pub async fn until(mut is_there: impl FnMut() -> bool) {
    let wait = async {
        while !is_there() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("it comes");
}

/// The state of every intent in the book, by name.
pub fn intents<B: Broker>(engine: &Engine<B>) -> Vec<String> {
    engine.core.book().intents().map(|(id, intent)| format!("{} {:?}", short(id), intent.state)).collect()
}

/// What humans were alerted about, oldest first.
pub fn alerts<B: Broker>(engine: &Engine<B>) -> Vec<String> {
    let events = engine.ledger.events_since(Timestamp::from_unix_nanos(0)).unwrap();
    let alerts = events.into_iter().filter(|event| event.kind == "alert");
    alerts.map(|event| bare(&event.subject)).collect()
}

/// The codes of what was refused.
pub fn refusals<B: Broker>(engine: &Engine<B>) -> Vec<String> {
    let counts = engine.ledger.refusals_since(Timestamp::from_unix_nanos(0)).unwrap();
    counts.into_iter().map(|count| count.reason).collect()
}

/// Makes the process end by a word of the test's, not by a signal.
pub fn tellable<B>(engine: &mut Engine<B>) -> UnboundedSender<&'static str> {
    let (tell, told) = unbounded_channel();
    engine.signals = Signals::Told(told.into());
    tell
}

fn short(id: &ClientOrderId) -> String {
    bare(id.as_str())
}

/// A text without the part of an id that account and day make.
fn bare(text: &str) -> String {
    const STRATEGY: &str = "_avwap_";
    match (text.find("pc_"), text.find(STRATEGY)) {
        (Some(begin), Some(end)) if begin < end => format!("{}{}", &text[..begin], bare(&text[end + STRATEGY.len()..])),
        _ => text.to_owned(),
    }
}

fn connect(config: &Config, requests_a_minute: Option<u32>) -> Alpaca {
    let (trading, data) = (config.base_url.clone(), config.data_url.clone());
    let (key_id, secret_key) = (config.key_id.clone(), config.secret_key.clone());
    let mut connection = alpaca::Config::new(trading, data, key_id, secret_key, config.feed());
    connection.expected = config.expected();
    connection.limits.backoff = Duration::from_millis(1);
    connection.limits.requests_a_minute = requests_a_minute;
    Alpaca::new(&connection).unwrap()
}

fn running<B>(start: Start<B>) -> Box<Engine<B>> {
    match start {
        Start::Engine(engine) => engine,
        Start::Refused(code) => panic!("refused with {code:?}"),
    }
}

pub fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}

fn entry_time(symbol: &str) -> Timestamp {
    let (hour, minute) = CONFIRMED;
    date().at_hm(hour, minute) + confirm::Delays::on(date()).of(symbol.parse().unwrap())
}

fn config(start: Timestamp, account: &str) -> VenueConfig {
    VenueConfig::new(account, "key", "secret", Usd::dollars(10_000), SEED, start)
}

pub fn session() -> Session {
    Calendar::nyse().session_on(date()).unwrap().unwrap()
}

fn market_day() -> MarketDay {
    let bar = |(symbol, [open, high, low, close, volume], _, _): (&str, [f64; 5], &str, &str)| {
        (symbol.parse::<Symbol>().unwrap(), DailyBar { date: date(), open, high, low, close, volume })
    };
    MarketDay { session: session(), bars: STOCKS.map(bar).into(), history: [].into() }
}

fn csv(symbols: &[&str], scan_date: NyDate) -> String {
    let header = "SchemaVersion,ScanDate,Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,\
        Target_R2,TrendScore\n";
    let row = |symbol: &&str| {
        let (_, _, level, stop) = STOCKS.iter().find(|(name, ..)| name == symbol).unwrap();
        format!("1,{scan_date},{symbol},Long,50,{level},1.0,{stop},52,54,70\n")
    };
    header.to_owned() + &symbols.iter().map(row).collect::<String>()
}

fn environment(url: &str, root: &Path) -> Env {
    Env::from_pairs([
        ("APCA_API_BASE_URL", url),
        ("APCA_API_DATA_URL", url),
        ("APCA_API_KEY_ID", "key"),
        ("APCA_API_SECRET_KEY", "secret"),
        ("EXECUTION_MODE", "PAPER"),
        ("PORTCULLIS_CLOCK", "venue"),
    ])
    .with(&env::STATE_DIRECTORY, root)
    .with(&env::PORTCULLIS_MANIFEST, root.join(MANIFEST))
    .with(&env::PORTCULLIS_MANIFEST_DIGEST, format!("sha256:{}", sha256_hex(MANIFEST_TEXT.as_bytes())))
}

/// Serves until the sender is dropped. A thread of its own, because the program's clock blocks while it asks.
fn serve(venue: Venue) -> (String, oneshot::Sender<()>) {
    let (say, said) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = venue.serve().await.unwrap();
            say.send(server.base_url().to_owned()).unwrap();
            let _ = stopped.await;
        });
    });
    (said.recv().unwrap(), stop)
}
