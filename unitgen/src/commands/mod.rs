//! The command line; a file a command.

mod apply;
mod calendar;
mod change;
mod check;
mod completions;
mod diff;
mod drift;
mod explain;
mod graph;
mod host;
mod installed;
mod man;
mod plan;
mod render;
mod rollback;
mod schema;
mod site;
mod usual;
mod verify;

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use clap::{Args, Parser, Subcommand};
use contract::ExitCode;
use manifest::{Problem, Release};

use crate::{
    problems::{self, Report},
    source::{self, Checked},
};

const EXIT_CODES: &str = "Exit codes:
  0   done; with warnings, they are on the error stream
  1   diff: something differs; drift: something drifted;
      render --check, verify: the directory is not what the manifest renders;
      check --host, render: the host lacks what the units need, and nothing was changed;
      a render of the manifest that is rendered there already only tells what is lacking (0);
      apply, rollback: it did no good, and what was laid before is laid again and well
  2   diff: a side cannot be read, or the output cannot be written
  64  wrong command line
  65  verify, drift: a directory cannot be read, or none is there; systemd does not answer;
      apply: the plan cannot be read, or is not what this unitgen renders;
      rollback: there is no such generation or deployment, or it is not what was kept
  70  apply, rollback: neither the new units nor those before are whole and well: it says what to do
  73  the output cannot be written; apply, rollback: nothing has changed
  75  plan, apply, rollback: refused for now: the plan is stale, something is held, a trading day is under way, or the
      host lacks what the units need; these and drift: a login's units, and this does not run as that login
  76  apply, rollback: another is under way
  78  the manifest cannot be read or has errors, or the target cannot run it; nothing was rendered";

/// Checks a deployment's manifest and renders the units that run it.
#[derive(Debug, Parser)]
#[command(name = "unitgen", version, after_help = format!("{EXIT_CODES}\n\n{}", usual::RULE))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Apply(apply::Apply),
    Calendar(calendar::Calendar),
    Check(check::Check),
    Completions(completions::Completions),
    Diff(diff::Diff),
    Drift(drift::Drift),
    Explain(explain::Explain),
    Graph(graph::DrawGraph),
    Man(man::Man),
    Plan(plan::Plan),
    Render(render::Render),
    Rollback(rollback::Rollback),
    Schema(schema::PrintSchema),
    Verify(verify::Verify),
}

/// The manifest, and how to tell what is wrong with it.
#[derive(Debug, Args)]
struct ManifestArgs {
    /// The manifest to read [default: the installed one, or the only one nearby: see unitgen(1)]
    manifest: Option<PathBuf>,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Runs the program with its whole command line, and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            // Nobody is left to tell.
            let _ = error.print();
            return ExitCode::Usage;
        }
        Err(help) => {
            heard(help.print());
            return unless_unheard(ExitCode::Ok, ExitCode::CannotWrite);
        }
    };
    let unheard = cli.command.unheard();
    let code = cli.command.run();
    unless_unheard(code, unheard.unwrap_or(code))
}

impl Command {
    /// How it ends when not all that it said could be written; nothing where its code says what is so on the host now.
    fn unheard(&self) -> Option<ExitCode> {
        match self {
            Self::Apply(_) | Self::Rollback(_) => None,
            Self::Diff(_) => Some(diff::TROUBLE),
            Self::Calendar(_)
            | Self::Check(_)
            | Self::Completions(_)
            | Self::Drift(_)
            | Self::Explain(_)
            | Self::Graph(_)
            | Self::Man(_)
            | Self::Plan(_)
            | Self::Render(_)
            | Self::Schema(_)
            | Self::Verify(_) => Some(ExitCode::CannotWrite),
        }
    }

    fn run(self) -> ExitCode {
        match self {
            Self::Apply(command) => command.run(),
            Self::Calendar(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Diff(command) => command.run(),
            Self::Drift(command) => command.run(),
            Self::Explain(command) => command.run(),
            Self::Graph(command) => command.run(),
            Self::Man(command) => command.run(),
            Self::Plan(command) => command.run(),
            Self::Render(command) => command.run(),
            Self::Rollback(command) => command.run(),
            Self::Schema(command) => command.run(),
            Self::Verify(command) => command.run(),
        }
    }
}

/// A manifest that was read and checked; its problems have been told when there is none.
struct Loaded {
    path: PathBuf,
    bytes: Vec<u8>,
    checked: Checked,
}

impl Loaded {
    /// The same with the programs elsewhere; the manifest and its digest stay what they are.
    fn with_programs(mut self, release: Option<&Release>) -> Self {
        if let Some(release) = release {
            self.checked.deployment = self.checked.deployment.with_release(release.clone());
        }
        self
    }
}

impl ManifestArgs {
    fn load(&self) -> Result<Loaded, ExitCode> {
        self.load_of(Path::new("/"))
    }

    /// The same of the host whose root lies elsewhere.
    fn load_of(&self, root: &Path) -> Result<Loaded, ExitCode> {
        let path = &match &self.manifest {
            Some(path) => path.clone(),
            None => self.usual(root)?,
        };
        let bytes = source::read(path).map_err(|error| {
            tell(&format!("error: cannot read {}: {error}{}\n", path.display(), usual::hint()));
            ExitCode::BadConfig
        })?;
        match source::check(&bytes) {
            Ok(checked) => Ok(Loaded { path: path.clone(), bytes, checked }),
            Err(problems) => {
                self.show(path, &bytes, &problems);
                Err(ExitCode::BadConfig)
            }
        }
    }

    /// The manifest that is meant when none is named, and says which.
    fn usual(&self, root: &Path) -> Result<PathBuf, ExitCode> {
        match usual::usual(root) {
            Ok(path) => {
                if !self.json {
                    tell(&format!("manifest: {}\n", path.display()));
                }
                Ok(path)
            }
            Err(message) => {
                tell(&message);
                Err(ExitCode::Usage)
            }
        }
    }

    fn show(&self, path: &Path, bytes: &[u8], problems: &[Problem]) {
        if self.json {
            say(&format!("{}\n", Report::new(path, bytes, problems).to_json()));
        } else {
            tell(&problems::human(path, bytes, problems, colour()));
        }
    }
}

/// Colour only for eyes: on a terminal that has not said no.
fn colour() -> bool {
    std::io::stderr().is_terminal() && is_colour_wanted()
}

/// The same of the output stream.
fn colour_of_output() -> bool {
    std::io::stdout().is_terminal() && is_colour_wanted()
}

fn is_colour_wanted() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !refused && !dumb
}

/// Whether something could not be written to the output stream.
static UNHEARD: AtomicBool = AtomicBool::new(false);

/// To the output stream, at once.
fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    heard(output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

/// A closed pipe is no error: nobody reads on. Anything else is told once, and the program's end says it.
fn heard(written: io::Result<()>) {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            if !UNHEARD.swap(true, Ordering::Relaxed) {
                tell(&format!(
                    "error: cannot write the output: {error}\n  hint: what was printed is not whole; see that there is room\n"
                ));
            }
        }
        Ok(()) | Err(_) => {}
    }
}

fn unless_unheard(code: ExitCode, unheard: ExitCode) -> ExitCode {
    if UNHEARD.load(Ordering::Relaxed) { unheard } else { code }
}

/// To the error stream.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
