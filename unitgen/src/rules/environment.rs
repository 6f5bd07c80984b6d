//! `Environment=` and credentials: what a program finds around it. Each variable that follows from a key has its own rule, so
//! two units of a deployment can never disagree.

use super::{EVERY_MANIFEST, EXEC, Rule};

/// The service itself, or that which the job serves.
const MODE: &[&str] = &["services.NAME.mode", "services.SERVED.mode"];

const fn variable(id: &'static str, start: &'static str) -> Rule {
    Rule::of(id, "Service", &["Environment"], EXEC).starts(start)
}

pub(super) const RULES: &[Rule] = &[
    variable("manifest-digest", "PORTCULLIS_MANIFEST_DIGEST=")
        .purpose(
            "The digest of the manifest that this unit was rendered from. When the installed manifest has another, \
                nothing is opened.",
        )
        .incident("The units on a host were not those of its repository, and nobody noticed.")
        .policy(EVERY_MANIFEST),
    variable("manifest-path", "PORTCULLIS_MANIFEST=")
        .purpose("Where the installed manifest lies, which programs hold against the digest of their unit.")
        .from(&["name"]),
    variable("armed-days", "PORTCULLIS_ARMING_DIR=")
        .purpose("Where root arms an account for one day. The deployment's user reads it and can write nothing there.")
        .policy(EVERY_MANIFEST),
    variable("same-state", "AVWAP_STATE_DIR=")
        .purpose("One state directory for every unit of the deployment: what the scan writes is what the gate reads.")
        .from(&["paths.state"]),
    variable("same-database", "EXECUTION_V2_DB=")
        .purpose("One ledger for every unit of the deployment, so that none decides by a second one.")
        .incident("There were two database files, because the path was written twice.")
        .from(&["paths.state"]),
    variable("order-mode", "EXECUTION_MODE=")
        .purpose(
            "What becomes of an order: nothing, a paper fill or a real one. It is fixed for the life of the \
                process.",
        )
        .from(MODE),
    variable("live-trading", "LIVE_TRADING=")
        .purpose(
            "One of the keys that real money needs: the manifest says `mode` and `live`. Token and armed day come \
                on top.",
        )
        .from(&["services.NAME.live", "services.SERVED.live"]),
    variable("one-account", "PORTCULLIS_ACCOUNT=")
        .purpose(
            "The broker account that this process may act for. The broker is asked whether the keys belong to it, \
                before the first order.",
        )
        .incident("Two processes traded one account, because nothing tied a process to it.")
        .from(&["services.NAME.account", "services.SERVED.account"]),
    variable("broker-address", "APCA_API_BASE_URL=")
        .purpose("The broker's address, which follows from the mode: a paper process has no way to the real account.")
        .from(MODE),
    variable("data-address", "APCA_API_DATA_URL=")
        .purpose(
            "The address that market data comes from: always the broker's own, so simulated prices cannot reach \
                real orders.",
        )
        .from(MODE),
    variable("setting", "")
        .purpose("A plain setting of the program. `check` has held it against the table of what this program reads.")
        .incident("A file held limits that nothing enforced.")
        .from(&["services.NAME.env.VARIABLE", "jobs.NAME.env.VARIABLE"]),
    Rule::of("credential-from-a-file", "Service", &["LoadCredential"], EXEC)
        .purpose(
            "systemd reads the secret from a file of root's and hands it to this one process; it never stands in a \
                unit, an environment or a manifest.",
        )
        .measured("With a path, a missing file ends the start with 243. Without one systemd skips it without a word.")
        .incident("A preflight passed four checks of four without any credentials.")
        .from(&["services.NAME.secrets", "jobs.NAME.secrets", "services.SERVED.secrets", "secrets.GROUP.keys"]),
    Rule::of("credential-encrypted", "Service", &["LoadCredentialEncrypted"], EXEC)
        .purpose("The same, with a file that only this host can decrypt: a stolen disk or backup holds no key.")
        .measured(
            "A file that cannot be decrypted any more ends the start, where a missing plain one of a permission \
                does not.",
        )
        .from(&["secrets.GROUP.encrypted", "services.NAME.secrets", "jobs.NAME.secrets", "services.SERVED.secrets"]),
    Rule::of("permission-may-be-missing", "Service", &["SetCredential"], EXEC)
        .purpose(
            "This credential is a permission to open. When its file is missing it is an empty line, so that the \
                process starts and protects what is held.",
        )
        .measured("An empty value is a syntax error, which systemd tells and ignores; a line break is none.")
        .from(&["services.NAME.secrets", "secrets.GROUP.keys"]),
];
