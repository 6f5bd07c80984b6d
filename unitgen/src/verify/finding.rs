//! What a look at a search path can find: a closed list, each with a code that tools may match, what it means for the
//! deployment, and what to do.

use serde::Serialize;

/// The kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A unit is not there.
    UnitMissing,
    /// A unit is not what the manifest renders.
    UnitDiffers,
    /// A unit is there as rendered, and a directory of higher precedence has another of its name.
    UnitShadowed,
    /// A unit is masked.
    UnitMasked,
    /// A unit is a link to a unit of another name.
    UnitAliased,
    /// Somebody else's drop-in changes a unit.
    ForeignDropIn,
    /// A drop-in of the deployment is not there.
    DropInMissing,
    /// A drop-in of the deployment is not what the manifest renders, or another takes its place.
    DropInReplaced,
    /// A drop-in of the deployment is masked.
    DropInMasked,
    /// Nothing starts the deployment's target.
    NotEnabled,
    /// What starts the target is masked, no link, or leads to another unit.
    EnabledWrongly,
    /// Something starts a unit that only its timer, its job or an operator may start.
    StartedByOthers,
    /// What a boot reaches does not lead to the unit that wants the target.
    BootElsewhere,
    /// A unit of others runs a program of the deployment.
    ForeignRun,
    /// A unit of the deployment starts, or falls with, something of others.
    TiedToOthers,
    /// A unit of an earlier manifest is still there.
    Leftover,
    /// The copy of the manifest is not the manifest.
    ManifestDiffers,
    /// The manifest that the programs read is not the one whose digest the units have.
    InstalledManifestDiffers,
    /// A unit or directory of others cannot be read.
    Unreadable,
    /// podman's generator made no unit of a file.
    NotGenerated,
    /// What podman's generator made is not what comes of the file.
    GeneratedDiffers,
}

