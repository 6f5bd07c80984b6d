//! Where a deployment keeps what it writes.

use crate::{
    fields::{Fields, Later},
    name::Name,
    problem::{Problems, Refusal},
    scope::Scope,
};

pub(crate) const LATER: Later = &[];
const VAR_LIB: &str = "/var/lib/";

/// The directories of a deployment. systemd makes them, so they are below systemd's own roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    state: String,
}

impl Paths {
    /// Without `[paths]` the state is kept below the deployment's name.
    pub(crate) fn read(fields: Option<Fields<'_>>, name: &Name, scope: Scope, problems: &mut Problems) -> Self {
        let mut paths = Self { state: name.as_str().to_owned() };
        let Some(mut fields) = fields else { return paths };
        if let Some(state) = fields.parsed("state", problems, |text| match scope {
            Scope::System => below_var_lib(text),
            Scope::User => below_home(text),
        }) {
            paths.state = state.into_inner();
        }
        fields.finish(problems);
        paths
    }

    /// The state directory relative to the manager's own (`/var/lib`, or a login's `~/.local/state`), as `StateDirectory=`
    /// wants it.
    #[must_use]
    pub fn state_directory(&self) -> &str {
        &self.state
    }
}

fn below_var_lib(text: &str) -> Result<String, Refusal> {
    let refused = || {
        Refusal::bad_value(format!("{text:?} is no state directory"))
            .hint("systemd makes it with the right owner and mode below /var/lib: write it like /var/lib/avwap")
    };
    let relative = text.strip_prefix(VAR_LIB).filter(|relative| is_relative(relative)).ok_or_else(refused)?;
    Ok(relative.to_owned())
}

/// Before systemd 254 a user's manager keeps state in `~/.config`, so the manifest names no more than what lies below.
fn below_home(text: &str) -> Result<String, Refusal> {
    if is_relative(text) {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad_value(format!("{text:?} is no state directory of a login")).hint(
        "its manager makes it, below ~/.local/state (before systemd 254 ~/.config): write only what comes then, like aurora-paper",
    ))
}

fn is_relative(relative: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let segment =
        |part: &str| part.bytes().all(plain) && part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    relative.len() <= 100 && relative.split('/').all(segment) && !relative.starts_with("private/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_directories() {
        assert_eq!(below_var_lib("/var/lib/avwap").unwrap(), "avwap");
        assert_eq!(below_var_lib("/var/lib/desk/avwap-2").unwrap(), "desk/avwap-2");
        for text in [
            "avwap",
            "/srv/avwap",
            "/var/lib/",
            "/var/lib",
            "/var/lib//avwap",
            "/var/lib/../etc",
            "/var/lib/avwap/",
            "/var/lib/a b",
            "/var/lib/a%S",
            "/var/lib/a:b",
            "/var/lib/private/avwap",
            "",
        ] {
            assert!(below_var_lib(text).is_err(), "{text}");
        }
        assert_eq!(below_home("desk/aurora-2").unwrap(), "desk/aurora-2");
        for text in ["/var/lib/aurora", "~/.local/state/aurora", "%S/aurora", "../aurora", "", "a b"] {
            assert!(below_home(text).is_err(), "{text}");
        }
    }
}
