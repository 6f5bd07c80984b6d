//! What becomes of an order: nothing, or a paper fill. The address of the broker follows from it.

use crate::problem::{Code, Refusal};

/// The mode a service runs in, fixed for the life of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything happens but the order.
    DryRun,
    /// Orders go to the broker's paper account.
    Paper,
}

impl Mode {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "dry-run" => Ok(Self::DryRun),
            "paper" => Ok(Self::Paper),
            "live" => Err(Refusal::new(Code::NotInThisRelease, "this release sends no live orders")
                .hint("write `mode = \"paper\"` or `mode = \"dry-run\"`")),
            _ => Err(Refusal::bad_value(format!("{text:?} is no mode")).hint("it is `paper` or `dry-run`")),
        }
    }

    /// Refuses everything but `never`: this release cannot be armed.
    pub(crate) fn check_live(text: &str) -> Result<(), Refusal> {
        match text {
            "never" => Ok(()),
            "armed" => {
                Err(Refusal::new(Code::NotInThisRelease, "this release sends no live orders and cannot be armed")
                    .hint("write `live = \"never\"`"))
            }
            _ => Err(Refusal::bad_value(format!("`live` is \"never\" or \"armed\", not {text:?}"))),
        }
    }
}
