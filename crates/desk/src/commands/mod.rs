//! One command a file.

pub mod alert;
pub mod arm;
pub mod clear;
pub mod disarm;
pub mod eod;
pub mod kill;
pub mod status;

use anyhow::Context;
use contract::{Env, ExitCode, Layout, Mode, ProgramClock};

/// Environment, files and clock of the deployment.
pub struct Deployment {
    /// The environment.
    pub env: Env,
    /// Its files.
    pub layout: Layout,
    /// Its clock.
    pub clock: ProgramClock,
}

impl Deployment {
    /// The ledger of the mode the environment names, as `execution` chooses it.
    pub fn ledger_path(&self) -> std::path::PathBuf {
        self.layout.ledger(Mode::from_env(&self.env, &mut Vec::new()))
    }

    /// From the environment; `root` given by hand goes first.
    pub fn open(root: Option<&std::path::Path>) -> anyhow::Result<Self> {
        let env = Env::from_process();
        let layout = match root {
            Some(root) => Layout::below(root, &env),
            None => Layout::from_env(&env),
        };
        let layout = layout
            .map_err(|error| anyhow::anyhow!("{error}\nhint: {} (--root)", error.hint()))
            .context(ExitCode::BadConfig)?;
        let clock = ProgramClock::from_env(&env).context(ExitCode::BadConfig)?;
        Ok(Self { env, layout, clock })
    }
}
