//! A rehearsed day as a test reads it, and the table of faults in the docs.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{programs, workspace_root};

/// A day that ran to its end.
pub struct Day {
    /// The document that `rehearse day --json` prints.
    pub document: Value,
    /// How the rehearsal ended.
    pub code: Option<i32>,
}

/// Runs `rehearse day --json` with more arguments.
#[must_use]
pub fn rehearse(arguments: &[&str]) -> Output {
    Command::new(program("rehearse"))
        .args(["day", "--json"])
        .args(arguments)
        .current_dir(workspace_root())
        .output()
        .expect("rehearse runs")
}

/// A built program; all that a day needs are there too.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    programs(&["rehearse", "unitgen", "scanner", "gate", "execution", "desk"]).join(name)
}

impl Day {
    /// Runs one.
    ///
    /// # Panics
    /// When it cannot be run to its end.
    #[must_use]
    pub fn run(arguments: &[&str]) -> Self {
        let output = rehearse(arguments);
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("rehearse {arguments:?}: {error}\n{}", String::from_utf8_lossy(&output.stderr));
        });
        Self { document, code: output.status.code() }
    }

    /// Runs one with a fault; it must have ended as it should, and the docs must say so.
    ///
    /// # Panics
    /// When it has not.
    #[must_use]
    pub fn with_fault(fault: &str, more: &[&str]) -> Self {
        let day = Self::run(&[&["--fault", fault], more].concat());
        let again = day.list_of("arguments").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
        assert_eq!(day.code, Some(0), "{fault}: {:?}\nagain: rehearse {again}\n{}", day.checks(false), day.story());
        document_outcome(fault, day.verdict());
        day
    }

    /// The day must have ended this way.
    ///
    /// # Panics
    /// When it has not.
    pub fn expect(&self, verdict: &str, code: i32) {
        assert_eq!(self.verdict(), verdict, "{:?}\n{}", self.checks(false), self.story());
        assert_eq!(self.code, Some(code));
        assert_eq!(self.document["schema_version"], 2);
    }

    /// `TRADED`, `PROTECTED`, ...
    #[must_use]
    pub fn verdict(&self) -> &str {
        self.document["summary"]["verdict"].as_str().unwrap_or_default()
    }

    fn list_of(&self, name: &str) -> &[Value] {
        self.document[name].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// A list of the sum.
    #[must_use]
    pub fn list(&self, name: &str) -> &[Value] {
        self.document["summary"][name].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Every order of the venue.
    #[must_use]
    pub fn orders(&self) -> &[Value] {
        self.list("orders")
    }

    /// Every fill of the venue.
    #[must_use]
    pub fn fills(&self) -> &[Value] {
        self.list("fills")
    }

    /// What is held at the end.
    #[must_use]
    pub fn positions(&self) -> &[Value] {
        self.list("positions")
    }

    /// The symbols of everything bought; prices may differ when a crash moved an order by seconds.
    #[must_use]
    pub fn bought(&self) -> BTreeSet<String> {
        let buys = self.fills().iter().filter(|fill| fill["side"] == "buy");
        buys.filter_map(|fill| fill["symbol"].as_str()).map(str::to_owned).collect()
    }

    /// Symbols with an entry in that state of the ledger; in any state when it is empty.
    #[must_use]
    pub fn entries_in(&self, state: &str) -> BTreeSet<String> {
        let entries = self.list("intents").iter().filter(|intent| intent["leg"] == "entry");
        let wanted = entries.filter(|intent| state.is_empty() || intent["state"] == state);
        wanted.filter_map(|intent| intent["symbol"].as_str()).map(str::to_owned).collect()
    }

    /// The checks that held, or those that did not, with what they say.
    #[must_use]
    pub fn checks(&self, ok: bool) -> Vec<String> {
        let checks = self.list("checks").iter().filter(|check| check["ok"] == ok);
        let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        let said = |check: &Value| {
            if ok { text(check, "name") } else { format!("{}: {}", text(check, "name"), text(check, "detail")) }
        };
        checks.map(said).collect()
    }

    /// The requests of `execution`, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.list_of("requests").iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// What programs alerted of, each with its subject.
    #[must_use]
    pub fn alerts(&self) -> Vec<String> {
        self.list_of("alerts").iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Whether a line of the timeline says so.
    #[must_use]
    pub fn has(&self, unit: &str, event: &str, detail: &str) -> bool {
        self.list_of("timeline").iter().any(|line| {
            let said = line["detail"].as_str().unwrap_or_default();
            line["unit"] == unit && line["event"] == event && said.contains(detail)
        })
    }

    /// What happened so to the unit, in order: when and in which words. Instants of one day compare as text.
    #[must_use]
    pub fn lines(&self, unit: &str, event: &str) -> Vec<(String, String)> {
        let lines = self.list_of("timeline").iter().filter(|line| line["unit"] == unit && line["event"] == event);
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        lines.map(|line| (text(line, "at"), text(line, "detail"))).collect()
    }

    /// The day as a reader of a failed test wants it.
    #[must_use]
    pub fn story(&self) -> String {
        let line = |line: &Value| {
            ["at", "unit", "event", "detail"].map(|key| line[key].as_str().unwrap_or_default().to_owned()).join("  ")
        };
        self.list_of("timeline").iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The table of faults.
#[must_use]
pub fn faults_page() -> PathBuf {
    workspace_root().join("docs/rehearsal-faults.md")
}

/// Whether the docs are to be written, not compared.
#[must_use]
pub fn updates_docs() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1")
}

/// The row of a fault ends with its outcome; `UPDATE_DOCS=1` makes it so.
///
/// # Panics
/// When it says something else.
pub fn document_outcome(fault: &str, outcome: &str) {
    let page = faults_page();
    let begin = format!("| `{fault}` |");
    let replace = |text: &str| -> String {
        let line = |line: &str| {
            let columns: Vec<&str> = line.split(" | ").collect();
            let is_row = line.starts_with(&begin) && columns.len() == 4;
            if is_row { format!("{} | {outcome} |\n", columns[..3].join(" | ")) } else { format!("{line}\n") }
        };
        text.lines().map(line).collect()
    };
    // Tests run side by side.
    let lock =
        File::create(std::env::temp_dir().join("rehearsal-faults.lock")).and_then(|file| file.lock().map(|()| file));
    let text = fs::read_to_string(&page).unwrap_or_default();
    let new = replace(&text);
    if updates_docs() {
        fs::write(&page, new).expect("the docs can be written");
    } else {
        assert!(text.contains(&begin), "{fault} is not in {}", page.display());
        assert_eq!(text, new, "{fault} ends another way than {} says: UPDATE_DOCS=1", page.display());
    }
    drop(lock);
}
