//! What people type into a manifest: the one list of texts that a careless renderer would break at.

/// Quotes, specifiers, dollars, backslashes, blanks, comments, what a shell, systemd or podman would take for its own.
pub const HOSTILE: [&str; 34] = [
    "",
    ";",
    "plain",
    "two words",
    "  inner   blanks  ",
    "100%",
    "%n %i %%",
    "$HOME",
    "${PATH} $$",
    "back\\slash",
    "end\\",
    "\\x41\\n",
    "say \"hi\"",
    "it's",
    "\"",
    "'",
    "a;b",
    "#no comment",
    "#x",
    "; none",
    "-",
    "--",
    "--privileged",
    "-v/:/host",
    "@+!:-/bin/true",
    "ä € ß",
    "a=b",
    "=",
    "`x` $(y)",
    "<&|>*?[~]",
    "[Service]",
    "{ path=/x ; argv[]=/x }",
    "a ; ignore_errors=no ; b",
    "${x} ''${y} ''\\",
];

/// A text as TOML has it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
