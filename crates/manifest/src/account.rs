//! The broker account that an order-placing service may act for.

use std::fmt;

use crate::problem::Refusal;

/// An Alpaca account number: 8 to 16 of `A-Z` and `0-9`. Paper accounts start with `PA`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account(String);

impl Account {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let plausible = (8..=16).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if plausible {
            return Ok(Self(text.to_owned()));
        }
        Err(Refusal::bad_value(format!("{text:?} is no account number"))
            .hint("it is the broker's account number, like PA30000000, and no key"))
    }

    /// The account number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its money is play money.
    #[must_use]
    pub fn is_paper(&self) -> bool {
        self.0.starts_with("PA")
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers() {
        assert!(Account::parse("PA30000000").unwrap().is_paper());
        assert!(!Account::parse("123456789").unwrap().is_paper());
        for text in ["", "PA3", "pa30000000", "PA3-0000000", "PA3000000000000000"] {
            assert!(Account::parse(text).is_err(), "{text}");
        }
    }
}
