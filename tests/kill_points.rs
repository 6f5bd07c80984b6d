//! Hundreds of SIGKILLs in days of real processes: at every effect of the first trade, before and after it, and all over.
//!
//! The points are system calls whose effect somebody else can see: the ledger's log made durable (fsync), an order sent
//! (writev), a view put in place (renameat), a lock taken. SIGKILL strikes on entry: before that effect and after the one
//! before. A day has one point in the thick of it and several more while it comes back. After each day venue, ledger and
//! log are compared (`rehearse`, `checks`): nothing lost, nothing doubled, nothing bare for longer than restarts take.
//!
//! Points are chosen by the clean day, and what the stream's follower sends comes when it comes: a point may strike another
//! call on the day itself. What counts is what strace saw the struck process do.
//!
//! Needs strace, which must be allowed to trace, and the programs built.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use serde_json::Value;
use tempfile::TempDir;

const KILLS_MIN: usize = 300;
/// Points after the first of a day: each strikes the process that came back from the one before.
const MORE_A_DAY: usize = 4;
/// A send is hunted: killed so many calls before it, and then process after process one call later, until the call is it.
/// What the stream's follower asks makes the number of a send differ by a few from day to day; this finds it all the same.
const HUNTS_FROM: [u32; 3] = [20, 14, 8];
/// The calls of a process that came back, up to its first send and beyond.
const HUNTED: RangeInclusive<u32> = 12..=34;
/// Each must have been struck at least once, by what the struck process was seen to do.
const EFFECTS: [&str; 8] = [
    ENTRY_RECORDED,
    ENTRY_NOT_SENT,
    ENTRY_SENT,
    ENTRY_ANSWERED,
    STOP_RECORDED,
    STOP_NOT_SENT,
    STOP_SENT,
    REPLACEMENT_NOT_SENT,
];
const ENTRY_RECORDED: &str = "entry recorded, not durable";
const ENTRY_NOT_SENT: &str = "entry durable, not sent";
const ENTRY_SENT: &str = "entry sent, its answer not recorded";
const ENTRY_ANSWERED: &str = "entry's answer recorded, not durable";
const STOP_RECORDED: &str = "stop recorded, not durable";
const STOP_NOT_SENT: &str = "stop durable, not sent";
const STOP_SENT: &str = "stop sent, its answer not durable";
const REPLACEMENT_NOT_SENT: &str = "replacement durable, not sent";
/// The first entry is due at 09:51, the first trim at 10:20.
const UNTIL: &str = "10:30";
/// Points all over the session, beside those of the first trade.
const SPREAD: usize = 6;

#[test]
fn killed_at_every_effect_nothing_is_lost_doubled_or_bare() {
    if !proofs::can_trace() {
        return;
    }
    let manifest = Manifest::with_one_entry();
    let began = Instant::now();
    let clean = manifest.day(&["--boundaries"]);
    assert_eq!(clean["summary"]["verdict"], "TRADED");
    let (process, calls) = the_trading_process(&clean);
    // Those before it make calls of the same numbers, hours before the trade.
    let first: Vec<String> = first_points(&calls).iter().map(|point| format!("{point}/{process}")).collect();
    let more = points_while_it_comes_back(&calls);
    let plans = first.iter().enumerate().map(|(index, point)| plan(point, index, &more));
    let plans: Vec<String> = plans.chain(hunts(&calls, process)).collect();
    assert!(plans.len() >= 40, "only {} days: {first:?}", plans.len());

    let days = proofs::a_few_at_once(&plans, |plan| (plan.clone(), manifest.day(&["--fault", plan])));
    let mut tally = Tally::default();
    for (plan, day) in &days {
        tally.add(plan, day);
    }
    tally.print(days.len(), began);
    assert!(tally.broken.is_empty(), "{}", tally.broken.join("\n\n"));
    assert!(tally.kills >= KILLS_MIN, "only {} kills really struck", tally.kills);
    let missed: Vec<&str> = EFFECTS.into_iter().filter(|effect| !tally.by_effect.contains_key(effect)).collect();
    assert!(missed.is_empty(), "never struck: {missed:?}");
    proofs::document_outcome("kill@CALL:N,...", "PROTECTED");
    assert!(tally.traded >= days.len() * 9 / 10, "only {} days of {} bought anything", tally.traded, days.len());
}

