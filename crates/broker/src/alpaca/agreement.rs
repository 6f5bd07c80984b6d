//! Agreement before the first order: environment, address and account are the ones this process is meant for.
//!
//! The addresses are compared offline, when the client is made. The account number is compared with GET /v2/account: any
//! such answer settles it, so a process that has read its account before its first order asks nothing more. A client that
//! expects no account sends no order at all. Source: Alpaca's servers in the OpenAPI document; the numbers of paper
//! accounts begin with PA.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;
use thiserror::Error;
use trading::order::AccountId;

use super::{Alpaca, BaseUrl, endpoint::Get, governor::Class, settle::Stopped};
use crate::{ReadError, RejectReason};

const PAPER_HOST: &str = "https://paper-api.alpaca.markets";
const LIVE_HOST: &str = "https://api.alpaca.markets";
const DATA_HOST: &str = "https://data.alpaca.markets";
const PAPER_PREFIX: &str = "PA";

/// Whose money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Nobody's: Alpaca's paper accounts.
    Paper,
    /// Real money.
    Live,
    /// Nobody's: a venue on this machine.
    Local,
}

/// What a client is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Whose money.
    pub environment: Environment,
    /// Which account.
    pub account: AccountId,
}

/// Environment, address and account that do not belong together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Mismatch {
    /// An address of another environment.
    #[error("{environment} trading with {what} address {url}")]
    Address {
        /// What is expected.
        environment: Environment,
        /// Which of the two addresses.
        what: &'static str,
        /// The address.
        url: BaseUrl,
    },
    /// The number cannot be one of the environment's.
    #[error("{environment} trading with account {account}, which is {found}'s")]
    Number {
        /// What is expected.
        environment: Environment,
        /// The number.
        account: AccountId,
        /// Whose it is by its form.
        found: Environment,
    },
    /// The keys belong to another account.
    #[error("expected account {expected} ({environment}); the keys belong to account {found} ({of})")]
    Account {
        /// Whose money is expected.
        environment: Environment,
        /// The number that is expected.
        expected: AccountId,
        /// The number that the broker says.
        found: AccountId,
        /// Whose money that is.
        of: Environment,
    },
}

impl Expected {
    /// Whether the addresses are the environment's: Alpaca's own hosts for paper and live, this machine for local, for
    /// orders and market data alike.
    ///
    /// # Errors
    /// Names environment and address.
    pub fn check_addresses(&self, trading: &BaseUrl, data: &BaseUrl) -> Result<(), Mismatch> {
        let environment = self.environment;
        let wrong = |what, url: &BaseUrl| Mismatch::Address { environment, what, url: url.clone() };
        let (trading_fits, data_fits) = match environment {
            Environment::Paper => (is(trading, PAPER_HOST), is(data, DATA_HOST)),
            Environment::Live => (is(trading, LIVE_HOST), is(data, DATA_HOST)),
            Environment::Local => (trading.is_loopback(), data.is_loopback()),
        };
        if !trading_fits {
            return Err(wrong("the trading", trading));
        }
        if !data_fits {
            return Err(wrong("the market data", data));
        }
        self.check_form(&self.account)
    }

    /// Whether this is the account.
    ///
    /// # Errors
    /// Names both numbers and both environments.
    pub fn check_account(&self, found: &AccountId) -> Result<(), Mismatch> {
        if *found == self.account {
            return self.check_form(found);
        }
        Err(Mismatch::Account {
            environment: self.environment,
            expected: self.account.clone(),
            found: found.clone(),
            of: self.environment_of(found),
        })
    }

    fn check_form(&self, account: &AccountId) -> Result<(), Mismatch> {
        let found = self.environment_of(account);
        if found == self.environment {
            return Ok(());
        }
        Err(Mismatch::Number { environment: self.environment, account: account.clone(), found })
    }

    fn environment_of(&self, account: &AccountId) -> Environment {
        match (self.environment, account.as_str().starts_with(PAPER_PREFIX)) {
            // Accounts of a venue on this machine have numbers of any form.
            (Environment::Local, _) => Environment::Local,
            (Environment::Paper | Environment::Live, true) => Environment::Paper,
            (Environment::Paper | Environment::Live, false) => Environment::Live,
        }
    }
}

/// The market data address that belongs to a trading address: Alpaca has one, a venue on this machine is both.
#[must_use]
pub fn data_address(trading: &BaseUrl) -> BaseUrl {
    if trading.is_loopback() { trading.clone() } else { DATA_HOST.parse().expect("a constant address") }
}

/// Whether keys may go there: to Alpaca, or to this machine.
pub(super) fn is_known(url: &BaseUrl) -> bool {
    url.is_loopback() || [PAPER_HOST, LIVE_HOST, DATA_HOST].iter().any(|host| is(url, host))
}

fn is(url: &BaseUrl, host: &str) -> bool {
    url.to_string() == host
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Paper => "paper",
            Self::Live => "live",
            Self::Local => "local",
        })
    }
}

