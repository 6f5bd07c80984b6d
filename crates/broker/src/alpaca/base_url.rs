//! Where a client may connect: `https` anywhere, `http` only on a loopback address literal.

use std::{fmt, net::IpAddr, str::FromStr};

use reqwest::Url;
use thiserror::Error;

/// Scheme, host and port of an interface; no path, query or credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a text is no base URL. Never repeats what may be a credential.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum BaseUrlError {
    /// No absolute URL with a host.
    #[error("the base URL is no absolute URL with a host")]
    NotAUrl,
    /// Neither https, nor http on a loopback address.
    #[error(
        "the base URL uses {scheme} with host {host:?}; only https, or http on a loopback address such as 127.0.0.1"
    )]
    Insecure {
        /// The scheme as given.
        scheme: String,
        /// The host as given.
        host: String,
    },
    /// More than scheme, host and port.
    #[error("the base URL holds {0}; it is scheme, host and port only")]
    TooMuch(&'static str),
}

impl BaseUrl {
    /// Whether it is an address of this machine, written as one.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        loopback(&self.0)
    }

    /// The URL of a path below it; the segments are escaped.
    pub(super) fn join(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        url.path_segments_mut().expect("a URL with a host has path segments").clear().extend(segments);
        url
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

fn loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;
    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| BaseUrlError::NotAUrl)?;
        let host = url.host_str().ok_or(BaseUrlError::NotAUrl)?;
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback(&url)) {
            return Err(BaseUrlError::Insecure { scheme: url.scheme().to_owned(), host: host.to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseUrlError::TooMuch("credentials"));
        }
        if !matches!(url.path(), "" | "/") {
            return Err(BaseUrlError::TooMuch("a path"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(BaseUrlError::TooMuch("a query or fragment"));
        }
        Ok(Self(url))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_http_on_loopback_literals_only() {
        for text in
            ["https://paper.example", "https://h:8443/", "http://127.0.0.1:80", "http://127.9.9.9:1", "http://[::1]:9"]
        {
            assert!(text.parse::<BaseUrl>().is_ok(), "{text}");
        }
        for text in [
            "http://paper.example",
            "http://localhost:8080",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://0.0.0.0:1",
            "ftp://127.0.0.1",
            "ws://127.0.0.1",
            "https://user:secret@h",
            "https://h/v2",
            "https://h?x=1",
            "paper.example",
            "",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_error_does_not_repeat_credentials() {
        let error = "https://user:hunter2@host".parse::<BaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        let error = "http://user:hunter2@host".parse::<BaseUrl>().unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn segments_are_escaped() {
        let base: BaseUrl = "http://127.0.0.1:9".parse().unwrap();
        let url = base.join(&["v2", "orders", "../account?x"]);
        assert_eq!(url.as_str(), "http://127.0.0.1:9/v2/orders/..%2Faccount%3Fx");
        assert_eq!(base.join(&["v2", "orders:by_client_order_id"]).path(), "/v2/orders:by_client_order_id");
        assert_eq!(base.to_string(), "http://127.0.0.1:9");
    }
}
