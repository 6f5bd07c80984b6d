//! The clock of a program: the system's, or in a rehearsal the simulated venue's.
//!
//! The venue's clock needs `PORTCULLIS_CLOCK=venue` and a broker on a loopback address, so no variable can move the time
//! of a process that talks to a real broker. Reads are bounded: connect 2 s, answer 5 s and 64 KiB. A failed read is an
//! error, never a guess. It asks `GET /sim/clock`: without keys, which a gate does not have, and on a path no real broker
//! answers.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use market::{Clock, Timestamp};
use serde::Deserialize;
use thiserror::Error;

use crate::env::{self, Env, EnvError};

const CONNECT_WAIT: Duration = Duration::from_secs(2);
const ANSWER_WAIT: Duration = Duration::from_secs(5);
const ANSWER_MAX_BYTES: u64 = 64 * 1024;

/// Where a program's time comes from.
#[derive(Debug)]
pub struct ProgramClock {
    source: Source,
    /// The last reading in Unix nanoseconds; 1970 before the first one, which no calendar knows.
    last: AtomicI64,
}

#[derive(Debug)]
enum Source {
    System,
    Venue(Venue),
}

#[derive(Debug, PartialEq, Eq)]
struct Venue {
    address: SocketAddr,
    path: String,
}

/// Why there is no time.
#[derive(Debug, Error)]
pub enum ClockError {
    /// The variables do not describe a clock; a configuration error.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// `PORTCULLIS_CLOCK` is neither `system` nor `venue`.
    #[error("PORTCULLIS_CLOCK={0:?} is neither system nor venue")]
    UnknownSource(String),
    /// The venue's clock was asked for with a broker elsewhere.
    #[error("PORTCULLIS_CLOCK=venue needs a broker on a loopback address, APCA_API_BASE_URL is {0:?}")]
    NotLoopback(String),
    /// The venue does not answer.
    #[error("cannot read the venue's clock at {address}: {source}")]
    Unreachable {
        /// Where it should be.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The venue answers something else.
    #[error("the venue's clock at {address} answers {problem}")]
    Answer {
        /// Where it is.
        address: SocketAddr,
        /// What is wrong with the answer.
        problem: String,
    },
}

impl ClockError {
    /// Whether the configuration is wrong, as opposed to a venue that does not answer.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Env(_) | Self::UnknownSource(_) | Self::NotLoopback(_) => true,
            Self::Unreachable { .. } | Self::Answer { .. } => false,
        }
    }
}

impl ProgramClock {
    /// The clock the environment describes.
    ///
    /// # Errors
    /// When it describes none; always a configuration error.
    pub fn from_env(env: &Env) -> Result<Self, ClockError> {
        let source = match env.text(&env::PORTCULLIS_CLOCK)? {
            None | Some("system") => Source::System,
            Some("venue") => {
                let url = env.text(&env::APCA_API_BASE_URL)?.unwrap_or("");
                Source::Venue(Venue::at(url).ok_or_else(|| ClockError::NotLoopback(url.to_owned()))?)
            }
            Some(other) => return Err(ClockError::UnknownSource(other.to_owned())),
        };
        Ok(Self { source, last: AtomicI64::new(0) })
    }

    /// The current instant.
    ///
    /// # Errors
    /// When the venue does not answer, or not with a time.
    pub fn try_now(&self) -> Result<Timestamp, ClockError> {
        let now = match &self.source {
            Source::System => system_now(),
            Source::Venue(venue) => venue.now()?,
        };
        self.last.store(now.unix_nanos(), Ordering::Relaxed);
        Ok(now)
    }

    /// Whether time comes from a simulated venue.
    #[must_use]
    pub fn is_venue(&self) -> bool {
        matches!(self.source, Source::Venue(_))
    }
}

impl Clock for ProgramClock {
    /// As [`ProgramClock::try_now`]; when that fails the last reading, and 1970 when there was none: time then stands
    /// still or is out of every session, which opens nothing.
    fn now(&self) -> Timestamp {
        self.try_now().unwrap_or_else(|_| Timestamp::from_unix_nanos(self.last.load(Ordering::Relaxed)))
    }
}

