//! Where secrets are, and where they must not be. Names and shapes only: no value is ever kept or told.

use std::collections::BTreeMap;

use manifest::{looks_secret, sounds_secret};

use super::{Guardrail, Unit, Verdicts, commands, put};

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
    let mut commands = keys.iter().flat_map(|key| commands::of(unit, key));
    let secret = commands.find(|command| command.argv.iter().any(|word| looks_secret(word)));
    secret.map(|command| format!("a word of a command line looks like a secret ({})", command.file))
}

/// The lines of a unit with what may be secret left out. What a backslash continues is one line: behind a secret none of it is
/// shown, to where it ends.
#[must_use]
pub(crate) fn redacted_lines(text: &str) -> Vec<String> {
    let (mut lines, mut goes_on, mut hides) = (Vec::new(), false, false);
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with(['#', ';']);
        hides &= goes_on;
        if hides && !is_comment {
            lines.push(HIDDEN.to_owned());
        } else {
            lines.push(redacted(line));
        }
        if !is_comment {
            hides |= lines.last().is_some_and(|shown| shown != line);
            goes_on = line.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        }
    }
    lines
}

/// A line of a unit with what may be secret left out: from the first name that sounds like one, or value that looks like
/// one, to the line's end.
#[must_use]
pub(crate) fn redacted(line: &str) -> String {
    if let Some(at) = in_a_credential(line) {
        return format!("{}{HIDDEN}", &line[..at]);
    }
    let (mut from, mut announced) = (0, None);
    for token in line.split_inclusive(char::is_whitespace) {
        let word = token.trim_end();
        if announced.is_some_and(|announced: Announced| announced.hides(word)) {
            return format!("{}{HIDDEN}", &line[..from]);
        }
        if let Some(at) = secret_in(word) {
            return format!("{}{HIDDEN}", &line[..from + at]);
        }
        if !word.is_empty() {
            announced = Announced::by(word);
        }
        from += token.len();
    }
    line.to_owned()
}

const HIDDEN: &str = "(not shown)";

/// What a word says of the one behind it.
#[derive(Clone, Copy)]
enum Announced {
    Secret,
    /// A secret if it has the shape `user:password`.
    Login,
}

impl Announced {
    fn by(word: &str) -> Option<Self> {
        let bare = word.trim_matches(['"', '\'']);
        if ["-u", "--user", "--proxy-user"].contains(&bare) {
            return Some(Self::Login);
        }
        let named =
            bare.strip_suffix(':').filter(|name| name.contains('-') || name.eq_ignore_ascii_case("authorization"));
        let option = bare.strip_prefix('-').filter(|name| name.len() > 1 && !name.contains('='));
        let name = option.or(named).unwrap_or_default().trim_start_matches('-').replace('-', "_").to_ascii_uppercase();
        let scheme = ["bearer", "basic", "token"].iter().any(|scheme| bare.eq_ignore_ascii_case(scheme));
        (scheme || sounds_secret(&name) || name == "AUTHORIZATION").then_some(Self::Secret)
    }

    fn hides(self, word: &str) -> bool {
        match self {
            Self::Secret => !word.is_empty(),
            Self::Login => word.contains(':'),
        }
    }
}

/// Where the value of `SetCredential=NAME:VALUE` begins; the empty one, a line feed, is none.
fn in_a_credential(line: &str) -> Option<usize> {
    let (key, value) = line.split_once('=')?;
    let is_one = ["SetCredential", "SetCredentialEncrypted"].iter().any(|name| key.trim_end().ends_with(name));
    let (name, secret) = value.split_once(':').filter(|(_, secret)| is_one && *secret != "\\n")?;
    (!secret.is_empty()).then_some(key.len() + 1 + name.len() + 1)
}

