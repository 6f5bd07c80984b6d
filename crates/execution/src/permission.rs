//! What a process may open, beside what the watchlist's gate says: its configuration, kill switches that lie where nobody
//! looks, and in LIVE the live gate. Asked at the start, in every cycle, and before every opening is recorded and sent.
//!
//! Losing any of it takes away the authority to open and nothing else. In the seeds' systems a LIVE process without its
//! gate became a dry run and forgot its positions; this one manages them (docs/decisions/0019).

use broker::Broker;
use contract::{Env, ExitCode, KillSwitch, LiveEvidence, LiveVerdict, Mode, live};
use market::{NyDate, Timestamp};
use trading::phase;

use crate::{config::Config, engine::Engine, place};

/// What speaks for and against openings at a moment.
pub(crate) struct Standing {
    /// The live gate, of a LIVE process.
    live: LiveVerdict,
    kill: KillSwitch,
    /// What the configuration and misplaced kill switches say.
    others: Vec<String>,
}

/// What the log said of it last.
#[derive(Debug, Default)]
pub(crate) struct Said {
    lines: Vec<String>,
    /// The session in which it was said.
    on: Option<NyDate>,
}

impl Standing {
    /// Looks. `now` dates the arming.
    pub fn at(config: &Config, environment: &Env, now: Timestamp) -> Self {
        let live = match config.mode {
            Mode::DryRun | Mode::Paper => LiveVerdict::default(),
            Mode::Live => {
                let account = config.account.as_str();
                live::decide(&LiveEvidence::gather(&config.layout, environment, account, Ok(now.ny_date())))
            }
        };
        let mut others = config.reservations.clone();
        others.extend(place::closed_to_records(&config.layout));
        others.extend(place::legacy_kill_switches(&config.layout, environment));
        Self { live, kill: KillSwitch::read(&config.layout.kill_switch(), environment), others }
    }

    /// Why a flat process does not start, every reason at once: a configuration to correct first, then the live gate's keys.
    pub fn refusal(&self) -> Option<(ExitCode, String)> {
        let code = match (self.others.is_empty(), self.live.may_open()) {
            (true, true) => return None,
            (true, false) => ExitCode::LiveRefused,
            (false, _) => ExitCode::BadConfig,
        };
        Some((code, self.text(&self.live)))
    }

    /// Why a process that runs opens nothing. The kill switch has a control of its own.
    fn against_opening(&self) -> Option<String> {
        let live = self.live.besides_kill_switch();
        (!live.may_open() || !self.others.is_empty()).then(|| self.text(&live))
    }

    fn text(&self, live: &LiveVerdict) -> String {
        let live = (!live.may_open()).then(|| live.to_string());
        self.others.iter().cloned().chain(live).collect::<Vec<_>>().join("; ")
    }

    /// The lines that operators look for.
    pub fn lines(&self, config: &Config) -> Vec<String> {
        live::lines(config.mode, config.account.as_str(), &self.live, &self.kill, &self.others, &config.caps())
    }

    /// What to do about it, each hint once.
    pub fn hints(&self) -> Vec<&'static str> {
        let mut hints: Vec<_> = self.live.refusals.iter().map(live::LiveRefusal::hint).collect();
        hints.dedup();
        hints
    }
}

impl<B: Broker> Engine<B> {
    /// Why nothing may be opened now, if anything. Says it when it changes and once in every session.
    pub(crate) fn against_opening(&mut self, now: Timestamp) -> Option<String> {
        let standing = Standing::at(&self.config, &self.env, now);
        let lines = standing.lines(&self.config);
        let session = self.hours(now).filter(|hours| phase::is_open(Some(hours), now)).map(|hours| hours.date);
        let has_changed = lines != self.memory.said_standing.lines;
        if has_changed || session.is_some() && session != self.memory.said_standing.on {
            lines.iter().for_each(|line| tracing::info!("{line}"));
            self.note(now, "gate", "live gate", &lines.join("\n"));
            self.memory.said_standing = Said { lines, on: session.or(self.memory.said_standing.on) };
        }
        standing.against_opening()
    }

    /// The same for an opening that is about to be recorded or sent: what was true when the cycle began need not be now.
    /// Reads files, writes and says nothing.
    pub(crate) fn against_sending(&self, now: Timestamp) -> Option<String> {
        Standing::at(&self.config, &self.env, now).against_opening()
    }

    /// How a flat process ends that started only to manage, without what a start of a flat one needs, and still without it.
    pub(crate) fn still_without_permission(&self, now: Timestamp) -> Option<ExitCode> {
        let standing = self.started_without_permission.then(|| Standing::at(&self.config, &self.env, now));
        standing.and_then(|standing| standing.refusal()).map(|(code, _)| code)
    }
}
