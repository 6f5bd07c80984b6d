//! Arming as an operator sees it: the deployment it is for, the session, the files.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use contract::{
    Caps, Env, ExitCode, Layout, OrdersToday, ProgramClock, View,
    arming::{self, ArmingFile},
    env, loopback_url, sha256_hex,
};
use market::{Calendar, NyDate, Session, Symbol, Timestamp, Usd};
use trading::limits::Limits;

use crate::{
    handover::{Handover, random_hex},
    installed,
};

/// Where units of every deployment look, when no variable says otherwise.
pub const DIRECTORY: &str = "/etc/portcullis/arming";
const TOKEN_DIGITS: usize = 32;
/// No token file is larger.
const TOKEN_FILE_BYTES: u64 = 1_024;
/// Nor a day's list of orders: an order has about 200 bytes.
const ORDERS_FILE_BYTES: u64 = 1_024 * 1_024;

/// What can be armed.
pub struct Armable {
    /// The account.
    pub account: String,
    /// The deployment's files.
    pub layout: Layout,
    /// The arming directory.
    pub directory: PathBuf,
    /// The deployment's name, where anything says it.
    pub deployment: Option<String>,
    /// Its clock.
    pub clock: ProgramClock,
    /// The limits of its openings.
    pub limits: Limits,
}

impl Armable {
    /// From the environment, and for what it lacks from an installed manifest.
    ///
    /// # Errors
    /// When account or files are not known, a limit cannot be read, or the manifest says `live = "never"`.
    pub fn open(root: Option<&Path>, installed: Option<&Path>) -> anyhow::Result<Self> {
        let environment = with_manifest(Env::from_process(), installed).context(ExitCode::BadConfig)?;
        let layout = match root {
            Some(root) => Layout::below(root, &environment),
            None => Layout::from_env(&environment),
        };
        let layout = layout
            .map_err(|error| {
                anyhow::anyhow!("{error}\nhint: name the installed manifest (--manifest) or the directory (--root)")
            })
            .context(ExitCode::BadConfig)?;
        let account = environment.text(&env::PORTCULLIS_ACCOUNT).context(ExitCode::BadConfig)?;
        let account = account.context("PORTCULLIS_ACCOUNT is not set\nhint: name the installed manifest (--manifest)");
        let account = account.context(ExitCode::BadConfig)?.to_owned();
        let is_rehearsal = environment.raw(env::APCA_API_BASE_URL.name).is_some_and(|url| loopback_url(url).is_some());
        if account.starts_with("PA") && !is_rehearsal {
            return Err(
                anyhow::anyhow!("{account} is a paper account: there is nothing to arm").context(ExitCode::BadConfig)
            );
        }
        environment.path(&env::PORTCULLIS_ARMING_DIR).context(ExitCode::BadConfig)?;
        let directory = layout.arming_dir().map_or_else(|| PathBuf::from(DIRECTORY), Path::to_owned);
        // Units have it there, and so has the shell that `--manifest` was typed in.
        let manifest = installed.map(Path::to_owned).or(environment.path(&env::PORTCULLIS_MANIFEST).ok().flatten());
        let deployment = manifest.and_then(|path| name_in(&path));
        let clock = ProgramClock::from_env(&environment).context(ExitCode::BadConfig)?;
        let limits = limits(&environment).context(ExitCode::BadConfig)?;
        Ok(Self { account, layout, directory, deployment, clock, limits })
    }

