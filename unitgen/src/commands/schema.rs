//! `unitgen schema`: the manifest's language for editors.

use clap::Args;
use contract::ExitCode;

use super::say;
use crate::schema::json;

const HELP: &str = "Exit codes:
  0   done
  64  wrong command line

Examples:
  unitgen schema > appliance.schema.json

A manifest that begins with `#:schema ./appliance.schema.json` is then completed and underlined by editors that know TOML \
(Taplo, Even Better TOML). The schema knows each key and value; what keys demand of each other is told by `unitgen check` alone.";

/// Print the JSON Schema of manifests, for editors
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct PrintSchema {}

impl PrintSchema {
    pub(super) fn run(&self) -> ExitCode {
        say(&json::text());
        ExitCode::Ok
    }
}
