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
    /// Reads an answer of `desk status --json`.
    #[must_use]
    pub fn read(answer: &str) -> Self {
        let Ok(status) = serde_json::from_str::<Value>(answer) else {
            return Self::Unknown("desk status gave no JSON".to_owned());
        };
        if status["schema_version"] != 1 {
            return Self::Unknown(format!("desk status speaks version {}", status["schema_version"]));
        }
        let has_no_ledger = status.get("ledger").is_some_and(Value::is_null);
        let unresolved = if has_no_ledger { Some(0) } else { status["ledger"]["unresolved"].as_u64() };
        let Some(unresolved) = unresolved else {
            return Self::Unknown("desk status says nothing of the ledger".to_owned());
        };
        match status.get("exposure") {
            Some(Value::Null) if status["ledger"].is_null() => Self::Flat,
            Some(view @ Value::Object(_)) => of_view(view, unresolved),
            Some(_) => Self::Unknown("there is a ledger, and no view of what is held".to_owned()),
            None => Self::Unknown("desk status says nothing of positions".to_owned()),
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

fn of_view(view: &Value, unresolved: u64) -> Holding {
    let (Some(positions), Some(orders), Some(unknown)) =
        (view["positions"].as_array(), view["working_orders"].as_u64(), view["unknown_outcomes"].as_u64())
    else {
        return Holding::Unknown("the view of what is held cannot be read".to_owned());
    };
    let zero = |position: &&Value| position["qty"].as_str().is_some_and(|qty| qty.trim_matches(['0', '.']).is_empty());
    let held: Vec<&str> = positions
        .iter()
        .filter(|position| !zero(position))
        .map(|position| position["symbol"].as_str().unwrap_or("?"))
        .collect();
    let unknown = unknown.max(unresolved);
    if held.is_empty() && orders == 0 && unknown == 0 {
        return Holding::Flat;
    }
    let symbols = if held.is_empty() { String::new() } else { format!(" ({})", held.join(" ")) };
    Holding::Held(format!(
        "{} positions{symbols}, {orders} working orders, {unknown} orders of unknown outcome",
        held.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(exposure: &str, ledger: &str) -> String {
        format!("{{\"schema_version\":1,\"exposure\":{exposure},\"ledger\":{ledger}}}")
    }

    fn view(positions: &str, orders: u32, unknown: u32) -> String {
        format!("{{\"positions\":{positions},\"working_orders\":{orders},\"unknown_outcomes\":{unknown}}}")
    }

    #[test]
    fn only_a_view_of_nothing_or_no_ledger_at_all_is_flat() {
        let ledger = "{\"unresolved\":0}";
        let one = "[{\"symbol\":\"AAPL\",\"qty\":\"5\"}]";
        for (answer, expect) in [
            (status("null", "null"), "flat"),
            (status(&view("[]", 0, 0), ledger), "flat"),
            (status(&view("[]", 0, 0), "null"), "flat"),
            (status(&view("[{\"symbol\":\"AAPL\",\"qty\":\"0\"}]", 0, 0), ledger), "flat"),
            (status(&view(one, 0, 0), ledger), "held"),
            (status(&view("[{\"symbol\":\"AAPL\",\"qty\":\"-5\"}]", 0, 0), ledger), "held"),
            (status(&view("[{\"symbol\":\"AAPL\"}]", 0, 0), ledger), "held"),
            (status(&view("[]", 1, 0), ledger), "held"),
            (status(&view("[]", 0, 1), ledger), "held"),
            (status(&view("[]", 0, 0), "{\"unresolved\":1}"), "held"),
            (status("null", ledger), "unknown"),
            (status("7", ledger), "unknown"),
            (status(&view("[]", 0, 0), "{}"), "unknown"),
            (status("{}", ledger), "unknown"),
            ("{\"schema_version\":1,\"ledger\":null}".to_owned(), "unknown"),
            ("{\"schema_version\":1,\"exposure\":null}".to_owned(), "unknown"),
            (status("null", "null").replace(":1,", ":2,"), "unknown"),
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
