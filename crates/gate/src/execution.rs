//! `gate execution`: gather, decide, and fail closed when flat whatever goes wrong inside.

use std::panic::{self, AssertUnwindSafe};

use contract::{
    Authority, Env, Evidence, ExitCode, Exposure, Layout, LayoutError, ProgramClock, Verdict,
    clock::ClockError,
    decide,
    gate::{Reason, Report},
};
use market::{Calendar, Timestamp};

/// How a run ends.
pub struct Outcome {
    /// The exit code.
    pub exit: ExitCode,
    /// The line for people.
    pub line: String,
    /// The line for machines.
    pub report: Report,
}

/// Reads the clock and the files, and decides.
pub fn decide_now(layout: &Layout, env: &Env) -> Outcome {
    let (now, configured) = match read_clock(env) {
        Ok(now) => (Ok(now), true),
        Err(error) => (Err(error.to_string()), !error.is_configuration()),
    };
    let verdict = decide(&Evidence::gather(layout, env, now), Calendar::nyse());
    Outcome::of(&verdict, configured)
}

fn read_clock(env: &Env) -> Result<Timestamp, ClockError> {
    ProgramClock::from_env(env)?.try_now()
}

/// Runs the decision; when it panics, what there is to protect alone decides.
pub fn guarded(layout: &Layout, decision: impl FnOnce() -> Outcome) -> Outcome {
    match panic::catch_unwind(AssertUnwindSafe(decision)) {
        Ok(outcome) => outcome,
        Err(_) => {
            let exposure = panic::catch_unwind(|| Exposure::assess(layout))
                .unwrap_or_else(|_| Exposure::Exposed { why: "nobody can tell".to_owned() });
            Outcome::after_panic(&exposure)
        }
    }
}

impl Outcome {
    fn of(verdict: &Verdict, configured: bool) -> Self {
        let exit = match (verdict.authority, configured) {
            (Authority::Refused, false) => ExitCode::BadConfig,
            (Authority::Open | Authority::ManageOnly | Authority::Refused, _) => verdict.exit_code(),
        };
        Self { exit, line: verdict.to_string(), report: verdict.report() }
    }

    /// No layout: nobody knows where to look for anything to protect.
    pub fn without_layout(error: &LayoutError) -> Self {
        let reason = Reason { code: "no_root", text: error.to_string(), hint: error.hint() };
        Self::failed(ExitCode::BadConfig, Authority::Refused, reason, None)
    }

    fn after_panic(exposure: &Exposure) -> Self {
        let hint = "report the panic message above";
        let reason = Reason { code: "internal_error", text: "internal error of the gate".to_owned(), hint };
        match exposure {
            Exposure::Flat => Self::failed(ExitCode::Unexpected, Authority::Refused, reason, None),
            Exposure::Exposed { why } => Self::failed(ExitCode::Ok, Authority::ManageOnly, reason, Some(why.clone())),
        }
    }

    fn failed(exit: ExitCode, authority: Authority, reason: Reason, exposure: Option<String>) -> Self {
        let word = if exit == ExitCode::Ok { "MANAGE-ONLY" } else { "REFUSED" };
        let protect = exposure.as_ref().map_or(String::new(), |why| format!("; to protect: {why}"));
        Self {
            exit,
            line: format!("{word}: {}{protect}", reason.text),
            report: Report::without_verdict(authority, reason, exposure),
        }
    }

    /// What to do about each reason, each hint once.
    pub fn hints(&self) -> Vec<&'static str> {
        let mut hints: Vec<_> = self.report.reasons.iter().map(|reason| reason.hint).collect();
        hints.dedup();
        hints
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_panic_refuses_when_flat_and_manages_when_exposed() {
        for (ledger, exit, word) in [(false, ExitCode::Unexpected, "REFUSED"), (true, ExitCode::Ok, "MANAGE-ONLY")] {
            let root = tempfile::tempdir().unwrap();
            let layout = Layout::new(root.path());
            if ledger {
                fs::create_dir_all(root.path().join("data")).unwrap();
                fs::write(layout.database(), "").unwrap();
            }
            let outcome = guarded(&layout, || panic!("expected by this test"));
            assert_eq!(outcome.exit, exit);
            assert!(outcome.line.starts_with(word), "{}", outcome.line);
            assert!(outcome.report.to_json().contains("\"internal_error\""));
        }
    }
}
