//! Whose positions there may be, read from the units themselves: those that lie there and those that shall. Pure.

use std::path::PathBuf;

use contract::env;

use super::Account;
use crate::{generations::Image, installation::Installation};

/// What `desk` needs to know of a unit's environment.
const NAMES: [&str; 6] = [
    env::PORTCULLIS_MANIFEST.name,
    env::PORTCULLIS_ARMING_DIR.name,
    env::AVWAP_STATE_DIR.name,
    env::EXECUTION_V2_DB.name,
    env::EXECUTION_MODE.name,
    env::PORTCULLIS_ACCOUNT.name,
];

/// Every account that a unit of these works for, each once.
#[must_use]
pub fn accounts(images: &[&Image], installation: &Installation) -> Vec<Account> {
    let mut found: Vec<Account> = Vec::new();
    for (_, text) in images.iter().flat_map(|image| image.units()) {
        // In a home the state may lie in two places; what is held is what is held in either.
        for state in installation.states() {
            let expanded = |value: &str| installation.expanded_with(value, "", &state);
            found.extend(of_unit(text, &state, expanded).filter(|account| !found.contains(account)));
        }
    }
    found
}

fn of_unit(text: &str, states: &str, expanded: impl Fn(&str) -> String) -> Option<Account> {
    let values = |key: &str| {
        let key = format!("{key}=");
        text.lines().filter_map(move |line| line.strip_prefix(&key).map(str::to_owned)).collect::<Vec<_>>()
    };
    let pairs = values("Environment").into_iter().filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        NAMES.contains(&name).then(|| (name.to_owned(), expanded(value)))
    });
    let environment: Vec<(String, String)> = pairs.collect();
    environment.iter().find(|(name, _)| *name == env::PORTCULLIS_ACCOUNT.name)?;
    let desk = values("ExecStopPost").into_iter().find_map(|run| program_of(&run))?;
    let state = values("StateDirectory").into_iter().next().map(|state| PathBuf::from(states).join(state));
    // Where podman is started by root systemd makes no directory.
    let said = values("Environment").into_iter();
    let mut said =
        said.filter_map(|pair| pair.strip_prefix("STATE_DIRECTORY=").map(|path| PathBuf::from(expanded(path))));
    Some(Account { desk, state: state.or_else(|| said.next())?, environment })
}

/// What a command runs, as whomever; podman is nobody to ask.
fn program_of(command: &str) -> Option<String> {
    let mut words = command.trim_start_matches('-').split(' ');
    let first = words.next()?;
    let program = if first.ends_with("/setpriv") { words.skip_while(|word| *word != "--").nth(1)? } else { first };
    (!program.ends_with("/podman")).then(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::Login;

    #[test]
    fn the_shipped_deployment_has_one_account() {
        let bytes = include_bytes!("../../../manifests/avwap.toml");
        let checked = crate::source::check(bytes).unwrap();
        let tree = crate::systemd::render(&checked.deployment, bytes, &checked.digest);
        let image = Image::of(&tree, &Installation::SYSTEM, "avwap", bytes);
        let accounts = accounts(&[&image, &image], &Installation::SYSTEM);
        assert_eq!(accounts.len(), 1, "{accounts:#?}");
        let account = &accounts[0];
        assert_eq!(
            (account.desk.as_str(), account.state.to_str().unwrap()),
            ("/usr/lib/portcullis/bin/desk", "/var/lib/avwap")
        );
        let value = |name: &str| &account.environment.iter().find(|(key, _)| key == name).unwrap().1;
        assert_eq!(value("PORTCULLIS_ACCOUNT"), "PA30000000");
        assert_eq!(value("EXECUTION_MODE"), "PAPER");
        assert_eq!(value("EXECUTION_V2_DB"), "/var/lib/avwap/data/execution_v2.sqlite");
        assert_eq!(account.environment.len(), NAMES.len());
    }

    /// An upgrade of systemd moves the state of a login, so either place may hold something.
    #[test]
    fn an_account_of_a_login_is_asked_for_wherever_its_state_may_lie() {
        let text = include_str!("../../../manifests/avwap.toml").replace("scope = \"system\"", "scope = \"user\"");
        let text = text.replace("group = \"trading\"\n", "").replace("\"/var/lib/avwap\"", "\"avwap\"");
        let checked = crate::source::check(text.as_bytes()).unwrap();
        let tree = crate::systemd::render(&checked.deployment, text.as_bytes(), &checked.digest);
        let login = Login { systemd: 257, ..Login::at_home("trader", 1500, "/home/trader") };
        let installation = Installation::of_login(login);
        let image = Image::of(&tree, &installation, "avwap", text.as_bytes());
        let accounts = accounts(&[&image], &installation);
        for (account, state) in accounts.iter().zip(["/home/trader/.local/state", "/home/trader/.config"]) {
            assert_eq!(account.state, PathBuf::from(format!("{state}/avwap")));
            let ledger = format!("{state}/avwap/data/execution_v2.sqlite");
            assert!(account.environment.iter().any(|(_, value)| *value == ledger), "{:?}", account.environment);
        }
        assert_eq!(accounts.len(), 2, "{accounts:#?}");
    }
}
