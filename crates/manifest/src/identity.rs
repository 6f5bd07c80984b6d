//! The user and group that everything runs as.

use crate::{
    fields::Fields,
    problem::{Code, Problems, Refusal},
    scope::Scope,
};

/// A static system user and group, or the login whose manager runs the units; never root, who could arm, disarm and rewrite everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    user: String,
    group: String,
}

impl Identity {
    pub(crate) fn read(mut fields: Fields<'_>, scope: Scope, problems: &mut Problems) -> Option<Self> {
        let user = fields.required("user", "\"trading\"", problems, |text| account_name("user", text));
        let group = fields.parsed("group", problems, |text| account_name("group", text));
        if scope == Scope::User && fields.has("group") {
            let refusal = Refusal::bad_value("a user's manager runs everything with the login's own group");
            problems.error(fields.span_of("group"), refusal.hint("remove the line"));
        }
        let invalid_group = fields.has("group") && group.is_none();
        fields.finish(problems);
        let user = user?.into_inner();
        let group = match group {
            Some(group) => group.into_inner(),
            None if invalid_group => return None,
            None => user.clone(),
        };
        Some(Self { user, group })
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The group; the user's name unless the manifest says otherwise.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }
}

fn account_name(what: &str, text: &str) -> Result<String, Refusal> {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let rest = |byte: u8| first(byte) || byte.is_ascii_digit() || byte == b'-';
    let valid = (1..=31).contains(&text.len())
        && text.bytes().enumerate().all(|(at, byte)| if at == 0 { first(byte) } else { rest(byte) });
    if !valid {
        return Err(Refusal::bad_value(format!("{text:?} is no name of a {what}")).hint("write it like `trading`"));
    }
    if text == "root" {
        return Err(Refusal::new(Code::DisarmsGuardrail, format!("the {what} may not be root")).hint(
            "whoever runs the services must not be able to clear the kill switch, arm live orders or change units",
        ));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users() {
        assert_eq!(account_name("user", "trading").unwrap(), "trading");
        assert_eq!(account_name("user", "_avwap-2").unwrap(), "_avwap-2");
        assert_eq!(account_name("user", "root").unwrap_err().code, Code::DisarmsGuardrail);
        for text in ["", "0trading", "Trading", "a b", "a%b", &"a".repeat(32)] {
            assert_eq!(account_name("user", text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }
}
