//! The program `sim-broker`: what it says, what it refuses, how it ends.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

/// A running program, ended with the test.
struct Program(Child);

impl Program {
    /// Starts it on a free port; the line it greets with.
    fn start(arguments: &[&str]) -> (Self, Value) {
        let mut command = command(arguments);
        command.args(["--listen", "127.0.0.1:0", "--json"]).stdout(Stdio::piped());
        let mut program = Self(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(program.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (program, serde_json::from_str(&line).unwrap_or_else(|_| panic!("no greeting: {line:?}")))
    }

    /// SIGTERM, and what it ended with.
    fn end(mut self) -> Option<i32> {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        self.0.wait().unwrap().code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim-broker"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// One exchange on a connection of its own.
fn ask(url: &str, method: &str, path: &str, body: &str) -> String {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let keys = "APCA-API-KEY-ID: SIMKEY\r\nAPCA-API-SECRET-KEY: SIMSECRET";
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: v\r\nConnection: close\r\n{keys}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[test]
fn it_says_where_it_listens_trades_and_ends_when_told() {
    let (program, greeting) = Program::start(&["--seed", "7", "--session", "2026-11-10"]);
    let url = greeting["listening"].as_str().unwrap();
    assert_eq!((&greeting["clock"], &greeting["account"]), (&json!("stepped"), &json!("PA30000000")));
    assert!(greeting["symbols"].as_array().unwrap().contains(&json!("SPY")));
    let order = r#"{"symbol":"SPY","qty":"1","side":"buy","type":"market","time_in_force":"day"}"#;
    assert!(ask(url, "POST", "/v2/orders", order).contains("\"symbol\":\"SPY\""));
    assert_eq!(ask(url, "POST", "/sim/advance", r#"{"seconds":60}"#), r#"{"timestamp":"2026-11-10T14:31:00Z"}"#);
    assert!(ask(url, "GET", "/v2/positions", "").contains("\"qty\":\"1\""));
    assert_eq!(program.end(), Some(0));
}

#[test]
fn events_are_in_the_file_as_they_happen() {
    let directory = std::env::temp_dir().join(format!("sim-broker-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("events.jsonl");
    let (program, greeting) = Program::start(&["--events", path.to_str().unwrap()]);
    let url = greeting["listening"].as_str().unwrap();
    let order = r#"{"symbol":"SPY","qty":"1","side":"buy","type":"market","time_in_force":"day"}"#;
    ask(url, "POST", "/v2/orders", order);
    ask(url, "POST", "/sim/advance", r#"{"seconds":60}"#);
    let log = ask(url, "GET", "/sim/events", "");
    assert_eq!(program.end(), Some(0));
    assert_eq!(fs::read_to_string(&path).unwrap(), log);
    assert!(log.lines().count() >= 2);
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn faults_of_a_file_are_set_from_the_beginning() {
    let directory = std::env::temp_dir().join(format!("sim-broker-faults-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join("faults.json");
    fs::write(&path, r#"{"script":[{"fault":{"garbage":"not_json"}}]}"#).unwrap();
    let (program, greeting) = Program::start(&["--faults", path.to_str().unwrap()]);
    let url = greeting["listening"].as_str().unwrap();
    assert!(!ask(url, "GET", "/v2/clock", "").starts_with('{'));
    assert!(ask(url, "GET", "/v2/clock", "").starts_with('{'));
    assert_eq!(program.end(), Some(0));
    fs::write(&path, "nonsense").unwrap();
    assert_eq!(output(&["--faults", path.to_str().unwrap()]).status.code(), Some(65));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_cannot_be_is_refused_with_its_code() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let table: [(&[&str], i32, &str); 8] = [
        (&["--nonsense"], 64, "unexpected argument"),
        (&["--listen", "0.0.0.0:0"], 64, "--anywhere"),
        (&["--speed", "0"], 64, "0.001"),
        (&["--speed", "5", "--clock", "real"], 64, "cannot be used with"),
        (&["--listen", &address], 69, "failed to listen"),
        (&["--events", "/nonexistent/events", "--listen", "127.0.0.1:0"], 73, "failed to write"),
        (&["--multiplier", "3"], 78, "1, 2 or 4"),
        (&["--session", "1980-01-02"], 78, "calendar"),
    ];
    for (arguments, code, words) in table {
        let output = output(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn help_documents_the_exit_codes_and_completions_complete() {
    let help = String::from_utf8(output(&["--help"]).stdout).unwrap();
    for word in ["Exit codes", "--speed", "--faults", "loopback"] {
        assert!(help.contains(word), "{word}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let output = output(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(String::from_utf8(output.stdout).unwrap().contains("rate-limit"), "{shell}");
    }
}

#[test]
fn people_are_told_how_to_try_it() {
    let mut program =
        Program(command(&["--listen", "127.0.0.1:0", "--clock", "real"]).stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.contains("/v2/positions")).collect();
    assert!(said[0].starts_with("listening on http://127.0.0.1:"), "{said:?}");
    assert!(said.iter().any(|line| line.contains("curl")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("open until") || line.contains("closed until")), "{said:?}");
    assert_eq!(program.end(), Some(0));
}
