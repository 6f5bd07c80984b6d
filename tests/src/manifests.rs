//! Random manifests that are valid, from a seed: what a user may write, at its most hostile.
//!
//! Every unit name holds the seed, so that the units of many manifests can lie in one directory.

use std::fmt::Write as _;

use crate::hostile::{HOSTILE, quoted};

/// Numbers from a seed: splitmix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a bound.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("less than a usize")
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// The manifest of a seed.
#[must_use]
pub fn random_manifest(seed: u64) -> String {
    let mut numbers = Numbers(seed);
    let name = |numbers: &mut Numbers, what: &str| format!("{}{what}-{seed}", numbers.of(&["", "a-", "z9-", "x--"]));
    let mut text =
        String::from("schema = 1\ntimezone = \"America/New_York\"\nscope = \"system\"\nenvironment = \"staging\"\n");
    let deployment = name(&mut numbers, "d");
    add(&mut text, &format!("name = \"{deployment}\"\n[host]\nsystemd = {}", numbers.of(&["252", "252", "257"])));
    add(&mut text, &format!("[identity]\nuser = \"{}\"", numbers.of(&["trading", "_a-1", "x"])));
    if numbers.one_in(2) {
        add(&mut text, &format!("group = \"{}\"", numbers.of(&["trading", "desk_2"])));
    }
    if numbers.one_in(2) {
        add(&mut text, &format!("[paths]\nstate = \"/var/lib/{}\"", numbers.of(&["avwap", "desk/a.b-c", "9/x_y"])));
    }
    if numbers.one_in(3) {
        add(
            &mut text,
            &format!("[release]\nprograms = \"{}\"", numbers.of(&["/nix/store/0-p@1+x/bin", "/opt/p_1.0/bin"])),
        );
    }
    let encrypted = if numbers.one_in(3) { "encrypted = true\n" } else { "" };
    let trades = !numbers.one_in(8);
    if trades {
        let keys = "keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]";
        add(
            &mut text,
            &format!("[secrets.alpaca]\n{encrypted}{keys}\n[secrets.live]\nkeys = [\"LIVE_CONFIRM_TOKEN\"]"),
        );
        let service = name(&mut numbers, "execution");
        add_service(&mut text, &mut numbers, &service);
        add_jobs(&mut text, &mut numbers, seed, Some(&service));
    } else {
        add_jobs(&mut text, &mut numbers, seed, None);
    }
    text
}

fn add(text: &mut String, lines: &str) {
    writeln!(text, "{lines}").expect("a text takes everything");
}

fn add_service(text: &mut String, numbers: &mut Numbers, service: &str) {
    let (account, mode) = match numbers.below(3) {
        0 => ("PA30000000", "mode = \"paper\""),
        1 => ("123456789", "mode = \"live\"\nlive = \"armed\""),
        _ => ("PA30000009", "mode = \"dry-run\""),
    };
    add(
        text,
        &format!("[services.{service}]\nprogram = \"execution\"\nrole = \"orders\"\naccount = \"{account}\"\n{mode}"),
    );
    let gates =
        ["\"watchlist\", \"session-window\", \"kill-switch\"", "\"kill-switch\", \"watchlist\", \"session-window\""];
    add(text, &format!("secrets = [\"live\", \"alpaca\"]\ngates = [{}]\n[services.{service}.env]", numbers.of(&gates)));
    add(text, &format!("RUST_LOG = {}", quoted(numbers.of(&HOSTILE))));
    if numbers.one_in(2) {
        add(text, "EXECUTION_POLL_SECONDS = \"60\"\nALLOWLIST_SYMBOLS = \"SYM1 SYM2,BRK.B\"");
    }
}

fn add_jobs(text: &mut String, numbers: &mut Numbers, seed: u64, service: Option<&str>) {
    let scan = format!("scan-{seed}");
    let args: Vec<String> = (0..numbers.below(7)).map(|_| quoted(numbers.of(&HOSTILE))).collect();
    let args: String = args.iter().map(|arg| format!(", {arg}")).collect();
    add(
        text,
        &format!("[jobs.{scan}]\nprogram = \"scanner\"\nargs = [\"scan\"{args}]\nschedule = \"{}\"", schedule(numbers)),
    );
    if numbers.one_in(2) {
        add(text, &format!("late_start = \"{}\"", span(numbers)));
    }
    if numbers.one_in(2) {
        add(text, &format!("timeout = \"{}\"", span(numbers)));
    }
    add(
        text,
        &format!(
            "[jobs.status-{seed}]\nprogram = \"desk\"\nargs = [\"status\"]\nschedule = \"{}\"",
            repeating_schedule(numbers)
        ),
    );
    let Some(service) = service else { return };
    let follows = numbers.one_in(2);
    if follows {
        let eod = if numbers.one_in(3) { format!(", \"eod-{seed}\"") } else { String::new() };
        add(text, &format!("on_success = [\"restart-{seed}\"{eod}]"));
    }
    add(text, &format!("[jobs.restart-{seed}]\nrestart = \"{service}\"\nschedule = \"{}\"", schedule(numbers)));
    add(
        text,
        &format!("[jobs.eod-{seed}]\nprogram = \"desk\"\nserves = \"{service}\"\nschedule = \"{}\"", schedule(numbers)),
    );
    let args: Vec<String> = (0..numbers.below(3)).map(|_| quoted(numbers.of(&HOSTILE))).collect();
    let args: String = args.iter().map(|arg| format!(", {arg}")).collect();
    add(text, &format!("args = [\"eod\"{args}]"));
    if numbers.one_in(3) {
        add(text, &format!("late_start = \"{}\"\ntimeout = \"{}\"", span(numbers), span(numbers)));
    }
}

fn schedule(numbers: &mut Numbers) -> String {
    let days = numbers.of(&["Mon..Fri", "Mon,Wed,Fri", "Sat", "Mon..Sun", "Tue..Thu,Sun", "Fri,Mon"]);
    let hour = [0, 3 + numbers.below(21)][numbers.below(2)];
    let seconds = if numbers.one_in(2) { format!(":{:02}", numbers.below(60)) } else { String::new() };
    format!("{days} {hour:02}:{:02}{seconds}", numbers.below(60))
}

/// Times at even distances, in any zone; apart from the hours in which clocks change.
fn repeating_schedule(numbers: &mut Numbers) -> String {
    let first = 4 + numbers.below(8);
    let last = first + 1 + numbers.below(8);
    let step = numbers.of(&["1m", "5m", "7h", "12m", "20m", "30m", "1h", "2h"]);
    let zone =
        numbers.of(&["", " UTC", " America/Chicago", " Europe/Berlin", " Asia/Tokyo", " America/Argentina/Ushuaia"]);
    let (from, to) = (numbers.below(60), numbers.below(60));
    format!("Mon..Fri {first:02}:{from:02}..{last:02}:{to:02}/{step}{zone}")
}

fn span(numbers: &mut Numbers) -> &'static str {
    numbers.of(&["1s", "59s", "60s", "90s", "20m", "61m", "3601s", "2h", "6h"])
}
