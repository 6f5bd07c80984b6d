//! Is a service well, by its own word: one GET of HTTP/1.1 (RFC 9112), of whose answer the status counts. Whoever answers may be
//! anything, so it is waited for within a bound, and no more is read than the status.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// A status line begins with as many bytes: `HTTP/1.1 200` and what ends the number.
const STATUS_BYTES: usize = 13;

/// The status of a plain GET, when it comes within a time; no more is read of the answer, however it goes on.
///
/// # Errors
/// When nobody answers in time, or not with HTTP.
pub fn get(address: SocketAddr, path: &str, within: Duration) -> Result<u16, String> {
    let late = || format!("no answer within {} ms", within.as_millis());
    let end = Instant::now() + within;
    let said = |error: std::io::Error| {
        let is_late = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        if is_late { late() } else { error.to_string() }
    };
    let mut stream = TcpStream::connect_timeout(&address, within).map_err(said)?;
    stream.set_write_timeout(Some(within)).map_err(said)?;
    let question = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).map_err(said)?;
    let (mut answer, mut filled) = ([0_u8; STATUS_BYTES], 0);
    while filled < STATUS_BYTES {
        // Byte by byte, somebody could keep this waiting for ever.
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        stream.set_read_timeout(Some(left)).map_err(said)?;
        match stream.read(&mut answer[filled..]) {
            Ok(0) if filled == 0 => return Err("it closes without an answer".to_owned()),
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(said(error)),
        }
    }
    status(&answer[..filled]).ok_or_else(|| "that is no answer of HTTP".to_owned())
}

fn status(line: &[u8]) -> Option<u16> {
    let [minor, b' ', hundreds, tens, ones, b' ' | b'\r' | b'\n'] = line.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let digits = [hundreds, tens, ones].map(|digit| digit.is_ascii_digit().then(|| u16::from(digit - b'0')));
    let [Some(hundreds @ 1..=5), Some(tens), Some(ones)] = digits else { return None };
    minor.is_ascii_digit().then_some(hundreds * 100 + tens * 10 + ones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_lines() {
        for (line, expect) in [
            ("HTTP/1.1 200 ", Some(200)),
            ("HTTP/1.0 503\r", Some(503)),
            ("HTTP/1.1 204\n", Some(204)),
            ("HTTP/1.1 2000", None),
            ("HTTP/1.1 99 O", None),
            ("HTTP/1.1 600 ", None),
            ("HTTP/2.0 200 ", None),
            ("HTTP/1.1  200", None),
            ("HTTP/1.1 20x ", None),
            ("HTTP/1.1 200", None),
            ("SSH-2.0-OpenS", None),
            ("", None),
        ] {
            assert_eq!(status(line.as_bytes()), expect, "{line:?}");
        }
    }
}