/// The address of a service on this machine: `http://` and a literal of 127.0.0.0/8 or `[::1]`, with an optional port
/// and path. A name, `localhost` included, is none: it can resolve elsewhere.
#[must_use]
pub fn loopback_url(url: &str) -> Option<SocketAddr> {
    Venue::at(url).map(|venue| venue.address)
}

impl Venue {
    fn at(url: &str) -> Option<Self> {
        // Printable ASCII without a backslash: nothing another URL parser could read differently.
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return None;
        }
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = authority
            .parse::<SocketAddr>()
            .ok()
            .or_else(|| Some(SocketAddr::new(authority.parse::<IpAddr>().ok().filter(IpAddr::is_ipv4)?, 80)))
            .or_else(|| (authority == "[::1]").then(|| SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 80))))?;
        // An IPv6 literal that wraps an IPv4 one is not ::1 and falls out here.
        address.ip().is_loopback().then(|| Self { address, path: path.trim_end_matches('/').to_owned() })
    }

    fn now(&self) -> Result<Timestamp, ClockError> {
        #[derive(Deserialize)]
        struct Answer {
            timestamp: Timestamp,
        }
        let address = self.address;
        let answer = self.ask().map_err(|source| ClockError::Unreachable { address, source })?;
        let wrong = |problem: String| ClockError::Answer { address, problem };
        let body = http_body(&answer).map_err(wrong)?;
        let answer: Answer = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
        Ok(answer.timestamp)
    }

    /// One request, and whatever comes back until the venue closes the connection.
    fn ask(&self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + CONNECT_WAIT + ANSWER_WAIT;
        let mut stream = TcpStream::connect_timeout(&self.address, CONNECT_WAIT)?;
        stream.set_write_timeout(Some(ANSWER_WAIT))?;
        let request = format!(
            "GET {}/sim/clock HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
            self.path, self.address
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left.min(ANSWER_WAIT)))?;
            let length = stream.read(&mut chunk)?;
            answer.extend_from_slice(&chunk[..length]);
            if length == 0 || answer.len() as u64 > ANSWER_MAX_BYTES || is_complete(&answer) {
                return Ok(answer);
            }
        }
    }
}

/// Whether the announced body has arrived: a venue that keeps the connection open must not cost the full wait.
fn is_complete(answer: &[u8]) -> bool {
    http_body(answer).is_ok()
}

/// The body of a complete `200` answer with a known length.
fn http_body(answer: &[u8]) -> Result<&[u8], String> {
    if answer.len() as u64 > ANSWER_MAX_BYTES {
        return Err(format!("more than {ANSWER_MAX_BYTES} bytes"));
    }
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no HTTP header")?;
    let header = std::str::from_utf8(&answer[..end]).map_err(|_| "a header that is not text")?;
    let mut lines = header.split("\r\n");
    let status = lines.next().unwrap_or("");
    if status.split(' ').nth(1) != Some("200") {
        return Err(format!("{:?}", status.chars().take(60).collect::<String>()));
    }
    let fields = lines.filter_map(|line| line.split_once(':'));
    let length = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).map(|(_, value)| value.trim());
    let length: usize = length.last().and_then(|value| value.parse().ok()).ok_or("no length")?;
    answer[end + 4..].get(..length).ok_or_else(|| "less than it announced".to_owned())
}

