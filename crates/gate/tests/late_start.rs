//! The real `gate late-start` with the time of a stub venue on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::{Command, Output},
    thread,
};

const WORDS: [&str; 7] = ["late-start", "--on", "Mon,Fri", "--at", "08:30:00", "--at-most-seconds", "5400"];

/// Answers one `GET /sim/clock` with the given time and returns the address to ask.
fn venue(time: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        let body = format!("{{\"timestamp\":\"{time}\"}}");
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    url
}

fn gate(time: &'static str, by_timer: bool) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
    command.env_clear().args(WORDS).env("PORTCULLIS_CLOCK", "venue").env("APCA_API_BASE_URL", venue(time));
    if by_timer {
        command.env("TRIGGER_TIMER_REALTIME_USEC", "1510324200000000");
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_catch_up_in_time_runs_and_one_too_late_is_75() {
    let in_time = gate("2017-11-10T09:59:00-05:00", true);
    assert_eq!(in_time.status.code(), Some(0), "{in_time:?}");
    assert!(said(&in_time).starts_with("in time: the run of 08:30 of 2017-11-10 is 1 h 29 min late\n"), "{in_time:?}");
    let late = gate("2017-11-10T11:40:00-05:00", true);
    assert_eq!(late.status.code(), Some(75), "{late:?}");
    let (line, json) = said(&late).split_once('\n').map(|(line, json)| (line.to_owned(), json.to_owned())).unwrap();
    assert_eq!(line, "late: the run of 08:30 of 2017-11-10 is 3 h 10 min late, at most 1 h 30 min");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["start"], &json["late_s"], &json["late_max_s"]), (&"late".into(), &11_400.into(), &5400.into()));
    assert!(String::from_utf8_lossy(&late.stderr).contains("systemctl start"), "{late:?}");
}

#[test]
fn a_start_by_hand_is_no_run_of_a_slot() {
    let output = gate("2017-11-10T11:40:00-05:00", false);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(said(&output).starts_with("started by hand"), "{output:?}");
}

#[test]
fn what_cannot_be_known_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
    command.env_clear().args(WORDS).env("TRIGGER_TIMER_REALTIME_USEC", "soon").env("PORTCULLIS_CLOCK", "venue");
    for (address, code) in [("http://127.0.0.1:1", 75), ("https://api.alpaca.markets", 78)] {
        let output = command.env("APCA_API_BASE_URL", address).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(said(&output).starts_with("nobody knows how late it is"), "{output:?}");
    }
    for (from, to) in [("Mon,Fri", "Someday"), ("08:30:00", "noon"), ("5400", "soon")] {
        let words = WORDS.map(|word| if word == from { to } else { word });
        let output = Command::new(env!("CARGO_BIN_EXE_gate")).env_clear().args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{words:?}: {output:?}");
    }
}
