//! What a look at a running manager can find, beside what its files show: a closed list with meaning and remedy.

use serde::Serialize;

use crate::{guardrails::Guardrail, verify};

/// The kinds of findings about what is loaded and what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// systemd was asked about a unit and said nothing.
    NotShown,
    /// systemd has not loaded a unit: it is masked, not found, or wrong.
    NotLoaded,
    /// Another file than the one that counts is loaded.
    LoadedElsewhere,
    /// Other drop-ins than those that lie there are loaded, or in another order.
    LoadedDropIns,
    /// Files changed since systemd read them.
    ReloadNeeded,
    /// systemd runs a unit by another value than the manifest's.
    PropertyDiffers,
    /// The target or a timer is not active.
    NotActive,
    /// The manager adds a variable to the environment of every unit.
    ManagerEnvironment,
    /// A process runs another program than the one that is installed.
    ProcessElsewhere,
    /// A process is older than its program.
    ProcessOutdated,
    /// A start was asked for and does not come.
    StartWaits,
    /// A unit is frozen.
    Frozen,
    /// A service that shall run has failed.
    Failed,
    /// A program is not there, or cannot be run.
    ProgramMissing,
    /// Others than the installer may lay another program in its place.
    ProgramExposed,
    /// A program is not the one that was deployed.
    ProgramDiffers,
}

impl Code {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::NotShown,
        Self::NotLoaded,
        Self::LoadedElsewhere,
        Self::LoadedDropIns,
        Self::ReloadNeeded,
        Self::PropertyDiffers,
        Self::NotActive,
        Self::ManagerEnvironment,
        Self::ProcessElsewhere,
        Self::ProcessOutdated,
        Self::StartWaits,
        Self::Frozen,
        Self::Failed,
        Self::ProgramMissing,
        Self::ProgramExposed,
        Self::ProgramDiffers,
    ];

    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotShown => "not-shown",
            Self::NotLoaded => "not-loaded",
            Self::LoadedElsewhere => "loaded-elsewhere",
            Self::LoadedDropIns => "loaded-drop-ins",
            Self::ReloadNeeded => "reload-needed",
            Self::PropertyDiffers => "property-differs",
            Self::NotActive => "not-active",
            Self::ManagerEnvironment => "manager-environment",
            Self::ProcessElsewhere => "process-elsewhere",
            Self::ProcessOutdated => "process-outdated",
            Self::StartWaits => "start-waits",
            Self::Frozen => "frozen",
            Self::Failed => "failed",
            Self::ProgramMissing => "program-missing",
            Self::ProgramExposed => "program-exposed",
            Self::ProgramDiffers => "program-differs",
        }
    }

    /// What it means for the deployment.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotShown => "nobody can say what systemd would run",
            Self::NotLoaded => "it can never start; an open position would have no manager, or the day no watchlist",
            Self::LoadedElsewhere => "what systemd runs is another unit of this name, whatever the files here say",
            Self::LoadedDropIns => "systemd runs it by drop-ins that are not those that lie there",
            Self::ReloadNeeded => "systemd goes on with what it read before: what the files say now is not in force",
            Self::PropertyDiffers => "systemd runs it by another value than the manifest's",
            Self::NotActive => "what it starts will not be started",
            Self::ManagerEnvironment => "every service gets it: a mode, an address or a library that no unit says",
            Self::ProcessElsewhere => "what runs is not what is installed",
            Self::ProcessOutdated => {
                "it runs the program as it was before; the release that is installed has not begun"
            }
            Self::StartWaits => "it does not run although it was asked to: what it waits for may never end",
            Self::Frozen => "no process of it moves: no stop follows, no schedule fires, no watchdog bites",
            Self::Failed => "systemd has given it up: an open position has no manager but its stops at the broker",
            Self::ProgramMissing => {
                "what it does will not happen; a gate that is missing is a silent skip, an alert that is missing silence"
            }
            Self::ProgramExposed => "whoever may write it decides what is run behind every gate, or in place of one",
            Self::ProgramDiffers => {
                "what runs is not what was deployed; a gate that is another program lets everything pass"
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NotShown => "ask `systemctl show UNIT`, and look why it does not answer",
            Self::NotLoaded => "`systemctl unmask` the unit, render it again, then `systemctl daemon-reload`",
            Self::LoadedElsewhere | Self::LoadedDropIns | Self::ReloadNeeded => "`systemctl daemon-reload`",
            Self::PropertyDiffers => {
                "remove the drop-in that sets it (`systemctl cat UNIT` shows all of them), then `systemctl daemon-reload`"
            }
            Self::NotActive => "`systemctl start` the deployment's target",
            Self::ManagerEnvironment => {
                "remove it from DefaultEnvironment= of system.conf and its drop-ins, or `systemctl unset-environment` it"
            }
            Self::ProcessElsewhere | Self::ProcessOutdated => {
                "restart the service when nothing is held, or let its restart job do it"
            }
            Self::StartWaits => {
                "`systemctl list-jobs --after` says what it waits for: end that, or take its Before= away"
            }
            Self::Frozen => "`systemctl thaw` it",
            Self::Failed => {
                "`systemctl status` says why; repair that and start it: the gate lets it in to manage what is held"
            }
            Self::ProgramMissing => "install the release again, into the directory that the manifest names",
            Self::ProgramExposed => "`chown root` the file and its directory, and `chmod go-w` both",
            Self::ProgramDiffers => "install the release again, or `unitgen plan` and apply the one that is installed",
        }
    }
}

