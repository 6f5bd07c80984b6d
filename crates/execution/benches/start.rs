//! How long a process takes from its start to READY=1 beside a year of ledger, what of that the ledger is, how much memory
//! it holds while it waits, and how large a year is on the disk.
//!
//! The real program against a venue on loopback, in a session, with a watchlist of twenty. Run with `cargo bench -p
//! execution --bench start`; with `--test` it is a small run that only shows that it works. Targets: less than 100 ms,
//! 25 MB, 200 MB.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

mod year;

use std::{
    env, fs,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use broker_sim::{Market, MarketDay, Venue, VenueConfig};
use contract::{Attestation, Layout, ScanRun, ScanStatus, sha256_hex, write_all_atomically};
use ledger::Ledger;
use market::{Calendar, DailyBar, Feed, NyDate, Qty, Symbol, TimeDelta, Usd};

const ACCOUNT: &str = "PA3BENCH";
const CANDIDATES: usize = 20;
/// What the program asks the ledger for at its start.
const BOOK_DAYS: TimeDelta = TimeDelta::days(120);

fn main() {
    let small = env::args().any(|argument| argument == "--test");
    let (sessions, starts) = if small { (3, 2) } else { (year::SESSIONS, 20) };
    let url = venue();
    for (what, sessions) in [("an empty ledger", 0), ("a year of ledger", sessions)] {
        let root = tempfile::Builder::new().prefix("start-").tempdir_in(".").unwrap();
        let layout = Layout::new(root.path());
        if sessions > 0 {
            let began = Instant::now();
            year::make(layout.database(), ACCOUNT, date(), sessions);
            println!("{sessions} sessions written in {:.1} s", began.elapsed().as_secs_f64());
            size(&layout);
        }
        attest(&layout);
        let mut took: Vec<f64> = Vec::new();
        for number in 0..=starts {
            let mut process = Process::start(root.path(), &url);
            let ready = process.until_ready();
            // The first one makes files and warms the machine's caches.
            if number > 0 {
                took.push(ready.as_secs_f64() * 1e3);
            }
            if number == starts {
                thread::sleep(Duration::from_secs(if small { 0 } else { 3 }));
                println!("{what}: idle {}", process.memory());
            }
        }
        println!("{what}: exec to READY=1 {}", spread(took));
        in_process(what, &layout, if small { 2 } else { 20 });
    }
}

/// What of a start the ledger is.
fn in_process(what: &str, layout: &Layout, rounds: usize) {
    let (mut opened, mut read) = (Vec::new(), Vec::new());
    let since = date().at_hm(10, 0) - BOOK_DAYS;
    let mut counts = (0, 0);
    for _ in 0..rounds {
        let begin = Instant::now();
        let ledger = Ledger::open(layout.database(), &ACCOUNT.parse().unwrap()).unwrap();
        opened.push(begin.elapsed().as_secs_f64() * 1e3);
        let begin = Instant::now();
        let book = ledger.book(&ACCOUNT.parse().unwrap(), &"avwap".parse().unwrap(), since).unwrap();
        read.push(begin.elapsed().as_secs_f64() * 1e3);
        counts = (book.intents().count(), book.tapes().values().map(|tape| tape.fills().count()).sum());
    }
    println!("{what}: of that, open and check {}", spread(opened));
    println!("{what}: of that, the book {} ({} intents, {} executions)", spread(read), counts.0, counts.1);
    let begin = Instant::now();
    Ledger::open(layout.database(), &ACCOUNT.parse().unwrap()).unwrap().check_all().unwrap();
    println!("{what}: a check of everything {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
}

fn size(layout: &Layout) {
    let bytes = |suffix: &str| {
        let mut name = layout.database().as_os_str().to_owned();
        name.push(suffix);
        fs::metadata(PathBuf::from(name)).map_or(0, |file| file.len())
    };
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let (database, wal, ballast) = (bytes(""), bytes("-wal"), bytes(".ballast"));
    println!("on the disk: {:.1} MB, WAL {:.1} MB, room kept {:.1} MB", mb(database), mb(wal), mb(ballast));
}

/// The program, and the socket it says READY=1 to.
struct Process {
    child: Child,
    socket: UnixDatagram,
    started: Instant,
}

impl Process {
    fn start(root: &Path, url: &str) -> Self {
        let path = root.join("notify");
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_execution"));
        command.arg("run").env_clear().current_dir(root).stdout(Stdio::null());
        command.stderr(fs::File::create(root.join("log")).unwrap());
        let environment = [
            ("PORTCULLIS_ACCOUNT", ACCOUNT),
            ("APCA_API_BASE_URL", url),
            ("APCA_API_DATA_URL", url),
            ("APCA_API_KEY_ID", "key"),
            ("APCA_API_SECRET_KEY", "secret"),
            ("EXECUTION_MODE", "PAPER"),
            ("PORTCULLIS_CLOCK", "venue"),
        ];
        command.envs(environment).env("STATE_DIRECTORY", root.canonicalize().unwrap()).env("NOTIFY_SOCKET", &path);
        let started = Instant::now();
        Self { child: command.spawn().unwrap(), socket, started }
    }

    fn until_ready(&mut self) -> Duration {
        let mut message = [0; 4096];
        loop {
            let length = self.socket.recv(&mut message).expect("it becomes ready");
            if String::from_utf8_lossy(&message[..length]).lines().any(|line| line == "READY=1") {
                return self.started.elapsed();
            }
        }
    }

    fn memory(&self) -> String {
        let of = |file: &str, field: &str| {
            let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(field).map(str::to_owned));
            line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1_024.0
        };
        let (pss, own) = (of("smaps_rollup", "Pss:"), of("smaps_rollup", "Pss_Anon:"));
        format!("PSS {pss:.1} MiB (of it its own {own:.1}), VmRSS {:.1} MiB", of("status", "VmRSS:"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    format!("{:.1} ms (p10 {:.1}, p90 {:.1})", at(0.5), at(0.1), at(0.9))
}

fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}

fn symbols() -> Vec<Symbol> {
    (0..CANDIDATES).map(|number| Symbol::new(&format!("C{}", char::from(b'A' + number as u8))).unwrap()).collect()
}

/// A venue whose clock stands in the middle of a session, on a thread of its own.
fn venue() -> String {
    let (say, said) = mpsc::channel();
    let session = Calendar::nyse().session_on(date()).unwrap().unwrap();
    let bar = DailyBar { date: date(), open: 50.0, high: 50.6, low: 49.5, close: 50.3, volume: 5e6 };
    let bars = symbols().into_iter().map(|symbol| (symbol, bar)).collect();
    let config = VenueConfig::new(ACCOUNT, "key", "secret", Usd::dollars(10_000), 1, date().at_hm(11, 0));
    let venue = Venue::new(config, Market::from(MarketDay { session, bars, history: [].into() }));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = venue.serve().await.unwrap();
            say.send(server.base_url().to_owned()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    said.recv().unwrap()
}

/// A list of today's as a good scan leaves it, far from any price.
fn attest(layout: &Layout) {
    let before = Calendar::nyse().previous_session(date()).unwrap().date;
    let header = "SchemaVersion,ScanDate,Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,\
        Target_R2,TrendScore\n";
    let row = |symbol: &Symbol| format!("1,{before},{symbol},Long,50,90,1.0,88,92,94,70\n");
    let csv = header.to_owned() + &symbols().iter().map(row).collect::<String>();
    let attestation = Attestation {
        schema: Attestation::SCHEMA,
        run_id: "run-1".to_owned(),
        session: date(),
        as_of: before,
        newest_bar: before,
        bars_sha256: sha256_hex(b"bars"),
        universe_sha256: sha256_hex(b"universe"),
        feed: Feed::Simulated,
        verdicts: [("candidate".to_owned(), CANDIDATES as u64)].into(),
        candidates: CANDIDATES as u64,
        average_volumes: symbols().into_iter().map(|symbol| (symbol, Qty::shares(1_000_000))).collect(),
        remark: None,
        scanner_version: "0.1.0".to_owned(),
        rules_sha256: sha256_hex(b"rules"),
        written_at: date().at_hm(8, 31),
        csv_sha256: sha256_hex(csv.as_bytes()),
    };
    let (list, vouched) = (layout.candidates(), layout.attestation());
    write_all_atomically(&[(&list, csv.as_bytes()), (&vouched, &attestation.to_json())]).unwrap();
    let run = ScanRun {
        schema: ScanRun::SCHEMA,
        run_id: "run-1".to_owned(),
        session: date(),
        as_of: before,
        started_at: date().at_hm(8, 30),
        status: ScanStatus::Finished,
        reason: None,
    };
    run.write(&layout.scan_run()).unwrap();
}