/// Every effect from the first entry's record to its stop's acceptance, then the first replacement and trim, then a spread.
fn first_points(calls: &[Call]) -> Vec<String> {
    let sends = |side: &str| {
        let is = |call: &&Call| call.what.starts_with("POST /v2/orders") || call.what.starts_with("PATCH /v2/orders");
        calls.iter().filter(is).nth(if side == "entry" { 0 } else { 1 }).expect("an entry and its stop are sent").place
    };
    let (entry, stop) = (sends("entry"), sends("stop"));
    let record = calls[..entry].iter().rposition(|call| call.what.contains("exposure")).unwrap_or(entry - 2);
    let accepted = calls[stop..].iter().position(|call| call.what.ends_with("-wal") && call.name == "fsync");
    let accepted = stop + accepted.expect("the stop's acceptance is recorded");
    let mut places: BTreeSet<usize> = (record..=accepted + 4).collect();
    let later = calls[accepted..].iter().filter(|call| call.what.starts_with("P") || call.what.starts_with("DELETE"));
    for send in later.take(3) {
        places.extend(send.place.saturating_sub(4)..=send.place + 4);
    }
    places.extend((0..SPREAD).map(|part| calls.len() * part / SPREAD));
    // Of the pages of one transaction the first is enough: none of them is there before the log is durable.
    let is_effect = |place: &usize| {
        let call = &calls[*place];
        let is_first_page = call.name != "pwrite64" || *place == 0 || calls[place - 1].name != "pwrite64";
        !call.what.starts_with("GET") && is_first_page
    };
    let places = places.into_iter().filter(|place| *place < calls.len()).filter(is_effect);
    places.map(|place| calls[place].point.clone()).collect()
}

/// Days on which the first entry, stop and replacement are hunted.
fn hunts(calls: &[Call], process: usize) -> Vec<String> {
    let first = |what: &str| calls.iter().find(|call| call.what.starts_with(what) && call.what.ends_with(" stop"));
    let entry = calls.iter().find(|call| call.what.starts_with("POST /v2/orders"));
    let replacement = calls.iter().find(|call| call.what.starts_with("PATCH /v2/orders"));
    let sends = [entry, first("POST /v2/orders"), replacement];
    let hunt = |send: Option<&Call>, before: u32| {
        let from = number(send.expect("the clean day enters, protects and replaces")) - before;
        let steps: String = HUNTED.map(|number| format!(",writev:{number}")).collect();
        format!("kill@writev:{from}/{process}{steps}")
    };
    sends.iter().flat_map(|send| HUNTS_FROM.map(|before| hunt(*send, before))).collect()
}

/// The how manieth such call of its process it is.
fn number(call: &Call) -> u32 {
    call.point.split_once(':').unwrap().1.parse().unwrap()
}

/// What a process does from its start to a few cycles later: the ledger's opening, locks, the first look, the first views.
fn points_while_it_comes_back(calls: &[Call]) -> Vec<String> {
    let early = calls.iter().take(75).filter(|call| call.name != "pwrite64" || call.what.ends_with("-wal"));
    early.map(|call| call.point.clone()).collect()
}

/// One point in the thick of it, and more from a place in the pool that goes on from day to day.
fn plan(first: &str, index: usize, more: &[String]) -> String {
    let next = (0..MORE_A_DAY).map(|step| more[(index * MORE_A_DAY + step) * 7 % more.len()].as_str());
    let points: Vec<&str> = [first].into_iter().chain(next).collect();
    format!("kill@{}", points.join(","))
}

/// A system call of the process that trades.
#[derive(Clone, Debug)]
struct Call {
    place: usize,
    /// `fsync:12`.
    point: String,
    name: String,
    /// The file, or the head of the request.
    what: String,
}

/// The process whose entry is the first, the one that the backstop started: the how manieth of the day, and its calls.
fn the_trading_process(clean: &Value) -> (usize, Vec<Call>) {
    let processes = clean["boundaries"].as_array().unwrap();
    let texts = |process: &Value| -> Vec<String> {
        process.as_array().unwrap().iter().map(|call| call.as_str().unwrap().to_owned()).collect()
    };
    let sends = |calls: &Vec<String>| calls.iter().any(|call| call.contains("POST /v2/orders"));
    let trading = processes.iter().map(texts).zip(1..).find(|(calls, _)| sends(calls));
    let (calls, process) = trading.expect("a process of the clean day sends an order");
    let read = |(place, text): (usize, &String)| {
        let (point, what) = text.split_once(' ').unwrap_or((text, ""));
        let name = point.split(':').next().unwrap_or(point);
        Call { place, point: point.to_owned(), name: name.to_owned(), what: what.to_owned() }
    };
    (process, calls.iter().enumerate().map(read).collect())
}

/// What the days add up to.
#[derive(Default)]
struct Tally {
    kills: usize,
    traded: usize,
    by_call: BTreeMap<String, usize>,
    by_effect: BTreeMap<&'static str, usize>,
    bare_seconds: Vec<i64>,
    broken: Vec<String>,
}

