//! `unitgen man`: the manual pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use chrono::DateTime;
use clap::{Args, CommandFactory};
use contract::ExitCode;
use manifest::nearest;

use super::{Cli, say, tell};
use crate::manual::{Page, pages};

const HELP: &str = "Exit codes:
  0   done
  64  wrong command line, or no such page
  73  the pages cannot be written

Examples:
  unitgen man | man -l -                     the page of the program
  unitgen man portcullis-manifest | man -l -
  unitgen man --out /usr/local/share/man     all of them, for man(1) to find";

/// Write the manual pages
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Man {
    /// The page to print
    #[arg(default_value = "unitgen")]
    page: String,
    /// Write every page below this directory instead, as man1/NAME.1 and man5/NAME.5
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(&self) -> ExitCode {
        let pages = pages(Cli::command(), &date());
        if let Some(out) = &self.out {
            return write_all(out, &pages);
        }
        if let Some(page) =
            pages.iter().find(|page| page.name == self.page || page.name == format!("unitgen-{}", self.page))
        {
            say(&page.text);
            return ExitCode::Ok;
        }
        let names: Vec<&str> = pages.iter().map(|page| page.name.as_str()).collect();
        let hint = match nearest(&self.page, names.iter().copied()) {
            Some(meant) => format!("did you mean {meant}?"),
            None => format!("there are {}", names.join(", ")),
        };
        tell(&format!("error: there is no page {:?}\n  hint: {hint}\n", self.page));
        ExitCode::Usage
    }
}

fn write_all(out: &Path, pages: &[Page]) -> ExitCode {
    for page in pages {
        let path = out.join(page.path());
        if let Err(error) = write(&path, &page.text) {
            tell(&format!("error: cannot write {}: {error}\n  hint: name another directory\n", path.display()));
            return ExitCode::CannotWrite;
        }
    }
    ExitCode::Ok
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

/// The date of the release where a build says it, so that the same release makes the same bytes; else today.
fn date() -> String {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|epoch| epoch.parse::<i64>().ok());
    let now =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed());
    let date = DateTime::from_timestamp(told.unwrap_or_else(now), 0).unwrap_or_default();
    date.format("%Y-%m-%d").to_string()
}
