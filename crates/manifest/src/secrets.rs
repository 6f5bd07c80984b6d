//! Secrets by name. Their values are files on the host that systemd hands to a unit; a manifest cannot hold one.

use std::collections::BTreeMap;

use toml::Spanned;

use crate::{
    env,
    fields::{Fields, Later, accept},
    name::Name,
    problem::{Code, Problems, Refusal},
    scope::Scope,
    wiring::Wiring,
};

pub(crate) const LATER: Later = &[(
    "value",
    "a secret's value cannot be written in a manifest: put it into a file below /etc/portcullis/credentials",
)];

/// A permission, and the one secret that may be missing.
const PERMISSION: &str = "LIVE_CONFIRM_TOKEN";

/// One credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    name: String,
    encrypted: bool,
}

impl Secret {
    /// Its name, which is also the name of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its file is encrypted for one host, by `systemd-creds encrypt`.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }
}

/// The groups of secrets, each with its keys.
pub(crate) type Groups = BTreeMap<Name, Vec<Secret>>;

/// Reads `[secrets.NAME]`.
pub(crate) fn read(
    name: &Spanned<&str>,
    mut fields: Fields<'_>,
    scope: Scope,
    groups: &mut Groups,
    problems: &mut Problems,
) {
    let name = accept(name, problems, Name::parse);
    fields.require("keys", "[\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]", problems);
    let keys = fields.texts("keys", problems);
    let encrypted = fields.flag("encrypted", problems).is_some_and(Spanned::into_inner);
    if encrypted && scope == Scope::User {
        let refusal =
            Refusal::new(Code::NotInThisRelease, "a user's manager is given no encrypted credentials by this release");
        let hint =
            "before systemd 256 it cannot decrypt any; remove the line, the files have mode 0600 in the login's home";
        problems.error(fields.span_of("encrypted"), refusal.hint(hint));
    }
    fields.finish(problems);
    let (Some(name), Some(keys)) = (name, keys) else { return };
    if keys.get_ref().is_empty() {
        problems.error(keys.span(), Refusal::bad_value("a group of secrets names at least one"));
    }
    let mut secrets: Vec<Secret> = Vec::new();
    for key in keys.get_ref() {
        let Some(key) = accept(key, problems, env::check_name) else { continue };
        let span = key.span();
        let secret = Secret { name: key.into_inner(), encrypted };
        let other_way = Secret { encrypted: !encrypted, ..secret.clone() };
        // systemd starts without a missing file, and not with one that it cannot decrypt any more.
        if encrypted && secret.name == PERMISSION {
            let message =
                format!("{PERMISSION} cannot be encrypted: undecryptable, it would keep the manager from what is held");
            let hint = format!(
                "write a group of its own without `encrypted`: `[secrets.live]` with `keys = [\"{PERMISSION}\"]`"
            );
            problems.error(span, Refusal::bad_value(message).hint(hint));
        } else if secrets.contains(&secret) {
            problems.error(span, Refusal::new(Code::Duplicate, "this secret is named twice"));
        } else if groups.values().flatten().any(|other| *other == other_way) {
            let message = format!("{} is encrypted in one group and plain in another", secret.name);
            let hint = "a credential has one file: write `encrypted = true` in both, or in neither";
            problems.error(span, Refusal::new(Code::Duplicate, message).hint(hint));
        } else {
            secrets.push(secret);
        }
    }
    groups.insert(name.into_inner(), secrets);
}

/// The keys of the groups that `secrets = [..]` names, in the order of their names.
pub(crate) fn resolve(fields: &mut Fields<'_>, wiring: &mut Wiring, problems: &mut Problems) -> Vec<Secret> {
    let mut secrets = Vec::new();
    for text in fields.texts("secrets", problems).map(Spanned::into_inner).unwrap_or_default() {
        match wiring.groups.get_key_value(*text.get_ref()) {
            Some((name, keys)) => {
                wiring.used.push(name.clone());
                secrets.extend(keys.iter().cloned());
            }
            None => {
                let message = format!("there is no [secrets.{}]", text.get_ref());
                let known = wiring.groups.keys().map(Name::as_str).collect::<Vec<_>>().join(", ");
                let refusal = Refusal::new(Code::UnknownName, message);
                problems.error(
                    text.span(),
                    if known.is_empty() { refusal } else { refusal.hint(format!("there is {known}")) },
                );
            }
        }
    }
    secrets.sort();
    secrets.dedup();
    secrets
}
