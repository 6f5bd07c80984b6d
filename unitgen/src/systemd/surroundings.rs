//! What a unit's programs find around them: environment variables and credentials.
//!
//! Everything that follows from a key of the manifest is written here and nowhere else, so two units of a deployment
//! can never have two databases, and mode, account and the broker's address always agree.

use contract::env::LIVE_CONFIRM_TOKEN;
use manifest::{Account, Deployment, Env, Mode, Scope, Secret, Trading};

use crate::{
    Tree,
    unit::{Credential, Word},
};

const PAPER_URL: &str = "https://paper-api.alpaca.markets";
const LIVE_URL: &str = "https://api.alpaca.markets";
const DATA_URL: &str = "https://data.alpaca.markets";

/// Variables that every unit of a deployment has.
pub(crate) fn common(deployment: &Deployment, digest: &str) -> Vec<(String, Word)> {
    let state = deployment.paths().state_directory();
    let below_etc = |path: &str| Word::specifier('E').then(&format!("/portcullis/{path}"));
    let below_state = |path: &str| Word::specifier('S').then(&format!("/{state}/{path}"));
    let variable = |name: &contract::env::Variable, value| (name.name.to_owned(), value);
    // Root alone arms, also what a login runs.
    let arming = match deployment.scope() {
        Scope::System => below_etc("arming"),
        Scope::User => Word::from("/etc/portcullis/arming"),
    };
    vec![
        variable(&contract::env::PORTCULLIS_MANIFEST, below_etc(&format!("{}.toml", deployment.name()))),
        variable(&contract::env::PORTCULLIS_MANIFEST_DIGEST, Word::from(digest)),
        variable(&contract::env::PORTCULLIS_ARMING_DIR, arming),
        variable(&contract::env::AVWAP_STATE_DIR, below_state("state")),
        variable(&contract::env::EXECUTION_V2_DB, below_state("data/execution_v2.sqlite")),
    ]
}

/// Variables of what talks to the broker. A dry run reads its account where it is, and orders nothing there.
pub(crate) fn broker(trading: &Trading) -> Vec<(String, Word)> {
    let (account, mode): (&Account, Mode) = (trading.account(), trading.mode());
    let (name, url) = match mode {
        Mode::DryRun => ("DRY_RUN", if account.is_paper() { PAPER_URL } else { LIVE_URL }),
        Mode::Paper => ("PAPER", PAPER_URL),
        Mode::Live => ("LIVE", LIVE_URL),
    };
    let variable = |name: &contract::env::Variable, value: &str| (name.name.to_owned(), Word::from(value));
    let mut variables = vec![
        variable(&contract::env::EXECUTION_MODE, name),
        variable(&contract::env::PORTCULLIS_ACCOUNT, account.as_str()),
        variable(&contract::env::APCA_API_BASE_URL, url),
        variable(&contract::env::APCA_API_DATA_URL, DATA_URL),
    ];
    // The manifest says it twice and was checked; the keys that are left are the token's and the day's.
    if mode == Mode::Live {
        variables.push(variable(&contract::env::LIVE_TRADING, "1"));
    }
    variables
}

/// The settings of the manifest's `env`.
pub(crate) fn settings(env: &Env) -> impl Iterator<Item = (String, Word)> + '_ {
    env.iter().map(|variable| (variable.name.get_ref().clone(), Word::from(variable.value.get_ref().as_str())))
}

/// Folders of credentials below `/etc/portcullis`: of plain ones, and of those that are encrypted for the host. Apart, so that a
/// plain value can never be taken for an encrypted one, nor a mode that is right for one be wrong. In each every deployment has a
/// folder of its own: two accounts of a host use the same names.
pub(crate) const CREDENTIALS: [&str; 2] = ["credentials", "credentials.encrypted"];

/// The folders of a deployment that units name, below `/etc/portcullis`, each below the one that is shared.
pub(crate) fn folders_of_credentials(deployment: &Deployment, units: &Tree) -> Vec<[String; 2]> {
    let folders = CREDENTIALS.map(|folder| [folder.to_owned(), format!("{folder}/{}", deployment.name())]);
    let is_named = |[_, own]: &[String; 2]| {
        let path = format!(":%E/portcullis/{own}/");
        units.iter().any(|(_, content)| String::from_utf8_lossy(content).contains(&path))
    };
    folders.into_iter().filter(is_named).collect()
}

/// Credentials with the root-owned files they come from. Without the broker's keys nothing can be done; the token is a
/// permission, and losing a permission must not leave a position alone.
pub(crate) fn credentials<'a>(
    deployment: &Deployment,
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> Vec<Credential> {
    let credential = |secret: &Secret| {
        let (name, encrypted) = (secret.name(), secret.is_encrypted());
        let folder = CREDENTIALS[usize::from(encrypted)];
        Credential {
            name: name.to_owned(),
            file: Word::specifier('E').then(&format!("/portcullis/{folder}/{}/{name}", deployment.name())),
            encrypted,
            may_be_missing: name == LIVE_CONFIRM_TOKEN.name,
        }
    };
    let mut credentials: Vec<Credential> = secrets.into_iter().map(credential).collect();
    credentials.sort_by(|a, b| a.name.cmp(&b.name));
    credentials.dedup_by(|a, b| a.name == b.name);
    credentials
}
