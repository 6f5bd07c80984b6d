//! The file itself, and its tables that are there once.

use super::{Key, Kind, NAME, Table, VARIABLE, ZONE};

pub(super) const TOP: Table = Table {
    path: "",
    about: "One manifest describes one deployment: who runs it, where, and every service and job of it.",
    keys: &[
        Key::required(
            "schema",
            Kind::Whole(1, 1),
            "1",
            "The version of this language. Another version is refused, never guessed at.",
        ),
        Key::required(
            "name",
            Kind::Text(NAME),
            "\"avwap\"",
            "The deployment's name: lower-case letters, digits and `-`. Its target is NAME.target, so no name of \
                systemd's own targets can be taken.",
        ),
        Key::required(
            "timezone",
            Kind::Text(ZONE),
            "\"America/New_York\"",
            "The zone of every schedule that names no other, by IANA's name. Sessions are New York's in any case; \
                a change of daylight saving moves the instant and not the wall clock.",
        ),
        Key::required(
            "scope",
            Kind::Choice(&["system", "user"]),
            "\"system\"",
            "Whose manager runs the units: the system's, or that of the login in [identity], which never trades \
                real money.",
        ),
        Key::required(
            "environment",
            Kind::Choice(&["staging"]),
            "\"staging\"",
            "What the deployment is for. `prod` demands signed releases, which this release cannot check.",
        ),
        Key::optional("host", Kind::Table, "{ systemd = 252 }", "What the units may rely on."),
        Key::required("identity", Kind::Table, "{ user = \"trading\" }", "Whom everything runs as."),
        Key::optional(
            "paths",
            Kind::Table,
            "{ state = \"/var/lib/avwap\" }",
            "Where the deployment keeps what it writes.",
        ),
        Key::optional(
            "release",
            Kind::Table,
            "{ programs = \"/usr/lib/portcullis/bin\" }",
            "Where the programs are installed.",
        ),
        Key::optional(
            "secrets",
            Kind::Tables,
            "{ alpaca = { keys = [\"APCA_API_KEY_ID\"] } }",
            "Groups of credentials, by names of your own.",
        ),
        Key::optional("services", Kind::Tables, "{}", "Long-running processes, by the names of their units."),
        Key::optional("jobs", Kind::Tables, "{}", "Work that ends, by the names of its units."),
    ],
};

pub(super) const HOST: Table = Table {
    path: "host",
    about: "What the units may rely on. What the host would ignore is refused, never rendered.",
    keys: &[
        Key::optional(
            "systemd",
            Kind::Whole(252, 999),
            "252",
            "The oldest systemd that the units have to run on. 252 is that of Debian 12, and every rendered line \
                is measured there.",
        )
        .or("252"),
        Key::optional(
            "podman",
            Kind::Text(r"^[0-9]+\.[0-9]+$"),
            "\"5.4\"",
            "The oldest podman that containers have to run on; only targets that render containers need it.",
        ),
    ],
};

pub(super) const IDENTITY: Table = Table {
    path: "identity",
    about: "The user and group that everything runs as.",
    keys: &[
        Key::required(
            "user",
            Kind::Text("^[a-z_][a-z0-9_-]{0,30}$"),
            "\"trading\"",
            "A static system user, or the login whose manager runs the units; never root: who runs the services \
                must not be able to arm live orders or change units.",
        ),
        Key::optional("group", Kind::Text("^[a-z_][a-z0-9_-]{0,30}$"), "\"trading\"", "Its group, never root either.")
            .or("the user's name"),
    ],
};

pub(super) const PATHS: Table = Table {
    path: "paths",
    about: "Where the deployment keeps what it writes.",
    keys: &[Key::optional(
        "state",
        Kind::Text("^(/var/lib/)?[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"),
        "\"/var/lib/avwap\"",
        "The state directory: watchlist, ledger, kill switch, exposure. systemd makes it with the right owner, so \
            it lies below /var/lib.",
    )
    .or("/var/lib/ and the deployment's name")],
};

pub(super) const RELEASE: Table = Table {
    path: "release",
    about: "Where the programs of the release are installed.",
    keys: &[
        Key::optional(
            "programs",
            Kind::Text("^(/[A-Za-z0-9._+@-]+)+$"),
            "\"/usr/lib/portcullis/bin\"",
            "The directory of the programs: absolute, and of characters that mean nothing to systemd.",
        )
        .or("\"/usr/lib/portcullis/bin\""),
        Key::optional(
            "image",
            Kind::Text("^[a-z0-9.:/_-]+@sha256:[0-9a-f]{64}$"),
            IMAGE,
            "The image that holds the programs, pinned by its digest; only targets that render containers need it.",
        ),
    ],
};

const IMAGE: &str =
    "\"registry.example/portcullis@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"";

pub(super) const SECRETS: Table = Table {
    path: "secrets.NAME",
    about: "A group of credentials. Their values are files that root alone can read, \
        /etc/portcullis/credentials/DEPLOYMENT/KEY; a manifest cannot hold one.",
    keys: &[
        Key::required(
            "keys",
            Kind::Texts(VARIABLE, 1),
            "[\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]",
            "The credentials, by the names of their files and of what the programs ask for.",
        ),
        Key::optional(
            "encrypted",
            Kind::Flag,
            "true",
            "Whether the files are encrypted for this one host with systemd-creds, and lie in \
                /etc/portcullis/credentials.encrypted/DEPLOYMENT.",
        )
        .or("false"),
    ],
};

/// The table of variables that services and jobs have.
pub(super) const fn env(path: &'static str) -> Table {
    const ABOUT: &str = "Plain settings of the program, each an environment variable. Whoever can read a unit can \
        read them, so what looks like a secret is refused; so is what no program of the release reads.";
    Table { path, about: ABOUT, keys: &[] }
}
