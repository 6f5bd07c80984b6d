//! `[services.NAME]`: long-running processes.

use super::{Key, Kind, NAME, Table, top};

pub(super) const SERVICES: Table = Table {
    path: "services.NAME",
    about: "A long-running process. NAME.service is its unit.",
    keys: &[
        Key::required(
            "program",
            Kind::Choice(&["execution"]),
            "\"execution\"",
            "The program of the release that \
            it runs.",
        ),
        Key::required(
            "role",
            Kind::Choice(&["orders"]),
            "\"orders\"",
            "What it may do, which decides its policy. `orders` may open positions: account, gates, secrets and \
                restart policy are then mandatory.",
        ),
        Key::required(
            "account",
            Kind::Text("^[A-Z0-9]{8,16}$"),
            "\"PA30000000\"",
            "The number of the one broker account that it may act for. Paper accounts start with PA, and only \
                those go with mode \"paper\".",
        ),
        Key::optional(
            "mode",
            Kind::Choice(&["dry-run", "paper", "live"]),
            "\"paper\"",
            "What becomes of its orders: nothing, a paper fill, or a real one on days that are armed.",
        )
        .or("\"dry-run\""),
        Key::optional(
            "live",
            Kind::Choice(&["never", "armed"]),
            "\"armed\"",
            "Whether real money may move at all. With \"armed\" it may on days that root has armed for this \
                account.",
        )
        .or("\"never\""),
        Key::required(
            "secrets",
            Kind::Texts(NAME, 0),
            "[\"alpaca\"]",
            "The groups of [secrets] whose credentials it \
            gets.",
        ),
        Key::required(
            "gates",
            Kind::AllOf(&["watchlist", "session-window", "kill-switch"]),
            "[\"watchlist\", \"session-window\", \"kill-switch\"]",
            "What must pass before it starts, and again before it opens anything. A service that places orders has \
                all of them.",
        ),
        Key::optional(
            "restart",
            Kind::Choice(&["on-failure"]),
            "\"on-failure\"",
            "Need not be written: a crash is followed by a new start, a refusal by none, and no manifest can say \
                otherwise.",
        )
        .or("\"on-failure\""),
        Key::optional(
            "env",
            Kind::Variables,
            "{ EXECUTION_POLL_SECONDS = \"60\" }",
            "Plain settings of its \
            program.",
        ),
    ],
};

pub(super) const ENV: Table = top::env("services.NAME.env");
