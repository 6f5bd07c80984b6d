//! Where a service listens, and where it says that it is well.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::fmt;

use toml::Spanned;

use crate::{
    fields::Fields,
    problem::{Code, Problems, Refusal},
    role::{Listens, Role},
};

/// Ports below need privileges that no unit of ours has.
const PORT_MIN: u16 = 1024;
const PATH_MAX: usize = 100;

/// An address with a port, and whether others than this host may reach it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    address: SocketAddr,
    health: Option<String>,
}

impl Listen {
    /// Reads `listen`, `public` and `health` as the role demands them.
    pub(crate) fn read(fields: &mut Fields<'_>, role: Role, problems: &mut Problems) -> Option<Spanned<Self>> {
        let listens = role.listens();
        if listens == Listens::Never {
            refuse_all(fields, role, problems);
            return None;
        }
        fields.require("listen", "\"127.0.0.1:8090\"", problems);
        let address = fields.parsed("listen", problems, parse_address);
        let public = fields.flag("public", problems).is_some_and(Spanned::into_inner);
        let health = fields.parsed("health", problems, parse_path);
        let address = address?;
        let is_loopback = address.get_ref().ip().is_loopback();
        match (is_loopback, public, listens) {
            (true, false, _) => {}
            (true, true, _) => {
                let refusal = Refusal::bad_value(format!("{} is reached from this host alone", address.get_ref()));
                problems.error(fields.span_of("public"), refusal.hint("remove `public`, or listen at another address"));
            }
            (false, _, Listens::OnThisHost | Listens::Never) => {
                let message = format!("{} would be reached from outside of this host", address.get_ref());
                let hint = "whoever reaches it can have orders sent: write 127.0.0.1, and come through a tunnel";
                problems.error(address.span(), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
            }
            (false, false, Listens::Where) => {
                let message = format!("{} would be reached from outside of this host", address.get_ref());
                let hint = "write 127.0.0.1 and come through a tunnel; `public = true` if others shall reach it";
                problems.error(address.span(), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
            }
            (false, true, Listens::Where) => {
                let message = "everybody who reaches this host reads what it serves".to_owned();
                let hint = "it asks nobody for a password; a tunnel to 127.0.0.1 asks";
                problems.warning(fields.span_of("public"), Refusal::new(Code::Exposed, message).hint(hint));
            }
        }
        let span = address.span();
        let health = health.map(Spanned::into_inner);
        Some(Spanned::new(span, Self { address: address.into_inner(), health }))
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether nobody but this host reaches it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address.ip().is_loopback()
    }

    /// The path at which it says whether it is well.
    #[must_use]
    pub fn health(&self) -> Option<&str> {
        self.health.as_deref()
    }

    /// Where this host asks whether it is well.
    #[must_use]
    pub fn health_url(&self) -> Option<String> {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        self.health.as_ref().map(|path| format!("http://{address}{path}"))
    }

    /// Whether two cannot both listen.
    pub(crate) fn is_in_the_way_of(&self, other: &Self) -> bool {
        let (a, b) = (self.address.ip(), other.address.ip());
        self.address.port() == other.address.port() && (a == b || a.is_unspecified() || b.is_unspecified())
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

fn refuse_all(fields: &mut Fields<'_>, role: Role, problems: &mut Problems) {
    for key in ["listen", "public", "health"] {
        if fields.has(key) {
            let message = format!("a service with role \"{}\" listens nowhere", role.as_str());
            let hint =
                "nobody reaches what may open positions; remove the line: systemd's watchdog asks the process itself";
            problems.error(fields.span_of(key), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
        }
    }
    let mut nobody = Problems::default();
    let _ =
        (fields.text("listen", &mut nobody), fields.flag("public", &mut nobody), fields.text("health", &mut nobody));
}

fn parse_address(text: &str) -> Result<SocketAddr, Refusal> {
    let refused =
        || Refusal::bad_value(format!("{text:?} is no address to listen at")).hint("write it like 127.0.0.1:8090");
    let address: SocketAddr = text.parse().map_err(|_| refused())?;
    // A zone of an address of IPv6 is a name of this host's interfaces.
    let is_plain = address.to_string() == text && !text.contains('%');
    if !is_plain || address.ip().is_multicast() {
        return Err(refused());
    }
    if address.port() < PORT_MIN {
        return Err(Refusal::bad_value(format!("port {} needs privileges that no unit has", address.port()))
            .hint(format!("choose one from {PORT_MIN} on")));
    }
    Ok(address)
}

fn parse_path(text: &str) -> Result<String, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    let is_path = text.starts_with('/') && !text.starts_with("//") && !text.split('/').any(|part| part == "..");
    if is_path && text.len() <= PATH_MAX && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad_value(format!("{text:?} is no path of a health page")).hint("write it like /health"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for text in ["127.0.0.1:8090", "[::1]:8090", "0.0.0.0:9001", "192.168.1.5:1024"] {
            assert_eq!(parse_address(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "8090",
            ":8090",
            "localhost:8090",
            "127.0.0.1",
            "127.0.0.1:0",
            "127.0.0.1:80",
            "127.0.0.1:70000",
            "127.0.0.1:08090",
            "224.0.0.1:8090",
            "[fe80::1%2]:8090",
            " 127.0.0.1:8090",
            "http://127.0.0.1:8090",
        ] {
            assert_eq!(parse_address(text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }

    #[test]
    fn health_pages() {
        for text in ["/health", "/healthz", "/v1/is-well.json"] {
            assert_eq!(parse_path(text).unwrap(), text);
        }
        for text in [
            "",
            "health",
            "//x",
            "/a b",
            "/a?b",
            "/%n",
            "/../etc",
            "/$X",
            "http://x/",
            &format!("/{}", "a".repeat(100)),
        ] {
            assert!(parse_path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_is_in_whose_way() {
        let listen = |text: &str| Listen { address: parse_address(text).unwrap(), health: Some("/h".to_owned()) };
        for (a, b, expect) in [
            ("127.0.0.1:8090", "127.0.0.1:8090", true),
            ("127.0.0.1:8090", "0.0.0.0:8090", true),
            ("127.0.0.1:8090", "[::]:8090", true),
            ("127.0.0.1:8090", "127.0.0.1:8091", false),
            ("127.0.0.1:8090", "127.0.0.2:8090", false),
        ] {
            assert_eq!(listen(a).is_in_the_way_of(&listen(b)), expect, "{a} {b}");
        }
        assert_eq!(listen("0.0.0.0:8090").health_url().unwrap(), "http://127.0.0.1:8090/h");
        assert_eq!(listen("[::1]:8090").health_url().unwrap(), "http://[::1]:8090/h");
    }
}
