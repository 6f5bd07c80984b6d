//! Services of every role: who listens, whom others reach, what starts after what, account and mode.

use crate::hostile::{HOSTILE, quoted};

use super::{Draft, Trader};

/// Names under which services of a role may listen: this host alone, or everybody who reaches it.
const HERE: [&str; 3] = ["127.0.0.1", "[::1]", "127.8.9.10"];
const ELSEWHERE: [&str; 3] = ["0.0.0.0", "[::]", "192.0.2.7"];

impl Draft {
    /// The service that places orders, if one does.
    pub(super) fn add_services(&mut self) -> Option<String> {
        let mut earlier = Vec::new();
        let mut roles = vec!["stream", "dashboard"];
        if self.trader == Trader::Intents || self.numbers.one_in(6) {
            roles.push("api");
        }
        if self.numbers.one_in(6) {
            roles.push("gateway");
        }
        for (at, role) in roles.into_iter().enumerate() {
            if role == "api" || role == "gateway" || self.numbers.one_in(3) {
                let name = self.name(role);
                self.add_listener(&name, role, at, &earlier);
                earlier.push(name);
            }
        }
        let program = match self.trader {
            Trader::Nobody => return None,
            Trader::Lists => "execution",
            Trader::Session => "session",
            Trader::Intents => "intents",
        };
        let name = self.name(if self.trader == Trader::Intents { "worker" } else { program });
        self.add_trader(&name, program, &earlier);
        Some(name)
    }

    fn add_listener(&mut self, name: &str, role: &str, at: usize, earlier: &[String]) {
        let lines = match role {
            "stream" => "program = \"marketdata\"\nsecrets = [\"data\"]",
            "dashboard" => "program = \"analytics\"",
            "api" => "program = \"intents\"",
            _ => "program = \"ibgateway\"\nmode = \"paper\"",
        };
        self.add(&format!("[services.{name}]\nrole = \"{role}\"\n{lines}"));
        let public = matches!(role, "stream" | "dashboard") && self.numbers.one_in(3);
        let host = if public { self.numbers.of(&ELSEWHERE) } else { self.numbers.of(&HERE) };
        let port = if role == "gateway" { 4002 } else { 1024 + 16_000 * at + self.numbers.below(16_000) };
        self.add(&format!("listen = \"{host}:{port}\""));
        if public {
            self.add("public = true");
        }
        if self.numbers.one_in(2) {
            let path = self.numbers.of(&["/health", "/", "/v1/Is-well_2.json"]);
            self.add(&format!("health = \"{path}\""));
        }
        self.add_order(earlier);
        if self.numbers.one_in(2) {
            let value = quoted(self.numbers.of(&HOSTILE));
            self.add(&format!("env = {{ RUST_LOG = {value} }}"));
        }
    }

    fn add_order(&mut self, earlier: &[String]) {
        let after: Vec<String> =
            earlier.iter().filter(|_| self.numbers.one_in(2)).map(|name| format!("\"{name}\"")).collect();
        if !after.is_empty() {
            self.add(&format!("after = [{}]", after.join(", ")));
        }
    }

    fn add_trader(&mut self, name: &str, program: &str, earlier: &[String]) {
        let (account, mode) = match self.numbers.below(3) {
            0 => ("PA30000000", "mode = \"paper\""),
            1 => ("123456789", "mode = \"live\"\nlive = \"armed\""),
            _ => ("PA30000009", "mode = \"dry-run\""),
        };
        let role = if self.trader == Trader::Intents { "worker" } else { "orders" };
        self.add(&format!("[services.{name}]\nprogram = \"{program}\"\nrole = \"{role}\"\naccount = \"{account}\""));
        let first = match self.trader {
            Trader::Lists => Some("\"watchlist\""),
            Trader::Session => Some("\"preflight\""),
            Trader::Intents | Trader::Nobody => None,
        };
        let mut gates: Vec<&str> = ["\"session-window\"", "\"kill-switch\""].into_iter().chain(first).collect();
        let by = self.numbers.below(gates.len());
        gates.rotate_left(by);
        self.add(&format!("{mode}\nsecrets = [\"live\", \"alpaca\"]\ngates = [{}]", gates.join(", ")));
        if self.trader == Trader::Session {
            let minute = self.numbers.below(25);
            self.add(&format!("schedule = \"Mon..Fri 09:{minute:02} America/New_York\""));
        }
        self.add_order(earlier);
        let value = quoted(self.numbers.of(&HOSTILE));
        self.add(&format!("[services.{name}.env]\nRUST_LOG = {value}"));
        if self.trader == Trader::Lists && self.numbers.one_in(2) {
            self.add("EXECUTION_POLL_SECONDS = \"60\"\nALLOWLIST_SYMBOLS = \"SYM1 SYM2,BRK.B\"");
        }
    }
}