/// What has been agreed on so far.
#[derive(Debug)]
pub(super) struct Agreement {
    expected: Option<Expected>,
    /// The account the keys belong to, once the broker has said it.
    heard: Mutex<Option<AccountId>>,
}

/// The one member that matters here: whatever else is odd in an account must not stop a protecting order.
#[derive(Deserialize)]
struct Number {
    account_number: AccountId,
}

impl Agreement {
    pub(super) fn on(expected: Option<Expected>) -> Self {
        Self { expected, heard: Mutex::new(None) }
    }

    /// Takes in the number of an account that was read; a wrong one is told when an order comes. What was agreed on stays.
    pub(super) fn heard(&self, number: &AccountId) {
        let is_agreed = |heard: &AccountId| self.expected.as_ref().is_some_and(|expected| expected.account == *heard);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if !heard.as_ref().is_some_and(is_agreed) {
            *heard = Some(number.clone());
        }
    }

    /// Nothing when orders may go out; else why this one does not. `None` when the account is not known yet.
    fn verdict(&self) -> Option<Result<(), Stopped>> {
        let forbidden = |message| Stopped::Rejected { reason: RejectReason::Forbidden, message };
        let Some(expected) = &self.expected else {
            return Some(Err(forbidden("this client reads only: it was told of no account to trade for".to_owned())));
        };
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Some(expected.check_account(heard.as_ref()?).map_err(|mismatch| forbidden(mismatch.to_string())))
    }
}

impl Alpaca {
    /// The number of the account, whatever else is odd in it; settles what orders may go out.
    ///
    /// # Errors
    /// When there is no answer, or none with a number.
    pub async fn account_number(&self) -> Result<AccountId, ReadError> {
        let get = Get::trading(Class::Protection, &["v2", "account"]);
        let (Number { account_number }, _) = self.get(get).await?;
        self.agreement.heard(&account_number);
        Ok(account_number)
    }

    /// Nothing when orders may go out; else why this one does not. Reads the account when nobody has yet.
    pub(super) async fn agree(&self) -> Result<(), Stopped> {
        if let Some(Ok(())) = self.agreement.verdict() {
            return Ok(());
        }
        if self.agreement.expected.is_some() {
            self.account_number().await.map_err(|error| not_known(&format!(": {error}")))?;
        }
        self.agreed()
    }

    /// As [`Alpaca::agree`], from memory only: an opening is preceded by no read.
    pub(super) fn agreed(&self) -> Result<(), Stopped> {
        self.agreement.verdict().unwrap_or_else(|| Err(not_known("")))
    }
}

fn not_known(why: &str) -> Stopped {
    Stopped::Retryable { after: None, why: format!("not sent, because the account is not known yet{why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "https://data.alpaca.markets";
    const VENUE: &str = "http://127.0.0.1:4000";

    fn expected(environment: Environment, account: &str) -> Expected {
        Expected { environment, account: account.parse().unwrap() }
    }

    #[test]
    fn environment_by_address_and_number() {
        use Environment::{Live, Local, Paper};
        for (environment, account, trading, data, fits) in [
            (Paper, "PA123", PAPER_HOST, DATA, true),
            (Live, "123", LIVE_HOST, DATA, true),
            (Local, "PA123", VENUE, VENUE, true),
            (Local, "123", VENUE, "http://[::1]:4001", true),
            (Paper, "PA123", LIVE_HOST, DATA, false),
            (Paper, "PA123", VENUE, VENUE, false),
            (Paper, "123", PAPER_HOST, DATA, false),
            (Paper, "PA123", "https://paper-api.alpaca.markets.example", DATA, false),
            (Paper, "PA123", "https://paper-api.alpaca.markets:444", DATA, false),
            (Paper, "PA123", PAPER_HOST, VENUE, false),
            (Live, "123", PAPER_HOST, DATA, false),
            (Live, "PA123", LIVE_HOST, DATA, false),
            (Live, "123", LIVE_HOST, VENUE, false),
            (Local, "PA123", PAPER_HOST, VENUE, false),
            (Local, "PA123", VENUE, DATA, false),
            (Paper, "PA123", PAPER_HOST, "https://data.alpaca.example", false),
            (Paper, "PA123", PAPER_HOST, "https://data.alpaca.markets:444", false),
            (Live, "123", LIVE_HOST, PAPER_HOST, false),
        ] {
            let verdict =
                expected(environment, account).check_addresses(&trading.parse().unwrap(), &data.parse().unwrap());
            assert_eq!(verdict.is_ok(), fits, "{environment} {account} {trading} {data}: {verdict:?}");
        }
    }

    #[test]
    fn another_account_is_named_with_both_environments() {
        let mismatch = expected(Environment::Paper, "PA1").check_account(&"987".parse().unwrap()).unwrap_err();
        assert_eq!(mismatch.to_string(), "expected account PA1 (paper); the keys belong to account 987 (live)");
        assert!(expected(Environment::Paper, "PA1").check_account(&"PA1".parse().unwrap()).is_ok());
        assert!(expected(Environment::Paper, "PA1").check_account(&"PA2".parse().unwrap()).is_err());
    }
}