/// Where in a word of a line something begins that may not be shown.
fn secret_in(token: &str) -> Option<usize> {
    let mut at = 0;
    for part in token.split('=') {
        let end = at + part.len();
        let name = part.trim_matches(|c: char| !c.is_ascii_alphanumeric()).replace('-', "_").to_ascii_uppercase();
        if end < token.len() && sounds_secret(&name) {
            return Some(end + 1);
        }
        if looks_secret(part.trim_matches(['"', '\''])) {
            return Some(at);
        }
        at = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_in_a_line_that_is_shown() {
        for (line, expect) in [
            ("Environment=EXECUTION_MODE=PAPER", "Environment=EXECUTION_MODE=PAPER"),
            ("Environment=API_KEY=abc", "Environment=API_KEY=(not shown)"),
            ("Environment=\"A=b\" \"PASSWORD=a b c\" D=e", "Environment=\"A=b\" \"PASSWORD=(not shown)"),
            ("  SECRET_TOKEN=x y", "  SECRET_TOKEN=(not shown)"),
            ("# Environment=DASHBOARD_PASSWORD=admin", "# Environment=DASHBOARD_PASSWORD=(not shown)"),
            ("Environment=A=PKABCDEFGH1234567890 B=c", "Environment=A=(not shown)"),
            ("ExecStart=/bin/x --api-key=abc", "ExecStart=/bin/x --api-key=(not shown)"),
            ("ExecStart=/bin/x https://u:p@h/", "ExecStart=/bin/x (not shown)"),
            ("LoadCredential=APCA_API_KEY_ID:%E/portcullis/x", "LoadCredential=APCA_API_KEY_ID:%E/portcullis/x"),
            ("SetCredential=LIVE_CONFIRM_TOKEN:\\n", "SetCredential=LIVE_CONFIRM_TOKEN:\\n"),
            ("SetCredential=LIVE_CONFIRM_TOKEN:abc", "SetCredential=LIVE_CONFIRM_TOKEN:(not shown)"),
            ("SetCredential = LIVE_CONFIRM_TOKEN:abc", "SetCredential = LIVE_CONFIRM_TOKEN:(not shown)"),
            ("SetCredential=X:\\", "SetCredential=X:(not shown)"),
            ("ExecStart=/bin/x --token abc --mode y", "ExecStart=/bin/x --token (not shown)"),
            ("ExecStart=/bin/x -password abc", "ExecStart=/bin/x -password (not shown)"),
            ("ExecStart=/bin/curl -u me:abc https://h/", "ExecStart=/bin/curl -u (not shown)"),
            ("ExecStart=/bin/x -u me", "ExecStart=/bin/x -u me"),
            (
                "ExecStart=/bin/curl -H \"Authorization: Bearer abc\"",
                "ExecStart=/bin/curl -H \"Authorization: (not shown)",
            ),
            ("ExecStart=/bin/curl -H 'X-Api-Key: abc'", "ExecStart=/bin/curl -H 'X-Api-Key: (not shown)"),
            ("ExecStopPost=/usr/lib/desk alert --unit %n", "ExecStopPost=/usr/lib/desk alert --unit %n"),
            ("# Keys never end in a core file.", "# Keys never end in a core file."),
            ("KeyringMode=private", "KeyringMode=private"),
            (
                "Environment=X=sha256:3f2b9c0d1e4f5a6b7c8d9e0f1a2b3c4d",
                "Environment=X=sha256:3f2b9c0d1e4f5a6b7c8d9e0f1a2b3c4d",
            ),
            ("", ""),
        ] {
            assert_eq!(redacted(line), expect, "{line}");
        }
    }

    #[test]
    fn what_continues_a_secret_is_none_of_the_lines_that_are_shown() {
        let text = "[Service]\nSetCredential=K:\\\n  abc\\\n# a note\n  def\nType=simple\nEnvironment=\"A_KEY=x \\\n  y\" B=c\nUser=u\n";
        let shown = [
            "[Service]",
            "SetCredential=K:(not shown)",
            "(not shown)",
            "# a note",
            "(not shown)",
            "Type=simple",
            "Environment=\"A_KEY=(not shown)",
            "(not shown)",
            "User=u",
        ];
        assert_eq!(redacted_lines(text), shown);
    }
}
