//! Manifests that went wrong in an editor or on the way: lines and values of the shipped ones mutated, seeded, thousands of
//! times. What must hold of each is what the fuzzer checks (`just fuzz`); this is the part of it that every run can afford.

#[path = "../../fuzz/sound.rs"]
mod sound;

const SHIPPED: [&str; 4] = [
    include_str!("../../manifests/avwap.toml"),
    include_str!("../../manifests/aurora-paper.toml"),
    include_str!("../../manifests/aurora-session.toml"),
    include_str!("../../manifests/traderunner.toml"),
];
const MANIFESTS: u64 = 2_000;
const MUTATIONS_MAX: u64 = 4;

/// What takes the place of a value, or of a line.
const VALUES: [&str; 22] = [
    "\"\"",
    "\"x\"",
    "0",
    "-1",
    "252",
    "9223372036854775808",
    "true",
    "[]",
    "[\"\"]",
    "{}",
    "{ a = 1 }",
    "\"live\"",
    "\"armed\"",
    "\"Mon..Fri 08:30\"",
    "\"Sun 00:00..23:59/1m UTC\"",
    "\"9m\"",
    "\"/\"",
    "\"../x\"",
    "\"%n $X \\\\\"",
    "\"\\n\"",
    "'''\n'''",
    "2026-03-08",
];
const LINES: [&str; 10] = [
    "[services.execution]",
    "[jobs.scan]",
    "[jobs.x]",
    "[services.x.env]",
    "[[jobs]]",
    "[secrets.x]",
    "on_success = [\"scan\"]",
    "restart = \"execution\"",
    "\u{feff}",
    "\0",
];

#[test]
fn whatever_becomes_of_a_manifest_the_answer_is_sound() {
    let mut accepted = 0;
    for seed in 0..MANIFESTS {
        let text = Mutator(seed).mutated();
        let outcome = std::panic::catch_unwind(|| sound::manifest(text.as_bytes()));
        match outcome {
            Ok(sound) => accepted += u64::from(sound),
            Err(_) => panic!("seed {seed}:\n{text}"),
        }
    }
    assert!((MANIFESTS / 50..MANIFESTS / 2).contains(&accepted), "{accepted} of {MANIFESTS} were accepted");
}

/// Random numbers of a seed: splitmix64.
struct Mutator(u64);

impl Mutator {
    fn mutated(&mut self) -> String {
        let shipped = SHIPPED[self.below(SHIPPED.len())];
        let mut lines: Vec<String> = shipped.lines().map(str::to_owned).collect();
        for _ in 0..=self.below(MUTATIONS_MAX as usize) {
            self.mutate(&mut lines);
        }
        let mut text = lines.join("\n");
        if self.below(8) == 0 {
            let end = (0..=self.below(text.len() + 1)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
        }
        text
    }

    fn mutate(&mut self, lines: &mut Vec<String>) {
        if lines.is_empty() {
            return;
        }
        let (at, other) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(8) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines.insert(at, LINES[self.below(LINES.len())].to_owned()),
            4 => {
                let from = SHIPPED[self.below(SHIPPED.len())].lines().nth(at).unwrap_or_default();
                lines[at] = from.to_owned();
            }
            5 => {
                let mut characters: Vec<char> = lines[at].chars().collect();
                let place = self.below(characters.len() + 1);
                characters.insert(place, ['"', '=', '[', '\\', '%', '#', '.', '€'][self.below(8)]);
                lines[at] = characters.into_iter().collect();
            }
            _ => {
                if let Some((key, _)) = lines[at].split_once('=') {
                    lines[at] = format!("{key}= {}", VALUES[self.below(VALUES.len())]);
                }
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}
