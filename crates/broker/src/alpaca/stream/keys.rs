//! The keys as a stream sends them: inside one message, and nowhere else.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// The longest text of the server's that is repeated.
const TEXT_MAX: usize = 200;

/// Key id and secret key. `Debug` shows neither.
#[derive(Clone)]
pub(super) struct Keys {
    id: SecretString,
    secret: SecretString,
}

impl Keys {
    pub(super) fn new(id: SecretString, secret: SecretString) -> Self {
        Self { id, secret }
    }

    pub(super) fn message(&self) -> Value {
        json!({"action": "auth", "key": self.id.expose_secret(), "secret": self.secret.expose_secret()})
    }

    /// A text of the server's, short and without the keys, should it ever repeat them.
    pub(super) fn scrubbed(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for key in [self.secret.expose_secret(), self.id.expose_secret()] {
            if !key.is_empty() {
                clean = clean.replace(key, "***");
            }
        }
        clean.chars().filter(|character| !character.is_control()).take(TEXT_MAX).collect()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_never_shown() {
        let keys = Keys::new("PKID".into(), "hunter2".into());
        assert_eq!(format!("{keys:?}"), "Keys(***)");
        assert_eq!(keys.scrubbed("bad key PKID\nwith hunter2"), "bad key ***with ***");
        assert_eq!(keys.scrubbed(&"x".repeat(1_000)).len(), TEXT_MAX);
    }
}
