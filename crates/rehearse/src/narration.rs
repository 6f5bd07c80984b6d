//! From what the supervisor notes and what processes wrote to lines that a reader understands.

use contract::ExitCode;

use crate::{
    supervisor::{Note, Phase, ServiceResult, Trigger},
    timeline::Word,
    units::status::Exit,
};

/// A word and a detail; `None` for what says nothing new.
pub fn of_note(note: &Note) -> Option<(Word, String)> {
    match note {
        Note::Fired { starts } => Some((Word::Fires, starts.clone())),
        Note::Begins(trigger) => Some((Word::Starts, because(trigger))),
        Note::AlreadyUp(trigger) => Some((Word::AlreadyUp, because(trigger))),
        Note::Waits { on } => Some((Word::Waits, format!("for the end of {}", on.join(", ")))),
        Note::Up => Some((Word::Ready, String::new())),
        Note::ToldToEnd => Some((Word::Stops, "SIGTERM".to_owned())),
        Note::Down { restart_at: Some(at), result } => {
            Some((Word::Restarts, format!("at {} ({result})", at.ny_time().format("%H:%M:%S"))))
        }
        Note::Down { result: ServiceResult::ExecCondition, .. } => {
            Some((Word::Skipped, "by its condition; stays down".to_owned()))
        }
        Note::Down { result, .. } if result.is_failure() => Some((Word::Fails, format!("{result}; stays down"))),
        // The end of each process tells its own story, with its output.
        Note::Ended { .. } | Note::Down { .. } => None,
    }
}

/// The end of a process, with what it wrote.
pub fn of_end(phase: Phase, exit: Exit, output: &str) -> Option<(Word, String)> {
    match phase {
        Phase::Condition(_) | Phase::Pre(_) if exit == Exit::Exited(0) => Some((Word::Gate, spoken(output))),
        Phase::Condition(_) => Some((Word::Gate, format!("{} ({})", spoken(output), meaning(exit)))),
        Phase::Main(_) if exit == Exit::Exited(0) => Some((Word::Ends, meaning(exit))),
        Phase::Main(_) | Phase::Pre(_) => {
            let said = last_words(exit, output).map_or_else(String::new, |line| format!(": {line}"));
            Some((Word::Fails, format!("{}{said}", meaning(exit))))
        }
        Phase::Post(_) if exit != Exit::Exited(0) => Some((Word::Fails, format!("afterwards, {}", meaning(exit)))),
        Phase::Post(_) => {
            let said = spoken(output);
            (!said.is_empty()).then_some((Word::Alert, said))
        }
    }
}

/// The line for people: the first that is not JSON, without the priority that journald would take off (`<3>`).
fn spoken(output: &str) -> String {
    let line =
        output.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('{')).unwrap_or_default();
    let prioritised = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    prioritised.filter(|(digit, _)| digit.len() == 1).map_or(line, |(_, text)| text).to_owned()
}

/// What a process said last about its end; one that was killed had no time to.
fn last_words(exit: Exit, output: &str) -> Option<&str> {
    let is_hint = |line: &&str| line.is_empty() || line.starts_with("hint:");
    match exit {
        Exit::Exited(_) => output.lines().rev().map(str::trim).find(|line| !is_hint(line)),
        Exit::Killed(_) => None,
    }
}

/// `75 gate refused`.
pub fn meaning(exit: Exit) -> String {
    let known = |status: u8| ExitCode::ALL.into_iter().find(|code| code.code() == status);
    match exit {
        Exit::Exited(status) => known(status).map_or_else(|| exit.to_string(), |code| format!("{status} {code}")),
        Exit::Killed(_) => format!("killed by {exit}"),
    }
}

fn because(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Timer { name, .. } => name.clone(),
        Trigger::OnSuccess(unit) => format!("OnSuccess= of {unit}"),
        Trigger::OnFailure(unit) => format!("OnFailure= of {unit}"),
        Trigger::Restart => "Restart=".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_quoted_word_for_word_with_its_code() {
        let output = "REFUSED: the watchlist is for 2017-11-09\n{\"authority\":\"refused\"}\n";
        let expect = "REFUSED: the watchlist is for 2017-11-09 (75 gate refused)".to_owned();
        assert_eq!(of_end(Phase::Condition(0), Exit::Exited(75), output), Some((Word::Gate, expect)));
        let in_time = Some((Word::Gate, "in time".to_owned()));
        assert_eq!(of_end(Phase::Pre(0), Exit::Exited(0), "in time\n{}\n"), in_time);
    }

    #[test]
    fn a_failure_shows_its_last_line_and_a_silent_alert_nothing() {
        let failed = of_end(Phase::Main(0), Exit::Exited(65), "a\nbars.parquet: truncated\nhint: fetch it again\n\n");
        assert_eq!(failed, Some((Word::Fails, "65 bad input data: bars.parquet: truncated".to_owned())));
        let killed = of_end(Phase::Main(0), Exit::Killed(9), "all is well\n");
        assert_eq!(killed, Some((Word::Fails, "killed by SIGKILL".to_owned())));
        assert_eq!(of_end(Phase::Post(0), Exit::Exited(0), "\n"), None);
        let alert = of_end(Phase::Post(0), Exit::Exited(0), "<3>ALERT scan.service failed\n");
        assert_eq!(alert, Some((Word::Alert, "ALERT scan.service failed".to_owned())));
        assert_eq!(meaning(Exit::Killed(9)), "killed by SIGKILL");
        assert_eq!(meaning(Exit::Exited(99)), "99");
    }
}