/// One thing that is not as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which look found it: `files`, `loaded`, `manager`, `processes` or `programs`.
    pub look: &'static str,
    /// Its kind.
    pub code: &'static str,
    /// The unit that it is about.
    pub unit: String,
    /// The file or property.
    pub subject: String,
    /// What was found: a fragment in lower case.
    pub says: String,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// The guardrails that the property makes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub guardrails: Vec<&'static str>,
}

impl Finding {
    pub(super) fn new(code: Code, unit: &str, says: impl Into<String>) -> Self {
        let look = match code {
            Code::NotShown
            | Code::NotLoaded
            | Code::LoadedElsewhere
            | Code::LoadedDropIns
            | Code::ReloadNeeded
            | Code::PropertyDiffers
            | Code::NotActive
            | Code::StartWaits
            | Code::Frozen
            | Code::Failed => "loaded",
            Code::ProgramMissing | Code::ProgramExposed | Code::ProgramDiffers => "programs",
            Code::ManagerEnvironment => "manager",
            Code::ProcessElsewhere | Code::ProcessOutdated => "processes",
        };
        Self {
            look,
            code: code.as_str(),
            unit: unit.to_owned(),
            subject: String::new(),
            says: says.into(),
            meaning: code.meaning(),
            remedy: code.remedy(),
            guardrails: Vec::new(),
        }
    }

    /// The same about a file or property.
    pub(super) fn about(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }

    /// The same with what the property is for.
    pub(super) fn making(self, guardrails: &[Guardrail]) -> Self {
        let meaning = guardrails.first().map_or(self.meaning, |guardrail| guardrail.entry().without);
        Self { meaning, guardrails: guardrails.iter().map(|guardrail| guardrail.id()).collect(), ..self }
    }

    pub(super) fn of_files(found: verify::Finding) -> Self {
        Self {
            look: "files",
            code: found.code.as_str(),
            unit: found.unit,
            subject: found.file,
            says: found.says,
            meaning: found.code.meaning(),
            remedy: found.code.remedy(),
            guardrails: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_a_meaning_and_a_remedy() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.meaning().len() > 20 && code.remedy().len() > 10, "{code:?}");
            assert!(verify::Code::ALL.iter().all(|of_files| of_files.as_str() != code.as_str()), "{code:?}");
        }
    }
}
