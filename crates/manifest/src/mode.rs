//! What becomes of an order: nothing, a paper fill, or a real one. The address of the broker follows from it.

use crate::problem::Refusal;

/// The mode a service runs in, fixed for the life of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything happens but the order.
    DryRun,
    /// Orders go to the broker's paper account.
    Paper,
    /// Orders go to the real account, on days that are armed.
    Live,
}

/// Whether a service may trade real money at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Live {
    /// It may not, whatever else is set.
    #[default]
    Never,
    /// It may on days that root has armed.
    Armed,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "dry-run" => Ok(Self::DryRun),
            "paper" => Ok(Self::Paper),
            "live" => Ok(Self::Live),
            _ => Err(Refusal::bad_value(format!("{text:?} is no mode")).hint("it is `dry-run`, `paper` or `live`")),
        }
    }
}

impl Live {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "never" => Ok(Self::Never),
            "armed" => Ok(Self::Armed),
            _ => Err(Refusal::bad_value(format!("`live` is \"never\" or \"armed\", not {text:?}"))),
        }
    }
}
