//! Arming as an operator sees it: the deployment it is for, the session, the files.

use std::{
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use contract::{
    Caps, Env, ExitCode, Layout, OrdersToday, ProgramClock,
    arming::{self, ArmingFile},
    env, loopback_url, sha256_hex, write_atomically_as,
};
use market::{Calendar, NyDate, Session, Symbol, Timestamp, Usd};
use trading::limits::Limits;

/// Where units of every deployment look, when no variable says otherwise.
pub const DIRECTORY: &str = "/etc/portcullis/arming";
const TOKEN_BYTES: usize = 16;

/// What can be armed.
pub struct Armable {
    /// The account.
    pub account: String,
    /// The deployment's files.
    pub layout: Layout,
    /// The arming directory.
    pub directory: PathBuf,
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
        let directory = layout.arming_dir().map_or_else(|| PathBuf::from(DIRECTORY), Path::to_owned);
        let clock = ProgramClock::from_env(&environment).context(ExitCode::BadConfig)?;
        let limits = limits(&environment).context(ExitCode::BadConfig)?;
        Ok(Self { account, layout, directory, clock, limits })
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
        ArmingFile::read(&self.directory).ok()
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
    /// When a file cannot be written, or others than root may write in the arming directory.
    pub fn arm(&self, session: NyDate, now: Timestamp) -> anyhow::Result<bool> {
        fs::create_dir_all(&self.directory).context(ExitCode::CannotWrite)?;
        arming::check_owner(&self.directory).map_err(anyhow::Error::msg).context(ExitCode::CannotWrite)?;
        let state = self.layout.state_dir();
        let found =
            fs::metadata(state).with_context(|| format!("{} is not there: start the unit once", state.display()));
        let found = found.context(ExitCode::CannotWrite)?;
        let (owner, group) = (found.uid(), found.gid());
        let path = self.layout.live_confirm_token();
        let kept = fs::read_to_string(&path).map(|text| text.trim().to_owned()).ok().filter(|token| !token.is_empty());
        let is_new = kept.is_none();
        let token = kept.map_or_else(random_token, Ok)?;
        write_atomically_as(&path, token.as_bytes(), 0o640, (0, group)).context(ExitCode::CannotWrite)?;
        let orders = self.layout.live_orders_today();
        if OrdersToday::check(&orders, &self.account, session).is_err() {
            let empty = OrdersToday::empty(session, &self.account).to_json();
            write_atomically_as(&orders, &empty, 0o600, (owner, group)).context(ExitCode::CannotWrite)?;
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

    /// Takes it away. Returns whether there was anything.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn disarm(&self) -> anyhow::Result<bool> {
        let path = self.directory.join(arming::FILE_NAME);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => {
                Err(anyhow::Error::new(error).context(format!("{}", path.display())).context(ExitCode::CannotWrite))
            }
        }
    }
}

/// Arming is root's alone: that is what makes it a second key.
pub fn require_root() -> anyhow::Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let text = "only root arms and disarms: what a service can write itself is no second key\nhint: sudo desk arm --manifest /etc/portcullis/NAME.toml";
    Err(anyhow::anyhow!(text).context(ExitCode::Usage))
}

fn random_token() -> anyhow::Result<String> {
    let mut bytes = [0; TOKEN_BYTES];
    fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("no random numbers")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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

/// What the manifest says in the environment's stead: account, directory, and the limits its units have.
fn with_manifest(environment: Env, installed: Option<&Path>) -> anyhow::Result<Env> {
    let of_unit = environment.path(&env::PORTCULLIS_MANIFEST)?;
    let Some(path) = installed.map(Path::to_owned).or(of_unit.filter(|path| path.exists())) else {
        return Ok(environment);
    };
    let bytes = fs::read(&path).with_context(|| format!("{}", path.display()))?;
    let Ok(accepted) = manifest::read(&bytes) else {
        bail!("{} has errors; unitgen check says which", path.display());
    };
    let deployment = accepted.deployment;
    let Some(service) = deployment.services().next() else { bail!("{} has no service", path.display()) };
    let never = service.live() == manifest::Live::Never;
    ensure!(!never, "{} says live = \"never\"\nhint: write live = \"armed\", render and install again", path.display());
    let set = |name: &str, value: &str, environment: Env| match environment.raw(name) {
        Some(_) => environment,
        None => environment.with_named(name, value),
    };
    let root = format!("/var/lib/{}", deployment.paths().state_directory());
    let environment = set(env::STATE_DIRECTORY.name, &root, environment);
    let environment = set(env::PORTCULLIS_ACCOUNT.name, service.account().as_str(), environment);
    Ok(service
        .env()
        .iter()
        .fold(environment, |environment, variable| set(variable.name.get_ref(), variable.value.get_ref(), environment)))
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
    fn tokens_are_long_and_never_twice_the_same() {
        let (one, other) = (random_token().unwrap(), random_token().unwrap());
        assert!(one.len() == 32 && one != other);
    }
}
