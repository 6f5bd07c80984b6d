//! `unitgen graph`: what starts what, to look at.

use clap::{Args, ValueEnum};
use contract::ExitCode;
use manifest::Document;

use super::{ManifestArgs, say};
use crate::{
    explain::Rendered,
    graph::{Graph, dot, mermaid},
};

const HELP: &str = "Exit codes:
  0   done
  64  wrong command line
  78  the manifest cannot be read or has errors

Examples:
  unitgen graph manifests/avwap.toml                                       for Markdown
  unitgen graph manifests/avwap.toml --format dot | dot -Tsvg > avwap.svg  a picture (Graphviz)";

/// Draw which unit starts which, with schedules and gates
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct DrawGraph {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The language of the drawing
    #[arg(long, default_value = "mermaid")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// A flowchart of Mermaid, which code hosts draw in Markdown
    Mermaid,
    /// A digraph of Graphviz
    Dot,
}

impl DrawGraph {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load() {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let rendered = Rendered::of(&loaded.checked.deployment, &loaded.bytes, &loaded.checked.digest);
        let text = String::from_utf8_lossy(&loaded.bytes);
        let graph = Graph::of(loaded.checked.deployment.name().as_str(), &rendered, &Document::of(&text));
        say(&if self.manifest.json {
            format!("{}\n", graph.to_json())
        } else {
            match self.format {
                Format::Mermaid => mermaid::text(&graph),
                Format::Dot => dot::text(&graph),
            }
        });
        ExitCode::Ok
    }
}
