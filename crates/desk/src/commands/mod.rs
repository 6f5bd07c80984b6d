//! One command a file.

pub mod alert;
pub mod arm;
pub mod clear;
pub mod disarm;
pub mod eod;
pub mod kill;
pub mod quiet;
pub mod split;
pub mod status;

use std::path::{Path, PathBuf};

use anyhow::Context;
use contract::{AccountLock, Env, ExitCode, Layout, LockError, Mode, ProgramClock};
use ledger::Ledger;
use trading::order::AccountId;

use crate::installed;

/// What `desk arm` and `desk disarm` both take, so that one can be typed for the other.
#[derive(clap::Args)]
pub struct Common {
    /// The installed manifest, for what the environment does not say; disarming reads none [default: $PORTCULLIS_MANIFEST]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The deployment's directory; disarming reads none.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// One JSON document.
    #[arg(long)]
    json: bool,
}

/// Which deployment, where the environment does not say it.
#[derive(clap::Args)]
pub struct Place {
    /// The deployment's directory.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The installed manifest, for what the environment does not say [default: the one of --root in /etc/portcullis]
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

impl Place {
    fn open(&self) -> anyhow::Result<Deployment> {
        Deployment::open(self.root.as_deref(), self.manifest.as_deref())
    }
}

/// A ledger that no other process acts on while this is held.
pub struct OwnLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// Its account.
    pub account: AccountId,
    _locks: Vec<AccountLock>,
}

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
    pub fn ledger_path(&self) -> PathBuf {
        self.layout.ledger(Mode::from_env(&self.env, &mut Vec::new()))
    }

    /// The ledger to write to, with the locks that `execution` holds for life: what is written beside a running process is
    /// not in its book, and it would go on without it. Its protective stops stay at the broker while it is stopped.
    pub fn own_ledger(&self) -> anyhow::Result<OwnLedger> {
        let path = self.ledger_path();
        anyhow::ensure!(path.exists(), "there is no ledger: {}", path.display());
        ledger::check_owner(&path).context(ExitCode::BadConfig)?;
        let account =
            Ledger::open_read_only(&path).and_then(|ledger| ledger.account()).context(ExitCode::CannotWrite)?;
        let account: AccountId =
            account.unwrap_or_default().parse().context("the ledger names no account").context(ExitCode::BadData)?;
        let take = |path: std::path::PathBuf| AccountLock::take(&path).map_err(held);
        let locks: Vec<AccountLock> =
            self.layout.account_locks(account.as_str()).into_iter().map(take).collect::<Result<_, _>>()?;
        let ledger = Ledger::open(&path, &account).context(ExitCode::CannotWrite)?;
        Ok(OwnLedger { ledger, account, _locks: locks })
    }

    /// From the environment and, for what it does not say, an installed manifest; `root` given by hand goes first.
    pub fn open(root: Option<&Path>, manifest: Option<&Path>) -> anyhow::Result<Self> {
        let env = installed::environment(Env::from_process(), manifest, root)?;
        let layout = match root {
            Some(root) => Layout::below(root, &env),
            None => Layout::from_env(&env),
        };
        let layout = layout
            .map_err(|error| anyhow::anyhow!("{error}\nhint: {} (--root, or --manifest)", error.hint()))
            .context(ExitCode::BadConfig)?;
        let clock = ProgramClock::from_env(&env).context(ExitCode::BadConfig)?;
        Ok(Self { env, layout, clock })
    }
}

fn held(error: LockError) -> anyhow::Error {
    match &error {
        LockError::Held(_) => {
            let hint = "stop execution first; its protective stops stay at the broker";
            anyhow::Error::new(error).context(hint).context(ExitCode::LockHeld)
        }
        LockError::File { .. } => anyhow::Error::new(error).context(ExitCode::CannotWrite),
    }
}
