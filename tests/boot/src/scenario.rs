//! What a scenario's header says it needs: lines `#: key value` before its first command.

use std::{path::Path, str::FromStr, time::Duration};

use anyhow::{Context, bail, ensure};

use crate::roots::Host;

/// A scenario that does not end by then is stuck.
const TIMEOUT: Duration = Duration::from_secs(90);
/// No scenario may ask for more.
const TIMEOUT_MAX: Duration = Duration::from_secs(420);

/// Which backend boots the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A container with the host's clock.
    Nspawn,
    /// A virtual machine with a clock of its own.
    Vm,
}

/// What is laid into the guest before it boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deploy {
    /// Programs, rendered units, manifest, credentials, user: all of it.
    Whole,
    /// The programs alone.
    Programs,
    /// Nothing.
    Nothing,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Its file's name without the ending.
    pub name: String,
    /// What it shows, in one line.
    pub about: String,
    /// Which backend.
    pub on: On,
    /// On which hosts.
    pub hosts: Vec<Host>,
    /// The guest's clock when the scenario starts, UTC (virtual machines).
    pub at: Option<String>,
    /// Arguments of `sim-broker`.
    pub venue: Vec<String>,
    /// Sessions for which an attested watchlist lies in `/scenario/lists/DATE`.
    pub lists: Vec<String>,
    /// The session before which bars and universe lie in `/scenario/inputs`, for a scan in the guest.
    pub inputs: Option<String>,
    /// The sessions of one market, in order: `/scenario/days/DATE` has what the scan of each morning reads.
    pub days: Vec<String>,
    /// `sed -E` expressions that edit the shipped manifest; each must change something.
    pub manifest: Vec<String>,
    /// Releases of the Debian package that lie in `/scenario/packages`.
    pub packages: Vec<String>,
    /// What is laid in.
    pub deploy: Deploy,
    /// More arguments for the backend.
    pub extra: Vec<String>,
    /// When it is stuck.
    pub timeout: Duration,
    /// The file's text, which the guest runs.
    pub script: String,
}

impl Scenario {
    /// Reads one.
    ///
    /// # Errors
    /// When it cannot be read or its header is not understood; names the line.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.file_stem().and_then(|name| name.to_str()).context("a scenario's name is plain text")?;
        let script = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
        Self::parse(name, &script).with_context(|| format!("{}", path.display()))
    }

    /// Parses the header.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(name: &str, script: &str) -> anyhow::Result<Self> {
        let mut scenario = Self::empty(name, script);
        let header = script.lines().enumerate().take_while(|(_, line)| line.starts_with('#') || line.trim().is_empty());
        for (number, line) in header {
            let Some(said) = line.strip_prefix("#:") else { continue };
            let said = said.trim();
            let (key, value) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
            scenario.set(key, value.trim()).with_context(|| format!("line {}: {said:?}", number + 1))?;
        }
        ensure!(!scenario.about.is_empty(), "no `#: about` line says what it shows");
        ensure!(scenario.on == On::Vm || scenario.at.is_none(), "`at` needs `on vm`: a container has the host's clock");
        Ok(scenario)
    }

    fn empty(name: &str, script: &str) -> Self {
        Self {
            name: name.to_owned(),
            about: String::new(),
            on: On::Nspawn,
            hosts: Host::ALL.to_vec(),
            at: None,
            venue: Vec::new(),
            lists: Vec::new(),
            inputs: None,
            days: Vec::new(),
            manifest: Vec::new(),
            packages: Vec::new(),
            deploy: Deploy::Whole,
            extra: Vec::new(),
            timeout: TIMEOUT,
            script: script.to_owned(),
        }
    }

    fn set(&mut self, key: &str, value: &str) -> anyhow::Result<()> {
        let words = || value.split_whitespace().map(str::to_owned);
        match key {
            "about" => self.about = value.to_owned(),
            "on" => self.on = parsed(value)?,
            "hosts" => self.hosts = value.split_whitespace().map(parsed).collect::<Result<_, _>>()?,
            "at" => self.at = Some(value.to_owned()),
            "venue" => self.venue.extend(words()),
            "lists" => self.lists = value.split_whitespace().map(date).collect::<Result<_, _>>()?,
            "inputs" => self.inputs = Some(date(value)?),
            "days" => self.days = value.split_whitespace().map(date).collect::<Result<_, _>>()?,
            "manifest" => self.manifest.push(value.to_owned()),
            "packages" => self.packages = words().collect(),
            "deploy" => self.deploy = parsed(value)?,
            "extra" => self.extra.extend(words()),
            "timeout" => self.timeout = Duration::from_secs(value.parse().context("seconds")?),
            _ => bail!(
                "no such key; there are about, on, hosts, at, venue, lists, inputs, days, manifest, packages, deploy, \
                 extra, timeout"
            ),
        }
        ensure!(self.timeout <= TIMEOUT_MAX, "at most {} seconds", TIMEOUT_MAX.as_secs());
        Ok(())
    }
}

