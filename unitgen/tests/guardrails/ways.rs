//! The ways to lay a text where it takes a guardrail away.

use crate::{host::Host, losses::Loss};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Edited,
    DropIn,
    OfKind,
    OfPrefix,
    AtRunTime,
    Replaced,
    Shadowed,
}

impl Way {
    pub const ALL: [Self; 7] =
        [Self::Edited, Self::DropIn, Self::OfKind, Self::OfPrefix, Self::AtRunTime, Self::Replaced, Self::Shadowed];

    /// The head of its column.
    pub fn head(self) -> &'static str {
        match self {
            Self::Edited => "unit edited",
            Self::DropIn => "drop-in",
            Self::OfKind => "of all of its kind",
            Self::OfPrefix => "of its prefix",
            Self::AtRunTime => "in /run",
            Self::Replaced => "in place of ours",
            Self::Shadowed => "unit shadowed",
        }
    }

    /// Where it lies, as people write it.
    pub fn place(self) -> &'static str {
        match self {
            Self::Edited => "behind the text of the unit's own file",
            Self::DropIn => "`/etc/systemd/system/UNIT.d/99-by-hand.conf`",
            Self::OfKind => "`/etc/systemd/system/service.d/99-by-hand.conf`, `timer.d`",
            Self::OfPrefix => "`execution-.service.d/99-by-hand.conf`, for units whose name has a dash",
            Self::AtRunTime => "`/run/systemd/system/UNIT.d/99-by-hand.conf`",
            Self::Replaced => {
                "`/etc/systemd/system.control/UNIT.d/20-restart-policy.conf`, the name of a drop-in of ours"
            }
            Self::Shadowed => "`/etc/systemd/system.control/UNIT`, a copy of the unit with more behind it",
        }
    }

    /// Lays it; the unit that loses the guardrail, or nothing where there is no such way.
    pub fn lay(self, host: &Host, loss: &Loss) -> Option<String> {
        let Loss { unit, text, .. } = loss;
        let judged = loss.judged().to_owned();
        match self {
            Self::Edited => {
                host.write(&format!("etc/{unit}"), &format!("{}\n{text}", host.read(&format!("etc/{unit}"))))
            }
            Self::DropIn => host.write(&format!("etc/{unit}.d/99-by-hand.conf"), text),
            Self::OfKind => host.write(&format!("etc/{}.d/99-by-hand.conf", loss.kind()), text),
            Self::OfPrefix => {
                host.write(&format!("etc/execution-.{}.d/99-by-hand.conf", loss.kind()), text);
                // A timer's own guardrail, or a service's; not one that a second unit loses by it.
                return (judged == *unit).then(|| format!("execution-restart.{}", loss.kind()));
            }
            Self::AtRunTime => host.write(&format!("run/{unit}.d/99-by-hand.conf"), text),
            Self::Replaced if unit == "execution.service" => {
                host.write(&format!("control/{unit}.d/20-restart-policy.conf"), text);
            }
            Self::Replaced => return None,
            Self::Shadowed => {
                host.write(&format!("control/{unit}"), &format!("{}\n{text}", host.read(&format!("etc/{unit}"))))
            }
        }
        Some(judged)
    }
}
