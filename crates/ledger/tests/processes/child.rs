//! A process of its own that uses a ledger: this test program again, told by a variable what to do.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
};

use ledger::{Ledger, LedgerError, Opening, Priority};
use market::Timestamp;

const WHAT: &str = "LEDGER_CHILD";
const MARK: &str = "said: ";

/// What a child does with the ledger at a path.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// Opens it, tells an alert, and ends.
    Write,
    /// The same, and stays until it is killed.
    Hold,
    /// Opens it to read, and counts its events.
    Read,
}

/// The child's side; nothing in a run of the tests.
#[test]
fn as_a_child() {
    let Some(what) = env::var_os(WHAT) else { return };
    let what = what.into_string().unwrap();
    let (task, path) = what.split_once(' ').unwrap();
    match run(task, Path::new(path)) {
        Ok(said) => println!("\n{MARK}{said}"),
        Err(error) => println!("\n{MARK}{error:?}"),
    }
    if task == "Hold" {
        // Until the pipe to the parent is cut, or a signal comes.
        let _ = std::io::stdin().read(&mut [0]);
    }
}

fn run(task: &str, path: &Path) -> Result<String, LedgerError> {
    let ever = Timestamp::from_unix_nanos(0);
    if task == "Read" {
        return Ok(format!("{} events", Ledger::open_read_only(path)?.events_since(ever)?.len()));
    }
    let opening = Opening { ballast_bytes: 64 * 1024, ..Opening::default() };
    let mut ledger = Ledger::open_with(path, &"PA3".parse().unwrap(), &opening)?;
    ledger.enqueue(ever, Priority::Err, "child", "was here")?;
    if task == "Hold" {
        // Forgotten, not closed: a process that is killed closes nothing.
        std::mem::forget(ledger);
    }
    Ok("written".to_owned())
}

/// How this program is called for a task.
fn command(task: Task, path: &Path) -> ([&'static str; 4], String) {
    let arguments = ["--exact", "child::as_a_child", "--nocapture", "--test-threads=1"];
    (arguments, format!("{task:?} {}", path.display()))
}

/// A child for a task, by itself; the program is this one, or a copy of it.
pub fn alone(program: &Path, task: Task, path: &Path) -> Command {
    let (arguments, what) = command(task, path);
    let mut command = Command::new(program);
    command.args(arguments).env(WHAT, what).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// A child for a task, started by another program with arguments of its own.
pub fn below(program: &str, arguments: &[&str], task: Task, path: &Path) -> Command {
    let (our_arguments, what) = command(task, path);
    let mut command = Command::new(program);
    command.args(arguments).arg(env::current_exe().unwrap()).args(our_arguments).env(WHAT, what);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Says what a test lacks. In CI that is a failure.
pub fn skipped<T>(what: &str) -> Option<T> {
    assert_ne!(env::var("CI").as_deref(), Ok("true"), "{what} is missing, and CI skips nothing");
    println!("skipped: needs {what}");
    None
}

/// What it said; nothing when it was killed before.
pub fn said(child: &mut Child) -> Option<String> {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines.map_while(Result::ok).find_map(|line| line.strip_prefix(MARK).map(str::to_owned))
}
