//! What a deployment holds, as `desk status --json` says it. Pure; whatever is not said is unknown, and unknown is not flat.

use serde_json::Value;

/// What there is to protect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Nothing.
    Flat,
    /// Positions, working orders or orders of unknown outcome; which, in words.
    Held(String),
    /// Nobody can tell; why.
    Unknown(String),
}

impl Holding {
    /// Reads the verdict in an answer of `desk status --json`. It is `desk` that looks at view and ledger, by the same rule as
    /// the gate: whoever judged its parts here would judge otherwise one day.
    #[must_use]
    pub fn read(answer: &str) -> Self {
        let Ok(status) = serde_json::from_str::<Value>(answer) else {
            return Self::Unknown("desk status gave no JSON".to_owned());
        };
        if status["schema_version"] != 1 {
            return Self::Unknown(format!("desk status speaks version {}", status["schema_version"]));
        }
        let why = || status["holding"]["why"].as_str().unwrap_or("desk status does not say what").to_owned();
        match status["holding"]["kind"].as_str() {
            Some("flat") => Self::Flat,
            Some("held") => Self::Held(why()),
            Some("unknown") => Self::Unknown(why()),
            Some(other) => Self::Unknown(format!("desk status says {other:?}")),
            None => Self::Unknown("desk status says nothing of what is held".to_owned()),
        }
    }

    /// Of several accounts: what is held in one is held, what is unknown of one is unknown.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat, other) | (other, Self::Flat) => other,
            (held @ Self::Held(_), _) | (_, held @ Self::Held(_)) => held,
            (unknown @ Self::Unknown(_), Self::Unknown(_)) => unknown,
        }
    }

    /// Whether there is nothing to protect.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        matches!(self, Self::Flat)
    }

    /// In words that follow "there is".
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::Flat => "nothing held".to_owned(),
            Self::Held(what) => what.clone(),
            Self::Unknown(why) => format!("no telling what is held: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verdict_that_it_is_flat_is_flat() {
        let status = |holding: &str| format!("{{\"schema_version\":1,\"holding\":{holding}}}");
        for (answer, expect) in [
            (status("{\"kind\":\"flat\"}"), "flat"),
            (status("{\"kind\":\"held\",\"why\":\"1 positions (AAPL)\"}"), "held"),
            (status("{\"kind\":\"held\"}"), "held"),
            (status("{\"kind\":\"unknown\",\"why\":\"damaged\"}"), "unknown"),
            (status("{\"kind\":\"Flat\"}"), "unknown"),
            (status("\"flat\""), "unknown"),
            (status("null"), "unknown"),
            ("{\"schema_version\":1,\"exposure\":null,\"ledger\":null}".to_owned(), "unknown"),
            (status("{\"kind\":\"flat\"}").replace(":1,", ":2,"), "unknown"),
            ("desk: no such file".to_owned(), "unknown"),
            (String::new(), "unknown"),
        ] {
            let kind = match Holding::read(&answer) {
                Holding::Flat => "flat",
                Holding::Held(_) => "held",
                Holding::Unknown(_) => "unknown",
            };
            assert_eq!(kind, expect, "{answer}");
        }
    }

    #[test]
    fn of_two_accounts_the_worse_counts() {
        let held = || Holding::Held("x".to_owned());
        let unknown = || Holding::Unknown("y".to_owned());
        assert_eq!(Holding::Flat.and(Holding::Flat), Holding::Flat);
        assert_eq!(Holding::Flat.and(unknown()), unknown());
        assert_eq!(unknown().and(held()), held());
        assert_eq!(held().and(Holding::Flat), held());
    }
}