impl Code {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::UnitMissing,
        Self::UnitDiffers,
        Self::UnitShadowed,
        Self::UnitMasked,
        Self::UnitAliased,
        Self::ForeignDropIn,
        Self::DropInMissing,
        Self::DropInReplaced,
        Self::DropInMasked,
        Self::NotEnabled,
        Self::EnabledWrongly,
        Self::StartedByOthers,
        Self::BootElsewhere,
        Self::ForeignRun,
        Self::TiedToOthers,
        Self::Leftover,
        Self::ManifestDiffers,
        Self::InstalledManifestDiffers,
        Self::Unreadable,
        Self::NotGenerated,
        Self::GeneratedDiffers,
    ];

    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnitMissing => "unit-missing",
            Self::UnitDiffers => "unit-differs",
            Self::UnitShadowed => "unit-shadowed",
            Self::UnitMasked => "unit-masked",
            Self::UnitAliased => "unit-aliased",
            Self::ForeignDropIn => "foreign-drop-in",
            Self::DropInMissing => "drop-in-missing",
            Self::DropInReplaced => "drop-in-replaced",
            Self::DropInMasked => "drop-in-masked",
            Self::NotEnabled => "not-enabled",
            Self::EnabledWrongly => "enabled-wrongly",
            Self::StartedByOthers => "started-by-others",
            Self::BootElsewhere => "boot-elsewhere",
            Self::ForeignRun => "foreign-run",
            Self::TiedToOthers => "tied-to-others",
            Self::Leftover => "leftover",
            Self::ManifestDiffers => "manifest-differs",
            Self::InstalledManifestDiffers => "installed-manifest-differs",
            Self::Unreadable => "unreadable",
            Self::NotGenerated => "not-generated",
            Self::GeneratedDiffers => "generated-differs",
        }
    }

    /// What it means for the deployment.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnitMissing => "what it does will not happen",
            Self::UnitDiffers | Self::UnitShadowed => {
                "gate, restart policy, schedule or sandbox may not be what the manifest promises"
            }
            Self::UnitMasked => "it can never start; an open position would have no manager, or the day no watchlist",
            Self::UnitAliased => {
                "it is loaded under another name, with the drop-ins of that name, and its alerts name another unit"
            }
            Self::ForeignDropIn => {
                "it can clear a gate, a restart policy or a sandbox while no file of the deployment changes"
            }
            Self::DropInMissing => "the unit says the same itself, but an operator looks for the gate here",
            Self::DropInReplaced => "it can clear the gate or the restart policy that it is named for",
            Self::DropInMasked => "somebody meant to disarm the gate or the restart policy that it is named for",
            Self::NotEnabled | Self::EnabledWrongly | Self::BootElsewhere => {
                "after a boot nothing of the deployment runs: no scan, and no manager of open positions"
            }
            Self::StartedByOthers => "it runs at a boot, or whenever the other unit does, at any hour of any day",
            Self::ForeignRun => {
                "whenever it is started, that program runs without the gate, schedule or restart policy of its own unit"
            }
            Self::TiedToOthers => "it starts what nobody asked for, or stops when something of others does",
            Self::Leftover => "it was rendered for an earlier manifest, may still run, and nothing here checks it",
            Self::ManifestDiffers => "the copy for people beside the units is not what they were rendered from",
            Self::InstalledManifestDiffers => {
                "its digest is not the one in the units: execution opens nothing, and manages what it holds"
            }
            Self::Unreadable => {
                "nobody can say whether it runs a program of the deployment, or starts or stops a unit of it"
            }
            Self::NotGenerated => {
                "there is no such unit: an open position would have no manager, or the day no watchlist"
            }
            Self::GeneratedDiffers => {
                "what systemd loads is not what the file says: its gate, sandbox or settings may be others"
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::UnitMissing | Self::UnitDiffers | Self::DropInMissing | Self::DropInReplaced => {
                "render the manifest again (`unitgen render`), or install the package again"
            }
            Self::UnitShadowed => {
                "remove the file of higher precedence (`systemctl revert` removes those of an operator)"
            }
            Self::UnitMasked => "`systemctl unmask` the unit",
            Self::UnitAliased => "remove the link and install the unit itself under its name",
            Self::ForeignDropIn => {
                "remove the file; what it is meant to change belongs into the manifest. An empty one may stay"
            }
            Self::DropInMasked => "remove the link or empty file",
            Self::NotEnabled => "`systemctl enable` the target; on NixOS set its `wantedBy`",
            Self::EnabledWrongly => "`systemctl reenable` the target",
            Self::StartedByOthers => {
                "remove the link (`systemctl disable` the unit) or the unit that starts it: only the target is enabled"
            }
            Self::BootElsewhere => "`systemctl set-default multi-user.target`, and unmask what is masked",
            Self::ForeignRun => "remove that unit, enabled or not: what it is meant to do belongs into the manifest",
            Self::TiedToOthers => "remove the link",
            Self::Leftover => "stop and remove it, or render the manifest into its directory",
            Self::ManifestDiffers => "render the manifest again (`unitgen render`), or install the package again",
            Self::InstalledManifestDiffers => {
                "if it is what shall run, `unitgen plan` it and apply that; else put the manifest back that the units were \
                 rendered from: its copy lies beside them as NAME.manifest.toml"
            }
            Self::Unreadable => "let everybody read it (units hold no secrets), or look as root",
            Self::NotGenerated => {
                "`systemctl daemon-reload`; if there is none then, `/usr/libexec/podman/quadlet -dryrun` says why"
            }
            Self::GeneratedDiffers => "`systemctl daemon-reload` runs the generator again",
        }
    }
}

/// One thing that is not as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its kind.
    pub code: Code,
    /// The unit that it is about.
    pub unit: String,
    /// The file that it is about, or where one should be.
    pub file: String,
    /// What was found: a fragment in lower case.
    pub says: String,
}

/// Something that is not ours and is left alone, told so that nobody wonders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// The file.
    pub file: String,
    /// Why it is left alone.
    pub says: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_code_a_meaning_and_a_remedy_of_its_own_kind() {
        let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.meaning().len() > 20 && code.remedy().len() > 10, "{code:?}");
        }
    }
}
