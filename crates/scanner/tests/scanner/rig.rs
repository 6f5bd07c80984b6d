//! What the scanner's tests share: a small generated market, a venue's clock, and a way to run the program.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

use bars::{BarTable, write_parquet};
use market::{Calendar, DailyBar, Feed, NyDate, Symbol};

/// The day of the generated market's newest bars, a Friday.
pub const AS_OF: &str = "2017-11-10";

/// The material beside the repository; a test that gets `None` has said so and ends.
pub fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let path = std::env::var_os("PORTCULLIS_SHARED").map_or_else(beside, PathBuf::from);
    if !path.join("golden/scan").is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
        println!("skipped: needs ../shared ({} has no golden/scan)", path.display());
        return None;
    }
    Some(path)
}

/// How a symbol of the generated market goes: its first price, the step a day, the bars it has and the shares a day.
type Walk = (&'static str, f64, f64, usize, f64);

const WALKS: [Walk; 9] = [
    ("CLIMB", 60.0, 0.05, 320, 1e6),
    ("CLIMB.B", 80.0, 0.06, 320, 2e6),
    ("FALL", 160.0, -0.05, 320, 1e6),
    ("NERVOUS", 9.0, 0.01, 320, 4e6),
    ("YOUNG", 60.0, 0.05, 70, 1e6),
    ("THIN", 60.0, 0.05, 320, 1e3),
    ("HALTED", 60.0, 0.05, 0, 1e6),
    ("XLK", 50.0, 0.04, 320, 1e6),
    ("XLE", 50.0, -0.04, 320, 1e6),
];

pub const UNIVERSE: &str = "A Fund\nAs of,10-Nov-2017\n\nTicker,Name,Sector,WeightPct\n\
    FALL,FALL INC,Energy,9\nCLIMB-B,CLIMB INC,\"Information Technology\",8\nCLIMB,CLIMB INC,Energy,7\n\
    NERVOUS,N,Energy,6\nYOUNG,Y,Energy,5\nTHIN,T,Energy,4\nHALTED,H,Energy,3\nABSENT,A,Energy,2\n-,CASH,Cash,1\n";

/// The verdicts a full scan of the generated market gives, in the universe's order.
pub const VERDICTS: &str = "Ticker,Bars,Verdict\nFALL,320,weekly_misaligned\nCLIMB.B,320,candidate\n\
    CLIMB,320,candidate\nNERVOUS,320,quality_gate\nYOUNG,70,too_short\nTHIN,320,illiquid_volume\nHALTED,300,stale\n\
    ABSENT,0,not_in_bars\n";

/// A folder with the generated market's files and room for outputs.
pub struct Rig {
    folder: tempfile::TempDir,
}

impl Rig {
    pub fn new() -> Self {
        Self::with_market(0.1)
    }

    /// A market whose SPY moves by `step` a day.
    pub fn with_market(step: f64) -> Self {
        let rig = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(rig.path("cache")).unwrap();
        fs::write(rig.path("cache/universe.csv"), UNIVERSE).unwrap();
        write_parquet(&rig.path("cache/bars.parquet"), &generated(step)).unwrap();
        rig
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs `scanner scan` with the folder as its state directory.
    pub fn scan(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = scanner();
        command.env("STATE_DIRECTORY", self.folder.path()).current_dir(self.folder.path());
        command.arg("scan").args(arguments);
        command
    }

    /// Every file of the folder itself, except the record of the last run.
    pub fn outputs(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap());
        entries
            .filter(|entry| entry.file_type().unwrap().is_file() && entry.file_name() != "scan_run.json")
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
            .collect()
    }
}

/// The program, in an environment without anything of ours.
pub fn scanner() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scanner"));
    for name in ["STATE_DIRECTORY", "PORTCULLIS_CLOCK", "APCA_API_BASE_URL"] {
        command.env_remove(name);
    }
    command
}

fn generated(spy_step: f64) -> BarTable {
    let last: NyDate = AS_OF.parse().unwrap();
    let sessions = Calendar::nyse().sessions(last.plus_days(-500), last).unwrap();
    let days: Vec<NyDate> = sessions[sessions.len() - 320..].iter().map(|session| session.date).collect();
    let market = ("SPY", 200.0, spy_step, 320, 1e8);
    let walks = WALKS.into_iter().chain([market]);
    let bars = walks.flat_map(|walk| {
        let symbol = Symbol::new(walk.0).unwrap();
        // HALTED's bars end twenty sessions early.
        let days = if walk.0 == "HALTED" { &days[..300] } else { &days[320 - walk.3..] };
        (0..).zip(days).map(move |(day, date)| (symbol, bar(*date, walk, day))).collect::<Vec<_>>()
    });
    BarTable::from_bars(Feed::Simulated, bars).unwrap()
}

/// A range of two dollars around a straight line.
fn bar(date: NyDate, (_, first, step, _, volume): Walk, day: i32) -> DailyBar {
    let line = first + step * f64::from(day);
    DailyBar { date, open: line, high: line + 1.0, low: line - 1.0, close: line + 0.5, volume }
}

/// A venue that knows nothing but the time. Ends with the test's process.
pub fn venue_clock(now: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                request.push(byte[0]);
            }
            let body = format!("{{\"timestamp\":\"{now}\"}}");
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
        }
    });
    address
}
