//! QEMU's machine protocol: commands and answers as lines of JSON, events between them passed over.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// An answer that takes longer never comes.
const ANSWER: Duration = Duration::from_secs(20);
/// Between two tries to connect.
const TRY: Duration = Duration::from_millis(20);

/// A connection past its greeting.
pub struct Qmp {
    stream: BufReader<UnixStream>,
}

impl Qmp {
    /// Connects to a machine that is starting.
    ///
    /// # Errors
    /// When nobody answers there.
    pub fn connect(path: &Path) -> anyhow::Result<Self> {
        let stream = connect(path)?;
        stream.set_read_timeout(Some(ANSWER))?;
        let mut qmp = Self { stream: BufReader::new(stream) };
        qmp.line().context("the greeting")?;
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// When it is an error, or none comes.
    pub fn execute(&mut self, command: &str, arguments: &Value) -> anyhow::Result<Value> {
        let asked = json!({"execute": command, "arguments": arguments});
        writeln!(self.stream.get_mut(), "{asked}").with_context(|| command.to_owned())?;
        loop {
            let mut answer = self.line().with_context(|| command.to_owned())?;
            if answer["error"].is_object() {
                bail!("{command}: {}", answer["error"]);
            }
            if answer.get("return").is_some() {
                return Ok(answer["return"].take());
            }
        }
    }

    fn line(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the machine is gone");
        }
        Ok(serde_json::from_str(&line)?)
    }
}

/// Connects to a socket that somebody is about to make.
///
/// # Errors
/// When nobody does.
pub fn connect(path: &Path) -> anyhow::Result<UnixStream> {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if begun.elapsed() > ANSWER => return Err(error).with_context(|| format!("{}", path.display())),
            Err(_) => thread::sleep(TRY),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A machine that greets and then says these lines, one for each command it hears.
    fn machine(says: &'static [&'static str]) -> (tempfile::TempDir, thread::JoinHandle<Vec<String>>) {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("control")).unwrap();
        let heard = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"{\"QMP\": {}}\n").unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            says.iter()
                .map_while(|answer| {
                    let line = lines.next()?.ok()?;
                    stream.write_all(answer.as_bytes()).ok()?;
                    Some(line)
                })
                .collect()
        });
        (folder, heard)
    }

    #[test]
    fn events_are_passed_over_and_errors_are_told() {
        let (folder, heard) = machine(&[
            "{\"return\": {}}\n",
            "{\"event\": \"STOP\", \"data\": {}}\n{\"return\": {\"status\": \"paused\"}}\n",
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\n",
        ]);
        let mut qmp = Qmp::connect(&folder.path().join("control")).unwrap();
        assert_eq!(qmp.execute("query-status", &json!({})).unwrap()["status"], "paused");
        let error = qmp.execute("migrate", &json!({"uri": "nowhere"})).unwrap_err();
        assert!(format!("{error:#}").contains("no such thing"), "{error:#}");
        assert!(format!("{:#}", qmp.execute("quit", &json!({})).unwrap_err()).contains("quit"), "it is gone");
        assert_eq!(heard.join().unwrap()[2], r#"{"arguments":{"uri":"nowhere"},"execute":"migrate"}"#);
    }
}
