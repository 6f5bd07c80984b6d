//! Where secrets are, and where they must not be. Names and shapes only: no value is ever kept or told.

use std::collections::BTreeMap;

use manifest::{looks_secret, sounds_secret};

use super::{Guardrail, Unit, Verdicts, gates, put, reading};

/// The environment that a unit's own text gives, after `UnsetEnvironment=`; values may be secret.
pub(crate) fn environment(unit: &Unit) -> BTreeMap<String, String> {
    let mut set = BTreeMap::new();
    for word in unit.words("Service", "Environment") {
        if let Some((name, value)) = word.split_once('=') {
            set.insert(name.to_owned(), value.to_owned());
        }
    }
    for word in unit.words("Service", "UnsetEnvironment") {
        match word.split_once('=') {
            Some((name, value)) if set.get(name).is_some_and(|set| set == value) => drop(set.remove(name)),
            Some(_) => {}
            None => drop(set.remove(&word)),
        }
    }
    set
}

/// Whether nothing of a variable's value may be shown.
#[must_use]
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    sounds_secret(name) || looks_secret(value)
}

pub(super) fn judge(unit: &Unit, verdicts: &mut Verdicts) {
    put(verdicts, Guardrail::NoSecretInEnvironment, readable_secret(unit), || "none".to_owned());
    let given = ["LoadCredential", "LoadCredentialEncrypted"].iter().flat_map(|key| unit.list("Service", key));
    let given: Vec<(&str, Option<&str>)> = given
        .map(|said| said.value.split_once(':').map_or((said.value.as_str(), None), |(name, path)| (name, Some(path))))
        .collect();
    let imported = unit.last("Service", "ImportCredential");
    let literal = unit
        .list("Service", "SetCredential")
        .into_iter()
        .find(|said| said.value.split_once(':').is_some_and(|(_, value)| !value.is_empty() && value != "\\n"));
    if given.is_empty() && imported.is_none() && literal.is_none() {
        return;
    }
    let silent = given.iter().find(|(_, path)| path.is_none_or(str::is_empty));
    let lost = literal.map(|said| format!("a credential's value stands in {}", said.file));
    let lost =
        lost.or_else(|| silent.map(|(name, _)| format!("{name} has no path: when it is missing nobody is told")));
    let lost = lost.or_else(|| imported.map(|said| format!("{} takes what is there ({})", said.shown(), said.file)));
    let mut names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    put(verdicts, Guardrail::CredentialsAsFiles, lost, || names.join(", "));
}

fn readable_secret(unit: &Unit) -> Option<String> {
    if let Some((name, _)) = environment(unit).iter().find(|(name, value)| is_secret(name, value)) {
        return Some(format!("{name} stands in Environment="));
    }
    if let Some(said) = unit.list("Service", "EnvironmentFile").first() {
        return Some(format!("{} sets what no unit shows ({})", said.shown(), said.file));
    }
    if let Some(name) = unit.words("Service", "PassEnvironment").iter().find(|name| sounds_secret(name)) {
        return Some(format!("{name} is passed on"));
    }
    let keys = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStopPost"];
    let mut commands = keys.iter().flat_map(|key| gates::commands(unit, key));
    let secret = commands.find(|command| command.argv.iter().any(|word| looks_secret(word)));
    secret.map(|command| format!("a word of a command line looks like a secret ({})", command.file))
}

/// The words of a value with what looks secret left out, for showing.
#[must_use]
pub(crate) fn redacted(line: &str) -> String {
    let Some((key, value)) = line.split_once('=') else { return line.to_owned() };
    let key_name = key.trim_start_matches([' ', '+', '-']).trim();
    let hides =
        |text: &str| looks_secret(text) || text.split_once('=').is_some_and(|(name, value)| is_secret(name, value));
    let secret = match key_name {
        "SetCredential" | "SetCredentialEncrypted" => !value.trim_end().ends_with(":\\n"),
        "LoadCredential" | "LoadCredentialEncrypted" => false,
        "Environment" | "PassEnvironment" => reading::words(value).iter().any(|word| hides(word)),
        _ => looks_secret(value) || reading::words(value).iter().any(|word| hides(word)),
    };
    if !secret {
        return line.to_owned();
    }
    let name =
        reading::words(value).first().and_then(|word| word.split_once(['=', ':']).map(|(name, _)| name.to_owned()));
    name.map_or_else(|| format!("{key}=(not shown)"), |name| format!("{key}={name}=(not shown)"))
}
