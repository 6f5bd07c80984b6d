//! Keys: from systemd credentials first, then from the environment.
//!
//! `$CREDENTIALS_DIRECTORY/NAME` wins over the variable NAME; a credential file that is there and cannot be used is an
//! error, never a reason to fall back. Directory and look-up are arguments. No error repeats a value. Source:
//! systemd.exec(5), LoadCredential=; the names are the ones Alpaca's own tools use.

use std::{
    ffi::OsString,
    fs::File,
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use thiserror::Error;

/// The variable, and the credential, of the key id.
pub const KEY_ID: &str = "APCA_API_KEY_ID";
/// The variable, and the credential, of the secret key.
pub const SECRET_KEY: &str = "APCA_API_SECRET_KEY";
/// No key is as long; a longer file is something else.
const BYTES_MAX: u64 = 8 * 1024;

/// A pair of keys. `Debug` shows none.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The key id; a secret, because it is half of one.
    pub key_id: SecretString,
    /// The secret key.
    pub secret_key: SecretString,
}

/// Why there are no keys. Names the variable, never its value.
#[derive(Debug, Error)]
pub enum CredentialsError {
    /// Neither credential nor variable.
    #[error("{0} is missing: neither $CREDENTIALS_DIRECTORY/{0} nor the variable")]
    Missing(&'static str),
    /// Empty, or with characters that no key has.
    #[error("{name} {why}")]
    Value {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The credential is there and cannot be read.
    #[error("cannot read the credential {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Everything that is wrong with the keys, at once.
#[derive(Debug, Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct NoKeys(pub Vec<CredentialsError>);

impl Keys {
    /// Reads both keys.
    ///
    /// # Errors
    /// When one is missing, empty, unreadable, or holds characters that no key has; of both, what is wrong.
    pub fn read(directory: Option<&Path>, lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, NoKeys> {
        let read = |name| {
            let bytes = match directory.map(|directory| file(&directory.join(name))).transpose()?.flatten() {
                Some(bytes) => bytes,
                None => lookup(name).ok_or(CredentialsError::Missing(name))?.into_encoded_bytes(),
            };
            parse(name, bytes)
        };
        match (read(KEY_ID), read(SECRET_KEY)) {
            (Ok(key_id), Ok(secret_key)) => Ok(Self { key_id, secret_key }),
            (key_id, secret_key) => Err(NoKeys(key_id.err().into_iter().chain(secret_key.err()).collect())),
        }
    }
}

/// A key of its bytes: one line of visible ASCII, with or without its line break.
///
/// # Errors
/// Says what is wrong, without the value.
pub fn parse(name: &'static str, bytes: Vec<u8>) -> Result<SecretString, CredentialsError> {
    let wrong = |why| CredentialsError::Value { name, why };
    let text = String::from_utf8(bytes).map_err(|_| wrong("is not valid UTF-8"))?;
    let text = text.trim_end_matches(['\n', '\r']);
    if text.trim().is_empty() {
        return Err(wrong("is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong("holds a control character"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("holds a character that no key has"));
    }
    Ok(SecretString::from(text))
}

/// The bytes of a credential; `None` when there is no such file.
fn file(path: &Path) -> Result<Option<Vec<u8>>, CredentialsError> {
    let unreadable = |source| CredentialsError::File { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(unreadable(std::io::Error::new(ErrorKind::InvalidData, "longer than any key")));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn environment(name: &str) -> Option<OsString> {
        match name {
            KEY_ID => Some("PK-env".into()),
            SECRET_KEY => Some("secret-env".into()),
            _ => None,
        }
    }

    #[test]
    fn credentials_come_first_and_one_by_one() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(SECRET_KEY), "secret-file\n").unwrap();
        for (directory, expect) in
            [(None, ("PK-env", "secret-env")), (Some(directory.path()), ("PK-env", "secret-file"))]
        {
            let keys = Keys::read(directory, environment).unwrap();
            assert_eq!((keys.key_id.expose_secret(), keys.secret_key.expose_secret()), expect);
            assert!(!format!("{keys:?}").contains(expect.1), "{keys:?}");
        }
    }

    #[test]
    fn an_unusable_credential_is_an_error_and_no_reason_to_fall_back() {
        for contents in [&b""[..], b"\n", b"a\0b", b"two\nlines", b"\xff\xfe", &[b'x'; 9_000], "schlüssel".as_bytes()]
        {
            let directory = tempfile::tempdir().unwrap();
            std::fs::write(directory.path().join(KEY_ID), contents).unwrap();
            let error = Keys::read(Some(directory.path()), environment).unwrap_err();
            assert!(error.to_string().contains(KEY_ID), "{error}");
        }
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(KEY_ID)).unwrap();
        assert!(Keys::read(Some(directory.path()), environment).is_err());
    }

    #[test]
    fn an_error_names_the_variable_and_never_the_value() {
        for (value, expect) in [
            (Some("hush\u{7}hush"), "APCA_API_SECRET_KEY holds a control character"),
            (Some("hush hush"), "APCA_API_SECRET_KEY holds a character that no key has"),
            (Some("  "), "APCA_API_SECRET_KEY is empty"),
            (
                None,
                "APCA_API_SECRET_KEY is missing: neither $CREDENTIALS_DIRECTORY/APCA_API_SECRET_KEY nor the variable",
            ),
        ] {
            let lookup = |name: &str| if name == SECRET_KEY { value.map(OsString::from) } else { environment(name) };
            let error = Keys::read(None, lookup).unwrap_err();
            assert_eq!(error.to_string(), expect);
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn both_keys_are_spoken_of_at_once() {
        let NoKeys(wrong) = Keys::read(None, |_| None).unwrap_err();
        assert_eq!(wrong.len(), 2);
    }
}