    /// What bounds a day's openings.
    pub fn caps(&self) -> Caps<'_> {
        let limits = &self.limits;
        Caps {
            orders_per_day: limits.orders_per_day,
            positions: limits.positions,
            gross_notional: limits.gross_notional,
            per_symbol: limits.symbol_notional,
            allowlist: &limits.allowlist,
        }
    }

    /// What is armed now, whatever the day; `None` when nothing is.
    pub fn armed(&self) -> Option<ArmingFile> {
        ArmingFile::read(&self.directory, &self.account).ok()
    }

    /// The session to arm, which is today's while it has not closed, or the next one when asked for.
    pub fn session(&self, asked: Option<NyDate>, now: Timestamp) -> anyhow::Result<Session> {
        let session = choose(asked, now).map_err(|why| anyhow::anyhow!(why).context(ExitCode::Usage))?;
        let today = choose(None, now).ok();
        if let (Some(armed), Some(today)) = (self.armed(), today)
            && armed.armed_for == today.date
            && session.date != today.date
        {
            let text = format!(
                "today's session is armed and has not closed; arming {} would disarm it\nhint: wait for the close, or run desk disarm",
                session.date
            );
            return Err(anyhow::anyhow!(text).context(ExitCode::Usage));
        }
        Ok(session)
    }

    /// Writes token, today's orders and, last, what arms. Returns whether the token is new.
    ///
    /// # Errors
    /// When a file cannot be written, or others than root may write in the arming directory, or the service cannot read it.
    pub fn arm(&self, session: NyDate, now: Timestamp) -> anyhow::Result<bool> {
        let state = self.layout.state_dir();
        let handover = Handover::open(self.layout.root(), state)
            .with_context(|| format!("{} cannot be opened; the unit's first start makes its parent", state.display()))
            .context(ExitCode::CannotWrite)?;
        make_directory(&self.directory)
            .with_context(|| format!("{}", self.directory.display()))
            .context(ExitCode::CannotWrite)?;
        arming::check_owner(&self.directory).map_err(anyhow::Error::msg).context(ExitCode::CannotWrite)?;
        check_reach(&self.directory, handover.owner).context(ExitCode::CannotWrite)?;
        let (token_file, orders_file) = (self.layout.live_confirm_token(), self.layout.live_orders_today());
        let kept = handover.read(name_of(&token_file), TOKEN_FILE_BYTES).and_then(|bytes| kept_token(&bytes));
        let is_new = kept.is_none();
        let token = kept.map_or_else(|| random_hex().context("no random numbers"), Ok)?;
        let written = |path: &Path, result: std::io::Result<()>| {
            result.with_context(|| format!("{}", path.display())).context(ExitCode::CannotWrite)
        };
        let group = handover.owner.1;
        written(&token_file, handover.write(name_of(&token_file), token.as_bytes(), 0o640, (0, group)))?;
        if !self.has_orders_of(session, handover.read(name_of(&orders_file), ORDERS_FILE_BYTES)) {
            let empty = OrdersToday::empty(session, &self.account).to_json();
            written(&orders_file, handover.write(name_of(&orders_file), &empty, 0o600, handover.owner))?;
        }
        let file = ArmingFile {
            schema: ArmingFile::SCHEMA,
            armed_for: session,
            account: self.account.clone(),
            token_sha256: sha256_hex(token.as_bytes()),
            armed_at: now,
        };
        file.write(&self.directory).context(ExitCode::CannotWrite)?;
        Ok(is_new)
    }

    fn has_orders_of(&self, session: NyDate, bytes: Option<Vec<u8>>) -> bool {
        let file = bytes.and_then(|bytes| serde_json::from_slice::<OrdersToday>(&bytes).ok());
        file.is_some_and(|file| {
            file.schema == OrdersToday::SCHEMA && file.date == session && file.account == self.account
        })
    }
}

/// Takes arming away, of one account or of all: needs the directory and nothing else. Returns what was armed, by the names of
/// its files where they cannot be read.
///
/// # Errors
/// When a file is still there, or its removal might not outlive a crash. Every other file has been tried.
pub fn disarm(directory: &Path, account: Option<&str>) -> anyhow::Result<Vec<Disarmed>> {
    let files = match ArmingFile::files(directory) {
        Ok(files) => files,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot_disarm(directory, error)),
    };
    let wanted = account.map(|account| ArmingFile::path(directory, account));
    let mut disarmed = Vec::new();
    let mut failed = None;
    for path in files.into_iter().filter(|path| wanted.as_ref().is_none_or(|wanted| wanted == path)) {
        let file = ArmingFile::read_at(&path).ok();
        match fs::remove_file(&path) {
            Ok(()) => disarmed.push(Disarmed { path, file }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => failed = Some(cannot_disarm(&path, error)),
        }
    }
    let durable = fs::File::open(directory).and_then(|directory| directory.sync_all());
    let durable = durable.map_err(|error| cannot_disarm(directory, error));
    failed.map_or(durable.map(|()| disarmed), Err)
}

/// What was armed until now.
pub struct Disarmed {
    /// Its file.
    pub path: PathBuf,
    /// What that said; `None` when nobody could read it.
    pub file: Option<ArmingFile>,
}

fn cannot_disarm(path: &Path, error: std::io::Error) -> anyhow::Error {
    anyhow::Error::new(error).context(format!("{}", path.display())).context(ExitCode::CannotWrite)
}