fn parsed<T: FromStr<Err = anyhow::Error>>(value: &str) -> anyhow::Result<T> {
    value.parse()
}

/// The form of a date; which days are sessions is the scan's to know.
fn date(value: &str) -> anyhow::Result<String> {
    let is_one = value.len() == 10
        && value.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    ensure!(is_one, "{value}: a date is YYYY-MM-DD");
    Ok(value.to_owned())
}

impl FromStr for On {
    type Err = anyhow::Error;

    fn from_str(value: &str) -> anyhow::Result<Self> {
        match value {
            "nspawn" => Ok(Self::Nspawn),
            "vm" => Ok(Self::Vm),
            _ => bail!("nspawn or vm"),
        }
    }
}

impl FromStr for Deploy {
    type Err = anyhow::Error;

    fn from_str(value: &str) -> anyhow::Result<Self> {
        match value {
            "whole" => Ok(Self::Whole),
            "programs" => Ok(Self::Programs),
            "nothing" => Ok(Self::Nothing),
            _ => bail!("whole, programs or nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_what_a_scenario_needs() {
        let text = "#!/bin/bash\n#: about a day\n#: on vm\n#: hosts 13\n#: at 2026-10-15T12:00:00\n#: timeout 30\n\
            #: venue --start 09:00\n#: venue --seed 7\n#: lists 2026-10-14 2026-10-15\n#: deploy programs\n\
            #: manifest s/a/b/\ntrue\n#: on nspawn\n";
        let scenario = Scenario::parse("day", text).unwrap();
        assert_eq!((scenario.on, scenario.deploy), (On::Vm, Deploy::Programs));
        assert_eq!(scenario.hosts, [Host::Debian13]);
        assert_eq!(scenario.at.as_deref(), Some("2026-10-15T12:00:00"));
        assert_eq!(scenario.venue.join(" "), "--start 09:00 --seed 7");
        assert_eq!(scenario.lists.len(), 2);
        assert_eq!(scenario.timeout, Duration::from_secs(30));
        assert_eq!(scenario.manifest, ["s/a/b/"]);
    }

    #[test]
    fn what_a_header_cannot_mean_is_named_with_its_line() {
        for (line, expect) in [
            ("#: on docker", "line 2: \"on docker\": nspawn or vm"),
            ("#: hosts 11", "line 2: \"hosts 11\": 12 or 13"),
            ("#: lists tomorrow", "line 2: \"lists tomorrow\""),
            ("#: timeout 4000", "at most 420 seconds"),
            ("#: wants x", "no such key"),
            ("#: at 2026-10-15", "`at` needs `on vm`"),
        ] {
            let error = Scenario::parse("x", &format!("#: about x\n{line}\n")).unwrap_err();
            assert!(format!("{error:#}").contains(expect), "{error:#}");
        }
        let error = Scenario::parse("x", "true\n").unwrap_err();
        assert!(format!("{error:#}").contains("about"), "{error:#}");
    }
}