impl Tally {
    fn add(&mut self, plan: &str, day: &Value) {
        let kills = day["kills"].as_array().unwrap();
        self.kills += kills.len();
        for kill in kills {
            let call = kill["what"].as_str().unwrap().split(' ').next().unwrap();
            *self.by_call.entry(call.to_owned()).or_default() += 1;
            *self.by_effect.entry(effect(kill, day)).or_default() += 1;
        }
        let summary = &day["summary"];
        self.traded += usize::from(!summary["fills"].as_array().unwrap().is_empty());
        for bare in day["bare"].as_array().unwrap() {
            let at = |key: &str| seconds(bare[key].as_str().unwrap());
            self.bare_seconds.push(at("until") - at("from"));
        }
        if summary["verdict"] != "PROTECTED" {
            let failed: Vec<String> = summary["checks"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|check| check["ok"] == false)
                .map(|check| format!("  {}: {}", check["name"], check["detail"]))
                .collect();
            let words = day["arguments"].as_array().unwrap().iter().map(|word| word.as_str().unwrap());
            let again = words.collect::<Vec<_>>().join(" ");
            self.broken.push(format!("{plan}: {}\n{}\nagain: rehearse {again}", summary["verdict"], failed.join("\n")));
        }
    }

    fn print(&mut self, days: usize, began: Instant) {
        self.bare_seconds.sort_unstable();
        let at = |share: usize| self.bare_seconds.get((self.bare_seconds.len() * share / 100).saturating_sub(1));
        let longest = self.bare_seconds.last();
        println!("{days} days, {} kills in {:.0} s", self.kills, began.elapsed().as_secs_f64());
        println!("by call: {:?}\nby effect: {:#?}", self.by_call, self.by_effect);
        println!("without a stop, seconds: half {:?}, 9 of 10 {:?}, longest {longest:?}", at(50), at(90));
    }
}

/// Where in a trade the struck process was, by what it was seen to do: the call, what it had sent last, and whether the
/// ledger was durable since. An intent of the very instant was recorded by the call that was struck.
fn effect(kill: &Value, day: &Value) -> &'static str {
    let what = kill["what"].as_str().unwrap();
    let last_send = kill["last_send"].as_str().unwrap_or_default();
    let is_unanswered = kill["records_since"] == 0;
    let sent = |side: &str| last_send.contains(" POST /v2/orders") && last_send.ends_with(side) && is_unanswered;
    let is_durable = what.ends_with("-wal") && what.starts_with("f");
    // With a send of its kind behind it, what is being recorded may be that one's answer or what came of it.
    let just_recorded = |leg: &str, side: &str| {
        let intents = day["summary"]["intents"].as_array().unwrap();
        let is_first = !last_send.ends_with(side);
        is_durable
            && is_first
            && intents.iter().any(|intent| intent["leg"] == leg && intent["recorded_at"] == kill["at"])
    };
    match what.split(' ').next().unwrap() {
        "writev" if what.contains(" POST /v2/orders") && what.ends_with(" buy") => ENTRY_NOT_SENT,
        "writev" if what.contains(" POST /v2/orders") && what.ends_with(" sell stop") => STOP_NOT_SENT,
        "writev" if what.contains(" PATCH /v2/orders") => REPLACEMENT_NOT_SENT,
        _ if sent(" buy") && is_durable => ENTRY_ANSWERED,
        _ if sent(" buy") => ENTRY_SENT,
        _ if sent(" sell stop") => STOP_SENT,
        _ if just_recorded("entry", " buy") => ENTRY_RECORDED,
        _ if just_recorded("stop", " sell stop") => STOP_RECORDED,
        "writev" | "sendto" => "a question",
        "rename" | "renameat" | "renameat2" => "view",
        "fsync" | "fdatasync" if is_durable => "another record",
        "fsync" | "fdatasync" => "durable view",
        "pwrite64" | "ftruncate" => "record's pages",
        _ => "other",
    }
}

/// Seconds since midnight UTC of an instant in RFC 3339.
fn seconds(instant: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| instant[range].parse::<i64>().unwrap();
    number(11..13) * 3_600 + number(14..16) * 60 + number(17..19)
}

/// The shipped manifest with one entry a day and fewer looks before the open, so that days are short.
struct Manifest {
    path: PathBuf,
    /// Goes away with the manifest.
    _folder: TempDir,
}

impl Manifest {
    fn with_one_entry() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(proofs::workspace_root().join("manifests/avwap.toml")).unwrap();
        let poll = "EXECUTION_POLL_SECONDS = \"60\"";
        assert!(text.contains(poll), "the manifest's poll has another form");
        let few =
            "EXECUTION_POLL_SECONDS = \"600\"\nEXECUTION_POLL_TIGHT_SECONDS = \"60\"\nMAX_LIVE_ORDERS_PER_DAY = \"1\"";
        let path = folder.path().join("avwap.toml");
        std::fs::write(&path, text.replace(poll, few)).unwrap();
        Self { path, _folder: folder }
    }

    fn day(&self, arguments: &[&str]) -> Value {
        let programs = proofs::programs(&["rehearse", "unitgen", "scanner", "gate", "execution", "desk"]);
        let output = Command::new(programs.join("rehearse"))
            .args(["day", "--json", "--until", UNTIL])
            .arg(Path::new(&self.path))
            .args(arguments)
            .output()
            .expect("rehearse runs");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("rehearse day {arguments:?}: {error}\n{}", String::from_utf8_lossy(&output.stderr))
        })
    }
}
