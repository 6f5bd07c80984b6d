//! `[services.NAME]`: long-running processes, and what each role demands.

use serde_json::{Value, json};

use super::{Key, Kind, NAME, SCHEDULE, Table, top};

/// The roles that may open positions.
const TRADERS: &str = "the roles \"orders\" and \"worker\"";
/// All others, which listen.
const LISTENERS: &str = "every other role";

pub(super) const SERVICES: Table = Table {
    path: "services.NAME",
    about: "A long-running process. NAME.service is its unit.",
    keys: &[
        Key::required(
            "program",
            Kind::Choice(&["execution", "session", "marketdata", "intents", "analytics", "ibgateway"]),
            "\"execution\"",
            "The program that it runs. The language knows those of releases to come too; what this release does \
                not contain is refused.",
        ),
        Key::required(
            "role",
            Kind::Choice(&["orders", "stream", "api", "worker", "dashboard", "gateway"]),
            "\"orders\"",
            "What it may do, which decides its policy. `orders` and `worker` may open positions: account, gates, \
                secrets and restart policy are then mandatory.",
        ),
        Key::optional(
            "account",
            Kind::Text("^[A-Z0-9]{8,16}$"),
            "\"PA30000000\"",
            "The number of the one broker account that it may act for. Paper accounts start with PA, and only \
                those go with mode \"paper\".",
        )
        .needed_for(TRADERS),
        Key::optional(
            "mode",
            Kind::Choice(&["dry-run", "paper", "live"]),
            "\"paper\"",
            "What becomes of its orders: nothing, a paper fill, or a real one on days that are armed. Of a \
                gateway: whose money its port is for.",
        )
        .needed_for("the role \"gateway\"")
        .or("\"dry-run\""),
        Key::optional(
            "live",
            Kind::Choice(&["never", "armed"]),
            "\"armed\"",
            "Whether real money may move at all. With \"armed\" it may on days that root has armed for this \
                account.",
        )
        .or("\"never\""),
        Key::optional(
            "secrets",
            Kind::Texts(NAME, 0),
            "[\"alpaca\"]",
            "The groups of [secrets] whose credentials \
            it gets.",
        )
        .needed_for("the roles \"orders\", \"worker\" and \"stream\""),
        Key::optional(
            "gates",
            Kind::Choices(&["watchlist", "session-window", "kill-switch", "preflight"]),
            "[\"watchlist\", \"session-window\", \"kill-switch\"]",
            "What must pass before it starts, and again before it opens anything. Which they are follows from the \
                program, and all of them have to be named.",
        )
        .needed_for(TRADERS),
        Key::optional(
            "listen",
            Kind::Text(r"^(\[[0-9a-f:.]+\]|[0-9.]+):[0-9]{4,5}$"),
            "\"127.0.0.1:8090\"",
            "The one address that it listens at. What may open positions listens nowhere.",
        )
        .needed_for(LISTENERS),
        Key::optional(
            "public",
            Kind::Flag,
            "true",
            "Whether others than this host may reach it. Who can have orders sent is never reached from outside.",
        )
        .or("false"),
        Key::optional(
            "health",
            Kind::Text("^/[A-Za-z0-9/._-]{0,99}$"),
            "\"/health\"",
            "The path at which it says whether it is well.",
        ),
        Key::optional(
            "after",
            Kind::Texts(NAME, 0),
            "[\"marketdata-stream\"]",
            "The services that start before it. It starts without them all the same: nobody's failure takes it \
                along.",
        )
        .or("[]"),
        Key::optional(
            "schedule",
            Kind::Text(SCHEDULE),
            "\"Mon..Fri 09:00\"",
            "When its timer starts it, if its work is one session's. What runs on from day to day is started \
                afresh by a job.",
        )
        .needed_for("the program `session`"),
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

/// What role and program demand.
pub(super) fn links() -> Value {
    let when = |key: &str, words: &[&str], then: Value| json!({ "if": { "properties": { key: { "enum": words } }, "required": [key] }, "then": then });
    let gates =
        |words: &[&str]| json!({ "properties": { "gates": { "items": { "enum": words }, "minItems": words.len() } } });
    json!([
        when(
            "role",
            &["orders", "worker"],
            json!({
                "required": ["account", "secrets", "gates"],
                "properties": { "listen": false, "public": false, "health": false },
            })
        ),
        when(
            "role",
            &["stream", "api", "dashboard", "gateway"],
            json!({
                "required": ["listen"],
                "properties": { "account": false, "live": false, "gates": false, "restart": false },
            })
        ),
        when("role", &["gateway"], json!({ "required": ["mode"] })),
        when("role", &["stream"], json!({ "required": ["secrets"] })),
        when("role", &["worker"], gates(&["session-window", "kill-switch"])),
        when("program", &["execution"], gates(&["watchlist", "session-window", "kill-switch"])),
        when("program", &["session"], gates(&["preflight", "session-window", "kill-switch"])),
        when("program", &["session"], json!({ "required": ["schedule"] })),
    ])
}