fn system_now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_nanos(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    #[test]
    fn only_literals_of_this_machine_are_loopback() {
        for (url, expect) in [
            ("http://127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("http://127.0.0.1:8080/", Some("127.0.0.1:8080")),
            ("http://127.9.8.7:1/base", Some("127.9.8.7:1")),
            ("http://127.0.0.1", Some("127.0.0.1:80")),
            ("http://[::1]:9000", Some("[::1]:9000")),
            ("http://[::1]", Some("[::1]:80")),
            ("https://127.0.0.1:8080", None),
            ("HTTP://127.0.0.1:8080", None),
            ("http://localhost:8080", None),
            ("http://127.1:8080", None),
            ("http://2130706433:80", None),
            ("http://0x7f000001:80", None),
            ("http://0127.0.0.1:80", None),
            ("http://0.0.0.0:80", None),
            ("http://[::]:80", None),
            ("http://[::ffff:127.0.0.1]:80", None),
            ("http://128.0.0.1:80", None),
            ("http://127.0.0.1@example.com", None),
            ("http://127.0.0.1:80@example.com/", None),
            ("http://127.0.0.1?@example.com/", None),
            ("http://127.0.0.1#@example.com/", None),
            ("http://127.0.0.1\\@example.com/", None),
            ("http://127.0.0.1:80\r\nHost: x", None),
            (" http://127.0.0.1:80", None),
            ("http://127.0.0.1:99999", None),
            ("127.0.0.1:80", None),
            ("", None),
        ] {
            assert_eq!(loopback_url(url).map(|address| address.to_string()).as_deref(), expect, "{url}");
        }
    }

    fn venue_env(url: &str) -> Env {
        Env::default().with(&env::PORTCULLIS_CLOCK, "venue").with(&env::APCA_API_BASE_URL, url)
    }

    #[test]
    fn the_variables_describe_a_clock_or_are_a_configuration_error() {
        assert!(!ProgramClock::from_env(&Env::default()).unwrap().is_venue());
        assert!(ProgramClock::from_env(&venue_env("http://127.0.0.1:1")).unwrap().is_venue());
        let moon = Env::default().with(&env::PORTCULLIS_CLOCK, "moon");
        for env in [moon, venue_env("https://paper-api.alpaca.markets"), venue_env("")] {
            assert!(ProgramClock::from_env(&env).unwrap_err().is_configuration());
        }
    }

    /// What a venue that gives this answer makes of the clock, and the first line it was asked.
    fn ask(answer: &'static str) -> (Result<Timestamp, ClockError>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/base/", listener.local_addr().unwrap());
        let venue = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let clock = ProgramClock::from_env(&venue_env(&url)).unwrap();
        let now = clock.try_now();
        assert_eq!(
            clock.now(),
            now.as_ref().copied().unwrap_or(Timestamp::from_unix_seconds(0)),
            "after the venue left"
        );
        (now, venue.join().unwrap().lines().next().unwrap().to_owned())
    }

    #[test]
    fn the_venue_tells_the_time_or_the_read_fails() {
        const TIME: &str = r#"{"timestamp":"2026-07-06T09:30:00-04:00","is_open":true}"#;
        let ok: &str = "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n{\"timestamp\":\"2026-07-06T09:30:00-04:00\",\"is_open\":true}    ";
        assert_eq!(TIME.len(), 56);
        let (now, request) = ask(ok);
        assert_eq!(now.unwrap().to_string(), "2026-07-06T13:30:00Z");
        assert_eq!(request, "GET /base/sim/clock HTTP/1.1");
        for (answer, expect) in [
            ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "401"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "missing field `timestamp`"),
            ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "less than it announced"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "no length"),
            ("hello", "no HTTP header"),
            ("", "no HTTP header"),
        ] {
            let error = ask(answer).0.unwrap_err();
            assert!(error.to_string().contains(expect) && !error.is_configuration(), "{error}");
        }
    }

    #[test]
    fn a_venue_that_is_not_there_is_an_error() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let clock = ProgramClock::from_env(&venue_env(&format!("http://{free}"))).unwrap();
        assert!(matches!(clock.try_now(), Err(ClockError::Unreachable { .. })));
    }

    #[test]
    fn an_endless_answer_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let venue = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while stream.write_all(&[b'x'; 8192]).is_ok() {}
        });
        let error = ProgramClock::from_env(&venue_env(&url)).unwrap().try_now().unwrap_err();
        assert!(error.to_string().contains("more than 65536 bytes"), "{error}");
        venue.join().unwrap();
    }
}
