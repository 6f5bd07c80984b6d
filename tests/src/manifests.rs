//! Random manifests that are valid, from a seed: what a user may write, at its most hostile, in releases to come too.
//!
//! Every task of the planned catalogue, role, kind of schedule and zone comes up. Every unit name holds the seed, so that the
//! units of many manifests can lie in one directory.

mod jobs;
mod numbers;
mod services;

use std::fmt::Write as _;

use numbers::Numbers;

/// Who places orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trader {
    Nobody,
    /// `execution run`, over a day's watchlist.
    Lists,
    /// `session run`, from a preflight to the close.
    Session,
    /// `intents work`, what others intend.
    Intents,
}

/// A manifest as far as it is written.
struct Draft {
    seed: u64,
    numbers: Numbers,
    text: String,
    trader: Trader,
    /// The manifest's zone is New York's.
    is_new_york: bool,
}

/// The manifest of a seed; its programs are those of the planned catalogue.
#[must_use]
pub fn random_manifest(seed: u64) -> String {
    let mut numbers = Numbers::from(seed);
    let trader = *numbers.among(&[
        Trader::Nobody,
        Trader::Lists,
        Trader::Lists,
        Trader::Lists,
        Trader::Session,
        Trader::Session,
        Trader::Intents,
        Trader::Intents,
    ]);
    let zone =
        numbers.of(&["America/New_York", "America/New_York", "America/Chicago", "UTC", "Europe/Berlin", "Asia/Tokyo"]);
    let is_new_york = zone == "America/New_York";
    let mut draft = Draft { seed, numbers, text: String::new(), trader, is_new_york };
    draft.add(&format!("schema = 1\ntimezone = \"{zone}\"\nscope = \"system\"\nenvironment = \"staging\""));
    draft.add_top();
    draft.add_secrets();
    let service = draft.add_services();
    draft.add_jobs(service.as_deref());
    draft.text
}

impl Draft {
    fn add(&mut self, lines: &str) {
        writeln!(self.text, "{lines}").expect("a text takes everything");
    }

    /// A name that no other manifest has.
    fn name(&mut self, what: &str) -> String {
        format!("{}{what}-{}", self.numbers.of(&["", "a-", "z9-", "x--"]), self.seed)
    }

    fn add_top(&mut self) {
        let name = self.name("d");
        let systemd = self.numbers.of(&["252", "252", "257"]);
        let user = self.numbers.of(&["trading", "_a-1", "x"]);
        self.add(&format!("name = \"{name}\"\n[host]\nsystemd = {systemd}\n[identity]\nuser = \"{user}\""));
        if self.numbers.one_in(2) {
            let group = self.numbers.of(&["trading", "desk_2"]);
            self.add(&format!("group = \"{group}\""));
        }
        if self.numbers.one_in(2) {
            let state = self.numbers.of(&["avwap", "desk/a.b-c", "9/x_y"]);
            self.add(&format!("[paths]\nstate = \"/var/lib/{state}\""));
        }
        if self.numbers.one_in(3) {
            let programs = self.numbers.of(&["/nix/store/0-p@1+x/bin", "/opt/p_1.0/bin"]);
            self.add(&format!("[release]\nprograms = \"{programs}\""));
        }
    }

    fn add_secrets(&mut self) {
        let encrypted = if self.numbers.one_in(3) { "encrypted = true\n" } else { "" };
        self.add(&format!(
            "[secrets.alpaca]\n{encrypted}keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]\n\
             [secrets.live]\nkeys = [\"LIVE_CONFIRM_TOKEN\"]\n[secrets.data]\n{encrypted}keys = [\"EODHD_API_KEY\"]"
        ));
    }
}
