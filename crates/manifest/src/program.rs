//! What the release can run: a program with its first argument. A manifest names nothing else.

use crate::{
    nearest::nearest,
    problem::{Code, Refusal},
};

/// A piece of work that a program of the release does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// `execution run`: the order and position loop.
    Trade,
    /// `scanner scan`: writes the watchlist from files, offline.
    Scan,
    /// `desk eod`: the end-of-day record, from the ledger and the broker.
    EndOfDay,
}

impl Task {
    /// Everything the release can run.
    pub const ALL: [Self; 3] = [Self::Trade, Self::Scan, Self::EndOfDay];

    /// The program's name.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Trade => "execution",
            Self::Scan => "scanner",
            Self::EndOfDay => "desk",
        }
    }

    /// Its first argument.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Trade => "run",
            Self::Scan => "scan",
            Self::EndOfDay => "eod",
        }
    }

    /// Whether it talks to the broker, and so needs an account, a mode, credentials and the network.
    #[must_use]
    pub fn needs_broker(self) -> bool {
        match self {
            Self::Trade | Self::EndOfDay => true,
            Self::Scan => false,
        }
    }

    /// The task of a job's `program` and first argument.
    pub(crate) fn of_job(program: &str, command: Option<&str>) -> Result<Self, Refusal> {
        let jobs: Vec<Self> = Self::ALL.into_iter().filter(|task| *task != Self::Trade).collect();
        let found = jobs.iter().copied().find(|task| task.program() == program && Some(task.command()) == command);
        if let Some(task) = found {
            return Ok(task);
        }
        if program == Self::Trade.program() {
            return Err(Refusal::new(Code::DisarmsGuardrail, "a job may not run `execution`").hint(
                "one process acts for an account: make it a service with role = \"orders\", and a job restart it",
            ));
        }
        let as_written = command.map_or_else(|| program.to_owned(), |command| format!("{program} {command}"));
        let known: Vec<String> = jobs.iter().map(|task| format!("{} {}", task.program(), task.command())).collect();
        let refusal = Refusal::new(Code::UnknownName, format!("the release cannot run `{as_written}` as a job"));
        Err(match nearest(&as_written, known.iter().map(String::as_str)) {
            Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
            None => refusal.hint(format!("it can run {}", known.join(", "))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_can_run() {
        assert_eq!(Task::of_job("scanner", Some("scan")), Ok(Task::Scan));
        assert_eq!(Task::of_job("desk", Some("eod")), Ok(Task::EndOfDay));
        assert_eq!(Task::of_job("execution", Some("run")).unwrap_err().code, Code::DisarmsGuardrail);
        for (program, command) in [("scanner", None), ("scanner", Some("fetch")), ("rm", Some("-rf")), ("", None)] {
            assert_eq!(Task::of_job(program, command).unwrap_err().code, Code::UnknownName, "{program} {command:?}");
        }
    }
}
