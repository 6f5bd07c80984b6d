//! Whose manager runs the units: the system's, or that of one login.

use crate::problem::Refusal;

/// The manager that loads the units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The system's, as root installed them; they run as a static user.
    #[default]
    System,
    /// The manager of the login named in `[identity]`, from its home. It runs from boot on when the login lingers. Whoever
    /// runs these units can also rewrite them, so they never trade real money.
    User,
}

impl Scope {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "system" => Ok(Self::System),
            "user" => Ok(Self::User),
            _ => Err(Refusal::bad_value(format!("`scope` is \"system\" or \"user\", not {text:?}"))),
        }
    }

    /// Its name in a manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}