/// Makes what is not there of a directory, for all to read whatever the umask of root's shell.
fn make_directory(path: &Path) -> std::io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), make_directory)?;
    fs::create_dir(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

/// Whether a user can get into a directory: armed and not to be seen by the service is not armed.
fn check_reach(directory: &Path, (user, group): (u32, u32)) -> anyhow::Result<()> {
    let whole = directory.canonicalize().with_context(|| format!("{}", directory.display()))?;
    for folder in whole.ancestors() {
        let found = fs::metadata(folder).with_context(|| format!("{}", folder.display()))?;
        let enters = match (found.uid() == user, found.gid() == group) {
            _ if user == 0 => true,
            (true, _) => found.mode() & 0o100 != 0,
            (false, true) => found.mode() & 0o010 != 0,
            (false, false) => found.mode() & 0o001 != 0,
        };
        let folder = folder.display();
        ensure!(
            enters,
            "the service (uid {user}) cannot look into {folder}, so would not be armed\nhint: chmod o+x {folder}"
        );
    }
    Ok(())
}

fn name_of(path: &Path) -> &OsStr {
    path.file_name().expect("files of the layout have names")
}

/// A token as arming writes it; anything else is replaced.
fn kept_token(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let is_token = text.len() == TOKEN_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_token.then(|| text.to_owned())
}

/// Arming is root's alone: that is what makes it a second key.
pub fn require_root() -> anyhow::Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let text = "only root arms and disarms: what a service can write itself is no second key\nhint: sudo desk arm --manifest /etc/portcullis/NAME.toml";
    Err(anyhow::anyhow!(text).context(ExitCode::Usage))
}

fn choose(asked: Option<NyDate>, now: Timestamp) -> Result<Session, String> {
    let (calendar, today) = (Calendar::nyse(), now.ny_date());
    let ours = calendar.session_on(today).map_err(|error| error.to_string())?;
    let next = calendar.next_session(today).map_err(|error| error.to_string())?;
    match (asked, ours) {
        (Some(date), _) if date == next.date => Ok(next),
        (Some(date), _) if date != today => {
            Err(format!("only today and the next session can be armed: --for {}", next.date))
        }
        (_, Some(session)) if now < session.close => Ok(session),
        (_, _) => {
            Err(format!("there is no session left today ({today} in New York); the next one: --for {}", next.date))
        }
    }
}

/// What the manifest says in the environment's stead, when it may be armed at all.
fn with_manifest(environment: Env, named: Option<&Path>) -> anyhow::Result<Env> {
    let of_unit = environment.path(&env::PORTCULLIS_MANIFEST)?;
    let Some(path) = named.map(Path::to_owned).or(of_unit.filter(|path| path.exists())) else {
        return Ok(environment);
    };
    let deployment = installed::read(&path)?;
    let may_be_live = |trading: &manifest::Trading| trading.live() == manifest::Live::Armed;
    let never = !deployment.trader().and_then(manifest::Service::trading).is_some_and(may_be_live);
    ensure!(!never, "{} says live = \"never\"\nhint: write live = \"armed\", render and install again", path.display());
    Ok(installed::complete(environment, &deployment))
}

fn name_in(manifest: &Path) -> Option<String> {
    installed::read(manifest).ok().map(|deployment| deployment.name().to_string())
}

