//! `unitgen explain`: why a rendered line is there, and what a code means.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use contract::ExitCode;
use manifest::{Document, Release};

use super::{Loaded, ManifestArgs, colour_of_output, say, tell};
use crate::{
    explain::{self, Asked, Manifest, Rendered, codes},
    targets::{Refused, Target},
};

const HELP: &str = "Exit codes:
  0   done
  64  wrong command line, or nothing is called so
  78  the manifest cannot be read or has errors

Examples:
  unitgen explain execution.service                   every line of a unit, briefly
  unitgen explain execution.service.ExecCondition     one directive: line, rule, reason
  unitgen explain execution.service ExecCondition     the same
  unitgen explain OnCalendar manifests/avwap.toml     a directive in all units of this manifest
  unitgen explain APCA_API_KEY_ID                     a variable or a credential
  unitgen explain foreign-drop-in                     a code that check or verify printed";

/// Explain why a rendered line is there: manifest line, rule, reason; or what a code means
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Explain {
    /// A unit, UNIT.DIRECTIVE, a directive, a variable, or a code that another command printed
    #[arg(value_name = "UNIT[.DIRECTIVE]|CODE")]
    subject: String,
    /// A directive of the unit, and the manifest [default: the installed one, or the only one nearby: see unitgen(1)]
    #[arg(value_name = "DIRECTIVE|MANIFEST", num_args = 0..=2)]
    more: Vec<String>,
    /// Where the programs are installed, when it is not where the manifest says
    #[arg(long, value_name = "DIR", value_parser = Release::at)]
    programs: Option<Release>,
    /// Take the installed manifest of the host whose root lies here
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// What the units are rendered for
    #[arg(long, default_value = "systemd")]
    target: RenderedFor,
    /// Print one line of JSON instead of text
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RenderedFor {
    /// Units of systemd's manager
    Systemd,
    /// Files for podman's generator
    Quadlet,
    /// Units that run podman themselves
    PodmanUnits,
    /// A configuration of NixOS, whose units say the same as those of systemd's manager
    Nixos,
}

impl RenderedFor {
    fn render(self, loaded: &Loaded) -> Result<Rendered, Refused> {
        let target = match self {
            // The file is a program whose texts are these units.
            Self::Systemd | Self::Nixos => Target::Systemd,
            Self::Quadlet => Target::Quadlet,
            Self::PodmanUnits => Target::PodmanUnits,
        };
        Rendered::of_target(target, &loaded.checked.deployment, &loaded.bytes, &loaded.checked.digest)
    }
}

impl Explain {
    pub(super) fn run(&self) -> ExitCode {
        let (directive, manifest) = match self.split() {
            Ok(split) => split,
            Err(code) => return code,
        };
        if directive.is_none() && self.explain_code() {
            return ExitCode::Ok;
        }
        let manifest = ManifestArgs { manifest, json: self.json };
        let loaded = match manifest.load_of(&self.root) {
            Ok(loaded) => loaded.with_programs(self.programs.as_ref()),
            Err(code) => return code,
        };
        let rendered = match self.target.render(&loaded) {
            Ok(rendered) => rendered,
            Err(refused) => {
                tell(&format!("error: {refused}\n"));
                return ExitCode::BadConfig;
            }
        };
        if matches!(self.target, RenderedFor::Nixos) && !self.json {
            let name = loaded.checked.deployment.name();
            tell(&format!(
                "note: of these units, each is `systemd.units.\"UNIT\".text` in {name}.nix, and a drop-in's lines stand in the unit itself\n"
            ));
        }
        let asked = match explain::ask(&rendered, &self.subject, directive) {
            Ok(asked) => asked,
            Err(message) => {
                tell(&format!("error: {message}\n"));
                return ExitCode::Usage;
            }
        };
        let (path, text) = (loaded.path.display().to_string(), String::from_utf8_lossy(&loaded.bytes));
        let (manifest, document) = (Manifest { path: &path, text: &text }, Document::of(&text));
        let (lines, is_brief) = match asked {
            Asked::Units(lines) => (lines, true),
            Asked::Directive(lines) => (lines, false),
        };
        let explanations = explain::explain(&rendered, &document, lines);
        say(&if self.json {
            format!("{}\n", explain::answer_to_json(&manifest, &explanations))
        } else if is_brief {
            let closing = format!("\nSources and incidents: unitgen explain {}.DIRECTIVE\n", self.subject);
            explain::brief(&manifest, &explanations) + &closing
        } else {
            explain::whole(&manifest, &rendered, &explanations, colour_of_output())
        });
        ExitCode::Ok
    }

    /// Directive and manifest, whichever of them were written behind the subject.
    fn split(&self) -> Result<(Option<&str>, Option<PathBuf>), ExitCode> {
        match self.more.as_slice() {
            [] => Ok((None, None)),
            [one] if is_path(one) => Ok((None, Some(PathBuf::from(one)))),
            [one] => Ok((Some(one), None)),
            [directive, manifest] if !is_path(directive) => Ok((Some(directive), Some(PathBuf::from(manifest)))),
            [_, _, ..] => {
                tell("error: a manifest stands last\n  hint: unitgen explain UNIT DIRECTIVE MANIFEST\n");
                Err(ExitCode::Usage)
            }
        }
    }

    fn explain_code(&self) -> bool {
        let explained = codes::of(&self.subject);
        if explained.is_empty() {
            return false;
        }
        let json = || format!("{}\n", explain::codes_to_json(&explained));
        say(&if self.json { json() } else { codes::to_text(&explained) });
        true
    }
}

/// No directive has a dot or a slash.
fn is_path(text: &str) -> bool {
    text.contains(['.', '/']) || Path::new(text).exists()
}
