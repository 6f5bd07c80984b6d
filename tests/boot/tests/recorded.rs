//! The terminal session in docs/deploying: recorded in a booted Debian, the same each time but for times and digests.
//! `UPDATE_DOCS=1 cargo test -p boot --test recorded` makes cast and picture anew.

use std::{fs, path::Path};

use boot::{Host, Scenario, boot_once, recording::Recording};

const TITLE: &str = "unitgen plan and apply: a start that fails goes back by itself (Debian 13)";

const SCRIPT: &str = "#: about the recorded session of docs/deploying.md
#: deploy programs
#: venue --session 2026-10-15 --start 07:00
#: lists 2026-10-15
. /scenario/apply.sh
fresh_host
manifest first 60
manifest wrong 45 's/PA30000000/PA30009999/'
export TERM=xterm-256color
script --quiet --return --logging-format classic --log-out \"$OUT/session\" --log-timing \"$OUT/timing\" \\
    --command 'stty cols 120 rows 40; bash /scenario/recorded-deploy.sh' < /dev/null > /dev/null
";

/// What must be seen, in this order.
const SEEN: [&str; 9] = [
    "held: execution.service is new",
    "wait until all 8 units are well, else go back",
    "its gate refuses for now (exited 75), and nothing is held",
    "refused[in-session]",
    "restart   execution.service: asked for",
    "failed    execution.service: it failed",
    "back      generation 1 comes back",
    "well      execution.service: running",
    "rolled back: execution.service: it failed",
];

#[test]
fn plan_apply_failing_health_and_the_way_back() {
    let scenario = Scenario::parse("recorded_deploy", SCRIPT).unwrap();
    let kept = |out: &Path| {
        let recording = Recording::read(&fs::read(out.join("session"))?, &fs::read_to_string(out.join("timing"))?)?;
        shows_all(&recording.text());
        let docs = proofs::workspace_root().join("docs/deploying");
        if proofs::updates_docs() {
            fs::create_dir_all(&docs)?;
            fs::write(docs.join("session.cast"), recording.cast(TITLE))?;
            fs::write(docs.join("session.svg"), recording.svg(TITLE))?;
        }
        Ok(())
    };
    boot_once(&scenario, Host::Debian13, |_| Ok(()), kept).unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn the_documented_session_is_one_of_these() {
    let docs = proofs::workspace_root().join("docs/deploying");
    let cast = fs::read_to_string(docs.join("session.cast")).unwrap();
    let pieces = cast.lines().skip(1).map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text: String = pieces.map(|piece| piece[2].as_str().unwrap().replace('\r', "")).collect();
    shows_all(&text);
    let picture = fs::read_to_string(docs.join("session.svg")).unwrap();
    assert!(picture.starts_with("<svg ") && picture.contains(TITLE) && picture.contains("generation 1 comes back"));
}

fn shows_all(text: &str) {
    let mut from = 0;
    for part in SEEN {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("no {part:?} after byte {from} of:\n{text}"));
        from += at + part.len();
    }
}
