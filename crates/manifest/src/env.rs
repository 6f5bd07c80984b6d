//! `env`: plain settings of a program. Whoever can read a unit can read them, so what looks like a secret is refused.

use toml::Spanned;

use crate::{
    fields::Fields,
    problem::{Code, Problems, Refusal},
};

const VALUE_MAX: usize = 4096;

/// Words in a variable's name that say that its value is a secret.
const SECRET_WORDS: [&str; 11] = [
    "SECRET",
    "TOKEN",
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PASSPHRASE",
    "KEY",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "WEBHOOK",
];

/// The environment a manifest gives to one unit, by name.
pub type Env = Vec<Variable>;

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name: upper-case letters, digits and `_`.
    pub name: Spanned<String>,
    /// Its value: printable, at most 4,096 bytes.
    pub value: Spanned<String>,
}

/// Reads `[services.NAME.env]` or `[jobs.NAME.env]`.
pub(crate) fn read(fields: Option<Fields<'_>>, problems: &mut Problems) -> Env {
    let mut env = Env::new();
    let Some(fields) = fields else { return env };
    for (name, value) in fields.pairs(problems) {
        let name = match check_name(name.get_ref()).and_then(|checked| check_secret_name(&checked).map(|()| checked)) {
            Ok(checked) => Some(Spanned::new(name.span(), checked)),
            Err(refusal) => {
                problems.error(name.span(), refusal);
                None
            }
        };
        let value =
            crate::fields::accept(&value, problems, |text| check_reference(text).and_then(|()| check_value(text)));
        if let (Some(name), Some(value)) = (name, value) {
            env.push(Variable { name, value });
        }
    }
    env
}

pub(crate) fn check_name(text: &str) -> Result<String, Refusal> {
    let first = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    let valid = !text.is_empty()
        && text.len() <= 100
        && text.bytes().enumerate().all(|(at, byte)| first(byte) || (at > 0 && byte.is_ascii_digit()));
    if valid {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad_value(format!("{text:?} is no name of a variable"))
        .hint("it is upper-case letters, digits and `_`, like EXECUTION_POLL_SECONDS"))
}

fn check_secret_name(name: &str) -> Result<(), Refusal> {
    if sounds_secret(name) { Err(secret(format!("{name} sounds like a secret"))) } else { Ok(()) }
}

/// Whether a variable's name says that its value is a secret.
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    name.split('_').any(|word| SECRET_WORDS.contains(&word))
}

/// A document once wrote `Environment=KEY=${KEY}`, and the program got those seven characters.
fn check_reference(text: &str) -> Result<(), Refusal> {
    match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(name) if check_name(name).is_ok() => Err(Refusal::bad_value(format!(
            "nothing replaces {text} in a unit's environment"
        ))
        .hint("write the value itself; if it is a secret, put it into a credential's file and name it in [secrets.*]")),
        Some(_) | None => Ok(()),
    }
}

/// Checks a value that becomes part of a unit's text: a variable's value or an argument.
pub(crate) fn check_value(text: &str) -> Result<String, Refusal> {
    if text.len() > VALUE_MAX {
        return Err(Refusal::bad_value(format!("a value has at most {VALUE_MAX} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::bad_value("a value holds no control characters"));
    }
    if looks_secret(text) {
        return Err(secret("this value looks like a secret".to_owned()));
    }
    Ok(text.to_owned())
}

fn secret(message: String) -> Refusal {
    Refusal::new(Code::SecretInManifest, message).hint(
        "everybody can read a unit: put the value into a file below /etc/portcullis/credentials and name it in [secrets.*]",
    )
}

/// Shapes of keys and tokens: Alpaca's, Slack's, PEM, a password in a URL, long random text.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    let upper_or_digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let alpaca = ["PK", "AK", "CK"].iter().any(|prefix| text.starts_with(prefix))
        && (16..=32).contains(&text.len())
        && upper_or_digit(text);
    let slack = ["xoxb-", "xoxp-", "xoxa-", "hooks.slack.com/services/"].iter().any(|mark| text.contains(mark));
    let userinfo = text.split_once("://").is_some_and(|(_, rest)| {
        rest.split('/').next().and_then(|host| host.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
    });
    alpaca || slack || userinfo || text.contains("-----BEGIN") || text.split('=').any(is_random)
}

/// 32 or more characters without a separator that mix digits and letters as words do not.
fn is_random(text: &str) -> bool {
    if text.len() < 32 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')) {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let path_like = text.starts_with('/') || text.matches('/').count() > 2;
    digits >= 3 && !path_like
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in ["EXECUTION_POLL_SECONDS", "A", "_X9"] {
            assert!(check_name(text).is_ok(), "{text}");
        }
        for text in ["", "9A", "a", "A-B", "A B", "A=B", "Ä", "A.B"] {
            assert_eq!(check_name(text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }

    #[test]
    fn names_that_say_secret() {
        for text in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "SLACK_WEBHOOK_URL", "LIVE_CONFIRM_TOKEN", "PASSWORD"] {
            assert_eq!(check_secret_name(text).unwrap_err().code, Code::SecretInManifest, "{text}");
        }
        for text in ["EXECUTION_POLL_SECONDS", "KEYBOARD", "MONKEY_BUSINESS"] {
            assert!(check_secret_name(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn values_that_look_secret() {
        for text in [
            "PKABCDEFGH1234567890",
            "xoxb-1234-abcd",
            "https://hooks.slack.com/services/T0/B0/x",
            "postgres://user:hunter2@db/x",
            "-----BEGIN PRIVATE KEY-----",
            "3f2b9c0d1e4f5a6b7c8d9e0f1a2b3c4d",
            "--token=aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW",
        ] {
            assert_eq!(check_value(text).unwrap_err().code, Code::SecretInManifest, "{text}");
        }
        for text in [
            "60",
            "09:30",
            "AAPL,MSFT,BRK.B",
            "https://data.alpaca.markets",
            "/var/lib/avwap/cache/bars.parquet",
            "a sentence of more than thirty-two letters, in words",
            "",
        ] {
            assert!(check_value(text).is_ok(), "{text}");
        }
        for text in ["a\nb", "a\0b", "a\u{7f}"] {
            assert_eq!(check_value(text).unwrap_err().code, Code::BadValue, "{text:?}");
        }
        assert_eq!(check_value(&"a ".repeat(2049)).unwrap_err().code, Code::BadValue);
    }
}
