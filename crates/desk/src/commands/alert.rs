//! `desk alert`: how a unit ended, as one journal record at priority err when it did not end well.
//!
//! systemd starts it by ExecStopPost= and says how the unit ended in `$SERVICE_RESULT`, `$EXIT_CODE` and `$EXIT_STATUS`
//! (systemd.exec(5)). A gate that refuses is quiet by itself: OnFailure= does not fire, so this is where it is heard.

use contract::{Env, ExitCode, env};

/// Whose end.
#[derive(clap::Args)]
pub struct Args {
    /// The unit's name (%n).
    #[arg(long)]
    unit: String,
}

/// Tells.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let env = Env::from_process();
    let word = |variable| env.text(variable).ok().flatten().unwrap_or("").to_owned();
    let (result, code, status) = (word(&env::SERVICE_RESULT), word(&env::EXIT_CODE), word(&env::EXIT_STATUS));
    if let Some(text) = sentence(&args.unit, &result, &code, &status) {
        // sd-daemon(3): <3> is priority err.
        eprintln!("<3>ALERT {text}");
    }
    Ok(ExitCode::Ok)
}

/// What to say; nothing of a unit that ended well.
fn sentence(unit: &str, result: &str, code: &str, status: &str) -> Option<String> {
    let unit = unit.chars().filter(|c| !c.is_control()).take(128).collect::<String>();
    let meaning =
        status.parse::<u8>().ok().and_then(|number| ExitCode::ALL.into_iter().find(|code| code.code() == number));
    let with_meaning = meaning.map_or_else(|| status.to_owned(), |code| format!("{status}, {code}"));
    match result {
        "" | "success" => None,
        // systemd tells no status for a condition; the gate's own lines stand above this one in the journal, unless it
        // could not be run at all.
        "exec-condition" => Some(format!("{unit} was not started: its gate refused, or could not be run; see above")),
        "exit-code" if meaning == Some(ExitCode::BadData) && unit.contains("execution") => {
            let then =
                "the ledger is damaged: until it is restored nobody manages what is held; stops at the broker stay";
            Some(format!("{unit} failed: it ended with {with_meaning}; {then}"))
        }
        // Without a main process: it was an ExecStartPre= that failed.
        "exit-code" if status.is_empty() => {
            Some(format!("{unit} was not started: what goes before it refused, or could not be run; see above"))
        }
        "exit-code" => Some(format!("{unit} failed: it ended with {with_meaning}")),
        other => Some(format!("{unit} failed: {other} ({code} {status})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ends_are_quiet_and_bad_ones_say_what_they_mean() {
        let table = [
            ("success", "exited", "0", None),
            ("", "", "", None),
            (
                "exec-condition",
                "",
                "",
                Some("x.service was not started: its gate refused, or could not be run; see above"),
            ),
            ("exit-code", "exited", "65", Some("x.service failed: it ended with 65, bad input data")),
            ("exit-code", "exited", "203", Some("x.service failed: it ended with 203")),
            (
                "exit-code",
                "",
                "",
                Some("x.service was not started: what goes before it refused, or could not be run; see above"),
            ),
            ("signal", "killed", "KILL", Some("x.service failed: signal (killed KILL)")),
            ("watchdog", "dumped", "ABRT", Some("x.service failed: watchdog (dumped ABRT)")),
        ];
        for (result, code, status, expect) in table {
            assert_eq!(sentence("x.service", result, code, status).as_deref(), expect, "{result}");
        }
    }

    #[test]
    fn a_loop_that_ends_with_a_damaged_ledger_leaves_nobody_to_manage() {
        let said = sentence("portcullis-execution.service", "exit-code", "exited", "65").expect("something");
        assert!(
            said.contains("65, bad input data; the ledger is damaged") && said.contains("nobody manages"),
            "{said}"
        );
    }
}
