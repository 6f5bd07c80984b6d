//! `--config-check`: everything that can be known offline, all of it at once.

use std::path::Path;

use contract::{Arming, Env, ExitCode, Layout, LiveEvidence, Mode, arming::ArmingFile, live};
use ledger::{Ledger, LedgerError};
use serde_json::{Value, json};

use super::{Config, SCOPE_NOTE};
use crate::place::{self, Trouble};

/// What there is to say of a configuration.
pub struct Check {
    problems: Vec<String>,
    warnings: Vec<String>,
    information: Vec<String>,
    mode: Mode,
}

impl Check {
    /// Looks at environment, credentials, paths, ledger and arming. Writes nothing and talks to nobody.
    pub fn of(environment: &Env) -> Self {
        let mut mode_warnings = Vec::new();
        let mode = Mode::from_env(environment, &mut mode_warnings);
        let mut check = Self { problems: Vec::new(), warnings: Vec::new(), information: Vec::new(), mode };
        match Config::for_start(environment) {
            Ok(config) => check.take(config, environment),
            Err(problems) => {
                check.problems = problems.0;
                check.warnings = mode_warnings;
                if let Ok(layout) = Layout::from_env(environment) {
                    check.look_at_places(&layout, environment);
                }
            }
        }
        check
    }

    fn take(&mut self, config: Config, environment: &Env) {
        self.information.push(config.to_string());
        self.look_at_places(&config.layout, environment);
        self.look_at_ledger(&config.database, config.account.as_str());
        self.problems.extend(config.manifest.as_ref().and_then(|installed| installed.disagreement()));
        if config.mode == Mode::Live {
            self.look_at_arming(&config, environment);
        }
        self.information.extend(config.caps().lines());
        self.mode = config.mode;
        self.problems.extend(config.reservations);
        self.problems.sort();
        self.problems.dedup();
        self.warnings.extend(config.warnings);
    }

    fn look_at_places(&mut self, layout: &Layout, environment: &Env) {
        let root = layout.root();
        if !root.is_dir() {
            self.problems.push(format!("STATE_DIRECTORY={} is not a directory", root.display()));
            return;
        }
        match place::check(layout) {
            Ok(()) => {}
            // The check may be made by root; the unit does not run as root.
            Err(trouble @ Trouble::OthersOfRoot { .. }) => self.warnings.push(trouble.to_string()),
            Err(trouble) => self.problems.push(trouble.to_string()),
        }
        self.problems.extend(place::closed_to_records(layout));
        self.problems.extend(place::legacy_kill_switches(layout, environment));
    }

    fn look_at_ledger(&mut self, path: &Path, account: &str) {
        if !path.exists() {
            self.information.push(format!("no ledger yet at {}", path.display()));
            return;
        }
        let read = || -> Result<Option<String>, LedgerError> { Ledger::open_read_only(path)?.account() };
        match read() {
            Ok(Some(of)) if of != account => {
                self.problems.push(format!("{}: the ledger of account {of}, not of {account}", path.display()));
            }
            Ok(_) => self.information.push(format!("ledger {}: schema {}", path.display(), ledger::VERSION)),
            Err(error) => self.problems.push(error.to_string()),
        }
    }

    /// Information: a day is armed when it comes, not when its configuration is checked.
    fn look_at_arming(&mut self, config: &Config, environment: &Env) {
        let today = "the check knows no date".to_owned();
        let evidence = LiveEvidence::gather(&config.layout, environment, config.account.as_str(), Err(today));
        let offline = LiveEvidence { arming: Arming::Armed, orders_today: Ok(()), ..evidence };
        self.information.extend(live::decide(&offline).refusals.iter().map(|refusal| format!("live gate: {refusal}")));
        let account = config.account.as_str();
        let armed = config.layout.arming_dir().map(|directory| ArmingFile::read(directory, account));
        self.information.push(match armed {
            None => "live gate: PORTCULLIS_ARMING_DIR is not set".to_owned(),
            Some(Ok(file)) => format!("live gate: armed for {}, account {}", file.armed_for, file.account),
            Some(Err(error)) => format!("live gate: not armed ({error})"),
        });
    }

    /// Says it, and how to end.
    pub fn print(&self, as_json: bool) -> ExitCode {
        let is_good = self.problems.is_empty();
        if as_json {
            println!("{}", self.to_json());
        } else {
            self.information.iter().for_each(|text| println!("{text}"));
            self.warnings.iter().for_each(|text| eprintln!("warning: {text}"));
            self.problems.iter().for_each(|text| eprintln!("problem: {text}"));
            match is_good {
                true => println!("configuration holds together\n{SCOPE_NOTE}"),
                false => eprintln!("{} problems\n{SCOPE_NOTE}", self.problems.len()),
            }
        }
        if is_good { ExitCode::Ok } else { ExitCode::Unexpected }
    }

    fn to_json(&self) -> Value {
        json!({
            "schema_version": 1,
            "ok": self.problems.is_empty(),
            "mode": self.mode,
            "problems": self.problems,
            "warnings": self.warnings,
            "information": self.information,
            "scope": SCOPE_NOTE,
        })
    }
}
