//! Waiting, by the machine's clock or by a rehearsal's venue.
//!
//! A rehearsed program must not wait in real time: it asks the venue to answer when the venue's clock has come so far
//! (`POST /sim/sleep`). That is possible on a loopback address only; the type takes nothing else.

use std::{net::SocketAddr, time::Duration};

use market::Timestamp;
use thiserror::Error;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How the venue says that a sleep went on to its end.
const BY_TIME: &[u8] = b"\"woken_by\":\"time\"";

/// By which clock to wait.
#[derive(Clone, Debug)]
pub enum Pacer {
    /// The machine's.
    System,
    /// A venue's, on loopback.
    Venue {
        /// Where it listens.
        address: SocketAddr,
        /// Who waits, as the venue shows it.
        participant: String,
    },
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// Its time has come.
    Time,
    /// Something became of an order, or the venue was told that something else happened. A venue's clock only: it stands
    /// still until the next wait.
    Early,
}

/// The venue did not let us wait.
#[derive(Debug, Error)]
#[error("waiting on the venue's clock at {address}: {why}")]
pub struct PacerError {
    address: SocketAddr,
    why: String,
}

impl Pacer {
    /// The machine's clock, or the venue's when there is one.
    ///
    /// # Errors
    /// When the venue's address is not loopback.
    pub fn new(venue: Option<SocketAddr>, participant: &str) -> Result<Self, PacerError> {
        match venue {
            None => Ok(Self::System),
            Some(address) if address.ip().is_loopback() => {
                Ok(Self::Venue { address, participant: participant.to_owned() })
            }
            Some(address) => Err(PacerError { address, why: "it is not a loopback address".into() }),
        }
    }

    /// Whether time is a venue's.
    #[must_use]
    pub fn is_venue(&self) -> bool {
        match self {
            Self::System => false,
            Self::Venue { .. } => true,
        }
    }

    /// Waits until `until`; `now` is the caller's idea of the present. By a venue's clock it ends as well when something
    /// becomes of an order there; by the machine's, who wants to know of that listens to the broker's stream beside it.
    ///
    /// # Errors
    /// When the venue goes away.
    pub async fn sleep(&self, now: Timestamp, until: Timestamp) -> Result<Woken, PacerError> {
        match self {
            Self::System => {
                let nanos = until.since(now).num_nanoseconds().unwrap_or(i64::MAX).max(0);
                tokio::time::sleep(Duration::from_nanos(nanos.unsigned_abs())).await;
                Ok(Woken::Time)
            }
            Self::Venue { address, participant } => {
                let failed = |why: String| PacerError { address: *address, why };
                sleep_at(*address, participant, until).await.map_err(|error| failed(error.to_string()))
            }
        }
    }
}

async fn sleep_at(address: SocketAddr, participant: &str, until: Timestamp) -> std::io::Result<Woken> {
    let body = format!("{{\"participant\":\"{participant}\",\"until\":\"{until}\",\"updates\":true}}");
    let head = format!(
        "POST /sim/sleep HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") {
        let by_time = answer.windows(BY_TIME.len()).any(|part| part == BY_TIME);
        return Ok(if by_time { Woken::Time } else { Woken::Early });
    }
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Err(std::io::Error::other(format!("answered {:?}", String::from_utf8_lossy(line))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_venues_move_a_clock() {
        assert!(Pacer::new(Some("127.0.0.1:80".parse().unwrap()), "x").is_ok());
        assert!(Pacer::new(Some("[::1]:80".parse().unwrap()), "x").is_ok());
        for address in ["10.0.0.1:80", "192.168.1.1:80", "8.8.8.8:443", "[2001:db8::1]:80"] {
            assert!(Pacer::new(Some(address.parse().unwrap()), "x").is_err(), "{address}");
        }
    }
}
