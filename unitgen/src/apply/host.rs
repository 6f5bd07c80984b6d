//! What an apply asks of a running host: one trait, so that tests can answer in its place. [`Real`] is the thin shell.

use std::{
    net::SocketAddr,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::PathBuf,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use contract::{Env, ProgramClock};
use market::Timestamp;

use super::{holding::Holding, http};
use crate::{
    installation::Installation,
    systemctl::{Systemctl, ThisHost, said},
};

/// Between two looks at what is being waited for.
const LOOK: Duration = Duration::from_millis(200);
const HTTP_ANSWER: Duration = Duration::from_secs(3);

/// Whom to ask what an account holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `desk`, by its path on the host.
    pub desk: String,
    /// The deployment's state directory.
    pub state: PathBuf,
    /// What the deployment's units have in their environment.
    pub environment: Vec<(String, String)>,
}

/// A running host.
pub trait Host: Systemctl {
    /// What an account holds.
    fn holding(&self, account: &Account) -> Holding;

    /// The status of a plain GET over HTTP.
    ///
    /// # Errors
    /// When nobody answers, or not with HTTP.
    fn get(&self, address: SocketAddr, path: &str) -> Result<u16, String>;

    /// The time.
    ///
    /// # Errors
    /// When there is none.
    fn now(&self) -> Result<Timestamp, String>;

    /// By a steady clock, since some beginning.
    fn elapsed(&self) -> Duration;

    /// Lets a moment pass.
    fn pause(&self);
}

/// This host.
#[derive(Debug)]
pub struct Real {
    manager: ThisHost,
    begun: Instant,
}

impl Real {
    /// From now on, with the manager of an installation.
    #[must_use]
    pub fn of(installation: &Installation) -> Self {
        Self { manager: ThisHost::of(installation), begun: Instant::now() }
    }
}

impl Systemctl for Real {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        self.manager.systemctl(arguments)
    }
}

impl Host for Real {
    /// Asked as whoever owns the state, so that a look leaves no file of root's beside the ledger. Where no state is, nothing
    /// of the deployment ever ran.
    fn holding(&self, account: &Account) -> Holding {
        let owner = match std::fs::metadata(&account.state) {
            Ok(owner) => owner,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Holding::Flat,
            Err(error) => return Holding::Unknown(format!("{}: {error}", account.state.display())),
        };
        let mut command = Command::new(&account.desk);
        command.args(["status", "--json", "--root"]).arg(&account.state).current_dir("/");
        command.envs(account.environment.iter().map(|(name, value)| (name, value)));
        if rustix::process::geteuid().is_root() {
            command.gid(owner.gid()).uid(owner.uid());
        }
        match said(&mut command) {
            Ok(answer) => Holding::read(&answer),
            Err(error) => Holding::Unknown(format!("{}: {error}", account.desk)),
        }
    }

    fn get(&self, address: SocketAddr, path: &str) -> Result<u16, String> {
        http::get(address, path, HTTP_ANSWER)
    }

    fn now(&self) -> Result<Timestamp, String> {
        now()
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    fn pause(&self) {
        thread::sleep(LOOK);
    }
}

/// The time by the clock that the environment names.
///
/// # Errors
/// When there is none.
pub fn now() -> Result<Timestamp, String> {
    let clock = ProgramClock::from_env(&Env::from_process()).map_err(|error| error.to_string())?;
    clock.try_now().map_err(|error| error.to_string())
}