fn limits(environment: &Env) -> Result<Limits, contract::EnvError> {
    fn or<T: env::Setting>(environment: &Env, variable: &env::Variable, default: T) -> Result<T, contract::EnvError> {
        environment.read(variable).map(|value| value.unwrap_or(default))
    }
    let defaults = Limits::default();
    Ok(Limits {
        orders_per_day: or(environment, &env::MAX_LIVE_ORDERS_PER_DAY, defaults.orders_per_day)?,
        positions: or(environment, &env::MAX_LIVE_POSITIONS, defaults.positions)?,
        gross_notional: or::<Usd>(environment, &env::MAX_LIVE_GROSS_NOTIONAL, defaults.gross_notional)?,
        symbol_notional: or::<Usd>(environment, &env::MAX_LIVE_NOTIONAL_PER_SYMBOL, defaults.symbol_notional)?,
        allowlist: or::<std::collections::BTreeSet<Symbol>>(environment, &env::ALLOWLIST_SYMBOLS, Default::default())?,
        ..defaults
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn todays_session_until_its_close_or_the_next_one() {
        let day = |text: &str| text.parse::<NyDate>().unwrap();
        let (friday, saturday, monday) = ("2026-11-20", "2026-11-21", "2026-11-23");
        for (now, hour, asked, expect) in [
            (friday, 8, None, Some(friday)),
            (friday, 15, None, Some(friday)),
            (friday, 8, Some(friday), Some(friday)),
            (friday, 16, None, None),
            (friday, 16, Some(friday), None),
            (friday, 16, Some(monday), Some(monday)),
            (friday, 8, Some(monday), Some(monday)),
            (saturday, 8, None, None),
            (saturday, 8, Some(saturday), None),
            (saturday, 8, Some(monday), Some(monday)),
            (friday, 8, Some("2026-11-24"), None),
            (friday, 8, Some("2026-11-19"), None),
            // The day after Thanksgiving closes at 13:00.
            ("2026-11-27", 13, None, None),
        ] {
            let chosen = choose(asked.map(day), day(now).at_hm(hour, 0));
            let date = chosen.as_ref().ok().map(|session| session.date);
            assert_eq!(date, expect.map(day), "{now} {hour} {asked:?}: {chosen:?}");
            assert!(chosen.is_ok() || chosen.unwrap_err().contains("--for 20"));
        }
    }

    #[test]
    fn only_what_arming_wrote_is_kept_as_the_token() {
        let token = "0123456789abcdef0123456789abcdef";
        assert_eq!(kept_token(format!("{token}\n").as_bytes()).as_deref(), Some(token));
        for other in ["", "0123", "root:$6$hash", &format!("{token}0"), &token.replace('f', "x")] {
            assert_eq!(kept_token(other.as_bytes()), None, "{other}");
        }
        assert_eq!(kept_token(&[0xff; 32]), None);
    }

    fn armed(directory: &Path, account: &str) {
        let file = ArmingFile {
            schema: ArmingFile::SCHEMA,
            armed_for: "2026-11-20".parse().unwrap(),
            account: account.to_owned(),
            token_sha256: sha256_hex(b"token"),
            armed_at: Timestamp::from_unix_seconds(1_783_000_000),
        };
        file.write(directory).unwrap();
    }

    #[test]
    fn disarming_takes_every_account_or_the_one_that_is_named_and_needs_no_file_that_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let count = |account: Option<&str>| disarm(folder.path(), account).unwrap().len();
        armed(folder.path(), "123456789");
        armed(folder.path(), "987654321");
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert_eq!(count(Some("123456789")), 1);
        assert!(ArmingFile::read(folder.path(), "987654321").is_ok(), "each account has a file of its own");
        assert_eq!(count(Some("123456789")), 0);
        fs::write(ArmingFile::path(folder.path(), "987654321"), "{").unwrap();
        fs::write(folder.path().join("armed.json"), "of a release before").unwrap();
        assert_eq!(count(None), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "what is not arming's is left alone");
        assert!(disarm(&folder.path().join("not there"), None).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_removed_is_an_error_and_keeps_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("armed-111111111.json")).unwrap();
        armed(folder.path(), "987654321");
        let error = disarm(folder.path(), None).err().unwrap();
        assert_eq!(error.downcast_ref(), Some(&ExitCode::CannotWrite));
        assert!(ArmingFile::read(folder.path(), "987654321").is_err());
    }

    #[test]
    fn a_directory_is_made_for_all_to_read_and_one_that_keeps_the_service_out_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("etc/arming");
        make_directory(&path).unwrap();
        for made in [&path, &folder.path().join("etc")] {
            assert_eq!(fs::metadata(made).unwrap().mode() & 0o777, 0o755);
        }
        let chmod = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        let found = fs::metadata(folder.path()).unwrap();
        chmod(0o700);
        let error = check_reach(&path, (4242, 4243)).unwrap_err().to_string();
        assert!(error.contains("chmod o+x") && error.contains(&folder.path().display().to_string()), "{error}");
        assert!(check_reach(&path, (0, 0)).is_ok());
        chmod(0o750);
        assert!(
            check_reach(&path, (4242, found.gid())).is_ok() && check_reach(&path, (4242, found.gid() + 1)).is_err()
        );
        chmod(0o755);
        assert!(check_reach(&path, (4242, 4243)).is_ok());
    }
}
